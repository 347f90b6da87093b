/**
 * `ca import`: a CA that was made elsewhere, or exported before, becomes the one of this state directory.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { openAuthority } from "../../pki/authority.ts";
import type { Hierarchy } from "../../pki/hierarchy.ts";
import { sayWaiting, warnUnconfirmed } from "../authority.ts";
import { ANY_GIVES_UP } from "../confirm_any.ts";
import { type CommandContext, openWorkplace } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { joinPath, resolvePath } from "../output_files.ts";
import { describeDetails } from "./describe.ts";
import type { CaFilesDocument } from "./documents.ts";
import { chooseHierarchy, readParts } from "./import_parts.ts";
import { warnAboutSuffixes } from "../permitted_suffixes.ts";

/** What the user asked for. */
export interface ImportFlags {
  /** PEM, DER or PKCS#12. */
  readonly file?: string | undefined;
  /** The key, where it is in a file of its own. */
  readonly key?: string | undefined;
  /** mkcert's directory; empty for the one that it uses by itself. */
  readonly mkcert?: string | undefined;
  /** Holds the password of the file or key. */
  readonly passwordFile?: string | undefined;
}

/**
 * Runs `ca import`. Nothing is trusted by it: that is `trust`, or was done by whoever made the CA.
 *
 * Throws USAGE, FILE_NOT_FOUND, PEM_INVALID, KEY_INVALID, PFX_INVALID, PASSWORD_WRONG; CA_MISMATCH for what is no CA or does not
 * belong together, and where there is a CA already.
 */
export async function importCa(
  context: CommandContext,
  flags: ImportFlags,
): Promise<CommandResult<CaFilesDocument>> {
  const { options, program } = context;
  const { state } = await openWorkplace(context);
  const exists = () =>
    new LocalTlsError("CA_MISMATCH", `Cannot import a CA: there is one in "${state.path}"`, {
      hints: [
        `For a new CA in its place: ${program} ca rotate`,
        `To be rid of it: ${program} uninstall --purge`,
      ],
    });
  if (await state.loadAuthority() !== undefined) throw exists();
  const hierarchy = await readHierarchy(context, flags);
  const opened = await openAuthority(hierarchy);
  if (opened.notAfter < context.host.now()) {
    const end = opened.notAfter.toISOString().slice(0, 10);
    throw new LocalTlsError("CA_EXPIRED", `Cannot import the CA: it ended on ${end}`);
  }
  const files = [state.issuerKeyFile, state.issuerFile, state.rootFile];
  if (!options.dryRun) {
    const made = await state.createAuthority(
      () => Promise.resolve(hierarchy),
      { onWait: () => sayWaiting(context) },
    );
    if (!made.created) throw exists();
    warnUnconfirmed(context, state, made);
  }
  if (opened.permitted.any) {
    context.report({
      type: "warning",
      code: "CA_UNCONSTRAINED",
      message:
        `this CA may issue for every name: ${ANY_GIVES_UP}; the way out, in one command: ${program} ca rotate`,
    });
  }
  await warnAboutSuffixes(context, opened);
  return {
    document: {
      command: "ca import",
      ok: true,
      ca: describeDetails(state, opened),
      files: options.dryRun ? [] : files,
      changed: !options.dryRun,
      ...(options.dryRun
        ? { planned: files.map((path) => ({ type: "write", path, root: false } as const)) }
        : {}),
    },
    exitCode: EXIT.done,
  };
}

async function readHierarchy(context: CommandContext, flags: ImportFlags): Promise<Hierarchy> {
  const { host, program } = context;
  if ((flags.file === undefined) === (flags.mkcert === undefined)) {
    throw new LocalTlsError("USAGE", "Cannot import a CA: give a file, or --mkcert", {
      hints: [`${program} ca import FILE`, `${program} ca import --mkcert`],
    });
  }
  if (flags.mkcert === undefined) {
    const paths = [flags.file ?? "", ...(flags.key === undefined ? [] : [flags.key])];
    const parts = await readParts(context, paths.map((path) => resolvePath(host, path)), flags);
    return await chooseHierarchy(parts);
  }
  const root = await mkcertDirectory(context, flags.mkcert);
  const names = ["rootCA.pem", "rootCA-key.pem"].map((name) => joinPath(root, name));
  return await chooseHierarchy(await readParts(context, names, flags));
}

/** Where mkcert keeps its CA (mkcert 1.4.4, getCAROOT). */
async function mkcertDirectory(context: CommandContext, given: string): Promise<string> {
  const { host } = context;
  if (given !== "") return resolvePath(host, given);
  const root = host.env("CAROOT");
  if (root !== undefined) return resolvePath(host, root);
  const { findTargetUser } = await import("../../host/target_user.ts");
  const user = await findTargetUser(host);
  return joinPath(host.dataDirectory(user.home), "mkcert");
}
