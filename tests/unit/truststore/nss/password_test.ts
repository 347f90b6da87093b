import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { octetString, oid, sequence } from "../../../../src/der/encode.ts";
import { OID } from "../../../../src/der/oids.ts";
import {
  createEmptyPasswordRow,
  encodeKdf,
  unlockPasswordRow,
} from "../../../../src/truststore/nss/password.ts";
import { NSS_FIXTURES, TRIPLE_DES_EMPTY, TRIPLE_DES_WITH_PASSWORD } from "./fixture_databases.ts";

describe("unlockPasswordRow()", () => {
  for (const fixture of NSS_FIXTURES) {
    test(`opens a row with its password: ${fixture.name}`, async () => {
      const key = await unlockPasswordRow(fixture, fixture.password);
      assert.equal(key?.iterations, fixture.iterations);
      assert.equal(key.passKey.length, fixture.globalSalt.length === 48 ? 48 : 20);
    });
    for (
      const wrong of ["wrong", fixture.password === "" ? "secret1" : "", "Secret1", "secret1\n"]
    ) {
      test(`refuses ${JSON.stringify(wrong)}: ${fixture.name}`, async () => {
        assert.equal(await unlockPasswordRow(fixture, wrong), undefined);
      });
    }
  }

  test("opens a row of the 3DES scheme", async () => {
    assert.equal((await unlockPasswordRow(TRIPLE_DES_EMPTY, ""))?.iterations, 1);
    assert.equal((await unlockPasswordRow(TRIPLE_DES_WITH_PASSWORD, "secret1"))?.iterations, 1);
  });

  test("refuses a wrong password for a row of the 3DES scheme", async () => {
    assert.equal(await unlockPasswordRow(TRIPLE_DES_EMPTY, "secret1"), undefined);
    assert.equal(await unlockPasswordRow(TRIPLE_DES_WITH_PASSWORD, ""), undefined);
  });

  test("opens no row under another global salt", async () => {
    const [fixture] = NSS_FIXTURES;
    const globalSalt = fixture!.globalSalt.map((octet) => octet ^ 1);
    assert.equal(await unlockPasswordRow({ ...fixture!, globalSalt }, ""), undefined);
  });

  test("names an algorithm that it does not know", async () => {
    const check = sequence(
      sequence(oid("1.2.3.4"), sequence()),
      octetString(new Uint8Array(16)),
    );
    await assert.rejects(
      unlockPasswordRow({ globalSalt: new Uint8Array(20), check }, ""),
      { code: "STORE_UNAVAILABLE", message: /the algorithm 1\.2\.3\.4 is not supported/ },
    );
  });

  test("refuses an iteration count that would hang", async () => {
    const kdf = encodeKdf(new Uint8Array(32), 2_000_000_000);
    const cipher = sequence(oid(OID.aes256Cbc), octetString(new Uint8Array(14)));
    const algorithm = sequence(oid(OID.pbes2), sequence(kdf, cipher));
    const check = sequence(algorithm, octetString(new Uint8Array(16)));
    await assert.rejects(
      unlockPasswordRow({ globalSalt: new Uint8Array(20), check }, ""),
      { code: "DER_INVALID", message: /iterations/ },
    );
  });

  for (const length of [0, 1, 20, 60]) {
    test(`refuses a row that ends after ${length} octets`, async () => {
      const fixture = NSS_FIXTURES[0]!;
      const check = fixture.check.slice(0, length);
      await assert.rejects(unlockPasswordRow({ ...fixture, check }, ""), { code: "DER_INVALID" });
    });
  }
});

describe("createEmptyPasswordRow()", () => {
  test("makes a row that the empty password alone opens", async () => {
    const row = await createEmptyPasswordRow();
    assert.equal((await unlockPasswordRow(row, ""))?.iterations, 1);
    assert.equal(await unlockPasswordRow(row, "x"), undefined);
  });

  test("makes a row as long as NSS's own, and never the same twice", async () => {
    const [first, second] = [await createEmptyPasswordRow(), await createEmptyPasswordRow()];
    assert.equal(first.globalSalt.length, 20);
    assert.equal(first.check.length, NSS_FIXTURES[0]!.check.length);
    assert.notDeepEqual(first, second);
  });
});
