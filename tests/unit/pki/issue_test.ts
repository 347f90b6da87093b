import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { equalBytes, toHex } from "../../../src/bytes.ts";
import { OID } from "../../../src/der/oids.ts";
import { decodePem } from "../../../src/der/pem.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { createHierarchy } from "../../../src/pki/hierarchy.ts";
import {
  type IssueOptions,
  issueServerCertificate,
  issueUnchecked,
} from "../../../src/pki/issue.ts";
import { DAY_MS } from "../../../src/pki/profiles.ts";
import { parseRequestedName, type RequestedName } from "../../../src/pki/requested_name.ts";
import * as X from "../../../src/x509/extensions.ts";
import { sha256Hex } from "../../../src/x509/fingerprint.ts";
import { importPkcs8, keyBelongsTo } from "../../../src/x509/keys.ts";
import { verifySignature } from "../../../src/x509/signature.ts";
import { NOW } from "../../support/craft.ts";
import { x509 } from "../../support/oracle.ts";

const authority = await openAuthority(
  await createHierarchy({
    description: "ann@laptop",
    permitted: { any: false, domains: ["localhost", "test"] },
    now: NOW,
  }),
);

function names(...texts: string[]): RequestedName[] {
  return texts.map((text) => parseRequestedName(text).name);
}

/** A moment that many days after the CA was made. */
function later(days: number): Date {
  return new Date(NOW.getTime() + days * DAY_MS);
}

function issue(options: Partial<IssueOptions> = {}) {
  return issueServerCertificate(authority, {
    names: names("localhost"),
    now: later(1),
    ...options,
  });
}

describe("issueServerCertificate()", () => {
  test("writes the profile that clients accept", async () => {
    const issued = await issue({ names: names("localhost", "*.foo.test", "172.16.99.32", "::1") });
    const { certificate } = issued;
    assert.equal(await verifySignature(certificate, authority.issuer.spki), true);
    assert.ok(equalBytes(certificate.issuer, authority.issuer.subject));
    assert.equal(toHex(certificate.subject), "3000");
    assert.deepEqual(X.readBasicConstraints(certificate), { ca: false, pathLength: undefined });
    assert.deepEqual([...X.readKeyUsage(certificate)!], ["digitalSignature"]);
    assert.deepEqual(X.readExtKeyUsage(certificate), [OID.serverAuth]);
    assert.deepEqual(X.readSubjectAltNameTexts(certificate), [
      "localhost",
      "*.foo.test",
      "172.16.99.32",
      "::1",
    ]);
    const { subject, authority: issuerId } = X.readKeyIdentifiers(certificate);
    assert.equal(subject?.length, 20);
    assert.deepEqual(issuerId, X.readKeyIdentifiers(authority.issuer).subject);
    const critical = [...certificate.extensions.values()].filter((found) => found.critical).map((
      { oid },
    ) => oid);
    assert.deepEqual(
      critical.sort(),
      [OID.basicConstraints, OID.keyUsage, OID.subjectAltName].sort(),
    );
  });
  test("its parts belong together", async () => {
    const issued = await issue();
    const [leaf, issuer, ...more] = decodePem(issued.fullchainPem);
    assert.deepEqual(leaf?.der, issued.certificate.der);
    assert.deepEqual(issuer?.der, authority.issuer.der);
    assert.equal(more.length, 0);
    const [key] = decodePem(issued.keyPem);
    assert.equal(key?.label, "PRIVATE KEY");
    assert.equal(await keyBelongsTo(await importPkcs8(key!.der), issued.certificate), true);
    assert.equal(await issued.sha256(), await sha256Hex(issued.certificate.der));
    assert.match(issued.serial, /^[4-7][0-9a-f]{31}$/);
    assert.equal(issued.keyType, "p256");
    assert.deepEqual(issued.names, ["localhost"]);
  });
  test("@peculiar/x509 reads the same", async () => {
    x509.cryptoProvider.set(crypto);
    const issued = await issue({ names: names("localhost", "fe80::1") });
    const theirs = new x509.X509Certificate(issued.certificate.der);
    assert.equal(theirs.serialNumber, issued.serial);
    assert.equal(theirs.notBefore.getTime(), issued.notBefore.getTime());
    assert.equal(theirs.notAfter.getTime(), issued.notAfter.getTime());
    assert.equal(theirs.subject, "");
    const san = theirs.getExtension(x509.SubjectAlternativeNameExtension);
    assert.equal(san?.critical, true);
    assert.deepEqual(san?.names.toJSON(), [{ type: "dns", value: "localhost" }, {
      type: "ip",
      value: "fe80::1",
    }]);
    const issuer = new x509.X509Certificate(authority.issuer.der);
    assert.equal(await theirs.verify({ publicKey: issuer.publicKey, date: later(2) }), true);
    const root = new x509.X509Certificate(authority.root.der);
    const chain = await new x509.X509ChainBuilder({ certificates: [root, issuer] }).build(theirs);
    assert.equal(chain.length, 3);
  });
  for (const keyType of ["p384", "rsa2048"] as const) {
    test(`makes ${keyType} keys`, async () => {
      const issued = await issue({ keyType });
      assert.equal(issued.keyType, keyType);
      const usage = keyType === "p384"
        ? ["digitalSignature"]
        : ["digitalSignature", "keyEncipherment"];
      assert.deepEqual([...X.readKeyUsage(issued.certificate)!], usage);
      const [key] = decodePem(issued.keyPem);
      assert.equal(await keyBelongsTo(await importPkcs8(key!.der), issued.certificate), true);
    });
  }
  test("drops repetitions and keeps the order", async () => {
    const issued = await issue({ names: names("b.test", "a.test", "B.test", "::1", "0:0::1") });
    assert.deepEqual(issued.names, ["b.test", "a.test", "::1"]);
    assert.deepEqual(X.readSubjectAltNameTexts(issued.certificate), ["b.test", "a.test", "::1"]);
  });
  test("issues for 1,000 names", async () => {
    const many = names(...Array.from({ length: 1000 }, (_, i) => `n${i}.test`));
    assert.equal(
      X.readSubjectAltNameTexts((await issue({ names: many })).certificate).length,
      1000,
    );
    await assert.rejects(issue({ names: [...many, ...names("localhost")] }), {
      code: "NAME_INVALID",
      message: /1001 names/,
    });
  });
  test("serves many at once, none with the serial number or key of another", async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => issue()));
    assert.equal(new Set(all.map(({ serial }) => serial)).size, 50);
    assert.equal(new Set(all.map(({ keyPem }) => keyPem)).size, 50);
  });
});

