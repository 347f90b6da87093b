/** Finding a path among several candidates, and the reason that is given where there is none. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseCertificate } from "../../../../src/x509/certificate.ts";
import { type Bytes, toBytes } from "../../../../src/bytes.ts";
import { integer, printableString, sequence, set } from "../../../../src/der/encode.ts";
import { oid } from "../../../../src/der/encode.ts";
import { OID } from "../../../../src/der/oids.ts";
import type { PathResult, VerifyPathOptions } from "../../../../src/pki/path/options.ts";
import { verifyPath } from "../../../../src/pki/path/verify_path.ts";
import { encodeName } from "../../../../src/x509/name.ts";
import { sha256Hex } from "../../../../src/x509/fingerprint.ts";
import { NONE, validity } from "../../../support/craft.ts";
import {
  ca,
  certify,
  certifyCa,
  certifyServer,
  chain,
  constraints,
  eku,
  ENTITIES,
  entity,
  san,
  TIME,
} from "../../../support/path_kit.ts";
import { encodeGeneralName } from "../../../../src/x509/general_name.ts";

const { root: ROOT, intermediate: INTERMEDIATE, leaf: LEAF } = ENTITIES;
const OTHER = await entity("other root");
const expired = {
  validity: validity(new Date(TIME.getTime() - 9e8), new Date(TIME.getTime() - 8e8)),
};

function code(result: PathResult): string {
  return result.ok ? "ok" : `${result.reason.code} ${result.reason.certificate.role}`;
}

async function accepts(options: VerifyPathOptions, length?: number): Promise<void> {
  const result = await verifyPath(options);
  assert.ok(result.ok, result.ok ? "" : result.reason.message);
  if (length !== undefined) assert.equal(result.path.length, length);
}

async function refuses(options: VerifyPathOptions, expected: string): Promise<void> {
  assert.equal(code(await verifyPath(options)), expected);
}

describe("verifyPath() builds", () => {
  test("through the one of two issuers that is valid", async () => {
    const good = await chain();
    const bad = await certifyCa(INTERMEDIATE, ROOT, {}, expired);
    for (const intermediates of [[bad, ...good.intermediates], [...good.intermediates, bad]]) {
      await accepts({ ...good, intermediates }, 3);
    }
    await refuses({ ...good, intermediates: [bad] }, "EXPIRED intermediate");
  });

  test("past candidates with each fault, and blames the fault where nothing else is left", async () => {
    const good = await chain();
    const dns = (value: string) => encodeGeneralName({ type: "dns", value });
    const faults: [string, Bytes][] = [
      ["NOT_A_CA intermediate", await certifyCa(INTERMEDIATE, ROOT, { basicConstraints: NONE })],
      [
        "NAME_NOT_PERMITTED leaf",
        await certifyCa(INTERMEDIATE, ROOT, { nameConstraints: constraints([dns("b.test")]) }),
      ],
      [
        "PURPOSE_NOT_ALLOWED intermediate",
        await certifyCa(INTERMEDIATE, ROOT, { extKeyUsage: eku(OID.emailProtection) }),
      ],
      ["SELF_SIGNED_UNTRUSTED intermediate", await certifyCa(INTERMEDIATE, INTERMEDIATE)],
      ["ISSUER_UNKNOWN intermediate", await certifyCa(INTERMEDIATE, await entity("nobody"))],
      ["SIGNATURE_INVALID leaf", await certifyCa({ ...await entity("intermediate") }, ROOT)],
    ];
    for (const [expected, bad] of faults) {
      await accepts({ ...good, intermediates: [bad, ...good.intermediates] }, 3);
      await refuses({ ...good, intermediates: [bad] }, expected);
    }
    const all = faults.map(([, bad]) => bad);
    await accepts({ ...good, intermediates: [...all, ...good.intermediates] }, 3);
    // With several to choose from, one that ended at an anchor.
    await refuses({ ...good, intermediates: all }, "NOT_A_CA intermediate");
  });

  test("without what is malformed or of no use", async () => {
    const good = await chain();
    const junk = [new Uint8Array(), Uint8Array.of(0x30, 0x80), good.leaf, ...good.anchors];
    await accepts({ ...good, intermediates: [...junk, ...good.intermediates, ...junk] }, 3);
    await accepts({ ...good, anchors: [new Uint8Array(9), ...good.anchors] }, 3);
    await refuses({ ...good, intermediates: [] }, "ISSUER_UNKNOWN leaf");
    await refuses({ ...good, anchors: [] }, "ISSUER_UNKNOWN intermediate");
    await refuses(
      { ...good, anchors: [], intermediates: [...good.intermediates, ...good.anchors] },
      "SELF_SIGNED_UNTRUSTED intermediate",
    );
  });

  test("to an anchor that is an intermediate", async () => {
    const good = await chain();
    await accepts({ ...good, anchors: good.intermediates, intermediates: [] }, 2);
  });

  test("through cross-certificates, and out of their loops", async () => {
    const crossed = await certifyCa(ROOT, OTHER);
    const back = await certifyCa(OTHER, ROOT);
    const other = await certifyCa(OTHER, OTHER);
    const good = await chain();
    const intermediates = [...good.intermediates, crossed, back];
    await accepts({ ...good, intermediates, anchors: [other] }, 4);
    await refuses({ ...good, intermediates, anchors: [] }, "ISSUER_UNKNOWN intermediate");
  });

  test("over a key roll-over, whose self-issued certificate does not count", async () => {
    const next = { ...await entity("root") };
    const rolled = await certifyCa(next, ROOT, {}, {});
    const anchor = await certifyCa(ROOT, ROOT, { basicConstraints: ca(1) });
    const intermediate = await certifyCa(INTERMEDIATE, next);
    const leaf = await certifyServer(LEAF, INTERMEDIATE);
    const options = {
      ...await chain(),
      leaf,
      intermediates: [intermediate, rolled],
      anchors: [anchor],
    };
    await accepts(options, 4);
    await accepts({ ...options, maxIntermediates: 1 }, 4);
  });

  test("to names that differ in string type, case and spaces alone (RFC 5280, 7.1)", async () => {
    const subject = sequence(
      set(sequence(oid(OID.commonName), printableString(" INTER  mediate"))),
    );
    const good = await chain();
    const named = { ...INTERMEDIATE, name: subject };
    const intermediate = await certifyCa(named, ROOT);
    await refuses({ ...good, intermediates: [intermediate] }, "ISSUER_UNKNOWN leaf");
    const joined = sequence(set(sequence(oid(OID.commonName), printableString(" INTERMEDIATE "))));
    await accepts({
      ...good,
      intermediates: [await certifyCa({ ...INTERMEDIATE, name: joined }, ROOT)],
    });
  });

  test("with bounds: ten CAs that all certify each other", { timeout: 30_000 }, async () => {
    const cas = await Promise.all(Array.from({ length: 10 }, (_, i) => entity(`ca ${i}`)));
    const intermediates: Bytes[] = [];
    for (const a of cas) {
      for (const b of cas) if (a !== b) intermediates.push(await certifyCa(a, b));
    }
    const leaf = await certifyServer(LEAF, cas[0]!);
    const anchors = [await certifyCa(ROOT, ROOT)];
    const started = performance.now();
    await refuses(
      { ...await chain(), leaf, intermediates, anchors },
      "LIMIT_EXCEEDED intermediate",
    );
    assert.ok(performance.now() - started < 10_000);
    intermediates.push(await certifyCa(cas[0]!, ROOT));
    await accepts({ ...await chain(), leaf, intermediates, anchors }, 3);
  });
});

describe("verifyPath() of a leaf that is an anchor", () => {
  const server = (changes = {}) =>
    certifyServer(LEAF, LEAF, { authorityKeyIdentifier: NONE, ...changes });
  const options = async (leaf: Bytes, anchors: Bytes[]): Promise<VerifyPathOptions> => ({
    ...await chain(),
    leaf,
    anchors,
    intermediates: [],
  });

  test("is a path of one, by its octets", async () => {
    const leaf = await server();
    await accepts(await options(leaf, [leaf]), 1);
    const other = await certifyServer(LEAF, LEAF, {}, { serial: integer(2) });
    await refuses(await options(leaf, [other]), "SELF_SIGNED_UNTRUSTED leaf");
    await refuses(await options(leaf, []), "SELF_SIGNED_UNTRUSTED leaf");
  });

  test("keeps the rules of a leaf", async () => {
    const other = await server({ subjectAltName: san("b.test") });
    await refuses(await options(other, [other]), "NAME_MISMATCH leaf");
    const late = await certifyServer(LEAF, LEAF, {}, expired);
    await refuses(await options(late, [late]), "EXPIRED leaf");
    const authority = await server({ basicConstraints: ca() });
    await refuses(await options(authority, [authority]), "CA_AS_LEAF leaf");
  });
});

describe("the reason of verifyPath()", () => {
  test("names the certificate, its place and its fingerprint", async () => {
    const good = await chain({ intermediateParts: expired });
    const junk = new Uint8Array(4);
    const result = await verifyPath({ ...good, intermediates: [junk, ...good.intermediates] });
    assert.ok(!result.ok);
    const { certificate, message, field, rule } = result.reason;
    assert.deepEqual(certificate, {
      role: "intermediate",
      index: 1,
      subject: "CN=intermediate",
      sha256: await sha256Hex(good.intermediates[0]!),
    });
    assert.match(message, /^Cannot trust the intermediate "CN=intermediate": it expired on 2026-/);
    assert.equal(field, "validity.notAfter");
    assert.equal(rule, "RFC 5280, 4.1.2.5");
  });

  test("puts a missing way to an anchor before the leaf's own faults, and lists these", async () => {
    const leaf = await certify(LEAF, LEAF, { subjectAltName: san("b.test") }, expired);
    const result = await verifyPath({ ...await chain(), leaf });
    assert.equal(code(result), "SELF_SIGNED_UNTRUSTED leaf");
    assert.deepEqual(!result.ok && result.also.map((reason) => reason.code), [
      "EXPIRED",
      "NAME_MISMATCH",
    ]);
  });

  test("shows nothing that could drive a terminal", async () => {
    const evil = await entity("\u001b[2J\nevil\u202e");
    const leaf = await certifyServer(evil, INTERMEDIATE, { subjectAltName: san("\u001b[2Jx") });
    const result = await verifyPath({ ...await chain(), leaf });
    assert.ok(!result.ok);
    for (const { message } of [result.reason, ...result.also]) {
      assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
    }
  });
});

describe("verifyPath() and its arguments", () => {
  test("rejects those that are wrong with USAGE", async () => {
    const good = await chain();
    const wrong: Record<string, unknown>[] = [
      { name: "" },
      { name: "a b" },
      { name: "1.2.3" },
      { name: "a..b" },
      { name: 5 },
      { time: new Date(NaN) },
      { time: "2026" },
      { purpose: "email" },
      { profile: "easy" },
      { leaf: "MII" },
      { intermediates: good.leaf },
      { anchors: [null] },
      { maxIntermediates: -1 },
      { policies: null },
      { policies: { acceptable: "1.2.3" } },
    ];
    for (const change of wrong) {
      const options = { ...good, ...change } as VerifyPathOptions;
      await assert.rejects(verifyPath(options), { code: "USAGE" }, JSON.stringify(change));
    }
  });

  test("takes bytes of shared and of larger buffers, and gives copies back", async () => {
    const good = await chain();
    const shared = new Uint8Array(new SharedArrayBuffer(good.leaf.length));
    shared.set(good.leaf);
    await accepts({ ...good, leaf: shared }, 3);
    const inside = new Uint8Array(good.leaf.length + 9);
    inside.set(good.leaf, 4);
    const result = await verifyPath({ ...good, leaf: inside.subarray(4, 4 + good.leaf.length) });
    assert.ok(result.ok);
    (result.path[2] as Uint8Array).fill(0);
    await accepts(good, 3);
  });

  test("answers what is empty, huge or no certificate", async () => {
    const good = await chain();
    for (
      const leaf of [new Uint8Array(), new Uint8Array(1 << 20), new Uint8Array(20 << 20).fill(0x30)]
    ) {
      await refuses({ ...good, leaf }, "MALFORMED leaf");
      await accepts({ ...good, intermediates: [leaf, ...good.intermediates] }, 3);
    }
  });

  test("takes no time over a leaf with 60,000 bad names and 5,000 odd common names", {
    timeout: 20_000,
  }, async () => {
    const names = Array.from({ length: 60_000 }, (_, i) => `_${i}_.x`);
    const subject = encodeName(
      Array.from({ length: 5_000 }, () => [OID.commonName, ".xn--".repeat(12) + " "] as const),
    );
    const leaf = await certifyServer(LEAF, INTERMEDIATE, { subjectAltName: san(...names) }, {
      subject,
    });
    const started = performance.now();
    const result = await verifyPath({ ...await chain(), leaf });
    assert.ok(!result.ok && result.also.length < 5);
    assert.ok(result.reason.message.length < 1_000);
    assert.ok(performance.now() - started < 5_000);
  });

  test("is not misled by octets that change after a certificate was read", async () => {
    const good = await chain();
    const leaf = toBytes(good.leaf);
    await accepts({ ...good, leaf }, 3);
    const { tbs } = parseCertificate(leaf);
    leaf[leaf.length - tbs.length - 1]! ^= 1;
    leaf[leaf.length - 3]! ^= 1;
    const result = await verifyPath({ ...good, leaf });
    assert.equal(result.ok, false);
  });
});
