/**
 * A real Debian that does not run: made once by debootstrap, kept in .cache/, and copied for each test.
 *
 * @module
 */

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, type ProcessResult, run } from "./processes.ts";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

const CACHE = fileURLToPath(new URL("../../.cache/platforms/", import.meta.url));
/** bookworm with the clients that judge: the package that makes bundles, openssl and curl. */
const IMAGE = join(CACHE, "bookworm-clients");
const INCLUDED = "ca-certificates,openssl,curl";
/** Unpacking takes half a minute; a mirror that does not answer must not hold the tests up. */
const TIMEOUT_MS = 240_000;

/** A copy of the image's root directory, or why there is none. */
export async function debianImage(): Promise<string | { readonly missing: string }> {
  requireSandbox();
  if (!existsSync(IMAGE)) {
    if (findProgram("debootstrap") === undefined) {
      return { missing: "debootstrap is not installed" };
    }
    mkdirSync(CACHE, { recursive: true });
    const unfinished = `${IMAGE}.${process.pid}`;
    const made = await run(
      ["debootstrap", "--variant=minbase", `--include=${INCLUDED}`, "bookworm", unfinished],
      { timeoutMs: TIMEOUT_MS },
    );
    if (made.code !== 0) {
      rmSync(unfinished, { recursive: true, force: true });
      return { missing: `debootstrap ended with ${made.code}: no mirror can be reached` };
    }
    renameSync(unfinished, IMAGE);
  }
  const root = join(scratchDirectory("image"), "root");
  const copied = await run(["cp", "-a", IMAGE, root], { timeoutMs: TIMEOUT_MS });
  if (copied.code !== 0) throw new Error(copied.stderr);
  return root;
}

/** Runs a program of the image, with the image as its root. */
export async function inImage(root: string, ...argv: string[]): Promise<ProcessResult> {
  requireSandbox();
  const env = { TMPDIR: "/tmp", HOME: "/root", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  return await run(["chroot", root, ...argv], { env, timeoutMs: 60_000 });
}
