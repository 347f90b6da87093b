/**
 * What `env` and `run` answer.
 *
 * @module
 */

import type { VariableEffect } from "../../recipes/environment.ts";
import type { PlannedStep } from "../../truststore/store.ts";

/** Where the roots of a file are from. */
export interface RootsDocument {
  /**
   * system: this machine's bundle. runtime: Mozilla's roots as localtls carries them. file: a file that the user's own
   * variable names. java: the trust stores of the Javas. none: there were no others.
   */
  readonly source: "system" | "runtime" | "file" | "java" | "none";
  readonly path?: string;
}

/** A variable in a document. */
export interface VariableDocument {
  readonly name: string;
  readonly value: string;
  /** The programs that read it. */
  readonly readers: string;
  readonly effect: VariableEffect;
  /** What the file it names is built on; absent for a file of our root alone. */
  readonly base?: RootsDocument;
}

/** A variable that is left as it is, or not set. */
export interface LeftOutDocument {
  readonly name: string;
  readonly reason: string;
}

interface Base {
  readonly ok: boolean;
  readonly planned?: readonly PlannedStep[];
}

/** `env`. */
export interface EnvDocument extends Base {
  readonly command: "env";
  readonly variables: readonly VariableDocument[];
  readonly leftOut: readonly LeftOutDocument[];
  /** The lines of `--shell`, where no explanation was asked for. */
  readonly text?: string;
}

/** What became of a start file of a shell. */
export interface ProfileResult {
  readonly path: string;
  readonly outcome: "added" | "unchanged" | "removed" | "absent" | "failed";
  readonly reason?: string;
  /** The lines to paste, where they could not be written. */
  readonly hint?: string;
}

/** `env --install`, `env --uninstall`. */
export interface EnvProfilesDocument extends Base {
  readonly command: "env";
  readonly profiles: readonly ProfileResult[];
}

/** `run`; never printed. */
export interface RunDocument extends Base {
  readonly command: "run";
  readonly argv: readonly string[];
}

/** Every document of these commands. */
export type EnvironmentDocument = EnvDocument | EnvProfilesDocument | RunDocument;
