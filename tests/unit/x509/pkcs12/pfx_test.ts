import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, concatBytes, equalBytes } from "../../../../src/bytes.ts";
import {
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
} from "../../../../src/der/encode.ts";
import { OID } from "../../../../src/der/oids.ts";
import { LocalTlsError } from "../../../../src/errors.ts";
import { exportPkcs8, generateKey } from "../../../../src/x509/keys.ts";
import { encryptPbes2 } from "../../../../src/x509/pbes2.ts";
import { encodePbkdf2 } from "../../../../src/x509/pbkdf2.ts";
import { MAX_PFX_LENGTH, readPfx } from "../../../../src/x509/pkcs12/pfx_reader.ts";
import { encodeMac } from "../../../../src/x509/pkcs12/mac.ts";
import { createPfx } from "../../../../src/x509/pkcs12/pfx_writer.ts";
import {
  bag,
  bags,
  certBag,
  craftPfx,
  dataPart,
  encryptedPart,
  encryptedPartOf,
  keyBag,
  named,
  PASSWORD,
  sealPfx,
} from "../../../support/craft_pfx.ts";
import { mutations } from "../../../support/mutations.ts";
import { rejectsWith } from "../../../support/scratch_directory.ts";

const KEY = await exportPkcs8((await generateKey("p256", true)).privateKey);
/** Nothing looks into certificates here. */
const CERTIFICATES = [octetString(new Uint8Array(300)), octetString(new Uint8Array(200))];
const [LEAF, ISSUER] = CERTIFICATES as [Bytes, Bytes];
const CONTENT = { privateKey: KEY, certificates: CERTIFICATES, friendlyName: "a.test ä€😀" };

/** A small file with one key and two certificates. */
async function smallPfx(): Promise<Bytes> {
  return await craftPfx(
    await encryptedPart(bags(certBag(LEAF, named("n")), certBag(ISSUER))),
    dataPart(bags(await keyBag(KEY))),
  );
}

describe("createPfx() and readPfx()", () => {
  for (const legacy of [false, true]) {
    const form = legacy ? "legacy" : "modern";
    test(`${form}: what was put in comes out`, async () => {
      const { keys, certificates } = await readPfx(
        await createPfx(CONTENT, PASSWORD, { legacy }),
        PASSWORD,
      );
      assert.deepEqual(keys.map(({ der }) => der), [KEY]);
      assert.deepEqual(certificates.map(({ der }) => der), CERTIFICATES);
      assert.equal(keys[0]?.friendlyName, CONTENT.friendlyName);
      assert.equal(certificates[0]?.friendlyName, CONTENT.friendlyName);
      assert.equal(certificates[1]?.friendlyName, undefined);
      assert.equal(keys[0]?.localKeyId?.length, 20);
      assert.deepEqual(keys[0]?.localKeyId, certificates[0]?.localKeyId);
      assert.equal(certificates[1]?.localKeyId, undefined);
    });

    test(`${form}: another password is wrong`, async () => {
      const pfx = await createPfx(CONTENT, PASSWORD, { legacy });
      for (const password of ["", "changeit ", "Changeit", "changei", "changeit\0"]) {
        await rejectsWith("PASSWORD_WRONG", readPfx(pfx, password));
      }
    });

    test(`${form}: neither the key nor a certificate stands in the clear`, async () => {
      const pfx = Buffer.from(await createPfx(CONTENT, PASSWORD, { legacy }));
      for (const secret of [KEY, LEAF, ISSUER]) {
        assert.equal(pfx.indexOf(secret.subarray(20, 40)), -1);
      }
    });

    test(`${form}: no two files are alike`, async () => {
      const [a, b] = [
        await createPfx(CONTENT, PASSWORD, { legacy }),
        await createPfx(CONTENT, PASSWORD, { legacy }),
      ];
      assert.equal(equalBytes(a, b), false);
    });
  }

  test("a password outside ASCII, and one beyond the BMP", async () => {
    for (const password of ["pässwörd", "пароль", "😀😀😀"]) {
      for (const legacy of [false, true]) {
        const pfx = await createPfx(CONTENT, password, { legacy });
        assert.equal((await readPfx(pfx, password)).keys.length, 1);
      }
    }
  });

  test("no name is written where there is none", async () => {
    for (const friendlyName of [undefined, ""]) {
      const pfx = await createPfx({ ...CONTENT, friendlyName }, PASSWORD);
      assert.equal((await readPfx(pfx, PASSWORD)).keys[0]?.friendlyName, undefined);
    }
  });

  for (const [name, password] of [["empty", ""], ["half a character", "\ud800"], ["NUL", "a\0b"]]) {
    test(`no file is made under a password that is ${name}`, async () => {
      await rejectsWith("PASSWORD_INVALID", createPfx(CONTENT, password!));
    });
  }

  test("no file is made without certificates", async () => {
    await assert.rejects(createPfx({ ...CONTENT, certificates: [] }, PASSWORD), RangeError);
  });
});

