import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, concatBytes, equalBytes } from "../../../src/bytes.ts";
import {
  bitString,
  explicit,
  implicit,
  integer,
  integerBytes,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  utf8String,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import {
  MAX_REQUEST_LENGTH,
  parseRequest,
  verifyRequest,
} from "../../../src/x509/certification_request.ts";
import { createRequest } from "../../../src/x509/certification_request_builder.ts";
import {
  encodeBasicConstraints,
  encodeExtension,
  encodeKeyUsage,
  isCa,
} from "../../../src/x509/extensions.ts";
import { generalNameText } from "../../../src/x509/general_name.ts";
import { exportSpki, generateKey } from "../../../src/x509/keys.ts";
import { EMPTY_NAME, encodeName } from "../../../src/x509/name.ts";
import {
  attributes,
  craftRequest,
  extensionRequest,
  type RequestTlvs,
  subjectAltName,
} from "../../support/craft_request.ts";
import { mutations } from "../../support/mutations.ts";
import { x509 } from "../../support/oracle.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";

const NAMES = [
  { type: "dns", value: "a.test" },
  { type: "dns", value: "*.foo.test" },
  { type: "ip", octets: Uint8Array.of(172, 16, 99, 32) },
] as const;

describe("createRequest() and parseRequest()", () => {
  for (const type of ["p256", "p384", "rsa2048", "rsa3072"] as const) {
    test(`a ${type} key's request is verified here and by @peculiar/x509`, async () => {
      const { privateKey, publicKey } = await generateKey(type, true);
      const spki = await exportSpki(publicKey);
      const der = await createRequest({ privateKey, spki, names: NAMES });
      const request = parseRequest(der);
      await verifyRequest(request);
      assert.deepEqual(request.spki, spki);
      assert.deepEqual(request.requestedNames.map(generalNameText), [
        "a.test",
        "*.foo.test",
        "172.16.99.32",
      ]);
      assert.equal(request.commonName, undefined);
      assert.equal(request.extensions.get(OID.subjectAltName)?.critical, true);

      const judged = new x509.Pkcs10CertificateRequest(der);
      assert.equal(await judged.verify(), true);
      const found = judged.extensions.find(({ type }) => type === OID.subjectAltName);
      const names = found && new x509.SubjectAlternativeNameExtension(found.rawData).names.toJSON();
      assert.deepEqual(names, [
        { type: "dns", value: "a.test" },
        { type: "dns", value: "*.foo.test" },
        { type: "ip", value: "172.16.99.32" },
      ]);
    });
  }

  test("a common name is written where it is wanted, and the names are not critical then", async () => {
    const { privateKey, publicKey } = await generateKey("p256", true);
    const spki = await exportSpki(publicKey);
    const request = parseRequest(
      await createRequest({ privateKey, spki, names: NAMES, commonName: "a.test" }),
    );
    assert.equal(request.commonName, "a.test");
    assert.equal(request.extensions.get(OID.subjectAltName)?.critical, false);
  });

  test("createRequest() makes none without names", async () => {
    const { privateKey, publicKey } = await generateKey("p256", true);
    const spki = await exportSpki(publicKey);
    await assert.rejects(createRequest({ privateKey, spki, names: [] }), RangeError);
  });

  test("a request of @peculiar/x509 is read and verified", async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const made = await x509.Pkcs10CertificateRequestGenerator.create({
      name: "CN=Somebody, O=Some Company",
      keys,
      signingAlgorithm: algorithm,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "b.test" }])],
      attributes: [new x509.ChallengePasswordAttribute("secret")],
    });
    const request = parseRequest(new Uint8Array(made.rawData));
    await verifyRequest(request);
    assert.deepEqual(request.requestedNames.map(generalNameText), ["b.test"]);
    assert.equal(request.commonName, "Somebody");
  });

  test("the input is copied", async () => {
    const der = await craftRequest();
    const request = parseRequest(der);
    der.fill(0);
    await verifyRequest(request);
  });
});

