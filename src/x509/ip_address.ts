/**
 * IP addresses between octets and their one canonical text (RFC 5952), as iPAddress names need them
 * (RFC 5280, 4.2.1.6: 4 or 16 octets).
 *
 * Parsing takes dotted decimal without leading zeros, and every text form of RFC 4291, 2.2. It answers
 * undefined for all else; pki/requested_name.ts says why to the user.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

const DECIMAL_OCTET = /^(?:0|[1-9][0-9]{0,2})$/;
const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/;

/** Characters of the longest form: eight groups of four, the last two as dotted decimal. */
const MAX_TEXT_LENGTH = 45;

/** Four decimal parts without leading zeros; undefined for anything else. */
export function parseIpv4(text: string): Bytes | undefined {
  if (text.length > 15) return undefined;
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const out = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    if (!DECIMAL_OCTET.test(part) || Number(part) > 255) return undefined;
    out[i] = Number(part);
  }
  return out;
}

/** Any form of RFC 4291, 2.2, either case; no zone, no brackets. Undefined for anything else. */
export function parseIpv6(text: string): Bytes | undefined {
  if (text.length > MAX_TEXT_LENGTH || !text.includes(":")) return undefined;
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [headText = "", tailText] = halves;
  const head = parseGroups(headText, tailText === undefined);
  const tail = tailText === undefined ? [] : parseGroups(tailText, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // "::" stands for at least one group (RFC 4291, 2.2: "one or more groups").
  if (tailText === undefined ? missing !== 0 : missing < 2) return undefined;
  const out = new Uint8Array(16);
  out.set(head, 0);
  out.set(tail, 16 - tail.length);
  return out;
}

/** Octets of colon-separated groups; the last may be dotted decimal where it ends the address. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const octets: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (HEX_GROUP.test(group)) {
      const value = Number.parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
      continue;
    }
    const ipv4 = endsAddress && i === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 === undefined) return undefined;
    octets.push(...ipv4);
  }
  return octets.length > 16 ? undefined : octets;
}

/**
 * The canonical text of 4 or 16 octets: dotted decimal, or RFC 5952.
 * Undefined for another number of octets.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { formatIpAddress, parseIpv6 } from "./ip_address.ts";
 *
 * equal(formatIpAddress(parseIpv6("FE80:0:0:0:0:0:0:1")!), "fe80::1");
 * ```
 */
export function formatIpAddress(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join(".");
  if (octets.length !== 16) return undefined;
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push(((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0));
  }
  if (isIpv4Mapped(octets)) return `::ffff:${octets.subarray(12).join(".")}`; // RFC 5952, 5
  const run = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (run.length < 2) return hex(groups); // RFC 5952, 4.2.2: never for one group
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

/** The first of the longest runs of zero groups (RFC 5952, 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= groups.length; at++) {
    if (groups[at] === 0) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best;
}

/** Whether 16 octets are ::ffff:0:0/96, an IPv4 address in IPv6 dress (RFC 4291, 2.5.5.2). */
export function isIpv4Mapped(octets: Uint8Array): boolean {
  return octets.length === 16 && octets[10] === 0xff && octets[11] === 0xff &&
    octets.subarray(0, 10).every((octet) => octet === 0);
}
