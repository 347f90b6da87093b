/** Signatures of every kind, and encodings of them that must not be taken. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, concatBytes } from "../../../../src/bytes.ts";
import {
  bitString,
  encodeTlv,
  explicit,
  integer,
  integerBytes,
  nullValue,
  oid,
  sequence,
} from "../../../../src/der/encode.ts";
import { OID } from "../../../../src/der/oids.ts";
import { verifyPath } from "../../../../src/pki/path/verify_path.ts";
import { parseCertificate } from "../../../../src/x509/certificate.ts";
import { exportSpki } from "../../../../src/x509/keys.ts";
import { ecdsaRawToDer } from "../../../../src/x509/signature.ts";
import {
  certifyCa,
  certifyServer,
  chain,
  ENTITIES,
  type Entity,
} from "../../../support/path_kit.ts";

const PSS = (hash: string, mask: string, salt: number) =>
  sequence(
    oid(OID.rsassaPss),
    sequence(
      explicit(0, sequence(oid(hash), nullValue())),
      explicit(1, sequence(oid(OID.mgf1), sequence(oid(mask), nullValue()))),
      explicit(2, integer(salt)),
    ),
  );

type Sign = (tbs: Bytes) => Promise<Uint8Array>;

/** An issuer with a key of any kind; the leaf's signature is made by hand. */
async function leafSignedBy(
  generate: EcKeyGenParams | RsaHashedKeyGenParams,
  algorithm: Bytes,
  makeSign: (key: CryptoKey) => Sign,
) {
  const keys = await crypto.subtle.generateKey(generate, true, ["sign", "verify"]) as CryptoKeyPair;
  const spki = await exportSpki(keys.publicKey);
  const issuer: Entity = { ...ENTITIES.intermediate, spki };
  const intermediate = await certifyCa(issuer, ENTITIES.root);
  const draft = await certifyServer(ENTITIES.leaf, ENTITIES.intermediate, {}, {
    innerAlgorithm: algorithm,
    outerAlgorithm: algorithm,
  });
  const { tbs } = parseCertificate(draft);
  const signature = await makeSign(keys.privateKey)(tbs);
  const options = { ...await chain(), intermediates: [intermediate] };
  const verify = (octets: Uint8Array) =>
    verifyPath({ ...options, leaf: sequence(tbs, algorithm, bitString(octets)) });
  return { signature, verify };
}

const ecdsa = (curve: string, type: string, hash: string) =>
  leafSignedBy(
    { name: "ECDSA", namedCurve: curve },
    sequence(oid(type)),
    (key) => async (tbs) =>
      ecdsaRawToDer(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash }, key, tbs))),
  );

const rsa = (name: string, hash: string, algorithm: Bytes, saltLength = 0, modulusLength = 2048) =>
  leafSignedBy(
    { name, hash, modulusLength, publicExponent: Uint8Array.of(1, 0, 1) },
    algorithm,
    (key) => async (tbs) =>
      new Uint8Array(await crypto.subtle.sign({ name, saltLength } as RsaPssParams, key, tbs)),
  );

describe("verifyPath() takes signatures of", () => {
  for (const curve of ["P-256", "P-384", "P-521"]) {
    for (const bits of [256, 384, 512]) {
      test(`ECDSA, ${curve} with SHA-${bits}`, async () => {
        const type = {
          256: OID.ecdsaWithSha256,
          384: OID.ecdsaWithSha384,
          512: OID.ecdsaWithSha512,
        };
        const { signature, verify } = await ecdsa(curve, type[bits as 256], `SHA-${bits}`);
        assert.equal((await verify(signature)).ok, true);
        signature[signature.length - 1]! ^= 1;
        assert.equal((await verify(signature)).ok, false);
      });
    }
  }

  const hashes = [
    ["SHA-256", OID.sha256WithRsa, OID.sha256, 32],
    ["SHA-384", OID.sha384WithRsa, OID.sha384, 48],
    ["SHA-512", OID.sha512WithRsa, OID.sha512, 64],
  ] as const;
  for (const [hash, pkcs1, digest, length] of hashes) {
    test(`RSA PKCS#1 v1.5 with ${hash}`, async () => {
      const algorithm = sequence(oid(pkcs1), nullValue());
      const { signature, verify } = await rsa("RSASSA-PKCS1-v1_5", hash, algorithm);
      assert.equal((await verify(signature)).ok, true);
      for (
        const wrong of [
          concatBytes([Uint8Array.of(0), signature]),
          signature.slice(1),
          concatBytes([signature, Uint8Array.of(0)]),
          new Uint8Array(signature.length),
          new Uint8Array(signature.length).fill(0xff),
          new Uint8Array(),
        ]
      ) assert.equal((await verify(wrong)).ok, false);
    });

    test(`RSA-PSS with ${hash}, a salt of ${length}`, async () => {
      const { signature, verify } = await rsa("RSA-PSS", hash, PSS(digest, digest, length), length);
      assert.equal((await verify(signature)).ok, true);
      signature[9]! ^= 1;
      assert.equal((await verify(signature)).ok, false);
    });
  }
});

