/**
 * `renew`: issues again, in place, what ends soon.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import { LocalTlsError } from "../errors.ts";
import type { Authority } from "../pki/authority.ts";
import type { PlannedStep } from "../truststore/store.ts";
import { sayWaiting } from "./authority.ts";
import { type HeldCertificate, lookAt, repeatedDueWindow } from "./certificate_state.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import {
  type CertificateDocument,
  type CommandResult,
  EXIT,
  type RenewDocument,
} from "./documents.ts";
import { sweepLeftovers } from "./leftovers.ts";
import { describeIssued } from "./issuing.ts";
import { planOutput } from "./output_files.ts";
import type { Pkcs12Options } from "./pkcs12.ts";
import { reissue } from "./reissue.ts";
import { judge, type Reason, select } from "./renew_choice.ts";
import { parseExec, runExec } from "./renew_exec.ts";

/** What the user asked for. */
export interface RenewFlags {
  /** Files and names; none means every certificate. */
  readonly certificates: readonly string[];
  /** Milliseconds before the end. */
  readonly due?: number | undefined;
  /** Leaves dates out of account. */
  readonly all?: boolean | undefined;
  readonly reuseKey?: boolean | undefined;
  /** Holds the password for PKCS#12 files. */
  readonly passwordFile?: string | undefined;
  readonly legacy?: boolean | undefined;
  readonly exec?: string | undefined;
  readonly shell?: boolean | undefined;
}

/** What every round of renewing needs. */
export interface Renewal {
  readonly workplace: Workplace;
  readonly flags: RenewFlags;
  readonly pkcs12: Pkcs12Options | undefined;
  readonly exec: readonly string[] | undefined;
  /** It is one of many rounds. */
  readonly repeats: boolean;
}

/**
 * Runs `renew`. A certificate that cannot be renewed stops no other: exit code 3, or 1 where none could, or where the
 * command of --exec failed. Throws USAGE, FILE_NOT_FOUND, CA_MISSING, STATE_LOCKED.
 */
export async function renew(
  context: CommandContext,
  flags: RenewFlags,
): Promise<CommandResult<RenewDocument>> {
  const renewal = await prepareRenewal(context, flags, false);
  if (context.options.dryRun) return await planRenewal(context, renewal);
  await sweepLeftovers(context, renewal.workplace);
  const certificates = await renewRound(context, renewal);
  const count = (wanted: string) => certificates.filter(({ state }) => state === wanted).length;
  const renewed = count("renewed");
  const failed = count("failed");
  const exec = renewed > 0 && renewal.exec !== undefined
    ? await runExec(context, renewal.exec)
    : undefined;
  const execFailed = exec !== undefined && exec.code !== 0;
  const exitCode = execFailed || (failed > 0 && renewed === 0)
    ? EXIT.failed
    : failed > 0
    ? EXIT.partial
    : EXIT.done;
  return {
    document: {
      command: "renew",
      ok: exitCode === EXIT.done,
      certificates,
      renewed,
      ...(exec === undefined ? {} : { exec }),
    },
    exitCode,
  };
}

/** Reads everything that can be wrong about the command line, before anything is changed. */
export async function prepareRenewal(
  context: CommandContext,
  flags: RenewFlags,
  repeats: boolean,
): Promise<Renewal> {
  const { exec, shell = false, passwordFile, legacy, all, due } = flags;
  if (shell && exec === undefined) throw wrong("--shell without --exec", "it is about its command");
  if (all && due !== undefined) throw wrong("--all with --due", "it leaves dates out of account");
  if (legacy && passwordFile === undefined) {
    throw wrong("--legacy without --password-file", "PKCS#12 is written only with a password");
  }
  const argv = exec === undefined ? undefined : await parseExec(context, exec, shell);
  const workplace = await openWorkplace(context);
  let pkcs12: Pkcs12Options | undefined;
  if (passwordFile !== undefined) {
    const { choosePassword } = await import("./pkcs12.ts");
    pkcs12 = { password: (await choosePassword(context, passwordFile)).password, legacy };
  }
  return { workplace, flags, pkcs12, exec: argv, repeats };
}

/**
 * Looks at every certificate that is meant, and renews what is due. The lock is taken only when something is, and then
 * everything is looked at again: of two renewals at once, the second finds nothing left to do.
 *
 * @param onDone Called after each certificate that was renewed, or could not be.
 * @param stop Ends it after the certificate that is being written.
 */
