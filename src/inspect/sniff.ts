/**
 * What a file is, by its first octets: PEM, DER, or something that somebody took for a certificate.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

/** What to do with the octets. */
export type Sniffed =
  | { readonly kind: "pem"; readonly text: string }
  | { readonly kind: "der" }
  /** Base64 of DER, without its BEGIN and END lines. */
  | { readonly kind: "base64"; readonly base64: string }
  /** Something else. @property hint What would help, where that is known. */
  | { readonly kind: "other"; readonly what: string; readonly hint?: string };

/** Octets at the start of binary files. */
const MAGIC: readonly (readonly [hex: string, what: string, hint?: string])[] = [
  ["7f454c46", "a program (ELF)"],
  ["4d5a", "a program for Windows"],
  ["feedface", "a program for macOS"],
  ["feedfacf", "a program for macOS"],
  ["cffaedfe", "a program for macOS"],
  ["cafebabe", "a Java class or a program for macOS"],
  [
    "feedfeed",
    "a Java key store (JKS)",
    "keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12",
  ],
  [
    "cececece",
    "a Java key store (JCEKS)",
    "keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore NEW.p12 -deststoretype PKCS12",
  ],
  [
    "53514c69746520666f726d61742033",
    "an SQLite database",
    "For NSS's: certutil -L -d sql:DIRECTORY",
  ],
  ["504b0304", "a ZIP archive"],
  ["1f8b", "a gzip archive"],
  ["fd377a585a", "an xz archive"],
  ["28b52ffd", "a Zstandard archive"],
  ["25504446", "a PDF document"],
  ["89504e47", "a PNG picture"],
  ["ffd8ff", "a JPEG picture"],
  ["fffe", "UTF-16 text", "Save it as UTF-8"],
  ["feff", "UTF-16 text", "Save it as UTF-8"],
];

const SSH_HINT = "For TLS make a certificate: localtls cert NAME";

/** How texts begin that are no PEM. */
const TEXTS: readonly (readonly [start: RegExp, what: string, hint?: string])[] = [
  [
    /^(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-|sk-(?:ssh|ecdsa)-)\S*-cert-v\d+@/,
    "an SSH certificate",
    SSH_HINT,
  ],
  [
    /^(?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-|sk-(?:ssh|ecdsa)-)\S* /,
    "an SSH public key",
    SSH_HINT,
  ],
  [/^---- BEGIN SSH2 PUBLIC KEY/, "an SSH public key", SSH_HINT],
  [/^-----BEGIN OPENSSH PRIVATE KEY-----/m, "an OpenSSH private key", SSH_HINT],
  [/^PuTTY-User-Key-File/, "a PuTTY private key", SSH_HINT],
  [/^-----BEGIN PGP PUBLIC KEY/m, "a PGP public key"],
  [/^-----BEGIN PGP PRIVATE KEY/m, "a PGP private key"],
  [/^-----BEGIN PGP /m, "a PGP message"],
  [/^(?:<!doctype html|<html)/i, "an HTML page", "Save what the page links to"],
  [/^<\?xml/, "an XML document"],
  [/^#!/, "a script"],
];

/** Recognises a file. @param content Not empty. */
export function sniff(content: Bytes): Sniffed {
  const start = hexStart(content);
  for (const [hex, what, hint] of MAGIC) {
    if (start.startsWith(hex)) return other(what, hint);
  }
  if (content[0] === 0x30 && !looksLikeText(content)) return { kind: "der" };
  if (!looksLikeText(content)) return other("binary data of a kind that is not known here");
  const text = new TextDecoder().decode(content);
  const trimmed = text.trimStart();
  for (const [pattern, what, hint] of TEXTS) {
    if (pattern.test(trimmed)) return other(what, hint);
  }
  if (text.includes("-----BEGIN ") || text.includes("-----END ")) return { kind: "pem", text };
  const base64 = trimmed.replaceAll(/\s+/g, "");
  // "MI" is what a SEQUENCE of more than 255 octets begins with.
  if (/^MI[A-Za-z0-9+/]{30,}={0,2}$/.test(base64) && base64.length % 4 === 0) {
    return { kind: "base64", base64 };
  }
  if (/^[{[]/.test(trimmed)) return other("a JSON document");
  if (trimmed === "") return other("only white space");
  return other("text without a PEM block");
}

function other(what: string, hint?: string): Sniffed {
  return { kind: "other", what, ...(hint === undefined ? {} : { hint }) };
}

/** Octets that are looked at. */
const SAMPLE = 512;

/** No NUL and hardly a control character: a DER of that size always has some. */
function looksLikeText(content: Bytes): boolean {
  const sample = content.subarray(0, SAMPLE);
  const odd = sample.filter((octet) =>
    octet === 0x7f || (octet < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(octet))
  );
  return odd.length === 0;
}

function hexStart(content: Bytes): string {
  let text = "";
  for (const octet of content.subarray(0, 16)) text += octet.toString(16).padStart(2, "0");
  return text;
}
