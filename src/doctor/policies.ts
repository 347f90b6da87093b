/**
 * Who refuses for what, and how it is called there. Measured over real connections with Chromium 156, Firefox 153 ESR,
 * curl 7.88, Node 20, Python 3.11 and Java 17; tests/e2e/doctor_matrix_test.ts measures again.
 *
 * @module
 */

import type { Fault, FaultCode } from "./faults.ts";
import type { ClientId } from "./tls/offers.ts";

/** Faults for which a client refuses, with the name it gives the refusal. */
interface Rule {
  readonly faults: readonly FaultCode[];
  readonly error: string;
  /** Named only where no rule of the path applies: a browser's word for "something is wrong with it". */
  readonly isGeneral?: true;
}

/** Faults of the name, which clients look at after the path. */
const NAME_FAULTS: readonly FaultCode[] = [
  "NAME_OTHER",
  "NAME_IN_COMMON_NAME",
  "ADDRESS_IN_COMMON_NAME",
  "WILDCARD_TOP_LEVEL",
];

const NO_ANCHOR: readonly FaultCode[] = ["SELF_SIGNED", "ISSUER_UNKNOWN", "ROOT_UNTRUSTED"];

/** What OpenSSL at security level 1 refuses, before it looks at names. */
const OPENSSL: readonly FaultCode[] = [
  ...NO_ANCHOR,
  "AUTHORITY_KEY_OTHER",
  "SIGNATURE_INVALID",
  "LEAF_EXPIRED",
  "LEAF_NOT_YET_VALID",
  "ISSUER_EXPIRED",
  "ANCHOR_EXPIRED",
  "PURPOSE_OTHER",
  "PURPOSE_ANY_ONLY",
  "ISSUER_PURPOSE_OTHER",
  "KEY_BELOW_1024",
  "SIGNATURE_SHA1",
  "SIGNATURE_MD5",
  "CRITICAL_EXTENSION_UNKNOWN",
  "NOT_A_CA",
  "ANCHOR_NOT_A_CA",
  "PATH_TOO_LONG",
  "NAME_NOT_PERMITTED",
  "OTHER",
];

