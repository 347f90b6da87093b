/**
 * `localtls mkcert`, also started under the name mkcert: its command line on the commands of localtls.
 *
 * As with mkcert, what -CAROOT, -version and -help answer goes to stdout, all else to stderr; 0 is done, 1 failed,
 * 2 a command line that cannot be read.
 *
 * @module
 */

import { ensureAuthority, permittedForNewAuthority } from "../../commands/authority.ts";
import { cert } from "../../commands/cert.ts";
import { type CommandContext, openWorkplace, type ReportEvent } from "../../commands/context.ts";
import type { StoreResult } from "../../commands/documents.ts";
import { issueSingleFile } from "../../commands/issue_single.ts";
import { publishRoot, requireOwnPlace } from "../../commands/mkcert_root.ts";
import { LocalTlsError } from "../../errors.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import type { CliHost } from "../console.ts";
import { actForUser, asLocalTlsError, PROGRAM } from "../execute.ts";
import { printable, sentence } from "../style.ts";
import {
  chooseAction,
  chooseStores,
  mkcertDays,
  type MkcertIssue,
  typedBase,
} from "./arguments.ts";
import { longUsage, MKCERT_VERSION_LINE, moreHelp, shortUsage } from "./texts.ts";

/** mkcert's password, which is Java's: it protects nothing, and everything that reads its files knows it. */
const PKCS12_PASSWORD = "changeit";

const DONE = 0;
const FAILED = 1;
const UNREADABLE = 2;

/** A run of one command line. */
interface Run {
  readonly host: CliHost;
  readonly context: CommandContext;
  /** How it was called. */
  readonly program: string;
  say(line: string): void;
}

/**
 * Runs a command line of mkcert.
 *
 * @param argv The words after the program, or after `localtls mkcert`.
 * @param program How it was called, for hints: "mkcert" or "localtls mkcert".
 * @returns The exit code.
 */
export async function runMkcert(
  host: CliHost,
  argv: readonly string[],
  program: string,
): Promise<number> {
  const say = (line: string) => host.write("stderr", `${printable(sentence(line))}\n`);
  let readable = false;
  try {
    const action = chooseAction(argv);
    readable = true;
    switch (action.type) {
      case "usage": {
        const text = action.detail === "long"
          ? longUsage(program)
          : shortUsage(program) + moreHelp(program);
        host.write(action.asked ? "stdout" : "stderr", text);
        return DONE;
      }
      case "version":
        host.write("stdout", `${MKCERT_VERSION_LINE}\n`);
        return DONE;
      case "refuse":
        say(`ERROR: Cannot use these words together: ${action.reason}`);
        return FAILED;
    }
    await actForUser(host);
    const run: Run = { host, context: makeContext(host, program, say), program, say };
    if (action.type === "caroot") return await printCaroot(run);
    if (action.type === "uninstall") return await uninstall(run);
    const installed = action.install ? await install(run) : DONE;
    if (action.issue !== undefined) await issue(run, action.issue);
    return installed;
  } catch (error) {
    const { message, hints } = asLocalTlsError(error);
    say(`ERROR: ${message}`);
    for (const hint of hints) say(`hint: ${hint}`);
    if (!readable) host.write("stderr", shortUsage(program) + moreHelp(program));
    return readable ? FAILED : UNREADABLE;
  }
}

function makeContext(host: CliHost, program: string, say: Run["say"]): CommandContext {
  const dir = host.env("CAROOT");
  const report = (event: ReportEvent) => {
    if (event.type === "notice") say(event.message);
    if (event.type !== "warning") return;
    if (event.code !== "CA_NOT_TRUSTED") say(`Warning: ${event.message}`);
    else say(`Note: nothing on this machine trusts the local CA yet: ${program} -install`);
  };
  return {
    host,
    options: { json: false, quiet: false, yes: false, dryRun: false, dir },
    // Hints are about commands that mkcert has not.
    program: dir === undefined ? PROGRAM : `${PROGRAM} --dir ${quoteArgument(dir)}`,
    report,
  };
}

/** Prints the directory as mkcert does, as it was given; what is wrong in it is for stderr. */
async function printCaroot({ host, context, say }: Run): Promise<number> {
  const given = host.env("CAROOT");
  let path = given;
  try {
    const workplace = await openWorkplace(context);
    path ??= workplace.state.path;
    const authority = await workplace.state.loadAuthority();
    if (authority === undefined) await requireOwnPlace(context, workplace);
    else await publishRoot(context, workplace, authority);
  } catch (error) {
    if (path === undefined || !(error instanceof LocalTlsError)) throw error;
    say(`Warning: ${error.message}`);
  }
  host.write("stdout", `${path}\n`);
  return DONE;
}

/** The CA, made if there is none, and rootCA.pem. */
async function prepare({ context, say }: Run): Promise<void> {
  const workplace = await openWorkplace(context);
  const { user, state } = workplace;
  let authority = await state.loadAuthority();
  if (authority === undefined) {
    await requireOwnPlace(context, workplace);
    const permitted = await permittedForNewAuthority(context.host);
    ({ authority } = await ensureAuthority(context, user, state, permitted));
    say("Made a new local CA");
  }
  await publishRoot(context, workplace, authority);
}

