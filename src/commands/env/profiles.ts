/**
 * `env --install`, `env --uninstall`: the start files of the user's shells.
 *
 * What stands there asks localtls anew at every start of a shell: a root that changes, on this machine or in the
 * CA, is then in the bundle, and a localtls that is gone leaves a shell as it was.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import { writable } from "../../input_text.ts";
import type { Host } from "../../host/host.ts";
import { parentOf } from "../../host/path_text.ts";
import type { TargetUser } from "../../host/target_user.ts";
import { readBlock, withBlock, withoutBlock } from "../../recipes/profile_block.ts";
import type { PlannedStep } from "../../truststore/store.ts";
import { type CommandContext, openWorkplace, type Workplace } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { joinPath } from "../output_files.ts";
import type { EnvProfilesDocument, ProfileResult } from "./documents.ts";
import { makeEnvironment } from "./variables.ts";

type ProfileShell = "sh" | "fish" | "powershell";

/** A start file, and when it is meant. */
interface ProfileFile {
  readonly path: string;
  readonly shell: ProfileShell;
  /** Whether it is made where it is missing. */
  readonly create: boolean;
}

/** Bytes. */
const MAX_PROFILE = 4 * 1024 * 1024;

/** Every start file that may hold a block, the ones that are missing too. */
async function profileFiles(host: Host, user: TargetUser): Promise<ProfileFile[]> {
  const login = host.env("SHELL") ?? "";
  const home = (name: string) => joinPath(user.home, name);
  // Under sudo these are root's, or nobody's.
  const own = (name: string) => {
    const given = user.byRoot ? undefined : host.env(name);
    return given?.startsWith("/") ? given : undefined;
  };
  const config = own("XDG_CONFIG_HOME") ?? home(".config");
  const zsh = own("ZDOTDIR") ?? user.home;
  const there = async (path: string) => await host.files.realPath(path) !== undefined;
  const usesFish = /\/fish$/.test(login) || await there(joinPath(config, "fish"));
  const file = (path: string, create = false, shell: ProfileShell = "sh") => ({
    path,
    shell,
    create,
  });
  return [
    file(home(".profile"), true),
    // A bash that finds one of these does not read .profile.
    file(home(".bash_profile")),
    file(home(".bash_login")),
    file(home(".bashrc"), /\/bash$/.test(login)),
    file(joinPath(zsh, ".zshenv"), /\/zsh$/.test(login) || await there(joinPath(zsh, ".zshrc"))),
    file(joinPath(config, "fish/conf.d/localtls.fish"), usesFish, "fish"),
    file(joinPath(config, "powershell/profile.ps1"), false, "powershell"),
    file(home("Documents/PowerShell/profile.ps1"), false, "powershell"),
    file(home("Documents/WindowsPowerShell/profile.ps1"), false, "powershell"),
  ];
}

/** Puts the block into every start file. Throws CA_MISSING, USAGE. */
export async function installProfiles(
  context: CommandContext,
): Promise<CommandResult<EnvProfilesDocument>> {
  const workplace = await openWorkplace(context);
  const { host, options } = context;
  // What does not work now would not work at the start of a shell, and be silent there.
  const { written } = await makeEnvironment(context, workplace);
  const program = host.programPath;
  if (program === undefined) {
    throw new LocalTlsError(
      "USAGE",
      "Cannot write a start file: this program is not a file of its own, but run by another one",
      { hints: ["Install the localtls binary, and run its env --install"] },
    );
  }
  const planned: PlannedStep[] = written.map((path) => ({ type: "write", path, root: false }));
  const profiles: ProfileResult[] = [];
  for (const file of await profileFiles(host, workplace.user)) {
    const real = await host.files.realPath(file.path);
    if (real === undefined && !file.create) continue;
    const lines = blockLines(file.shell, program, workplace.state.path);
    const result = await attempt(file.path, lines, async () => {
      const held = real === undefined ? undefined : await readProfile(host, real);
      const wanted = withBlock(file.path, held, lines);
      if (held !== undefined && equalBytes(held, wanted)) return "unchanged";
      planned.push({ type: "write", path: real ?? file.path, root: false });
      if (!options.dryRun) await writeProfile(host, workplace, real ?? file.path, wanted);
      return "added";
    });
    profiles.push(result);
  }
  return answer(context, profiles, planned);
}

/** Takes the block out of every start file. */
export async function uninstallProfiles(
  context: CommandContext,
): Promise<CommandResult<EnvProfilesDocument>> {
  const workplace = await openWorkplace(context);
  const planned = context.options.dryRun
    ? (await blockFiles(context.host, workplace.user)).map(({ real }) =>
      ({ type: "write", path: real, root: false }) as const
    )
    : [];
  const profiles = context.options.dryRun ? [] : await removeBlocks(context, workplace);
  return answer(context, profiles, planned);
}

