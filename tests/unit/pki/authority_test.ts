import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, equalBytes } from "../../../src/bytes.ts";
import {
  boolean,
  explicit,
  implicit,
  integer,
  nullValue,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { createHierarchy, type Hierarchy } from "../../../src/pki/hierarchy.ts";
import type { Permitted } from "../../../src/pki/permitted.ts";
import { permittedDomains } from "../../../src/pki/permitting.ts";
import { parseCertificate, readSubjectText } from "../../../src/x509/certificate.ts";
import * as X from "../../../src/x509/extensions.ts";
import { exportPkcs8, exportSpki, generateKey } from "../../../src/x509/keys.ts";
import { encodeName } from "../../../src/x509/name.ts";
import { isSelfSigned, verifySignature } from "../../../src/x509/signature.ts";
import { craftSigned, extension, extensions, NOW, type Parts } from "../../support/craft.ts";
import { x509 } from "../../support/oracle.ts";

const PERMITTED: Permitted = { any: false, domains: ["localhost", "test", "home.arpa"] };

function make(permitted: Permitted = PERMITTED, description = "ann@laptop"): Promise<Hierarchy> {
  return createHierarchy({ description, permitted, now: NOW });
}

const made = await make();
const another = await make();
const p384Key = await exportPkcs8((await generateKey("p384", true)).privateKey);

describe("createHierarchy()", () => {
  test("root and issuer have the profile that clients accept", async () => {
    const [root, issuer] = [parseCertificate(made.root), parseCertificate(made.issuer)];
    assert.equal(await isSelfSigned(root), true);
    assert.equal(await verifySignature(issuer, root.spki), true);
    assert.ok(equalBytes(issuer.issuer, root.subject));
    assert.deepEqual(X.readBasicConstraints(root), { ca: true, pathLength: 1 });
    assert.deepEqual(X.readBasicConstraints(issuer), { ca: true, pathLength: 0 });
    for (const certificate of [root, issuer]) {
      assert.deepEqual([...X.readKeyUsage(certificate)!], ["keyCertSign", "cRLSign"]);
      assert.deepEqual(
        X.readNameConstraints(certificate)?.permitted?.map((name) =>
          name.type === "dns" && name.value
        ),
        ["localhost", "test", "home.arpa"],
      );
      for (const type of [OID.basicConstraints, OID.keyUsage, OID.nameConstraints]) {
        assert.equal(certificate.extensions.get(type)?.critical, true);
      }
      assert.equal(certificate.notBefore.toISOString(), "2026-11-24T11:00:00.000Z");
      assert.equal(certificate.notAfter.toISOString(), "2036-11-23T12:00:00.000Z");
    }
    assert.deepEqual(X.readExtKeyUsage(issuer), [OID.serverAuth, OID.clientAuth]);
    assert.equal(X.readExtKeyUsage(root), undefined);
    assert.deepEqual(X.readKeyIdentifiers(issuer).authority, X.readKeyIdentifiers(root).subject);
  });
  test("@peculiar/x509 reads the same, and verifies it", async () => {
    x509.cryptoProvider.set(crypto);
    const [root, issuer] = [
      new x509.X509Certificate(made.root),
      new x509.X509Certificate(made.issuer),
    ];
    const at = { date: NOW };
    assert.equal(await root.isSelfSigned(), true);
    assert.equal(await issuer.verify({ publicKey: root.publicKey, ...at }), true);
    assert.deepEqual(root.subjectName.getField("O"), ["localtls"]);
    assert.deepEqual(issuer.subjectName.getField("OU"), ["ann@laptop"]);
    assert.equal(issuer.getExtension(x509.BasicConstraintsExtension)?.pathLength, 0);
  });
  test("no two CAs share a subject, a serial number or a key", () => {
    const all = [made, another].flatMap(({ root, issuer }) => [root, issuer]).map(parseCertificate);
    const different = (texts: string[]) => assert.equal(new Set(texts).size, texts.length);
    different(all.map(({ subject }) => readSubjectText(subject)));
    different(all.map(({ serialNumber }) => serialNumber.join()));
    different(all.map(({ spki }) => spki.join()));
  });
  test("any means no constraints", async () => {
    const authority = await openAuthority(await make({ any: true }));
    assert.equal(X.readNameConstraints(authority.root), undefined);
    assert.equal(X.readNameConstraints(authority.issuer), undefined);
    assert.deepEqual(authority.permitted, { any: true });
  });
  const descriptions: [string, RegExp][] = [
    ["", /^CN=localtls root CA [0-9a-f]{8}, O=localtls$/],
    ["\n\u0000\u202e\ud800", /^CN=localtls root CA [0-9a-f]{8}, O=localtls$/],
    ["  ann@laptop \n", /OU=ann@laptop, O=localtls$/],
    ["a, O=google", /OU=a\\, O=google, O=localtls$/],
    ["é".repeat(100), /OU=é{64}, O=localtls$/],
    ["😀".repeat(100), /OU=(?:😀){64}, O=localtls$/u],
  ];
  for (const [description, expected] of descriptions) {
    test(`a description of ${JSON.stringify(description.slice(0, 12))} makes a good name`, async () => {
      const root = parseCertificate((await make(PERMITTED, description)).root);
      assert.match(readSubjectText(root.subject), expected);
    });
  }
});

describe("openAuthority()", () => {
  test("opens what createHierarchy() made", async () => {
    const authority = await openAuthority(made);
    assert.deepEqual(authority.permitted, PERMITTED);
    assert.equal(authority.notAfter.getTime(), authority.root.notAfter.getTime());
    assert.match(authority.rootSha256, /^[0-9a-f]{64}$/);
    assert.notEqual(authority.rootSha256, authority.issuerSha256);
    assert.ok(typeof authority.issuerKey !== "function");
    assert.equal(authority.issuerKey.extractable, false);
  });
  test("opens a CA with all default domains", async () => {
    const permitted = await permittedDomains({ hostName: "laptop" });
    assert.deepEqual((await openAuthority(await make(permitted))).permitted, permitted);
  });

  const mixed: [string, Partial<Hierarchy>, RegExp][] = [
    ["another CA's root", { root: another.root }, /another root/],
    ["another CA's issuer", { issuer: another.issuer }, /another root/],
    ["another CA's key", { issuerKey: another.issuerKey }, /key is not the issuer's/],
    ["the issuer as root", { root: made.issuer }, /names another root/],
    ["the root as issuer", { issuer: made.root }, /another root|not the issuer's/],
    ["a key of another type", {
      issuerKey: p384Key,
    }, /key is not/],
  ];
  for (const [name, changes, message] of mixed) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(openAuthority({ ...made, ...changes }), {
        code: "CA_MISMATCH",
        message,
      });
    });
  }
  test("refuses every truncation that it is given", async () => {
    for (const part of ["root", "issuer", "issuerKey"] as const) {
      for (let length = 0; length < made[part].length; length += 1 + (length >> 3)) {
        await rejectsWithLocalTlsError(
          { ...made, [part]: made[part].slice(0, length) },
          `${part} ${length}`,
        );
      }
    }
  });
  test("refuses every certificate with one octet changed", async () => {
    for (const part of ["root", "issuer"] as const) {
      for (let at = 0; at < made[part].length; at++) {
        const changed = made[part].slice();
        changed[at]! ^= 1 << (at % 8);
        await rejectsWithLocalTlsError({ ...made, [part]: changed }, `${part} octet ${at}`);
      }
    }
  });
  test("refuses a key with one octet of its private number changed", async () => {
    const start = 36; // PrivateKeyInfo and ECPrivateKey of P-256 put the number at octets 36 to 67
    for (let at = start; at < start + 32; at++) {
      const issuerKey = made.issuerKey.slice();
      issuerKey[at]! ^= 1 << (at % 8);
      await rejectsWithLocalTlsError({ ...made, issuerKey }, `octet ${at}`);
    }
  });
});

