/**
 * What the source says about itself: the commit, and the time that every file of a release bears.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import process from "node:process";
import { ROOT } from "../toolchain.mjs";

/** 1980-01-01: ZIP knows no earlier time. */
const EARLIEST = 315_532_800;

/** The commit, with "-dirty" behind it where files differ from it; undefined outside a repository. */
export function commit(): string | undefined {
  const head = git("rev-parse", "HEAD");
  if (head === undefined) return undefined;
  return git("status", "--porcelain") === "" ? head : `${head}-dirty`;
}

/**
 * The time for archives and the list of components, in seconds since 1970: SOURCE_DATE_EPOCH, as
 * reproducible-builds.org defines it, or else the commit's.
 *
 * @throws {Error} There is neither, or it is no such number.
 */
export function sourceTime(
  given = process.env["SOURCE_DATE_EPOCH"],
  committed = git("log", "-1", "--format=%ct"),
): number {
  const text = given || committed;
  if (!text) {
    throw new Error(
      "Cannot tell the time of the source: this is no git repository\n" +
        "hint: SOURCE_DATE_EPOCH=$(date +%s) npm run build -- --all",
    );
  }
  const seconds = /^\d{1,11}$/.test(text) ? Number(text) : NaN;
  if (!(seconds >= EARLIEST)) {
    throw new Error(`Cannot use SOURCE_DATE_EPOCH "${text}": it is no time in seconds after 1980`);
  }
  return seconds;
}

function git(...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync("git", args, { cwd: ROOT, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
