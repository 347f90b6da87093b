/**
 * Files for `inspect`, made by openssl: certificates in every form, keys in every form, and what strangers write.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePem } from "../../src/der/pem.ts";
import { explicit, integer, octetString, oid, sequence, utf8String } from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import { encodeName } from "../../src/x509/name.ts";
import { craft } from "./craft.ts";
import { makeScratch, type Scratch } from "./scratch.ts";

/** Paths. */
export interface Material {
  readonly scratch: Scratch;
  /** A self-signed certificate, PEM; its key is beside it, as ".key". */
  readonly cert: string;
  readonly der: string;
  readonly messy: string;
  readonly trusted: string;
  readonly p7b: string;
  readonly p7pem: string;
  readonly base64: string;
  readonly p12empty: string;
  readonly p12changeit: string;
  readonly p12secret: string;
  /** A file with the password of p12secret and of the encrypted keys. */
  readonly password: string;
  readonly request: string;
  readonly tail: string;
  readonly hostile: string;
  readonly many: string;
  readonly wide: string;
  /** By "KIND, FORM". */
  readonly keys: Readonly<Record<string, string>>;
  /** By path: the secret in hexadecimal and in base64, in pieces that no accident repeats; lower case. */
  readonly secrets: Readonly<Record<string, readonly string[]>>;
}

let made: Material | undefined;

/** Makes them once for a test file. */
export function makeMaterial(): Material {
  return made ??= build();
}