describe("lifetimes", () => {
  test("397 days from an hour back, both ends included", async () => {
    const { notBefore, notAfter, certificate } = await issue({
      now: new Date("2027-01-01T10:20:30.456Z"),
    });
    assert.equal(notBefore.toISOString(), "2027-01-01T09:20:30.000Z");
    assert.equal(notAfter.toISOString(), "2028-02-02T09:20:29.000Z");
    assert.equal(certificate.notBefore.getTime(), notBefore.getTime());
    assert.equal(certificate.notAfter.getTime(), notAfter.getTime());
  });
  for (const days of [1, 90, 825]) {
    test(`${days} days`, async () => {
      const { notBefore, notAfter } = await issue({ days });
      assert.equal(notAfter.getTime() - notBefore.getTime() + 1000, days * DAY_MS);
    });
  }
  for (const days of [0, -1, 826, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`${days} days are refused`, async () => {
      await assert.rejects(issue({ days }), { code: "USAGE", message: /from 1 to 825/ });
    });
  }
  test("never before the CA", async () => {
    const { notBefore } = await issue({ now: new Date(NOW.getTime() - 3_000_000) });
    assert.equal(notBefore.getTime(), authority.issuer.notBefore.getTime());
  });
  test("never past the CA", async () => {
    const { notAfter } = await issue({ now: later(3600) });
    assert.equal(notAfter.getTime(), authority.notAfter.getTime());
  });
  test("a CA that ended issues nothing", async () => {
    await assert.rejects(issue({ now: later(3653) }), {
      code: "CA_EXPIRED",
      message: /ended on 2036/,
    });
  });
  test("a CA that is not valid yet issues nothing, and says to look at the clock", async () => {
    await assert.rejects(issue({ now: later(-1) }), (error: unknown) => {
      assert.ok(error instanceof LocalTlsError && error.code === "CA_EXPIRED");
      assert.match(error.message, /valid from 2026-11-24T11/);
      assert.match(error.hints[0] ?? "", /clock/);
      return true;
    });
  });
});

describe("names", () => {
  test("none is refused", async () => {
    await assert.rejects(issue({ names: [] }), { code: "NAME_INVALID", message: /no name/ });
  });
  for (const text of ["google.com", "8.8.8.8", "*.google.com", "foo.example"]) {
    test(`${text} is refused, also among good ones`, async () => {
      await assert.rejects(issue({ names: names("localhost", text) }), {
        code: "NAME_NOT_PERMITTED",
      });
    });
  }
  test("issueUnchecked() issues for what the CA may not speak for: clients are what stops it", async () => {
    const stolen = await issueUnchecked(authority, { names: names("google.com"), now: later(1) });
    assert.deepEqual(stolen.names, ["google.com"]);
  });
});
