import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import {
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { decodePem } from "../../../src/der/pem.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import {
  algorithmOf,
  isKeyType,
  KEY_ALGORITHMS,
  type KeyType,
} from "../../../src/x509/key_algorithms.ts";
import {
  exportPkcs8,
  exportPublicKey,
  exportSpki,
  generateKey,
  importPkcs8,
  keyBelongsTo,
  publicKeyInside,
} from "../../../src/x509/keys.ts";
import { describePublicKey } from "../../../src/x509/public_key.ts";
import { hex } from "../../support/hex.ts";
import { mutations } from "../../support/mutations.ts";

/** RFC 8410, 10.3: an Ed25519 key in PKCS#8. */
const ED25519_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----`;

describe("every key type but the slow ones", () => {
  for (const type of ["p256", "p384", "rsa2048"] as const satisfies readonly KeyType[]) {
    test(`${type} keys go out as PKCS#8 and come back`, async () => {
      const pair = await generateKey(type, true);
      assert.equal(algorithmOf(pair.privateKey).type, type);
      const key = await importPkcs8(await exportPkcs8(pair.privateKey));
      assert.equal(algorithmOf(key).type, type);
      const spki = await exportSpki(pair.publicKey);
      assert.equal(describePublicKey(spki).label, KEY_ALGORITHMS[type].label);
      assert.equal(await keyBelongsTo(key, { spki }), true);
    });
    test(`the public half of a new ${type} key is read out of its PKCS#8`, async () => {
      const { privateKey, publicKey } = await generateKey(type, true);
      const algorithm = KEY_ALGORITHMS[type];
      const pkcs8 = await exportPkcs8(privateKey);
      const inside = publicKeyInside(pkcs8, algorithm);
      if (type === "rsa2048") return assert.equal(inside, undefined);
      assert.equal(toHex(inside!.spki), toHex(await exportSpki(publicKey)));
      assert.deepEqual(inside, await exportPublicKey(publicKey, algorithm));
      // Without the point, or with something else in its place, there is nothing to read.
      assert.equal(publicKeyInside(pkcs8.slice(0, 73), algorithm), undefined);
      const start = pkcs8.length - (type === "p256" ? 70 : 102);
      for (let at = start; at < start + 6; at++) {
        const changed = pkcs8.slice();
        changed[at]! ^= 1;
        assert.equal(publicKeyInside(changed, algorithm), undefined, `octet ${at}`);
      }
    });
  }
  test("a key of another pair, or of another type, does not belong", async () => {
    const [first, second, third] = await Promise.all([
      generateKey("p256", true),
      generateKey("p256", true),
      generateKey("p384", true),
    ]);
    const spki = async (pair: CryptoKeyPair) => ({ spki: await exportSpki(pair.publicKey) });
    assert.equal(await keyBelongsTo(first.privateKey, await spki(second)), false);
    assert.equal(await keyBelongsTo(first.privateKey, await spki(third)), false);
    assert.equal(await keyBelongsTo(third.privateKey, await spki(first)), false);
    assert.equal(await keyBelongsTo(first.privateKey, { spki: hex("3000") }), false);
  });
  test("the public half that PKCS#8 carries proves nothing", async () => {
    const [mine, theirs] = await Promise.all([
      generateKey("p256", true),
      generateKey("p256", true),
    ]);
    const pkcs8 = await exportPkcs8(mine.privateKey);
    const theirSpki = await exportSpki(theirs.publicKey);
    pkcs8.set(theirSpki.subarray(-65), pkcs8.length - 65);
    const belongs = importPkcs8(pkcs8).then((key) => keyBelongsTo(key, { spki: theirSpki }));
    // A runtime may refuse the pair, at once or when it signs, or sign with the private half: never is it theirs.
    assert.equal(
      await belongs.catch((error) => (error as LocalTlsError).code !== "KEY_INVALID"),
      false,
    );
  });
});

test("generateKey() that is not extractable gives a key that cannot be exported", async () => {
  const { privateKey, publicKey } = await generateKey("p256", false);
  await assert.rejects(exportPkcs8(privateKey));
  await assert.rejects(crypto.subtle.exportKey("jwk", privateKey));
  assert.equal((await exportSpki(publicKey)).length, 91);
});

test("importPkcs8() gives a key that cannot be exported unless asked", async () => {
  const pkcs8 = await exportPkcs8((await generateKey("p256", true)).privateKey);
  await assert.rejects(exportPkcs8(await importPkcs8(pkcs8)));
  assert.equal(toHex(await exportPkcs8(await importPkcs8(pkcs8, true))), toHex(pkcs8));
});

test("isKeyType() knows the table and nothing of Object", () => {
  assert.equal(isKeyType("p256"), true);
  for (const word of ["", "P256", "p521", "ed25519", "rsa1024", "toString", "__proto__"]) {
    assert.equal(isKeyType(word), false);
  }
});

