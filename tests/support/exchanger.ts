/**
 * An attacker beside a server: exchanges a file and a directory for links that lead out, as fast as it can.
 *
 * Runs by itself: `bun exchanger.ts SITE OUTSIDE SECONDS`. In SITE it makes "file.txt" (turns into a link to
 * OUTSIDE/file.txt), "large.bin", and "dir" (turns into a link to OUTSIDE/dir).
 *
 * @module
 */

import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Octets of the large file: it is not kept in memory, but opened for each request. */
export const LARGE_OCTETS = 100_000;

/** What is inside, and may be served. */
export function makeInside(site: string): void {
  mkdirSync(join(site, "dir"), { recursive: true });
  for (const directory of [site, join(site, "dir")]) {
    writeFileSync(join(directory, "file.txt"), "inside");
    writeFileSync(join(directory, "large.bin"), "i".repeat(LARGE_OCTETS));
    writeFileSync(join(directory, "inside.name"), "inside");
  }
}

function exchange(site: string, outside: string, seconds: number): void {
  const until = Date.now() + seconds * 1000;
  let turns = 0;
  while (Date.now() < until) {
    turns++;
    for (const name of ["file.txt", "large.bin", "dir"]) {
      const place = join(site, name);
      const aside = join(site, `.aside-${name}`);
      const link = join(site, `.link-${name}`);
      try {
        symlinkSync(join(outside, name), link);
        renameSync(place, aside);
        renameSync(link, place);
        // A moment, of another length each time, in which the link is there.
        const moment = performance.now() + (turns % 7) * 0.03;
        while (performance.now() < moment);
        rmSync(place);
        renameSync(aside, place);
      } catch (error) {
        process.stderr.write(`${error}\n`);
        process.exit(1);
      }
    }
  }
  process.stdout.write(`${turns}\n`);
}

if (import.meta.main) {
  const [site = "", outside = "", seconds = "0"] = process.argv.slice(2);
  exchange(site, outside, Number(seconds));
}
