/**
 * Fields and extensions (RFC 5280, 4.1 and 4.2).
 *
 * @module
 */

import { concatBytes } from "../../../src/bytes.ts";
import {
  encodeTlv,
  explicit,
  implicit,
  integer,
  integerBytes,
  nullValue,
  octetString,
  oid,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { EMPTY_NAME } from "../../../src/x509/name.ts";
import { extension, NONE } from "../craft.ts";
import { eku, ENTITIES } from "../path_kit.ts";
import { cn, CRITICAL, dns, type PathRule, unknown, uri } from "./rule.ts";

/** The rules. */
export const FIELD_RULES: readonly PathRule[] = [
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
