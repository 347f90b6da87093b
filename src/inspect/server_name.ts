/**
 * Whether a certificate speaks for the name that a user types (RFC 9525, 6), and if not, which near miss it is.
 *
 * @module
 */

import { equalBytes } from "../bytes.ts";
import { type Certificate, readCommonName } from "../x509/certificate.ts";
import { readSubjectAltNames } from "../x509/extensions.ts";
import { parseIpv4, parseIpv6 } from "../x509/ip_address.ts";

/**
 * matches: it speaks for the name. no-names: no subjectAltName at all, and the common name says it or does not.
 * address-as-dns: an address is written as a dNSName, which every client refuses. other-names: it has others.
 */
export type NameVerdict =
  | "matches"
  | "only-common-name"
  | "no-names"
  | "address-as-dns"
  | "other-names";

/**
 * Judges one name.
 * @param host As a URL has it: a DNS name or an address without brackets.
 */
export function judgeServerName(certificate: Certificate, host: string): NameVerdict {
  const names = readSubjectAltNames(certificate) ?? [];
  const address = parseIpv4(host) ?? parseIpv6(host);
  const wanted = host.toLowerCase().replace(/\.$/, "");
  const matches = names.some((name) =>
    address === undefined
      ? name.type === "dns" && dnsMatches(name.value.toLowerCase(), wanted)
      : name.type === "ip" && equalBytes(name.octets, address)
  );
  if (matches) return "matches";
  const isWritten = names.some((name) => name.type === "dns" && name.value === host);
  if (address !== undefined && isWritten) return "address-as-dns";
  if (names.some(({ type }) => type === "dns" || type === "ip")) return "other-names";
  const commonName = readCommonName(certificate.subject)?.toLowerCase();
  return commonName === wanted ? "only-common-name" : "no-names";
}

/** RFC 9525, 6.3: a wildcard is the whole of the first label and stands for one label. */
function dnsMatches(pattern: string, name: string): boolean {
  if (!pattern.startsWith("*.")) return pattern === name;
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pattern.slice(1);
}
