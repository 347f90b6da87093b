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
import { parseIpv4, parseIpv6 } from "../x509/ip_address.ts";
import { looksNumeric, nameError, toDnsName, urlHost } from "./dns_name.ts";
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

/**
 * What a new CA may speak for: the default domains, this machine's host name, and what the user adds.
 *
 * The host name is left out where it is no dNSName, an address, or a public top-level domain ("dev", "box": the CA
 * could then speak for every site below it). Suffixes such as "co.uk" are not recognised.
 *
 * Throws NAME_INVALID for an extra domain that is none, or that is a public top-level domain.
 *
 * @param options.hostName As the system gives it.
 * @param options.extra Domains, each for itself and everything below; or the word "any".
 * @example
 * ```ts
 * import { deepEqual, rejects } from "node:assert/strict";
 * import { permittedDomains } from "./permitted.ts";
 *
 * const permitted = await permittedDomains({ hostName: "dev", extra: ["Example.COM"] });
 * deepEqual(permitted.any || permitted.domains.slice(-1), ["example.com"]);
 * await rejects(permittedDomains({ hostName: "", extra: ["com"] }), { code: "NAME_INVALID" });
 * ```
 */
export async function permittedDomains(
  options: { readonly hostName: string; readonly extra?: readonly string[] },
): Promise<Permitted> {
  const { hostName, extra = [] } = options;
  if (extra.includes(PERMIT_ANY)) return { any: true };
  const domains = [...DEFAULT_PERMITTED_DOMAINS];
  const add = (domain: string) => {
    if (!covers(domains, domain)) domains.push(domain);
  };
  const host = hostDomain(hostName);
  if (host !== undefined && !await isTopLevelDomain(host)) add(host);
  for (const text of extra) add(await checkedPermit(text));
  return { any: false, domains };
}

/**
 * What a CA may speak for, and further domains. What it covers already is not added.
 *
 * Throws NAME_INVALID as {@link permittedDomains} does.
 *
 * @param extra Domains, each for itself and everything below; or the word "any".
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 * import { extendPermitted } from "./permitted.ts";
 *
 * const held = { any: false, domains: ["test"] } as const;
 * deepEqual(await extendPermitted(held, ["app.test"]), held);
 * deepEqual(await extendPermitted(held, ["example.com"]), { any: false, domains: ["test", "example.com"] });
 * ```
 */
export async function extendPermitted(
  held: Permitted,
  extra: readonly string[],
): Promise<Permitted> {
  const isAny = extra.includes(PERMIT_ANY);
  const wanted = isAny ? [] : await Promise.all(extra.map(checkedPermit));
  if (held.any || isAny) return { any: true };
  const domains = [...held.domains];
  for (const domain of wanted) if (!covers(domains, domain)) domains.push(domain);
  return { any: false, domains };
}

/** The host name as a domain to permit; undefined where it is none. */
function hostDomain(hostName: string): string | undefined {
  if (looksNumeric(hostName) || parseIpv6(hostName) !== undefined) return undefined;
  try {
    return toDnsName(hostName.replace(/\.$/, ""));
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}

async function checkedPermit(text: string): Promise<string> {
  const domain = parsePermit(text);
  if (!await isTopLevelDomain(domain) || DEFAULT_PERMITTED_DOMAINS.includes(domain)) return domain;
  const state =
    "it is a public top-level domain, and a stolen key could impersonate every site in it";
  throw nameError(text, state, [
    "--permit the domain that you use, as in --permit example.com",
    "--permit any",
  ]);
}

function parsePermit(text: string): string {
  const bare = text.replace(/^\*?\./, "");
  if (bare !== text) {
    throw nameError(text, "a permitted domain includes everything below it", [`--permit ${bare}`]);
  }
  if (parseIpv4(text) !== undefined || parseIpv6(text.replace(/^\[|\]$/g, "")) !== undefined) {
    throw nameError(
      text,
      "only domains can be permitted; private addresses are, others need an unlimited CA",
      [
        `--permit ${PERMIT_ANY}`,
      ],
    );
  }
  return toDnsName(text);
}

/** Whether a single label is a top-level domain of the public DNS. The list is loaded for this alone: 20 kB. */
async function isTopLevelDomain(domain: string): Promise<boolean> {
  if (domain.includes(".")) return false;
  const { default: list } = await import("tlds", { with: { type: "json" } });
  if (!domain.startsWith("xn--")) return list.includes(domain);
  // deno-lint-ignore no-control-regex
  return list.some((entry) => /[^\x00-\x7f]/.test(entry) && urlHost(entry) === domain);
}

/** Whether a name is one of the domains, or below one. */
function covers(domains: readonly string[], name: string): boolean {
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
 * What `--permit` would have to say for a name: its last two labels, which is the registered domain for most names
 * (not under suffixes like "co.uk": then it is more than needed, and the user sees it); "any" for addresses.
 */
export function suggestPermit(name: RequestedName): string {
  if (name.type === "ip") return PERMIT_ANY;
  return name.value.split(".").filter((label) => label !== "*").slice(-2).join(".");
}
