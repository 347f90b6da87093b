/**
 * What certificates and requests have in common, read so that one bad extension does not hide the rest.
 *
 * @module
 */

import { type Bytes, toBytes, toHex } from "../bytes.ts";
import { OID, oidName } from "../der/oids.ts";
import { LocalTlsError } from "../errors.ts";
import type { Certificate } from "../x509/certificate.ts";
import {
  readBasicConstraints,
  readExtKeyUsage,
  readKeyUsage,
  readNameConstraints,
  readSubjectAltNames,
} from "../x509/extensions.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { type GeneralName, generalNameText } from "../x509/general_name.ts";
import { escapeText, readSubjectText } from "../x509/name.ts";
import { describePublicKey } from "../x509/public_key.ts";
import { asn1Text } from "./asn1_text.ts";
import { extensionTexts } from "./extension_texts.ts";
import type { ExtensionReport, NamesReport, SubjectReport } from "./report.ts";

/** Extensions that are fields of the report. */
const FIELDS: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extKeyUsage,
  OID.subjectAltName,
  OID.nameConstraints,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
]);

/** Reads a part; what cannot be read becomes a sentence in the list. */
export function attempt<T>(unreadable: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    unreadable.push(error.message.replace(/^Cannot read /, ""));
    return undefined;
  }
}

/** Reports on a certificate or a request. @param unreadable Sentences are added to it. */
export async function reportSubject(
  subject: Pick<Certificate, "der" | "subject" | "spki" | "signatureAlgorithm" | "extensions">,
  unreadable: string[],
): Promise<SubjectReport> {
  const constraints = attempt(unreadable, () => readBasicConstraints(subject));
  const usage = attempt(unreadable, () => readKeyUsage(subject));
  const purposes = attempt(unreadable, () => readExtKeyUsage(subject));
  const names = attempt(unreadable, () => readSubjectAltNames(subject)) ?? [];
  const limits = attempt(unreadable, () => readNameConstraints(subject));
  const { pathLength } = constraints ?? {};
  return {
    sha256: await sha256Hex(subject.der),
    subject: attempt(unreadable, () => readSubjectText(subject.subject)) ?? "",
    names: names.map(nameText),
    namesByType: sortNames(names),
    keyType: attempt(unreadable, () => describePublicKey(subject.spki).label) ?? "unreadable",
    spkiSha256: await sha256Hex(subject.spki),
    signatureAlgorithm: oidName(subject.signatureAlgorithm),
    ca: constraints?.ca === true,
    ...(pathLength === undefined ? {} : { pathLength }),
    ...(usage === undefined ? {} : { keyUsage: [...usage] }),
    ...(purposes === undefined ? {} : { extKeyUsage: purposes.map(oidName) }),
    ...(limits === undefined ? {} : {
      nameConstraints: {
        ...(limits.permitted === undefined ? {} : { permitted: limits.permitted.map(typedName) }),
        ...(limits.excluded === undefined ? {} : { excluded: limits.excluded.map(typedName) }),
      },
    }),
    extensions: await reportExtensions(subject),
    unreadable,
  };
}

async function reportExtensions(
  { extensions }: Pick<Certificate, "extensions">,
): Promise<ExtensionReport[]> {
  const reports: ExtensionReport[] = [];
  for (const extension of extensions.values()) {
    const { oid, critical } = extension;
    if (FIELDS.has(oid)) continue;
    reports.push({ oid, name: oidName(oid), critical, lines: await extensionTexts(extension) });
  }
  return reports;
}

/** SHA-1 in hexadecimal: old services and log files name certificates by it. */
export async function sha1Hex(der: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-1", toBytes(der))));
}

/** A name from a stranger, safe to show. */
function nameText(name: GeneralName): string {
  return name.type === "other" ? asn1Text(name.tlv) : escapeText(generalNameText(name));
}

/** With its form in front, where forms are mixed: "dns:foo.test", "ip:10.0.0.0/255.0.0.0". */
function typedName(name: GeneralName): string {
  return name.type === "other" ? nameText(name) : `${name.type}:${nameText(name)}`;
}

function sortNames(names: readonly GeneralName[]): NamesReport {
  const sorted = { dns: [], ip: [], email: [], uri: [], other: [] } as Record<
    GeneralName["type"],
    string[]
  >;
  for (const name of names) sorted[name.type].push(nameText(name));
  return sorted;
}
