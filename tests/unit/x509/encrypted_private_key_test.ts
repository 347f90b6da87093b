import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, concatBytes, toHex } from "../../../src/bytes.ts";
import { integer, nullValue, octetString, oid, sequence } from "../../../src/der/encode.ts";
import { decodePem } from "../../../src/der/pem.ts";
import { OID } from "../../../src/der/oids.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { decryptPrivateKey, encryptPrivateKey } from "../../../src/x509/encrypted_private_key.ts";
import { exportPkcs8, generateKey } from "../../../src/x509/keys.ts";
import { derivePbkdf2 } from "../../../src/x509/pbkdf2.ts";
import { hex } from "../../support/hex.ts";
import { mutations } from "../../support/mutations.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";

const KEY = await exportPkcs8((await generateKey("p256", true)).privateKey);
const PASSWORD = "correct horse";
const CHEAP = { iterations: 1 };

/** Written by OpenSSL 3.0: openssl pkcs8 -topk8 -v2 ..., password "changeit"; all hold the same key. */
const OF_OPENSSL: Readonly<Record<string, string>> = {
  "AES-256 and HMAC-SHA256": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgUzAhaON0++QICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEBvMv38S+93ZuMvDGMuq8nYEgZBJ
d41OxlEWrbH3VZnfYNXaYgMt86MZN+qr1EkdL9+GPKBpiWUSLZRg8FOGLfnirCnX
vH2ctlDWDbnS0ZqAtgGy7yDFcyuLL7R67NQqSKuAN0YDgKEn3ZsfgP2bSgCRKUUV
+v7MsHKMPmehuRsHErKe2xbWsHS1fxZVnvYwEcyfgpeikLHTlc/6XgJYGCQBvjk=
-----END ENCRYPTED PRIVATE KEY-----`,
  "AES-128 and HMAC-SHA1": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAhyAXyHMydU/AICCAAw
HQYJYIZIAWUDBAECBBD1lFZfxSrsR7qFeMS1eScxBIGQLLmLYWUUeqGYmZmyndoi
CMJ7X+mIFpvPKwXT5WPEcfJrjXPNaRakwDZK9w/gLuXTCukQ4fJdUQ+Ovbbyj6dU
qH4vHH1LnUauVKeBbqPRvfHge3/AASdpLwdiUongDp+uu6S5lIZ+X/TQv7aVm/fb
b8cj05jl77zO4pObA5yfWITAvb3rz+VPyDFCcPixlvFg
-----END ENCRYPTED PRIVATE KEY-----`,
  "AES-192 and HMAC-SHA512": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjBWBxnrj8sbwICCAAw
DAYIKoZIhvcNAgsFADAdBglghkgBZQMEARYEEIuc0OCIXP4tsB3ew3YbwoIEgZDc
GV4YylbA6Tb+fymUP8wyiLb33N7ZAy/rwVoot3mmC05W84yZmcEHeFD8P9WK3INJ
9xqsWejqROO0AYi7fylE9oU7583cHlo511f30trAH0OZ3Y98V23/J9oIllrJgSTw
0qmg7G7vNQgKbkQHF6TvCCHNWxWeF5pw8+jfiAq/qMs2Fy6PvUSRhVpINuUfQXk=
-----END ENCRYPTED PRIVATE KEY-----`,
  "AES-256 and HMAC-SHA384": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhwIrUmB5OW4wICCAAw
DAYIKoZIhvcNAgoFADAdBglghkgBZQMEASoEEIxx4ID+ZDhcSpf3D76wEFEEgZD4
RcFPFXMoNKTz3WuLdOgaYCs/RV+XqYsllP1On+zvt8n6bBcZhLu2+LQWKj9CSn48
eyGKB4gdrT51CHWIOgxxIHLIFBl96Z+AFNHVURcl0ExC4MRYYWOyiob8hOHbU9Sm
driBAX5d+uNXQT2y4uQdGNR1TeKPEmLyx0AV0DEnH8MTaQvTwMfKI+VbnDL/WYI=
-----END ENCRYPTED PRIVATE KEY-----`,
  "3DES in PBES2": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAivCdY7qWJOpwICCAAw
DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIKWP7BgzqkQUEgZDFmbTlrH9uIFyN
EXIsZ68HULVW8TKIVRigCEbECTe5VzMFagOu98q34F5V777xXlX5ir93noTy2bdv
IhRbRJ0YHQmnjJ4ZgYG0Cu6MSMtPLmv2OVJIQBpRo0BzvuzJ/lZf751vb7Fq02o6
wctTgn18NMrjg0UFFwq7tuOZuM0CeUj3QyWmKZGKOZieYvJtKkA=
-----END ENCRYPTED PRIVATE KEY-----`,
  "3DES of PKCS#12": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGxMBwGCiqGSIb3DQEMAQMwDgQIVoPw2nRFfKACAggABIGQXyQslIu7WHKPcYv5
MyTNhCBT6YLPJDlzCffuBHHXP2ii2j3vlW1CRhMLoz0dfJAPE5B83lVFdn6n+ZdK
7qf3697yQXJDVgJnbdBwqrAn0y+NkJAS+y8agM9JOq0Ew4jLkFsatdBccUVzEaRB
/bO9wGCbGVVw9/EeVx52U++XZINBQPgo5q0f1JNLX3Jn+Gxh
-----END ENCRYPTED PRIVATE KEY-----`,
};

