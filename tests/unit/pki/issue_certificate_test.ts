/** issueCertificate(): profiles for clients, for requests and with kept keys; @peculiar/x509 is the judge. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OID } from "../../../src/der/oids.ts";
import { decodePem } from "../../../src/der/pem.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { createHierarchy } from "../../../src/pki/hierarchy.ts";
import {
  type CertificateOptions,
  issueCertificate,
  type IssuedCertificate,
} from "../../../src/pki/issue.ts";
import { DAY_MS } from "../../../src/pki/profiles.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";
import { parseSubjectName } from "../../../src/pki/subject_name.ts";
import type { KeyType } from "../../../src/x509/key_algorithms.ts";
import {
  exportPkcs8,
  exportSpki,
  generateKey,
  importPkcs8,
  keyBelongsTo,
} from "../../../src/x509/keys.ts";
import { verifySignature } from "../../../src/x509/signature.ts";
import { NOW } from "../../support/craft.ts";
import { x509 } from "../../support/oracle.ts";

const permitted = { any: false, domains: ["localhost", "test"] } as const;
const authority = await openAuthority(
  await createHierarchy({ description: "ann@laptop", permitted, now: NOW }),
);

function issue(
  texts: readonly string[],
  options: Partial<CertificateOptions> = {},
): Promise<IssuedCertificate> {
  const names = texts.map((text) => parseSubjectName(text, permitted).name);
  const now = new Date(NOW.getTime() + DAY_MS);
  return issueCertificate(authority, { names, usages: "client", now, ...options });
}

/** What the oracle reads. */
function read({ certificate }: IssuedCertificate) {
  const oracle = new x509.X509Certificate(certificate.der);
  const usages = oracle.getExtension(x509.ExtendedKeyUsageExtension);
  const names = oracle.getExtension(x509.SubjectAlternativeNameExtension);
  const keyUsages = oracle.getExtension(x509.KeyUsagesExtension);
  return {
    subject: oracle.subject,
    usages: usages === undefined || usages === null ? undefined : Array.from(usages.usages, String),
    names: names?.names.toJSON().map(({ type, value }) => `${type}:${value}`),
    isCritical: names?.critical,
    keyUsages: keyUsages?.usages,
  };
}

describe("issueCertificate() for clients", () => {
  test("every form of name, with a common name and a subjectAltName that is not critical", async () => {
    const texts = ["Ann@example.com", "spiffe://a.test/Web", "b.test", "10.0.0.1", "ann"];
    const issued = await issue(texts, { usages: "both", commonName: "ann" });
    assert.deepEqual(read(issued), {
      subject: "CN=ann",
      usages: [OID.serverAuth, OID.clientAuth],
      names: ["email:Ann@example.com", "url:spiffe://a.test/Web", "dns:b.test", "ip:10.0.0.1"],
      isCritical: false,
      keyUsages: x509.KeyUsageFlags.digitalSignature,
    });
    assert.deepEqual(issued.names, texts);
    assert.equal(await verifySignature(issued.certificate, authority.issuer.spki), true);
  });

  test("a user alone has no subjectAltName, and has to have a common name", async () => {
    const issued = await issue(["ann"], { commonName: "ann" });
    const { subject, usages, names } = read(issued);
    assert.deepEqual([subject, usages, names], ["CN=ann", [OID.clientAuth], undefined]);
    await assert.rejects(issue(["ann"]), { code: "NAME_INVALID" });
  });

  test("without a common name the subjectAltName is critical", async () => {
    const { subject, isCritical } = read(await issue(["ann@example.com"]));
    assert.deepEqual([subject, isCritical], ["", true]);
  });

  test("a common name cannot bring in further attributes", async () => {
    const commonName = "ann, O=root+CN=google.com";
    const oracle = new x509.X509Certificate(
      (await issue(["ann@a.test"], { commonName })).certificate.der,
    );
    assert.deepEqual(oracle.subjectName.getField("CN"), [commonName]);
    assert.deepEqual(oracle.subjectName.getField("O"), []);
  });

  test("names of clients are refused for servers, and public hosts for everybody", async () => {
    for (const name of ["ann", "ann@a.test", "spiffe://a.test/x"]) {
      await assert.rejects(issue([name], { usages: "server" }), { code: "NAME_INVALID" });
    }
    for (const usages of ["server", "client", "both"] as const) {
      const names = [parseRequestedName("google.com").name];
      await assert.rejects(issue([], { usages, names }), { code: "NAME_NOT_PERMITTED" });
      await assert.rejects(issue(["8.8.8.8"], { usages }), { code: "NAME_NOT_PERMITTED" });
      await assert.rejects(issue([], { usages }), { code: "NAME_INVALID" });
    }
  });
});