describe("readPfx() takes what others write", () => {
  test("everything in the clear, in one part", async () => {
    const pfx = await craftPfx(dataPart(bags(bag(OID.keyBag, KEY), certBag(LEAF))));
    const { keys, certificates } = await readPfx(pfx, PASSWORD);
    assert.deepEqual(keys[0]?.der, KEY);
    assert.deepEqual(certificates[0]?.der, LEAF);
  });

  test("bags in bags, and what is no key and no certificate", async () => {
    const sdsi = sequence(oid("1.2.840.113549.1.9.22.2"), explicit(0, octetString(LEAF)));
    const inner = bags(certBag(LEAF), bag(OID.certBag, sdsi));
    const pfx = await craftPfx(
      dataPart(bags(
        bag(OID.safeContentsBag, inner),
        bag(OID.crlBag, sequence()),
        bag(OID.secretBag, sequence()),
      )),
    );
    const { keys, certificates } = await readPfx(pfx, PASSWORD);
    assert.equal(keys.length, 0);
    assert.equal(certificates.length, 1);
  });

  test("an empty file", async () => {
    assert.deepEqual(await readPfx(await craftPfx(), PASSWORD), { keys: [], certificates: [] });
  });

  test("attributes that are unknown, without values, or of another type", async () => {
    const attributes = set(
      sequence(oid("1.3.6.1.4.1.311.17.1"), set(nullValue())),
      sequence(oid(OID.friendlyName), set()),
      sequence(oid(OID.localKeyId), set(integer(1))),
    );
    const pfx = await craftPfx(dataPart(bags(certBag(LEAF, attributes))));
    const [entry] = (await readPfx(pfx, PASSWORD)).certificates;
    assert.equal(entry?.friendlyName, undefined);
    assert.equal(entry?.localKeyId, undefined);
  });

  test("a MAC without an iteration count, which is 1 then", async () => {
    const pfx = await smallPfx();
    const content = sequence();
    const mac = await encodeMac(content, PASSWORD, {
      hash: "SHA-1",
      saltLength: 8,
      iterations: 1,
    });
    const bare = sequence(mac.subarray(2, mac.length - 3));
    assert.equal(bare.length, mac.length - 3);
    assert.equal((await readPfx(await sealPfx(content, { mac: bare }), PASSWORD)).keys.length, 0);
    assert.equal((await readPfx(pfx, PASSWORD)).keys.length, 1);
  });
});

