/**
 * Secrets, in every shape in which a file with one is met, and the search for them in what a program says.
 *
 * Knows nothing of src/: what counts as a leak is decided here.
 *
 * @module
 */

/** Characters in a row that count as a leak. */
export const LEAK_LENGTH = 16;

/** A private key, its encodings, and a password. */
export interface Secret {
  /** PrivateKeyInfo DER. */
  readonly pkcs8: Uint8Array<ArrayBuffer>;
  readonly password: string;
  /** Lower-case texts, of which no {@link LEAK_LENGTH} characters in a row may come out. */
  readonly forbidden: readonly string[];
}

const hex = (bytes: Uint8Array) => bytes.toHex();
const base64 = (bytes: Uint8Array) => bytes.toBase64();
const base64url = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url" });
const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);
const utf8 = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const octets = (text: string) => new TextEncoder().encode(text);

/** A P-256 key: the scalar is the secret, so that nothing of the public key is taken for a leak. */
export async function makeSecret(): Promise<Secret> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
  ]) as CryptoKeyPair;
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const scalar = pkcs8.slice(SCALAR_AT, SCALAR_AT + 32);
  // Not a word of any language, and without what a list would split at.
  const password = `pw${hex(crypto.getRandomValues(new Uint8Array(12)))}Zq`;
  // What stands before and after the scalar in its file decides the alignment of base64.
  const aligned = [0, 1, 2].flatMap((shift) => {
    const shifted = new Uint8Array(shift + scalar.length);
    shifted.set(scalar, shift);
    // The characters that octets of others have a part in are left out.
    return [base64(shifted), base64url(shifted)].map((text) =>
      text.slice(shift === 0 ? 0 : shift + 1, -4)
    );
  });
  const forbidden = [...aligned, hex(scalar), latin1(scalar), utf8(scalar), password];
  return { pkcs8, password, forbidden: forbidden.map((text) => text.toLowerCase()) };
}

/** RFC 5915 in RFC 5958, as WebCrypto writes a P-256 key: 36 octets before the scalar. */
const SCALAR_AT = 36;

/** Every part of a secret that a text repeats; empty where it repeats none. */
export function findLeaks(text: string, { forbidden }: Secret): string[] {
  // As it is, without the characters that UTF-16 leaves between, and as JSON escapes it.
  // deno-lint-ignore no-control-regex
  const seen = [text, text.replaceAll(/\u0000|\\u0000/g, ""), unescapeJson(text)]
    .map((each) => each.toLowerCase());
  const leaks = new Set<string>();
  for (const secret of forbidden) {
    for (let at = 0; at + LEAK_LENGTH <= secret.length; at++) {
      const window = secret.slice(at, at + LEAK_LENGTH);
      // A decoder's replacement characters are nobody's secret.
      if (window.includes("\ufffd\ufffd\ufffd\ufffd")) continue;
      if (seen.some((each) => each.includes(window))) leaks.add(window);
    }
  }
  return [...leaks];
}

function unescapeJson(text: string): string {
  return text.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|(.))/g,
    (_, code, plain) => code === undefined ? plain : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** A file with a secret in it. */
