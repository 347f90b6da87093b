/**
 * Running `security`: as whom, for how long, and what its failures mean.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { RunOptions, RunResult } from "../../host/host.ts";
import type { DiscoverContext } from "../store.ts";
import { TOOL_TIMEOUT_MS } from "../tool.ts";

/** Milliseconds for calls that only read. */
export const READ_TIMEOUT_MS = 15_000;

/** Milliseconds for a window that asks for a password, where somebody sits at the screen. */
const DIALOG_TIMEOUT_MS = 300_000;

/** Milliseconds for `launchctl managername`. */
const SESSION_TIMEOUT_MS = 5_000;

/**
 * Failures that mean something (SecBase.h, Authorization.h), with their texts in English. security(1) says them in the
 * user's language, and its exit code is 1 for all of them.
 */
const STATUS = {
  /** errAuthorizationCanceled, errSecUserCanceled */
  cancelled: {
    codes: [-60006, -128],
    texts: ["The authorization was canceled by the user", "User canceled the operation"],
  },
  /** errAuthorizationInteractionNotAllowed, errSecInteractionNotAllowed */
  nobodyToAsk: {
    codes: [-60007, -25308],
    texts: [
      "The authorization was denied since no user interaction was possible",
      "User interaction is not allowed",
    ],
  },
  /** errSecNoTrustSettings */
  noTrustSettings: { codes: [-25263], texts: ["No Trust Settings were found"] },
} as const;

/** `security`, for the user whose keychain is meant. */
export interface SecurityTool {
  /** The whole command, as it is run. */
  argv(...words: readonly string[]): string[];
  run(words: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Whether what the tool said means this. */
  means(said: string, status: keyof typeof STATUS): Promise<boolean>;
}

/**
 * `security` as the user that is meant. Under sudo that takes two steps: a keychain and the settings of a user belong
 * to a user id, and the window that asks opens in that user's session alone, which launchctl enters
 * (launchctl(1), asuser).
 */
export function createSecurityTool({ host, user }: DiscoverContext): SecurityTool {
  const uid = host.user?.uid;
  const prefix = user.byRoot
    ? ["launchctl", "asuser", String(uid), "sudo", "-H", "-u", `#${uid}`, "--"]
    : [];
  const argv = (...words: readonly string[]) => [...prefix, "security", ...words];
  // Only root may enter the session of another user.
  const run: SecurityTool["run"] = (words, options) =>
    host.commands.run(argv(...words), { ...options, asRoot: user.byRoot });
  const ownWords = new Map<keyof typeof STATUS, Promise<string[]>>();

  /** The texts in the user's language, from the tool itself: "Error: 0xFFFF158A -60006 The ...". */
  async function askWords(status: keyof typeof STATUS): Promise<string[]> {
    const { codes } = STATUS[status];
    const { stdout } = await run(["error", ...codes.map(String)], { timeoutMs: READ_TIMEOUT_MS });
    return new TextDecoder().decode(stdout).split("\n").flatMap((line) => {
      const text = /^Error: 0x[0-9A-F]{8} -\d+ (.{8,})$/.exec(line.trim())?.[1];
      return text === undefined ? [] : [text.replace(/\.$/, "")];
    });
  }

  return {
    argv,
    run,
    async means(said, status) {
      const text = said.replaceAll(/\s+/g, " ");
      if (STATUS[status].texts.some((known) => text.includes(known))) return true;
      let words = ownWords.get(status);
      if (words === undefined) ownWords.set(status, words = askWords(status));
      return (await words).some((known) => text.includes(known));
    },
  };
}

/**
 * How long a change may take, after saying what is about to be asked. A window opens only in a session with a screen
 * ("Aqua": launchctl(1), managername); over ssh the tool fails at once, and where nobody sits it may hang.
 */
export async function prepareDialog(
  { host, announce }: DiscoverContext,
  purpose: string,
): Promise<number> {
  const { outcome, stdout } = await host.commands.run(["launchctl", "managername"], {
    timeoutMs: SESSION_TIMEOUT_MS,
  });
  const session = new TextDecoder().decode(stdout).trim();
  if (outcome === "exited" && session !== "" && session !== "Aqua") return TOOL_TIMEOUT_MS;
  announce?.(`macOS asks for a password or Touch ID in a window of its own, to ${purpose}`);
  return host.terminal.interactive ? DIALOG_TIMEOUT_MS : TOOL_TIMEOUT_MS;
}

/** The error for a change that `security` did not make, by what its words mean. */
export async function explainFailure(
  tool: SecurityTool,
  error: LocalTlsError,
  purpose: string,
): Promise<LocalTlsError> {
  if (error.code !== "TOOL_FAILED") return error;
  if (await tool.means(error.message, "cancelled")) {
    return new LocalTlsError("CANCELLED", `Cannot ${purpose}: the window of macOS was cancelled`, {
      hints: error.hints,
      cause: error,
    });
  }
  if (await tool.means(error.message, "nobodyToAsk")) {
    return new LocalTlsError(
      "CONFIRMATION_NEEDED",
      `Cannot ${purpose}: macOS has to ask in a window, and this session has no screen (ssh, a ` +
        "service), or the keychain is locked",
      {
        hints: [
          "Run it in Terminal on the screen of this Mac, or: " +
          "localtls setup --profile localtls.mobileconfig",
        ],
        cause: error,
      },
    );
  }
  return error;
}
