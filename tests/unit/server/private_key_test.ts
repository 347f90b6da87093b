import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { holdsPrivateKey } from "../../../src/server/static/private_key.ts";

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0) & 0xff);
const CONTENT = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZ0Z0Z0Z0Z0Z0Z0Z0\n";
const pem = (label: string, content = CONTENT) =>
  `-----BEGIN ${label}-----\n${content}-----END ${label}-----\n`;
const hex = (text: string) =>
  Uint8Array.from(text.replaceAll(" ", "").match(/../g) ?? [], (octet) => parseInt(octet, 16));

const HELD: Readonly<Record<string, string>> = {
  "PKCS#8": pem("PRIVATE KEY"),
  "PKCS#1": pem("RSA PRIVATE KEY"),
  "SEC 1": pem("EC PRIVATE KEY"),
  "DSA": pem("DSA PRIVATE KEY"),
  "any label that ends so": pem("ANY OTHER PRIVATE KEY"),
  "encrypted": pem("ENCRYPTED PRIVATE KEY"),
  "encrypted as of old": pem(
    "RSA PRIVATE KEY",
    `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n${"x9".repeat(32)}\n`,
  ),
  "OpenSSH": pem("OPENSSH PRIVATE KEY", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\n"),
  "OpenPGP": pem("PGP PRIVATE KEY BLOCK", "Version: x\n\nlQOYBGZ0Z0Z0Z0Z0Z0Z0Z0\n"),
  "SSH2": `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "x"\nP2/56wAAAiwAAAA3aWYtbW9k\n`,
  "after text": `some text\nand more\n${pem("PRIVATE KEY")}`,
  "without an end": pem("PRIVATE KEY").split("-----END")[0]!,
  "of another system's lines": pem("PRIVATE KEY").replaceAll("\n", "\r\n"),
  "on one line": pem("PRIVATE KEY").replaceAll("\n", ""),
  "in a string": JSON.stringify(pem("PRIVATE KEY")),
  "in a string of a string": JSON.stringify(JSON.stringify(pem("PRIVATE KEY"))),
  "joined by +": `"-----BEGIN PRIVATE KEY-----\\n" +\n  "${CONTENT.trim()}"`,
  "quoted in a mail": pem("PRIVATE KEY").replaceAll(/^/gm, "> "),
  "behind a certificate that is cut": `-----BEGIN CERTIFICATE-----\nMII\n${pem("PRIVATE KEY")}`,
  "behind one that is only named": `-----BEGIN PRIVATE KEY----- begins it:\n${pem("PRIVATE KEY")}`,
  "age": `# public key: age1x\nAGE-SECRET-KEY-1${"Q".repeat(58)}\n`,
  "minisign": "untrusted comment: minisign encrypted secret key\nRWRTY0Iy\n",
};

const NOT_HELD: Readonly<Record<string, string>> = {
  "a certificate": pem("CERTIFICATE"),
  "a public key": pem("PUBLIC KEY"),
  "a label without content": "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
  "a program": `e.includes("-----BEGIN PRIVATE KEY-----")||fail('it is no key of a known form')`,
  "a template": "-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----",
  "a sentence": "The PRIVATE KEY is secret",
  "a public JWK": `{"kty":"EC","crv":"P-256","x":"${"x".repeat(43)}","y":"${"y".repeat(43)}"}`,
  "a base64 text": "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsuTWFueSBoYW5kcyBtYWtl",
  "nothing": "",
};

describe("holdsPrivateKey() of text", () => {
  for (const [name, text] of Object.entries(HELD)) {
    test(`finds a key: ${name}`, () => {
      assert.equal(holdsPrivateKey(bytes(text)), true);
      assert.equal(holdsPrivateKey(bytes("\xef\xbb\xbf" + text)), true, "BOM");
      assert.equal(holdsPrivateKey(bytes("x".repeat(50_000) + `\n${text}`), "middle"), true);
      const wide = `\ufeff${text}`.split("").flatMap((c) => [c.charCodeAt(0) & 0xff, 0]);
      assert.equal(holdsPrivateKey(Uint8Array.from(wide)), true, "UTF-16");
    });
  }
  for (const [name, text] of Object.entries(NOT_HELD)) {
    test(`finds none: ${name}`, () => assert.equal(holdsPrivateKey(bytes(text)), false));
  }
});

describe("holdsPrivateKey() of DER and of stores", () => {
  const oid = "2a 86 48 86 f7 0d 01";
  const KEYS: Readonly<Record<string, string>> = {
    "PKCS#8": "30 19 02 01 00 30 05 06 03 2b 65 70 04 0d" + "00".repeat(13),
    "PKCS#1": `30 82 04 a4 02 01 00 02 82 01 01 ${"00".repeat(257)}`,
    "SEC 1": `30 77 02 01 01 04 20 ${"11".repeat(32)}`,
    "encrypted, PBES2": `30 20 30 0b 06 09 ${oid} 05 0d 04 10 ${"00".repeat(16)}`,
    "encrypted, PBE": `30 20 30 0c 06 0a ${oid} 0c 01 03 04 10 ${"00".repeat(16)}`,
    "PFX": `30 82 01 00 02 01 03 30 0b 06 09 ${oid} 07 01`,
    "PFX of indefinite length": `30 80 02 01 03 30 80 06 09 ${oid} 07 01`,
    "JKS": "fe ed fe ed 00 00 00 02",
    "JCEKS": "ce ce ce ce 00 00 00 02",
    "BKS": "00 00 00 02 00 00 00 14 00",
    "PVK": "1e f1 b5 b0 00 00 00 00",
  };
  for (const [name, text] of Object.entries(KEYS)) {
    test(`finds ${name}`, () => {
      assert.equal(holdsPrivateKey(hex(text)), true);
      assert.equal(holdsPrivateKey(hex(`30 03 02 01 05${text}`)), text.startsWith("30"));
      assert.equal(holdsPrivateKey(hex(`ef bb bf${text}`)), text.startsWith("30"));
    });
  }
  const OTHERS: Readonly<Record<string, string>> = {
    "a public key of RSA": `30 82 01 0a 02 82 01 01 ${"11".repeat(257)} 02 03 01 00 01`,
    "a SubjectPublicKeyInfo": `30 2a 30 05 06 03 2b 65 70 03 21 00 ${"11".repeat(32)}`,
    "a signature of ECDSA": `30 44 02 20 ${"11".repeat(32)} 02 20 ${"11".repeat(32)}`,
    "a beginning of a certificate": "30 82 01 00 30 81 a0 a0 03 02 01 02 02 01 05",
    "SQLite": "53 51 4c 69 74 65 20 66 6f 72 6d 61 74 20 33 00 00",
    "one octet": "30",
    "a length that is not there": "30 84",
    "text": "30 30 30 30 0a 30 30",
  };
  for (const [name, text] of Object.entries(OTHERS)) {
    test(`does not find one in ${name}`, () => assert.equal(holdsPrivateKey(hex(text)), false));
  }
});

test("no file makes it slow", () => {
  const size = 256 * 1024;
  const fill = (text: string) => bytes(text.repeat(Math.ceil(size / text.length)).slice(0, size));
  const hostile = [
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n \n",
    "-----BEGIN ",
    "PRIVATE KEY ",
    "\n",
    " ",
    '"kty""d"    ',
    "LS0tLS1CRUdJTi",
    "<RSAKeyValue>",
    "untrusted comment: ",
    "0\x80",
    "M",
    "A\0",
    "\\n",
  ];
  for (const text of hostile) {
    const start = performance.now();
    holdsPrivateKey(fill(text));
    holdsPrivateKey(bytes("-----BEGIN PRIVATE KEY-----" + "\t ".repeat(2_000)));
    const took = performance.now() - start;
    assert.ok(took < 2_000, `${JSON.stringify(text)}: ${took} ms`);
  }
});
