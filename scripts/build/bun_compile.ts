/**
 * `bun build --compile`, for this machine or another.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { signAdHoc } from "../macho/adhoc.ts";
import { bunPath, ROOT } from "../toolchain.mjs";
import { thinExecutable } from "./icu_data.ts";
import { closeSwitches } from "./runtime_switches.ts";

/** Those that decide what is in the bundle, and in how many pieces. */
export const BUNDLE_FLAGS = ["--minify", "--format=esm", "--splitting"] as const;

/**
 * Flags of `bun build --compile`, each measured on whole runs of the program: bytecode and minify save
 * parsing, splitting keeps the commands that are not run from being loaded. The autoload flags are about
 * safety: without them a compiled program runs `preload` code from a bunfig.toml in the current directory.
 * The JIT policy is how many times more often than usual code has to run before it is compiled: what runs for 10 to
 * 40 ms is slowed by that (`cert` by 13 %, `doctor URL` by 17 %); src/host/tier_up.ts ends it for longer runs.
 *
 * Bytecode holds for every target: the runtime of the same version reads it, whatever it runs on.
 */
const BUN_FLAGS = [
  "--compile",
  "--bytecode",
  ...BUNDLE_FLAGS,
  "--compile-jit-policy=16",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

/** What is to be compiled. */
export interface Compilation {
  /** A word for messages. */
  readonly name: string;
  /** A directory on the file system on which the executable is wanted, so that it can be moved there. */
  readonly directory: string;
  /** Another program than localtls, as a path from the top of the repository. Default: src/main.ts. */
  readonly entry?: string;
  /** For another machine: Bun's name of it, and the path of its runtime. */
  readonly cross?: { readonly target: string; readonly runtime: string };
  /** A file that says in which order the bytecode is laid out: scripts/build/bytecode_order.ts. */
  readonly order?: string | undefined;
  /** A variable of Bun's that this program is to honour: see runtime_switches.ts. Not for one that is given to others. */
  readonly openSwitch?: string;
}

/** What came of it. */
export interface Compiled {
  /** What went into it, in the form that esbuild gave the world. */
  readonly metafile: string;
  /** What Bun said. */
  readonly output: string;
}

/**
 * Compiles src/main.ts, or another program with the same flags.
 *
 * @param use Gets the path of the executable, to move it to its place.
 * @throws {Error} Bun failed; the message is what it said.
 */
export async function compile(
  { name, directory, entry = "src/main.ts", cross, order, openSwitch }: Compilation,
  use: (path: string) => void,
): Promise<Compiled> {
  const work = join(directory, `.${name}.${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    // Bun writes this name into the file: one name for all, or the bytes would depend on it. On its way to
    // Windows, Bun appends ".exe" by itself.
    const path = join(work, "localtls");
    const metafile = join(work, "metafile.json");
    const argv = [...BUN_FLAGS, entry, "--outfile", path, `--metafile=${metafile}`];
    if (order !== undefined) argv.push(`--bytecode-order=${order}`);
    if (cross !== undefined) {
      argv.push(`--target=${cross.target}`, `--compile-executable-path=${cross.runtime}`);
    }
    const { code, output } = await runBun(["build", ...argv]);
    if (code !== 0) {
      throw new Error(`Cannot compile for ${name}: bun ended with ${code}\n${output}`);
    }
    const executable = existsSync(path) ? path : `${path}.exe`;
    const content = readFileSync(executable);
    const system = cross?.target ?? process.platform;
    thinExecutable(content, system);
    closeSwitches(content, openSwitch);
    // A signature of macOS is of every page.
    writeFileSync(executable, system.includes("darwin") ? signAdHoc(content, "localtls") : content);
    use(executable);
    return { metafile: readFileSync(metafile, "utf8"), output };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function runBun(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(bunPath(), args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.stderr.on("data", (chunk) => output += chunk);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output: output.trim() }));
  });
}