describe("readPfx() refuses", () => {
  const empty = sequence();
  const digest = sequence(sequence(oid(OID.sha256), nullValue()), octetString(new Uint8Array(32)));
  const salt = octetString(new Uint8Array(8));
  const pbkdf2 = encodePbkdf2(new Uint8Array(8), 10_000_000);
  const aes = sequence(oid(OID.aes256Cbc), octetString(new Uint8Array(16)));
  const pbes2 = (...parts: Bytes[]) => sequence(oid(OID.pbes2), sequence(...parts));
  const part = (algorithm: Bytes, length = 32) =>
    encryptedPartOf({ algorithm, encrypted: new Uint8Array(length) });
  const info = (type: string, value: Bytes) => sequence(oid(type), explicit(0, value));

  const cases: [string, pfx: Promise<Bytes>, RegExp][] = [
    ["version 2", sealPfx(empty, { version: integer(2) }), /its version is 2/],
    ["no MAC", sealPfx(empty, { mac: new Uint8Array() }), /it has no MAC/],
    [
      "a file sealed with a public key",
      sealPfx(empty, { authSafe: info(OID.signedData, sequence()) }),
      /"signedData", by a public key/,
    ],
    [
      "a MAC that nobody knows",
      sealPfx(empty, {
        mac: sequence(
          sequence(
            sequence(oid("1.2.840.113549.2.5"), nullValue()),
            octetString(new Uint8Array(16)),
          ),
          salt,
          integer(1),
        ),
      }),
      /its MAC "1\.2\.840\.113549\.2\.5"/,
    ],
    [
      "a MAC of 2,000,001 iterations",
      sealPfx(empty, { mac: sequence(digest, salt, integer(2_000_001)) }),
      /would take too long/,
    ],
    [
      "a MAC of 2^40 iterations",
      sealPfx(empty, { mac: sequence(digest, salt, integer(2n ** 40n)) }),
      /above 2147483647/,
    ],
    ["a MAC of no iterations", sealPfx(empty, { mac: sequence(digest, salt, integer(0)) }), /zero/],
    [
      "a MAC of negative iterations",
      sealPfx(empty, { mac: sequence(digest, salt, integer(-1)) }),
      /negative/,
    ],
    [
      "a MAC with an empty salt",
      sealPfx(empty, { mac: sequence(digest, octetString(new Uint8Array()), integer(1)) }),
      /salt is empty/,
    ],
    [
      "a MAC with a salt of 2,000 octets",
      sealPfx(empty, { mac: sequence(digest, octetString(new Uint8Array(2000)), integer(1)) }),
      /salt has 2000 octets/,
    ],
    ["octets after its end", smallPfx().then((pfx) => concatBytes([pfx, empty])), /follow its end/],
    [
      "octets after its safe",
      sealPfx(concatBytes([empty, empty])),
      /2 octets follow its end/,
    ],
    ["a part for a public key", craftPfx(info(OID.envelopedData, sequence())), /"envelopedData"/],
    [
      "a bag of no known type",
      craftPfx(dataPart(bags(bag("1.2.3", sequence())))),
      /type "1\.2\.3"/,
    ],
    [
      "an encryption of no known kind",
      craftPfx(part(sequence(oid("1.2.3")))),
      /encryption 1\.2\.3/,
    ],
    [
      "bags nested deep",
      craftPfx(
        dataPart(
          bags([..."123456"].reduce((b) => bag(OID.safeContentsBag, bags(b)), certBag(LEAF))),
        ),
      ),
      /nested more than 4/,
    ],
    ["PBES2 without parameters", craftPfx(part(sequence(oid(OID.pbes2)))), /parameters.*missing/],
    [
      "a key derivation of no known kind",
      craftPfx(part(pbes2(sequence(oid(OID.scrypt), sequence()), aes))),
      /derivation scrypt is not supported/,
    ],
    [
      "a cipher of no known kind",
      craftPfx(part(pbes2(pbkdf2, sequence(oid("1.2.3"), octetString(salt))))),
      /cipher 1\.2\.3/,
    ],
    [
      "an initialization vector of 8 octets",
      craftPfx(part(pbes2(pbkdf2, sequence(oid(OID.aes256Cbc), octetString(new Uint8Array(8)))))),
      /vector has 8 octets, not 16/,
    ],
    ["half a block of ciphertext", craftPfx(part(pbes2(pbkdf2, aes), 24)), /no whole blocks/],
    ["no ciphertext", craftPfx(part(pbes2(pbkdf2, aes), 0)), /no whole blocks/],
    [
      // each of these is at the limit, and would take seconds
      "many parts that are dear to open, before opening the second",
      craftPfx(
        ...new Array(1000).fill(part(pbes2(encodePbkdf2(new Uint8Array(8), 9_999_999), aes))),
      ),
      /would take too long|another password/,
    ],
    ["1,001 parts", craftPfx(...new Array(1001).fill(dataPart(bags()))), /more than 1000 parts/],
    [
      "a key length that is not the cipher's",
      craftPfx(part(pbes2(
        sequence(oid(OID.pbkdf2), sequence(salt, integer(1), integer(16))),
        aes,
      ))),
      /key length of 16 octets/,
    ],
    [
      "HMAC with SHA-224",
      craftPfx(part(pbes2(
        sequence(
          oid(OID.pbkdf2),
          sequence(salt, integer(1), sequence(oid(OID.hmacWithSha224), nullValue())),
        ),
        aes,
      ))),
      /hmacWithSha224 is not supported/,
    ],
    [
      "a salt from elsewhere",
      craftPfx(
        part(pbes2(sequence(oid(OID.pbkdf2), sequence(sequence(oid("1.2.3")), integer(1))), aes)),
      ),
      /salt comes from elsewhere/,
    ],
    [
      "PKCS#12 encryption without parameters",
      craftPfx(part(sequence(oid(OID.pbeWithShaAnd3KeyTripleDesCbc)))),
      /parameters.*missing/,
    ],
    [
      "PKCS#12 encryption of no iterations",
      craftPfx(part(sequence(
        oid(OID.pbeWithShaAnd3KeyTripleDesCbc),
        sequence(salt, integer(0)),
      ))),
      /count is zero/,
    ],
    [
      "RC2 with 10,000,000 iterations",
      craftPfx(part(sequence(
        oid(OID.pbeWithShaAnd40BitRc2Cbc),
        sequence(salt, integer(10_000_000)),
      ))),
      /would take too long/,
    ],
  ];
  for (const [name, made, message] of cases) {
    test(name, async () => {
      const pfx = await made;
      await assert.rejects(readPfx(pfx, PASSWORD), (error) => {
        assert.ok(error instanceof LocalTlsError, `${error}`);
        assert.match(error.message, message);
        if (error.code !== "PASSWORD_WRONG") {
          assert.ok(["PFX_INVALID", "DER_INVALID"].includes(error.code), error.code);
        }
        return true;
      });
    });
  }

  test("a part or a key under another password than the MAC", async () => {
    const part = await craftPfx(await encryptedPart(bags(certBag(LEAF)), "other"));
    await rejectsWith("PASSWORD_WRONG", readPfx(part, PASSWORD));
    const key = await craftPfx(dataPart(bags(await keyBag(KEY, "other"))));
    await rejectsWith("PASSWORD_WRONG", readPfx(key, PASSWORD));
  });

  test("a file that is too large, without reading it", async () => {
    await rejectsWith("PFX_INVALID", readPfx(new Uint8Array(MAX_PFX_LENGTH + 1), PASSWORD));
  });

  test("says which command converts it", async () => {
    const error = await rejectsWith(
      "PFX_INVALID",
      readPfx(await craftPfx(part(sequence(oid("1.2.3")))), PASSWORD),
    );
    assert.match(error.hints[0] ?? "", /openssl pkcs12 -legacy/);
  });
});

