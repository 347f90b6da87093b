/**
 * Whether this machine has moved to other addresses since certificates were issued for them.
 *
 * @module
 */

import type { IssuedEvent } from "../castore/ledger.ts";
import { quoteArgument } from "../host/shell_words.ts";

/** A certificate for addresses that this machine does not have any more. */
export interface AddressChange {
  readonly event: IssuedEvent;
  /** Addresses among its names that were this machine's, and are not. */
  readonly gone: readonly string[];
  /** Addresses that this machine has and that the certificate does not name. */
  readonly fresh: readonly string[];
}

/** The IPv4 addresses among names. IPv6 is left out: its temporary addresses (RFC 8981) change every day. */
export function ownAddresses(
  names: readonly string[],
  addresses: readonly string[],
): string[] {
  return names.filter((name) => isIpv4(name) && addresses.includes(name));
}

/**
 * Compares a certificate with the addresses of this machine.
 *
 * Its own addresses are those that the ledger notes. A line without them counts only if the certificate is plainly for this
 * machine, naming localhost and 127.0.0.1; others may be for another server. A change it is when one of them is gone
 * and another one is here instead: a machine that is offline, or has a VPN less or more, has not
 * moved.
 *
 * @param addresses Of this machine, now.
 */
export function findAddressChange(
  event: IssuedEvent,
  addresses: readonly string[],
): AddressChange | undefined {
  if (event.usage === "client") return undefined;
  const isOwn = event.names.includes("localhost") && event.names.includes("127.0.0.1");
  const own = event.own ?? (isOwn ? event.names.filter(isPrivateIpv4) : []);
  const gone = own.filter((address) => isPrivateIpv4(address) && !addresses.includes(address));
  const fresh = addresses.filter((address) =>
    isPrivateIpv4(address) && !event.names.includes(address)
  );
  return gone.length === 0 || fresh.length === 0 ? undefined : { event, gone, fresh };
}

/** What to tell the user. */
export function describeAddressChange(
  program: string,
  { event, gone, fresh }: AddressChange,
): { readonly message: string; readonly command: string } {
  const names = [...event.names.filter((name) => !gone.includes(name)), ...fresh];
  const { cert, key } = event;
  const words = [
    ...names.map(quoteArgument),
    ...(event.usage === "both" ? ["--client"] : []),
    "--cert-file",
    quoteArgument(cert),
    ...(key === undefined ? [] : ["--key-file", quoteArgument(key)]),
  ];
  return {
    message: `This machine is not at ${gone.join(", ")} any more, which "${cert}" is for, but at ` +
      fresh.join(", "),
    command: `${program} cert ${words.join(" ")}`,
  };
}

function isIpv4(name: string): boolean {
  return /^\d+(?:\.\d+){3}$/.test(name);
}

/** RFC 1918, and 100.64/10 (RFC 6598): what a machine can have on a LAN and a CA of localtls can issue for. */
function isPrivateIpv4(name: string): boolean {
  if (!isIpv4(name)) return false;
  const [a = 0, b = 0] = name.split(".").map(Number);
  return a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128);
}
