/**
 * The names by which this machine is reached, where the user gives none.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { quoteArgument } from "../host/shell_words.ts";
import { checkPermitted, covers, type Permitted } from "../pki/permitted.ts";
import { hostDomain } from "../pki/permitting.ts";
import { lookUpSuffix, suffixKind } from "../pki/public_suffix.ts";
import { parseRequestedName, type RequestedName } from "../pki/requested_name.ts";
import type { CommandContext } from "./context.ts";

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

/**
 * Says that this machine's own name is left out, where that is a name of the public DNS, and what to type for it. Not
 * even `--yes` permits it: anybody may have called the machine so, and a CA for a public name is worth stealing.
 *
 * @param command Lets the CA issue for one domain more, without the program: "ca permit".
 */
export async function warnAboutHostName(
  { host, program, report }: CommandContext,
  permitted: Permitted,
  command = "ca permit",
): Promise<void> {
  const name = hostDomain(host.network.hostName());
  if (name === undefined || permitted.any || covers(permitted.domains, name)) return;
  const { isPublic, isSuffix } = await lookUpSuffix(name);
  if (!isPublic) return;
  report({
    type: "warning",
    code: "HOST_NAME_LEFT_OUT",
    message: isSuffix
      ? `this machine's name, "${name}", is left out: it is a ${suffixKind(name)}`
      : `this machine's name, "${name}", is left out: it is a name of the public internet. To ` +
        `issue for it and the names below it: ${program} ${command} ${quoteArgument(name)}`,
  });
}
