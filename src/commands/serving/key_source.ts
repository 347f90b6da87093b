/**
 * The certificate of a server that runs for days: where it comes from, and when another one is needed.
 *
 * @module
 */

import { decodePem, encodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import type { Authority } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/issue.ts";
import type { Permitted } from "../../pki/permitted.ts";
import type { RequestedName } from "../../pki/requested_name.ts";
import { parseCertificate } from "../../x509/certificate.ts";
import { readSubjectAltNameTexts } from "../../x509/extensions.ts";
import { sha256Hex } from "../../x509/fingerprint.ts";
import { importPkcs8, keyBelongsTo } from "../../x509/keys.ts";
import { describeAuthority, ensureAuthority, permittedForNewAuthority } from "../authority.ts";
import { requireReplaceable } from "../cert_output.ts";
import { warnUntrusted } from "../cert_parts.ts";
import { requireClock } from "../clock.ts";
import { type CommandContext, openWorkplace, type Workplace } from "../context.ts";
import type { CaDocument } from "../documents.ts";
import { DUE_DAYS, findKept, issueToFiles, parseNames, requirePermitted } from "../issuing.ts";
import { type OutputFiles, outputFiles, resolvePath } from "../output_files.ts";
import { ownNames, warnAboutHostName } from "../own_names.ts";
import type { ServingCertificate } from "./documents.ts";
import { followAuthority } from "./latest_authority.ts";

/** What the user asked for. */
export interface KeyFlags {
  /** Names besides those of this machine. */
  readonly name?: readonly string[] | undefined;
  /** A certificate and its key: used if they are there, written if not. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** Directory to keep a certificate in. */
  readonly out?: string | undefined;
}

/** A certificate, its key, and what documents say of it. */
export interface ServingKey {
  readonly cert: string;
  readonly key: string;
  /** From when on clients take it: later than now where a clock was ahead when it was issued. */
  readonly notBefore: Date;
  readonly certificate: ServingCertificate;
}

/** Where the certificate comes from. */
export interface KeySource {
  readonly ca?: CaDocument;
  /** The first one. */
  readonly first: ServingKey;
  /** Another one, when that is due; undefined while nothing has changed. Throws what stands in its way. */
  next(): Promise<ServingKey | undefined>;
}

/** A key that never leaves this process needs no long life. */
const MEMORY_DAYS = 30;
/** The rest of the life of a certificate in memory at which it is replaced. */
const MEMORY_DUE_MS = 10 * 86_400_000;

/** Opens the source that the flags ask for. @param addresses Those of `--host`, to be named as well. */
export async function openKeySource(
  context: CommandContext,
  flags: KeyFlags,
  addresses: readonly string[],
): Promise<KeySource> {
  const { certFile, keyFile, out } = flags;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new LocalTlsError("USAGE", "Cannot use --cert-file or --key-file alone: both are needed");
  }
  if (certFile !== undefined && keyFile !== undefined) {
    const files = {
      cert: resolvePath(context.host, certFile),
      key: resolvePath(context.host, keyFile),
    };
    const there = await Promise.all(
      Object.values(files).map((path) => context.host.files.info(path)),
    );
    if (there.some((info) => info !== undefined)) return await foreignSource(context, files);
  }
  const workplace = await openWorkplace(context);
  const { host } = context;
  const held = await workplace.state.loadAuthority();
  const permitted = held?.permitted ?? await permittedForNewAuthority(host);
  const extra = parseNames(context, [...addresses, ...flags.name ?? []]);
  await requirePermitted(context, extra, permitted, held !== undefined);
  const wanted = async (allowed: Permitted) => {
    const names = [...await ownNames(host, allowed), ...extra];
    return [...new Map(names.map((name) => [name.value, name])).values()];
  };
  const names = await wanted(permitted);
  const { authority, created } = held === undefined
    ? await ensureAuthority(context, workplace.user, workplace.state, permitted)
    : { authority: held, created: false };
  await warnUntrusted(context, workplace, authority, created);
  await warnAboutHostName(context, authority.permitted);
  const ca = describeAuthority(workplace.state, authority);
  const latest = followAuthority(workplace.state, authority);
  if (out === undefined && certFile === undefined) {
    return await memorySource(context, workplace, latest, ca, wanted);
  }
  const files = outputFiles(host, names, { out, certFile, keyFile });
  return await keptSource(context, workplace, latest, ca, names, files);
}

/** Issued for the names that this machine has now, and again when it gets others, or another CA. */
async function memorySource(
  context: CommandContext,
  { state }: Workplace,
  latest: () => Promise<Authority>,
  ca: CaDocument,
  wanted: (permitted: Permitted) => Promise<RequestedName[]>,
): Promise<KeySource> {
  const { host } = context;
  const issue = async (authority: Authority, names: RequestedName[]): Promise<ServingKey> => {
    await requireClock(context, state, authority);
    const issued = await issueCertificate(authority, {
      names,
      usages: "server",
      now: host.now(),
      days: MEMORY_DAYS,
    });
    return {
      cert: issued.fullchainPem,
      key: issued.keyPem!,
      notBefore: issued.notBefore,
      certificate: {
        names: issued.names,
        notAfter: issued.notAfter.toISOString(),
        sha256: await issued.sha256(),
      },
    };
  };
  let issuer = await latest();
  let current = await issue(issuer, await wanted(issuer.permitted));
  const first = current;
  return {
    ca,
    first,
    async next() {
      const authority = await latest();
      const names = await wanted(authority.permitted);
      const { certificate } = current;
      const isNamed = names.every(({ value }) => certificate.names.includes(value));
      const now = host.now().getTime();
      const isGood = Date.parse(certificate.notAfter) - now > MEMORY_DUE_MS &&
        current.notBefore.getTime() <= now;
      if (authority === issuer && isNamed && isGood) return undefined;
      current = await issue(authority, names);
      issuer = authority;
      return current;
    },
  };
}

