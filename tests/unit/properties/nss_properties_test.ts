/** What holds for everything that is written into an NSS database. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { toBytes } from "../../../src/bytes.ts";
import { DerReader } from "../../../src/der/decode.ts";
import { sequence } from "../../../src/der/encode.ts";
import { columnOf, ulong } from "../../../src/truststore/nss/attributes.ts";
import {
  createEmptyPasswordRow,
  encodeKdf,
  MAX_ITERATIONS,
  readKdf,
  unlockPasswordRow,
} from "../../../src/truststore/nss/password.ts";
import { formatProfilesIni, parseProfilesIni } from "../../../src/truststore/nss/profiles_ini.ts";
import {
  signAttribute,
  signatureName,
  signaturePrefix,
  verifyAttribute,
} from "../../../src/truststore/nss/signatures.ts";
import {
  formatInForce,
  judgeValues,
  TRUST_FORMATS,
} from "../../../src/truststore/nss/trust_format.ts";

fc.configureGlobal({ seed: 20261124, numRuns: 300 });

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const octets = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(toBytes);
const digests = fc.record({ md5: octets(16), sha1: octets(20), sha256: octets(32) });
const format = fc.constantFrom("CKO_TRUST" as const, "CKO_NSS_TRUST" as const);
const level = fc.constantFrom("delegator" as const, "peer" as const);

describe("for every NSS entry", () => {
  test("a CK_ULONG is four octets, big-endian", () => {
    fc.assert(fc.property(uint32, (value) => {
      const stored = ulong(value);
      assert.equal(stored.length, 4);
      assert.equal(new DataView(stored.buffer).getUint32(0), value);
    }));
  });

  test("a column's name gives back the attribute's type", () => {
    fc.assert(fc.property(uint32, (type) => {
      assert.match(columnOf(type), /^a[0-9a-f]{1,8}$/);
      assert.equal(Number.parseInt(columnOf(type).slice(1), 16), type);
    }));
  });

  test("a signature's name gives back object and attribute, and fits the prefix of its object alone", () => {
    const id = fc.integer({ min: 1, max: 0x3fffffff }).map(BigInt);
    fc.assert(fc.property(id, id, uint32, (object, other, type) => {
      const match = /^sig_cert_([0-9a-f]{8})_([0-9a-f]{8})$/.exec(signatureName(object, type));
      assert.equal(BigInt(`0x${match?.[1]}`), object);
      assert.equal(Number.parseInt(match?.[2] ?? "", 16), type);
      assert.equal(
        signatureName(object, type).startsWith(signaturePrefix(other)),
        object === other,
      );
    }));
  });

  test("what is written for a certificate is judged as trusted, and for another one as another's", () => {
    fc.assert(fc.property(format, level, digests, digests, (kind, wanted, ours, theirs) => {
      const values = TRUST_FORMATS[kind].values(ours, wanted);
      assert.equal(judgeValues(kind, values, values), "trusted");
      const others = TRUST_FORMATS[kind].values(theirs, wanted);
      assert.equal(judgeValues(kind, values, others), "other-certificate");
      assert.equal(judgeValues(kind, new Map(), values), "other-certificate");
      assert.equal(formatInForce(new Set([...values.keys()].map(columnOf))), kind);
    }));
  });

  test("the parameters of a key derivation come back", () => {
    const iterations = fc.integer({ min: 1, max: MAX_ITERATIONS });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), iterations, (salt, count) => {
      const found = readKdf(new DerReader(sequence(encodeKdf(salt, count)), "x").enter("y"));
      assert.deepEqual(found, { salt: toBytes(salt), iterations: count });
    }));
  });

  test("a new password row opens with the empty password and with no other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 12 }), async (password) => {
        const row = await createEmptyPasswordRow();
        assert.notEqual(await unlockPasswordRow(row, ""), undefined);
        assert.equal(await unlockPasswordRow(row, password), undefined);
      }),
      { numRuns: 40 },
    );
  });

  test("a signature holds for its object, attribute and value, and for nothing else", async () => {
    const key = (await unlockPasswordRow(await createEmptyPasswordRow(), ""))!;
    const id = fc.integer({ min: 1, max: 0x3fffffff }).map(BigInt);
    await fc.assert(
      fc.asyncProperty(
        id,
        uint32,
        fc.uint8Array({ maxLength: 40 }),
        async (object, type, value) => {
          const item = await signAttribute(key, object, type, value);
          assert.equal(await verifyAttribute(key, object, type, value, item), true);
          assert.equal(await verifyAttribute(key, object + 1n, type, value, item), false);
          assert.equal(await verifyAttribute(key, object, (type ^ 1) >>> 0, value, item), false);
          const changed = Uint8Array.of(...value, 0);
          assert.equal(await verifyAttribute(key, object, type, changed, item), false);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a profiles.ini gives back its profile", () => {
    const word = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._ -]{0,20}[A-Za-z0-9]$/);
    fc.assert(fc.property(word, word, (name, path) => {
      const found = parseProfilesIni(formatProfilesIni(name, path));
      assert.deepEqual(found, [{ name, path, relative: true }]);
    }));
  });
});
