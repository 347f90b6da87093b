import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { integer, nullValue, oid, sequence } from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { exportSpki, generateKey } from "../../../src/x509/keys.ts";
import { encodeName } from "../../../src/x509/name.ts";
import { randomSerialNumber } from "../../../src/x509/serial_number.ts";
import {
  ecdsaDerToRaw,
  ecdsaRawToDer,
  isSelfSigned,
  verifySignature,
} from "../../../src/x509/signature.ts";
import { craft, craftSigned } from "../../support/craft.ts";
import { hex } from "../../support/hex.ts";

describe("ECDSA signatures change form", () => {
  const cases: [string, raw: string, der: string][] = [
    ["small numbers", "0000000000000001 0000000000000002", "3006 020101 020102"],
    ["a high bit", "8000000000000000 00000000000000ff", "300f 0209008000000000000000 020200ff"],
    ["zero", "0000000000000000 0000000000000000", "3006 020100 020100"],
  ];
  for (const [name, raw, der] of cases) {
    test(name, () => {
      assert.equal(toHex(ecdsaRawToDer(hex(raw))), toHex(hex(der)));
      assert.equal(toHex(ecdsaDerToRaw(hex(der), 8)!), toHex(hex(raw)));
    });
  }
  const bad: [string, string][] = [
    ["nothing", ""],
    ["r alone", "3003 020101"],
    ["three numbers", "3009 020101 020101 020101"],
    ["a negative r", "3006 0201ff 020101"],
    ["a padded r", "3007 02020001 020101"],
    ["an r that is too large", "300e 0209010000000000000000 020101"],
    ["octets behind", "3006 020101 020101 00"],
    ["an indefinite length", "3080 020101 020101 0000"],
    ["a SET", "3106 020101 020101"],
  ];
  for (const [name, der] of bad) {
    test(`${name} is no signature`, () => assert.equal(ecdsaDerToRaw(hex(der), 8), undefined));
  }
});

describe("verifySignature()", () => {
  for (const type of ["p256", "p384", "rsa2048"] as const) {
    test(`accepts what a ${type} key signed, and nothing that was changed`, async () => {
      const pair = await generateKey(type, true);
      const spki = await exportSpki(pair.publicKey);
      const certificate = parseCertificate(await craftSigned({ spki }, pair.privateKey));
      assert.equal(await verifySignature(certificate, spki), true);
      assert.equal(await isSelfSigned(certificate), true);

      const tbs = certificate.tbs.slice();
      tbs[tbs.length - 1]! ^= 1;
      assert.equal(await verifySignature({ ...certificate, tbs }, spki), false);
      const signature = certificate.signature.slice();
      signature[signature.length - 1]! ^= 1;
      assert.equal(await verifySignature({ ...certificate, signature }, spki), false);
      assert.equal(await verifySignature({ ...certificate, signature: hex("") }, spki), false);
      const other = await exportSpki((await generateKey(type, true)).publicKey);
      assert.equal(await verifySignature(certificate, other), false);
    });
  }
  test("answers false where the issuer's key is of another algorithm", async () => {
    const [ec, rsa] = await Promise.all([generateKey("p256", true), generateKey("rsa2048", true)]);
    const certificate = parseCertificate(await craftSigned({}, ec.privateKey));
    assert.equal(await verifySignature(certificate, await exportSpki(rsa.publicKey)), false);
    const other = parseCertificate(await craftSigned({}, rsa.privateKey));
    assert.equal(await verifySignature(other, await exportSpki(ec.publicKey)), false);
  });
  test("answers false where ECDSA has parameters (RFC 5758, 3.2)", async () => {
    const pair = await generateKey("p256", true);
    const algorithm = sequence(oid(OID.ecdsaWithSha256), nullValue());
    const changes = { innerAlgorithm: algorithm, outerAlgorithm: algorithm };
    const certificate = parseCertificate(await craftSigned(changes, pair.privateKey));
    assert.equal(await verifySignature(certificate, await exportSpki(pair.publicKey)), false);
  });
  for (const algorithm of [OID.md5WithRsa, OID.sha1WithRsa, OID.rsassaPss, OID.ed448, "1.2.3"]) {
    test(`refuses to judge signatures of ${algorithm}`, async () => {
      const tlv = sequence(oid(algorithm));
      const der = craft({ innerAlgorithm: tlv, outerAlgorithm: tlv });
      const certificate = parseCertificate(der);
      await assert.rejects(verifySignature(certificate, certificate.spki), {
        code: "CERTIFICATE_INVALID",
        message: /Cannot check a signature/,
      });
    });
  }
  test("refuses an issuer whose key is no point of its curve", async () => {
    const certificate = parseCertificate(craft());
    const spki = certificate.spki.slice().fill(0xff, -64);
    const signed = { ...certificate, signature: sequence(integer(1), integer(1)) };
    // Deno answers false, Bun refuses the key.
    const answer = await verifySignature(signed, spki).catch((error) => error.code);
    assert.ok(answer === false || answer === "CERTIFICATE_INVALID", String(answer));
  });
});

test("isSelfSigned() is false where the names differ, whatever the signature", async () => {
  const pair = await generateKey("p256", true);
  const issuer = encodeName([[OID.commonName, "other"]]);
  const changes = { issuer, spki: await exportSpki(pair.publicKey) };
  const certificate = parseCertificate(await craftSigned(changes, pair.privateKey));
  assert.equal(await isSelfSigned(certificate), false);
});

test("serial numbers are positive, of 16 octets, and do not repeat", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const tlv = randomSerialNumber();
    assert.equal(tlv.length, 18);
    assert.equal((tlv[2]! & 0xc0) === 0x40, true);
    seen.add(toHex(tlv));
  }
  assert.equal(seen.size, 5000);
});
