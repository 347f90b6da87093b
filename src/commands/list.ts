/**
 * `list`: the certificates that were issued here, and how they stand. Changes nothing.
 *
 * @module
 */

import { currentCertificates } from "../castore/ledger.ts";
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
  const { host } = context;
  const { state } = await openWorkplace(context);
  const authority = await state.loadAuthority();
  const { events, damaged } = await state.issued.read();
  if (damaged > 0) {
    context.report({
      type: "warning",
      code: "LEDGER_DAMAGED",
      message: `${damaged} lines of "${state.issued.path}" cannot be read and are left out`,
    });
  }
  const current = new Set(currentCertificates(events));
  const certificates: CertificateDocument[] = [];
  for (const event of flags.all ? events : current) {
    if (!current.has(event)) {
      certificates.push({ ...describeIssued(event), state: "superseded" });
      continue;
    }
    const held = await lookAt(host, authority, event);
    certificates.push({ ...describeIssued(held.event), state: held.state });
  }
  return { document: { command: "list", ok: true, certificates }, exitCode: EXIT.done };
}