describe("parseRequest() takes what others write", () => {
  const cases: [string, Partial<RequestTlvs>, names: string[]][] = [
    ["no attributes", { attributes: attributes() }, []],
    ["an empty subject", { subject: EMPTY_NAME }, ["a.test"]],
    ["a request without names", { attributes: attributes(extensionRequest()) }, []],
    [
      "attributes that are unknown",
      {
        attributes: attributes(
          sequence(oid("1.3.6.1.4.1.311.13.2.3"), set(utf8String("10.0.17763.2"))),
          extensionRequest(subjectAltName("b.test")),
        ),
      },
      ["b.test"],
    ],
  ];
  for (const [name, changes, names] of cases) {
    test(name, async () => {
      const request = parseRequest(await craftRequest(changes));
      await verifyRequest(request);
      assert.deepEqual(request.requestedNames.map(generalNameText), names);
    });
  }

  test("a wish for CA:TRUE and keyCertSign is shown, and is no name", async () => {
    const wish = extensionRequest(
      encodeBasicConstraints(true),
      encodeKeyUsage(["keyCertSign"]),
      subjectAltName("a.test"),
    );
    const request = parseRequest(await craftRequest({ attributes: attributes(wish) }));
    assert.equal(isCa(request), true);
    assert.deepEqual(request.requestedNames.map(generalNameText), ["a.test"]);
  });

  test("a common name that is a path is only text, and control characters are escaped", async () => {
    const subject = encodeName([[OID.commonName, "../../evil\n\u001b[2J"]]);
    const request = parseRequest(await craftRequest({ subject }));
    assert.equal(request.commonName, "../../evil\n\u001b[2J");
    assert.equal(request.subjectText, "CN=../../evil\\0a\\1b[2J");
  });
});

