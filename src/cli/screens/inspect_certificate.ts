/**
 * One certificate on the screen of `inspect`.
 *
 * @module
 */

import type {
  InspectDocument,
  InspectedCertificate,
  SubjectReport,
} from "../../commands/inspect/document.ts";
import type { Field } from "../fields.ts";
import type { Style } from "../style.ts";

/** Names that are shown of one form; --json has all. */
const MAX_NAMES = 30;

/** Days before its end in which a certificate is marked. */
const SOON_DAYS = 30;

/** What kind of certificate it is, in words. */
export function roleOf({ ca, selfSigned }: InspectedCertificate): string {
  if (ca) return selfSigned ? "root CA" : "intermediate CA";
  return selfSigned ? "self-signed, of a single server or person" : "of a server or person";
}

/** How its validity is marked. */
export function validityMark(
  { validity, notAfter, notBefore }: InspectedCertificate,
  style: Style,
): (text: string) => string {
  if (validity.state !== "valid") return style.bad;
  // "ends in N days" is the only place that knows the time of the inspection.
  const days = /^ends in (\d+) day/.exec(validity.text)?.[1];
  const isLong = Date.parse(notAfter) - Date.parse(notBefore) > SOON_DAYS * 86_400_000;
  const isSoon = days === undefined ? !validity.text.includes("year") : Number(days) < SOON_DAYS;
  return isSoon && isLong ? style.caution : style.good;
}

/** Every field. */
export function certificateFields(
  certificate: InspectedCertificate,
  index: number,
  document: InspectDocument,
  style: Style,
): Field[] {
  const { validity, notBefore, notAfter, signature, serial, sha256, sha1 } = certificate;
  return [
    { label: "subject", lines: [certificate.subject || "(empty)"] },
    { label: "issuer", lines: issuerLines(certificate, index) },
    ...nameFields(certificate),
    { label: "valid", lines: [`${minute(notBefore)} to ${minute(notAfter)} UTC`] },
    { label: "", lines: [validity.text], mark: validityMark(certificate, style) },
    ...subjectFields(certificate, style),
    {
      label: "signature",
      lines: [signatureText(certificate)],
      mark: signature === "good" ? style.good : signature === "bad" ? style.bad : undefined,
    },
    ...extensionFields(certificate),
    { label: "serial", lines: [serial] },
    { label: "SHA-256", lines: [sha256] },
    { label: "SHA-1", lines: [sha1] },
    ...hereFields(certificate, document, style),
  ];
}

function issuerLines({ issuer, issuedBy, selfSigned }: InspectedCertificate, index: number) {
  const name = issuer || "(empty)";
  if (selfSigned || issuedBy === index) return ["itself"];
  if (issuedBy === "own-issuer" || issuedBy === "own-root") {
    return [name, "which is our CA, on this machine"];
  }
  if (issuedBy === undefined) return [name];
  return [name, `which is certificate ${issuedBy + 1}`];
}

const SIGNATURES: Readonly<Record<InspectedCertificate["signature"], string>> = {
  good: "made by the issuer's key",
  bad: "NOT made by the issuer's key, or the certificate was changed",
  unchecked: "of a kind that is not checked here",
  "no-issuer": "not checked: the issuer's certificate is not here",
};

function signatureText({ signature, selfSigned }: InspectedCertificate): string {
  return signature === "good" && selfSigned ? "made by its own key" : SIGNATURES[signature];
}

/** The subjectAltNames, a line for each form. */
export function nameFields({ names, namesByType, ca }: SubjectReport): Field[] {
  if (names.length === 0 && ca) return [];
  if (names.length === 0) return [{ label: "names", lines: ["none (no subjectAltName)"] }];
  const forms: [label: string, names: readonly string[]][] = [
    ["DNS", namesByType.dns],
    ["IP", namesByType.ip],
    ["e-mail", namesByType.email],
    ["URI", namesByType.uri],
    ["other", namesByType.other],
  ];
  const used = forms.filter(([, list]) => list.length > 0);
  return used.map(([form, list], i): Field => ({
    label: i === 0 ? `names ${form}` : `      ${form}`,
    lines: [
      list.length <= MAX_NAMES
        ? list.join(", ")
        : `${list.slice(0, MAX_NAMES - 1).join(", ")} and ${list.length - MAX_NAMES + 1} more`,
    ],
  }));
}

/** Key, algorithms, usages, constraints: what requests have too. */
export function subjectFields(report: SubjectReport, style: Style): Field[] {
  const { keyType, signatureAlgorithm, ca, pathLength, keyUsage, extKeyUsage } = report;
  const { permitted, excluded } = report.nameConstraints ?? {};
  const isWeak = /^RSA(?:-PSS)? (?:\d{1,3}|1\d{3}|20[0-3]\d|204[0-7])$/.test(keyType);
  const isOld = /sha1|md[25]/i.test(signatureAlgorithm);
  const below = pathLength === undefined
    ? ""
    : pathLength === 0
    ? ", and no CA below it"
    : `, and at most ${pathLength} CAs below it`;
  return [
    {
      label: "key",
      lines: [isWeak ? `${keyType}, too weak` : keyType],
      mark: isWeak ? style.bad : undefined,
    },
    {
      label: "signed with",
      lines: [isOld ? `${signatureAlgorithm}, broken long ago` : signatureAlgorithm],
      mark: isOld ? style.caution : undefined,
    },
    { label: "CA", lines: [ca ? `yes${below}` : "no"] },
    { label: "key usage", lines: keyUsage === undefined ? [] : [keyUsage.join(", ")] },
    { label: "purposes", lines: extKeyUsage === undefined ? [] : [extKeyUsage.join(", ")] },
    { label: "permitted", lines: permitted === undefined ? [] : [permitted.join(", ")] },
    { label: "excluded", lines: excluded === undefined ? [] : [excluded.join(", ")] },
  ];
}

/** The long tail. */
export function extensionFields({ extensions }: SubjectReport): Field[] {
  return extensions.map(({ name, critical, lines }, i): Field => ({
    label: i === 0 ? "also" : "",
    lines: [`${name}${critical ? " (critical)" : ""}`, ...lines.map((line) => `  ${line}`)],
  }));
}

function hereFields(
  { own, cert, trustedHere, key }: InspectedCertificate,
  { source }: InspectDocument,
  style: Style,
): Field[] {
  const known = {
    root: "the root of our own CA",
    issuer: "the issuer of our own CA",
    issued: "issued by our own CA",
  };
  const here = [
    ...(own === undefined ? [] : [known[own]]),
    ...(cert === undefined || cert === source ? [] : [`written to ${cert}`]),
    ...(trustedHere === undefined
      ? []
      : [`trusted in ${trustedHere} ${trustedHere === 1 ? "store" : "stores"} of this machine`]),
  ];
  return [
    { label: "here", lines: here, mark: style.good },
    {
      label: "private key",
      lines: key === undefined ? [] : [key === source ? "in the same file" : key],
      mark: style.good,
    },
  ];
}

/** 2026-11-24 12:00. */
function minute(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}