async function rejectsWithLocalTlsError(files: Hierarchy, what: string): Promise<void> {
  try {
    await openAuthority(files);
  } catch (error) {
    assert.ok(error instanceof LocalTlsError, `${what}: ${String(error)}`);
    return;
  }
  assert.fail(`${what} was accepted`);
}

const [rootPair, issuerPair] = await Promise.all([
  generateKey("p256", true),
  generateKey("p256", true),
]);
const [rootSpki, issuerSpki] = await Promise.all([
  exportSpki(rootPair.publicKey),
  exportSpki(issuerPair.publicKey),
]);
const issuerKey = await exportPkcs8(issuerPair.privateKey);
const rootName = encodeName([[OID.commonName, "root"]]);
const issuerName = encodeName([[OID.commonName, "issuer"]]);
const constraints = X.encodeDnsNameConstraints(["test"]);
const usage = X.encodeKeyUsage(["keyCertSign"]);
const good = [X.encodeBasicConstraints(true), usage, constraints];

async function build(
  rootChanges: Partial<Parts>,
  issuerChanges: Partial<Parts>,
): Promise<Hierarchy> {
  const root = {
    subject: rootName,
    issuer: rootName,
    spki: rootSpki,
    extensions: extensions(...good),
  };
  const issuer = {
    subject: issuerName,
    issuer: rootName,
    spki: issuerSpki,
    extensions: extensions(...good),
  };
  return {
    root: await craftSigned({ ...root, ...rootChanges }, rootPair.privateKey),
    issuer: await craftSigned({ ...issuer, ...issuerChanges }, rootPair.privateKey),
    issuerKey,
  };
}

