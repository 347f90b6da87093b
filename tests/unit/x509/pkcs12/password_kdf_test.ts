import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { concatBytes, toHex } from "../../../../src/bytes.ts";
import { LocalTlsError } from "../../../../src/errors.ts";
import { iterateDigest } from "../../../../src/x509/pkcs12/iterated_digest.ts";
import {
  bmpOctets,
  derivePkcs12,
  passwordOctets,
  PURPOSE,
} from "../../../../src/x509/pkcs12/password_kdf.ts";
import { refusal, WorkLimit } from "../../../../src/x509/work_limit.ts";
import { hex } from "../../../support/hex.ts";

describe("derivePkcs12() gives what OpenSSL's PKCS12KDF gives", () => {
  // openssl kdf -keylen 70 -kdfopt digest:SHA1 -kdfopt hexpass:00630068...00e40000 -kdfopt hexsalt:0102030405060708090a
  //   -kdfopt id:1 -kdfopt iter:1000 PKCS12KDF
  const cases: [hash: string, purpose: number, string][] = [
    [
      "SHA-1",
      PURPOSE.key,
      "63d423be92f924f1eb718c29073c3a5f4130b685d93cde5cf357409089ed78dc38269a7035c0a2ff7fedd833c60c4d9b" +
      "c9a5c202b02155518f4bfab628d773669f9d9e8cce79",
    ],
    [
      "SHA-1",
      PURPOSE.iv,
      "84de95030833e271dc25013f96d04a32439bf86edd0decbcd3cdc4ade8cbce2e7a2650cd2ed093b213b6854497372ad2" +
      "13b9cf7af6481cc764d8bc3acb86e36dc9112ca3c1d2",
    ],
    [
      "SHA-1",
      PURPOSE.mac,
      "efd8b4590cab6f1b41160e9791de4b12a3c60f637f571519ebd239c2dfd28d34baee06dcca095bd93f5151f3254761d8" +
      "3e3a560a35c099b40ca10e1b0867156a321fa1cd802e",
    ],
    [
      "SHA-256",
      PURPOSE.mac,
      "962956347dea9298be85594cd4fd7ac3adc785a8f882b54301d862ab327ff8b0e062ab7a14e46118f0916692f2556d98" +
      "8869ebdbdf9cc716eb63ec979b0421fbd8f0706ab070",
    ],
    [
      "SHA-512",
      PURPOSE.mac,
      "e4a35855c1d5efffa239777f59769782a871179ab66f19b889991e19521abce63e39a1db1e1a294e64fe3658a7ddb5f2" +
      "6ec9bb8acfed2d61785962be69a0b8d895222a8ef252",
    ],
  ];
  for (const [hash, purpose, expected] of cases) {
    test(`${hash}, purpose ${purpose}`, async () => {
      const salt = hex("0102030405060708090a");
      const octets = await derivePkcs12(
        passwordOctets("chaengeä"),
        { hash, purpose, salt, iterations: 1000 },
        70,
      );
      assert.equal(toHex(octets), expected);
    });
  }
});

describe("derivePkcs12() gives what the vectors of OpenSSL's author say", () => {
  const cases: [purpose: number, salt: string, iterations: number, string, string][] = [
    [1, "0a58cf64530d823f", 1, "smeg", "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"],
    [2, "0a58cf64530d823f", 1, "smeg", "79993dfe048d3b76"],
  ];
  for (const [purpose, salt, iterations, password, expected] of cases) {
    test(`${password}, purpose ${purpose}`, async () => {
      const octets = await derivePkcs12(
        passwordOctets(password),
        { hash: "SHA-1", purpose, salt: hex(salt), iterations },
        expected.length / 2,
      );
      assert.equal(toHex(octets), expected);
    });
  }
});

test("derivePkcs12() stops before it does more than its limit", async () => {
  const refuse = refusal("PFX_INVALID", "Cannot read");
  const limit = new WorkLimit(refuse, 5999); // a round of SHA-1 costs 3
  const parameters = { hash: "SHA-1", purpose: 3, salt: hex("00"), iterations: 1000 };
  // 24 octets are two digests
  await assert.rejects(derivePkcs12(passwordOctets("x"), parameters, 24, limit), LocalTlsError);
});

test("passwords are UTF-16, big-endian, with a terminator", () => {
  assert.equal(toHex(passwordOctets("Beavis")), "004200650061007600690073" + "0000");
  assert.equal(toHex(passwordOctets("")), "0000");
  assert.equal(toHex(bmpOctets("ä€😀")), "00e420acd83dde00");
});

describe("iterateDigest() gives what WebCrypto gives", () => {
  for (const hash of ["SHA-1", "SHA-256", "SHA-384", "SHA-512"]) {
    test(hash, async () => {
      for (const length of [0, 1, 55, 56, 64, 128, 300]) {
        const input = crypto.getRandomValues(new Uint8Array(length));
        for (const times of [1, 2, 3, 30]) {
          let expected = concatBytes([input]);
          for (let i = 0; i < times; i++) {
            expected = new Uint8Array(await crypto.subtle.digest(hash, expected));
          }
          assert.deepEqual(await iterateDigest(hash, input, times), expected);
        }
      }
    });
  }
});
