/**
 * A person's home of its own for each test of the built program.
 *
 * @module
 */

import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localtls, type LocaltlsOptions, type LocaltlsResult } from "./localtls.ts";

/** A home, a working directory in it, and the program run there. */
export interface Scratch {
  readonly home: string;
  readonly work: string;
  /** The state directory, where the program puts it by itself. */
  readonly state: string;
  /** Runs the program. The stores are left out unless `env` or the arguments say otherwise. */
  run(args: readonly string[], options?: LocaltlsOptions): Promise<LocaltlsResult>;
}

/** Makes a home below the temporary directory; it goes with the sandbox. */
export function makeScratch(): Scratch {
  const home = mkdtempSync(join(tmpdir(), "home-"));
  const work = join(home, "work");
  mkdirSync(work);
  chmodSync(home, 0o755);
  return {
    home,
    work,
    state: join(home, ".local/share/localtls"),
    run: (args, options = {}) =>
      localtls(args, { cwd: work, ...options, env: { HOME: home, ...options.env } }),
  };
}

/** Permission bits of a path, without following a symlink. */
export function modeOf(path: string): number {
  return lstatSync(path).mode & 0o7777;
}

/** Every file below a directory with its content and mode: equal before and after means unchanged. */
export function snapshot(directory: string): Map<string, string> {
  const seen = new Map<string, string>();
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      seen.set(`${path}/`, modeOf(path).toString(8));
      for (const [inner, value] of snapshot(path)) seen.set(inner, value);
    } else if (entry.isFile()) {
      seen.set(path, `${modeOf(path).toString(8)} ${readFileSync(path, "base64")}`);
    } else {
      seen.set(path, "other");
    }
  }
  return seen;
}
