/**
 * One file with certificate and key in it, and nothing beside it: what mkcert's -pkcs12 writes, and its
 * -cert-file and -key-file where both name one file.
 *
 * The ledger knows certificates by the file of their own that they stand in, so these are not in it: they are not
 * listed and not renewed, as mkcert's never are.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import { LocalTlsError } from "../errors.ts";
import type { Authority } from "../pki/authority.ts";
import { issueCertificate, type IssuedCertificate } from "../pki/issue.ts";
import { chooseUsage, commonNameFor } from "../pki/subject_name.ts";
import type { KeyType } from "../x509/key_algorithms.ts";
import { ensureAuthority, permittedForNewAuthority } from "./authority.ts";
import { warnUntrusted } from "./cert_parts.ts";
import { requireClock } from "./clock.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { parseNames, requirePermitted } from "./issuing.ts";
import { baseName, isOccupied, resolvePath } from "./output_files.ts";

/** What to issue. */
export interface SingleFileRequest {
  readonly names: readonly string[];
  readonly client: boolean;
  readonly keyType: KeyType;
  readonly days: number;
  /** Path; for PKCS#12 without one: NAME.p12. */
  readonly file?: string | undefined;
  /** PKCS#12 under this password, in the form that every reader knows (3DES, SHA-1); without it: PEM. */
  readonly pkcs12Password?: string | undefined;
}

/** What was written. */
export interface SingleFile {
  /** Absolute. */
  readonly path: string;
  readonly names: readonly string[];
  readonly notAfter: Date;
}

/** Issues, and writes the file with mode 0600. Throws as `cert` does. */
export async function issueSingleFile(
  context: CommandContext,
  request: SingleFileRequest,
): Promise<SingleFile> {
  const { host } = context;
  const { client, days, keyType, pkcs12Password } = request;
  const workplace = await openWorkplace(context);
  const { user, state } = workplace;
  const held = await state.loadAuthority();
  const permitted = held?.permitted ?? await permittedForNewAuthority(host);
  const names = client
    ? (await import("./client_names.ts")).parseClientNames(context, request.names, permitted)
    : parseNames(context, request.names);
  await requirePermitted(context, names, permitted, held !== undefined);
  const path = resolvePath(host, request.file ?? `${baseName(names, client)}.p12`);
  const usages = chooseUsage(names, client);
  await requireOwn(context, state, held, path, pkcs12Password);
  const { authority, created } = held === undefined
    ? await ensureAuthority(context, user, state, permitted)
    : { authority: held, created: false };
  await requireClock(context, state, authority);
  const issued = await issueCertificate(authority, {
    names,
    usages,
    commonName: commonNameFor(names, usages, pkcs12Password !== undefined),
    now: host.now(),
    days,
    keyType,
  });
  const content = pkcs12Password === undefined
    ? onePem(issued)
    : await (await import("./pkcs12.ts")).makePfx(issued, authority, {
      password: pkcs12Password,
      legacy: true,
    });
  await host.files.write(path, content, { mode: 0o600 });
  await warnUntrusted(context, workplace, authority, created);
  return { path, names: issued.names, notAfter: issued.notAfter };
}

/** mkcert writes over what it wrote, and has no questions: anything else is refused. Throws FILE_EXISTS. */
async function requireOwn(
  context: CommandContext,
  state: StateDirectory,
  authority: Authority | undefined,
  path: string,
  password: string | undefined,
): Promise<void> {
  const { host } = context;
  if (!await isOccupied(host, { cert: path })) return;
  const { belongs, openRecord, readChain, readKey, readPfxChain, refuseOwnState, wasSignedHere } =
    await import("./standing_files.ts");
  await refuseOwnState(host, state, [path]);
  const record = await openRecord(state, authority);
  const isOwn = async (content: Bytes) => {
    if (password !== undefined) {
      return await wasSignedHere(record, await readPfxChain(content, password));
    }
    const chain = await readChain(host, path);
    const key = await readKey(host, path);
    return key !== undefined && await belongs(key, chain[0]) && await wasSignedHere(record, chain);
  };
  const { requireOwnOutput } = await import("./output_guard.ts");
  await requireOwnOutput(context, path, isOwn, {
    what: "not a file that this CA has issued",
    neverAsk: true,
    hints: [`Move that file, or choose another one with ${password ? "-p12-file" : "-cert-file"}`],
  });
}

/** The chain first, as mkcert has it: HAProxy and nginx read either order. */
function onePem({ fullchainPem, keyPem }: IssuedCertificate): string {
  if (keyPem === undefined) {
    throw new LocalTlsError("INTERNAL", "Cannot write certificate and key: there is no key");
  }
  return fullchainPem + keyPem;
}