/**
 * Takes blocks out.
 * @param stateDirectory Only those that work on this one; a block of another stays.
 */
export async function removeBlocks(
  { host }: CommandContext,
  workplace: Workplace,
  stateDirectory?: string,
): Promise<ProfileResult[]> {
  const profiles: ProfileResult[] = [];
  for (const { path, real } of await blockFiles(host, workplace.user, stateDirectory)) {
    profiles.push(
      await attempt(path, undefined, async () => {
        const held = await readProfile(host, real);
        const wanted = held === undefined ? undefined : withoutBlock(path, held);
        if (wanted === undefined) return "absent";
        if (wanted !== null) await writeProfile(host, workplace, real, wanted);
        else await host.files.remove(real);
        return "removed";
      }),
    );
  }
  return profiles;
}

/** The start files that have a block, or markers of one. */
export async function blockFiles(
  host: Host,
  user: TargetUser,
  stateDirectory?: string,
): Promise<{ readonly path: string; readonly real: string }[]> {
  const found: { path: string; real: string }[] = [];
  for (const { path, shell } of await profileFiles(host, user)) {
    const real = await host.files.realPath(path).catch(() => undefined);
    if (real === undefined) continue;
    try {
      const held = await host.files.read(real, MAX_PROFILE);
      const block = held === undefined ? undefined : readBlock(path, held);
      if (block === undefined) continue;
      const isMeant = stateDirectory === undefined ||
        block.includes(` --dir ${quote(shell, stateDirectory)}`);
      if (isMeant) found.push({ path, real });
    } catch (error) {
      // Damaged markers are reported when the block is to be taken out; an unreadable file has none of ours.
      if (error instanceof LocalTlsError && error.code === "FILE_WRITE") found.push({ path, real });
    }
  }
  return found;
}

/** What stands between the markers. */
function blockLines(shell: ProfileShell, program: string, directory: string): string[] {
  const where = "the start file of a shell";
  const path = quote(shell, writable(program, where));
  const words = `env --quiet --dir ${quote(shell, writable(directory, where))} --shell ${shell}`;
  switch (shell) {
    case "sh":
      return [`[ -x ${path} ] && eval "$(${path} ${words} 2>/dev/null)"`];
    case "fish":
      return [`test -x ${path}; and ${path} ${words} 2>/dev/null | source`];
    case "powershell":
      return [
        `if (Test-Path ${path}) { & ${path} ${words} 2>$null | Out-String | Invoke-Expression }`,
      ];
  }
}

function quote(shell: ProfileShell, word: string): string {
  if (shell === "fish") return `'${word.replaceAll(/['\\]/g, "\\$&")}'`;
  // The typographic quotes as well, as PowerShell takes them for the plain one.
  if (shell === "powershell") return `'${word.replaceAll(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

async function readProfile(host: Host, path: string): Promise<Uint8Array | undefined> {
  return await host.files.read(path, MAX_PROFILE);
}

/** Written to where a link leads, with the mode and owner that are there. */
async function writeProfile(
  host: Host,
  { user }: Workplace,
  path: string,
  content: Uint8Array,
): Promise<void> {
  const { files } = host;
  const info = await files.info(path);
  if (info === undefined) {
    await files.makeDirectory(parentOf(path), { mode: 0o755 });
    await files.write(path, content, { mode: 0o644 });
    return;
  }
  // A rename would replace it all the same: whoever took the permission away meant something by it.
  if ((info.mode & 0o222) === 0 || !await files.writable(path)) {
    throw new LocalTlsError("FILE_WRITE", `Cannot write "${path}": it is read-only`);
  }
  const owner = user.isRoot && !user.byRoot ? { uid: info.uid, gid: info.gid } : undefined;
  await files.write(path, content, { mode: info.mode & 0o777, owner });
}

async function attempt(
  path: string,
  lines: readonly string[] | undefined,
  work: () => Promise<ProfileResult["outcome"]>,
): Promise<ProfileResult> {
  try {
    return { path, outcome: await work() };
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    const hint = lines === undefined ? {} : { hint: lines.join("\n") };
    return { path, outcome: "failed", reason: error.message, ...hint };
  }
}

function answer(
  { options }: CommandContext,
  profiles: readonly ProfileResult[],
  planned: readonly PlannedStep[],
): CommandResult<EnvProfilesDocument> {
  const ok = profiles.every(({ outcome }) => outcome !== "failed");
  return {
    document: { command: "env", ok, profiles, ...(options.dryRun ? { planned } : {}) },
    exitCode: ok ? EXIT.done : EXIT.partial,
  };
}
