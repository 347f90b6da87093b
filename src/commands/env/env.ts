/**
 * `env`: the variables by which programs that have roots of their own trust the CA, for a shell or a file.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { TRUST_VARIABLES } from "../../recipes/environment.ts";
import {
  type EnvironmentFormat,
  formatDocker,
  formatEnvironment,
} from "../../recipes/environment_formats.ts";
import { type CommandContext, openWorkplace } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import type { EnvDocument, EnvProfilesDocument } from "./documents.ts";
import { makeEnvironment } from "./variables.ts";

/** Variables that name one file. The others name files that name files in turn, which a container has elsewhere. */
const ONE_FILE = new Set(
  TRUST_VARIABLES.filter(({ content }) => content === "root" || content === "bundle")
    .map(({ name }) => name),
);

/** What the user asked for. */
export interface EnvFlags {
  /** Default: that of the user's shell. */
  readonly shell?: EnvironmentFormat | "docker" | undefined;
  readonly explain?: boolean | undefined;
  readonly install?: boolean | undefined;
  readonly uninstall?: boolean | undefined;
}

/** Runs `env`. Throws USAGE, CA_MISSING, FILE_*. */
export async function env(
  context: CommandContext,
  flags: EnvFlags,
): Promise<CommandResult<EnvDocument | EnvProfilesDocument>> {
  const { shell, explain = false, install = false, uninstall = false } = flags;
  if ([shell !== undefined, explain, install, uninstall].filter(Boolean).length > 1) {
    throw new LocalTlsError(
      "USAGE",
      "Cannot do several of --shell, --explain, --install and --uninstall at once",
      { hints: [`${context.program} env --explain`] },
    );
  }
  if (install) return await (await import("./profiles.ts")).installProfiles(context);
  if (uninstall) return await (await import("./profiles.ts")).uninstallProfiles(context);
  const { variables, leftOut, written } = await makeEnvironment(
    context,
    await openWorkplace(context),
  );
  const format = shell ?? shellOfUser(context.host.env("SHELL"));
  const text = explain
    ? undefined
    : format === "docker"
    ? formatDocker(variables.filter(({ name }) => ONE_FILE.has(name)))
    : formatEnvironment(format, variables);
  const planned = written.map((path) => ({ type: "write", path, root: false } as const));
  return {
    document: {
      command: "env",
      ok: true,
      variables,
      leftOut,
      ...(text === undefined ? {} : { text }),
      ...(context.options.dryRun ? { planned } : {}),
    },
    exitCode: EXIT.done,
  };
}

/** Where nothing is said. SHELL is not set on Windows. */
function shellOfUser(shell: string | undefined): EnvironmentFormat {
  if (shell === undefined) return "powershell";
  return /\/fish$/.test(shell) ? "fish" : "sh";
}
