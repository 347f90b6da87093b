/**
 * `doctor [URL]`: why a client refuses, and what mends it. Changes nothing.
 *
 * @module
 */

import type { Check } from "../doctor/check.ts";
import type { Summary } from "../doctor/report.ts";
import type { Sight } from "../doctor/sight.ts";
import { parseTarget, type Target } from "../doctor/target.ts";
import { LocalTlsError } from "../errors.ts";
import type { CommandContext } from "./context.ts";
import { openWorkplace } from "./context.ts";
import { type CommandResult, type DoctorDocument, EXIT } from "./documents.ts";
import type { StoreOptions } from "./stores.ts";

/** What the user asked for. */
export interface DoctorFlags extends StoreOptions {
  /** A server; without one this machine is looked at. */
  readonly url?: string | undefined;
  /** The origin of the page that calls the server. */
  readonly origin?: string | undefined;
  /** Also starts the clients that are installed. */
  readonly probe?: boolean | undefined;
}

/** Runs `doctor`; exit code 1 when a check found a problem. Throws USAGE. */
export async function doctor(
  context: CommandContext,
  flags: DoctorFlags,
): Promise<CommandResult<DoctorDocument>> {
  if (flags.url === undefined) {
    if (flags.origin !== undefined || flags.probe === true) {
      throw new LocalTlsError("USAGE", "Cannot look at a page's calls: there is no URL", {
        hints: [
          `${context.program} doctor https://172.16.99.32:1043 --origin ${flags.origin ?? ""}`
            .trim(),
        ],
      });
    }
    const { examineMachine } = await import("./doctor_machine.ts");
    const checks = await examineMachine(context, await openWorkplace(context), flags);
    return answer("this machine", summarizeMachine(checks), checks, {});
  }
  const target = parseTarget(flags.url);
  const page = flags.origin === undefined
    ? undefined
    : (await import("../doctor/findings/page.ts")).parsePageOrigin(flags.origin);
  const looking = target.secure ? look(context, target) : undefined;
  const workplace = await openWorkplace(context);
  const { examineUrl } = await import("./doctor_server.ts");
  const report = await examineUrl(context, workplace, flags, { target, page, looking });
  const { checks, verdicts, probes } = report;
  const { reportClients, summarizeServer } = await import("../doctor/report.ts");
  return answer(target.url.href, summarizeServer(verdicts, checks), checks, {
    clients: reportClients(verdicts),
    ...(probes !== undefined && { probes }),
  });
}

/** Begun before anything else is loaded: the server answers while this program gets ready to read what it says. */
async function look({ host }: CommandContext, target: Target): Promise<Sight> {
  const { lookAtServer } = await import("../doctor/sight.ts");
  return await lookAtServer(host.network, target);
}

function answer(
  target: string,
  { verdict, summary }: Summary,
  checks: readonly Check[],
  rest: Pick<Partial<DoctorDocument>, "clients" | "probes">,
): CommandResult<DoctorDocument> {
  const ok = !checks.some(({ status }) => status === "fail");
  return {
    document: { command: "doctor", ok, target, verdict, summary, checks, clients: [], ...rest },
    exitCode: ok ? EXIT.done : EXIT.failed,
  };
}

function summarizeMachine(checks: readonly Check[]): Summary {
  const failed = checks.filter(({ status }) => status === "fail");
  const warned = checks.filter(({ status }) => status === "warn");
  if (failed.length > 0) {
    const summary = failed.length === 1
      ? failed[0]!.message
      : `${failed.length} problems: ${failed[0]!.message}`;
    return { verdict: "PROBLEMS", summary };
  }
  const remarks = warned.length === 1 ? "1 remark" : `${warned.length} remarks`;
  const summary = warned.length === 0
    ? "This machine is in order."
    : `This machine is in order, with ${remarks}.`;
  return { verdict: "OK", summary };
}
