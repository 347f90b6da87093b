/**
 * `list`: the certificates that were issued here, and how they stand. Changes nothing.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import { lookAt } from "./certificate_state.ts";
import { type CommandContext, openToRead } from "./context.ts";
import {
  type CertificateDocument,
  type CommandResult,
  EXIT,
  type ListDocument,
} from "./documents.ts";
import { describeIssued } from "./issuing.ts";

/** What the user asked for. */
export interface ListFlags {
  /** Those too that others have taken the place of. */
  readonly all?: boolean | undefined;
}

/** Runs `list`: in the order in which they were issued, oldest first. */
export async function list(
  context: CommandContext,
  flags: ListFlags,
): Promise<CommandResult<ListDocument>> {
  const { host } = context;
  const { state } = await openToRead(context);
  const authority = await state.loadAuthority();
  const certificates: CertificateDocument[] = [];
  const onDamaged = (lines: number) => warnDamaged(context, state, lines);
  const all = readCertificates(state.issued, { all: flags.all, onDamaged });
  for await (const { event, superseded } of all) {
    if (superseded) {
      certificates.push({ ...describeIssued(event), state: "superseded" });
      continue;
    }
    const held = await lookAt(host, authority, event);
    certificates.push({ ...describeIssued(held.event), state: held.state });
  }
  return { document: { command: "list", ok: true, certificates }, exitCode: EXIT.done };
}

/** Says that lines of the ledger are no event. */
export function warnDamaged(
  { report }: CommandContext,
  { issued }: StateDirectory,
  lines: number,
): void {
  report({
    type: "warning",
    code: "LEDGER_DAMAGED",
    message: `${lines} lines of "${issued.path}" cannot be read and are left out`,
  });
}
