/**
 * Wine as a Windows machine: its paths, its programs, and a TLS client with the roots of its store.
 *
 * @module
 */

import { join } from "node:path";
import type { LocaltlsResult } from "./localtls.ts";
import {
  type Machine,
  type MachineProcessOptions,
  platformProgram,
  withMachine,
} from "./machine.ts";
import { type ProcessResult, run } from "./processes.ts";

/** The user's name, which scripts/platforms/machines.sh has given: spaces, and letters outside of Latin-1. */
export const WINDOWS_USER = "José Müller 日本";

/** The user's own directory, as Windows names it. */
export const WINDOWS_HOME = `C:\\users\\${WINDOWS_USER}`;

const DRIVE = "/root/.wine/drive_c";

/** The tests' own certutil.exe, first on PATH in front of Wine's. */
const CERTUTIL = `${DRIVE}/tools/certutil.exe`;

const ENVIRONMENT = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  USER: WINDOWS_USER,
  LANG: "C.UTF-8",
  XDG_RUNTIME_DIR: "/tmp",
  WINEDEBUG: "-all",
  WINEDLLOVERRIDES: "mscoree=;mshtml=",
};

/** A Windows machine. */
export interface WindowsMachine {
  /** The path here of a Windows path. */
  pathHere(path: string): string;
  /** Runs a Windows program; an exit code is cut to 8 bits on its way out of Wine. */
  run(argv: readonly string[], options?: MachineProcessOptions): Promise<ProcessResult>;
  /** Runs localtls.exe in the user's own directory. */
  localtls(args: readonly string[]): Promise<LocaltlsResult>;
  /** Asks 127.0.0.1 for a page, by a client that reads the store of Windows. */
  connect(port: number): Promise<{ readonly ok: boolean; readonly text: string }>;
}

/**
 * Runs a test on Windows.
 * @param certutil "own": the tests' own, on crypt32. "stub": Wine's, which answers 0 and does nothing.
 */
export async function withWindows(
  certutil: "own" | "stub",
  body: (windows: WindowsMachine) => Promise<void>,
): Promise<void> {
  const files = {
    "/opt/tls_client.exe": platformProgram("tls_client.exe"),
    ...(certutil === "own" ? { [CERTUTIL]: platformProgram("certutil.exe") } : {}),
  };
  const options = { program: "localtls-windows-x64.exe", prefix: ["/usr/bin/wine"], files };
  await withMachine("wine", async (machine) => {
    try {
      // One server from beginning to end: else it goes after 3 s without a program, and whoever begins just then is refused.
      await machine.run(["/usr/bin/wineserver", "--persistent"], { env: ENVIRONMENT });
      await body(openWindows(machine));
    } finally {
      // By the prefix: the server of this machine alone.
      await machine.run(["/usr/bin/wineserver", "--kill"], { env: ENVIRONMENT });
    }
  }, options);
}

function openWindows(machine: Machine): WindowsMachine {
  const env = { ...ENVIRONMENT, WINEPATH: "C:\\tools" };
  const runThere: WindowsMachine["run"] = (argv, options = {}) =>
    machine.run(["/usr/bin/wine", ...argv], { ...options, env: { ...env, ...options.env } });
  return {
    pathHere(path) {
      const [, drive = "", rest = ""] = /^([A-Z]):[\\/](.*)$/.exec(path) ?? [];
      const directory = drive === "Z" ? "/" : drive === "C" ? DRIVE : undefined;
      if (directory === undefined) throw new Error(`Not a path of this machine: ${path}`);
      return join(machine.root, directory, rest.replaceAll("\\", "/"));
    },
    run: runThere,
    localtls: (args) =>
      machine.localtls(args, { env, cwd: `${DRIVE}/users/${WINDOWS_USER}`, timeoutMs: 150_000 }),
    async connect(port) {
      const { code, stdout, stderr } = await runThere(
        ["/opt/tls_client.exe", `https://127.0.0.1:${port}/`],
        { env: { NODE_USE_SYSTEM_CA: "1" } },
      );
      return { ok: code === 0 && /^status 200/m.test(stdout), text: stdout + stderr };
    },
  };
}

/** The SHA-1 by which certutil.exe names a certificate file, PEM: 40 lower-case hexadecimal digits. */
export async function sha1Of(file: string): Promise<string> {
  const words = ["openssl", "x509", "-in", file, "-noout", "-fingerprint", "-sha1"];
  return (await run(words)).stdout.split("=")[1]!.trim().replaceAll(":", "").toLowerCase();
}

/** What the client says of an unknown root. */
export const WINDOWS_UNKNOWN_ROOT = /refused (UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY)/;
