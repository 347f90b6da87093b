/**
 * Faults of the server's own certificate, whatever is trusted.
 *
 * @module
 */

import { OID } from "../der/oids.ts";
import { type Certificate, readSubjectText } from "../x509/certificate.ts";
import {
  isCa,
  readExtKeyUsage,
  readKeyUsage,
  readSubjectAltNameTexts,
} from "../x509/extensions.ts";
import { describePublicKey } from "../x509/public_key.ts";
import type { Fault, FaultCode } from "./faults.ts";
import { matchHost, type NameMatch } from "./peer_names.ts";

/** What a leaf is judged for. */
export interface LeafQuestion {
  readonly leaf: Certificate;
  /** A-labels or an address. */
  readonly host: string;
  readonly now: Date;
}

/** Every fault of the leaf itself. */
export function leafFaults(question: LeafQuestion): Fault[] {
  const checks = [
    nameFault,
    underscoreFault,
    dateFault,
    purposeFault,
    usageFault,
    caFault,
    keyFault,
    subjectFault,
  ];
  return checks.flatMap((check) => {
    const fault = check(question);
    return fault === undefined ? [] : [fault];
  });
}

/** Faults of the name, and how each is told. */
const NAME_FAULTS: Readonly<Record<Exclude<NameMatch, "match">, FaultCode>> = {
  "wildcard-top-level": "WILDCARD_TOP_LEVEL",
  "address-as-dns": "NAME_OTHER",
  "common-name": "NAME_IN_COMMON_NAME",
  "address-in-common-name": "ADDRESS_IN_COMMON_NAME",
  "no-names": "NAME_OTHER",
  other: "NAME_OTHER",
};

function nameFault({ leaf, host }: LeafQuestion): Fault | undefined {
  const match = matchHost(leaf, host);
  if (match === "match") return undefined;
  return { code: NAME_FAULTS[match], message: describeName(match, leaf, host) };
}

/** RFC 1123, 2.1: letters, digits and hyphens. Most clients look the other way. */
function underscoreFault({ host }: LeafQuestion): Fault | undefined {
  if (!host.includes("_")) return undefined;
  return {
    code: "NAME_WITH_UNDERSCORE",
    message: `"${host}" has an underscore in it, which host names cannot have`,
  };
}

function describeName(match: NameMatch, leaf: Certificate, host: string): string {
  switch (match) {
    case "wildcard-top-level":
      return `A wildcard right under a top-level domain does not cover "${host}" for most clients`;
    case "address-as-dns":
      return `"${host}" stands in the certificate as a DNS name, and an address has to stand there as an IP address`;
    case "common-name":
    case "address-in-common-name":
      return `"${host}" stands in the common name alone, which browsers have not read since 2017: ` +
        "the certificate has no subjectAltName";
    case "no-names":
      return `The certificate has no subjectAltName, so it is for no host at all; "${host}" was asked for`;
    default:
      return `The certificate is for ${list(textsOf(leaf))}, and "${host}" was asked for`;
  }
}

function textsOf(leaf: Certificate): string[] {
  try {
    return readSubjectAltNameTexts(leaf);
  } catch {
    return [];
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `"${name}"`).join(", ");
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}

function dateFault({ leaf, now }: LeafQuestion): Fault | undefined {
  if (now > leaf.notAfter) {
    return { code: "LEAF_EXPIRED", message: `The certificate ended on ${day(leaf.notAfter)}` };
  }
  if (now < leaf.notBefore) {
    return {
      code: "LEAF_NOT_YET_VALID",
      message: `The certificate is valid from ${leaf.notBefore.toISOString()} on, and this ` +
        `machine's clock says ${now.toISOString()}`,
    };
  }
  return undefined;
}

/** RFC 5280, 4.2.1.12: without the extension every purpose is allowed. */
function purposeFault({ leaf }: LeafQuestion): Fault | undefined {
  const purposes = attempt(() => readExtKeyUsage(leaf));
  if (purposes === undefined || purposes.includes(OID.serverAuth)) return undefined;
  if (purposes.includes(OID.anyExtendedKeyUsage)) {
    return {
      code: "PURPOSE_ANY_ONLY",
      message: "The extended key usage is anyExtendedKeyUsage and not serverAuth",
    };
  }
  return { code: "PURPOSE_OTHER", message: "The extended key usage does not allow serverAuth" };
}

/** RFC 8446, 4.4.2.2: the key has to sign in TLS 1.3, and with ECDHE in TLS 1.2. */
function usageFault({ leaf }: LeafQuestion): Fault | undefined {
  const usages = attempt(() => readKeyUsage(leaf));
  if (usages === undefined || usages.has("digitalSignature")) return undefined;
  return {
    code: "NO_DIGITAL_SIGNATURE",
    message: `The key usage is ${[...usages].join(", ")}, without digitalSignature`,
  };
}

function caFault({ leaf }: LeafQuestion): Fault | undefined {
  return attempt(() => isCa(leaf)) === true
    ? { code: "CA_AS_LEAF", message: "The server's own certificate says that it is a CA (CA:TRUE)" }
    : undefined;
}

function keyFault({ leaf }: LeafQuestion): Fault | undefined {
  const bits = attempt(() => describePublicKey(leaf.spki).modulusBits);
  if (bits === undefined || bits >= 2048) return undefined;
  return {
    code: bits < 1024 ? "KEY_BELOW_1024" : "KEY_BELOW_2048",
    message: `The key is RSA ${bits}, and less than 2048 bits are too weak`,
  };
}

/** RFC 5280, 4.1.2.6. */
function subjectFault({ leaf }: LeafQuestion): Fault | undefined {
  if (attempt(() => readSubjectText(leaf.subject)) !== "") return undefined;
  if (leaf.extensions.get(OID.subjectAltName)?.critical !== false) return undefined;
  return {
    code: "SUBJECT_EMPTY",
    message: "The subject is empty, and the subjectAltName is not critical",
  };
}

/** What cannot be read has no fault of its own: path validation says that it is malformed. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
