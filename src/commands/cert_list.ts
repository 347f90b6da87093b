/**
 * `cert --from`: a certificate for every line of a list, in one process. Memory does not grow with the list: at
 * any time a few certificates are on their way, and what is done is told and forgotten.
 *
 * @module
 */

import type { IssuedEvent } from "../castore/ledger.ts";
import { LocalTlsError } from "../errors.ts";
import { exceptionText, looksLikeSecret, quoteInput, withholdInput } from "../input_text.ts";
import { baseName } from "../host/path_text.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { Authority } from "../pki/authority.ts";
import type { Permitted } from "../pki/permitted.ts";
import { chooseUsage } from "../pki/subject_name.ts";
import { chooseValidity } from "../pki/validity.ts";
import { ensureAuthority, permittedForNewAuthority } from "./authority.ts";
import {
  askPassword,
  type CertFlags,
  pkcs12Options,
  warnUntrusted,
  withPassword,
} from "./cert_parts.ts";
import type { SettledOutput } from "./cert_output.ts";
import { parseClientNames } from "./client_names.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import {
  type CertLineDocument,
  type CertListDocument,
  type CommandResult,
  EXIT,
  type PlannedStep,
  type Warning,
} from "./documents.ts";
import { createGroupWriter } from "./group_writer.ts";
import {
  type IssueRequest,
  issueToFiles,
  parseNames,
  recordIssued,
  requirePermitted,
} from "./issuing.ts";
import { countLines, type ListLine, listLines } from "./list_lines.ts";
import { isOccupied, outputFiles, planOutput, resolvePath } from "./output_files.ts";
import type { IssuingRecord } from "./standing_files.ts";
import { TakenNames } from "../castore/taken_names.ts";

/** Octets of a list: some 500,000 lines. */
const MAX_LIST = 64 * 1024 * 1024;

/** Certificates on their way at once: while the files of 64 wait for the disk, the next 64 are made. */
const AT_ONCE = 128;

/** Lines of the ledger in one write: an interruption loses the note of so many certificates at most. */
const LEDGER_BATCH = 64;

/** What the lines of one run share. */
interface Run {
  readonly context: CommandContext;
  readonly workplace: Workplace;
  readonly flags: CertFlags;
  readonly permitted: Permitted;
  readonly hasAuthority: boolean;
  readonly held: Authority | undefined;
  /** Read when it is first needed. */
  record?: Promise<IssuingRecord>;
  /** Lower-case names of certificates that this run has written, and the line that it was for. */
  readonly taken: TakenNames;
}

/** What became of a line, and its line in the ledger. */
interface Outcome {
  readonly document: CertLineDocument;
  readonly event: IssuedEvent | undefined;
}

/**
 * Issues for each line. A line that cannot be issued for is told, with its number, and stops no other: then
 * the exit code is 3, or 1 where no line could.
 *
 * Throws what concerns all lines: FILE_NOT_FOUND (the list), CA_EXPIRED, PASSWORD_INVALID, and errors of the state.
 */