describe("a damaged PFX", () => {
  async function mustFail(pfx: Uint8Array): Promise<void> {
    try {
      await readPfx(pfx, PASSWORD);
    } catch (error) {
      assert.ok(error instanceof LocalTlsError, `${error}`);
      return;
    }
    assert.fail("a damaged file was read");
  }

  /** Damage where the MAC does not see it may do nothing; it never does anything but throw LocalTlsError. */
  async function mayFail(pfx: Uint8Array): Promise<void> {
    await readPfx(pfx, PASSWORD).catch((error) => {
      assert.ok(error instanceof LocalTlsError, `${error}`);
    });
  }

  test("is refused cut off anywhere", async () => {
    const pfx = await smallPfx();
    for (let length = 0; length < pfx.length; length++) await mustFail(pfx.slice(0, length));
  });

  test("is refused with any octet flipped", async () => {
    const pfx = await smallPfx();
    for (let at = 0; at < pfx.length; at++) {
      const copy = pfx.slice();
      copy[at] = copy[at]! ^ 0x01;
      await mustFail(copy);
    }
  });

  test("is refused with its AuthenticatedSafe damaged before the MAC was made, or read", async () => {
    const content = sequence(
      await encryptedPart(bags(certBag(LEAF, named("n")))),
      dataPart(bags(await keyBag(KEY), certBag(ISSUER, named("n")))),
    );
    for (const damaged of mutations(content, 1500)) await mayFail(await sealPfx(damaged));
  });

  test("is refused with its bags damaged before they were encrypted, or read", async () => {
    const list = bags(
      certBag(LEAF.subarray(0, 40), named("n")),
      bag(OID.keyBag, KEY),
      certBag(ISSUER),
    );
    for (const damaged of mutations(list, 1000)) {
      await mayFail(await craftPfx(await encryptedPart(damaged)));
    }
  });

  test("is refused with its MAC damaged, or read", async () => {
    const content = sequence(dataPart(bags(certBag(LEAF))));
    const options = { hash: "SHA-256", saltLength: 8, iterations: 1 } as const;
    const mac = await encodeMac(content, PASSWORD, options);
    for (const damaged of mutations(mac, 800)) {
      await mayFail(await sealPfx(content, { mac: damaged }));
    }
  });
});

test("what is encrypted may be given in pieces (BER)", async () => {
  const { algorithm, encrypted } = await encryptPbes2(PASSWORD, bags(certBag(LEAF)), {
    saltLength: 8,
    iterations: 1,
  });
  const pieces = concatBytes([
    Uint8Array.of(0xa0, 0x80), // IMPLICIT [0], constructed, of indefinite length
    octetString(encrypted.subarray(0, 16)),
    octetString(encrypted.subarray(16)),
    Uint8Array.of(0, 0),
  ]);
  const info = sequence(oid(OID.data), algorithm, pieces);
  const part = sequence(oid(OID.encryptedData), explicit(0, sequence(integer(0), info)));
  const { certificates } = await readPfx(await craftPfx(part), PASSWORD);
  assert.deepEqual(certificates[0]?.der, LEAF);
});
