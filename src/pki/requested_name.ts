/**
 * Names that a certificate is asked for: a host name, a wildcard, or an address, from what the user typed.
 *
 * Every spelling that all clients read alike is taken; one that they read in different ways, or that is
 * something else than a name, is refused with what to write instead.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { formatIpAddress, isIpv4Mapped, parseIpv4, parseIpv6 } from "../x509/ip_address.ts";
import { isPlainName, looksNumeric, nameError, quoteName, toDnsName, urlHost } from "./dns_name.ts";

/** A name to issue for. */
export type RequestedName =
  | {
    readonly type: "dns";
    /** Lower-case A-labels, maybe "*." in front. */
    readonly value: string;
    readonly wildcard: boolean;
  }
  | {
    readonly type: "ip";
    /** Canonical text (RFC 5952 for IPv6). */
    readonly value: string;
    /** 4 or 16. */
    readonly octets: Bytes;
  };

/** A name, and what to tell the user about it. */
export interface ParsedName {
  readonly name: RequestedName;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

/** UTF-16 units. Longer texts are not looked into: URLs of that length exist, names do not. */
const MAX_TEXT_LENGTH = 8192;

/** UTF-16 units: no form of a name that is longer has at most 253 characters as A-labels. */
const MAX_HOST_LENGTH = 1000;

const NO_WARNINGS: ParsedName["warnings"] = [];

/**
 * Reads a name that a certificate is wanted for. A URL gives its host, with the warning NAME_FROM_URL.
 * Throws NAME_INVALID, with hints that say what to write.
 *
 * @example
 * ```ts
 * import { equal, throws } from "node:assert/strict";
 * import { parseRequestedName } from "./requested_name.ts";
 *
 * equal(parseRequestedName("FE80:0::1").name.value, "fe80::1");
 * equal(parseRequestedName("https://localhost:8443/x").warnings[0]?.code, "NAME_FROM_URL");
 * throws(() => parseRequestedName("127.1"), { code: "NAME_INVALID" });
 * ```
 */
export function parseRequestedName(text: string): ParsedName {
  // The usual case: what all the rules below would leave as it is.
  if (isPlainName(text)) {
    return { name: { type: "dns", value: text, wildcard: false }, warnings: NO_WARNINGS };
  }
  checkCharacters(text);
  const host = hostOfUrl(text);
  if (host === undefined) return { name: parseHost(text, text), warnings: NO_WARNINGS };
  const name = parseHost(host, text);
  const message = `${quoteName(text)} is a URL: its host, ${name.value}, is taken`;
  return { name, warnings: [{ code: "NAME_FROM_URL", message }] };
}

/** What can be part of no name and of no URL that anybody means. */
function checkCharacters(text: string): void {
  if (text === "") throw nameError(text, "it is empty", ["Write localhost"]);
  if (text.length > MAX_TEXT_LENGTH) throw nameError(text, `it has ${text.length} characters`);
  if (/^[!-~]*$/.test(text)) return; // the usual case; compiling the classes below costs a millisecond
  if (text.includes("\uFFFD")) throw nameError(text, "it is not valid UTF-8");
  if (/\p{Cs}/u.test(text)) throw nameError(text, "it is not valid Unicode");
  const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.exec(text)?.[0];
  if (control !== undefined) {
    throw nameError(text, `the character ${quoteName(control)} is not allowed`);
  }
  if (/\p{Zs}/u.test(text)) {
    const parts = text.trim().split(/\p{Zs}+/u);
    const hint = parts.length === 1
      ? `Write ${parts[0]}`
      : "Give each name as an argument of its own";
    throw nameError(text, "it has a blank in it", [hint]);
  }
}

/** The host of a URL, without port; undefined for what is no URL. Kept as typed: the URL parser would settle ambiguities. */
function hostOfUrl(text: string): string | undefined {
  const match = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text);
  const authority = match?.[1];
  if (authority === undefined) return undefined;
  if (authority.includes("@")) throw nameError(text, "it is a URL with a user name in it");
  const host = authority.replace(/:[0-9]*$/, "");
  // "::1" without brackets loses a group to that replacement, and is no URL anyway
  if (authority.includes(":") && host.includes(":") && !host.startsWith("[")) {
    throw nameError(text, "it is a URL whose host is in no brackets");
  }
  if (host === "") throw nameError(text, "it is a URL without a host");
  return host;
}

