import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toBytes } from "../../../src/bytes.ts";
import {
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  utf8String,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { encodeBase64, encodePem } from "../../../src/der/pem.ts";
import { asn1Text } from "../../../src/inspect/asn1_text.ts";
import { chainOrder, linkCertificates } from "../../../src/inspect/chain.ts";
import { kindOf, readContents } from "../../../src/inspect/contents.ts";
import { inspectParts } from "../../../src/inspect/inspect_parts.ts";
import { belongsTogether } from "../../../src/inspect/private_key.ts";
import { sniff } from "../../../src/inspect/sniff.ts";
import { describeValidity, spanText } from "../../../src/inspect/validity_words.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { exportPkcs8, exportSpki, generateKey } from "../../../src/x509/keys.ts";
import { craft, craftSigned, NOW } from "../../support/craft.ts";
import { encodeName } from "../../../src/x509/name.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("validity in words", () => {
  const HOUR = 3_600_000;
  const spans: readonly (readonly [number, string])[] = [
    [0, "less than a minute"],
    [59_999, "less than a minute"],
    [60_000, "1 minute"],
    [119 * 60_000, "119 minutes"],
    [2 * HOUR, "2 hours"],
    [47 * HOUR, "47 hours"],
    [48 * HOUR, "2 days"],
    [729 * 24 * HOUR, "729 days"],
    [731 * 24 * HOUR, "2 years"],
  ];
  for (const [milliseconds, text] of spans) {
    test(text, () => assert.equal(spanText(milliseconds), text));
  }

  test("both ends are valid, and what lies beyond them is not", () => {
    const at = (ms: number) => new Date(NOW.getTime() + ms);
    const validity = { notBefore: at(0), notAfter: at(12 * 24 * HOUR) };
    const words = (ms: number) => describeValidity(validity, at(ms)).text;
    assert.equal(words(0), "ends in 12 days");
    assert.equal(describeValidity(validity, at(12 * 24 * HOUR)).state, "valid");
    assert.equal(words(15 * 24 * HOUR), "ended 3 days ago");
    assert.equal(words(-2 * HOUR), "begins in 2 hours");
    assert.deepEqual(
      describeValidity({ notBefore: at(1000), notAfter: at(0) }, at(500)),
      { state: "expired", text: "ends before it begins" },
    );
  });
});

describe("asn1Text()", () => {
  const cases: readonly (readonly [Uint8Array, string])[] = [
    [sequence(oid(OID.serverAuth), integer(5), nullValue()), "{ serverAuth, 5, NULL }"],
    [utf8String("a\u001b[31m\u202eb"), '"a\\1b[31m\\e2\\80\\aeb"'],
    [octetString(sequence(integer(1))), "{ 1 }"],
    [octetString(Uint8Array.of(1, 2, 3)), "hex 010203"],
    [Uint8Array.of(0x30, 0x05, 0x01), "hex 300501"],
    [new Uint8Array(), "(empty)"],
    [Uint8Array.of(0x02, 0x01, 0xff), "-1"],
    [Uint8Array.of(0x82, 2, 0x61, 0x62), '[2] "ab"'],
    [Uint8Array.of(0x82, 2, 0x1b, 0x62), "[2] hex 1b62"],
  ];
  for (const [der, text] of cases) test(text, () => assert.equal(asn1Text(der), text));

  test("a depth bomb is hexadecimal and short", () => {
    let bomb: Uint8Array<ArrayBuffer> = integer(1);
    for (let i = 0; i < 200; i++) bomb = sequence(bomb);
    assert.match(asn1Text(bomb), /^hex 30/);
    assert.ok(asn1Text(bomb).length < 500);
  });
});

describe("sniff()", () => {
  const cases: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
    ["an SSH public key", bytes("ssh-ed25519 AAAA me@here\n")],
    ["an SSH certificate", bytes("ssh-ed25519-cert-v01@openssh.com AAAA\n")],
    ["a PuTTY private key", bytes("PuTTY-User-Key-File-3: ssh-rsa\n")],
    ["a PGP message", bytes("-----BEGIN PGP MESSAGE-----\n")],
    ["an HTML page", bytes("\n <HTML><body>")],
    ["a JSON document", bytes('{"a": 1}')],
    ["only white space", bytes(" \n\t ")],
    ["a PNG picture", Uint8Array.of(0x89, 0x50, 0x4e, 0x47)],
    ["a gzip archive", Uint8Array.of(0x1f, 0x8b, 8)],
  ];
  for (const [what, content] of cases) {
    test(what, () => {
      const found = sniff(content);
      assert.equal(found.kind === "other" && found.what, what);
    });
  }

  test("text before a PEM block does not hide it", () => {
    assert.equal(sniff(bytes("{ not json\n-----BEGIN CERTIFICATE-----\n")).kind, "pem");
  });
});

