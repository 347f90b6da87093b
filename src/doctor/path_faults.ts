/**
 * Faults of the way from the server's certificate to what one store trusts.
 *
 * @module
 */

import { type Bytes, equalBytes, toBytes } from "../bytes.ts";
import { OID } from "../der/oids.ts";
import type { PathReason, PathReasonCode } from "../pki/path/reason.ts";
import { verifyPath } from "../pki/path/verify_path.ts";
import { type Certificate, parseCertificate, readSubjectText } from "../x509/certificate.ts";
import { isCa, readKeyIdentifiers } from "../x509/extensions.ts";
import { readOnce } from "./chain.ts";
import type { Fault, FaultCode } from "./faults.ts";

/** A chain as it is served, and what is trusted. */
export interface PathQuestion {
  readonly leaf: Certificate;
  /** DER. */
  readonly intermediates: readonly Bytes[];
  /** DER. */
  readonly anchors: readonly Bytes[];
  readonly now: Date;
}

/** Faults by the reason of path validation; what is missing here is told by leaf_faults.ts. */
const BY_REASON: Readonly<Partial<Record<PathReasonCode, Readonly<Record<string, FaultCode>>>>> = {
  ISSUER_UNKNOWN: { any: "ISSUER_UNKNOWN" },
  SELF_SIGNED_UNTRUSTED: { leaf: "SELF_SIGNED", any: "ROOT_UNTRUSTED" },
  SIGNATURE_INVALID: { any: "SIGNATURE_INVALID" },
  EXPIRED: { leaf: "LEAF_EXPIRED", intermediate: "ISSUER_EXPIRED", anchor: "ANCHOR_EXPIRED" },
  NOT_YET_VALID: { leaf: "LEAF_NOT_YET_VALID", any: "ISSUER_EXPIRED" },
  NOT_A_CA: { anchor: "ANCHOR_NOT_A_CA", any: "NOT_A_CA" },
  KEY_USAGE_MISSING: { leaf: "NO_DIGITAL_SIGNATURE", any: "NOT_A_CA" },
  PATH_LENGTH_EXCEEDED: { any: "PATH_TOO_LONG" },
  PURPOSE_NOT_ALLOWED: { leaf: "PURPOSE_OTHER", any: "ISSUER_PURPOSE_OTHER" },
  NAME_NOT_PERMITTED: { any: "NAME_NOT_PERMITTED" },
  NAME_EXCLUDED: { any: "NAME_NOT_PERMITTED" },
  CRITICAL_EXTENSION_UNKNOWN: { any: "CRITICAL_EXTENSION_UNKNOWN" },
  KEY_WEAK: { any: "KEY_BELOW_2048" },
  SUBJECT_EMPTY: { leaf: "SUBJECT_EMPTY", any: "OTHER" },
};

/** Our words where they are shorter than those of path validation. */
const WORDS: Readonly<Partial<Record<FaultCode, string>>> = {
  SELF_SIGNED: "The certificate is self-signed, and not trusted",
  ROOT_UNTRUSTED: "The root that the server sends is not trusted",
  ISSUER_UNKNOWN: "The issuer of the certificate is not known",
};

/** Reasons about the leaf that leaf_faults.ts tells more closely, client by client. */
const TOLD_ELSEWHERE: readonly FaultCode[] = [
  "LEAF_EXPIRED",
  "LEAF_NOT_YET_VALID",
  "PURPOSE_OTHER",
  "NO_DIGITAL_SIGNATURE",
  "SUBJECT_EMPTY",
];

const NO_ANCHOR: readonly FaultCode[] = ["SELF_SIGNED", "ISSUER_UNKNOWN", "ROOT_UNTRUSTED"];

/** Every fault of the path; none where one leads to an anchor and is good. */
export async function pathFaults(question: PathQuestion): Promise<Fault[]> {
  const { leaf, intermediates, now } = question;
  // A certificate that is trusted for itself vouches for no other.
  const anchors = question.anchors.filter((der) =>
    equalBytes(der, leaf.der) || isCa(readOnce(der))
  );
  const reused = reusedSerial(leaf, [...intermediates, ...question.anchors]);
  const result = await verifyPath({
    leaf: leaf.der,
    intermediates,
    anchors,
    purpose: "server",
    time: now,
    profile: "path",
  });
  if (result.ok) {
    return [
      ...reused,
      ...goodPathFaults(result.path.map((der) => readOnce(toBytes(der))), now),
    ];
  }
  const faults = [result.reason, ...result.also].flatMap((reason) =>
    faultOf(reason, { ...question, anchors })
  );
  // Validation gives up at a weak signature or key; that nobody knows the issuer is worse for some clients.
  if (!faults.some(({ code }) => NO_ANCHOR.includes(code))) {
    const missing = missingAnchor(leaf, intermediates, anchors);
    if (missing !== undefined) faults.unshift(missing);
  }
  faults.push(...reused);
  return faults.filter(({ code }, i) =>
    !TOLD_ELSEWHERE.includes(code) && faults.findIndex((other) => other.code === code) === i
  );
}