export async function renewRound(
  context: CommandContext,
  renewal: Renewal,
  onDone: (certificate: CertificateDocument) => void = () => {},
  stop?: AbortSignal,
): Promise<CertificateDocument[]> {
  const { host } = context;
  const { state } = renewal.workplace;
  const held = await state.loadAuthority();
  if (held === undefined) {
    throw new LocalTlsError("CA_MISSING", `Cannot renew: there is no CA in "${state.path}"`, {
      hints: [`${context.program} setup`],
    });
  }
  const inTheWay = await state.compactIssued({ onWait: () => sayWaiting(context) });
  if (inTheWay !== undefined) {
    const { code, message } = inTheWay;
    context.report({
      type: "warning",
      code,
      message: `the ledger stays as large as it is: ${message}`,
    });
  }
  const before = await judgeAll(context, renewal, held);
  if (!before.some(({ reason }) => reason.due)) return before.map(kept);
  const looked = new Set(before.map(({ held: { event } }) => event.sha256));
  return await state.changeAuthority(async ({ authority }) => {
    const documents: CertificateDocument[] = [];
    for (const judged of await judgeAll(context, renewal, authority)) {
      if (stop?.aborted) break;
      const { event } = judged.held;
      // With --all nothing else tells what another renewal did while this one waited for the lock.
      const isNew = !looked.has(event.sha256);
      if (!judged.reason.due || isNew) {
        documents.push(isNew ? kept({ ...judged, reason: JUST_RENEWED }) : kept(judged));
        continue;
      }
      const document = await attempt(context, renewal, authority, judged);
      documents.push(document);
      onDone(document);
    }
    return documents;
  }, { onWait: () => sayWaiting(context) });

  async function attempt(
    inner: CommandContext,
    { workplace, flags: { reuseKey }, pkcs12 }: Renewal,
    authority: Authority,
    { held: { event }, reason }: Judged,
  ): Promise<CertificateDocument> {
    inner.report({ type: "progress", message: `renewing ${event.cert}` });
    try {
      const options = { reuseKey, pkcs12 };
      const document = await reissue(inner, workplace, authority, event, options);
      return { ...document, reason: reason.text };
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      // Without the issuer's key none can be renewed: that is said once.
      if (PASSWORD_CODES.has(error.code)) throw error;
      inner.report({ type: "warning", code: error.code, message: error.message });
      return { ...describeIssued(event), state: "failed", reason: error.message };
    }
  }

  function kept({ held: { event }, reason }: Judged): CertificateDocument {
    if (reason.warn) {
      context.report({
        type: "warning",
        code: reason.warn,
        message: `"${event.cert}" is not renewed: ${reason.text}`,
      });
    }
    return { ...describeIssued(event), state: "kept", reason: reason.text };
  }

  async function judgeAll(
    { program }: CommandContext,
    { flags, repeats }: Renewal,
    authority: Authority,
  ): Promise<Judged[]> {
    const judged: Judged[] = [];
    const all = readCertificates(state.issued);
    for await (const recorded of select(host, program, all, flags.certificates)) {
      const due = repeats ? repeatedDueWindow(recorded, flags.due) : flags.due;
      // Certificates and keys are read again when it is their turn: 100,000 of them are not kept.
      const { state: how, event } = await lookAt(host, authority, recorded, due);
      const held = { state: how, event };
      judged.push({ held, reason: judge(host, authority, held, flags) });
    }
    return judged;
  }
}

const PASSWORD_CODES = new Set(["PASSWORD_WRONG", "PASSWORD_INVALID", "CONFIRMATION_NEEDED"]);

interface Judged {
  readonly held: Pick<HeldCertificate, "state" | "event">;
  readonly reason: Reason;
}

const JUST_RENEWED: Reason = { due: false, text: "another renewal was faster" };

async function planRenewal(
  context: CommandContext,
  renewal: Renewal,
): Promise<CommandResult<RenewDocument>> {
  const { host, program } = context;
  const { workplace: { state }, flags, pkcs12, exec } = renewal;
  const authority = await state.loadAuthority();
  const planned: PlannedStep[] = [];
  if (authority !== undefined) {
    const all = readCertificates(state.issued);
    for await (const event of select(host, program, all, flags.certificates)) {
      const held = await lookAt(host, authority, event, flags.due);
      if (!judge(host, authority, held, flags).due) continue;
      const { cert, key, p12 } = event;
      const files = {
        cert,
        ...(key === undefined ? {} : { key }),
        ...(p12 === undefined || pkcs12 === undefined ? {} : { p12 }),
      };
      planned.push(...planOutput(state, files, false));
    }
  }
  if (planned.length > 0 && exec !== undefined) {
    planned.push({ type: "run", argv: [...exec], root: false });
  }
  return {
    document: { command: "renew", ok: true, certificates: [], renewed: 0, planned },
    exitCode: EXIT.done,
  };
}

function wrong(what: string, reason: string): LocalTlsError {
  return new LocalTlsError("USAGE", `Cannot use ${what}: ${reason}`);
}
