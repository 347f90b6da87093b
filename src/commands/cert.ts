/**
 * `cert`: issues a certificate, for names, for a request, or for every line of a list.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { Permitted } from "../pki/permitted.ts";
import { type CertificateUsage, chooseUsage, type SubjectName } from "../pki/subject_name.ts";
import { checkDays } from "../pki/validity.ts";
import {
  askPassword,
  type CertFlags,
  pkcs12Options,
  warnUntrusted,
  withPassword,
} from "./cert_parts.ts";
import type { SettledOutput } from "./cert_output.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import {
  type CertDocument,
  type CertificateDocument,
  type CertListDocument,
  type CommandResult,
  EXIT,
} from "./documents.ts";
import { issueToFiles, parseNames, requirePermitted } from "./issuing.ts";
import { isOccupied, outputFiles, planOutput } from "./output_files.ts";
import type { ChosenPassword } from "./pkcs12.ts";

/** What a certificate is for. */
interface Subject {
  readonly names: readonly SubjectName[];
  readonly publicKey?: Bytes;
}

/**
 * Runs `cert`. As mkcert does, it makes the CA when there is none, and says that nobody trusts it yet. A certificate that
 * is still good is kept, unless it is asked to renew it.
 * Throws USAGE, NAME_INVALID, NAME_NOT_PERMITTED, CA_EXPIRED, CSR_INVALID, KEY_INVALID,
 * PASSWORD_INVALID, FILE_*; FILE_EXISTS and CANCELLED for files that were not issued here.
 */
export async function cert(
  context: CommandContext,
  flags: CertFlags,
): Promise<CommandResult<CertDocument | CertListDocument>> {
  await checkFlags(context, flags);
  if (flags.from !== undefined) {
    return await (await import("./cert_list.ts")).certList(context, flags, flags.from);
  }
  const { host, options } = context;
  const { client = false, csr, pkcs12: withPkcs12 = false } = flags;
  const plain = client || csr !== undefined ? undefined : parseNames(context, flags.names);
  const workplace = await openWorkplace(context);
  const { user, state } = workplace;
  const held = await state.loadAuthority();
  const permitted = held?.permitted ?? await (await newAuthority()).permittedForNewAuthority(host);
  const { names, publicKey }: Subject = plain === undefined
    ? await readSubject(context, flags, permitted)
    : { names: plain };
  await requirePermitted(context, names, permitted, held !== undefined);
  const kind = { client, withoutKey: csr !== undefined, pkcs12: withPkcs12 };
  const files = outputFiles(host, names, flags, kind);
  const usage: CertificateUsage = chooseUsage(names, client);
  const { days, force: allowLong, key: keyType } = flags;
  const wanted = { names, files, usage, days, allowLong, keyType, publicKey };
  let secret: ChosenPassword | undefined;
  let settled: SettledOutput | undefined;
  if (await isOccupied(host, files)) {
    // From a file at once: it opens a PKCS#12 file that is there.
    if (flags.passwordFile !== undefined) secret = await askPassword(context, flags);
    const record = await (await import("./standing_files.ts")).openRecord(state, held);
    const wishes = { flags, password: secret?.password };
    settled = await (await output()).settleOutput(context, workplace, record, wanted, wishes);
    if (settled.kept !== undefined) {
      if (held !== undefined) await warnUntrusted(context, workplace, held, false);
      return done(settled.kept, options.dryRun);
    }
  }
  if (options.dryRun) {
    const planned = planOutput(state, files, held === undefined);
    return {
      document: { command: "cert", ok: true, certificates: [], planned },
      exitCode: EXIT.done,
    };
  }
  if (withPkcs12) secret ??= await askPassword(context, flags);
  const { authority, created } = held === undefined
    ? await (await newAuthority()).ensureAuthority(context, user, state, permitted)
    : { authority: held, created: false };
  const request = { ...wanted, pkcs12: pkcs12Options(secret, flags), found: settled?.found };
  let issued: CertificateDocument;
  try {
    issued = await issueToFiles(context, state, authority, request);
  } catch (error) {
    if (!(error instanceof LocalTlsError) || error.code !== "FILE_EXISTS") throw error;
    const wishes = { flags, password: secret?.isMadeUp ? undefined : secret?.password };
    issued = await (await output()).issueAgain(context, workplace, authority, request, wishes);
  }
  await warnUntrusted(context, workplace, authority, created);
  return done(withPassword(issued, secret));
}

function done(
  certificate: CertificateDocument,
  planned: boolean = false,
): CommandResult<CertDocument> {
  const document = { command: "cert", ok: true, certificates: [certificate] } as const;
  return {
    document: planned ? { ...document, planned: [] } : document,
    exitCode: EXIT.done,
  };
}

/** Loaded where there are files already. */
const output = () => import("./cert_output.ts");

/** Refuses what cannot be meant before anything is read or made. */
async function checkFlags(context: CommandContext, flags: CertFlags): Promise<void> {
  const { csr, from, days, force = false, names } = flags;
  const isPlain = Object.entries(flags).every(([option, value]) =>
    PLAIN_OPTIONS.has(option) || value === undefined
  );
  if (!isPlain) (await import("./cert_options.ts")).checkOptions(context, flags);
  if (names.length === 0 && csr === undefined && from === undefined) {
    throw new LocalTlsError("USAGE", "Cannot run the command: NAME is missing", {
      hints: [`${context.program} cert localhost 127.0.0.1 ::1`],
    });
  }
  if (days !== undefined) checkDays(days, force);
}

/** Options that go with everything. */
const PLAIN_OPTIONS = new Set([
  "names",
  "days",
  "out",
  "certFile",
  "keyFile",
  "key",
  "client",
  "force",
  "renew",
  "neverAsk",
]);

/** Loaded for the first certificate alone, as what makes a CA is. */
const newAuthority = () => import("./authority.ts");

/** Names for a client, or from a request; its code is loaded for these alone. */
async function readSubject(
  context: CommandContext,
  flags: CertFlags,
  permitted: Permitted,
): Promise<Subject> {
  const { client = false, csr } = flags;
  if (csr !== undefined) {
    const { readRequestSubject } = await import("./request_source.ts");
    return await readRequestSubject(context, csr, { client, permitted });
  }
  const { parseClientNames } = await import("./client_names.ts");
  return { names: parseClientNames(context, flags.names, permitted) };
}
