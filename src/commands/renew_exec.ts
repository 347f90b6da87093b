/**
 * `renew --exec`: what is to be done once certificates have changed; most of the time, to reload a server.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { redactLines } from "../input_text.ts";
import { quoteArgument, splitWords } from "../host/shell_words.ts";
import type { CommandContext } from "./context.ts";
import type { ExecResult } from "./documents.ts";
import { resolvePath } from "./output_files.ts";

/** A server that is restarted may first finish the requests that it is working on. */
const TIMEOUT_MS = 10 * 60_000;

/** Characters of its output that are shown. */
const MAX_SHOWN = 2000;

/**
 * Turns the text of --exec into an argument array: words as in a shell, and nothing expanded; with `shell` the whole text is one
 * argument of a shell. Throws USAGE.
 */
export async function parseExec(
  { host, program }: CommandContext,
  text: string,
  shell: boolean,
): Promise<string[]> {
  if (text.trim() === "") throw new LocalTlsError("USAGE", "Cannot run the command: it is empty");
  if (shell) {
    if (await host.commands.find("sh") !== undefined) return ["sh", "-c", text];
    return [host.env("ComSpec") ?? "cmd.exe", "/d", "/s", "/c", text];
  }
  const words = splitWords(text);
  const [first, ...rest] = words ?? [];
  if (first === undefined || first === "") {
    throw new LocalTlsError(
      "USAGE",
      `Cannot run the command "${text}": ${
        words === undefined ? "a quote or backslash has no end" : "its first word is empty"
      }`,
      { hints: [`${program} renew --shell --exec ${quoteArgument(text)}`] },
    );
  }
  // A path as it was typed; a single word is looked for on PATH.
  return [/[/\\]/.test(first) ? resolvePath(host, first) : first, ...rest];
}

/** Runs it, and warns with EXEC_FAILED unless it ends with 0. */
export async function runExec(
  context: CommandContext,
  argv: readonly string[],
): Promise<ExecResult> {
  const shown = argv.map(quoteArgument).join(" ");
  context.report({ type: "progress", message: `running ${shown}` });
  const result = await context.host.commands.run(argv, {
    timeoutMs: TIMEOUT_MS,
    // Typed by whoever started this process: under sudo it is to reload a server of the system.
    asRoot: true,
    isTyped: true,
  });
  const { outcome, code, stderr } = result;
  // It goes into the log of a timer, and such a command may handle keys.
  const output = redactLines(`${new TextDecoder().decode(result.stdout)}${stderr}`).trim();
  if (outcome === "exited" && code === 0) {
    if (output !== "") context.report({ type: "progress", message: output.slice(0, MAX_SHOWN) });
    return { argv, outcome, code };
  }
  const state = outcome === "missing"
    ? "it is not there"
    : outcome === "timed-out"
    ? `it did not end within ${TIMEOUT_MS / 60_000} minutes`
    : outcome === "not-started"
    ? "it cannot be started"
    : code === -1
    ? "a signal ended it"
    : `it ended with exit code ${code}`;
  context.report({
    type: "warning",
    code: "EXEC_FAILED",
    message: `the certificates are renewed, but ${shown} failed: ${state}` +
      (output === "" ? "" : `\n${output.slice(0, MAX_SHOWN)}`),
  });
  return { argv, outcome, code };
}
