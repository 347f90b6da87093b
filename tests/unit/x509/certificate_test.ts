import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import {
  boolean,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import {
  MAX_CERTIFICATE_LENGTH,
  parseCertificate,
  readCommonName,
  readSubjectText,
} from "../../../src/x509/certificate.ts";
import { encodeName } from "../../../src/x509/name.ts";
import { isSelfSigned } from "../../../src/x509/signature.ts";
import { craft, extension, extensions, NONE, NOW, type Parts } from "../../support/craft.ts";
import { hex } from "../../support/hex.ts";
import { mutations } from "../../support/mutations.ts";
import { x509 } from "../../support/oracle.ts";

const CONSTRAINTS = extension(OID.basicConstraints, sequence(), boolean(true));
const IMPLICIT_ID = hex("8102 0001");

describe("parseCertificate() reads what is well-formed", () => {
  test("the parts come back", () => {
    const der = craft({ extensions: extensions(CONSTRAINTS), serial: integer(0x8000) });
    const certificate = parseCertificate(der);
    assert.equal(certificate.version, 3);
    assert.equal(toHex(certificate.serialNumber), "008000");
    assert.equal(toHex(certificate.serialTlv), "0203008000");
    assert.equal(certificate.notBefore.getTime(), NOW.getTime());
    assert.equal(certificate.selfIssued, true);
    assert.equal(certificate.keyAlgorithm, OID.ecPublicKey);
    assert.equal(certificate.signatureAlgorithm, OID.ecdsaWithSha256);
    assert.equal(certificate.publicKeyBits.length, 65);
    assert.deepEqual([...certificate.extensions.keys()], [OID.basicConstraints]);
    assert.equal(certificate.extensions.get(OID.basicConstraints)?.critical, true);
    assert.equal(readCommonName(certificate.subject), "crafted");
    assert.deepEqual(certificate.der, der);
  });
  test("the certificate does not change when the bytes that it was read from do", () => {
    const der = craft();
    const certificate = parseCertificate(der);
    const before = toHex(certificate.tbs);
    der.fill(0);
    assert.equal(toHex(certificate.tbs), before);
  });
  const good: [string, Partial<Parts>, (version: number, count: number) => boolean][] = [
    ["version 1", { version: NONE }, (version, count) => version === 1 && count === 0],
    ["version 2", { version: explicit(0, integer(1)) }, (version) => version === 2],
    [
      "unique identifiers of version 2",
      { version: explicit(0, integer(1)), uniqueIds: IMPLICIT_ID },
      (version) => version === 2,
    ],
    ["version 3 without extensions", {}, (version, count) => version === 3 && count === 0],
    [
      "a critical flag FALSE that is written out",
      { extensions: extensions(extension("1.2.3", nullValue(), boolean(false))) },
      (_, count) => count === 1,
    ],
    ["an empty subject", { subject: sequence() }, (version) => version === 3],
    ["a zero serial number of a self-issued one", { serial: integer(0) }, () => true],
  ];
  for (const [name, changes, expected] of good) {
    test(`parseCertificate() reads ${name}`, () => {
      const { version, extensions: found } = parseCertificate(craft(changes));
      assert.ok(expected(version, found.size));
    });
  }
});

describe("parseCertificate() refuses, each with its own message", () => {
  const other = encodeName([[OID.commonName, "other"]]);
  const cases: [string, Partial<Parts>, code: string, message: RegExp][] = [
    ["version 1 that is written out", { version: explicit(0, integer(0)) }, "C", /version 1 is/],
    ["version 4", { version: explicit(0, integer(3)) }, "C", /version 4 is unknown/],
    ["a negative version", { version: explicit(0, integer(-1)) }, "D", /version.*negative/],
    ["two versions", { version: explicit(0, sequence()) }, "D", /version\.version at offset/],
    ["a negative serial number", { serial: integer(-5) }, "D", /serialNumber.*negative/],
    ["a serial number of 21 octets", { serial: integer(2n ** 160n) }, "D", /21 octets/],
    [
      "a zero serial number of a certificate that others issued",
      { serial: integer(0), issuer: other },
      "D",
      /serialNumber at offset [0-9]+: the serial number is zero/,
    ],
    ["a serial number that is not minimal", { serial: hex("02020001") }, "D", /not minimal/],
    ["no serial number", { serial: NONE }, "D", /serialNumber.*tag is 30, not 02/],
    [
      "two signature algorithms",
      { outerAlgorithm: sequence(oid(OID.ecdsaWithSha384)) },
      "C",
      /two signature algorithms differ/,
    ],
    [
      "parameters in one of the signature algorithms",
      { outerAlgorithm: sequence(oid(OID.ecdsaWithSha256), nullValue()) },
      "C",
      /two signature algorithms differ/,
    ],
    [
      "an algorithm with two parameters",
      { innerAlgorithm: sequence(oid("1.2.3"), nullValue(), nullValue()) },
      "D",
      /tbsCertificate\.signature at offset [0-9]+: 2 octets follow/,
    ],
    [
      "a validity of one time",
      { validity: sequence(hex("170d3236313132343031303230335a")) },
      "D",
      /notAfter.*missing/,
    ],
    [
      "a validity of dates without seconds",
      { validity: sequence(hex("170b323631313234303130325a")) },
      "D",
      /notBefore.*YYMMDDHHMMSSZ/,
    ],
    ["a signature with unused bits", { signature: hex("03020780") }, "D", /signatureValue.*whole/],
    ["a key without bits", { spki: sequence(sequence(oid("1.2.3"))) }, "D", /subjectPublicKey/],
    [
      "extensions in version 1",
      { version: NONE, extensions: extensions(CONSTRAINTS) },
      "C",
      /version 1 has no ext/,
    ],
    [
      "unique identifiers in version 1",
      { version: NONE, uniqueIds: IMPLICIT_ID },
      "C",
      /version 1 has no unique/,
    ],
    [
      "an empty list of extensions",
      { extensions: extensions() },
      "C",
      /list of extensions is empty/,
    ],
    [
      "an extension that comes twice",
      { extensions: extensions(CONSTRAINTS, CONSTRAINTS) },
      "C",
      /comes twice/,
    ],
    [
      "a critical flag of 01",
      { extensions: extensions(extension("1.2.3", nullValue(), hex("010101"))) },
      "D",
      /critical.*00 or ff/,
    ],
    [
      "an extension without value",
      { extensions: extensions(sequence(oid("1.2.3"))) },
      "D",
      /extnValue.*missing/,
    ],
    [
      "an extension with more behind",
      { extensions: extensions(sequence(oid("1.2.3"), octetString(NONE), nullValue())) },
      "D",
      /extension at offset.*follow/,
    ],
    [
      "two lists of extensions",
      { extensions: explicit(3, sequence(sequence(CONSTRAINTS), sequence())) },
      "D",
      /./,
    ],
    ["a field after the extensions", { signature: NONE }, "D", /signatureValue.*missing/],
  ];
  for (const [name, changes, code, message] of cases) {
    test(`parseCertificate() refuses ${name}`, () => {
      assert.throws(() => parseCertificate(craft(changes)), (error: unknown) => {
        assert.ok(error instanceof LocalTlsError);
        assert.equal(error.code, code === "D" ? "DER_INVALID" : "CERTIFICATE_INVALID");
        assert.match(error.message, message);
        return true;
      });
    });
  }
  test("an octet after the end is refused", () => {
    const der = craft();
    assert.throws(() => parseCertificate(Uint8Array.from([...der, 0])), /1 octets follow its end/);
  });
  test("every truncation is refused", () => {
    const der = craft({ extensions: extensions(CONSTRAINTS) });
    for (let length = 0; length < der.length; length++) {
      assert.throws(() => parseCertificate(der.subarray(0, length)), { code: "DER_INVALID" });
    }
  });
  test("more than a mebibyte is refused", () => {
    const large = new Uint8Array(MAX_CERTIFICATE_LENGTH + 1);
    assert.throws(() => parseCertificate(large), { code: "CERTIFICATE_INVALID" });
  });
});

test("whatever the octets, parseCertificate() throws LocalTlsError or gives a certificate", () => {
  const original = craft({ extensions: extensions(CONSTRAINTS), uniqueIds: IMPLICIT_ID });
  let refused = 0;
  for (const bytes of mutations(original, 4000, 11)) {
    try {
      parseCertificate(bytes);
    } catch (error) {
      assert.ok(error instanceof LocalTlsError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 2000);
});

describe("certificates that @peculiar/x509 made are read alike", () => {
  x509.cryptoProvider.set(crypto);
  const RSA = {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  };
  const algorithms: [
    string,
    EcKeyGenParams | RsaHashedKeyGenParams | { name: string },
    object,
    string,
  ][] = [
    [
      "P-256",
      { name: "ECDSA", namedCurve: "P-256" },
      { name: "ECDSA", hash: "SHA-256" },
      OID.ecPublicKey,
    ],
    [
      "P-384",
      { name: "ECDSA", namedCurve: "P-384" },
      { name: "ECDSA", hash: "SHA-384" },
      OID.ecPublicKey,
    ],
    ["RSA", { ...RSA, hash: "SHA-256" }, { ...RSA, hash: "SHA-256" }, OID.rsaEncryption],
    ["RSA, SHA-1", { ...RSA, hash: "SHA-1" }, { ...RSA, hash: "SHA-1" }, OID.rsaEncryption],
    ["RSA, SHA-512", { ...RSA, hash: "SHA-512" }, { ...RSA, hash: "SHA-512" }, OID.rsaEncryption],
    ["Ed25519", { name: "Ed25519" }, { name: "Ed25519" }, OID.ed25519],
  ];
  for (const [name, generate, signing, keyAlgorithm] of algorithms) {
    test(`a self-signed certificate with ${name}`, async () => {
      const keys = await crypto.subtle.generateKey(generate, true, [
        "sign",
        "verify",
      ]) as CryptoKeyPair;
      const made = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: "7f00ff",
        name: [{ CN: ["ann's CA"] }, { O: ["a, b"] }],
        notBefore: NOW,
        notAfter: new Date("2060-01-02T03:04:05Z"),
        signingAlgorithm: signing as EcdsaParams,
        keys,
        extensions: [new x509.BasicConstraintsExtension(true, 3, true)],
      });
      const certificate = parseCertificate(new Uint8Array(made.rawData));
      assert.equal(toHex(certificate.serialNumber), made.serialNumber);
      assert.equal(certificate.notBefore.getTime(), made.notBefore.getTime());
      assert.equal(certificate.notAfter.getTime(), made.notAfter.getTime());
      assert.equal(certificate.keyAlgorithm, keyAlgorithm);
      assert.equal(toHex(certificate.spki), toHex(new Uint8Array(made.publicKey.rawData)));
      assert.equal(readSubjectText(certificate.subject), "O=a\\, b, CN=ann's CA");
      assert.equal(await isSelfSigned(certificate), true);
    });
  }
});