/** In the order in which the client prefers one name over another where several faults meet. */
export const POLICIES: Readonly<Record<ClientId, readonly Rule[]>> = {
  chromium: [
    // BoringSSL gives up in the handshake, before anybody looks at the path.
    { faults: ["NO_DIGITAL_SIGNATURE"], error: "ERR_SSL_KEY_USAGE_INCOMPATIBLE" },
    // Refused by the parser and the choice of algorithms, which have no path yet.
    { faults: ["SUBJECT_EMPTY", "SIGNATURE_SHA1", "SIGNATURE_MD5"], error: "ERR_CERT_INVALID" },
    {
      faults: [
        "PURPOSE_OTHER",
        "ISSUER_PURPOSE_OTHER",
        "ANCHOR_AS_LEAF",
        "KEY_BELOW_1024",
        "CRITICAL_EXTENSION_UNKNOWN",
        "NOT_A_CA",
        "PATH_TOO_LONG",
        "NAME_NOT_PERMITTED",
        "OTHER",
      ],
      error: "ERR_CERT_INVALID",
      isGeneral: true,
    },
    {
      faults: [...NO_ANCHOR, "SIGNATURE_INVALID", "ANCHOR_NOT_A_CA"],
      error: "ERR_CERT_AUTHORITY_INVALID",
    },
    { faults: NAME_FAULTS, error: "ERR_CERT_COMMON_NAME_INVALID" },
    {
      faults: ["LEAF_EXPIRED", "LEAF_NOT_YET_VALID", "ISSUER_EXPIRED", "ANCHOR_EXPIRED"],
      error: "ERR_CERT_DATE_INVALID",
    },
  ],
  firefox: [
    { faults: ["SERIAL_REUSED"], error: "SEC_ERROR_REUSED_ISSUER_AND_SERIAL" },
    { faults: ["OTHER"], error: "SEC_ERROR_BAD_DER" },
    { faults: ["CRITICAL_EXTENSION_UNKNOWN"], error: "SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION" },
    { faults: ["SELF_SIGNED"], error: "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT" },
    {
      faults: ["ISSUER_UNKNOWN", "ROOT_UNTRUSTED", "ANCHOR_NOT_A_CA"],
      error: "SEC_ERROR_UNKNOWN_ISSUER",
    },
    {
      faults: ["SIGNATURE_SHA1", "SIGNATURE_MD5"],
      error: "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED",
    },
    { faults: ["KEY_BELOW_1024"], error: "MOZILLA_PKIX_ERROR_INADEQUATE_KEY_SIZE" },
    {
      faults: ["PURPOSE_OTHER", "PURPOSE_ANY_ONLY", "ISSUER_PURPOSE_OTHER"],
      error: "SEC_ERROR_INADEQUATE_CERT_TYPE",
    },
    { faults: ["SIGNATURE_INVALID"], error: "SEC_ERROR_BAD_SIGNATURE" },
    { faults: ["PATH_TOO_LONG"], error: "SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID" },
    { faults: ["NOT_A_CA"], error: "SEC_ERROR_INADEQUATE_KEY_USAGE" },
    { faults: ["NAME_NOT_PERMITTED"], error: "SEC_ERROR_CERT_NOT_IN_NAME_SPACE" },
    {
      faults: ["ISSUER_EXPIRED", "ANCHOR_EXPIRED"],
      error: "SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE",
    },
    { faults: ["CA_AS_LEAF"], error: "MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY" },
    { faults: NAME_FAULTS, error: "SSL_ERROR_BAD_CERT_DOMAIN" },
    { faults: ["LEAF_EXPIRED"], error: "SEC_ERROR_EXPIRED_CERTIFICATE" },
    { faults: ["LEAF_NOT_YET_VALID"], error: "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE" },
  ],
  curl: [
    // Debian's and RHEL's OpenSSL is at security level 2.
    { faults: [...OPENSSL, "KEY_BELOW_2048"], error: "CURLE_PEER_FAILED_VERIFICATION" },
    {
      faults: ["NAME_OTHER", "WILDCARD_TOP_LEVEL"],
      error: "CURLE_PEER_FAILED_VERIFICATION",
    },
  ],
  node: [
    { faults: ["SELF_SIGNED"], error: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    { faults: ["ROOT_UNTRUSTED"], error: "SELF_SIGNED_CERT_IN_CHAIN" },
    {
      faults: ["ISSUER_UNKNOWN", "AUTHORITY_KEY_OTHER"],
      error: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    },
    { faults: ["SIGNATURE_INVALID"], error: "CERT_SIGNATURE_FAILURE" },
    {
      faults: ["LEAF_EXPIRED", "ISSUER_EXPIRED", "ANCHOR_EXPIRED"],
      error: "CERT_HAS_EXPIRED",
    },
    { faults: ["LEAF_NOT_YET_VALID"], error: "CERT_NOT_YET_VALID" },
    {
      faults: ["PURPOSE_OTHER", "PURPOSE_ANY_ONLY", "ISSUER_PURPOSE_OTHER"],
      error: "INVALID_PURPOSE",
    },
    { faults: ["PATH_TOO_LONG"], error: "PATH_LENGTH_EXCEEDED" },
    { faults: OPENSSL, error: "UNSPECIFIED" },
    {
      faults: ["NAME_OTHER", "ADDRESS_IN_COMMON_NAME", "WILDCARD_TOP_LEVEL"],
      error: "ERR_TLS_CERT_ALTNAME_INVALID",
    },
  ],
  python: [
    { faults: [...OPENSSL, "KEY_BELOW_2048"], error: "CERTIFICATE_VERIFY_FAILED" },
    {
      faults: ["NAME_OTHER", "ADDRESS_IN_COMMON_NAME", "WILDCARD_TOP_LEVEL"],
      error: "CERTIFICATE_VERIFY_FAILED",
    },
  ],
  java: [
    {
      faults: [
        ...NO_ANCHOR,
        "SIGNATURE_INVALID",
        "LEAF_EXPIRED",
        "LEAF_NOT_YET_VALID",
        "ISSUER_EXPIRED",
        "PURPOSE_OTHER",
        "NO_DIGITAL_SIGNATURE",
        "KEY_BELOW_1024",
        "SIGNATURE_MD5",
        "CRITICAL_EXTENSION_UNKNOWN",
        "SUBJECT_EMPTY",
        "NOT_A_CA",
        "ANCHOR_NOT_A_CA",
        "PATH_TOO_LONG",
        "NAME_NOT_PERMITTED",
        "OTHER",
      ],
      error: "SSLHandshakeException",
    },
    {
      faults: ["NAME_OTHER", "ADDRESS_IN_COMMON_NAME", "NAME_WITH_UNDERSCORE"],
      error: "SSLHandshakeException",
    },
  ],
};

/** Why a client refuses. */
export interface Refusal {
  /** The client's own name for it. */
  readonly error: string;
  /** The fault that it is about. */
  readonly fault: Fault;
}

/** What a client says of these faults; undefined where it accepts. */
export function judge(client: ClientId, faults: readonly Fault[]): Refusal | undefined {
  const rules = POLICIES[client];
  const refusals = rules.flatMap(({ faults: codes, error, isGeneral }) => {
    const fault = faults.find(({ code }) => codes.includes(code));
    return fault === undefined ? [] : [{ error, fault, isGeneral: isGeneral === true }];
  });
  const isOfPath = ({ fault }: { fault: Fault }) => !NAME_FAULTS.includes(fault.code);
  const named = refusals.some((refusal) => isOfPath(refusal) && !refusal.isGeneral);
  const found = refusals.find(({ isGeneral }) => !(isGeneral && named));
  return found === undefined ? undefined : { error: found.error, fault: found.fault };
}
