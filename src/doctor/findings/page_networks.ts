/**
 * The networks that a page and the server are on, as browsers tell them apart.
 *
 * @module
 */

import { parseIpv4, parseIpv6 } from "../../x509/ip_address.ts";
import { type Check, checksOf } from "../check.ts";

const { pass, note, fail } = checksOf("page");

/** Where an address is, as browsers tell networks apart (Local Network Access, 2.1). */
export type AddressSpace = "loopback" | "local" | "public" | "unknown";

/** By the address itself; of names only those that mean this machine are known. */
export function addressSpace(host: string): AddressSpace {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (/(?:^|\.)localhost$/i.test(bare)) return "loopback";
  const [a = 0, b = 0, ...rest] = parseIpv4(bare) ?? parseIpv6(bare) ?? [];
  if (rest.length === 0) return "unknown";
  if (rest.length === 2) {
    if (a === 127) return "loopback";
    const isLocal = a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) ||
      (a === 169 && b === 254) || (a === 100 && b >= 64 && b < 128);
    return isLocal ? "local" : "public";
  }
  if (bare === "::1") return "loopback";
  return (a & 0xfe) === 0xfc || (a === 0xfe && (b & 0xc0) === 0x80) ? "local" : "public";
}

/** From the internet into narrower networks browsers ask the user, and only for secure pages. */
export function networkChecks(page: URL, host: string): Check[] {
  const [from, to] = [addressSpace(page.hostname), addressSpace(host)];
  if (from === "unknown" || to === "unknown") return [];
  if (from !== "public" || to === "public") {
    return [pass("local-network", "Page and server are on networks that may call each other")];
  }
  const what = `The page is on ${describe(from)}, ${host} on ${describe(to)}`;
  if (page.protocol === "https:") {
    return [note("local-network", `${what}: browsers ask the user before the first call`)];
  }
  const why = "Chromium allows such calls to https pages alone (InsecureLocalNetwork)";
  return [fail("local-network", `${what}: ${why}`, {
    fixNote: "Serve the page over https",
    clients: ["Chromium"],
  })];
}

function describe(space: AddressSpace): string {
  return space === "public"
    ? "the internet"
    : space === "local"
    ? "a local network"
    : "this machine";
}
