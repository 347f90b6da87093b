/** What reading a hostile file with a password costs, in time. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Bytes } from "../../../src/bytes.ts";
import { integer, nullValue, octetString, oid, sequence } from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { decryptPrivateKey, keyDecryption } from "../../../src/x509/encrypted_private_key.ts";
import { pfxWorkLimit, readPfx } from "../../../src/x509/pkcs12/pfx_reader.ts";
import { MAX_WORK, MORE_WORK, refusal, WorkLimit } from "../../../src/x509/work_limit.ts";
import {
  bag,
  bags,
  craftPfx,
  dataPart,
  encryptedPartOf,
  PASSWORD,
} from "../../support/craft_pfx.ts";
import { sealPfx } from "../../support/craft_pfx.ts";

/** Milliseconds: refused before anything is derived. */
const AT_ONCE_MS = 200;

/** Milliseconds that the most expensive file of a stranger may take; 1.4 s on the machine that the limit was measured on. */
const MAX_MS = 10_000;

const SALT = octetString(new Uint8Array(8));
const AES = sequence(oid(OID.aes256Cbc), octetString(new Uint8Array(16)));

function pbkdf2(iterations: number, hmac: string, length?: number): Bytes {
  const keyLength = length === undefined ? [] : [integer(length)];
  const prf = sequence(oid(hmac), nullValue());
  return sequence(oid(OID.pbkdf2), sequence(SALT, integer(iterations), ...keyLength, prf));
}

function encryption(iterations: number, hmac: string = OID.hmacWithSha256): Bytes {
  return sequence(oid(OID.pbes2), sequence(pbkdf2(iterations, hmac), AES));
}

const legacy = (iterations: number, scheme: string) =>
  sequence(oid(scheme), sequence(SALT, integer(iterations)));

const part = (algorithm: Bytes) => encryptedPartOf({ algorithm, encrypted: new Uint8Array(32) });

function mac(hash: string, iterations: number): Bytes {
  const digest = sequence(sequence(oid(hash), nullValue()), octetString(new Uint8Array(32)));
  return sequence(digest, SALT, integer(iterations));
}

function pbmac1(iterations: number, hmac: string, length: number): Bytes {
  const parameters = sequence(pbkdf2(iterations, hmac, length), sequence(oid(hmac), nullValue()));
  const digest = sequence(sequence(oid(OID.pbmac1), parameters), octetString(new Uint8Array(32)));
  return sequence(digest, SALT, integer(1));
}

const shrouded = (algorithm: Bytes) =>
  bag(OID.pkcs8ShroudedKeyBag, sequence(algorithm, octetString(new Uint8Array(32))));

async function costOf(read: Promise<unknown>): Promise<{ error: LocalTlsError; ms: number }> {
  const started = performance.now();
  try {
    await read;
  } catch (error) {
    assert.ok(error instanceof LocalTlsError, String(error));
    return { error, ms: performance.now() - started };
  }
  throw new Error("it was read");
}

describe("is refused at once", () => {
  const nothing = sequence();
  const files: [name: string, pfx: Promise<Bytes>][] = [
    ["a MAC of 10,000,000 iterations", sealPfx(nothing, { mac: mac(OID.sha256, 10_000_000) })],
    ["one of SHA-1", sealPfx(nothing, { mac: mac(OID.sha1, 10_000_000) })],
    // WebCrypto is asked for every round of it.
    ["one of 1,000,000 with SHA-512", sealPfx(nothing, { mac: mac(OID.sha512, 1_000_000) })],
    [
      "PBMAC1 whose key has 32 blocks",
      sealPfx(nothing, { mac: pbmac1(9_000_000, OID.hmacWithSha256, 1024) }),
    ],
    [
      "PBMAC1 with SHA-512",
      sealPfx(nothing, { mac: pbmac1(9_000_000, OID.hmacWithSha512, 64) }),
    ],
  ];
  for (const [name, made] of files) {
    test(name, async () => {
      const pfx = await made;
      assert.ok(pfx.length < 250, `${pfx.length} octets`);
      const { error, ms } = await costOf(readPfx(pfx, PASSWORD));
      assert.match(error.message, /so high that trying a password would take too long$/);
      assert.match(error.hints.join("\n"), /openssl pkcs12/);
      assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
    });
  }

  test("an encrypted key of 10,000,000 iterations, and one of SHA-512", async () => {
    for (const algorithm of [encryption(10_000_000), encryption(2_500_000, OID.hmacWithSha512)]) {
      const key = sequence(algorithm, octetString(new Uint8Array(32)));
      const { error, ms } = await costOf(decryptPrivateKey(key, "x"));
      assert.match(error.message, /would take too long$/);
      assert.match(error.hints.join("\n"), /openssl pkcs8/);
      assert.ok(ms < AT_ONCE_MS, `${ms} ms`);
    }
  });
});

