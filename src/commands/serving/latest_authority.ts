/**
 * The CA of a server that runs for days: another one may take its place meanwhile.
 *
 * @module
 */

import type { StateDirectory } from "../../castore/state_directory.ts";
import type { Authority } from "../../pki/authority.ts";

/**
 * Follows the CA: after `ca permit` and `ca rotate` clients trust another root, and no longer the one that was opened. The
 * same object as long as it is the same CA, so that a password is asked for once.
 *
 * @param held The one that was opened.
 */
export function followAuthority(
  state: Pick<StateDirectory, "loadAuthority">,
  held: Authority,
): () => Promise<Authority> {
  let current = held;
  return async () => {
    // What is damaged, or gone, is not this server's to say: what it has in memory goes on issuing.
    const found = await state.loadAuthority().catch(() => undefined);
    if (found !== undefined && found.issuerSha256 !== current.issuerSha256) current = found;
    return current;
  };
}
