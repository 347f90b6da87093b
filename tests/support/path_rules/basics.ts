/**
 * A good chain, its time, and who may issue (RFC 5280, 4.1.2.5, 4.2.1.3, 4.2.1.9 and 4.2.1.12).
 *
 * @module
 */

import { sequence } from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { extension, NONE, validity } from "../craft.ts";
import { ca, constraints, eku, keyUsage } from "../path_kit.ts";
import { CRITICAL, dns, generalized, hours, type PathRule } from "./rule.ts";

/** The rules. */
export const BASIC_RULES: readonly PathRule[] = [
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
  {
    title: "a GeneralizedTime before 2050 in the anchor",
    changes: {
      rootParts: {
        validity: sequence(generalized("20260101000000Z"), generalized("20270101000000Z")),
      },
    },
    path: "ok",
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
    strict: ["EXTENSION_MISSING", "intermediate"],
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
];