describe("openAuthority() and a root that issues by itself", () => {
  async function direct(changes: Partial<Parts> = {}): Promise<Hierarchy> {
    const pathLength = X.encodeBasicConstraints(true, 0);
    const root = await craftSigned({
      subject: rootName,
      issuer: rootName,
      spki: issuerSpki,
      extensions: extensions(pathLength, usage),
      ...changes,
    }, issuerPair.privateKey);
    return { root, issuer: root, issuerKey };
  }
  test("is opened, and its certificates stand alone in their files", async () => {
    const authority = await openAuthority(await direct());
    assert.deepEqual(authority.permitted, { any: true });
    assert.equal(authority.rootSha256, authority.issuerSha256);
    assert.equal(authority.issuerPem, "");
  });
  const bad: [string, () => Promise<Hierarchy>][] = [
    ["the key of another", async () => ({ ...await direct(), issuerKey: another.issuerKey })],
    ["no CA", () => direct({ extensions: extensions(X.encodeBasicConstraints(false), usage) })],
    ["no right to sign", () => direct({ extensions: extensions(X.encodeBasicConstraints(true)) })],
    ["another issuer's name", () => direct({ issuer: issuerName })],
    ["a self-signature with another key", () => direct({ spki: rootSpki })],
  ];
  for (const [name, make] of bad) {
    test(`is refused with ${name}`, async () => {
      await assert.rejects(openAuthority(await make()), { code: "CA_MISMATCH" });
    });
  }
});

