import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "../../../src/bytes.ts";
import { DerReader } from "../../../src/der/decode.ts";
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { type Extension, readExtensionList } from "../../../src/x509/certificate.ts";
import * as X from "../../../src/x509/extensions.ts";
import { generalNameText } from "../../../src/x509/general_name.ts";
import { hex } from "../../support/hex.ts";
import { mutations } from "../../support/mutations.ts";
import { x509 } from "../../support/oracle.ts";

/** Something that has one extension of that value. */
function having(type: string, value: Uint8Array): X.HasExtensions {
  const extension: Extension = { oid: type, critical: false, value: Uint8Array.from(value) };
  return { extensions: new Map([[type, extension]]) };
}

/** Something that has the encoded extensions. */
function decoded(...encoded: Uint8Array[]): X.HasExtensions {
  const extensions = readExtensionList(new DerReader(sequence(...encoded), "test").enter("list"));
  assert.ok(extensions);
  return { extensions };
}

const EMPTY: X.HasExtensions = { extensions: new Map() };

test("every reader answers undefined where there is no such extension", () => {
  assert.equal(X.readBasicConstraints(EMPTY), undefined);
  assert.equal(X.readKeyUsage(EMPTY), undefined);
  assert.equal(X.readExtKeyUsage(EMPTY), undefined);
  assert.equal(X.readSubjectAltNames(EMPTY), undefined);
  assert.equal(X.readNameConstraints(EMPTY), undefined);
  assert.deepEqual(X.readKeyIdentifiers(EMPTY), { subject: undefined, authority: undefined });
  assert.deepEqual(X.readSubjectAltNameTexts(EMPTY), []);
  assert.equal(X.isCa(EMPTY), false);
});

describe("what is encoded is read back, and @peculiar/x509 reads the same", () => {
  test("basicConstraints", () => {
    for (
      const [ca, pathLength] of [[true, 0], [true, 1], [true, undefined], [
        false,
        undefined,
      ]] as const
    ) {
      const der = X.encodeBasicConstraints(ca, pathLength);
      assert.deepEqual(X.readBasicConstraints(decoded(der)), { ca, pathLength });
      const theirs = new x509.BasicConstraintsExtension(der);
      assert.deepEqual([theirs.ca, theirs.pathLength, theirs.critical], [ca, pathLength, true]);
    }
  });
  test("keyUsage, every bit", () => {
    for (const [bit, usage] of X.KEY_USAGES.entries()) {
      const der = X.encodeKeyUsage([usage]);
      assert.deepEqual([...X.readKeyUsage(decoded(der))!], [usage]);
      assert.equal(new x509.KeyUsagesExtension(der).usages, 1 << bit);
      assert.equal(new x509.KeyUsagesExtension(der).critical, true);
    }
    assert.equal(toHex(X.encodeKeyUsage(["cRLSign", "keyCertSign"])).endsWith("03020106"), true);
  });
  test("extKeyUsage", () => {
    const der = X.encodeExtKeyUsage([OID.serverAuth, OID.clientAuth]);
    assert.deepEqual(X.readExtKeyUsage(decoded(der)), [OID.serverAuth, OID.clientAuth]);
    assert.deepEqual([...new x509.ExtendedKeyUsageExtension(der).usages], [
      OID.serverAuth,
      OID.clientAuth,
    ]);
  });
  test("subjectAltName", () => {
    const der = X.encodeSubjectAltName([
      { type: "dns", value: "*.foo.test" },
      { type: "ip", octets: hex("7f000001") },
      { type: "ip", octets: hex("fe80 0000 0000 0000 0000 0000 0000 0001") },
    ], true);
    assert.deepEqual(X.readSubjectAltNameTexts(decoded(der)), [
      "*.foo.test",
      "127.0.0.1",
      "fe80::1",
    ]);
    const theirs = new x509.SubjectAlternativeNameExtension(der);
    assert.equal(theirs.critical, true);
    assert.deepEqual(theirs.names.toJSON().map(({ value }) => value), [
      "*.foo.test",
      "127.0.0.1",
      "fe80::1",
    ]);
  });
  test("key identifiers", () => {
    const found = X.readKeyIdentifiers(
      decoded(
        X.encodeSubjectKeyIdentifier(hex("0102")),
        X.encodeAuthorityKeyIdentifier(hex("0304")),
      ),
    );
    assert.deepEqual(found, { subject: hex("0102"), authority: hex("0304") });
    assert.equal(
      new x509.AuthorityKeyIdentifierExtension(X.encodeAuthorityKeyIdentifier(hex("0304"))).keyId,
      "0304",
    );
  });
  test("nameConstraints", () => {
    const der = X.encodeDnsNameConstraints(["localhost", "home.arpa"]);
    const found = X.readNameConstraints(decoded(der));
    assert.deepEqual(found?.permitted, [{ type: "dns", value: "localhost" }, {
      type: "dns",
      value: "home.arpa",
    }]);
    assert.equal(found?.excluded, undefined);
    const expected =
      "3028 0603551d1e 0101ff 041e 301c a01a 300b 82096c6f63616c686f7374 300b 8209686f6d652e61727061";
    assert.equal(toHex(der), toHex(hex(expected)));
  });
});

