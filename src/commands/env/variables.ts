/**
 * The variables of one run: the table, the user's own values, and the files made for both.
 *
 * A value of the user's is never lost: a file of roots that it names is what ours is built on, directories and
 * options are kept with ours behind them, and what cannot be built upon is left as it is, and said.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { LEFT_OUT, TRUST_VARIABLES, type TrustVariable } from "../../recipes/environment.ts";
import { extractCertificates } from "../../truststore/pem_search.ts";
import { anchorOfAuthority } from "../anchors.ts";
import type { CommandContext, Workplace } from "../context.ts";
import {
  type Choice,
  type FileBase,
  gitSettings,
  keptReason,
  readBase,
  type Room,
  userBase,
} from "./bases.ts";
import type { LeftOutDocument, VariableDocument } from "./documents.ts";
import { EnvironmentFiles } from "./files.ts";
import { javaOptions } from "./java.ts";
import { choosePhp, choosePostgres, chooseWget } from "./settings.ts";

/** What `env` prints and `run` sets. */
export interface Environment {
  readonly variables: readonly VariableDocument[];
  readonly leftOut: readonly LeftOutDocument[];
  /** Files that were written, or would be. */
  readonly written: readonly string[];
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
    case "postgres":
      return choosePostgres(room, variable);
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
