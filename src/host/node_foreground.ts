/**
 * A program that runs in this one's place, for as long as it likes.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import type { ForegroundResult } from "./host.ts";
import { isTerminal } from "./node_output.ts";
import { describeSystemError } from "./system_error.ts";

/** Signals by which a program is asked for something, and that reach nobody but us. */
const FORWARDED = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
/** Signals of the keyboard: a terminal sends them to every process of its foreground group, the program too. */
const KEYBOARD = ["SIGINT", "SIGQUIT"] as const;

/**
 * Runs it to its end.
 * @param argv The program as an absolute path, then its arguments.
 */
export function runInForeground(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ForegroundResult> {
  const [program = "", ...args] = argv;
  return new Promise((resolve) => {
    const notStarted = (error: unknown) =>
      resolve({ outcome: "not-started", code: 126, reason: describeSystemError(error) });
    let child: ReturnType<typeof spawn>;
    const handlers = new Map<NodeJS.Signals, () => void>();
    const fromKeyboard = [0, 1, 2].some(isTerminal);
    // Before the start: a signal that comes in between is not to end us and leave the program behind.
    for (const signal of [...FORWARDED, ...KEYBOARD]) {
      const passOn = !fromKeyboard || !(KEYBOARD as readonly string[]).includes(signal);
      const handler = () => {
        if (passOn) child?.kill(signal);
      };
      try {
        process.on(signal, handler);
        handlers.set(signal, handler);
      } catch {
        // A system that does not have the signal.
      }
    }
    const finish = () => {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    };
    try {
      child = spawn(program, args, {
        stdio: "inherit",
        env: env as Record<string, string>,
      });
    } catch (error) {
      finish();
      return notStarted(error);
    }
    child.once("error", (error) => {
      // Also says that a signal could not be passed on, which is no end.
      if (child.pid !== undefined) return;
      finish();
      notStarted(error);
    });
    child.once("exit", (code, signal) => {
      finish();
      const number = signal === null ? undefined : constants.signals[signal];
      resolve({ outcome: "exited", code: code ?? 128 + (number ?? 0) });
    });
  });
}