describe("readers refuse what is malformed", () => {
  const dns = (text: string) => implicit(2, new TextEncoder().encode(text));
  const cases: [string, (from: X.HasExtensions) => unknown, string, Uint8Array][] = [
    [
      "a path length without CA",
      X.readBasicConstraints,
      OID.basicConstraints,
      sequence(integer(0)),
    ],
    [
      "a negative path length",
      X.readBasicConstraints,
      OID.basicConstraints,
      sequence(boolean(true), integer(-1)),
    ],
    ["a cA of 01", X.readBasicConstraints, OID.basicConstraints, hex("3003 010101")],
    [
      "basicConstraints with more in it",
      X.readBasicConstraints,
      OID.basicConstraints,
      sequence(boolean(true), integer(1), nullValue()),
    ],
    [
      "basicConstraints with more behind",
      X.readBasicConstraints,
      OID.basicConstraints,
      hex("3000 0500"),
    ],
    ["an empty basicConstraints extension", X.readBasicConstraints, OID.basicConstraints, hex("")],
    ["a keyUsage that is an OCTET STRING", X.readKeyUsage, OID.keyUsage, octetString(hex("80"))],
    ["a keyUsage with unused bits that are set", X.readKeyUsage, OID.keyUsage, hex("03020781")],
    ["a keyUsage with more behind", X.readKeyUsage, OID.keyUsage, hex("03020780 00")],
    ["an empty extKeyUsage", X.readExtKeyUsage, OID.extKeyUsage, sequence()],
    [
      "an extKeyUsage of text",
      X.readExtKeyUsage,
      OID.extKeyUsage,
      sequence(octetString(hex("01"))),
    ],
    ["an empty subjectAltName", X.readSubjectAltNames, OID.subjectAltName, sequence()],
    [
      "an iPAddress of 5 octets",
      X.readSubjectAltNames,
      OID.subjectAltName,
      sequence(implicit(7, hex("0102030405"))),
    ],
    [
      "an iPAddress of 8 octets in subjectAltName",
      X.readSubjectAltNames,
      OID.subjectAltName,
      sequence(implicit(7, new Uint8Array(8))),
    ],
    [
      "a dNSName of 8 bits",
      X.readSubjectAltNames,
      OID.subjectAltName,
      sequence(implicit(2, hex("fc"))),
    ],
    [
      "a GeneralName [9]",
      X.readSubjectAltNames,
      OID.subjectAltName,
      sequence(implicit(9, hex("61"))),
    ],
    [
      "a GeneralName of a universal type",
      X.readSubjectAltNames,
      OID.subjectAltName,
      sequence(octetString(hex("61"))),
    ],
    [
      "a constructed dNSName",
      X.readSubjectAltNames,
      OID.subjectAltName,
      sequence(explicit(2, dns("a"))),
    ],
    [
      "an iPAddress of 4 octets in constraints",
      X.readNameConstraints,
      OID.nameConstraints,
      sequence(explicit(0, sequence(implicit(7, hex("01020304"))))),
    ],
    [
      "a subtree with a minimum",
      X.readNameConstraints,
      OID.nameConstraints,
      sequence(explicit(0, sequence(dns("a"), implicit(0, hex("00"))))),
    ],
    [
      "empty permitted subtrees",
      X.readNameConstraints,
      OID.nameConstraints,
      sequence(explicit(0, hex(""))),
    ],
    [
      "a third list of subtrees",
      X.readNameConstraints,
      OID.nameConstraints,
      sequence(explicit(2, sequence(dns("a")))),
    ],
    [
      "a subject key identifier without type",
      X.readKeyIdentifiers,
      OID.subjectKeyIdentifier,
      hex("0102"),
    ],
    [
      "an authority key identifier with more in it",
      X.readKeyIdentifiers,
      OID.authorityKeyIdentifier,
      sequence(implicit(3, hex("01"))),
    ],
  ];
  for (const [name, read, type, value] of cases) {
    test(name, () => assert.throws(() => read(having(type, value)), { code: "DER_INVALID" }));
  }
});

