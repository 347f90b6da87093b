/**
 * The names by which this machine is reached, where the user gives none.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { checkPermitted, type Permitted } from "../pki/permitted.ts";
import { parseRequestedName, type RequestedName } from "../pki/requested_name.ts";

/** localhost, the loopback addresses, the host name and this machine's LAN addresses, as far as the CA may. */
export async function ownNames(host: Host, permitted: Permitted): Promise<RequestedName[]> {
  const candidates = [
    "localhost",
    "127.0.0.1",
    "::1",
    host.network.hostName(),
    ...await host.network.addresses(),
  ];
  const names = new Map<string, RequestedName>();
  for (const candidate of candidates) {
    try {
      const { name } = parseRequestedName(candidate);
      checkPermitted(name, permitted);
      names.set(name.value, name);
    } catch (error) {
      // A public address, or a host name that is none: the user did not ask for it.
      if (!(error instanceof LocalTlsError)) throw error;
    }
  }
  return [...names.values()];
}
