/**
 * `renew --install-timer`, `renew --uninstall-timer`: systemd units of the user that renew once a day.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { quoteCommand } from "../host/shell_words.ts";
import type { TargetUser } from "../host/target_user.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import { type CommandResult, EXIT, type TimerDocument, type TimerResult } from "./documents.ts";
import { joinPath, resolvePath } from "./output_files.ts";
import type { RenewFlags } from "./renew.ts";
import { parseExec } from "./renew_exec.ts";
import { MARKER, quote, SERVICE, serviceUnit, TIMER, timerUnit } from "./timer_units.ts";

/** Enabling a unit takes milliseconds; a manager that hangs must not hold us up. */
const TIMEOUT_MS = 20_000;

const RELOAD = ["systemctl", "--user", "daemon-reload"];
const ENABLE = ["systemctl", "--user", "enable", "--now", TIMER];
const DISABLE = ["systemctl", "--user", "disable", "--now", TIMER];

/** Where the password of an encrypted key comes from is part of how the timer runs; the password itself is not. */
const CARRIED_VARIABLES = ["LOCALTLS_PASSWORD_FILE", "LOCALTLS_PASSWORD_COMMAND"];

/**
 * Writes the units and has the user's manager start the timer. Without a manager that answers (over ssh without a
 * session, under sudo, in a container) the files are written, the commands are left for the user, and the exit code is 3.
 *
 * Throws USAGE, TOOL_MISSING without systemd, FILE_UNSAFE for units of that name which somebody else wrote.
 */
export async function installTimer(
  context: CommandContext,
  flags: RenewFlags & { readonly dueText?: string | undefined },
): Promise<CommandResult<TimerDocument>> {
  const { host, options } = context;
  if (flags.certificates.length > 0 || flags.all) {
    const what = flags.all ? "--all" : `"${flags.certificates[0]}"`;
    throw new LocalTlsError(
      "USAGE",
      `Cannot use --install-timer with ${what}: the timer renews everything that is due`,
      { hints: [`${context.program} renew --install-timer`] },
    );
  }
  const workplace = await openWorkplace(context);
  const units = await makeUnits(context, workplace, flags);
  const directory = unitDirectory(host, workplace.user);
  if (await host.commands.find("systemctl") === undefined) {
    throw new LocalTlsError("TOOL_MISSING", "Cannot install a timer: there is no systemctl", {
      hints: [
        `${context.program} renew --watch`,
        "Or run it from another timer, once a day",
      ],
    });
  }
  const files = [...units.keys()].map((name) => joinPath(directory, name));
  let changed = false;
  for (const [name, text] of units) {
    const path = joinPath(directory, name);
    const held = await readUnit(host, path);
    if (held !== undefined && !held.startsWith(MARKER)) {
      throw new LocalTlsError(
        "FILE_UNSAFE",
        `Cannot write "${path}": there is one that localtls did not write`,
        { hints: ["Move it away, if nothing needs it"] },
      );
    }
    changed ||= held !== text;
  }
  if (options.dryRun) {
    return answer("unchanged", [], [], [
      ...files.map((path) => ({ type: "write", path, root: false } as const)),
      ...[RELOAD, ENABLE].map((argv) => ({ type: "run", argv, root: false } as const)),
    ]);
  }
  await host.files.makeDirectory(directory, { mode: 0o755 });
  await host.files.writeTogether(
    [...units].map(([name, content]) => ({
      path: joinPath(directory, name),
      content,
      mode: 0o644,
    })),
  );
  const commands = await runAll(context, workplace.user, [RELOAD, ENABLE]);
  if (commands.length > 0) {
    context.report({
      type: "warning",
      code: "TIMER_NOT_STARTED",
      message: "the timer is written, but no systemd of this user answers: run the commands below",
    });
  }
  return answer(changed ? "installed" : "unchanged", files, commands);
}

/** Runs `renew --uninstall-timer`. */
export async function uninstallTimer(
  context: CommandContext,
): Promise<CommandResult<TimerDocument>> {
  const { user } = await openWorkplace(context);
  const { dryRun } = context.options;
  if (dryRun) {
    const paths = await timerFiles(context.host, user);
    return answer("absent", [], [], [
      ...(paths.length > 0 ? [{ type: "run", argv: DISABLE, root: false } as const] : []),
      ...paths.map((path) => ({ type: "delete", path, root: false } as const)),
    ]);
  }
  const timer = await removeTimer(context, user);
  return { ...answer(timer.action, timer.files, timer.commands), exitCode: EXIT.done };
}

/**
 * The units that localtls wrote, and the link that enables the timer.
 * @param stateDirectory Only where the service works on this one.
 */
