/**
 * What speaks against trusting somebody's certificate, or makes it useless to do so.
 *
 * @module
 */

import { OID, oidName } from "../der/oids.ts";
import { LocalTlsError } from "../errors.ts";
import type { Certificate } from "../x509/certificate.ts";
import { isCa, readNameConstraints, readSubjectAltNames } from "../x509/extensions.ts";
import { describePublicKey } from "../x509/public_key.ts";
import { judgeServerName } from "./server_name.ts";
import { describeValidity } from "./validity_words.ts";

/** One concern; the codes are those of warnings in documents. */
export interface Concern {
  readonly code:
    | "CA_UNCONSTRAINED"
    | "PEER_CERTIFICATE"
    | "NOT_SELF_SIGNED"
    | "NAME_MISSING"
    | "CERTIFICATE_EXPIRED"
    | "CERTIFICATE_NOT_YET_VALID"
    | "KEY_WEAK"
    | "KEY_UNUSUAL"
    | "SIGNATURE_WEAK";
  readonly message: string;
}

/** What is to be judged. */
export interface ConcernInput {
  /** What is going to be trusted. */
  readonly anchor: Certificate;
  /** What the server itself presents; the anchor where there is nothing else. */
  readonly leaf: Certificate;
  /** The name that the user types, where it is known. */
  readonly host?: string | undefined;
  /** Whether a server shows the leaf: then it needs names, also where it is a CA. */
  readonly isServed?: boolean | undefined;
  readonly now: Date;
  /** How the program is called, for the way out. */
  readonly program: string;
}

/** RSA keys with fewer bits are refused (CA/Browser Forum BR, 6.1.5). */
const MIN_RSA_BITS = 2048;

/** Keys that some client refuses, by facts/certificate-profiles.md: Chromium, Firefox, Deno. */
const UNUSUAL_KEYS = /^(?:Ed25519|Ed448|P-521|RSA-PSS|EC )/;

const BROKEN_SIGNATURES: ReadonlySet<string> = new Set([
  OID.md2WithRsa,
  OID.md5WithRsa,
  OID.sha1WithRsa,
  OID.ecdsaWithSha1,
]);

/** Everything that a user should know before the question, most important first. */
export function findConcerns(input: ConcernInput): Concern[] {
  const { anchor, leaf, now } = input;
  return [
    ...authorityConcerns(anchor),
    ...nameConcerns(input),
    ...validityConcerns(anchor, now),
    ...(leaf === anchor ? [] : validityConcerns(leaf, now)),
    ...keyConcerns(anchor),
    ...signatureConcerns(leaf),
  ];
}

function authorityConcerns(anchor: Certificate): Concern[] {
  if (!isCa(anchor)) {
    const peer: Concern = {
      code: "PEER_CERTIFICATE",
      message: "it is no CA, but the certificate of one server: it goes into the stores as that " +
        "server's, has to be trusted again when the server gets another, and stores that take " +
        "only CAs leave it out",
    };
    if (anchor.selfIssued) return [peer];
    return [{
      code: "NOT_SELF_SIGNED",
      message: "it was issued by a CA: most clients do not accept it as an anchor of its own; " +
        "trust the CA's certificate instead",
    }];
  }
  // What cannot be read limits nothing.
  const constraints = attempt(() => readNameConstraints(anchor));
  const isLimited = constraints?.permitted?.some(({ type }) => type === "dns") === true;
  const concerns: Concern[] = [];
  if (!isLimited) {
    concerns.push({
      code: "CA_UNCONSTRAINED",
      message: "it is a CA without constraints on DNS names: whoever has its key can speak for " +
        "every web site to this machine",
    });
  }
  if (!anchor.selfIssued) {
    concerns.push({
      code: "NOT_SELF_SIGNED",
      message: "it is an intermediate CA, and some clients take a root alone as an anchor: trust " +
        "the certificate of the root that issued it instead",
    });
  }
  return concerns;
}

function nameConcerns({ leaf, host, isServed, program }: ConcernInput): Concern[] {
  const concern = (state: string, name = "NAME"): Concern[] => [{
    code: "NAME_MISSING",
    message: `${state}: browsers will refuse it all the same (ERR_CERT_COMMON_NAME_INVALID). ` +
      `Give the server a certificate that has it: ${program} setup ${name}`,
  }];
  if (host === undefined) {
    // Of a CA that only issues, names are not wanted.
    if (isCa(leaf) && isServed !== true) return [];
    const names = attempt(() => readSubjectAltNames(leaf)) ?? [];
    return names.length > 0
      ? []
      : concern("it has no subjectAltName, and nobody reads the subject");
  }
  const verdict = attempt(() => judgeServerName(leaf, host)) ?? "no-names";
  switch (verdict) {
    case "matches":
      return [];
    case "only-common-name":
      return concern(`"${host}" stands in the common name alone, which nobody reads`, host);
    case "address-as-dns":
      return concern(`the address "${host}" is written as a DNS name, which no client takes`, host);
    case "other-names":
      return concern(`"${host}" is not among its names`, host);
    case "no-names":
      return concern(`it has no subjectAltName, so that "${host}" is not in it`, host);
  }
}

function validityConcerns(certificate: Certificate, now: Date): Concern[] {
  const { state, text } = describeValidity(certificate, now);
  if (state === "valid") return [];
  return [{
    code: state === "expired" ? "CERTIFICATE_EXPIRED" : "CERTIFICATE_NOT_YET_VALID",
    message: state === "expired"
      ? `it ${text}: clients refuse it, trusted or not`
      : `it ${text}: until then clients refuse it; is the clock of this machine right?`,
  }];
}

function keyConcerns({ spki }: Certificate): Concern[] {
  const { label, modulusBits } = attempt(() => describePublicKey(spki)) ??
    { label: "a key that cannot be read", modulusBits: undefined };
  if (modulusBits !== undefined && modulusBits < MIN_RSA_BITS) {
    return [{
      code: "KEY_WEAK",
      message: `its key is ${label}: clients refuse less than 2048 bits`,
    }];
  }
  if (!UNUSUAL_KEYS.test(label)) return [];
  return [{ code: "KEY_UNUSUAL", message: `its key is ${label}, which some browsers refuse` }];
}

function signatureConcerns({ signatureAlgorithm }: Certificate): Concern[] {
  if (!BROKEN_SIGNATURES.has(signatureAlgorithm)) return [];
  return [{
    code: "SIGNATURE_WEAK",
    message: `it is signed with "${oidName(signatureAlgorithm)}", which was broken long ago and ` +
      "which many clients refuse",
  }];
}

/** A malformed extension is no reason not to judge the rest. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}
