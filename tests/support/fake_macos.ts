/**
 * The program as it is built for macOS, run on Linux with stand-ins for the tools of macOS: which commands it chooses,
 * and what it makes of their answers. A contract with the command line of security(1), not macOS.
 *
 * @module
 */

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bunPath, ROOT } from "../../scripts/toolchain.mjs";
import { once } from "./once.ts";
import { run } from "./processes.ts";
import { requireSandbox } from "./sandbox.ts";

const TOOLS = fileURLToPath(new URL("./fake_security/", import.meta.url));

/** Somebody without a passwd entry, as every user of macOS is. */
export const UID = 54321;

/** Where macOS has the keychain of the machine. */
export const SYSTEM_KEYCHAIN = "/Library/Keychains/System.keychain";

/** The build whose one branch on the operating system is that of macOS. */
const build = once(() => {
  const output = join(mkdtempSync(join(tmpdir(), "darwin-")), "localtls");
  const define = ["--define", 'process.platform="darwin"'];
  const flags = ["--compile", "--format=esm", "--no-compile-autoload-bunfig"];
  execFileSync(bunPath(), ["build", ...flags, ...define, "src/main.ts", "--outfile", output], {
    cwd: ROOT,
    stdio: "pipe",
  });
  chmodSync(join(output, ".."), 0o755);
  return Promise.resolve(output);
});

/** How a run ended. */
export interface MacResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  // deno-lint-ignore no-explicit-any
  readonly document: any;
}

/** A machine of its own. */
export interface FakeMac {
  readonly home: string;
  readonly state: string;
  readonly loginKeychain: string;
  /** Runs localtls as the user, with --json; `env` is added. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<MacResult>;
  /** As run(), for people: without --json. */
  text(args: readonly string[]): Promise<Omit<MacResult, "document">>;
  /** As root; with SUDO_USER as sudo sets it where `forUser` is true. */
  runAsRoot(args: readonly string[], forUser: boolean): Promise<MacResult>;
  /** Runs the stand-in itself, as the user. @returns its exit code and what it wrote. */
  security(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Writes a file that the stand-ins obey: mode, session, language, sudo. */
  set(name: string, value: string): void;
  /** Argument arrays of the calls of security so far, without those that only read; and forgets them. */
  takeChanges(): string[][];
  /** How many windows would have opened so far. */
  dialogs(): number;
  /** What the keychains and settings hold. */
  held(): {
    /** SHA-256 of certificates, by the keychain's path. */
    keychains: Record<string, string[]>;
    /** Settings by SHA-1, by user id; "admin" for the machine. */
    settings: Record<string, Record<string, unknown>>;
  };
}

const CHANGES = ["add-trusted-cert", "remove-trusted-cert", "delete-certificate"];

/**
 * Root, and sudo, run what is in the system's own directories and what nobody else can change: in the sandbox the
 * stand-ins are there too, before the real sudo.
 */
function installTools(): void {
  for (const name of readdirSync(TOOLS)) {
    const path = join("/usr/local/sbin", name);
    if (!existsSync(path)) copyFileSync(join(TOOLS, name), path);
    chmodSync(path, 0o755);
  }
}

/** Makes a machine where nothing is trusted. */
export function makeMac(): FakeMac {
  requireSandbox();
  installTools();
  const home = mkdtempSync(join(tmpdir(), "mac-home-"));
  const tools = mkdtempSync(join(tmpdir(), "mac-"));
  const work = join(home, "work");
  mkdirSync(work);
  for (const path of [home, work]) {
    chmodSync(path, 0o700);
    chownSync(path, UID, UID);
  }
  // Both root and the user write here.
  chmodSync(tools, 0o777);
  const loginKeychain = join(home, "Library/Keychains/login.keychain-db");
  const set = (name: string, value: string) => {
    writeFileSync(join(tools, name), value);
    chmodSync(join(tools, name), 0o666);
  };
  set("login", loginKeychain);
  set("system", SYSTEM_KEYCHAIN);
  set("user", `mia ${UID} ${UID} ${home}\n`);
  set("state.json", '{"keychains": {}, "settings": {}}');
  set("log", "");
  set("dialogs", "");
  set("sessions", "");
  mkdirSync(join(tools, "certs"));
  chmodSync(join(tools, "certs"), 0o777);
  const read = (name: string) => readFileSync(join(tools, name), "utf8");
  const asUser = ["setpriv", `--reuid=${UID}`, `--regid=${UID}`, "--clear-groups"];
  const env = {
    HOME: home,
    PATH: `${TOOLS}:/usr/bin:/bin`,
    FAKE_SECURITY: tools,
    PYTHONDONTWRITEBYTECODE: "1",
  };

  async function localtls(
    prefix: readonly string[],
    args: readonly string[],
    more: Readonly<Record<string, string>>,
  ): Promise<MacResult> {
    const argv = [...prefix, await build(), ...args, "--json"];
    const result = await run(argv, { cwd: work, env: { ...env, ...more }, timeoutMs: 120_000 });
    let document: unknown;
    try {
      document = JSON.parse(result.stdout);
    } catch {
      throw new Error(`No JSON (${result.code}): ${result.stdout}${result.stderr}`);
    }
    return { ...result, document };
  }

  return {
    home,
    state: join(home, "Library/Application Support/localtls"),
    loginKeychain,
    run: (args, more = {}) => localtls(asUser, args, more),
    text: async (args) =>
      await run([...asUser, await build(), ...args], { cwd: work, env, timeoutMs: 120_000 }),
    runAsRoot: (args, forUser) =>
      localtls(
        [],
        args,
        forUser ? { SUDO_UID: `${UID}`, SUDO_GID: `${UID}`, SUDO_USER: "mia" } : {},
      ),
    security: (...words) => run([...asUser, join(TOOLS, "security"), ...words], { cwd: work, env }),
    set,
    takeChanges() {
      const calls = read("log").split("\n").filter((line) => line !== "")
        .map((line) => JSON.parse(line).argv as string[]);
      set("log", "");
      return calls.filter(([command = ""]) => CHANGES.includes(command));
    },
    dialogs: () => existsSync(join(tools, "dialogs")) ? read("dialogs").split("\n").length - 1 : 0,
    held() {
      const { keychains, settings } = JSON.parse(read("state.json"));
      return {
        keychains: { [loginKeychain]: [], [SYSTEM_KEYCHAIN]: [], ...keychains },
        settings: { [UID]: {}, admin: {}, ...settings },
      };
    },
  };
}
