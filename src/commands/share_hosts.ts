/**
 * The names under which a page on this machine may be asked for.
 *
 * @module
 */

import { DEFAULT_PERMITTED_DOMAINS } from "../pki/permitted.ts";

const ADDRESS = /^(?:\d+(?:\.\d+){3}|[0-9a-f.]*:[0-9a-f:.]*)$/i;

/**
 * Whether nobody on the internet can have made the name lead here: an address is no name, a single label and the
 * domains of local networks are not in the public DNS, and the rest has to be one of the machine's own.
 *
 * @param name In lower case, without brackets and port.
 */
export function isOwnHost(name: string, own: readonly string[]): boolean {
  const bare = name.replace(/\.$/, "");
  if (bare === "") return false;
  if (ADDRESS.test(bare) || !bare.includes(".")) return true;
  if (own.some((one) => one.toLowerCase() === bare)) return true;
  return DEFAULT_PERMITTED_DOMAINS.some((domain) => bare.endsWith(`.${domain}`));
}