function build(): Material {
  const scratch = makeScratch();
  const at = (name: string) => join(scratch.work, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const cert = at("self.crt");
  const key = at("self.key");
  selfSigned(cert, key, "/CN=self.test", ["subjectAltName=DNS:self.test"]);
  openssl("x509", "-in", cert, "-outform", "DER", "-out", at("self.der"));
  const pem = readFileSync(cert, "utf8");
  writeFileSync(
    at("messy.pem"),
    `\ufeffSubject: somebody\n${pem}\nthe end\n`.replaceAll("\n", "\r\n"),
  );
  openssl("x509", "-in", cert, "-trustout", "-addtrust", "serverAuth", "-out", at("trusted.pem"));
  openssl(
    ...["crl2pkcs7", "-nocrl", "-certfile", cert, "-outform", "DER", "-out", at("self.p7b")],
  );
  openssl("crl2pkcs7", "-nocrl", "-certfile", cert, "-out", at("self.p7.pem"));
  writeFileSync(at("base64.txt"), pem.replaceAll(/-----.*-----/g, ""));
  writeFileSync(at("password"), "s3cret-s3cret\n");
  const pfx = (file: string, password: string) =>
    openssl(
      ...["pkcs12", "-export", "-in", cert, "-inkey", key, "-out", file],
      ...["-passout", `pass:${password}`],
    );
  pfx(at("empty.p12"), "");
  pfx(at("changeit.p12"), "changeit");
  pfx(at("secret.p12"), "s3cret-s3cret");
  openssl(
    ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", at("asked.key"), "-out", at("asked.csr"), "-subj", "/CN=asked"],
    ...["-addext", "subjectAltName=DNS:asked.test"],
  );
  selfSigned(at("tail.pem"), at("tail.private"), "/CN=tail", [
    "crlDistributionPoints=URI:http://a.test/c.crl,URI:ldap://b/x",
    "authorityInfoAccess=OCSP;URI:http://o.test,caIssuers;URI:http://i.test",
    "certificatePolicies=1.2.3.4,2.23.140.1.2.1",
    "tlsfeature=status_request",
    "nsComment=hello",
    "nsCertType=server",
    "issuerAltName=DNS:x.test",
    `1.2.3.4.5=DER:${hex(sequence(utf8String("made up"), integer(42)))}`,
  ]);
  selfSigned(
    at("wide.pem"),
    at("wide.private"),
    "/O=東京都千代田区丸の内証明書認証局株式会社/CN=日本語の名前がとても長い証明書のための試験用認証局",
    [],
  );
  writeFileSync(at("hostile.pem"), hostileCertificate());
  writeFileSync(at("many.pem"), manyNames(5000));
  const keys: Record<string, string> = {};
  const secrets: Record<string, string[]> = {};
  const addKey = (kind: string, file: string) => {
    keys[kind] = file;
    secrets[file] = secretsOf(file);
  };
  const generate = (file: string, ...options: string[]) => {
    openssl("genpkey", "-out", at(file), ...options);
    return at(file);
  };
  const rsa = generate("rsa.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048");
  addKey("RSA 2048, PKCS#8", rsa);
  openssl("rsa", "-in", rsa, "-traditional", "-out", at("rsa1.pem"));
  addKey("RSA 2048, PKCS#1", at("rsa1.pem"));
  const p384 = generate("p384.pem", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384");
  addKey("P-384, PKCS#8", p384);
  openssl("ec", "-in", p384, "-out", at("p384sec1.pem"));
  addKey("P-384, SEC 1", at("p384sec1.pem"));
  addKey("Ed25519, PKCS#8", generate("ed.pem", "-algorithm", "ED25519"));
  addKey(
    "P-521, PKCS#8",
    generate("p521.pem", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"),
  );
  openssl("pkey", "-in", p384, "-outform", "DER", "-out", at("p384.der"));
  addKey("P-384, DER", at("p384.der"));
  openssl("pkey", "-in", p384, "-pubout", "-out", at("p384pub.pem"));
  addKey("P-384, public", at("p384pub.pem"));
  return {
    scratch,
    cert,
    der: at("self.der"),
    messy: at("messy.pem"),
    trusted: at("trusted.pem"),
    p7b: at("self.p7b"),
    p7pem: at("self.p7.pem"),
    base64: at("base64.txt"),
    p12empty: at("empty.p12"),
    p12changeit: at("changeit.p12"),
    p12secret: at("secret.p12"),
    password: at("password"),
    request: at("asked.csr"),
    tail: at("tail.pem"),
    hostile: at("hostile.pem"),
    many: at("many.pem"),
    wide: at("wide.pem"),
    keys,
    secrets,
  };
}

/** The key of `cert` under a password, as openssl writes it today and as it did. */
export function encryptedKeyFiles({ scratch, cert, password }: Material): [string, string][] {
  const schemes = [["PBES2", "-v2", "aes-256-cbc"], ["PKCS#12's 3DES", "-v1", "PBE-SHA1-3DES"]];
  return schemes.map(([what, ...options]) => {
    const file = join(scratch.work, `${options[0]!.slice(1)}-encrypted.pem`);
    execFileSync("openssl", [
      ...["pkcs8", "-topk8", "-in", cert.replace(".crt", ".key"), "-out", file, ...options],
      ...["-passout", `file:${password}`],
    ], { stdio: "pipe" });
    return [what!, file];
  });
}

function selfSigned(cert: string, key: string, subject: string, extensions: readonly string[]) {
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-utf8"],
    ...["-days", "90", "-subj", subject, "-keyout", key, "-out", cert],
    ...extensions.flatMap((one) => ["-addext", one]),
  ], { stdio: "pipe" });
}

/** An escape sequence, a new line, a change of direction and a C1 control, in every place that shows text. */
function hostileCertificate(): string {
  const text = "a\u001b[31m\u202eevil\n  SHA-256       forged\u009b0m";
  const ascii = new TextEncoder().encode("dns\u001b[31m\n  SHA-256       forged");
  const san = sequence(new Uint8Array([0x82, ascii.length, ...ascii]));
  const other = sequence(utf8String(text));
  const name = encodeName([[OID.commonName, text], [OID.organizationName, text]]);
  return encodePem(
    "CERTIFICATE",
    craft({
      subject: name,
      extensions: explicit(
        3,
        sequence(
          sequence(oid(OID.subjectAltName), octetString(san)),
          sequence(oid("1.2.3.4.6"), octetString(other)),
        ),
      ),
    }),
  );
}

function manyNames(count: number): string {
  const names = Array.from({ length: count }, (_, i) => {
    const octets = new TextEncoder().encode(`n${i}.many.test`);
    return new Uint8Array([0x82, octets.length, ...octets]);
  });
  return encodePem(
    "CERTIFICATE",
    craft({
      extensions: explicit(
        3,
        sequence(sequence(oid(OID.subjectAltName), octetString(sequence(...names)))),
      ),
    }),
  );
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}

/** Of a private key: runs of its secret numbers, by openssl. Empty for a public one. */
function secretsOf(file: string): string[] {
  const form = file.endsWith(".der") ? ["-inform", "DER"] : [];
  let text: string;
  try {
    text = execFileSync("openssl", ["pkey", "-in", file, ...form, "-noout", "-text"], {
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch {
    return [];
  }
  const numbers = text.matchAll(
    /^(?:priv|privateExponent|prime\d|exponent\d|coefficient):\n((?: +[0-9a-f:]+\n)+)/gm,
  );
  return [...numbers].flatMap(([, digits]) => {
    const octets = digits!.replaceAll(/[^0-9a-f]/g, "");
    const base64 = Buffer.from(octets, "hex").toString("base64").toLowerCase();
    return [octets.slice(8, 28), octets.slice(-20), base64.slice(8, 24)];
  });
}