describe("openAuthority() refuses hierarchies that are properly signed and no CA of ours", () => {
  test("the control is accepted", async () => {
    assert.deepEqual((await openAuthority(await build({}, {}))).permitted, {
      any: false,
      domains: ["test"],
    });
  });

  const withExtensions = (...list: Bytes[]): Partial<Parts> => ({
    extensions: extensions(...list),
  });
  const dnsSubtree = (text: string) => sequence(implicit(2, new TextEncoder().encode(text)));
  const constrained = (value: Bytes) =>
    withExtensions(
      X.encodeBasicConstraints(true),
      usage,
      extension(OID.nameConstraints, value, boolean(true)),
    );
  const both: [string, Partial<Parts>, RegExp][] = [
    ["no basicConstraints", withExtensions(usage, constraints), /is no CA/],
    ["CA:FALSE", withExtensions(X.encodeBasicConstraints(false), usage, constraints), /is no CA/],
    ["no extensions at all", { extensions: new Uint8Array() }, /is no CA/],
    [
      "no keyUsage",
      withExtensions(X.encodeBasicConstraints(true), constraints),
      /may not sign cert/,
    ],
    [
      "keyUsage without keyCertSign",
      withExtensions(
        X.encodeBasicConstraints(true),
        X.encodeKeyUsage(["digitalSignature", "cRLSign"]),
        constraints,
      ),
      /may not sign cert/,
    ],
    ["a zero serial number", { serial: integer(0) }, /serial number is zero/],
    [
      "an unknown critical extension",
      withExtensions(...good, extension("1.2.3.4", nullValue(), boolean(true))),
      /critical extension 1\.2\.3\.4/,
    ],
    [
      "other constraints than the other",
      withExtensions(X.encodeBasicConstraints(true), usage, X.encodeDnsNameConstraints(["com"])),
      /different name constraints/,
    ],
    [
      "no constraints where the other has",
      withExtensions(X.encodeBasicConstraints(true), usage),
      /different name constraints/,
    ],
    [
      "excluded subtrees",
      constrained(sequence(explicit(0, dnsSubtree("test")), explicit(1, dnsSubtree("a.test")))),
      /exclusions/,
    ],
    ["constraints with nothing in them", constrained(sequence()), /exclusions/],
    [
      "an address constraint",
      constrained(sequence(explicit(0, sequence(implicit(7, new Uint8Array(8)))))),
      /not plain domains/,
    ],
    [
      "an empty domain, which permits all",
      constrained(sequence(explicit(0, dnsSubtree("")))),
      /not plain domains/,
    ],
    ["a leading dot", constrained(sequence(explicit(0, dnsSubtree(".test")))), /not plain domains/],
  ];
  for (const [name, changes, message] of both) {
    for (const role of ["root", "issuer"] as const) {
      test(`${role} with ${name}`, async () => {
        const files = role === "root" ? await build(changes, {}) : await build({}, changes);
        await assert.rejects(openAuthority(files), (error: unknown) => {
          assert.ok(error instanceof LocalTlsError);
          // a zero serial of the issuer is refused while reading, that of a root here
          assert.ok(error.code === "CA_MISMATCH" || error.code === "DER_INVALID", error.code);
          assert.match(error.message, message);
          return true;
        });
      });
    }
  }
  test("root that allows no CA below it", async () => {
    const files = await build(
      withExtensions(X.encodeBasicConstraints(true, 0), usage, constraints),
      {},
    );
    await assert.rejects(openAuthority(files), { code: "CA_MISMATCH", message: /no CA below/ });
  });
  test("issuer for mail alone", async () => {
    const files = await build(
      {},
      withExtensions(...good, X.encodeExtKeyUsage([OID.emailProtection])),
    );
    await assert.rejects(openAuthority(files), { code: "CA_MISMATCH", message: /for servers/ });
  });
  test("root without a subject", async () => {
    const files = await build({ subject: sequence(), issuer: sequence() }, { issuer: sequence() });
    await assert.rejects(openAuthority(files), { code: "CA_MISMATCH", message: /no subject/ });
  });
  test("root that another root issued", async () => {
    const files = await build({ issuer: issuerName }, {});
    await assert.rejects(openAuthority(files), { code: "CA_MISMATCH", message: /own key/ });
  });
  test("issuer that names another key of the root", async () => {
    const identified = [...good, X.encodeSubjectKeyIdentifier(new Uint8Array(20))];
    const wrong = [...good, X.encodeAuthorityKeyIdentifier(new Uint8Array(20).fill(1))];
    const files = await build(withExtensions(...identified), withExtensions(...wrong));
    await assert.rejects(openAuthority(files), {
      code: "CA_MISMATCH",
      message: /another root's key/,
    });
  });
});
