/**
 * From names on the command line to a certificate in files and in the ledger; for `setup` and `cert`.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import type { IssuedEvent } from "../castore/ledger.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import type { Bytes } from "../bytes.ts";
import { decodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { Files, Host } from "../host/host.ts";
import type { Authority } from "../pki/authority.ts";
import { checkNameCount, issueCertificate } from "../pki/issue.ts";
import { checkPermitted, checkWildcard, type Permitted } from "../pki/permitted.ts";
import { parseRequestedName, type RequestedName } from "../pki/requested_name.ts";
import { type CertificateUsage, commonNameFor, type SubjectName } from "../pki/subject_name.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import type { KeyType } from "../x509/key_algorithms.ts";
import { importPkcs8, keyBelongsTo } from "../x509/keys.ts";
import { requireClock } from "./clock.ts";
import type { CommandContext } from "./context.ts";
import type { CertificateDocument } from "./documents.ts";
import { type FoundFiles, type OutputFiles, writeOutputFiles } from "./output_files.ts";
import type { Pkcs12Options } from "./pkcs12.ts";

/** A certificate that ends sooner than this is made anew, in days. */
export const DUE_DAYS = 30;

const DAY_MS = 86_400_000;

/** Reads the names that the user typed; warnings are reported. Throws NAME_INVALID. */
export function parseNames(
  context: CommandContext,
  texts: readonly string[],
): RequestedName[] {
  const names = new Map<string, RequestedName>();
  for (const text of texts) {
    const { name, warnings } = parseRequestedName(text);
    for (const warning of warnings) context.report({ type: "warning", ...warning });
    names.set(name.value, name);
  }
  return [...names.values()];
}

/**
 * Throws NAME_NOT_PERMITTED where the CA may not speak for one of the names, with the way out, and
 * NAME_INVALID for too many names; both before a CA is made for them.
 */
export async function requirePermitted(
  context: CommandContext,
  names: readonly SubjectName[],
  permitted: Permitted,
  hasAuthority: boolean,
): Promise<void> {
  checkNameCount(names.length);
  for (const name of names) {
    // The limits of a CA are about the names of servers.
    if (name.type !== "dns" && name.type !== "ip") continue;
    try {
      checkPermitted(name, permitted);
      if (name.type === "dns" && name.wildcard) await checkWildcard(name);
    } catch (error) {
      if (!(error instanceof LocalTlsError) || error.code !== "NAME_NOT_PERMITTED") throw error;
      const { notPermitted } = await import("./permit_advice.ts");
      throw await notPermitted(context, names, permitted, hasAuthority);
    }
  }
}

/** What to issue, and where to put it. */
export interface IssueRequest {
  readonly names: readonly SubjectName[];
  readonly files: OutputFiles;
  /** Default: server. */
  readonly usage?: CertificateUsage | undefined;
  readonly days?: number | undefined;
  /** Takes more than 825 days too. */
  readonly allowLong?: boolean | undefined;
  /** Type of the new key. Default: p256. */
  readonly keyType?: KeyType | undefined;
  /** SubjectPublicKeyInfo of a request that is answered: no key is made then. */
  readonly publicKey?: Bytes | undefined;
  /** A key that is kept: an extractable pair, or PKCS#8 DER. */
  readonly reuseKey?: CryptoKeyPair | Bytes | undefined;
  /** How to write `files.p12`. */
  readonly pkcs12?: Pkcs12Options | undefined;
  /** This machine's own LAN addresses among the names; for the ledger. */
  readonly own?: readonly string[] | undefined;
  /** Takes the event in place of the ledger: a caller that issues many writes it in batches. */
  readonly record?: ((event: IssuedEvent) => void) | undefined;
  /** Writes the files in place of the host, for the same reason. */
  readonly write?: Files["writeTogether"] | undefined;
  /** What is replaced; anything else at the paths is FILE_EXISTS. */
  readonly found?: FoundFiles | undefined;
  /** SHA-256 of a PKCS#12 file that stays as it is. */
  readonly keptP12?: string | undefined;
}

