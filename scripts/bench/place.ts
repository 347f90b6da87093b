/**
 * Where programs run: directories on the disk of the checkout, since a file system in memory would give fsync away, and
 * an environment that says nothing about the machine.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../toolchain.mjs";
import type { Command } from "./measure.ts";

/** The built program. */
export const LOCALTLS: string = join(ROOT, "dist", "localtls");

/** Where places are made: on the disk. */
export const PLACES: string = join(ROOT, ".cache", "bench", "places");

/** A home, a working directory in it, and what programs are told. */
export class Place {
  readonly home: string;
  readonly work: string;
  /** Not on the disk of the checkout. */
  readonly isInMemory: boolean;
  readonly #env: Readonly<Record<string, string>>;

  /** @param base Where to make it, instead of on the disk of the checkout. */
  constructor(
    name: string,
    env: Readonly<Record<string, string>> = {},
    base = PLACES,
  ) {
    this.isInMemory = base !== PLACES;
    mkdirSync(base, { recursive: true });
    this.home = mkdtempSync(join(base, `${name}-`));
    this.work = join(this.home, "work");
    mkdirSync(this.work);
    this.#env = { HOME: this.home, CAROOT: join(this.home, "mkcert"), ...env };
  }

  /** A command to be run here. */
  command(
    argv: readonly string[],
    options: {
      readonly env?: Readonly<Record<string, string>>;
      readonly codes?: readonly number[];
    } = {},
  ): Command {
    const PATH = process.env["PATH"] ?? "";
    const env = { PATH, LC_ALL: "C", ...this.#env, ...options.env };
    return { argv, cwd: this.work, env, codes: options.codes };
  }

  /** Removes everything in it. */
  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
