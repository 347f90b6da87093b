/**
 * `cert NAME...`: issues a certificate.
 *
 * @module
 */

import { currentTrust } from "../castore/ledger.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import type { Authority } from "../pki/authority.ts";
import { ensureAuthority, permittedForNewAuthority } from "./authority.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { type CertDocument, type CommandResult, EXIT } from "./documents.ts";
import { issueToFiles, parseNames, requirePermitted } from "./issuing.ts";
import { outputFiles, type OutputOptions, planOutput } from "./output_files.ts";

/** What the user asked for. */
export interface CertFlags extends OutputOptions {
  readonly names: readonly string[];
  /** Lifetime in days. */
  readonly days?: number | undefined;
}

/**
 * Runs `cert`. As mkcert does, it makes the CA when there is none, and says that nobody trusts it yet.
 * Throws NAME_INVALID, NAME_NOT_PERMITTED, CA_EXPIRED, FILE_*.
 */
export async function cert(
  context: CommandContext,
  flags: CertFlags,
): Promise<CommandResult<CertDocument>> {
  const { host, options } = context;
  const names = parseNames(context, flags.names);
  const files = outputFiles(host, names, flags);
  const { user, state } = await openWorkplace(context);
  const held = await state.loadAuthority();
  const permitted = held?.permitted ?? await permittedForNewAuthority(host);
  requirePermitted(context, names, permitted, held !== undefined);
  if (options.dryRun) {
    const planned = planOutput(state, files, held === undefined);
    return {
      document: { command: "cert", ok: true, certificates: [], planned },
      exitCode: EXIT.done,
    };
  }
  const { authority, created } = held === undefined
    ? await ensureAuthority(context, user, state, permitted)
    : { authority: held, created: false };
  const request = { names, files, days: flags.days };
  const certificate = await issueToFiles(context, user, state, authority, request);
  if (created || !await isTrustedAnywhere(state, authority)) {
    context.report({
      type: "warning",
      code: "CA_NOT_TRUSTED",
      message: `nothing on this machine trusts the CA yet: ${context.program} trust`,
    });
  }
  return {
    document: { command: "cert", ok: true, certificates: [certificate] },
    exitCode: EXIT.done,
  };
}

/** By the ledger, which costs one small file; `status` reads the stores themselves. */
async function isTrustedAnywhere(state: StateDirectory, authority: Authority): Promise<boolean> {
  const { events } = await state.trusted.read();
  return currentTrust(events).some(({ sha256 }) => sha256 === authority.rootSha256);
}