export async function certList(
  context: CommandContext,
  flags: CertFlags,
  source: string,
): Promise<CommandResult<CertListDocument>> {
  const { host, options } = context;
  const text = await readList(context, source);
  const total = countLines(text);
  const workplace = await openWorkplace(context);
  const { user, state } = workplace;
  const held = await state.loadAuthority();
  const permitted = held?.permitted ?? await permittedForNewAuthority(host);
  const run: Run = {
    context,
    workplace,
    flags,
    permitted,
    hasAuthority: held !== undefined,
    held,
    taken: new TakenNames(total),
  };
  if (options.dryRun) return planList(run, text);
  const secret = flags.pkcs12 ? await askPassword(context, flags) : undefined;
  const given = secret?.isMadeUp ? undefined : secret?.password;
  const { authority, created } = held === undefined
    ? await ensureAuthority(context, user, state, permitted)
    : { authority: held, created: false };
  // What is wrong with all of them is said once.
  const { shortened } = chooseValidity(authority, {
    now: host.now(),
    days: flags.days,
    allowLong: flags.force,
  });
  if (shortened && flags.days !== undefined) {
    const day = authority.notAfter.toISOString().slice(0, 10);
    const message = `the certificates end with their CA, on ${day}`;
    context.report({ type: "warning", code: "LIFETIME_SHORTENED", message });
  }
  const common: Partial<IssueRequest> = {
    days: flags.days,
    allowLong: flags.force,
    keyType: flags.key,
    pkcs12: pkcs12Options(secret, flags),
    write: createGroupWriter(host),
  };
  const pending: IssuedEvent[] = [];
  const flush = () => recordIssued(context, state, pending.splice(0));
  // Lines are issued side by side and prepared one after the other: of two for the same file the first gets it.
  let prepared: Promise<unknown> = Promise.resolve();
  const prepareInTurn = (inner: CommandContext, line: ListLine) => {
    const next = prepared.then(() => prepare(run, inner, line));
    prepared = next.catch(() => undefined);
    return next;
  };
  const issueLine = async (line: ListLine): Promise<Outcome> => {
    let event: IssuedEvent | undefined;
    const document = await attempt(context, line, async (inner) => {
      const record = (issued: IssuedEvent) => void (event = issued);
      const wanted = await prepareInTurn(inner, line);
      const request: IssueRequest = { ...common, ...wanted, record };
      const { kept, found } = await settleLine(run, inner, line, request, given);
      if (kept !== undefined) return { certificate: kept };
      const certificate = await issueToFiles(inner, state, authority, { ...request, found });
      return { certificate: withPassword(certificate, secret) };
    });
    return { document, event };
  };

  let issued = 0;
  let kept = 0;
  let failed = 0;
  const onItsWay: Promise<Outcome>[] = [];
  const settle = async () => {
    const { document, event } = await onItsWay.shift()!;
    if (event !== undefined) pending.push(event);
    if (!document.ok) failed++;
    else if (document.certificate?.kept) kept++;
    else issued++;
    context.report({ type: "part", document });
    context.report({ type: "count", done: issued + kept + failed, total });
    if (pending.length >= LEDGER_BATCH) await flush();
  };
  // From here on Ctrl-C ends the run between two certificates: none is half, and each is noted.
  const stop = host.stopSignal();
  try {
    for (const line of listLines(text)) {
      if (stop.aborted) break;
      onItsWay.push(issueLine(line));
      if (onItsWay.length >= AT_ONCE) await settle();
    }
    while (onItsWay.length > 0) await settle();
  } finally {
    await flush();
  }
  const done = issued + kept + failed;
  if (done < total) {
    const message =
      `Cannot go on: stopped after ${done} of ${total} lines, ${failed} of them failed`;
    throw new LocalTlsError("CANCELLED", message);
  }
  await warnUntrusted(context, workplace, authority, created);
  return finish(issued, kept, failed);
}

function finish(
  issued: number,
  kept: number,
  failed: number,
  planned?: readonly PlannedStep[],
): CommandResult<CertListDocument> {
  const document: CertListDocument = {
    command: "cert",
    ok: failed === 0,
    issued,
    ...(kept === 0 ? {} : { kept }),
    failed,
    ...(planned === undefined ? {} : { planned }),
  };
  const exitCode = failed === 0 ? EXIT.done : issued + kept > 0 ? EXIT.partial : EXIT.failed;
  return { document, exitCode };
}

/** What --dry-run says: the files of every line, and the lines that would fail. */
async function planList(run: Run, text: string): Promise<CommandResult<CertListDocument>> {
  const { context, workplace: { state }, flags, hasAuthority } = run;
  const common = { days: flags.days, keyType: flags.key };
  const steps = new Map<string, PlannedStep>();
  let good = 0;
  let failed = 0;
  for (const line of listLines(text)) {
    const document = await attempt(context, line, async (inner) => {
      const request: IssueRequest = { ...common, ...await prepare(run, inner, line) };
      const { kept } = await settleLine(run, inner, line, request, undefined);
      for (const step of kept ? [] : planOutput(state, request.files, !hasAuthority)) {
        if (step.type === "write") steps.set(step.path, step);
      }
      return {};
    });
    if (document.ok) good++;
    else {
      failed++;
      context.report({ type: "part", document });
    }
  }
  const { exitCode, document } = finish(good, 0, failed, [...steps.values()]);
  return { exitCode, document: { ...document, issued: 0 } };
}