export interface Shape {
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** What else the shapes are made with: real files of real programs. */
export interface ShapeMaterial {
  /** PKCS#12 of the key under the secret's password. */
  readonly pfx?: Uint8Array<ArrayBuffer>;
  /** EncryptedPrivateKeyInfo under it. */
  readonly encrypted?: Uint8Array<ArrayBuffer>;
  /** PEM of a certificate of another key. */
  readonly certificate?: string;
}

/** Every shape. */
export function shapesOf(secret: Secret, material: ShapeMaterial = {}): Shape[] {
  const { pkcs8, password } = secret;
  const text = base64(pkcs8);
  const lines = text.match(/.{1,64}/g)!.join("\n");
  const [begin, end] = ["-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"];
  const pem = `${begin}\n${lines}\n${end}\n`;
  const sec1 = pkcs8.slice(27);
  const scalar = pkcs8.slice(SCALAR_AT, SCALAR_AT + 32);
  const key = `-----BEGIN EC PRIVATE KEY-----\n${base64(sec1)}\n-----END EC PRIVATE KEY-----\n`;
  const { certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n" } =
    material;
  const nginx = (middle: string) => `http {\n  server {\n    listen 443 ssl;\n${middle}\n  }\n}\n`;
  const texts: Record<string, string> = {
    "one line": `${begin}${text}${end}`,
    "one line with an end of line": `${begin}${text}${end}\n`,
    "one line after a certificate": `${certificate}${begin}${text}${end}\n`,
    "one line without dashes at the end": `${begin}${text}\n`,
    "the label is the key": `-----BEGIN ${text}-----\nMIIB\n-----END ${text}-----\n`,
    "the label is hexadecimal": `-----BEGIN ${
      hex(scalar).toUpperCase()
    }-----\nAAAA\n-----END X-----\n`,
    "the label is half of the scalar": `-----BEGIN ${hex(scalar).slice(0, 36)}-----\nAAAA\n`,
    "the end is the key": `${begin}\n${lines}\n-----END ${text}-----\n`,
    "an end without a beginning": `-----END ${text}-----\n`,
    "no end": `${begin}\n${lines}\n`,
    "no beginning": `${lines}\n${end}\n`,
    "another's end": `${begin}\n${lines}\n-----END CERTIFICATE-----\n`,
    "a wrong label": pem.replaceAll("PRIVATE KEY", "CERTIFICATE"),
    "a request's label": pem.replaceAll("PRIVATE KEY", "CERTIFICATE REQUEST"),
    "a list's label": pem.replaceAll("PRIVATE KEY", "X509 CRL"),
    "a public key's label": pem.replaceAll("PRIVATE KEY", "PUBLIC KEY"),
    "an encrypted key's label": pem.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
    "an unknown label": pem.replaceAll("PRIVATE KEY", "SECRET THING"),
    "well formed": pem,
    "SEC 1": key,
    "with its certificate": certificate + pem,
    "header lines": `${begin}\nProc-Type: 4,ENCRYPTED\nDEK-Info: ${text}\n\n${lines}\n${end}\n`,
    "a header that is the key": `${begin}\n${text}: x\n${end}\n`,
    "a character too many": `${begin}\n${lines}!\n${end}\n`,
    "a character too few": `${begin}\n${lines.slice(0, -1)}\n${end}\n`,
    "bits after the end": `${begin}\n${lines.replace(/.=*$/, "B==")}\n${end}\n`,
    "CRLF": pem.replaceAll("\n", "\r\n"),
    "CR": pem.replaceAll("\n", "\r"),
    "byte order mark": `\ufeff${pem}`,
    "blanks": pem.replaceAll("\n", " \n\t"),
    "quoted mail": pem.replaceAll(/^/gm, "> "),
    "base64": text,
    "base64 in lines": `${lines}\n`,
    "base64 of the scalar": base64(scalar),
    "base64url": base64url(pkcs8),
    "hexadecimal": hex(pkcs8),
    "hexadecimal of the scalar": hex(scalar),
    "JSON": JSON.stringify({ key: pem, password }),
    "JSON cut off": JSON.stringify({ key: pem }).slice(0, -20),
    "JSON of a string": JSON.stringify(pem),
    "JSON without quotes": `{key: ${text}}`,
    "a bare word of JSON": text.replaceAll(/[+/=]/g, "x"),
    "JWK": JSON.stringify({ kty: "EC", crv: "P-256", d: base64url(scalar), x: "AA", y: "AA" }),
    "a line of a ledger": `{"event":"issued","cert":"/${text}","names":["${hex(scalar)}"]}\n`,
    "OpenSSH": `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`,
    "OpenSSH on one line": `-----BEGIN OPENSSH PRIVATE KEY-----${text}`,
    "PuTTY":
      `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n${text}\nPrivate-MAC: ${
        hex(scalar)
      }\n`,
    "PGP": `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${lines}\n=abcd\n-----END PGP PRIVATE KEY`,
    "SSH public key": `ssh-rsa ${text} ann@host\n`,
    "XML": `<?xml version="1.0"?><RSAKeyValue><D>${text}</D></RSAKeyValue>`,
    "property list": `<plist version="1.0"><dict><key>${text}</key><integer>${
      hex(scalar)
    }</integer></dict></plist>`,
    "an entity": `<plist version="1.0"><string>&${hex(scalar)};</string></plist>`,
    "INI": `[${text}]\nPath=${text}\nIsRelative=1\nID=${hex(scalar)}\n`,
    "shell": `KEY=${text}\nexport PASSWORD=${password}\n`,
    "YAML": `key: |\n  ${lines.replaceAll("\n", "\n  ")}\npassword: ${password}\n`,
    "a list of names": `app.test\n${text}\n${hex(scalar)}\n`,
    "a list of URLs": `https://ann:${password}@app.test/\n${hex(scalar)}\n`,
    "a list of wildcards": `*.${hex(scalar).slice(0, 60)}\n${password}_.test\n`,
    "nginx, a key in the middle": nginx(pem),
    "nginx, a key without its lines": nginx(`    ${text}`),
    "nginx, a directive": nginx(`    ${text};`),
    "nginx, hexadecimal": nginx(`    ${hex(scalar)} {`),
    "nginx, a quoted text without an end": nginx(`    ssl_password "${pem}`),
    "nginx, an include": nginx(`    include ${text};`),
    "nginx, an include in hexadecimal": nginx(`    include ${hex(scalar).slice(0, 30)};`),
    "nginx, an include with a variable": nginx(`    include $x${password};`),
    "nginx, a pattern": nginx(`    include ${hex(scalar)}/*${password};`),
    "nginx, a certificate": nginx(`    ssl_certificate ${text};`),
    "nginx, a certificate with a variable": nginx(`    ssl_certificate $x${hex(scalar)};`),
    "nginx, data": nginx(`    ssl_certificate data:$${text};`),
    "nginx, a quoted certificate": nginx(`    ssl_certificate "${pem}";`),
    "nginx, a closing brace": `${text} }\n`,
    "a password": `${password}\n`,
    "a password without an end of line": password,
    "a password as a name": `${password} ${password}_\n`,
  };
  const shapes: Shape[] = Object.entries(texts).map(([name, each]) => ({
    name,
    content: octets(each),
  }));
  const pfx = material.pfx;
  const encrypted = material.encrypted;
  shapes.push(
    { name: "DER", content: pkcs8 },
    { name: "DER of SEC 1", content: sec1 },
    { name: "octets of the scalar", content: scalar },
    { name: "DER with octets after it", content: join(pkcs8, scalar) },
    { name: "UTF-16, little-endian", content: utf16(`\ufeff${pem}`, true) },
    { name: "UTF-16, big-endian", content: utf16(`\ufeff${pem}`, false) },
    { name: "UTF-16 without a mark", content: utf16(`${begin}${text}${end}`, true) },
    { name: "UTF-16 after a line", content: join(octets("x\n"), utf16(pem, true)) },
    { name: "a NUL", content: octets(`${begin}\0${text}\0${end}`) },
  );
  if (pfx !== undefined) {
    shapes.push(
      { name: "PKCS#12", content: pfx },
      { name: "PKCS#12 cut off", content: pfx.slice(0, -7) },
      { name: "PKCS#12 on one line", content: octets(`-----BEGIN PKCS12-----${base64(pfx)}`) },
    );
  }
  if (encrypted !== undefined) {
    const inside = base64(encrypted);
    shapes.push(
      {
        name: "encrypted",
        content: octets(
          `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${inside}\n-----END ENCRYPTED PRIVATE KEY-----\n`,
        ),
      },
      {
        name: "encrypted, with its password",
        content: octets(
          `# ${password}\n-----BEGIN ENCRYPTED PRIVATE KEY-----${inside}\n${password}\n`,
        ),
      },
    );
  }
  return shapes;
}

/** The shapes cut off: where a boundary of theirs is, and in between. */
export function truncated(shape: Shape, every = 1): Shape[] {
  const cuts: Shape[] = [];
  for (let at = 1; at < shape.content.length; at += every) {
    cuts.push({ name: `${shape.name}, cut off at ${at}`, content: shape.content.slice(0, at) });
  }
  return cuts;
}

function utf16(text: string, littleEndian: boolean): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(2 * text.length);
  const view = new DataView(out.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return out;
}

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