/** Its private number. */
const KEY_OF_OPENSSL = "e2936e51abd54d9b942a6829dfd464aa7d139e4dbf65e32fa18fd17b480b5516";

describe("encryptPrivateKey() and decryptPrivateKey()", () => {
  test("what was encrypted comes back, and every time looks different", async () => {
    const a = await encryptPrivateKey(KEY, PASSWORD);
    const b = await encryptPrivateKey(KEY, PASSWORD);
    assert.deepEqual(await decryptPrivateKey(a, PASSWORD), KEY);
    assert.notDeepEqual(a, b);
  });

  test("PBKDF2-HMAC-SHA256, 600,000 rounds, 16 octets of salt, AES-256-CBC", async () => {
    const text = toHex(await encryptPrivateKey(KEY, PASSWORD));
    for (
      const part of [
        oid(OID.pbes2),
        oid(OID.pbkdf2),
        integer(600_000),
        sequence(oid(OID.hmacWithSha256), nullValue()),
        oid(OID.aes256Cbc),
      ]
    ) {
      assert.ok(text.includes(toHex(part)), toHex(part));
    }
    assert.match(text, /0410[0-9a-f]{32}0203/);
  });

  for (const [name, encrypted] of Object.entries(OF_OPENSSL)) {
    test(`${name}, as OpenSSL writes it, is read; with another password it is not`, async () => {
      const der = decodePem(encrypted)[0]!.der;
      const key = await decryptPrivateKey(der, "changeit");
      assert.equal(toHex(key.subarray(36, 68)), KEY_OF_OPENSSL);
      await rejectsWith("PASSWORD_WRONG", decryptPrivateKey(der, "changeme"));
    });
  }

  test("a thousand wrong passwords are wrong, though the padding fits some", async () => {
    const encrypted = await encryptPrivateKey(KEY, PASSWORD, CHEAP);
    for (let i = 0; i < 1000; i++) {
      await rejectsWith("PASSWORD_WRONG", decryptPrivateKey(encrypted, `password ${i}`));
    }
  });

  test("passwords are UTF-8, as they stand", async () => {
    const encrypted = await encryptPrivateKey(KEY, "ä\u0301", CHEAP);
    assert.deepEqual(await decryptPrivateKey(encrypted, "ä\u0301"), KEY);
    await rejectsWith("PASSWORD_WRONG", decryptPrivateKey(encrypted, "a\u0308\u0301"));
  });

  for (const [name, password] of [["empty", ""], ["half a character", "\udc00"], ["NUL", "\0"]]) {
    test(`nothing is encrypted under a password that is ${name}`, async () => {
      const error = await rejectsWith("PASSWORD_INVALID", encryptPrivateKey(KEY, password!));
      assert.match(error.message, /^Cannot use the password: /);
    });
  }
});

test("PBKDF2 gives what RFC 6070 and RFC 7914 say", async () => {
  const cases: [hash: string, string, string, number, string][] = [
    ["SHA-1", "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"],
    ["SHA-1", "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1"],
    [
      "SHA-256",
      "passwd",
      "salt",
      1,
      "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
    ],
  ];
  for (const [hash, password, salt, iterations, expected] of cases) {
    const parameters = { hash, salt: new TextEncoder().encode(salt), iterations };
    const octets = await derivePbkdf2(password, parameters, expected.length / 2);
    assert.equal(toHex(octets), expected);
  }
});