/** What is at the paths of a line; the ledger is read for the first line that has something there. */
async function settleLine(
  run: Run,
  inner: CommandContext,
  { words: line }: ListLine,
  request: IssueRequest,
  password: string | undefined,
): Promise<SettledOutput> {
  const { context: { host }, workplace, flags } = run;
  if (!await isOccupied(host, request.files)) return { found: new Map() };
  const { openRecord } = await import("./standing_files.ts");
  const record = await (run.record ??= openRecord(workplace.state, run.held));
  const { settleOutput } = await import("./cert_output.ts");
  return await settleOutput(inner, workplace, record, request, { flags, line, password });
}

/** Names, usage and files of a line. Throws for a line that cannot be issued for. */
async function prepare(run: Run, inner: CommandContext, { number, words }: ListLine) {
  const { flags, permitted, hasAuthority, taken, context: { host } } = run;
  const { client = false, pkcs12 } = flags;
  if (client) words.forEach(refuseSecret);
  const names = client ? parseClientNames(inner, words, permitted) : parseNames(inner, words);
  await requirePermitted(inner, names, permitted, hasAuthority);
  const files = outputFiles(host, names, { out: flags.out }, { client, pkcs12 });
  // All of them stand in one directory, so that the certificate's name says which files there are.
  const name = baseName(files.cert).toLowerCase();
  const earlier = taken.get(name) ?? taken.get(name.replace(/-key\.pem$/, ".pem")) ??
    taken.get(name.replace(/\.pem$/, "-key.pem"));
  if (earlier !== undefined) {
    throw new LocalTlsError("USAGE", `Cannot write "${files.cert}": line ${earlier} did`, {
      hints: ["Begin the line with another of its names, or put its names into that line"],
    });
  }
  taken.set(name, number);
  return { names, files, usage: chooseUsage(names, client) };
}

/** A user may be called anything, also as a line of a key is: in a certificate, and in a file's name, that would be published. */
function refuseSecret(word: string): void {
  if (!looksLikeSecret(word)) return;
  throw new LocalTlsError(
    "NAME_INVALID",
    `Cannot take ${quoteInput(word)} for a user's name: it looks like a key`,
    { hints: ["Give such a name on the command line"] },
  );
}

/** Runs the work for one line; whatever goes wrong is told about that line. */
async function attempt(
  context: CommandContext,
  { number, words }: ListLine,
  work: (inner: CommandContext) => Promise<Pick<CertLineDocument, "certificate">>,
): Promise<CertLineDocument> {
  const warnings: Warning[] = [];
  const inner: CommandContext = {
    ...context,
    report(event) {
      if (event.type !== "warning") return context.report(event);
      warnings.push({ code: event.code, message: event.message });
    },
  };
  const fields = { command: "cert", line: number } as const;
  try {
    return { ...fields, ok: true, ...await work(inner), warnings };
  } catch (error) {
    // Not rejected: other lines are on their way at the same time.
    const { code, message, hints } = error instanceof LocalTlsError
      ? error
      : new LocalTlsError("INTERNAL", `Cannot go on: ${exceptionText(error)}`);
    // A list is a file: one that was named by mistake may be a key, a line of which is no name.
    const withhold = (text: string) => withholdInput(text, words);
    return {
      ...fields,
      ok: false,
      error: { code, message: withhold(message), hints: hints.map(withhold) },
      warnings: warnings.map((one) => ({ ...one, message: withhold(one.message) })),
    };
  }
}

async function readList({ host, program }: CommandContext, source: string): Promise<string> {
  const path = source === "-" ? "stdin" : resolvePath(host, source);
  const content = source === "-"
    ? await host.readStdin(MAX_LIST)
    : await host.files.read(path, MAX_LIST);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read the list: "${path}" does not exist`);
  }
  const text = new TextDecoder().decode(content);
  // Its lines would be taken for names, and named in messages, one by one.
  if (/^\s*-----(?:BEGIN|END) |\0/m.test(text)) {
    throw new LocalTlsError(
      "FILE_READ",
      `Cannot read the list: "${path}" is no list of names, it holds PEM or binary data`,
      { hints: [`${program} inspect ${source === "-" ? "-" : quoteArgument(source)}`] },
    );
  }
  return text;
}
