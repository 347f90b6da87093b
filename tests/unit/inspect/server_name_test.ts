import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explicit, octetString, oid, sequence } from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { findConcerns } from "../../../src/inspect/concerns.ts";
import { judgeServerName } from "../../../src/inspect/server_name.ts";
import { type Certificate, parseCertificate } from "../../../src/x509/certificate.ts";
import { type EncodableName, encodeGeneralName } from "../../../src/x509/general_name.ts";
import { encodeName } from "../../../src/x509/name.ts";
import { craft, extensions, NOW, type Parts, validity } from "../../support/craft.ts";

const dns = (value: string): EncodableName => ({ type: "dns", value });
const ip = (...octets: number[]): EncodableName => ({
  type: "ip",
  octets: Uint8Array.from(octets),
});

function named(names: readonly EncodableName[], commonName = "x", changes: Partial<Parts> = {}) {
  const subject = encodeName([[OID.commonName, commonName]]);
  const san = sequence(
    sequence(oid(OID.subjectAltName), octetString(sequence(...names.map(encodeGeneralName)))),
  );
  return parseCertificate(craft({
    subject,
    issuer: subject,
    ...(names.length === 0 ? {} : { extensions: explicit(3, san) }),
    ...changes,
  }));
}

describe("judgeServerName()", () => {
  const cases: readonly (readonly [Certificate, host: string, verdict: string])[] = [
    [named([dns("a.test")]), "A.TEST", "matches"],
    [named([dns("a.test")]), "a.test.", "matches"],
    [named([dns("*.b.test")]), "a.b.test", "matches"],
    [named([dns("*.b.test")]), "a.a.b.test", "other-names"],
    [named([dns("*.b.test")]), "b.test", "other-names"],
    [named([dns("a.test")]), "b.test", "other-names"],
    [named([ip(10, 0, 0, 1)]), "10.0.0.1", "matches"],
    [named([ip(10, 0, 0, 1)]), "10.0.0.2", "other-names"],
    [named([ip(...new Array(15).fill(0), 1)]), "::1", "matches"],
    [named([dns("10.0.0.1")]), "10.0.0.1", "address-as-dns"],
    [named([dns("*.0.0.1")]), "10.0.0.1", "other-names"],
    [named([], "10.0.0.1"), "10.0.0.1", "only-common-name"],
    [named([], "a.test"), "A.test", "only-common-name"],
    [named([], "b.test"), "a.test", "no-names"],
    [named([{ type: "email", value: "a@a.test" }]), "a.test", "no-names"],
  ];
  cases.forEach(([certificate, host, verdict], i) => {
    test(`${i + 1}: ${host} ${verdict}`, () => {
      assert.equal(judgeServerName(certificate, host), verdict);
    });
  });
});

describe("findConcerns()", () => {
  const codes = (anchor: Certificate, host?: string, now = NOW) =>
    findConcerns({ anchor, leaf: anchor, host, now, program: "localtls" }).map(({ code }) => code);
  const good = named([dns("a.test")]);

  test("a self-signed certificate of a server with its name is a peer and nothing more", () => {
    assert.deepEqual(codes(good, "a.test"), ["PEER_CERTIFICATE"]);
    assert.deepEqual(codes(good), ["PEER_CERTIFICATE"]);
  });

  test("a name that is missing comes with the way out", () => {
    const [, concern] = findConcerns({
      anchor: named([dns("10.0.0.1")]),
      leaf: named([dns("10.0.0.1")]),
      host: "10.0.0.1",
      now: NOW,
      program: "localtls",
    });
    assert.equal(concern?.code, "NAME_MISSING");
    assert.match(concern!.message, /written as a DNS name.*localtls setup 10\.0\.0\.1$/);
  });

  test("dates on both sides", () => {
    const day = 86_400_000;
    const after = new Date(NOW.getTime() + 3 * day);
    assert.deepEqual(codes(good, "a.test", after), ["PEER_CERTIFICATE", "CERTIFICATE_EXPIRED"]);
    const before = new Date(NOW.getTime() - day);
    assert.deepEqual(codes(good, "a.test", before), [
      "PEER_CERTIFICATE",
      "CERTIFICATE_NOT_YET_VALID",
    ]);
    assert.deepEqual(codes(good, "a.test", NOW), ["PEER_CERTIFICATE"]);
  });

  test("one that somebody else issued", () => {
    const issued = named([dns("a.test")], "x", {
      issuer: encodeName([[OID.commonName, "somebody"]]),
    });
    assert.deepEqual(codes(issued, "a.test"), ["NOT_SELF_SIGNED"]);
  });

  test("a CA needs no names, unless a server shows it", () => {
    const value = sequence(Uint8Array.of(0x01, 0x01, 0xff));
    const ca = named([], "ca", {
      extensions: extensions(sequence(oid(OID.basicConstraints), octetString(value))),
      validity: validity(NOW, new Date(NOW.getTime() + 1000)),
    });
    assert.deepEqual(codes(ca), ["CA_UNCONSTRAINED"]);
    assert.deepEqual(codes(ca, "a.test"), ["CA_UNCONSTRAINED", "NAME_MISSING"]);
    const served = findConcerns({
      anchor: ca,
      leaf: ca,
      isServed: true,
      now: NOW,
      program: "localtls",
    });
    assert.deepEqual(served.map(({ code }) => code), ["CA_UNCONSTRAINED", "NAME_MISSING"]);
  });
});