export async function timerFiles(
  host: Host,
  user: TargetUser,
  stateDirectory?: string,
): Promise<string[]> {
  const directory = unitDirectory(host, user);
  const found: string[] = [];
  for (const name of [TIMER, SERVICE]) {
    const path = joinPath(directory, name);
    const text = await readUnit(host, path);
    if (text?.startsWith(MARKER)) found.push(path);
    const isOther = name === SERVICE && stateDirectory !== undefined && text !== undefined &&
      !text.includes(quote(stateDirectory).replaceAll("$", "$$$$"));
    if (isOther) return [];
  }
  if (found.length === 0) return [];
  const link = joinPath(joinPath(directory, "timers.target.wants"), TIMER);
  if ((await host.files.info(link))?.type === "symlink") found.unshift(link);
  return found;
}

/** Stops the timer and removes the units; does nothing, and runs nothing, where there are none of ours. */
export async function removeTimer(
  context: CommandContext,
  user: TargetUser,
  stateDirectory?: string,
): Promise<TimerResult> {
  const { host } = context;
  const files = await timerFiles(host, user, stateDirectory);
  if (files.length === 0) return { action: "absent", files: [], commands: [] };
  // Removes the link too, where it works; without a manager there is no timer to stop.
  const left = await runAll(context, user, [DISABLE]);
  for (const path of files) await host.files.remove(path);
  if (left.length === 0) await runAll(context, user, [RELOAD]);
  // Under sudo the user's manager may well run, out of our reach.
  const commands = left.length > 0 && user.byRoot ? [quoteCommand(RELOAD)] : [];
  return { action: "removed", files, commands };
}

async function makeUnits(
  context: CommandContext,
  { state }: Workplace,
  flags: RenewFlags & { readonly dueText?: string | undefined },
): Promise<Map<string, string>> {
  const { host } = context;
  const { programPath } = host;
  if (programPath === undefined) {
    throw new LocalTlsError(
      "USAGE",
      "Cannot install a timer: this program is not a file of its own, but run by another one",
      { hints: ["Install the localtls binary, and run its renew --install-timer"] },
    );
  }
  const { exec, shell = false, dueText, reuseKey, passwordFile, legacy } = flags;
  const argv = [programPath, "renew", "--quiet", "--dir", state.path];
  if (dueText !== undefined) argv.push("--due", dueText);
  if (reuseKey) argv.push("--reuse-key");
  if (passwordFile !== undefined) argv.push("--password-file", resolvePath(host, passwordFile));
  if (legacy) argv.push("--legacy");
  if (exec !== undefined) {
    const words = await parseExec(context, exec, shell);
    // A program beside us now would not be beside the timer: its path is written in full.
    argv.push("--exec", shell ? exec : quoteCommand(words));
  }
  if (shell) {
    if (exec === undefined) {
      throw new LocalTlsError(
        "USAGE",
        "Cannot use --shell without --exec: it is about its command",
      );
    }
    argv.push("--shell");
  }
  const environment: Record<string, string> = {};
  for (const name of CARRIED_VARIABLES) {
    const value = host.env(name);
    if (value === undefined) continue;
    environment[name] = name.endsWith("_FILE") ? resolvePath(host, value) : value;
  }
  return new Map([[SERVICE, serviceUnit({ argv, environment })], [TIMER, timerUnit()]]);
}

/** Where the user's manager looks first for units (systemd.unit(5)). */
function unitDirectory(host: Host, user: TargetUser): string {
  // Under sudo the variable is root's, or nobody's.
  const given = user.byRoot ? undefined : host.env("XDG_CONFIG_HOME");
  const base = given?.startsWith("/") ? given : joinPath(user.home, ".config");
  return joinPath(base, "systemd/user");
}

async function readUnit(host: Host, path: string): Promise<string | undefined> {
  const content = await host.files.read(path, 1 << 16);
  return content === undefined ? undefined : new TextDecoder().decode(content);
}

/** @returns The commands that are left, from the first that failed on. */
async function runAll(
  { host, report }: CommandContext,
  user: TargetUser,
  commands: readonly (readonly string[])[],
): Promise<string[]> {
  const all = commands.map(quoteCommand);
  // Root's manager is not that of the user who became root.
  if (user.byRoot) return all;
  for (const [i, argv] of commands.entries()) {
    report({ type: "progress", message: `running ${quoteCommand(argv)}` });
    const { outcome, code } = await host.commands.run(argv, { timeoutMs: TIMEOUT_MS });
    if (outcome !== "exited" || code !== 0) return all.slice(i);
  }
  return [];
}

function answer(
  action: TimerResult["action"],
  files: readonly string[],
  commands: readonly string[],
  planned?: TimerDocument["planned"],
): CommandResult<TimerDocument> {
  const isDone = commands.length === 0;
  return {
    document: {
      command: "renew",
      ok: isDone,
      timer: { action, files, commands },
      ...(planned === undefined ? {} : { planned }),
    },
    exitCode: isDone ? EXIT.done : EXIT.partial,
  };
}
