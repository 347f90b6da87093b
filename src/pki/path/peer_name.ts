/**
 * Whether a certificate is for the peer that was asked for (RFC 9525; RFC 6125 before it).
 *
 * The common name is never looked at; addresses are compared with iPAddress alone, as octets; a wildcard is the whole
 * leftmost label, stands for exactly one label, and has two labels behind it at least.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import type { GeneralName } from "../../x509/general_name.ts";
import { formatIpAddress, parseIpv4, parseIpv6 } from "../../x509/ip_address.ts";
import { looksNumeric, quoteName, urlHost } from "../dns_name.ts";

/** What is compared with the alternative names. */
export type PeerName =
  /** Lower case, A-labels, no dot at the end. */
  | { readonly type: "dns"; readonly value: string }
  | { readonly type: "ip"; readonly octets: Bytes };

/** Letters, digits and hyphens (RFC 1034, 3.5); the underscore, which real hosts have, is judged by the caller. */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/** RFC 1035, 2.3.4. */
const MAX_NAME_LENGTH = 253;

/**
 * Reads the name of a peer. Brackets around an IPv6 address and a dot at the end are taken off; U-labels become A-labels.
 * Throws USAGE where it is neither a DNS name nor an address.
 */
export function parsePeerName(text: string): PeerName {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  const octets = parseIpv6(bare) ?? (bare === text ? parseIpv4(text) : undefined);
  if (octets !== undefined) return { type: "ip", octets };
  // deno-lint-ignore no-control-regex
  const ascii = /^[\x00-\x7f]*$/.test(text) ? text : urlHost(text) ?? "";
  const value = ascii.toLowerCase().replace(/\.$/, "");
  if (!isHostName(value) || looksNumeric(value)) {
    const message = `Cannot verify a certification path: ${quoteName(text)} is no name of a peer`;
    throw new LocalTlsError("USAGE", message);
  }
  return { type: "dns", value };
}

/** Whether a text is labels of letters, digits, hyphens and underscores, lower case. */
export function isHostName(value: string): boolean {
  return value.length <= MAX_NAME_LENGTH && value.split(".").every((label) => LABEL.test(label));
}

/** Whether a dNSName as it stands in a certificate is one, with a wildcard or without. */
export function isPresentedDnsName(value: string): boolean {
  const lower = value.toLowerCase();
  return isHostName(lower.startsWith("*.") ? lower.slice(2) : lower);
}

/** Whether one of the alternative names is the peer's. */
export function matchesPeerName(names: readonly GeneralName[], peer: PeerName): boolean {
  return names.some((name) => {
    if (peer.type === "ip") return name.type === "ip" && equalBytes(name.octets, peer.octets);
    return name.type === "dns" && matchesDnsName(name.value.toLowerCase(), peer.value);
  });
}

function matchesDnsName(presented: string, peer: string): boolean {
  if (!isPresentedDnsName(presented)) return false;
  if (!presented.startsWith("*.")) return presented === peer;
  const suffix = presented.slice(1);
  // RFC 9525, 6.3; every browser refuses "*.test", which would be for a whole top level domain.
  if (!suffix.slice(1).includes(".")) return false;
  const dot = peer.indexOf(".");
  return dot > 0 && peer.slice(dot) === suffix;
}

/** For messages. */
export function peerNameText(peer: PeerName): string {
  return peer.type === "dns" ? peer.value : formatIpAddress(peer.octets) ?? "";
}
