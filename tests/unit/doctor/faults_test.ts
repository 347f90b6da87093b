/** Faults of certificates, and what each client's policy makes of them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OID } from "../../../src/der/oids.ts";
import { judge, POLICIES } from "../../../src/doctor/policies.ts";
import { FAULT_CODES, type FaultCode } from "../../../src/doctor/faults.ts";
import { leafFaults } from "../../../src/doctor/leaf_faults.ts";
import { pathFaults } from "../../../src/doctor/path_faults.ts";
import { matchHost } from "../../../src/doctor/peer_names.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { encodeDnsNameConstraints } from "../../../src/x509/extensions.ts";
import {
  type Made,
  makeCertificate,
  type MakeOptions,
  unknownCriticalExtension,
} from "../../support/certificate_maker.ts";

const NOW = new Date();
const DAY_MS = 86_400_000;

const CA: MakeOptions = { ca: true, keyUsage: ["keyCertSign", "cRLSign"], to: 900 };
const LEAF: MakeOptions = {
  commonName: "server",
  names: ["DNS:app.test", "IP:10.0.0.1"],
  ca: false,
  keyUsage: ["digitalSignature"],
  extKeyUsage: [OID.serverAuth],
};

const root = await makeCertificate({ ...CA, commonName: "root" });
const issuer = await makeCertificate({ ...CA, commonName: "issuer", issuer: root, ca: 0 });

async function ofLeaf(changes: MakeOptions, host = "app.test"): Promise<FaultCode[]> {
  const { der } = await makeCertificate({ ...LEAF, issuer, ...changes });
  return leafFaults({ leaf: parseCertificate(der), host, now: NOW }).map(({ code }) => code);
}

async function ofPath(
  leaf: Made,
  intermediates: readonly Made[],
  anchors: readonly Made[],
  now = NOW,
): Promise<FaultCode[]> {
  const found = await pathFaults({
    leaf: parseCertificate(leaf.der),
    intermediates: intermediates.map(({ der }) => der),
    anchors: anchors.map(({ der }) => der),
    now,
  });
  for (const { message } of found) assert.match(message, /^[A-Z"].*[^.]$/);
  return found.map(({ code }) => code);
}

describe("matchHost()", () => {
  const match = async (names: readonly string[] | undefined, host: string, commonName = "other") =>
    matchHost(parseCertificate((await makeCertificate({ names, commonName })).der), host);

  test("compares names and addresses as browsers do", async () => {
    assert.equal(await match(["DNS:app.test"], "app.test"), "match");
    assert.equal(await match(["DNS:APP.test"], "app.test"), "match");
    assert.equal(await match(["DNS:*.app.test"], "a.app.test"), "match");
    assert.equal(await match(["IP:10.0.0.1"], "10.0.0.1"), "match");
  });

  test("and tells what only looks right", async () => {
    assert.equal(await match(["DNS:*.app.test"], "app.test"), "other");
    assert.equal(await match(["DNS:*.app.test"], "b.a.app.test"), "other");
    assert.equal(await match(["DNS:*.app.test"], ".app.test"), "other");
    assert.equal(await match(["DNS:*.test"], "app.test"), "wildcard-top-level");
    assert.equal(await match(["DNS:10.0.0.1"], "10.0.0.1"), "address-as-dns");
    assert.equal(await match(["DNS:other.test"], "app.test", "app.test"), "other");
    assert.equal(await match(undefined, "app.test", "app.test"), "common-name");
    assert.equal(await match(undefined, "10.0.0.1", "10.0.0.1"), "address-in-common-name");
    assert.equal(await match(undefined, "app.test"), "no-names");
    assert.equal(await match(["IP:10.0.0.2"], "10.0.0.1", "10.0.0.1"), "other");
  });
});

describe("leafFaults()", () => {
  test("finds none where there is none", async () => {
    assert.deepEqual(await ofLeaf({}), []);
    assert.deepEqual(await ofLeaf({}, "10.0.0.1"), []);
    assert.deepEqual(
      await ofLeaf({ keyUsage: undefined, extKeyUsage: undefined, ca: undefined }),
      [],
    );
    assert.deepEqual(await ofLeaf({ commonName: null, sanCritical: true }), []);
  });

  test("finds each", async () => {
    assert.deepEqual(await ofLeaf({}, "other.test"), ["NAME_OTHER"]);
    const underscore = await ofLeaf({ names: ["DNS:a_b.test"] }, "a_b.test");
    assert.deepEqual(underscore, ["NAME_WITH_UNDERSCORE"]);
    assert.deepEqual(await ofLeaf({ names: undefined, commonName: "app.test" }), [
      "NAME_IN_COMMON_NAME",
    ]);
    assert.deepEqual(await ofLeaf({ from: -9, to: -1 }), ["LEAF_EXPIRED"]);
    assert.deepEqual(await ofLeaf({ from: 1 }), ["LEAF_NOT_YET_VALID"]);
    assert.deepEqual(await ofLeaf({ extKeyUsage: [OID.clientAuth] }), ["PURPOSE_OTHER"]);
    assert.deepEqual(await ofLeaf({ extKeyUsage: [OID.anyExtendedKeyUsage] }), [
      "PURPOSE_ANY_ONLY",
    ]);
    assert.deepEqual(await ofLeaf({ keyUsage: ["keyAgreement"] }), ["NO_DIGITAL_SIGNATURE"]);
    assert.deepEqual(await ofLeaf({ ca: true }), ["CA_AS_LEAF"]);
    assert.deepEqual(await ofLeaf({ key: "rsa1024" }), ["KEY_BELOW_2048"]);
    assert.deepEqual(await ofLeaf({ commonName: null }), ["SUBJECT_EMPTY"]);
    assert.deepEqual(await ofLeaf({ ca: true, from: -9, to: -1 }, "x.test"), [
      "NAME_OTHER",
      "LEAF_EXPIRED",
      "CA_AS_LEAF",
    ]);
  });
});

describe("pathFaults()", () => {
  test("finds none in a good path, whatever is sent besides", async () => {
    const leaf = await makeCertificate({ ...LEAF, issuer });
    const other = await makeCertificate({ ...CA, commonName: "other" });
    assert.deepEqual(await ofPath(leaf, [issuer], [root]), []);
    assert.deepEqual(await ofPath(leaf, [root, other, issuer, issuer], [other, root]), []);
  });

  test("tells the ways of not being trusted apart", async () => {
    const leaf = await makeCertificate({ ...LEAF, issuer });
    const alone = await makeCertificate(LEAF);
    assert.deepEqual(await ofPath(leaf, [], [root]), ["ISSUER_UNKNOWN"]);
    assert.deepEqual(await ofPath(leaf, [issuer], []), ["ISSUER_UNKNOWN"]);
    assert.deepEqual(await ofPath(leaf, [issuer, root], []), ["ROOT_UNTRUSTED"]);
    assert.deepEqual(await ofPath(alone, [], [root]), ["SELF_SIGNED"]);
    assert.deepEqual(await ofPath(alone, [], [alone]), []);
    const trustedCa = await makeCertificate({ ...LEAF, ca: true });
    assert.deepEqual(await ofPath(trustedCa, [], [trustedCa]), ["ANCHOR_AS_LEAF"]);
  });

  test("a certificate that is trusted for itself vouches for no other", async () => {
    const peer = await makeCertificate({ ...LEAF, commonName: "peer" });
    const below = await makeCertificate({ ...LEAF, issuer: peer });
    assert.deepEqual(await ofPath(below, [], [peer]), ["ISSUER_UNKNOWN"]);
  });

  test("finds the faults of issuers", async () => {
    const ended = await makeCertificate({ ...CA, commonName: "e", issuer: root, from: -9, to: -1 });
    const endedRoot = await makeCertificate({ ...CA, commonName: "er", from: -9, to: -1 });
    const noCa = await makeCertificate({ ...LEAF, commonName: "n", issuer: root });
    const deep = await makeCertificate({ ...CA, commonName: "d", issuer });
    const narrow = await makeCertificate({
      ...CA,
      commonName: "c",
      issuer: root,
      extra: [encodeDnsNameConstraints(["foo.test"])],
    });
    const clients = await makeCertificate({
      ...CA,
      commonName: "cl",
      issuer: root,
      extKeyUsage: [OID.clientAuth],
    });
    const below = (one: Made, changes: MakeOptions = {}) =>
      makeCertificate({ ...LEAF, issuer: one, ...changes });
    assert.deepEqual(await ofPath(await below(ended), [ended], [root]), ["ISSUER_EXPIRED"]);
    assert.deepEqual(await ofPath(await below(endedRoot), [], [endedRoot]), ["ANCHOR_EXPIRED"]);
    assert.deepEqual(await ofPath(await below(noCa), [noCa], [root]), ["NOT_A_CA"]);
    assert.deepEqual(await ofPath(await below(deep), [deep, issuer], [root]), ["PATH_TOO_LONG"]);
    assert.deepEqual(await ofPath(await below(narrow), [narrow], [root]), ["NAME_NOT_PERMITTED"]);
    assert.deepEqual(await ofPath(await below(clients), [clients], [root]), [
      "ISSUER_PURPOSE_OTHER",
    ]);
    const spoilt = await below(issuer, { tampered: true });
    assert.deepEqual(await ofPath(spoilt, [issuer], [root]), ["SIGNATURE_INVALID"]);
    const sha1 = await below(issuer, { digest: "sha1" });
    assert.deepEqual(await ofPath(sha1, [issuer], [root]), ["SIGNATURE_SHA1"]);
    assert.deepEqual(await ofPath(sha1, [issuer], []), ["ISSUER_UNKNOWN", "SIGNATURE_SHA1"]);
    const critical = await below(issuer, { extra: [unknownCriticalExtension()] });
    assert.deepEqual(await ofPath(critical, [issuer], [root]), ["CRITICAL_EXTENSION_UNKNOWN"]);
    const other = await below(issuer, { authorityKeyId: new Uint8Array(20) });
    assert.deepEqual(await ofPath(other, [issuer], [root]), ["AUTHORITY_KEY_OTHER"]);
  });

  test("finds a serial number that the root has, too", async () => {
    const numbered = await makeCertificate({ ...CA, commonName: "one", serial: 1n });
    const leaf = (serial: bigint) => makeCertificate({ ...LEAF, issuer: numbered, serial });
    assert.deepEqual(await ofPath(await leaf(1n), [], [numbered]), ["SERIAL_REUSED"]);
    assert.deepEqual(await ofPath(await leaf(2n), [], [numbered]), []);
  });

  test("goes by the clock that it is given", async () => {
    const leaf = await makeCertificate({ ...LEAF, issuer });
    const later = new Date(NOW.getTime() + 1000 * DAY_MS);
    assert.ok((await ofPath(leaf, [issuer], [root], later)).includes("ISSUER_EXPIRED"));
  });

  test("takes garbage for certificates that are not there", async () => {
    const leaf = await makeCertificate({ ...LEAF, issuer });
    const garbage = { ...issuer, der: new Uint8Array([0x30, 0x03, 1, 2, 3]) };
    assert.deepEqual(await ofPath(leaf, [garbage], [root]), ["ISSUER_UNKNOWN"]);
    assert.deepEqual(await ofPath(leaf, [garbage, issuer], [root]), []);
  });
});

describe("judge()", () => {
  const say = (client: keyof typeof POLICIES, ...codes: FaultCode[]) =>
    judge(client, codes.map((code) => ({ code, message: "" })))?.error;

  test("accepts where there is no fault, and knows every code", () => {
    for (const client of Object.keys(POLICIES) as (keyof typeof POLICIES)[]) {
      assert.equal(say(client), undefined);
      for (const rule of POLICIES[client]) {
        for (const code of rule.faults) assert.ok(FAULT_CODES.includes(code), code);
      }
    }
    const minded = new Set(Object.values(POLICIES).flat().flatMap(({ faults }) => faults));
    assert.deepEqual(FAULT_CODES.filter((code) => !minded.has(code)), [], "minded by nobody");
  });

  test("Chromium names the worst, and says only that something is wrong where it has no better word", () => {
    assert.equal(say("chromium", "PURPOSE_OTHER"), "ERR_CERT_INVALID");
    assert.equal(say("chromium", "PURPOSE_OTHER", "LEAF_EXPIRED"), "ERR_CERT_DATE_INVALID");
    assert.equal(say("chromium", "PURPOSE_OTHER", "NAME_OTHER"), "ERR_CERT_INVALID");
    assert.equal(say("chromium", "SIGNATURE_SHA1", "LEAF_EXPIRED"), "ERR_CERT_INVALID");
    assert.equal(say("chromium", "LEAF_EXPIRED", "NAME_OTHER"), "ERR_CERT_COMMON_NAME_INVALID");
    assert.equal(say("chromium", "NAME_OTHER", "ISSUER_UNKNOWN"), "ERR_CERT_AUTHORITY_INVALID");
    assert.equal(say("chromium", "CA_AS_LEAF", "PURPOSE_ANY_ONLY"), undefined);
  });

  test("Firefox, curl, Node, Python and Java have minds of their own", () => {
    assert.equal(say("firefox", "CA_AS_LEAF"), "MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY");
    assert.equal(say("firefox", "NO_DIGITAL_SIGNATURE"), undefined);
    assert.equal(say("firefox", "PURPOSE_OTHER", "ISSUER_UNKNOWN"), "SEC_ERROR_UNKNOWN_ISSUER");
    assert.equal(say("curl", "ADDRESS_IN_COMMON_NAME"), undefined);
    assert.notEqual(say("python", "ADDRESS_IN_COMMON_NAME"), undefined);
    assert.equal(say("node", "KEY_BELOW_2048"), undefined);
    assert.notEqual(say("curl", "KEY_BELOW_2048"), undefined);
    assert.equal(say("java", "WILDCARD_TOP_LEVEL", "ANCHOR_EXPIRED", "SIGNATURE_SHA1"), undefined);
    assert.equal(say("node", "SELF_SIGNED"), "DEPTH_ZERO_SELF_SIGNED_CERT");
  });
});
