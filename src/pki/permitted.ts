/**
 * What a CA may speak for: the names that its certificates' constraints permit, and the addresses that
 * localtls issues for.
 *
 * Names are enforced twice, here and, through name constraints (RFC 5280, 4.2.1.10), by the clients.
 * Addresses are enforced here only: Bun refuses every chain with iPAddress constraints
 * (facts/certificate-profiles.md), so a stolen key could speak for addresses, and for no public name.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { RequestedName } from "./requested_name.ts";

/** What a CA may speak for: every name, or these domains and everything below them. */
export type Permitted =
  | { readonly any: true }
  | { readonly any: false; readonly domains: readonly string[] };

/** Names without a public meaning: no CA in the world issues for them, so permitting them takes nothing from anyone. */
export const DEFAULT_PERMITTED_DOMAINS: readonly string[] = [
  "localhost", // RFC 6761, 6.3
  "test", // RFC 6761, 6.2
  "example", // RFC 6761, 6.5
  "invalid", // RFC 6761, 6.4
  "local", // RFC 6762: multicast DNS
  "home.arpa", // RFC 8375
  "internal", // ICANN, 2024: reserved for private use
  // RFC 6762, appendix G: in wide private use
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
];

/** The word of `--permit` that takes every limit away. */
export const PERMIT_ANY = "any";

/** Whether a name is one of the domains, or below one. */
export function covers(domains: readonly string[], name: string): boolean {
  return domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}

/** Throws NAME_NOT_PERMITTED, with the reason, where a CA may not speak for a name. */
export function checkPermitted(name: RequestedName, permitted: Permitted): void {
  if (permitted.any) return;
  if (name.type === "ip") {
    checkAddress(name.value, name.octets);
    return;
  }
  if (covers(permitted.domains, name.wildcard ? name.value.slice(2) : name.value)) return;
  throw new LocalTlsError(
    "NAME_NOT_PERMITTED",
    `Cannot issue for "${name.value}": this CA may speak for ${
      permitted.domains.join(", ")
    } and names below ` +
      "these alone, so that whoever steals its key cannot impersonate public sites",
  );
}

function checkAddress(text: string, octets: Uint8Array): void {
  if (isLocalAddress(octets)) return;
  if (octets.every((octet) => octet === 0)) {
    throw new LocalTlsError(
      "NAME_NOT_PERMITTED",
      `Cannot issue for ${text}: a server listens on it, and clients connect to another address`,
      { hints: ["Name the addresses that clients connect to, as in 127.0.0.1 ::1 192.168.1.2"] },
    );
  }
  throw new LocalTlsError(
    "NAME_NOT_PERMITTED",
    `Cannot issue for ${text}: it is no private, loopback, link-local, shared (100.64.0.0/10) or unique-local address`,
  );
}

/** Whether an address has no public meaning. @param octets 4 or 16. */
export function isLocalAddress(octets: Uint8Array): boolean {
  const [a = 0, b = 0] = octets;
  if (octets.length === 4) {
    return a === 127 || // loopback: RFC 1122, 3.2.1.3
      a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168) || // RFC 1918
      (a === 169 && b === 254) || // link-local: RFC 3927
      (a === 100 && b >= 64 && b <= 127); // shared: RFC 6598
  }
  return (a & 0xfe) === 0xfc || // unique-local: RFC 4193
    (a === 0xfe && (b & 0xc0) === 0x80) || // link-local: RFC 4291, 2.5.6
    octets.every((octet, i) => octet === (i === 15 ? 1 : 0)); // loopback: RFC 4291, 2.5.3
}

/**
 * Throws NAME_NOT_PERMITTED for a wildcard right below a public suffix ("*.co.uk", "*.github.io"), whatever the CA may
 * speak for: it would be the site of every stranger there, and browsers refuse it (CA/Browser Forum, Baseline
 * Requirements, 3.2.2.6). The list is loaded for wildcards outside of the local domains alone.
 */
export async function checkWildcard(name: RequestedName): Promise<void> {
  if (name.type !== "dns" || !name.wildcard) return;
  const domain = name.value.slice(2);
  if (covers(DEFAULT_PERMITTED_DOMAINS, domain)) return;
  const { exampleBelow, lookUpSuffix, suffixKind } = await import("./public_suffix.ts");
  if (!(await lookUpSuffix(domain)).isSuffix) return;
  throw new LocalTlsError(
    "NAME_NOT_PERMITTED",
    `Cannot issue for "${name.value}": "${domain}" is a ${
      suffixKind(domain)
    }, and the names below ` +
      "it belong to whoever registers them",
    { hints: [`Name the domain below it that is yours, as in "*.${await exampleBelow(domain)}"`] },
  );
}
