/**
 * `status`: how things stand, and what needs doing. Changes nothing.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import { currentTrust } from "../castore/ledger.ts";
import { quoteArgument, quoteCommand } from "../host/shell_words.ts";
import type { Authority } from "../pki/authority.ts";
import { readStates, type StoreResult } from "../truststore/change.ts";
import { anchorOfAuthority } from "./anchors.ts";
import { describeAuthority } from "./authority.ts";
import { lookAt } from "./certificate_state.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import {
  type CertificateDocument,
  type CommandResult,
  EXIT,
  type StatusDocument,
} from "./documents.ts";
import { warnDamaged } from "./list.ts";
import { describeIssued, DUE_DAYS } from "./issuing.ts";
import { describeAddressChange, findAddressChange } from "./lan_addresses.ts";
import { findLeftovers, findUnfinished } from "./leftovers.ts";
import { suffixTodo } from "./permitted_suffixes.ts";
import { findStores, type StoreOptions } from "./stores.ts";

type Todo = StatusDocument["todo"][number];

const DAY_MS = 86_400_000;

/** Runs `status`; exit code 1 when something needs doing. */
export async function status(
  context: CommandContext,
  flags: StoreOptions,
): Promise<CommandResult<StatusDocument>> {
  const { host, program } = context;
  const workplace = await openWorkplace(context);
  const { state } = workplace;
  const authority = await state.loadAuthority();
  const todo: Todo[] = [];
  let stores: StoreResult[] = [];
  if (authority === undefined) {
    todo.push({ message: "There is no CA.", command: `${program} setup` });
  } else {
    todo.push(...authorityTodo(context, authority), ...await suffixTodo(context, authority));
    const anchor = anchorOfAuthority(state, authority);
    stores = await readStates(await findStores(context, workplace, flags), anchor);
    if (stores.some(({ outcome }) => outcome === "untrusted")) {
      const command = `${program} trust${rootWords(flags.root)}`;
      todo.push({ message: "Not every store trusts the CA.", command });
    } else if (stores.some(({ outcome }) => outcome === "failed")) {
      const command = `${program} trust${rootWords(flags.root)}`;
      todo.push({ message: "Not every store could be read.", command });
    }
    // As setup counts them: without a way out there is nothing to do.
    for (const { outcome, label, hint } of stores) {
      if (outcome !== "unavailable" || hint === undefined) continue;
      todo.push({ message: `The ${label} cannot be used.`, command: hint });
    }
  }
  // Asked about an image, it says nothing of this machine.
  const about = { command: "status", directory: state.path, stores, todo } as const;
  const ca = authority === undefined ? {} : { ca: describeAuthority(state, authority) };
  if (flags.root !== undefined) {
    const left = todo.length > 0 || stores.some(({ outcome }) => outcome !== "trusted");
    return {
      document: { ...about, ok: !left, ...ca, certificates: [] },
      exitCode: left ? EXIT.failed : EXIT.done,
    };
  }
  todo.push(...await leftoverTodo(context, workplace, authority));
  const left = await findLeftovers(context, workplace);
  const unfinished = await findUnfinished(context, workplace);
  if (left.length + unfinished.length > 0) {
    todo.push({
      message: "A run that was killed left temporary files, which may hold private keys.",
      command: quoteCommand(["rm", ...unfinished.length > 0 ? ["-r"] : [], ...left, ...unfinished]),
    });
  }
  const addresses = await host.network.addresses();
  const certificates: CertificateDocument[] = [];
  const onDamaged = (lines: number) => warnDamaged(context, state, lines);
  for await (const { event } of readCertificates(state.issued, { onDamaged })) {
    const held = await lookAt(host, authority, event);
    const certificate = { ...describeIssued(held.event), state: held.state };
    certificates.push(certificate);
    const item = certificateTodo(program, certificate);
    if (item !== undefined) todo.push(item);
    // A machine may have moved since; of files that are not ours any more nothing is known.
    const isHere = held.certificate !== undefined && held.state !== "expired";
    const change = isHere ? findAddressChange(held.event, addresses) : undefined;
    if (change !== undefined) {
      const { message, command } = describeAddressChange(program, change);
      todo.push({ message: `${message}.`, command });
    }
  }
  return {
    document: { ...about, ok: todo.length === 0, ...ca, certificates },
    exitCode: todo.length === 0 ? EXIT.done : EXIT.failed,
  };
}

/** The option that names the image again. */
function rootWords(root: string | undefined): string {
  return root === undefined ? "" : ` --root ${quoteArgument(root)}`;
}

function authorityTodo({ host, program }: CommandContext, authority: Authority): Todo[] {
  const now = host.now().getTime();
  const left = authority.notAfter.getTime() - now;
  const { notBefore } = authority.root;
  if (notBefore.getTime() > now) {
    const from = notBefore.toISOString().slice(0, 10);
    return [{
      message: `The CA is only valid from ${from}: if the clock is right, replace it.`,
      command: `${program} ca rotate`,
    }];
  }
  if (left > DUE_DAYS * DAY_MS) return [];
  const when = authority.notAfter.toISOString().slice(0, 10);
  return [{
    message: left > 0 ? `The CA ends on ${when}.` : `The CA ended on ${when}.`,
    command: `${program} ca rotate`,
  }];
}

/** What `ca permit` and `ca rotate` can leave: a change that was killed, a root that no store gave back. */
async function leftoverTodo(
  { program }: CommandContext,
  { state }: Workplace,
  authority: Authority | undefined,
): Promise<Todo[]> {
  const todo: Todo[] = [];
  const interrupted = await state.interruptedChange();
  if (interrupted !== undefined) {
    todo.push({
      message: "A change of the CA was interrupted before it took effect.",
      command: `${program} ${quoteCommand(interrupted)}`,
    });
  }
  const held = currentTrust((await state.trusted.read()).events);
  const commands = new Set(
    held.filter(({ own, sha256 }) => own === true && sha256 !== authority?.rootSha256)
      .map(({ sha256, root }) => `untrust ${sha256}${rootWords(root)}`),
  );
  for (const command of commands) {
    const message = "A root of this CA that is not in use is still trusted.";
    todo.push({ message, command: `${program} ${command}` });
  }
  return todo;
}

function certificateTodo(program: string, certificate: CertificateDocument): Todo | undefined {
  const { names, cert, state } = certificate;
  const what = `The certificate for ${names.slice(0, 3).join(", ")}`;
  const command = `${program} renew ${quoteArgument(cert)}`;
  const when = certificate.notAfter.slice(0, 10);
  if (state === "expired") return { message: `${what} ended on ${when}.`, command };
  if (state === "not-yet-valid") {
    const from = certificate.notBefore.slice(0, 10);
    return { message: `${what} is only valid from ${from}.`, command };
  }
  if (state === "due") return { message: `${what} ends on ${when}.`, command };
  if (state === "foreign") return { message: `${what} is from a CA that is gone.`, command };
  // Files that were moved or deleted are the user's business; the table shows them.
  return undefined;
}