describe("parseRequest() refuses", () => {
  const twice = extensionRequest(subjectAltName("a.test"));
  const cases: [string, Partial<RequestTlvs>, RegExp][] = [
    ["version 2", { version: integer(1) }, /its version is not 1/],
    ["a negative version", { version: integer(-1) }, /version.*negative/],
    ["a version that is no INTEGER", { version: nullValue() }, /version.*tag is 05/],
    ["a subject that is a SET", { subject: set() }, /subject.*tag is 31/],
    ["a subject that is damaged", { subject: sequence(integer(1)) }, /rdn.*tag is 02/],
    ["an RDN without attributes", { subject: sequence(set()) }, /attribute.*missing/],
    ["no attributes field", { attributes: new Uint8Array() }, /attributes.*missing/],
    [
      "attributes under another tag",
      { attributes: explicit(1, sequence()) },
      /attributes.*tag is a1/,
    ],
    ["an empty attribute", { attributes: attributes(sequence()) }, /type.*missing/],
    [
      "an attribute without values",
      { attributes: attributes(sequence(oid(OID.extensionRequest))) },
      /values.*missing/,
    ],
    [
      "an extension request without extensions",
      { attributes: attributes(sequence(oid(OID.extensionRequest), set())) },
      /extensionRequest.*missing/,
    ],
    [
      "an extension request with two values",
      {
        attributes: attributes(
          sequence(oid(OID.extensionRequest), set(sequence(), sequence(subjectAltName("b.test")))),
        ),
      },
      /more than one value/,
    ],
    [
      "two extension requests",
      { attributes: attributes(twice, twice) },
      /asks for extensions twice/,
    ],
    [
      "two subjectAltNames",
      {
        attributes: attributes(
          extensionRequest(subjectAltName("a.test"), subjectAltName("b.test")),
        ),
      },
      /same extension twice/,
    ],
    [
      "an empty subjectAltName",
      {
        attributes: attributes(
          extensionRequest(encodeExtension(OID.subjectAltName, false, sequence())),
        ),
      },
      /generalName.*missing/,
    ],
    [
      "an address of 5 octets",
      {
        attributes: attributes(
          extensionRequest(
            encodeExtension(OID.subjectAltName, false, sequence(implicit(7, new Uint8Array(5)))),
          ),
        ),
      },
      /iPAddress has 4 or 16 octets/,
    ],
    [
      "a name that is not ASCII",
      {
        attributes: attributes(
          extensionRequest(
            encodeExtension(OID.subjectAltName, false, sequence(implicit(2, Uint8Array.of(0xe4)))),
          ),
        ),
      },
      /not ASCII/,
    ],
    [
      "a signature with unused bits",
      { signature: bitString(Uint8Array.of(0xfe), 1) },
      /whole octet/,
    ],
    [
      "a signature that is no BIT STRING",
      { signature: octetString(new Uint8Array(8)) },
      /tag is 04/,
    ],
  ];
  for (const [name, changes, message] of cases) {
    test(name, async () => {
      const der = await craftRequest(changes);
      assert.throws(() => parseRequest(der), (error) => {
        assert.ok(error instanceof LocalTlsError);
        assert.ok(["CSR_INVALID", "DER_INVALID"].includes(error.code), error.code);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  test("octets after the end", async () => {
    const der = concatBytes([await craftRequest(), Uint8Array.of(0)]);
    assert.throws(() => parseRequest(der), { code: "DER_INVALID" });
  });

  test("a file that is too large, without reading it", () => {
    const huge = new Uint8Array(MAX_REQUEST_LENGTH + 1);
    assert.throws(() => parseRequest(huge), { code: "CSR_INVALID", message: /more than 1048576/ });
  });

  test("a certificate", async () => {
    const keys = await generateKey("p256", true);
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      name: "CN=a",
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    });
    assert.throws(() => parseRequest(new Uint8Array(made.rawData)), { code: "DER_INVALID" });
  });
});

/** A SubjectPublicKeyInfo. */
function spkiOf(algorithm: Bytes, bits: Uint8Array): Bytes {
  return sequence(algorithm, bitString(bits));
}

const RSA = sequence(oid(OID.rsaEncryption), nullValue());

/** An RSA key of numbers that nobody has a private key for. */
function rsaSpki(modulusBits: number, exponent: number | bigint, last = 0xff): Bytes {
  const modulus = new Uint8Array(Math.ceil(modulusBits / 8)).fill(0xff);
  modulus[0] = 0xff >> (modulus.length * 8 - modulusBits);
  modulus[modulus.length - 1] = last;
  return spkiOf(RSA, sequence(integerBytes(modulus), integer(exponent)));
}

function ecSpki(curve: string, bits: Uint8Array): Bytes {
  return spkiOf(sequence(oid(OID.ecPublicKey), oid(curve)), bits);
}

const OFF_CURVE = new Uint8Array(65).fill(1);
OFF_CURVE[0] = 4;

describe("verifyRequest() refuses the key", () => {
  const cases: [string, spki: Bytes, RegExp][] = [
    ["RSA of 1024 bits", rsaSpki(1024, 65537), /RSA 1024.*too weak/],
    ["RSA of 2047 bits", rsaSpki(2047, 65537), /RSA 2047.*too weak/],
    ["RSA of 8193 bits", rsaSpki(8193, 65537), /RSA 8193.*clients refuse/],
    ["RSA with the exponent 1", rsaSpki(2048, 1), /exponent is 1/],
    ["RSA with the exponent 3", rsaSpki(2048, 3), /exponent is 3/],
    ["RSA with an even exponent", rsaSpki(2048, 65538), /exponent is 65538/],
    ["RSA with an exponent over 31 bits", rsaSpki(2048, 2n ** 31n + 1n), /exponent is 2147483649/],
    ["RSA with a huge exponent", rsaSpki(2048, 2n ** 2000n + 1n), /exponent is too large/],
    ["RSA with an even modulus", rsaSpki(2048, 65537, 0xfe), /modulus is even/],
    [
      "RSA without parameters",
      spkiOf(sequence(oid(OID.rsaEncryption)), sequence(integer(1), integer(1))),
      /not NULL/,
    ],
    ["RSA-PSS", spkiOf(sequence(oid(OID.rsassaPss)), rsaSpki(2048, 65537).subarray(24)), /RSA-PSS/],
    ["P-521", ecSpki(OID.secp521r1, new Uint8Array(133).fill(4)), /P-521/],
    ["secp256k1", ecSpki("1.3.132.0.10", new Uint8Array(65).fill(4)), /1\.3\.132\.0\.10/],
    [
      "a curve of explicit parameters",
      spkiOf(sequence(oid(OID.ecPublicKey), sequence()), OFF_CURVE),
      /explicit parameters/,
    ],
    ["a compressed point", ecSpki(OID.prime256v1, new Uint8Array(33).fill(2)), /uncompressed/],
    ["a point that is cut off", ecSpki(OID.prime256v1, OFF_CURVE.subarray(0, 64)), /65 octets/],
    ["the point at infinity", ecSpki(OID.prime256v1, Uint8Array.of(0)), /65 octets/],
    ["a point that is not on its curve", ecSpki(OID.prime256v1, OFF_CURVE), /no key/],
    ["Ed25519", spkiOf(sequence(oid(OID.ed25519)), new Uint8Array(32)), /Ed25519/],
    [
      "an algorithm that nobody knows",
      spkiOf(sequence(oid("1.2.3.4")), new Uint8Array(32)),
      /1\.2\.3\.4/,
    ],
  ];
  for (const [name, spki, message] of cases) {
    test(name, async () => {
      const keep = await craftRequest();
      const signature = bitString(parseRequest(keep).signature);
      const request = parseRequest(await craftRequest({ spki, signature }));
      // RSA-PSS keys are malformed for describePublicKey where their own parameters are missing
      const error = await verifyRequest(request).then(() => undefined, (reason) => reason);
      assert.ok(error instanceof LocalTlsError, String(error));
      assert.equal(error.code, "KEY_INVALID", error.message);
      assert.match(error.message, message);
    });
  }
});

describe("verifyRequest() refuses the signature", () => {
  test("of another key", async () => {
    const spki = await exportSpki((await generateKey("p256", true)).publicKey);
    const request = parseRequest(await craftRequest({ spki }));
    const error = await rejectsWith("CSR_INVALID", verifyRequest(request));
    assert.match(error.message, /not by its own key/);
  });

  test("over other names", async () => {
    const other = parseRequest(await craftRequest());
    const request = parseRequest(
      await craftRequest({
        attributes: attributes(extensionRequest(subjectAltName("b.test"))),
        signature: bitString(other.signature),
      }),
    );
    await rejectsWith("CSR_INVALID", verifyRequest(request));
  });

  const algorithms: [string, Bytes, RegExp][] = [
    ["of SHA-1 and ECDSA", sequence(oid(OID.ecdsaWithSha1)), /"ecdsaWithSha1".*SHA-1/],
    ["of SHA-1 and RSA", sequence(oid(OID.sha1WithRsa), nullValue()), /SHA-1 has been broken/],
    ["of MD5", sequence(oid(OID.md5WithRsa), nullValue()), /MD5 has been broken/],
    ["of RSASSA-PSS", sequence(oid(OID.rsassaPss)), /RSASSA-PSS is not supported/],
    ["of Ed25519", sequence(oid(OID.ed25519)), /not supported/],
    ["of an algorithm that nobody knows", sequence(oid("1.2.3.4")), /"1\.2\.3\.4"/],
    ["of RSA, with an EC key", sequence(oid(OID.sha256WithRsa), nullValue()), /not by its own key/],
    [
      "with parameters where none belong",
      sequence(oid(OID.ecdsaWithSha256), nullValue()),
      /own key/,
    ],
    ["with another hash than it says", sequence(oid(OID.ecdsaWithSha384)), /own key/],
  ];
  for (const [name, algorithm, message] of algorithms) {
    test(name, async () => {
      const request = parseRequest(await craftRequest({ algorithm }));
      const error = await rejectsWith("CSR_INVALID", verifyRequest(request));
      assert.match(error.message, message);
    });
  }

  const signatures: [string, Uint8Array][] = [
    ["that is empty", new Uint8Array()],
    ["of zeros", sequence(integer(0), integer(0))],
    ["that is no DER", new Uint8Array(64).fill(0xff)],
  ];
  for (const [name, signature] of signatures) {
    test(name, async () => {
      const request = parseRequest(await craftRequest({ signature: bitString(signature) }));
      await rejectsWith("CSR_INVALID", verifyRequest(request));
    });
  }
});

describe("a damaged request", () => {
  /** Nothing but LocalTlsError, and never a pass. */
  async function mustFail(der: Uint8Array): Promise<void> {
    try {
      await verifyRequest(parseRequest(der));
    } catch (error) {
      assert.ok(error instanceof LocalTlsError, `${error}`);
      return;
    }
    assert.fail("a damaged request was verified");
  }

  test("is refused with any octet flipped", async () => {
    const der = await craftRequest();
    for (let at = 0; at < der.length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const copy = der.slice();
        copy[at] = copy[at]! ^ mask;
        await mustFail(copy);
      }
    }
  });

  test("is refused cut off anywhere", async () => {
    const der = await craftRequest();
    for (let length = 0; length < der.length; length++) await mustFail(der.slice(0, length));
  });

  test("is refused damaged at random", async () => {
    const original = await craftRequest();
    for (const der of mutations(original, 1500)) {
      if (!equalBytes(der, original)) await mustFail(der);
    }
  });
});
