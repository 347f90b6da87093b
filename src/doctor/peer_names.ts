/**
 * Whether a certificate is for the host that was asked for (RFC 6125, 6.4; RFC 9525, 6), and where it only looks so.
 *
 * @module
 */

import { equalBytes } from "../bytes.ts";
import { type Certificate, readCommonName } from "../x509/certificate.ts";
import { readSubjectAltNames } from "../x509/extensions.ts";
import type { GeneralName } from "../x509/general_name.ts";
import { parseIpv4, parseIpv6 } from "../x509/ip_address.ts";

/** How the names of a certificate stand to a host. */
export type NameMatch =
  | "match"
  /** A wildcard right under a top-level domain: Java and Go accept it, the others do not. */
  | "wildcard-top-level"
  /** An address as dNSName, which nobody accepts. */
  | "address-as-dns"
  /** The host stands in the common name alone; there is no subjectAltName with a DNS name or address. */
  | "common-name"
  /** The same, and it is an address: of those measured curl alone takes it. */
  | "address-in-common-name"
  /** There is no subjectAltName, and the common name is another one. */
  | "no-names"
  | "other";

/** Compares. @param host A-labels or an address, without brackets. */
export function matchHost(certificate: Certificate, host: string): NameMatch {
  const names = readNames(certificate);
  const address = parseIpv4(host) ?? parseIpv6(host);
  const dns = names.flatMap((name) => name.type === "dns" ? [name.value.toLowerCase()] : []);
  if (address !== undefined) {
    if (names.some((name) => name.type === "ip" && equalBytes(name.octets, address))) {
      return "match";
    }
    if (dns.includes(host)) return "address-as-dns";
  } else {
    const kinds = dns.map((pattern) => matchPattern(pattern, host.toLowerCase()));
    if (kinds.includes("match")) return "match";
    if (kinds.includes("wildcard-top-level")) return "wildcard-top-level";
  }
  if (names.some(({ type }) => type === "dns" || type === "ip")) return "other";
  const commonName = readCommonName(certificate.subject)?.toLowerCase();
  if (commonName === undefined) return "no-names";
  if (address !== undefined) return commonName === host ? "address-in-common-name" : "no-names";
  return matchPattern(commonName, host.toLowerCase()) === "match" ? "common-name" : "no-names";
}

/** The names that clients compare; none where the extension cannot be read. */
export function readNames(certificate: Certificate): readonly GeneralName[] {
  try {
    return readSubjectAltNames(certificate) ?? [];
  } catch {
    return [];
  }
}

/** A "*" stands for the whole first label and nothing more (RFC 9525, 6.3). */
function matchPattern(pattern: string, host: string): NameMatch {
  if (pattern === host) return "match";
  if (!pattern.startsWith("*.")) return "other";
  const rest = pattern.slice(1);
  const label = host.slice(0, -rest.length);
  if (!host.endsWith(rest) || label === "" || label.includes(".")) return "other";
  return rest.indexOf(".", 1) < 0 ? "wildcard-top-level" : "match";
}