/** Kept in files and in the ledger, as one of `cert`. Whoever renews it there, it is noticed. */
async function keptSource(
  context: CommandContext,
  workplace: Workplace,
  latest: () => Promise<Authority>,
  ca: CaDocument,
  names: readonly RequestedName[],
  files: OutputFiles,
): Promise<KeySource> {
  const { state } = workplace;
  const request = { names, files };
  const ensure = async () => {
    const authority = await latest();
    const kept = await findKept(context.host, state, authority, request);
    if (kept !== undefined) return;
    const wishes = { neverAsk: true, hints: ["Choose another place with --out DIR"] };
    const found = await requireReplaceable(context, workplace, authority, files, wishes);
    await issueToFiles(context, state, authority, { ...request, found });
  };
  await ensure();
  const place = { cert: files.cert, key: files.key! };
  const first = await readPair(context, place);
  let current = first;
  return {
    ca,
    first,
    async next() {
      const now = context.host.now().getTime();
      const left = Date.parse(current.certificate.notAfter) - now;
      if (left < DUE_DAYS * 86_400_000 || current.notBefore.getTime() > now) await ensure();
      const read = await readPair(context, place);
      if (read.certificate.sha256 === current.certificate.sha256) return undefined;
      return current = read;
    },
  };
}

/** The user's own files: never written, and read again when they have changed. */
async function foreignSource(
  context: CommandContext,
  files: { readonly cert: string; readonly key: string },
): Promise<KeySource> {
  const first = await readPair(context, files);
  let current = first;
  warnOfDates(context, files.cert, first);
  return {
    first,
    async next() {
      const read = await readPair(context, files);
      if (read.cert === current.cert && read.key === current.key) return undefined;
      warnOfDates(context, files.cert, read);
      return current = read;
    },
  };
}

/** The user's own certificate is presented whatever its dates are, and what clients will say is told. */
function warnOfDates(
  { host, report }: CommandContext,
  path: string,
  { notBefore, certificate: { notAfter } }: ServingKey,
): void {
  const now = host.now().getTime();
  const state = notBefore.getTime() > now
    ? `is only valid from ${notBefore.toISOString().slice(0, 10)}`
    : Date.parse(notAfter) < now
    ? `expired on ${notAfter.slice(0, 10)}`
    : undefined;
  if (state === undefined) return;
  report({
    type: "warning",
    code: "CERTIFICATE_DATES",
    message: `"${path}" ${state}: clients refuse it`,
  });
}

/** Reads both files and checks that they belong together. Throws FILE_*, PEM_INVALID, KEY_INVALID. */
export async function readPair(
  { host }: CommandContext,
  files: { readonly cert: string; readonly key: string },
): Promise<ServingKey> {
  const [cert, key] = await Promise.all([readText(host, files.cert), readText(host, files.key)]);
  const chain = decodePem(cert).filter(({ label }) => label === "CERTIFICATE");
  const leaf = chain[0];
  if (leaf === undefined) {
    throw new LocalTlsError("PEM_INVALID", `Cannot use "${files.cert}": no certificate is in it`);
  }
  const certificate = parseCertificate(leaf.der);
  const keyBlock = decodePem(key).find(({ label }) => label.endsWith("PRIVATE KEY"));
  if (keyBlock === undefined || keyBlock.label === "ENCRYPTED PRIVATE KEY") {
    const state = keyBlock === undefined ? "no key is in it" : "the key is encrypted";
    throw new LocalTlsError("KEY_INVALID", `Cannot use "${files.key}": ${state}`);
  }
  // Keys of other forms (PKCS#1, SEC 1) are for the TLS library to judge.
  if (
    keyBlock.label === "PRIVATE KEY" &&
    !await keyBelongsTo(await importPkcs8(keyBlock.der), certificate)
  ) {
    throw new LocalTlsError(
      "KEY_INVALID",
      `Cannot use "${files.key}": it is not the key of "${files.cert}"`,
    );
  }
  return {
    cert: chain.map(({ der }) => encodePem("CERTIFICATE", der)).join(""),
    key,
    notBefore: certificate.notBefore,
    certificate: {
      names: readSubjectAltNameTexts(certificate),
      notAfter: certificate.notAfter.toISOString(),
      sha256: await sha256Hex(certificate.der),
      ...files,
    },
  };
}

async function readText(host: CommandContext["host"], path: string): Promise<string> {
  const bytes = await host.files.read(path, 1 << 20);
  if (bytes === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read "${path}": not found`);
  }
  return new TextDecoder().decode(bytes);
}