describe("readContents()", () => {
  test("tells the kinds of DER apart", async () => {
    const { privateKey, publicKey } = await generateKey("p256", true);
    const pkcs8 = await exportPkcs8(privateKey);
    assert.equal(kindOf(craft()), "certificate");
    assert.equal(kindOf(craft({ version: new Uint8Array() })), "certificate");
    assert.equal(kindOf(pkcs8), "pkcs8");
    assert.equal(kindOf(await exportSpki(publicKey)), "public-key");
    assert.equal(kindOf(sequence(sequence(oid(OID.pbes2)), octetString(pkcs8))), "encrypted-key");
    assert.equal(kindOf(sequence(integer(1), octetString(pkcs8))), "sec1");
    assert.equal(kindOf(sequence(integer(3), sequence())), "pfx");
    assert.equal(kindOf(sequence(integer(0), integer(1), integer(2))), "pkcs1");
    assert.equal(kindOf(sequence(integer(5), integer(3))), "pkcs1-public");
    assert.equal(kindOf(sequence(nullValue())), "unknown");
    assert.throws(() => kindOf(sequence()), { code: "DER_INVALID" });
  });

  test("reads base64 without boundaries, and several blocks with text between them", () => {
    const der = craft();
    assert.equal(readContents(bytes(encodeBase64(der))).format, "base64");
    const pem = encodePem("CERTIFICATE", der);
    assert.equal(readContents(bytes(`\ufeffone\r\n${pem}two\r\n${pem}`)).parts.length, 2);
  });

  const wrong: readonly (readonly [string, Uint8Array<ArrayBuffer>])[] = [
    ["nothing", new Uint8Array()],
    ["a cut block", bytes(encodePem("CERTIFICATE", craft()).slice(0, 200))],
    ["a cut certificate", toBytes(craft().subarray(0, 100))],
    ["two values", toBytes(new Uint8Array([...craft(), ...craft()]))],
  ];
  for (const [what, content] of wrong) {
    test(`refuses ${what}`, () => {
      assert.throws(() => readContents(content), /^LocalTlsError: Cannot read /);
    });
  }
});

describe("linkCertificates()", () => {
  test("knows the issuer by its signature, not by its name", async () => {
    const root = await generateKey("p256", true);
    const impostor = await generateKey("p256", true);
    const leaf = await generateKey("p256", true);
    const name = encodeName([[OID.commonName, "root"]]);
    const made = async (subject: Uint8Array<ArrayBuffer>, key: CryptoKeyPair, by: CryptoKeyPair) =>
      parseCertificate(
        await craftSigned(
          { subject, issuer: name, spki: await exportSpki(key.publicKey) },
          by.privateKey,
        ),
      );
    const rootCertificate = await made(name, root, root);
    const impostorCertificate = await made(name, impostor, impostor);
    const leafCertificate = await made(encodeName([[OID.commonName, "leaf"]]), leaf, root);
    const links = await linkCertificates(
      [leafCertificate, impostorCertificate, rootCertificate],
      undefined,
    );
    assert.deepEqual(links[0], { signature: "good", selfSigned: false, issuedBy: 2 });
    assert.deepEqual(links[1], { signature: "good", selfSigned: true, issuedBy: 1 });
    const forged = await linkCertificates([leafCertificate, impostorCertificate], undefined);
    assert.equal(forged[0]!.signature, "bad");
    assert.equal((await linkCertificates([leafCertificate], undefined))[0]!.signature, "no-issuer");
    const pair = await linkCertificates([leafCertificate, rootCertificate], undefined);
    assert.equal(chainOrder(pair), "in-order");
    const turned = await linkCertificates([rootCertificate, leafCertificate], undefined);
    assert.equal(chainOrder(turned), "out-of-order");
    const roots = await linkCertificates([rootCertificate, impostorCertificate], undefined);
    assert.equal(chainOrder(roots), undefined);
  });
});

describe("belongsTogether()", () => {
  for (const type of ["p256", "p384", "rsa2048"] as const) {
    test(`${type}: its own public key and no other`, async () => {
      const [one, other] = [await generateKey(type, true), await generateKey(type, true)];
      const pkcs8 = await exportPkcs8(one.privateKey);
      assert.equal(await belongsTogether(pkcs8, await exportSpki(one.publicKey)), true);
      assert.equal(await belongsTogether(pkcs8, await exportSpki(other.publicKey)), false);
    });
  }

  test("keys of two kinds do not", async () => {
    const { privateKey } = await generateKey("p256", true);
    const { publicKey } = await generateKey("p384", true);
    const pkcs8 = await exportPkcs8(privateKey);
    assert.equal(await belongsTogether(pkcs8, await exportSpki(publicKey)), false);
  });
});

describe("inspectParts()", () => {
  const options = { now: NOW, own: undefined, openKey: () => Promise.resolve(undefined) };

  test("one bad block does not hide the others", async () => {
    const good = { kind: "certificate", der: craft(), label: "CERTIFICATE" } as const;
    const bad = { ...good, der: sequence(integer(1)) };
    const report = await inspectParts([good, bad, good], options);
    assert.equal(report.certificates.length, 2);
    assert.match(report.unreadable[0]!, /^part 2: /);
    await assert.rejects(inspectParts([bad], options), { code: "DER_INVALID" });
  });

  test("no octet of a private key is in the report", async () => {
    const { privateKey } = await generateKey("p256", true);
    const der = await exportPkcs8(privateKey);
    const report = await inspectParts([{ kind: "pkcs8", der, label: undefined }], options);
    assert.deepEqual(report.keys, [{
      private: true,
      keyType: "P-256",
      format: "PKCS#8",
      certificates: [],
      requests: [],
    }]);
  });
});