describe("issueCertificate() with a key that is there", () => {
  for (const type of ["p256", "p384", "rsa2048"] as const satisfies readonly KeyType[]) {
    test(`${type}: kept as a pair and as PKCS#8`, async () => {
      const pair = await generateKey(type, true);
      const pkcs8 = await exportPkcs8(pair.privateKey);
      for (const reuseKey of [pair, pkcs8]) {
        const issued = await issue(["a.test"], { usages: "server", reuseKey });
        assert.equal(issued.keyType, type);
        assert.deepEqual(issued.certificate.spki, await exportSpki(pair.publicKey));
        const key = await importPkcs8(decodePem(issued.keyPem ?? "")[0]!.der);
        assert.equal(await keyBelongsTo(key, issued.certificate), true);
      }
    });

    test(`${type}: of a request, whose private key is nowhere here`, async () => {
      const { publicKey } = await generateKey(type, false);
      const spki = await exportSpki(publicKey);
      const issued = await issue(["a.test"], { usages: "server", publicKey: spki });
      assert.equal(issued.keyPem, undefined);
      assert.equal(issued.keyType, type);
      assert.deepEqual(issued.certificate.spki, spki);
      const expected = type === "rsa2048"
        ? x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment
        : x509.KeyUsageFlags.digitalSignature;
      assert.equal(read(issued).keyUsages, expected);
    });
  }

  test("a weak key of a request, garbage, and a kept key that is none are refused", async () => {
    const weak = await crypto.subtle.generateKey(
      {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: 1024,
        publicExponent: Uint8Array.of(1, 0, 1),
        hash: "SHA-256",
      },
      true,
      ["sign", "verify"],
    );
    const publicKey = await exportSpki(weak.publicKey);
    await assert.rejects(issue(["a.test"], { publicKey }), { code: "KEY_INVALID" });
    const garbage = Uint8Array.of(0x30, 0x01);
    await assert.rejects(issue(["a.test"], { publicKey: garbage }), { code: "DER_INVALID" });
    await assert.rejects(issue(["a.test"], { reuseKey: garbage }), { code: "DER_INVALID" });
    const ofWeak = await exportPkcs8(weak.privateKey);
    await assert.rejects(issue(["a.test"], { reuseKey: ofWeak }), { code: "KEY_INVALID" });
  });
});

describe("issueCertificate() for more days", () => {
  const days = ({ notBefore, notAfter }: IssuedCertificate) =>
    (notAfter.getTime() - notBefore.getTime() + 1000) / DAY_MS;

  test("than 825 only where it is allowed, and never past the CA", async () => {
    await assert.rejects(issue(["a.test"], { days: 826 }), { code: "USAGE" });
    const long = await issue(["a.test"], { days: 2000, allowLong: true });
    assert.deepEqual([days(long), long.shortened], [2000, false]);
    const longest = await issue(["a.test"], { days: 9999, allowLong: true });
    assert.equal(longest.notAfter.getTime(), authority.notAfter.getTime());
    assert.equal(longest.shortened, true);
    for (const none of [0, -1, 1.5, NaN, Infinity]) {
      const options = { days: none, allowLong: true };
      await assert.rejects(issue(["a.test"], options), { code: "USAGE" });
    }
  });
});
