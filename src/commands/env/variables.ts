/**
 * The variables of one run: the table, the user's own values, and the files made for both.
 *
 * A value of the user's is never lost: a file of roots that it names is what ours is built on, directories and
 * options are kept with ours behind them, and what cannot be built upon is left as it is, and said.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { isAbsolutePath, isWindowsPath } from "../../host/path_text.ts";
import {
  LEFT_OUT,
  phpSettings,
  TRUST_VARIABLES,
  type TrustVariable,
  wgetSettings,
} from "../../recipes/environment.ts";
import { extractCertificates } from "../../truststore/pem_search.ts";
import { anchorOfAuthority } from "../anchors.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { joinPath, resolvePath } from "../output_files.ts";
import type { LeftOutDocument, RootsDocument, VariableDocument } from "./documents.ts";
import { EnvironmentFiles, readUserBundle } from "./files.ts";
import { javaOptions } from "./java.ts";

/** A command that only asks a program for its settings. */
const ASK_TIMEOUT_MS = 5_000;

/** git writes keys in lower case. */
const GIT_SETTING = "^http\\.(.*\\.)?sslcainfo$";

/** What `env` prints and `run` sets. */
export interface Environment {
  readonly variables: readonly VariableDocument[];
  readonly leftOut: readonly LeftOutDocument[];
  /** Files that were written, or would be. */
  readonly written: readonly string[];
}

/** A value, with what it is built on; or the reason why there is none. */
type Choice =
  | { readonly value: string; readonly base?: RootsDocument }
  | { readonly reason: string };

/** The root is told by its block: what it looks like is what extractCertificates gives. */
interface Room {
  readonly context: CommandContext;
  readonly workplace: Workplace;
  readonly files: EnvironmentFiles;
  readonly own: string;
  readonly rootFile: string;
  readonly der: Uint8Array;
}

/** Makes the files and the values. Throws CA_MISSING, FILE_*, and what loading the CA throws. */
export async function makeEnvironment(
  context: CommandContext,
  workplace: Workplace,
): Promise<Environment> {
  const { state } = workplace;
  const authority = await state.loadAuthority();
  if (authority === undefined) {
    throw new LocalTlsError("CA_MISSING", `Cannot name a root: there is no CA in "${state.path}"`, {
      hints: [`${context.program} setup`],
    });
  }
  const files = new EnvironmentFiles(context, workplace);
  const [own = ""] = extractCertificates(anchorOfAuthority(state, authority).pem);
  const { rootFile } = state;
  const room: Room = { context, workplace, files, own, rootFile, der: authority.root.der };
  const variables: VariableDocument[] = [];
  const leftOut: LeftOutDocument[] = [];
  for (const variable of TRUST_VARIABLES) {
    const { name, readers, effect } = variable;
    const choice = await choose(room, variable);
    if ("reason" in choice) leftOut.push({ name, reason: choice.reason });
    else {
      const { value, base } = choice;
      variables.push({ name, value, readers, effect, ...(base === undefined ? {} : { base }) });
    }
  }
  return {
    variables,
    leftOut: [...leftOut, ...LEFT_OUT],
    written: files.written,
  };
}

function choose(room: Room, variable: TrustVariable): Promise<Choice> {
  switch (variable.content) {
    case "root":
      return chooseRoot(room, variable);
    case "bundle":
      return chooseBundle(room, variable);
    case "php":
      return choosePhp(room, variable);
    case "wgetrc":
      return chooseWget(room);
    case "java":
      return javaOptions(room.context, room.workplace, room.files, room.own, room.der);
  }
}

/** A variable that adds: our root; a file of the user's and our root where there is one. */
async function chooseRoot(room: Room, { name }: TrustVariable): Promise<Choice> {
  const { files, own, rootFile } = room;
  const base = await userBase(room, name);
  if (base === undefined) return { value: rootFile };
  const certificates = await readBase(room, name, base);
  if (certificates === undefined) return { reason: keptReason(base.path) };
  if (certificates.includes(own)) return { value: base.path, base };
  const path = await files.writeBundle("extra", base, certificates, own);
  return { value: path, base };
}

/** A variable that replaces: the public roots, or those that the user chose, and ours. */
async function chooseBundle(room: Room, { name, fallbacks }: TrustVariable): Promise<Choice> {
  const { files, own } = room;
  let base: FileBase | undefined;
  for (const candidate of [name, ...fallbacks]) base ??= await userBase(room, candidate);
  if (name === "GIT_SSL_CAINFO" && base === undefined) {
    const git = await gitSettings(room);
    if (git.perServer) {
      return { reason: "git has files of roots for single servers: left as it is" };
    }
    base = git.base;
  }
  const system = await files.publicRoots();
  if (base === undefined || base.path === system.base.path) {
    const path = await files.writeBundle("bundle", system.base, system.certificates, own);
    return { value: path, base: system.base };
  }
  const certificates = await readBase(room, name, base);
  if (certificates === undefined) return { reason: keptReason(base.path) };
  if (certificates.includes(own)) return { value: base.path, base };
  const path = await files.writeBundle("bundle", base, certificates, own);
  return { value: path, base };
}

interface FileBase extends RootsDocument {
  readonly source: "file";
  readonly path: string;
}

/** The file that the user's own value names, or that ours was built on; undefined where there is no value of theirs. */
async function userBase(
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
async function gitSettings({ context }: Room): Promise<{
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
async function readBase(
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

function keptReason(path: string): string {
  return `"${path}" cannot be built upon: left as it is`;
}

/** The empty entry stands for the directory that PHP was built with. */
async function choosePhp({ context, files, own }: Room, { name }: TrustVariable): Promise<Choice> {
  const { base, certificates } = await files.publicRoots();
  const bundle = await files.writeBundle("bundle", base, certificates, own);
  const settings = phpSettings(bundle);
  if (settings === undefined) return { reason: "no php.ini can hold the path of the bundle" };
  const directory = joinPath(files.directory, "php");
  const separator = isWindowsPath(directory) ? ";" : ":";
  if (directory.slice(2).includes(separator)) {
    return { reason: `a list of directories cannot hold "${directory}"` };
  }
  await files.write([{ path: joinPath(directory, "localtls.ini"), content: settings }]);
  const given = context.host.env(name) ?? "";
  const kept = given.split(separator).filter((entry) => entry !== directory);
  return { value: [...kept, directory].join(separator), base };
}

/** wget reads one start-up file: ours has the user's in front. */
async function chooseWget({ context, workplace, files, own }: Room): Promise<Choice> {
  const { host } = context;
  const path = joinPath(files.directory, "wgetrc");
  const given = host.env("WGETRC");
  const source = given === undefined || given === path
    ? joinPath(workplace.user.home, ".wgetrc")
    : resolvePath(host, given);
  const content = await host.files.read(source).catch(() => undefined);
  const text = content === undefined ? "" : new TextDecoder().decode(content);
  if (/^\s*ca_?-?certificate\s*=/im.test(text)) {
    return { reason: `"${source}" names roots of its own: left as it is` };
  }
  const { base, certificates } = await files.publicRoots();
  const bundle = await files.writeBundle("bundle", base, certificates, own);
  const settings = wgetSettings(text, bundle);
  if (settings === undefined) return { reason: "no wgetrc can hold the path of the bundle" };
  await files.write([{ path, content: settings }]);
  return { value: path, base };
}