describe("verifyPath() does not take", () => {
  const refusedPss: [string, Bytes, number][] = [
    ["a salt of another length", PSS(OID.sha256, OID.sha256, 20), 20],
    ["a mask of another hash", PSS(OID.sha256, OID.sha512, 32), 32],
    ["SHA-1", PSS(OID.sha1, OID.sha1, 20), 20],
    ["parameters that are NULL", sequence(oid(OID.rsassaPss), nullValue()), 32],
    ["defaults, which are SHA-1", sequence(oid(OID.rsassaPss), sequence()), 20],
  ];
  for (const [title, algorithm, salt] of refusedPss) {
    test(`RSA-PSS with ${title}`, async () => {
      const { signature, verify } = await rsa("RSA-PSS", "SHA-256", algorithm, salt);
      const result = await verify(signature);
      assert.equal(!result.ok && result.reason.code, "SIGNATURE_ALGORITHM_UNSUPPORTED");
    });
  }

  test("an RSA signature by the other padding", async () => {
    const algorithm = sequence(oid(OID.sha256WithRsa), nullValue());
    const { signature, verify } = await rsa("RSA-PSS", "SHA-256", algorithm, 32);
    assert.equal((await verify(signature)).ok, false);
  });

  test("ECDSA signatures in any encoding but one, or with numbers out of range", async () => {
    const { signature, verify } = await ecdsa("P-256", OID.ecdsaWithSha256, "SHA-256");
    assert.equal((await verify(signature)).ok, true);
    const content = signature.subarray(2);
    const rLength = signature[3]!;
    const r = signature.subarray(4, 4 + rLength);
    const s = signature.subarray(6 + rLength);
    const int = (octets: Uint8Array) => encodeTlv(2, octets);
    const pad = (octets: Uint8Array) => concatBytes([Uint8Array.of(0), octets]);
    const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    const n = Uint8Array.from(order.match(/../g)!, (octet) => parseInt(octet, 16));
    const value = (octets: Uint8Array) =>
      BigInt(`0x${Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("")}`);
    const plusOrder = (octets: Uint8Array) => integer(value(octets) + value(n));
    const wrong: Record<string, Uint8Array> = {
      "empty": new Uint8Array(),
      "raw": concatBytes([new Uint8Array(64).fill(1)]),
      "a long form of length": concatBytes([Uint8Array.of(0x30, 0x81, content.length), content]),
      "an indefinite length": concatBytes([Uint8Array.of(0x30, 0x80), content, new Uint8Array(2)]),
      "octets behind": concatBytes([signature, Uint8Array.of(0)]),
      "octets inside": sequence(content, nullValue()),
      "a padded r": sequence(int(pad(r)), int(s)),
      "a padded s": sequence(int(r), int(pad(pad(s)))),
      "one number": sequence(int(r)),
      "numbers exchanged": sequence(int(s), int(r)),
      "r zero": sequence(integer(0), int(s)),
      "s zero": sequence(int(r), integer(0)),
      "both zero": sequence(integer(0), integer(0)),
      "r negative": sequence(int(Uint8Array.of(0x80)), int(s)),
      "r the order": sequence(integerBytes(n), int(s)),
      "s the order": sequence(int(r), integerBytes(n)),
      "r + n": sequence(plusOrder(r), int(s)),
      "s + n": sequence(int(r), plusOrder(s)),
      "r of 2000 octets": sequence(integerBytes(new Uint8Array(2000).fill(1)), int(s)),
      "a set": encodeTlv(0x31, content),
    };
    for (const [title, octets] of Object.entries(wrong)) {
      const result = await verify(octets);
      assert.equal(!result.ok && result.reason.code, "SIGNATURE_INVALID", title);
    }
  });
});
