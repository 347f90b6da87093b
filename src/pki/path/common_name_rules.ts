/**
 * What the common name of a leaf may be, in the profiles that look at it. It never says which peer a certificate is for.
 *
 * @module
 */

import { OID } from "../../der/oids.ts";
import { generalNameText } from "../../x509/general_name.ts";
import { formatIpAddress, parseIpv4, parseIpv6 } from "../../x509/ip_address.ts";
import { readName } from "../../x509/name.ts";
import { quoteName } from "../dns_name.ts";
import type { PathProfile } from "./options.ts";
import type { PathCertificate } from "./path_certificate.ts";
import { type Fault, fault } from "./reason.ts";

/**
 * BR, 7.1.4.3: a common name is a copy of one of the alternative names. "baseline" asks for just that. Private CAs put
 * all kinds of words there, and no client minds; so "strict" refuses what only looks like an alternative name and is
 * none: another spelling of an address or of a host, and internationalized hosts, which are shown to people.
 */
export function* commonNameFaults(
  { certificate, subjectAltNames }: PathCertificate,
  profile: PathProfile,
): Generator<Fault> {
  const texts = new Set((subjectAltNames ?? []).map(generalNameText));
  const byLowerCase = new Map([...texts].map((text) => [text.toLowerCase(), text]));
  for (const { type, value } of readName(certificate.subject).flat()) {
    if (type !== OID.commonName || (value !== undefined && texts.has(value))) continue;
    const state = profile === "baseline" || value === undefined
      ? "is none of its alternative names"
      : imitation(value, byLowerCase);
    if (state === undefined) continue;
    const message = `its common name ${quoteName(value ?? "")} ${state}`;
    yield fault("COMMON_NAME_NOT_IN_SAN", "subject.commonName", "BR, 7.1.4.3", message);
  }
}

/** RFC 1035, 2.3.4: what is longer is no host, and is not searched for one. */
const MAX_HOST_LENGTH = 255;

/** How a common name that is no alternative name looks like one; undefined where it does not. */
function imitation(value: string, byLowerCase: ReadonlyMap<string, string>): string | undefined {
  if (value.length > MAX_HOST_LENGTH) return undefined;
  if (isOddAddress(value)) return "is an address that is not written as addresses are";
  const lower = value.toLowerCase();
  const same = byLowerCase.get(lower);
  if (same !== undefined) return `is not written as ${quoteName(same)} is`;
  if (/(?:^|\.)xn--\S*$/.test(lower) || isUnicodeHost(lower)) {
    return "is an internationalized host, and none of its alternative names";
  }
  return undefined;
}

/** Four numbers, or a hexadecimal one, that are no dotted decimal; IPv6 that is not as RFC 5952 writes it. */
function isOddAddress(value: string): boolean {
  const v6 = parseIpv6(value);
  if (v6 !== undefined) return formatIpAddress(v6) !== value;
  return /^(?:0x[0-9a-f]{8}|(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){3})$/i.test(value) &&
    parseIpv4(value) === undefined;
}

/** Labels with a dot between them, not all of them ASCII. */
function isUnicodeHost(value: string): boolean {
  return /^[\p{L}\p{M}\p{N}-]+(?:\.[\p{L}\p{M}\p{N}-]+)+$/u.test(value) && /[^ -~]/.test(value);
}
