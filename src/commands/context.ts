/**
 * What a command is given: the machine, the global options, and a way to say things.
 *
 * @module
 */

import type { PasswordSource } from "../castore/ca_files.ts";
import { openStateDirectory, type StateDirectory } from "../castore/state_directory.ts";
import type { Host } from "../host/host.ts";
import type { CertLineDocument, RenewLineDocument } from "./documents.ts";
import { findTargetUser, type TargetUser } from "../host/target_user.ts";

/** The options that every command takes. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** State directory. */
  readonly dir?: string | undefined;
}

/** What a command can say before it ends. */
export type ReportEvent =
  /** Long work has begun, or goes on. */
  | { readonly type: "progress"; readonly message: string }
  /** Something that a person must see even with --quiet, and that a program finds in the document. */
  | { readonly type: "notice"; readonly message: string }
  /** A part of the answer is there: told at once and forgotten. */
  | { readonly type: "part"; readonly document: CertLineDocument | RenewLineDocument }
  /** A line of a log, as it is; not with --quiet. */
  | { readonly type: "log"; readonly line: string }
  /** Work that is counted goes on: a bar on a terminal, nothing elsewhere. */
  | { readonly type: "count"; readonly done: number; readonly total: number }
  /** Something the user should know, that does not stop the command. */
  | { readonly type: "warning"; readonly code: string; readonly message: string };

/** The machine and the user's wishes, for one run of one command. */
export interface CommandContext {
  readonly host: Host;
  readonly options: GlobalOptions;
  /** The program as the user would type it again; in hints. */
  readonly program: string;
  report(event: ReportEvent): void;
}

/** Whom the command works for, and where their state is. */
export interface Workplace {
  readonly user: TargetUser;
  readonly state: StateDirectory;
  /** Asks for the password of the issuer's key, once; for the commands that encrypt another with it. */
  readonly password: PasswordSource;
}

/**
 * Finds the user that is meant and opens (never makes) the state directory.
 *
 * @param passwordFile `--password-file` of the CA's key, for commands that have it.
 */
export async function openWorkplace(
  context: CommandContext,
  passwordFile?: string,
): Promise<Workplace> {
  const { host, options } = context;
  const user = await findTargetUser(host);
  let source: PasswordSource | undefined;
  const password = async () => {
    const { issuerPassword } = await import("./issuer_password.ts");
    source ??= issuerPassword(context, passwordFile);
    return await source();
  };
  const state = await openStateDirectory(host, user, options.dir, password, options.dryRun);
  return { user, state, password };
}
