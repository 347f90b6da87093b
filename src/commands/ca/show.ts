/**
 * `ca show`: the CA itself. Changes nothing.
 *
 * @module
 */

import { encodePem } from "../../der/pem.ts";
import { type CommandContext, openWorkplace } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { warnAboutSuffixes } from "../permitted_suffixes.ts";
import { describeDetails, requireAuthority } from "./describe.ts";
import type { CaShowDocument } from "./documents.ts";

/** What the user asked for. */
export interface ShowFlags {
  /** Print the root's certificate and nothing else. */
  readonly pem?: boolean | undefined;
}

/** Runs `ca show`. Throws CA_MISSING. */
export async function showCa(
  context: CommandContext,
  flags: ShowFlags,
): Promise<CommandResult<CaShowDocument>> {
  const { state } = await openWorkplace(context);
  const authority = await requireAuthority(context, state);
  await warnAboutSuffixes(context, authority);
  return {
    document: {
      command: "ca show",
      ok: true,
      directory: state.path,
      ca: describeDetails(state, authority),
      ...(flags.pem === true ? { pem: encodePem("CERTIFICATE", authority.root.der) } : {}),
    },
    exitCode: EXIT.done,
  };
}