describe("readers of everybody's extensions", () => {
  test("a cA of FALSE that is written out is read: many exist", () => {
    assert.deepEqual(
      X.readBasicConstraints(having(OID.basicConstraints, sequence(boolean(false)))),
      { ca: false, pathLength: undefined },
    );
  });
  test("a keyUsage with trailing zero bits is read", () => {
    assert.deepEqual([...X.readKeyUsage(having(OID.keyUsage, bitString(hex("8000"))))!], [
      "digitalSignature",
    ]);
  });
  test("other forms of names are kept apart", () => {
    const names = X.readSubjectAltNames(having(
      OID.subjectAltName,
      sequence(
        implicit(1, hex("614062")),
        implicit(6, hex("783a79")),
        explicit(4, sequence()),
        implicit(8, hex("2a03")),
      ),
    ))!;
    assert.deepEqual(names.map(({ type }) => type), ["email", "uri", "other", "other"]);
    assert.deepEqual(names.map(generalNameText), ["a@b", "x:y", "[4]", "[8]"]);
  });
  test("address constraints are read and shown with their mask", () => {
    const value = sequence(explicit(1, sequence(implicit(7, hex("0a000000 ff000000")))));
    const { excluded, permitted } = X.readNameConstraints(having(OID.nameConstraints, value))!;
    assert.equal(permitted, undefined);
    assert.deepEqual(excluded?.map(generalNameText), ["10.0.0.0/255.0.0.0"]);
  });
  test("an authority key identifier with issuer and serial number is read", () => {
    const value = sequence(implicit(0, hex("01")), explicit(1, sequence()), implicit(2, hex("05")));
    assert.deepEqual(
      X.readKeyIdentifiers(having(OID.authorityKeyIdentifier, value)).authority,
      hex("01"),
    );
  });
});

test("whatever the octets, the readers throw LocalTlsError or answer", () => {
  const values: [string, Uint8Array, (from: X.HasExtensions) => unknown][] = [
    [OID.basicConstraints, sequence(boolean(true), integer(3)), X.readBasicConstraints],
    [OID.keyUsage, bitString(hex("0680"), 7), X.readKeyUsage],
    [OID.extKeyUsage, sequence(oid(OID.serverAuth), oid(OID.clientAuth)), X.readExtKeyUsage],
    [
      OID.subjectAltName,
      sequence(implicit(2, hex("6162")), implicit(7, hex("7f000001"))),
      X.readSubjectAltNameTexts,
    ],
    [
      OID.nameConstraints,
      sequence(explicit(0, sequence(implicit(2, hex("61"))))),
      X.readNameConstraints,
    ],
  ];
  for (const [type, original, read] of values) {
    for (const bytes of mutations(original, 600, 5)) {
      try {
        read(having(type, bytes));
      } catch (error) {
        assert.ok(error instanceof LocalTlsError, String(error));
      }
    }
  }
});