describe("decryptPrivateKey() refuses", () => {
  const salt = octetString(new Uint8Array(8));
  const aes = sequence(oid(OID.aes256Cbc), octetString(new Uint8Array(16)));
  const prf = sequence(oid(OID.hmacWithSha256), nullValue());
  const encrypted = (algorithm: Bytes, length = 32) =>
    sequence(algorithm, octetString(new Uint8Array(length)));
  const pbes2 = (kdf: Bytes, cipher = aes) =>
    encrypted(sequence(oid(OID.pbes2), sequence(kdf, cipher)));
  const pbkdf2 = (...parameters: Bytes[]) => sequence(oid(OID.pbkdf2), sequence(...parameters));

  const cases: [string, Bytes, RegExp][] = [
    ["nothing", new Uint8Array(), /missing/],
    ["a key that is not encrypted", KEY, /encryptionAlgorithm.*tag is 02/],
    [
      "octets after the end",
      concatBytes([pbes2(pbkdf2(salt, integer(1), prf)), hex("00")]),
      /follow/,
    ],
    [
      "PBES1",
      encrypted(sequence(oid("1.2.840.113549.1.5.3"), nullValue())),
      /1\.5\.3 is not supported/,
    ],
    ["scrypt", pbes2(sequence(oid(OID.scrypt), sequence())), /derivation scrypt is not supported/],
    ["8,000,001 rounds", pbes2(pbkdf2(salt, integer(8_000_001), prf)), /would take too long/],
    ["2^64 rounds", pbes2(pbkdf2(salt, integer(2n ** 64n), prf)), /above 2147483647/],
    ["no rounds", pbes2(pbkdf2(salt, integer(0), prf)), /count is zero/],
    ["negative rounds", pbes2(pbkdf2(salt, integer(-1), prf)), /negative/],
    ["no salt", pbes2(pbkdf2(octetString(new Uint8Array()), integer(1), prf)), /salt is empty/],
    [
      "2,000 octets of salt",
      pbes2(pbkdf2(octetString(new Uint8Array(2000)), integer(1), prf)),
      /2000 octets, more than 1024/,
    ],
    [
      "HMAC-MD5",
      pbes2(pbkdf2(salt, integer(1), sequence(oid("1.2.840.113549.2.6")))),
      /not supported/,
    ],
    [
      "HMAC with parameters",
      pbes2(pbkdf2(salt, integer(1), sequence(oid(OID.hmacWithSha256), integer(1)))),
      /parameters.*tag is 02/,
    ],
    ["a key length of 16", pbes2(pbkdf2(salt, integer(1), integer(16), prf)), /key length of 16/],
    ["parameters after the last", pbes2(pbkdf2(salt, integer(1), prf, prf)), /follow its end/],
    [
      "AES-GCM",
      pbes2(pbkdf2(salt, integer(1), prf), sequence(oid("2.16.840.1.101.3.4.1.46"), sequence())),
      /cipher 2\.16.*not supported/,
    ],
    [
      "a vector of 15 octets",
      pbes2(
        pbkdf2(salt, integer(1), prf),
        sequence(oid(OID.aes256Cbc), octetString(new Uint8Array(15))),
      ),
      /vector has 15 octets/,
    ],
    ["1 MiB", encrypted(aes, 1024 * 1024), /more than 65536/],
  ];
  for (const [name, der, message] of cases) {
    test(name, async () => {
      await assert.rejects(decryptPrivateKey(der, PASSWORD), (error) => {
        assert.ok(error instanceof LocalTlsError, `${error}`);
        assert.ok(["KEY_INVALID", "DER_INVALID"].includes(error.code), error.code);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test("with the command that converts it", async () => {
    const der = pbes2(sequence(oid(OID.scrypt), sequence()));
    const error = await rejectsWith("KEY_INVALID", decryptPrivateKey(der, PASSWORD));
    assert.match(error.hints[0] ?? "", /openssl pkcs8 /);
  });
});

describe("a damaged encrypted key", () => {
  test("gives nothing but LocalTlsError with any octet flipped, and never its own key", async () => {
    const encrypted = await encryptPrivateKey(KEY, PASSWORD, CHEAP);
    for (let at = 0; at < encrypted.length; at++) {
      const copy = encrypted.slice();
      copy[at] = copy[at]! ^ 0x01;
      // CBC is no MAC: one flipped block may leave a readable envelope around another key
      const key = await decryptPrivateKey(copy, PASSWORD).catch((error) => {
        assert.ok(error instanceof LocalTlsError, `${error}`);
      });
      if (key !== undefined) assert.notDeepEqual(key, KEY);
    }
  });

  test("gives nothing but LocalTlsError cut off or damaged at random", async () => {
    const encrypted = await encryptPrivateKey(KEY, PASSWORD, CHEAP);
    for (let length = 0; length < encrypted.length; length++) {
      await assert.rejects(decryptPrivateKey(encrypted.slice(0, length), PASSWORD), LocalTlsError);
    }
    for (const damaged of mutations(encrypted, 800)) {
      await decryptPrivateKey(damaged, PASSWORD).catch((error) => {
        assert.ok(error instanceof LocalTlsError, `${error}`);
      });
    }
  });
});
