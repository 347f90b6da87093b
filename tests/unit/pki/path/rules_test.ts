/** One rule after the other: a good chain with one thing wrong, and whom the reason blames for it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Bytes, concatBytes } from "../../../../src/bytes.ts";
import {
  asciiOctets,
  bitString,
  boolean,
  encodeTlv,
  explicit,
  implicit,
  integer,
  integerBytes,
  nullValue,
  octetString,
  oid,
  sequence,
} from "../../../../src/der/encode.ts";
import { OID } from "../../../../src/der/oids.ts";
import type { PathProfile, VerifyPathOptions } from "../../../../src/pki/path/options.ts";
import type { PathReasonCode, PathRole } from "../../../../src/pki/path/reason.ts";
import { verifyPath } from "../../../../src/pki/path/verify_path.ts";
import { encodeGeneralName } from "../../../../src/x509/general_name.ts";
import { EMPTY_NAME, encodeName } from "../../../../src/x509/name.ts";
import { extension, NONE, validity } from "../../../support/craft.ts";
import {
  ca,
  chain,
  type ChainChanges,
  constraints,
  eku,
  ENTITIES,
  keyUsage,
  san,
  TIME,
} from "../../../support/path_kit.ts";

type Expected = "ok" | readonly [PathReasonCode, PathRole];

interface Rule {
  readonly title: string;
  readonly changes?: ChainChanges;
  readonly options?: Partial<VerifyPathOptions>;
  /** By profile; "path" alone where the others say the same. */
  readonly path: Expected;
  readonly strict?: Expected;
  readonly baseline?: Expected;
}

const CRITICAL = boolean(true);
const dns = (value: string) => encodeGeneralName({ type: "dns", value });
const email = (value: string) => encodeGeneralName({ type: "email", value });
const uri = (value: string) => encodeGeneralName({ type: "uri", value });
const ip = (...octets: number[]) => implicit(7, Uint8Array.from(octets));
const directory = (name: Bytes) => explicit(4, name);
const cn = (value: string) => encodeName([[OID.commonName, value]]);
const hours = (n: number) => new Date(TIME.getTime() + n * 3_600_000);
const generalized = (text: string) => encodeTlv(0x18, asciiOctets(text));
const leafName = (name: string): ChainChanges => ({
  leaf: { subjectAltName: san(name, "a.test") },
});
const algorithm = (type: string, parameters: Bytes = NONE) => {
  const tlv = sequence(oid(type), parameters);
  return { innerAlgorithm: tlv, outerAlgorithm: tlv };
};
const unknown = (critical: Bytes) => ({ more: extension("1.2.3.4", nullValue(), critical) });

