/**
 * `config SERVER [NAME...]`: the lines to paste into a server or a container's files, for a certificate that is at hand or
 * for trust in the CA alone.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import type { IssuedEvent } from "../castore/ledger.ts";
import { LocalTlsError } from "../errors.ts";
import { parseRequestedName } from "../pki/requested_name.ts";
import type { Recipe, RecipeCertificate, RecipeInput, RecipeName } from "../recipes/recipe.ts";
import { RECIPES } from "../recipes/table.ts";
import { anchorOfAuthority } from "./anchors.ts";
import { refuseOptions } from "./config_options.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import { type CommandResult, EXIT, type TextDocument } from "./documents.ts";

/** What the user asked for. */
export interface ConfigFlags {
  readonly server?: string | undefined;
  readonly names: readonly string[];
  /** TCP port; without it the recipe's own. */
  readonly port?: number | undefined;
  readonly cors?: string | undefined;
  readonly upstream?: string | undefined;
  readonly mtls?: boolean | undefined;
  readonly http2?: boolean | undefined;
  /** Say which there are. */
  readonly list?: boolean | undefined;
}

const HTTPS_PORT = 443;

/** What stands behind a server where the user says nothing of it. */
const UPSTREAM = "http://127.0.0.1:8080";

/** The words that `config` knows, for completions. */
export function recipeIds(): string[] {
  return RECIPES.map(({ id }) => id);
}

/** Runs `config`. Throws USAGE, NAME_INVALID, CA_MISSING, or FILE_NOT_FOUND when no certificate is there. */
export async function config(
  context: CommandContext,
  flags: ConfigFlags,
): Promise<CommandResult<TextDocument>> {
  if (flags.list) return listRecipes();
  const recipe = findRecipe(context, flags);
  refuseOptions(context, recipe, flags);
  const names = flags.names.map((text): RecipeName => {
    const { name, warnings } = parseRequestedName(text);
    for (const warning of warnings) context.report({ type: "warning", ...warning });
    return { value: name.value, isIp: name.type === "ip" };
  });
  const workplace = await openWorkplace(context);
  const certificate = names.length === 0
    ? undefined
    : await findCertificate(context, workplace, names, recipe.embeds === true);
  const { cors, mtls = false, http2 = false } = flags;
  const root = recipe.needsRoot || mtls ? await findRoot(context, workplace) : undefined;
  const { program } = context;
  const write = await recipe.load();
  const { text, warnings = [] } = write({
    names,
    certificate,
    root,
    port: flags.port ?? recipe.port ?? HTTPS_PORT,
    upstream: flags.upstream ?? UPSTREAM,
    cors,
    mtls,
    http2,
    program,
  });
  for (const warning of warnings) context.report({ type: "warning", ...warning });
  return {
    document: {
      command: "config",
      ok: true,
      server: recipe.id,
      ...(root === undefined ? {} : { root: root.path }),
      ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
      text,
    },
    exitCode: EXIT.done,
  };
}

function findRecipe({ program }: CommandContext, { server, names }: ConfigFlags): Recipe {
  if (server === undefined) {
    throw new LocalTlsError("USAGE", "Cannot write lines: say for which server", {
      hints: [`${program} config --list`],
    });
  }
  const recipe = RECIPES.find(({ id }) => id === server.toLowerCase());
  if (recipe === undefined) {
    throw new LocalTlsError("USAGE", `Cannot write lines for "${server}": it is not known`, {
      hints: [`${program} config --list`],
    });
  }
  if (recipe.names === "one" && names.length !== 1) {
    const state = names.length === 0 ? "the name is missing" : "it takes one name";
    throw new LocalTlsError("USAGE", `Cannot write lines for ${recipe.id}: ${state}`, {
      hints: [`${program} config ${recipe.id} ${names[0] ?? "NAME"}`],
    });
  }
  return recipe;
}

function listRecipes(): CommandResult<TextDocument> {
  const width = Math.max(...RECIPES.map(({ id }) => id.length));
  const lines = RECIPES.map(({ id, brief }) => `${id.padEnd(width)}  ${brief}`);
  const recipes = RECIPES.map(({ id, brief, names }) => ({ id, brief, names }));
  return {
    document: { command: "config", ok: true, recipes, text: lines.join("\n") },
    exitCode: EXIT.done,
  };
}

async function findRoot(
  { program }: CommandContext,
  { state }: Workplace,
): Promise<NonNullable<RecipeInput["root"]>> {
  const authority = await state.loadAuthority();
  if (authority === undefined) {
    throw new LocalTlsError("CA_MISSING", `Cannot find a CA in "${state.path}"`, {
      hints: [`${program} setup`],
    });
  }
  const { pem, sha256 } = anchorOfAuthority(state, authority);
  return { path: state.rootFile, pem, sha256 };
}

/** The newest certificate that was issued for the names and whose files are still there. */
async function findCertificate(
  { host, program }: CommandContext,
  { state }: Workplace,
  wanted: readonly RecipeName[],
  embeds: boolean,
): Promise<RecipeCertificate> {
  const events: IssuedEvent[] = [];
  for await (const { event } of readCertificates(state.issued)) {
    if (event.usage === "client") continue;
    if (wanted.every(({ value }) => event.names.includes(value))) events.push(event);
  }
  const { files } = host;
  for (const { cert, key } of events.reverse()) {
    // Of a certificate that answers a request, only whoever made the request knows where the key is.
    if (key === undefined) continue;
    if (!await files.info(cert) || !await files.info(key)) continue;
    if (!embeds) return { cert, key };
    const [certPem, keyPem] = [await files.read(cert), await files.read(key)];
    if (certPem === undefined || keyPem === undefined) continue;
    const text = (content: Uint8Array) => new TextDecoder().decode(content);
    return { cert, key, certPem: text(certPem), keyPem: text(keyPem) };
  }
  const names = wanted.map(({ value }) => value);
  throw new LocalTlsError(
    "FILE_NOT_FOUND",
    `Cannot find a certificate for ${names.map((name) => `"${name}"`).join(" and ")}`,
    { hints: [`${program} cert ${names.join(" ")}`] },
  );
}