async function install(run: Run): Promise<number> {
  const { context, say } = run;
  await prepare(run);
  const stores = storesFor(run);
  if (stores === "none") return DONE;
  const { document } = await (await import("../../commands/trust.ts")).trust(context, { stores });
  for (const result of document.stores) {
    if (result.outcome === "added") say(`The local CA is now trusted in: ${result.label}`);
    else if (result.outcome === "unchanged") {
      say(`The local CA is trusted already in: ${result.label}`);
    } else sayTrouble(run, result);
  }
  return exitCodeOf(document.stores);
}

async function uninstall(run: Run): Promise<number> {
  const { context, say } = run;
  const { state } = await openWorkplace(context);
  // mkcert would make a CA here, to take out what nothing can hold.
  if (await state.loadAuthority() === undefined) {
    say("There is no local CA to uninstall");
    return DONE;
  }
  const stores = storesFor(run);
  if (stores === "none") return DONE;
  const { document } = await (await import("../../commands/untrust.ts")).untrust(context, {
    stores,
  });
  for (const result of document.stores) {
    if (result.outcome === "removed") say(`The local CA is no longer trusted in: ${result.label}`);
    else if (result.outcome !== "absent") sayTrouble(run, result);
  }
  say("The local CA is uninstalled, and kept");
  return exitCodeOf(document.stores);
}

/** $TRUST_STORES as --stores; "none" where it names no store at all. */
function storesFor({ host, say }: Run): string | undefined | "none" {
  const { list, unknown } = chooseStores(host.env("TRUST_STORES"));
  for (const word of unknown) {
    say(`Warning: TRUST_STORES names "${word}", which is none of system, java, nss`);
  }
  return list === "" ? "none" : list;
}

function sayTrouble({ say }: Run, { label, outcome, reason, hint }: StoreResult): void {
  const state = outcome === "needs-root" ? "it needs root" : "it cannot be changed";
  say(`Warning: ${label}: ${reason ?? state}`);
  if (hint !== undefined) say(`hint: ${hint}`);
}

/** As mkcert, which ends with 1 where it may not write and goes on where a store or its tool is missing. */
function exitCodeOf(results: readonly StoreResult[]): number {
  return results.some(({ outcome }) => outcome === "needs-root" || outcome === "failed")
    ? FAILED
    : DONE;
}

async function issue(run: Run, wanted: MkcertIssue): Promise<void> {
  const { host, context, say } = run;
  const { names, csr, client, ecdsa, pkcs12, certFile, keyFile } = wanted;
  const workplace = await openWorkplace(context);
  const held = await workplace.state.loadAuthority();
  if (held === undefined) await requireOwnPlace(context, workplace);
  const keyType = ecdsa ? "p256" : "rsa2048";
  const days = mkcertDays(host.now());
  const base = typedBase(wanted);
  if (csr !== undefined) {
    await issueListed(run, { names, csr, certFile, days });
  } else if (pkcs12 || (certFile !== undefined && certFile === keyFile)) {
    const file = pkcs12
      ? wanted.p12File ?? (base === undefined ? undefined : `${base}.p12`)
      : certFile;
    const pkcs12Password = pkcs12 ? PKCS12_PASSWORD : undefined;
    const made = await issueSingleFile(context, {
      names,
      client,
      keyType,
      days,
      file,
      pkcs12Password,
    });
    sayCertificate(run, made.names, made.notAfter.toISOString());
    say(`${pkcs12 ? "PKCS#12" : "Certificate and key"}: ${made.path}`);
    if (pkcs12) {
      say(`Its password is "${PKCS12_PASSWORD}", which everybody knows: keep the file to yourself`);
    }
  } else {
    const named = base === undefined
      ? { certFile, keyFile }
      : { certFile: certFile ?? `${base}.pem`, keyFile: keyFile ?? `${base}-key.pem` };
    await issueListed(run, { names, key: keyType, client, days, ...named });
  }
  const authority = held ?? await workplace.state.loadAuthority();
  if (authority !== undefined) await publishRoot(context, workplace, authority);
}

async function issueListed(run: Run, flags: Parameters<typeof cert>[1]): Promise<void> {
  const { document } = await cert(run.context, { ...flags, renew: true, neverAsk: true });
  const [made] = "certificates" in document ? document.certificates : [];
  if (made === undefined) return;
  sayCertificate(run, made.names, made.notAfter);
  run.say(`Certificate: ${made.cert}`);
  if (made.key !== undefined) run.say(`Key: ${made.key}`);
}

function sayCertificate({ say }: Run, names: readonly string[], notAfter: string): void {
  say(`Made a certificate until ${notAfter.slice(0, 10)} for:`);
  for (const name of names) {
    say(`  ${name}`);
    if (name.startsWith("*.")) {
      say(`  (right below ${name.slice(2)}: not for a.b.${name.slice(2)})`);
    }
  }
}
