/**
 * Runs mkcert, or `localtls mkcert`, on a case, and collects what it left.
 *
 * @module
 */

import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MkcertCase } from "./mkcert_cases.ts";
import {
  stampsBelow,
  type View,
  viewCertificate,
  viewFiles,
  viewKey,
  viewPkcs12,
} from "./mkcert_view.ts";
import { mustRun, type ProcessResult, run } from "./processes.ts";

/** A user without rights. */
const NOBODY = 65534;

/** One of the two, with a home that keeps its CA for all cases that need none of their own. */
export interface Program {
  readonly argv: readonly string[];
  readonly home: string;
}

/** Makes a home, and the CA in it. */
export async function makeProgram(...argv: string[]): Promise<Program> {
  const home = scratch("home");
  await mustRun([...argv, "first.test"], { cwd: scratch("first"), env: environment(home) });
  return { argv, home };
}

/** A directory that everybody may enter. */
export function scratch(prefix: string): string {
  const directory = mkdtempSync(join(tmpdir(), `${prefix}-`));
  chmodSync(directory, 0o755);
  return directory;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Without a word of the case no store is touched, or even read. */
function environment(home: string, env: Variables = {}): Variables {
  return { HOME: home, TRUST_STORES: "none", XDG_DATA_HOME: undefined, CAROOT: undefined, ...env };
}

/** Runs a case, and the readers on what it wrote. */
export async function observe(program: Program, mkcertCase: MkcertCase): Promise<View> {
  const { args, after = [], env = {}, fresh, unprivileged } = mkcertCase;
  const home = fresh ? scratch("fresh") : program.home;
  // One level down, so that a file beside the working directory is seen as well.
  const work = join(scratch("work"), "here");
  mkdirSync(work);
  await mkcertCase.before?.(work);
  const prefix: string[] = [];
  if (unprivileged) {
    for (const path of [home, work]) chownSync(path, NOBODY, NOBODY);
    prefix.push("setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--");
  }
  const options = { cwd: work, env: environment(home, env), timeoutMs: 60_000 };
  const call = (words: readonly string[]) => run([...prefix, ...program.argv, ...words], options);
  for (const words of after) await call(words);
  const directory = join(work, "..");
  const before = stampsBelow(directory);
  const result = await call(args);
  const written = [...stampsBelow(directory)]
    .filter(([path, stamp]) => before.get(path) !== stamp)
    .map(([path]) => path.startsWith("here/") ? path.slice(5) : `../${path}`);
  const view: View = new Map();
  await viewResult(view, { program, home, work, env, result, written });
  if (env["TRUST_STORES"] === "system") {
    const root = join(await caroot(program, options.env), "rootCA.pem");
    const path = ["openssl", "verify", "-CApath", "/etc/ssl/certs", "-no-CAfile", root];
    view.set(
      "trusted by the system",
      existsSync(root) && (await run(path)).code === 0 ? "yes" : "no",
    );
    await run([...program.argv, "-uninstall"], options);
  }
  return view;
}

async function viewResult(view: View, run: {
  readonly program: Program;
  readonly home: string;
  readonly work: string;
  readonly env: Variables;
  readonly result: ProcessResult;
  /** Files that are new or changed, from the working directory on. */
  readonly written: readonly string[];
}): Promise<void> {
  const { program, home, work, env, result, written } = run;
  const isInCa = (path: string) =>
    env["CAROOT"] !== undefined && path.startsWith(`${env["CAROOT"]}/`);
  const files = written.filter((path) => !isInCa(path));
  view.set("exit", String(result.code));
  view.set("stdout", withoutHelp(result.stdout).replaceAll(home, "HOME").trim());
  view.set("help on stderr", /^Usage/m.test(result.stderr) ? "yes" : "no");
  view.set("issues", files.length > 0 ? "yes" : "no");
  viewFiles(view, work, files);
  const directory = env["HOME"] === undefined && "HOME" in env
    ? undefined
    : await caroot(program, environment(home, env));
  if (directory === undefined) return;
  const root = join(directory.startsWith("/") ? directory : join(work, directory), "rootCA.pem");
  view.set("rootCA.pem", existsSync(root) ? "there" : "none");
  view.set("rootCA-key.pem", existsSync(root.replace(".pem", "-key.pem")) ? "there" : "none");
  const holding = (text: string) =>
    files.find((path) =>
      existsSync(join(work, path)) && readFileSync(join(work, path)).includes(text)
    );
  const certificate = holding("BEGIN CERTIFICATE");
  const key = holding("PRIVATE KEY");
  const pkcs12 = files.find((path) => /\.(?:p12|pfx)$/.test(path));
  if (certificate !== undefined) {
    await viewCertificate(view, join(work, certificate), root);
    if (key !== undefined) await viewKey(view, join(work, key), join(work, certificate));
  }
  if (pkcs12 !== undefined) await viewPkcs12(view, join(work, pkcs12), home);
}

/** The words of the help are each program's own. */
function withoutHelp(stdout: string): string {
  return /^Usage/m.test(stdout) ? "help" : stdout;
}

async function caroot(program: Program, env: Variables): Promise<string> {
  return (await run([...program.argv, "-CAROOT"], { env })).stdout.trim();
}
