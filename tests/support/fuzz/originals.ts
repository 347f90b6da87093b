/**
 * Good texts of every kind, the words that their readers know, and a Java key store.
 *
 * @module
 */

/** JKS, version 2, with one trusted certificate. The digest at its end is not looked at. */
export function jks(certificate: Uint8Array): Uint8Array {
  const utf = (text: string) => [0, text.length, ...new TextEncoder().encode(text)];
  const number = (
    value: number,
  ) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
  return Uint8Array.from([
    ...[...number(0xfeedfeed), ...number(2), ...number(1), ...number(2)],
    ...[...utf("localtls"), ...new Uint8Array(8), ...utf("X.509"), ...number(certificate.length)],
    ...certificate,
    ...new Uint8Array(20),
  ]);
}

export const PEM_WORDS: readonly string[] = [
  "-----BEGIN CERTIFICATE-----",
  "-----END CERTIFICATE-----",
  "-----BEGIN ",
  "-----",
  "\r\n",
  "====",
  "\ufeff",
];

export const NAMES: readonly string[] = [
  ...["localhost", "a.test", "*.foo.test", "172.16.99.32", "fd00::1", "[::1]", "::ffff:1.2.3.4"],
  ...["https://localhost:8443/x", "xn--bcher-kva.test", "b\u00fccher.test", "fe80::1%eth0"],
  ...["2001:db8:0:0:1:0:0:1", "a".repeat(63) + ".test", "0x7f.1", "a.test:443", "user@a.test"],
];
export const NAME_WORDS: readonly string[] = [
  ...["://", "https://", "*.", "..", "../", "xn--", "::", "::ffff:", "127.", "0x", "[", "]", "%25"],
  ...["-", "_wildcard", "\u{1f600}", "\u202e", "\u0300", "\uff0e", "localhost", ".local", "1e3"],
];

const HASH = "0123456789abcdef".repeat(4);
export const LEDGERS: readonly string[] = [
  JSON.stringify({
    event: "issued",
    time: "2026-11-24T12:00:00.000Z",
    names: ["a.test"],
    cert: "/home/ann/a.test.pem",
    key: "/home/ann/a.test-key.pem",
    serial: "0a1b",
    sha256: HASH,
    notBefore: "2026-11-24T12:00:00.000Z",
    notAfter: "2027-11-24T12:00:00.000Z",
    keyType: "p256",
    usage: "server",
    issuer: HASH,
  }) + "\n",
  JSON.stringify({
    event: "added",
    time: "2026-11-24T12:00:00.000Z",
    sha256: HASH,
    kind: "nss",
    path: "/home/ann/.pki/nssdb",
    label: "Chromium",
    anchorLabel: "localtls",
    created: ["/home/ann/.pki"],
  }) + "\n",
].flatMap((line, _, lines) => [line, line + lines.join(""), `\ufeff${line}`]);
export const LEDGER_WORDS: readonly string[] = [
  ...["{", "}", "[", "]", "null", '"', "\\u0000", '"created":', '"__proto__":{},', '"path":"x",'],
  ...["1e999", "-0", '"removed"', "C:\\\\", "\n", "\r\n", "../"],
];

export const PROFILES: readonly string[] = [
  "[Profile0]\nName=default\nIsRelative=1\nPath=abc.default\nDefault=1\n\n[General]\nVersion=2\n",
  "[Install4F96D1932A9F858E]\nDefault=x\n[Profile1]\r\nIsRelative=0\r\nPath=/a/b\r\n",
];