/** Issues one certificate, writes its files and its line in the ledger. */
export async function issueToFiles(
  context: CommandContext,
  state: StateDirectory,
  authority: Authority,
  request: IssueRequest,
): Promise<CertificateDocument> {
  const { host } = context;
  const { names, files, days, usage = "server", publicKey, pkcs12 } = request;
  const { keyType, reuseKey, allowLong, own = [], keptP12 } = request;
  await requireClock(context, state, authority);
  const issued = await issueCertificate(authority, {
    names,
    usages: usage,
    commonName: commonNameFor(names, usage, files.p12 !== undefined),
    now: host.now(),
    days,
    allowLong,
    keyType,
    publicKey,
    reuseKey,
  });
  // Without a wish for days, a certificate that ends with its CA is as good as it gets.
  if (days !== undefined && issued.shortened) {
    context.report({
      type: "warning",
      code: "LIFETIME_SHORTENED",
      message: `the certificate ends with its CA, on ${issued.notAfter.toISOString().slice(0, 10)}`,
    });
  }
  const pfx = files.p12 === undefined || pkcs12 === undefined
    ? undefined
    : await (await import("./pkcs12.ts")).makePfx(issued, authority, pkcs12);
  const { fullchainPem, keyPem } = issued;
  const fingerprint = issued.sha256();
  const content = { fullchainPem, keyPem, pfx };
  await writeOutputFiles(host, files, content, request.write, request.found);
  const p12Sha256 = pfx === undefined ? keptP12 : await sha256Hex(pfx);
  const event: IssuedEvent = {
    event: "issued",
    time: host.now().toISOString(),
    names: issued.names,
    ...files,
    ...(p12Sha256 === undefined ? {} : { p12Sha256 }),
    ...(publicKey === undefined ? {} : { csr: true }),
    serial: issued.serial,
    sha256: await fingerprint,
    notBefore: issued.notBefore.toISOString(),
    notAfter: issued.notAfter.toISOString(),
    keyType: issued.keyType,
    usage,
    ...(days === undefined ? {} : { days }),
    ...(own.length === 0 ? {} : { own }),
    issuer: authority.issuerSha256,
  };
  if (request.record === undefined) await recordIssued(context, state, [event]);
  else request.record(event);
  return { ...describeIssued(event), state: "issued" };
}

/**
 * The ledger comes last, and its failure is a warning: the certificate is good, and a read-only state
 * directory has to be able to issue.
 */
export async function recordIssued(
  context: CommandContext,
  state: StateDirectory,
  events: readonly IssuedEvent[],
): Promise<void> {
  try {
    await state.issued.appendAll(events);
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    context.report({
      type: "warning",
      code: "LEDGER_NOT_WRITTEN",
      message: `the certificate is written, but not noted for status and renewal: ${error.message}`,
    });
  }
}

/**
 * The certificate at these paths, if there is nothing to improve about it: issued here by this CA for
 * just these names, with its own key beside it, and not due. Repeating `setup` then changes nothing.
 */
export async function findKept(
  host: Host,
  state: StateDirectory,
  authority: Authority,
  request: IssueRequest,
): Promise<CertificateDocument | undefined> {
  let held: IssuedEvent | undefined;
  for await (const { event } of readCertificates(state.issued)) {
    if (event.cert === request.files.cert) held = event;
  }
  if (held === undefined || held.key !== request.files.key) return undefined;
  if (held.usage !== (request.usage ?? "server")) return undefined;
  const wanted = request.names.map(({ value }) => value).sort().join();
  if ([...held.names].sort().join() !== wanted) return undefined;
  if (held.issuer !== authority.issuerSha256) return undefined;
  const now = host.now().getTime();
  if (Date.parse(held.notAfter) - now < DUE_DAYS * DAY_MS) return undefined;
  if (Date.parse(held.notBefore) > now) return undefined; // the clock was wrong when it was issued
  if (!await filesMatch(host, held)) return undefined;
  return { ...describeIssued(held), state: "kept" };
}

/** A line of the ledger as documents show it. */
export function describeIssued(event: IssuedEvent): CertificateDocument {
  const { names, cert, key, p12, notBefore, notAfter, serial, sha256, keyType, usage } = event;
  return {
    names,
    cert,
    ...(key === undefined ? {} : { key }),
    ...(p12 === undefined ? {} : { p12 }),
    notBefore,
    notAfter,
    serial,
    sha256,
    keyType,
    usage,
  };
}

/** Whether the files hold the certificate of that fingerprint and its key, where the key was made here. */
export async function filesMatch(
  host: Host,
  wanted: { readonly cert: string; readonly key?: string; readonly sha256: string },
): Promise<boolean> {
  try {
    const chain = await host.files.read(wanted.cert, 1 << 20);
    if (chain === undefined) return false;
    const leaf = decodePem(new TextDecoder().decode(chain))[0];
    if (leaf?.label !== "CERTIFICATE") return false;
    const certificate = parseCertificate(leaf.der);
    if (await sha256Hex(certificate.der) !== wanted.sha256) return false;
    if (wanted.key === undefined) return true;
    const key = await host.files.read(wanted.key, 1 << 16);
    if (key === undefined) return false;
    const keyBlock = decodePem(new TextDecoder().decode(key))[0];
    if (keyBlock?.label !== "PRIVATE KEY") return false;
    return await keyBelongsTo(await importPkcs8(keyBlock.der), certificate);
  } catch (error) {
    if (error instanceof LocalTlsError) return false;
    throw error;
  }
}