const RULES: readonly Rule[] = [
  { title: "a good chain", path: "ok" },
  { title: "a name in other case", options: { name: "A.TEST" }, path: "ok" },
  { title: "another name", options: { name: "b.test" }, path: ["NAME_MISMATCH", "leaf"] },
  { title: "no name asked for", options: { name: undefined }, path: "ok" },
  {
    title: "a client asked for",
    options: { purpose: "client" },
    path: ["PURPOSE_NOT_ALLOWED", "leaf"],
  },
  {
    title: "a client's certificate",
    changes: { leaf: { extKeyUsage: eku(OID.clientAuth) } },
    options: { purpose: "client" },
    path: "ok",
  },

  // Validity: RFC 5280, 4.1.2.5
  {
    title: "before notBefore",
    options: { time: hours(-25) },
    path: ["NOT_YET_VALID", "intermediate"],
  },
  { title: "after notAfter", options: { time: hours(25) }, path: ["EXPIRED", "intermediate"] },
  { title: "at notBefore", options: { time: hours(-24) }, path: "ok" },
  {
    title: "within the second of notAfter",
    options: { time: new Date(hours(24).getTime() + 999) },
    path: "ok",
  },
  {
    title: "a leaf that expired",
    changes: { leafParts: { validity: validity(hours(-5), hours(-1)) } },
    path: ["EXPIRED", "leaf"],
  },
  {
    title: "an anchor that expired",
    changes: { rootParts: { validity: validity(hours(-5), hours(-1)) } },
    path: ["EXPIRED", "anchor"],
  },
  {
    title: "a GeneralizedTime before 2050",
    changes: {
      leafParts: {
        validity: sequence(generalized("20260101000000Z"), generalized("20270101000000Z")),
      },
    },
    path: "ok",
    strict: ["TIME_ENCODING_INVALID", "leaf"],
  },

  // CAs: RFC 5280, 4.2.1.3 and 4.2.1.9
  {
    title: "an issuer without basicConstraints",
    changes: { intermediate: { basicConstraints: NONE } },
    path: ["NOT_A_CA", "intermediate"],
  },
  {
    title: "an issuer with cA FALSE",
    changes: {
      intermediate: { basicConstraints: extension(OID.basicConstraints, sequence(), CRITICAL) },
    },
    path: ["NOT_A_CA", "intermediate"],
  },
  {
    title: "basicConstraints that are not critical",
    changes: { intermediate: { basicConstraints: ca(undefined, false) } },
    path: "ok",
    strict: ["EXTENSION_CRITICALITY", "intermediate"],
  },
  {
    title: "an anchor without basicConstraints",
    changes: { root: { basicConstraints: NONE } },
    path: ["NOT_A_CA", "anchor"],
  },
  {
    title: "an issuer without keyUsage",
    changes: { intermediate: { keyUsage: NONE } },
    path: "ok",
  },
  {
    title: "an issuer without keyCertSign",
    changes: { intermediate: { keyUsage: keyUsage("cRLSign") } },
    path: ["KEY_USAGE_MISSING", "intermediate"],
  },
  {
    title: "path length 0 on the intermediate",
    changes: { intermediate: { basicConstraints: ca(0) } },
    path: "ok",
  },
  {
    title: "path length 0 on the anchor",
    changes: { root: { basicConstraints: ca(0) } },
    path: ["PATH_LENGTH_EXCEEDED", "anchor"],
  },
  {
    title: "path length 1 on the anchor",
    changes: { root: { basicConstraints: ca(1) } },
    path: "ok",
  },
  {
    title: "no intermediate allowed",
    options: { maxIntermediates: 0 },
    path: ["LIMIT_EXCEEDED", "intermediate"],
  },

  // Key purposes: RFC 5280, 4.2.1.12
  {
    title: "an intermediate for servers",
    changes: { intermediate: { extKeyUsage: eku(OID.serverAuth) } },
    path: "ok",
  },
  {
    title: "an intermediate for e-mail",
    changes: { intermediate: { extKeyUsage: eku(OID.emailProtection) } },
    path: ["PURPOSE_NOT_ALLOWED", "intermediate"],
  },
  {
    title: "an intermediate for everything",
    changes: { intermediate: { extKeyUsage: eku(OID.anyExtendedKeyUsage) } },
    path: "ok",
  },
  {
    title: "an anchor for e-mail",
    changes: { root: { extKeyUsage: eku(OID.emailProtection) } },
    path: ["PURPOSE_NOT_ALLOWED", "anchor"],
  },
  {
    title: "an anchor for servers",
    changes: { root: { extKeyUsage: eku(OID.serverAuth) } },
    path: "ok",
    strict: ["EXTENSION_FORBIDDEN", "anchor"],
  },
  {
    title: "a leaf without purposes",
    changes: { leaf: { extKeyUsage: NONE } },
    path: "ok",
    strict: "ok",
    baseline: ["EXTENSION_MISSING", "leaf"],
  },
  {
    title: "a leaf for everything",
    changes: { leaf: { extKeyUsage: eku(OID.anyExtendedKeyUsage) } },
    path: "ok",
    strict: ["PURPOSE_NOT_ALLOWED", "leaf"],
  },
  {
    title: "a leaf for e-mail",
    changes: { leaf: { extKeyUsage: eku(OID.emailProtection) } },
    path: ["PURPOSE_NOT_ALLOWED", "leaf"],
  },
  {
    title: "a leaf that only agrees on keys",
    changes: { leaf: { keyUsage: keyUsage("keyAgreement") } },
    path: "ok",
    strict: ["KEY_USAGE_MISSING", "leaf"],
  },
  { title: "a leaf without keyUsage", changes: { leaf: { keyUsage: NONE } }, path: "ok" },
  {
    title: "a leaf that is a CA",
    changes: { leaf: { basicConstraints: ca() } },
    path: "ok",
    strict: ["CA_AS_LEAF", "leaf"],
  },
  {
    title: "a leaf with keyCertSign",
    changes: { leaf: { keyUsage: keyUsage("digitalSignature", "keyCertSign") } },
    path: "ok",
    strict: ["EXTENSION_FORBIDDEN", "leaf"],
  },
  {
    title: "a leaf with name constraints",
    changes: { leaf: { nameConstraints: constraints([dns("a.test")]) } },
    path: "ok",
    strict: ["EXTENSION_FORBIDDEN", "leaf"],
  },

  // Extensions: RFC 5280, 4.2
  { title: "an unknown extension", changes: { leaf: unknown(NONE) }, path: "ok" },
  {
    title: "an unknown critical extension",
    changes: { leaf: unknown(CRITICAL) },
    path: ["CRITICAL_EXTENSION_UNKNOWN", "leaf"],
  },
  {
    title: "one in an intermediate",
    changes: { intermediate: unknown(CRITICAL) },
    path: ["CRITICAL_EXTENSION_UNKNOWN", "intermediate"],
  },
  {
    title: "one in the anchor",
    changes: { root: unknown(CRITICAL) },
    path: ["CRITICAL_EXTENSION_UNKNOWN", "anchor"],
  },
  {
    title: "critical authorityInfoAccess",
    changes: {
      leaf: {
        more: extension(
          OID.authorityInfoAccess,
          sequence(sequence(oid("1.3.6.1.5.5.7.48.1"), uri("http://a.test"))),
          CRITICAL,
        ),
      },
    },
    path: ["CRITICAL_EXTENSION_UNKNOWN", "leaf"],
  },
  {
    title: "authorityInfoAccess that is none",
    changes: { leaf: { more: extension(OID.authorityInfoAccess, sequence()) } },
    path: ["MALFORMED", "leaf"],
  },
  {
    title: "an extension twice",
    changes: { leaf: { more: eku(OID.serverAuth) } },
    path: ["MALFORMED", "leaf"],
  },
  {
    title: "no key identifiers in the leaf",
    changes: { leaf: { authorityKeyIdentifier: NONE, subjectKeyIdentifier: NONE } },
    path: "ok",
    strict: ["EXTENSION_MISSING", "leaf"],
  },
  {
    title: "no subject key identifier in the leaf",
    changes: { leaf: { subjectKeyIdentifier: NONE } },
    path: "ok",
  },
  {
    title: "no subject key identifier in a CA",
    changes: { intermediate: { subjectKeyIdentifier: NONE } },
    path: "ok",
    strict: ["EXTENSION_MISSING", "intermediate"],
  },
  {
    title: "no subject key identifier in the anchor",
    changes: { root: { subjectKeyIdentifier: NONE } },
    path: "ok",
    strict: ["EXTENSION_MISSING", "anchor"],
  },
  {
    title: "no authority key identifier in the anchor",
    changes: { root: { authorityKeyIdentifier: NONE } },
    path: "ok",
  },
  {
    title: "the authority key identifier of another key",
    changes: {
      leaf: {
        authorityKeyIdentifier: extension(
          OID.authorityKeyIdentifier,
          sequence(implicit(0, new Uint8Array(20))),
        ),
      },
    },
    path: "ok",
    strict: ["KEY_IDENTIFIER_MISMATCH", "leaf"],
  },
  {
    title: "a critical authority key identifier",
    changes: {
      leaf: {
        authorityKeyIdentifier: extension(
          OID.authorityKeyIdentifier,
          sequence(implicit(0, ENTITIES.intermediate.keyId)),
          CRITICAL,
        ),
      },
    },
    path: "ok",
    strict: ["EXTENSION_CRITICALITY", "leaf"],
  },

  // Fields: RFC 5280, 4.1
  {
    title: "a negative serial number",
    changes: { leafParts: { serial: encodeTlv(2, Uint8Array.of(0x80)) } },
    path: ["SERIAL_NUMBER_INVALID", "leaf"],
  },
  {
    title: "serial number zero",
    changes: { leafParts: { serial: integer(0) } },
    path: ["SERIAL_NUMBER_INVALID", "leaf"],
  },
  {
    title: "a serial number of 20 octets",
    changes: { leafParts: { serial: integerBytes(new Uint8Array(20).fill(0x7f)) } },
    path: "ok",
  },
  {
    title: "a serial number of 21 octets",
    changes: { leafParts: { serial: integerBytes(new Uint8Array(21).fill(0x7f)) } },
    path: ["SERIAL_NUMBER_INVALID", "leaf"],
  },
  {
    title: "a serial number that is not minimal",
    changes: { leafParts: { serial: encodeTlv(2, Uint8Array.of(0, 1)) } },
    path: ["SERIAL_NUMBER_INVALID", "leaf"],
  },
  {
    title: "version 4",
    changes: { leafParts: { version: explicit(0, integer(3)) } },
    path: ["VERSION_UNSUPPORTED", "leaf"],
  },
  {
    title: "version 1 without extensions",
    changes: { leafParts: { version: NONE, extensions: NONE } },
    path: ["SAN_MISSING", "leaf"],
  },
  {
    title: "version 1 with extensions",
    changes: { leafParts: { version: NONE } },
    path: ["MALFORMED", "leaf"],
  },
  {
    title: "an empty subject, alternative names not critical",
    changes: { leafParts: { subject: EMPTY_NAME } },
    path: ["SUBJECT_EMPTY", "leaf"],
  },
  {
    title: "an empty subject, alternative names critical",
    changes: {
      leafParts: { subject: EMPTY_NAME },
      leaf: { subjectAltName: extension(OID.subjectAltName, sequence(dns("a.test")), CRITICAL) },
    },
    path: "ok",
  },
  {
    title: "critical alternative names beside a subject",
    changes: {
      leaf: { subjectAltName: extension(OID.subjectAltName, sequence(dns("a.test")), CRITICAL) },
    },
    path: "ok",
    strict: ["EXTENSION_CRITICALITY", "leaf"],
  },
  {
    title: "no alternative names",
    changes: { leaf: { subjectAltName: NONE }, leafParts: { subject: cn("a.test") } },
    path: ["SAN_MISSING", "leaf"],
  },
  {
    title: "empty alternative names",
    changes: { leaf: { subjectAltName: extension(OID.subjectAltName, sequence()) } },
    path: ["MALFORMED", "leaf"],
  },

  // Names of the peer: RFC 9525
  { title: "a wildcard", changes: leafName("*.b.test"), options: { name: "x.b.test" }, path: "ok" },
  {
    title: "a wildcard for two labels",
    changes: leafName("*.b.test"),
    options: { name: "x.y.b.test" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "a wildcard for none",
    changes: leafName("*.b.test"),
    options: { name: "b.test" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "a wildcard for a top level",
    changes: leafName("*.test"),
    options: { name: "x.test" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "a wildcard in a label",
    changes: leafName("x*.b.test"),
    options: { name: "xy.b.test" },
    path: ["NAME_MISMATCH", "leaf"],
    strict: ["MALFORMED", "leaf"],
  },
  {
    title: "an underscore",
    changes: leafName("a_b.test"),
    options: { name: "a_b.test" },
    path: "ok",
    strict: ["MALFORMED", "leaf"],
  },
  { title: "a dot at the end of the name asked for", options: { name: "a.test." }, path: "ok" },
  {
    title: "a dot at the end of the name",
    changes: leafName("b.test."),
    options: { name: "b.test" },
    path: ["NAME_MISMATCH", "leaf"],
    strict: ["MALFORMED", "leaf"],
  },
  {
    title: "an A-label",
    changes: leafName("xn--bcher-kva.test"),
    options: { name: "xn--bcher-kva.test" },
    path: "ok",
  },
  {
    title: "an A-label asked for as U-label",
    changes: leafName("xn--bcher-kva.test"),
    options: { name: "bücher.test" },
    path: "ok",
  },
  {
    title: "an address",
    changes: { leaf: { subjectAltName: san({ type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) } },
    options: { name: "10.0.0.1" },
    path: "ok",
  },
  {
    title: "another address",
    changes: { leaf: { subjectAltName: san({ type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) } },
    options: { name: "10.0.0.2" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "an address as dNSName",
    changes: leafName("10.0.0.1"),
    options: { name: "10.0.0.1" },
    path: ["NAME_MISMATCH", "leaf"],
    strict: ["MALFORMED", "leaf"],
  },
  {
    title: "a common name in other case",
    changes: { leafParts: { subject: cn("A.test") } },
    path: "ok",
    strict: ["COMMON_NAME_NOT_IN_SAN", "leaf"],
  },
  {
    title: "a common name that is an address in another form",
    changes: { leafParts: { subject: cn("10.0.0.01") } },
    path: "ok",
    strict: ["COMMON_NAME_NOT_IN_SAN", "leaf"],
  },
  {
    title: "a common name of another kind",
    changes: { leafParts: { subject: cn("Ann's server") } },
    path: "ok",
    strict: "ok",
    baseline: ["COMMON_NAME_NOT_IN_SAN", "leaf"],
  },

  // Name constraints: RFC 5280, 4.2.1.10
  {
    title: "permitted",
    changes: { root: { nameConstraints: constraints([dns("test")]) } },
    path: "ok",
  },
  {
    title: "not permitted",
    changes: { root: { nameConstraints: constraints([dns("example")]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "not permitted, half a label",
    changes: { root: { nameConstraints: constraints([dns("est")]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "excluded",
    changes: { intermediate: { nameConstraints: constraints([dns("test")], [dns("a.test")]) } },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "everything excluded",
    changes: { root: { nameConstraints: constraints([], [dns("")]) } },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "everything permitted",
    changes: { root: { nameConstraints: constraints([dns("")]) } },
    path: "ok",
  },
  {
    title: "a dotted constraint, below it",
    changes: { root: { nameConstraints: constraints([dns(".test")]) } },
    path: "ok",
    strict: ["MALFORMED", "anchor"],
  },
  {
    title: "a dotted constraint, the host itself",
    changes: { root: { nameConstraints: constraints([dns(".a.test")]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
    strict: ["MALFORMED", "anchor"],
  },
  {
    title: "a wildcard that could be excluded",
    changes: {
      ...leafName("*.b.test"),
      root: { nameConstraints: constraints([], [dns("x.b.test")]) },
    },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "a wildcard that could not be",
    changes: {
      ...leafName("*.b.test"),
      root: { nameConstraints: constraints([], [dns("x.y.b.test")]) },
    },
    path: "ok",
  },
  {
    title: "a wildcard of which one is permitted",
    changes: {
      ...leafName("*.b.test"),
      root: { nameConstraints: constraints([dns("x.b.test"), dns("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "addresses without constraints on them",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) },
      root: { nameConstraints: constraints([dns("test")]) },
    },
    path: "ok",
  },
  {
    title: "an address within",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) },
      root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: "ok",
  },
  {
    title: "an address outside",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: Uint8Array.of(11, 0, 0, 1) }) },
      root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "IPv6 where IPv4 is permitted",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: new Uint8Array(16) }) },
      root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "a mask with holes",
    changes: { root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 255, 0)]) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "an address without mask",
    changes: { root: { nameConstraints: constraints([ip(10, 0, 0, 0)]) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "a wildcard as constraint",
    changes: { root: { nameConstraints: constraints([dns("*.test")]) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "constraints on nothing",
    changes: { root: { nameConstraints: extension(OID.nameConstraints, sequence(), CRITICAL) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "a subject within",
    changes: {
      root: {
        nameConstraints: constraints([directory(cn("leaf")), directory(cn("intermediate"))]),
      },
    },
    path: "ok",
  },
  {
    title: "a subject within, in other case",
    changes: {
      root: {
        nameConstraints: constraints([directory(cn("LEAF ")), directory(cn("Intermediate"))]),
      },
    },
    path: "ok",
  },
  {
    title: "a subject outside",
    changes: { root: { nameConstraints: constraints([directory(cn("intermediate"))]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "an intermediate's subject outside",
    changes: { root: { nameConstraints: constraints([directory(cn("leaf"))]) } },
    path: ["NAME_NOT_PERMITTED", "intermediate"],
  },
  {
    title: "an e-mail address within",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "email", value: "ann@a.test" }) },
      root: { nameConstraints: constraints([email("a.test")]) },
    },
    path: "ok",
  },
  {
    title: "an e-mail address of a host below",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "email", value: "ann@b.a.test" }) },
      root: { nameConstraints: constraints([email("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "an e-mail address excluded",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "email", value: "ann@b.a.test" }) },
      root: { nameConstraints: constraints([], [email(".a.test")]) },
    },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "an e-mail address in the subject",
    changes: {
      leafParts: { subject: encodeName([[OID.emailAddress, "ann@b.test"]]) },
      root: { nameConstraints: constraints([email("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "a URI within",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "uri", value: "https://u@x.a.test:1/b" }) },
      root: { nameConstraints: constraints([uri(".a.test")]) },
    },
    path: "ok",
  },
  {
    title: "a URI outside",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "uri", value: "https://a.test.evil/a.test" }) },
      root: { nameConstraints: constraints([uri("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "a URI with an address",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "uri", value: "https://10.0.0.1/" }) },
      root: { nameConstraints: constraints([], [uri("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "a form that is not understood",
    changes: {
      leaf: {
        subjectAltName: extension(
          OID.subjectAltName,
          sequence(dns("a.test"), implicit(8, Uint8Array.of(42))),
        ),
      },
      root: { nameConstraints: constraints([implicit(8, Uint8Array.of(42))]) },
    },
    path: ["NAME_CONSTRAINTS_UNSUPPORTED", "leaf"],
  },
  {
    title: "one that no name has",
    changes: { root: { nameConstraints: constraints([implicit(8, Uint8Array.of(42))]) } },
    path: "ok",
  },

  // Signatures and algorithms
  {
    title: "a signature of nobody",
    changes: { leafParts: { issuer: cn("root") } },
    path: ["SIGNATURE_INVALID", "leaf"],
  },
  {
    title: "an issuer of another name",
    changes: { leafParts: { issuer: cn("nobody") } },
    path: ["ISSUER_UNKNOWN", "leaf"],
  },
  {
    title: "no issuer",
    changes: { leafParts: { issuer: EMPTY_NAME } },
    path: ["ISSUER_UNKNOWN", "leaf"],
  },
  {
    title: "SHA-1",
    changes: { leafParts: algorithm(OID.ecdsaWithSha1) },
    path: ["SIGNATURE_ALGORITHM_WEAK", "leaf"],
  },
  {
    title: "SHA-1 in an intermediate",
    changes: { intermediateParts: algorithm(OID.ecdsaWithSha1) },
    path: ["SIGNATURE_ALGORITHM_WEAK", "intermediate"],
  },
  {
    title: "MD5",
    changes: { leafParts: algorithm(OID.md5WithRsa, nullValue()) },
    path: ["SIGNATURE_ALGORITHM_WEAK", "leaf"],
  },
  {
    title: "an unknown algorithm",
    changes: { leafParts: algorithm("1.2.3.4") },
    path: ["SIGNATURE_ALGORITHM_UNSUPPORTED", "leaf"],
  },
  {
    title: "ECDSA with parameters",
    changes: { leafParts: algorithm(OID.ecdsaWithSha256, nullValue()) },
    path: ["SIGNATURE_ALGORITHM_UNSUPPORTED", "leaf"],
  },
  {
    title: "RSA-PSS without parameters",
    changes: { leafParts: algorithm(OID.rsassaPss) },
    path: ["SIGNATURE_ALGORITHM_UNSUPPORTED", "leaf"],
  },
  {
    title: "an algorithm that the key cannot have made",
    changes: { leafParts: algorithm(OID.sha256WithRsa, nullValue()) },
    path: ["SIGNATURE_INVALID", "leaf"],
  },
  {
    title: "two algorithms",
    changes: { leafParts: { outerAlgorithm: sequence(oid(OID.ecdsaWithSha384)) } },
    path: ["MALFORMED", "leaf"],
  },
  {
    title: "a compressed point",
    changes: {
      leafParts: {
        spki: sequence(
          sequence(oid(OID.ecPublicKey), oid(OID.prime256v1)),
          bitString(concatBytes([Uint8Array.of(2), new Uint8Array(32).fill(7)])),
        ),
      },
    },
    path: ["KEY_UNSUPPORTED", "leaf"],
  },
  {
    title: "RSA of 1024 bits",
    changes: {
      leafParts: {
        spki: sequence(
          sequence(oid(OID.rsaEncryption), nullValue()),
          bitString(sequence(integerBytes(new Uint8Array(128).fill(0xff)), integer(65537))),
        ),
      },
    },
    path: ["KEY_WEAK", "leaf"],
  },
  {
    title: "RSA with exponent 1",
    changes: {
      leafParts: {
        spki: sequence(
          sequence(oid(OID.rsaEncryption), nullValue()),
          bitString(sequence(integerBytes(new Uint8Array(256).fill(0xff)), integer(1))),
        ),
      },
    },
    path: ["KEY_WEAK", "leaf"],
  },

  // Policies: RFC 5280, 6.1 (more in policies_test.ts)
  {
    title: "a policy required, none there",
    options: { policies: { requireExplicit: true } },
    path: ["POLICY_NOT_VALID", "intermediate"],
  },
  {
    title: "policy constraints that are not critical",
    changes: {
      intermediate: {
        more: extension(OID.policyConstraints, sequence(implicit(0, Uint8Array.of(3)))),
      },
    },
    path: "ok",
    strict: ["EXTENSION_CRITICALITY", "intermediate"],
  },
  {
    title: "policy constraints without a policy in the leaf",
    changes: {
      intermediate: {
        more: extension(OID.policyConstraints, sequence(implicit(0, Uint8Array.of(0))), CRITICAL),
      },
    },
    path: ["POLICY_NOT_VALID", "leaf"],
  },
  {
    title: "policy constraints that are empty",
    changes: { intermediate: { more: extension(OID.policyConstraints, sequence(), CRITICAL) } },
    path: ["MALFORMED", "intermediate"],
  },
  {
    title: "a subject key identifier that is none",
    changes: { leaf: { subjectKeyIdentifier: extension(OID.subjectKeyIdentifier, nullValue()) } },
    path: ["MALFORMED", "leaf"],
  },
  {
    title: "octets after an extension's value",
    changes: {
      leaf: {
        subjectKeyIdentifier: extension(
          OID.subjectKeyIdentifier,
          concatBytes([octetString(new Uint8Array(4)), nullValue()]),
        ),
      },
    },
    path: ["MALFORMED", "leaf"],
  },
];

describe("verifyPath() by rule", () => {
  for (const { title, changes, options, path, strict = path, baseline = strict } of RULES) {
    test(title, async () => {
      const query = { ...await chain(changes), ...options };
      const all: Record<PathProfile, Expected> = { path, strict, baseline };
      for (const [profile, expected] of Object.entries(all)) {
        // The good chain's common name is "leaf", which only "baseline" minds.
        if (profile === "baseline" && expected === "ok") continue;
        const result = await verifyPath({ ...query, profile: profile as PathProfile });
        const found = result.ok ? "ok" : [result.reason.code, result.reason.certificate.role];
        if (profile === "baseline" && !result.ok && expected !== "ok") {
          const codes = [result.reason, ...result.also].map(({ code }) => code);
          assert.ok(codes.includes(expected[0]), `${profile}: ${codes}`);
          continue;
        }
        assert.deepEqual(found, expected, `${profile}: ${result.ok ? "" : result.reason.message}`);
      }
    });
  }
});