/** RFC 5280, 4.1.2.2: unique for each issuer. Scripts that number by hand give a root and its leaf the same. */
function reusedSerial(leaf: Certificate, others: readonly Bytes[]): Fault[] {
  const twin = others.some((der) => {
    try {
      const other = readOnce(der);
      return !equalBytes(other.der, leaf.der) && equalBytes(other.issuer, leaf.issuer) &&
        equalBytes(other.serialTlv, leaf.serialTlv);
    } catch {
      return false;
    }
  });
  if (!twin) return [];
  const message = "Another certificate of the same issuer has the same serial number";
  return [{ code: "SERIAL_REUSED", message }];
}

/** Follows names alone from the leaf upwards; undefined where they lead to an anchor. */
function missingAnchor(
  leaf: Certificate,
  intermediates: readonly Bytes[],
  anchors: readonly Bytes[],
): Fault | undefined {
  const roots = anchors.map(parseCertificate);
  const left = intermediates.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch {
      return [];
    }
  });
  for (let at = leaf;;) {
    const here = at;
    if (
      roots.some(({ der, subject }) =>
        equalBytes(der, here.der) || equalBytes(subject, here.issuer)
      )
    ) {
      return undefined;
    }
    if (here.selfIssued) {
      return here === leaf
        ? { code: "SELF_SIGNED", message: WORDS.SELF_SIGNED! }
        : { code: "ROOT_UNTRUSTED", message: WORDS.ROOT_UNTRUSTED! };
    }
    const next = left.findIndex(({ subject }) => equalBytes(subject, here.issuer));
    if (next < 0) {
      return {
        code: "ISSUER_UNKNOWN",
        message: WORDS.ISSUER_UNKNOWN!,
        subject: subjectOf(here),
      };
    }
    at = left.splice(next, 1)[0]!;
  }
}

function subjectOf(certificate: Certificate): string {
  try {
    return readSubjectText(certificate.subject);
  } catch {
    return "";
  }
}

function faultOf(reason: PathReason, question: PathQuestion): Fault[] {
  const { role, subject } = reason.certificate;
  const message = reason.message.replace(/^Cannot [^:]+: /, "");
  const codes = BY_REASON[reason.code];
  const code = codes?.[role] ?? codes?.["any"] ?? weakSignature(reason, question) ?? "OTHER";
  return [{ code, message: WORDS[code] ?? capitalized(message), subject }];
}

/** SHA-1 is refused by some, MD5 by all. */
function weakSignature(reason: PathReason, question: PathQuestion): FaultCode | undefined {
  if (!reason.code.startsWith("SIGNATURE_ALGORITHM")) return undefined;
  const { role, index } = reason.certificate;
  const der = role === "leaf"
    ? question.leaf.der
    : (role === "anchor" ? question.anchors : question.intermediates)[index];
  if (der === undefined) return undefined;
  const { signatureAlgorithm } = parseCertificate(der);
  if (signatureAlgorithm === OID.sha1WithRsa || signatureAlgorithm === OID.ecdsaWithSha1) {
    return "SIGNATURE_SHA1";
  }
  return signatureAlgorithm === OID.md5WithRsa ? "SIGNATURE_MD5" : undefined;
}

/** What RFC 5280, 6 lets pass and some clients do not. @param path Leaf first, the anchor last. */
function goodPathFaults(path: readonly Certificate[], now: Date): Fault[] {
  const faults: Fault[] = [];
  const anchor = path.at(-1)!;
  if (path.length === 1 && isCa(anchor)) {
    faults.push({
      code: "ANCHOR_AS_LEAF",
      message: "The server shows a CA that is trusted as its own certificate",
    });
  }
  // RFC 5280, 6.1.1 (d) leaves an anchor's dates to whoever trusts it.
  if (path.length > 1 && (now > anchor.notAfter || now < anchor.notBefore)) {
    faults.push({
      code: "ANCHOR_EXPIRED",
      message:
        `The root is valid from ${anchor.notBefore.toISOString()} to ${anchor.notAfter.toISOString()}`,
    });
  }
  path.slice(1).forEach((issuer, i) => {
    const { authority } = readKeyIdentifiers(path[i]!);
    const { subject } = readKeyIdentifiers(issuer);
    if (authority === undefined || subject === undefined || equalBytes(authority, subject)) return;
    faults.push({
      code: "AUTHORITY_KEY_OTHER",
      message:
        "The authority key identifier of a certificate is not the subject key identifier of its issuer",
    });
  });
  return faults;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
