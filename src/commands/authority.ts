/**
 * The CA that a command works with: the one that is there, or a new one.
 *
 * @module
 */

import type { StateDirectory } from "../castore/state_directory.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { TargetUser } from "../host/target_user.ts";
import type { Authority } from "../pki/authority.ts";
import { createHierarchy } from "../pki/hierarchy.ts";
import { covers, type Permitted } from "../pki/permitted.ts";
import { permittedDomains } from "../pki/permitting.ts";
import { requireClock } from "./clock.ts";
import { ANY_GIVES_UP } from "./confirm_any.ts";
import type { CommandContext } from "./context.ts";
import type { CaDocument } from "./documents.ts";

/** What a CA made now would be allowed to issue for. Throws NAME_INVALID for a bad --permit. */
export async function permittedForNewAuthority(
  host: Host,
  extra: readonly string[] = [],
): Promise<Permitted> {
  return await permittedDomains({ hostName: host.network.hostName(), extra });
}

/** The CA, made if there is none. */
export async function ensureAuthority(
  context: CommandContext,
  user: TargetUser,
  state: StateDirectory,
  permitted: Permitted,
): Promise<{ readonly authority: Authority; readonly created: boolean }> {
  const { host } = context;
  await requireClock(context, state, undefined);
  const made = await state.createAuthority(() => {
    context.report({ type: "progress", message: "making the CA" });
    const description = `${user.name}@${host.network.hostName()}`;
    return createHierarchy({ description, permitted, now: host.now() });
  }, { onWait: () => sayWaiting(context) });
  warnUnconfirmed(context, state, made);
  if (made.created && permitted.any) {
    context.report({
      type: "warning",
      code: "CA_UNCONSTRAINED",
      message: `this CA may issue for every name: ${ANY_GIVES_UP}`,
    });
  }
  return made;
}

/** Said once, when a CA is made: its key is as private as the directory it was put into. */
export function warnUnconfirmed(
  { report }: CommandContext,
  state: StateDirectory,
  { unconfirmed = false }: { readonly unconfirmed?: boolean },
): void {
  if (!unconfirmed) return;
  report({
    type: "warning",
    code: "STATE_ACCESS_UNCONFIRMED",
    message: `this system does not say who may read the CA's key in "${state.path}"`,
  });
}

/** Said when another localtls holds the state directory for more than a moment. */
export function sayWaiting(context: CommandContext): void {
  context.report({ type: "progress", message: "waiting for another localtls to finish" });
}

/** The CA as documents show it. */
export function describeAuthority(state: StateDirectory, authority: Authority): CaDocument {
  return {
    root: state.rootFile,
    sha256: authority.rootSha256,
    notAfter: authority.notAfter.toISOString(),
    permitted: authority.permitted.any ? ["any"] : [...authority.permitted.domains],
  };
}

/**
 * Refuses --permit for a CA that is there and does not permit it: what a CA may issue for is written
 * into its root, and the root's key is gone.
 *
 * @param wanted What a CA made now with the same --permit would be allowed to issue for.
 * @param extra The words of --permit, for the hint.
 */
export function requireExtraPermitted(
  context: CommandContext,
  authority: Authority,
  wanted: Permitted,
  extra: readonly string[],
): void {
  const held = authority.permitted;
  if (extra.length === 0 || held.any) return;
  const missing = wanted.any
    ? ["any"]
    : wanted.domains.filter((domain) => !covers(held.domains, domain));
  // The host name may have changed since the CA was made; only what was asked for counts.
  const asked = missing.filter((domain) =>
    extra.some((word) =>
      word.toLowerCase() === domain || domain.startsWith("xn--") || domain === "any"
    )
  );
  if (asked.length === 0) return;
  const { program } = context;
  throw new LocalTlsError(
    "NAME_NOT_PERMITTED",
    `Cannot permit "${asked.join('", "')}": what a CA may issue for is fixed when it is made`,
    {
      hints: [
        `${program} ca permit ${asked.join(" ")}`,
        "This makes a new CA and issues every certificate again in its place",
      ],
    },
  );
}