/** Deno judges the numbers of a key when it first signs. */
async function importAndSign(der: Uint8Array): Promise<boolean> {
  const { publicKey } = await generateKey("p256", true);
  return await keyBelongsTo(await importPkcs8(der), { spki: await exportSpki(publicKey) });
}

describe("importPkcs8() refuses", () => {
  const p256 = sequence(oid(OID.ecPublicKey), oid(OID.prime256v1));
  const cases: [string, Uint8Array, code: string, message: RegExp][] = [
    ["Ed25519", decodePem(ED25519_KEY)[0]!.der, "KEY_INVALID", /algorithm 1\.3\.101\.112/],
    [
      "secp256k1",
      sequence(
        integer(0),
        sequence(oid(OID.ecPublicKey), oid("1.3.132.0.10")),
        octetString(hex("00")),
      ),
      "KEY_INVALID",
      /curve 1\.3\.132\.0\.10/,
    ],
    [
      "explicit curve parameters",
      sequence(integer(0), sequence(oid(OID.ecPublicKey), sequence()), octetString(hex("00"))),
      "KEY_INVALID",
      /explicit parameters/,
    ],
    [
      "a P-256 key of nothing",
      sequence(integer(0), p256, octetString(hex(""))),
      "KEY_INVALID",
      /no key/,
    ],
    [
      "a P-256 key of zero",
      sequence(
        integer(0),
        p256,
        octetString(sequence(integer(1), octetString(new Uint8Array(32)))),
      ),
      "KEY_INVALID",
      /no key/,
    ],
    ["version 2", sequence(integer(2), p256, octetString(hex("00"))), "DER_INVALID", /version/],
    ["no algorithm", sequence(integer(0), octetString(hex("00"))), "DER_INVALID", /Algorithm/],
    [
      "more behind",
      sequence(integer(0), p256, octetString(hex("00")), nullValue()),
      "DER_INVALID",
      /follow/,
    ],
    ["a public key", sequence(p256, hex("030100")), "DER_INVALID", /version/],
    [
      "an encrypted key",
      sequence(sequence(oid("1.2.840.113549.1.5.13")), octetString(hex("00"))),
      "DER_INVALID",
      /version/,
    ],
    ["nothing", hex(""), "DER_INVALID", /missing/],
    [
      "an attribute list of the wrong tag",
      sequence(integer(0), p256, octetString(hex("00")), explicit(2, hex(""))),
      "DER_INVALID",
      /follow/,
    ],
  ];
  for (const [name, der, code, message] of cases) {
    test(name, async () => {
      await assert.rejects(importAndSign(der), (error: unknown) => {
        assert.ok(error instanceof LocalTlsError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
        return true;
      });
    });
  }
  test("an RSA key of 1024 bits", async () => {
    const algorithm = {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 1024,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: "SHA-256",
    };
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const pkcs8 = await exportPkcs8(pair.privateKey);
    await assert.rejects(importPkcs8(pkcs8), { code: "KEY_INVALID", message: /RSA 1024/ });
    assert.deepEqual(describePublicKey(await exportSpki(pair.publicKey)), {
      label: "RSA 1024",
      modulusBits: 1024,
    });
  });
  test("damaged keys, whatever the damage, with LocalTlsError", async () => {
    const pkcs8 = await exportPkcs8((await generateKey("p256", true)).privateKey);
    for (const bytes of mutations(pkcs8, 300, 9)) {
      await importAndSign(bytes).catch((error) =>
        assert.ok(error instanceof LocalTlsError, String(error))
      );
    }
  });
});

describe("describePublicKey()", () => {
  const spki = (algorithm: Uint8Array, bits: Uint8Array) =>
    sequence(
      algorithm,
      hex(`03${(bits.length + 1).toString(16).padStart(2, "0")}00${toHex(bits)}`),
    );
  const cases: [string, Uint8Array][] = [
    ["Ed25519", spki(sequence(oid(OID.ed25519)), new Uint8Array(32))],
    ["Ed448", spki(sequence(oid(OID.ed448)), new Uint8Array(57))],
    ["P-521", spki(sequence(oid(OID.ecPublicKey), oid(OID.secp521r1)), hex("04"))],
    ["EC 1.3.132.0.10", spki(sequence(oid(OID.ecPublicKey), oid("1.3.132.0.10")), hex("04"))],
    ["EC, explicit parameters", spki(sequence(oid(OID.ecPublicKey), sequence()), hex("04"))],
    [
      "RSA 9",
      spki(sequence(oid(OID.rsaEncryption), nullValue()), sequence(integer(0x1ff), integer(3))),
    ],
    ["1.2.3", spki(sequence(oid("1.2.3")), hex(""))],
  ];
  for (const [label, der] of cases) {
    test(`names ${label}`, () => assert.equal(describePublicKey(der).label, label));
  }
  test("refuses a malformed RSA key", () => {
    assert.throws(() => describePublicKey(spki(sequence(oid(OID.rsaEncryption)), hex("0102"))), {
      code: "DER_INVALID",
    });
  });
});
