/**
 * Public suffixes: the domains below which names belong to whoever registers them ("com", "co.uk", "github.io").
 *
 * From the public suffix list (publicsuffix.org), with its private section: a CA that may speak for "github.io" can
 * impersonate the sites of strangers as well as one for "com" can. The list is compiled into the program, and loaded
 * for names that are refused or permitted alone (140 kB).
 *
 * @module
 */

import { covers, DEFAULT_PERMITTED_DOMAINS, type Permitted } from "./permitted.ts";
import type { RequestedName } from "./requested_name.ts";

/** What the list says of a domain. */
export interface SuffixAnswer {
  /** Nobody owns it: a top-level domain, a suffix, or the parent of a wildcard rule ("ck" of "*.ck"). */
  readonly isSuffix: boolean;
  /** It has a meaning in the public DNS: its last label is a top-level domain that the list knows. */
  readonly isPublic: boolean;
  /** The suffix and one label more; undefined for a suffix and for a single label. */
  readonly registrable: string | undefined;
}

/** Top-level domains that the list has rules below, and none for ("co.za" is one, "za" is not in it). */
const WITHOUT_RULE: readonly string[] = ["za"];

const OPTIONS = { allowPrivateDomains: true, extractHostname: false, detectIp: false } as const;

/**
 * Looks a domain up. The domains of local networks, which are permitted by default, are never suffixes: "home.arpa"
 * is on the list, and takes nothing from anyone (RFC 8375).
 *
 * @param domain Canonical, as `toDnsName()` gives it: lower-case A-labels, no wildcard, no dot at the end.
 * @example
 * ```ts
 * import { deepEqual, equal } from "node:assert/strict";
 * import { lookUpSuffix } from "./public_suffix.ts";
 *
 * equal((await lookUpSuffix("co.uk")).isSuffix, true);
 * equal((await lookUpSuffix("www.bank.co.uk")).registrable, "bank.co.uk");
 * deepEqual(await lookUpSuffix("nas"), { isSuffix: false, isPublic: false, registrable: undefined });
 * ```
 */
export async function lookUpSuffix(domain: string): Promise<SuffixAnswer> {
  const { parse } = await import("tldts");
  const { domain: registrable, isIcann, isPrivate } = parse(domain, OPTIONS);
  const found = registrable ?? undefined;
  if (covers(DEFAULT_PERMITTED_DOMAINS, domain)) {
    return { isSuffix: false, isPublic: false, registrable: found };
  }
  const isListed = isIcann === true || isPrivate === true;
  return {
    // Single labels that the list does not know are names of local networks.
    isSuffix: found === undefined && (isListed || WITHOUT_RULE.includes(domain)),
    isPublic: isListed || covers(WITHOUT_RULE, domain),
    registrable: found,
  };
}

/** "public top-level domain" or "public suffix". */
export function suffixKind(domain: string): string {
  return domain.includes(".") ? "public suffix" : "public top-level domain";
}

/** A domain below a suffix that somebody can own: "example.co.uk"; "example.co.mm" where every "x.mm" is a suffix. */
export async function exampleBelow(suffix: string): Promise<string> {
  const domain = `example.${suffix}`;
  return (await lookUpSuffix(domain)).isSuffix ? `example.co.${suffix}` : domain;
}

/**
 * The domain that has to be permitted for a name: the registrable one, or the name itself where nobody registers such
 * names. Undefined where nothing should be: for addresses, and for suffixes.
 */
export async function suggestPermit(name: RequestedName): Promise<string | undefined> {
  if (name.type === "ip") return undefined;
  const domain = name.wildcard ? name.value.slice(2) : name.value;
  const { isSuffix, registrable } = await lookUpSuffix(domain);
  return isSuffix ? undefined : registrable ?? domain;
}

/**
 * The public suffixes among what a CA may speak for: none in one made by this version. Earlier ones refused top-level
 * domains alone, and an imported CA can have any.
 */
export async function permittedSuffixes(permitted: Permitted): Promise<string[]> {
  if (permitted.any) return [];
  const suffixes: string[] = [];
  for (const domain of permitted.domains) {
    // The list is not even loaded for a CA of the default domains.
    if (covers(DEFAULT_PERMITTED_DOMAINS, domain)) continue;
    if ((await lookUpSuffix(domain)).isSuffix) suffixes.push(domain);
  }
  return suffixes;
}