describe("the parts of a file share its limit", () => {
  const most = MAX_WORK + MORE_WORK;
  const cases: [name: string, Promise<Bytes>][] = [
    [
      "many encrypted parts",
      craftPfx(...Array.from({ length: 40 }, () => part(encryption(most / 20)))),
    ],
    [
      "many keys",
      craftPfx(dataPart(bags(...Array.from({ length: 40 }, () => shrouded(encryption(most)))))),
    ],
    [
      "3DES, whose key is two digests",
      craftPfx(part(legacy(3_000_000, OID.pbeWithShaAnd3KeyTripleDesCbc))),
    ],
  ];
  for (const [name, made] of cases) {
    test(name, async () => {
      const pfx = await made;
      const { error, ms } = await costOf(readPfx(pfx, PASSWORD));
      // A part is noise under any password: it is one of the two, and soon.
      assert.match(error.message, /would take too long$|another password|password is wrong/);
      assert.ok(ms < MAX_MS, `${ms} ms`);
    });
  }

  test("and the keys of a PEM file, and the passwords that are tried", async () => {
    const key = sequence(encryption(MAX_WORK / 2), octetString(new Uint8Array(32)));
    const together = keyDecryption();
    await assert.rejects(decryptPrivateKey(key, "a", together), { code: "PASSWORD_WRONG" });
    await assert.rejects(decryptPrivateKey(key, "b", together), { code: "PASSWORD_WRONG" });
    await assert.rejects(decryptPrivateKey(key, "c", together), { code: "KEY_INVALID" });

    const limit = pfxWorkLimit();
    const pfx = await sealPfx(sequence(), { mac: mac(OID.sha256, MAX_WORK / 4 - 1) });
    await assert.rejects(readPfx(pfx, "a", { limit }), { code: "PASSWORD_WRONG" });
    assert.equal(limit.isExceeded, false);
    await assert.rejects(readPfx(pfx, "b", { limit }), { code: "PFX_INVALID" });
    assert.equal(limit.isExceeded, true);
  });

  test("a password that everybody knows proves nothing of who made the file", async () => {
    const pfx = await craftPfx(part(encryption(MAX_WORK + 1)));
    await assert.rejects(readPfx(pfx, PASSWORD, { guessed: true }), { code: "PFX_INVALID" });
    const limit = new WorkLimit(refusal("PFX_INVALID", "Cannot read"), 1000);
    limit.spend({ kind: "pbkdf2", hash: "SHA-256", iterations: 500, blocks: 2 });
    assert.throws(() => limit.spend({ kind: "pbkdf2", hash: "SHA-1", iterations: 1, blocks: 1 }));
  });
});

// The accept twin: what `openssl pkcs12 -iter 2000000` and `openssl pkcs8 -iter 2000000` write.
describe("2,000,000 iterations are read", () => {
  test("of a MAC, and of both parts behind it", { timeout: 60_000 }, async () => {
    const limit = new WorkLimit(refusal("PFX_INVALID", "Cannot read"));
    limit.spend({ kind: "pkcs12", hash: "SHA-256", iterations: 2_000_000, blocks: 1 });
    limit.extend();
    for (let parts = 0; parts < 2; parts++) {
      limit.spend({ kind: "pbkdf2", hash: "SHA-256", iterations: 2_000_000, blocks: 1 });
    }
    const pfx = await sealPfx(sequence(), { mac: mac(OID.sha256, 2_000_000) });
    const { error, ms } = await costOf(readPfx(pfx, PASSWORD));
    assert.equal(error.code, "PASSWORD_WRONG");
    assert.ok(ms < MAX_MS, `${ms} ms`);
  });

  test("of a key", { timeout: 60_000 }, async () => {
    const key = sequence(encryption(2_000_000), octetString(new Uint8Array(32)));
    const { error } = await costOf(decryptPrivateKey(key, "x"));
    assert.equal(error.code, "PASSWORD_WRONG");
  });
});
