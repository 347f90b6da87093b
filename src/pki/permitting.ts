/**
 * What a CA is made to speak for: the default domains, this machine's own name, and what the user adds.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { parseIpv4, parseIpv6 } from "../x509/ip_address.ts";
import { looksNumeric, nameError, toDnsName } from "./dns_name.ts";
import { covers, DEFAULT_PERMITTED_DOMAINS, PERMIT_ANY, type Permitted } from "./permitted.ts";
import { exampleBelow, lookUpSuffix, permittedSuffixes, suffixKind } from "./public_suffix.ts";

/**
 * What a new CA may speak for: the default domains, this machine's host name, and what the user adds.
 *
 * The host name is taken where it has no meaning in the public DNS: a single label, or one below a suffix of a local
 * network. The name of a public site is whatever somebody called this machine; nobody has asked for it.
 *
 * Throws NAME_INVALID for an extra domain that is none, or that is a public suffix.
 *
 * @param options.hostName As the system gives it.
 * @param options.extra Domains, each for itself and everything below; or the word "any".
 * @example
 * ```ts
 * import { deepEqual, rejects } from "node:assert/strict";
 * import { permittedDomains } from "./permitting.ts";
 *
 * const permitted = await permittedDomains({ hostName: "dev", extra: ["Example.COM"] });
 * deepEqual(permitted.any || permitted.domains.slice(-1), ["example.com"]);
 * await rejects(permittedDomains({ hostName: "", extra: ["co.uk"] }), { code: "NAME_INVALID" });
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
  if (host !== undefined && !(await lookUpSuffix(host)).isPublic) add(host);
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
 * import { extendPermitted } from "./permitting.ts";
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

/**
 * The list of a CA without the public suffixes in it: in their place what the names below them need, which is the
 * registrable domain of each.
 *
 * @param names Host names that the CA goes on issuing for, without "*.".
 * @returns The same list where no suffix is in it.
 * @example
 * ```ts
 * import { deepEqual } from "node:assert/strict";
 * import { withoutSuffixes } from "./permitting.ts";
 *
 * const held = { any: false, domains: ["test", "com.cn"] } as const;
 * deepEqual(await withoutSuffixes(held, ["www.bank.com.cn", "a.test"]), {
 *   any: false,
 *   domains: ["test", "bank.com.cn"],
 * });
 * ```
 */
export async function withoutSuffixes(
  held: Permitted,
  names: readonly string[],
): Promise<Permitted> {
  const suffixes = await permittedSuffixes(held);
  if (held.any || suffixes.length === 0) return held;
  const domains = held.domains.filter((domain) => !suffixes.includes(domain));
  for (const name of names) {
    if (covers(domains, name) || !covers(suffixes, name)) continue;
    const { registrable } = await lookUpSuffix(name);
    if (registrable !== undefined) domains.push(registrable);
  }
  return { any: false, domains };
}

/** The host name as a dNSName; undefined where it is none. */
export function hostDomain(hostName: string): string | undefined {
  if (looksNumeric(hostName) || parseIpv6(hostName) !== undefined) return undefined;
  try {
    return toDnsName(hostName.replace(/\.$/, ""));
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}

async function checkedPermit(text: string): Promise<string> {
  // First: a hint to write "com.cn" for "*.com.cn" would be followed by the next refusal.
  const meant = hostDomain(text.replace(/^\*?\./, ""));
  if (meant === undefined || !(await lookUpSuffix(meant)).isSuffix) return parsePermit(text);
  const state = `it is a ${suffixKind(meant)}, and a stolen key could impersonate every site in it`;
  throw nameError(text, state, [
    `Permit the domain below it that is yours, as in ${await exampleBelow(meant)}`,
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
      "only domains can be permitted; private addresses are, and public ones are not issued for",
    );
  }
  return toDnsName(text);
}
