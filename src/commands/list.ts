/**
 * `list`: the certificates that were issued here, and how they stand. Changes nothing.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import type { Authority } from "../pki/authority.ts";
import { lookAt } from "./certificate_state.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
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
  const { state } = await openWorkplace(context);
  const authority = await state.loadAuthority();
  const read = () => readStates(context, state, authority, flags.all);
  const document = { command: "list", ok: true } as const;
  // For people a table is laid out, which takes all of them; a program reads on.
  if (context.options.json) {
    return { document: { ...document, certificates: [] }, certificates: read, exitCode: EXIT.done };
  }
  const certificates: CertificateDocument[] = [];
  for await (const certificate of read()) certificates.push(certificate);
  return { document: { ...document, certificates }, exitCode: EXIT.done };
}

async function* readStates(
  context: CommandContext,
  state: StateDirectory,
  authority: Authority | undefined,
  all: boolean | undefined,
): AsyncGenerator<CertificateDocument> {
  const onDamaged = (lines: number) => warnDamaged(context, state, lines);
  for await (const { event, superseded } of readCertificates(state.issued, { all, onDamaged })) {
    if (superseded) {
      yield { ...describeIssued(event), state: "superseded" };
      continue;
    }
    const held = await lookAt(context.host, authority, event);
    yield { ...describeIssued(held.event), state: held.state };
  }
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
