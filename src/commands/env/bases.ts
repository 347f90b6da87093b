/**
 * What the user has told programs already: the files of roots that ours are built on.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { isAbsolutePath } from "../../host/path_text.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { resolvePath } from "../output_files.ts";
import type { RootsDocument } from "./documents.ts";
import { type EnvironmentFiles, readUserBundle } from "./files.ts";

/** A command that only asks a program for its settings. */
const ASK_TIMEOUT_MS = 5_000;

/** git writes keys in lower case. */
const GIT_SETTING = "^http\\.(.*\\.)?sslcainfo$";

/** What choosing a value needs. Our root is there as its PEM block (as extractCertificates gives it) and as DER. */
export interface Room {
  readonly context: CommandContext;
  readonly workplace: Workplace;
  readonly files: EnvironmentFiles;
  readonly own: string;
  readonly rootFile: string;
  readonly der: Uint8Array;
}

/** A value, with what it is built on; or the reason why there is none. */
export type Choice =
  | { readonly value: string; readonly base?: RootsDocument }
  | { readonly reason: string };

/** A file that the user chose. */
export interface FileBase extends RootsDocument {
  readonly source: "file";
  readonly path: string;
}

/** The file that the user's own value names, or that ours was built on; undefined where there is no value of theirs. */
export async function userBase(
  { context, files, rootFile }: Room,
  name: string,
): Promise<FileBase | undefined> {
  const given = context.host.env(name);
  if (given === undefined) return undefined;
  const path = resolvePath(context.host, given);
  if (path === rootFile) return undefined;
  if (!files.owns(path)) return { source: "file", path };
  const base = await files.baseOf(path);
  return base?.source === "file" && base.path !== undefined
    ? { source: "file", path: base.path }
    : undefined;
}

/** What git's own settings say; the user's over the machine's. Those of a repository are not everybody's. */
export async function gitSettings({ context }: Room): Promise<{
  readonly base: FileBase | undefined;
  /** Whether servers have files of their own, which the variable would hide. */
  readonly perServer: boolean;
}> {
  const { host } = context;
  if (await host.commands.find("git") === undefined) return { base: undefined, perServer: false };
  let base: FileBase | undefined;
  let perServer = false;
  for (const scope of ["--global", "--system"]) {
    const argv = ["git", "config", scope, "--path", "-z", "--get-regexp", GIT_SETTING];
    const { code, stdout } = await host.commands.run(argv, { timeoutMs: ASK_TIMEOUT_MS });
    if (code !== 0) continue;
    for (const entry of new TextDecoder().decode(stdout).split("\0")) {
      const [key = "", path = ""] = entry.split("\n");
      if (key === "http.sslcainfo" && isAbsolutePath(path)) base ??= { source: "file", path };
      else if (key !== "" && key !== "http.sslcainfo") perServer = true;
    }
  }
  return { base, perServer };
}

/** @returns undefined, with a warning, where the file cannot be built upon. */
export async function readBase(
  { context }: Room,
  name: string,
  { path }: FileBase,
): Promise<string[] | undefined> {
  try {
    return await readUserBundle(context.host, path);
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    const message = `${name} is left as it is: ${error.message}`;
    context.report({ type: "warning", code: "VARIABLE_KEPT", message });
    return undefined;
  }
}

export function keptReason(path: string): string {
  return `"${path}" cannot be built upon: left as it is`;
}
