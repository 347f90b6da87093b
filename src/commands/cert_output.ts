/**
 * What `cert` does where there are files already: a certificate that is still good is kept, one that was issued here is
 * replaced, and for anything else the user is asked. Loaded only then.
 *
 * @module
 */

import { equalBytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { parentOf } from "../host/path_text.ts";
import { quoteCommand } from "../host/shell_words.ts";
import type { Authority } from "../pki/authority.ts";
import type { CertFlags } from "./cert_parts.ts";
import { lookAt } from "./certificate_state.ts";
import type { CommandContext, Workplace } from "./context.ts";
import type { CertificateDocument } from "./documents.ts";
import { describeIssued, type IssueRequest, issueToFiles } from "./issuing.ts";
import { confirmReplacing, optionWords, replaceHints, type ReplaceWishes } from "./output_guard.ts";
import { type FoundFiles, isOccupied, type OutputFiles } from "./output_files.ts";
import {
  isOwnPfx,
  type IssuingRecord,
  lookAtFiles,
  openRecord,
  readPfxChain,
  refuseOwnState,
} from "./standing_files.ts";

/** What comes of it. */
export interface SettledOutput {
  /** The certificate that is there is what was asked for. */
  readonly kept?: CertificateDocument;
  /** What may be replaced. */
  readonly found: FoundFiles;
}

/** How `cert` is meant. */
export interface OutputWishes {
  readonly flags: CertFlags;
  /** A line of a list: its names, and nobody is asked. */
  readonly line?: readonly string[] | undefined;
  /** Password of the PKCS#12 file, if the user gave one. */
  readonly password?: string | undefined;
}

/** OID of PKCS#12's 3DES (1.2.840.113549.1.12.1.3), as `--legacy` writes it. */
const LEGACY_OID = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01, 0x03];

/**
 * Looks at what is at the paths of a request. Throws FILE_EXISTS and CANCELLED for what may not be replaced, FILE_UNSAFE
 * for the files of the CA.
 */
export async function settleOutput(
  context: CommandContext,
  { state }: Workplace,
  record: IssuingRecord,
  request: IssueRequest,
  { flags, line, password }: OutputWishes,
): Promise<SettledOutput> {
  const { host } = context;
  const { found, foreign } = await lookAtFiles(host, record, request.files, password);
  await refuseOwnState(host, state, found.keys());
  if (foreign !== undefined) {
    await confirmReplacing(context, foreign, {
      force: flags.force,
      neverAsk: flags.neverAsk || line !== undefined,
      hints: replaceHints(commandLine(context, flags), "--out DIR"),
    });
    return { found };
  }
  if (flags.renew) return { found };
  const kept = await findSame(context, record, request, flags, password);
  // Nothing is written, which would have swept the directory.
  if (kept !== undefined && !context.options.dryRun) {
    for (const path of await host.files.leftovers(parentOf(kept.cert) || "/")) {
      await host.files.remove(path).catch(() => false);
    }
  }
  return kept === undefined ? { found } : { kept, found };
}

/**
 * For `setup` and servers: throws FILE_EXISTS, or asks, where what is at the paths was not issued here.
 * @returns What may be replaced.
 */
export async function requireReplaceable(
  context: CommandContext,
  { state }: Workplace,
  authority: Authority | undefined,
  files: OutputFiles,
  wishes: ReplaceWishes,
): Promise<FoundFiles> {
  const { host } = context;
  if (!await isOccupied(host, files)) return new Map();
  const record = await openRecord(state, authority);
  const { found, foreign } = await lookAtFiles(host, record, files);
  await refuseOwnState(host, state, found.keys());
  if (foreign !== undefined) await confirmReplacing(context, foreign, wishes);
  return found;
}

/** Milliseconds between looks at files that another run is writing, and how many there are: a second in all. */
const RACE_PAUSE_MS = 50;
const RACE_LOOKS = 20;

/**
 * Issues after another run has put files to the same paths since they were looked at: they are looked at again. While the
 * other run is between its two renames its key is one without a certificate, so that is waited for. Throws as
 * {@link settleOutput} and issueToFiles do.
 */
export async function issueAgain(
  context: CommandContext,
  workplace: Workplace,
  authority: Authority,
  request: IssueRequest,
  wishes: OutputWishes,
): Promise<CertificateDocument> {
  const { state } = workplace;
  for (let look = 1;; look++) {
    try {
      const record = await openRecord(state, authority);
      const { kept, found } = await settleOutput(context, workplace, record, request, wishes);
      if (kept !== undefined) return kept;
      return await issueToFiles(context, state, authority, { ...request, found });
    } catch (error) {
      if (!(error instanceof LocalTlsError) || error.code !== "FILE_EXISTS") throw error;
      if (look === RACE_LOOKS) throw error;
      await context.host.sleep(RACE_PAUSE_MS);
    }
  }
}

/** The certificate that is there, where there is nothing to improve about it and nothing else was asked for. */
async function findSame(
  { host }: CommandContext,
  record: IssuingRecord,
  request: IssueRequest,
  { legacy = false }: CertFlags,
  password: string | undefined,
): Promise<CertificateDocument | undefined> {
  const { files: { cert, key, p12 }, names, days, usage = "server", keyType = "p256" } = request;
  const line = record.lineFor(cert);
  if (line === undefined || line.key !== key || line.p12 !== p12) return undefined;
  if (line.usage !== usage || line.days !== days) return undefined;
  const isSame = request.publicKey === undefined
    ? line.csr === undefined && line.keyType === keyType
    : line.csr === true;
  if (!isSame || sorted(line.names) !== sorted(names.map(({ value }) => value))) return undefined;
  const held = await lookAt(host, record.authority, line);
  if (held.state !== "valid" || held.certificate === undefined) return undefined;
  const { publicKey } = request;
  if (publicKey !== undefined && !equalBytes(held.certificate.spki, publicKey)) return undefined;
  if (p12 !== undefined) {
    // A password that was made up, or is about to be asked for, cannot be compared: the repeat is to have one that is known.
    if (password === undefined) return undefined;
    if (!await isOwnPfx(host, record, line, p12, password)) return undefined;
    const content = await host.files.read(p12);
    if (content === undefined || includes(content, LEGACY_OID) !== legacy) return undefined;
    // Another password is another file.
    if ((await readPfxChain(content, password)).length === 0) return undefined;
  }
  return { ...describeIssued(held.event), state: "kept", kept: true };
}

function sorted(names: readonly string[]): string {
  return [...new Set(names)].sort().join();
}

function includes(content: Uint8Array, wanted: readonly number[]): boolean {
  const first = wanted[0]!;
  for (let at = content.indexOf(first); at >= 0; at = content.indexOf(first, at + 1)) {
    if (wanted.every((octet, i) => content[at + i] === octet)) return true;
  }
  return false;
}

/** The command line again, for a hint. */
function commandLine({ program }: CommandContext, flags: CertFlags): string {
  const words = optionWords({
    "--client": flags.client,
    "--key": flags.key,
    "--days": flags.days,
    "--out": flags.out,
    "--cert-file": flags.certFile,
    "--key-file": flags.keyFile,
    "--pkcs12": flags.pkcs12,
    "--p12-file": flags.p12File,
    "--legacy": flags.legacy,
    "--password-file": flags.passwordFile,
    "--csr": flags.csr,
    "--from": flags.from,
  });
  return [`${program} cert`, words, quoteCommand(flags.names)].filter((part) => part !== "")
    .join(" ");
}
