import assert from "node:assert/strict";
import { test } from "node:test";
import { ia5String, oid, sequence, set, utf8String } from "../../../../src/der/encode.ts";
import { opensslSubjectHash } from "../../../../src/truststore/system/subject_hash.ts";
import {
  OTHER_SUBJECT_HASH,
  otherAnchor,
  peerAnchor,
  ROOT_SUBJECT_HASH,
  rootAnchor,
} from "../fixture_anchors.ts";

const COMMON_NAME = "2.5.4.3";

test("opensslSubjectHash() gives what OpenSSL gives", async () => {
  assert.equal(await opensslSubjectHash(rootAnchor.certificate.subject), ROOT_SUBJECT_HASH);
  assert.equal(await opensslSubjectHash(otherAnchor.certificate.subject), OTHER_SUBJECT_HASH);
  assert.equal(await opensslSubjectHash(peerAnchor.certificate.subject), "815cdc03");
});

test("opensslSubjectHash() does not depend on case, spaces or the string type", async () => {
  const name = (value: Uint8Array) => sequence(set(sequence(oid(COMMON_NAME), value)));
  const plain = await opensslSubjectHash(name(utf8String("other root")));
  assert.equal(plain, OTHER_SUBJECT_HASH);
  assert.equal(await opensslSubjectHash(name(ia5String("  OTHER   Root "))), plain);
  assert.notEqual(await opensslSubjectHash(name(utf8String("otherroot"))), plain);
});

test("opensslSubjectHash() refuses what is no name", async () => {
  for (const bytes of [[], [0x30], [0x30, 1, 0], [0x31, 0]]) {
    await assert.rejects(opensslSubjectHash(Uint8Array.from(bytes)), { code: "DER_INVALID" });
  }
});