function parseHost(host: string, original: string): RequestedName {
  if (host.length > MAX_HOST_LENGTH) {
    throw nameError(original, `it has ${host.length} characters, more than 253`);
  }
  if (host.includes("@")) {
    const state = "it is an e-mail address, which certificates for clients alone have";
    throw nameError(original, state, ["Add --client"]);
  }
  if (host.startsWith("-")) {
    throw nameError(original, "it begins with a hyphen, as options do and no host name does");
  }
  const bad = /[/\\;,&|<>(){}$`'"!?#=+~^]/.exec(host)?.[0];
  if (bad !== undefined) {
    throw nameError(original, `the character ${quoteName(bad)} is not allowed`);
  }
  refusePort(host, original);
  if (host.includes(":") || host.startsWith("[")) return parseAddress6(host, original);
  if (host.includes("%")) throw nameError(original, 'the character "%" is not allowed');
  if (looksNumeric(host)) return parseAddress4(host, original);
  return parseDns(host, original);
}

function refusePort(host: string, original: string): void {
  const match = /^(\[[^\]]*\]|[^:]*):([0-9]*)$/.exec(host);
  if (match === null) return;
  const alone = (match[1] ?? "").replace(/^\[(.*)\]$/, "$1");
  const hints = alone === "" ? [] : [`Write ${alone}`];
  throw nameError(
    original,
    "it has a port, and certificates are for hosts, whatever the port",
    hints,
  );
}

function parseAddress6(host: string, original: string): RequestedName {
  const bracketed = /^\[([^[\]]*)\]$/.exec(host);
  const text = bracketed?.[1] ?? host;
  const zone = text.indexOf("%");
  if (zone >= 0) {
    const alone = text.slice(0, zone);
    const hints = parseIpv6(alone) === undefined ? [] : [`Write ${alone}`];
    throw nameError(original, "it has a zone id, which means something on one machine only", hints);
  }
  const octets = parseIpv6(text);
  if (octets === undefined) throw nameError(original, "it is no IPv6 address (RFC 4291, 2.2)");
  if (isIpv4Mapped(octets)) {
    const hint = `Write ${formatIpAddress(octets.subarray(12)) ?? ""}`;
    throw nameError(
      original,
      "it is an IPv4 address written as IPv6, which clients never ask for",
      [hint],
    );
  }
  return { type: "ip", value: formatIpAddress(octets) ?? text, octets };
}

function parseAddress4(host: string, original: string): RequestedName {
  const octets = parseIpv4(host);
  if (octets !== undefined) return { type: "ip", value: host, octets };
  const readings = ipv4Readings(host);
  if (readings.length === 0) {
    throw nameError(
      original,
      "it is no IPv4 address, and its last label is a number, as no host name's is",
    );
  }
  const state = "the address is ambiguous: it is not four decimal numbers without leading zeros, " +
    "and clients read it in different ways";
  throw nameError(original, state, readings.map((reading) => `Write ${reading}`));
}

/** What clients make of an unusual IPv4 address: URL parsers (octal, hexadecimal, short forms), and plain decimal. */
function ipv4Readings(host: string): string[] {
  const readings = new Set<string>();
  const browser = urlHost(host);
  if (browser !== undefined && parseIpv4(browser) !== undefined) readings.add(browser);
  const decimal = host.replace(/\.$/, "").replace(/(^|\.)0+(?=[0-9])/g, "$1");
  if (parseIpv4(decimal) !== undefined) readings.add(decimal);
  return [...readings];
}

function parseDns(host: string, original: string): RequestedName {
  const wildcard = host.startsWith("*.");
  const base = wildcard ? host.slice(2) : host;
  if (host === "*") {
    throw nameError(original, 'a lone "*" would mean every name, and no client accepts it');
  }
  if (base.includes("*")) {
    throw nameError(
      original,
      'a "*" is allowed as the whole first label alone, as in "*.foo.test"',
    );
  }
  const value = toDnsName(base, original);
  if (!wildcard) return { type: "dns", value, wildcard };
  if (!value.includes(".")) {
    const state =
      `a wildcard right under "${value}" is refused by most clients: two labels must follow the "*"`;
    throw nameError(original, state, [`Write *.foo.${value}, or each name`]);
  }
  if (value.length + 2 > 253) throw nameError(original, "it has more than 253 characters");
  return { type: "dns", value: `*.${value}`, wildcard };
}
