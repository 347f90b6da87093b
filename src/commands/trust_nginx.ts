/**
 * `trust --nginx FILE`: the certificates that an nginx configuration names.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { quoteArgument } from "../host/shell_words.ts";
import { withholdInput } from "../input_text.ts";
import { findConcerns } from "../inspect/concerns.ts";
import { findNginxCertificates, type NginxCertificate } from "../recipes/nginx_config.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import type { Certificate } from "../x509/certificate.ts";
import { anchorOfCertificate } from "./anchors.ts";
import { readCertificate } from "./certificate_source.ts";
import type { CommandContext, Workplace } from "./context.ts";
import {
  type CommandResult,
  EXIT,
  type NginxAnchorDocument,
  type PlannedStep,
  type StoreResult,
  type TrustDocument,
} from "./documents.ts";
import { resolvePath } from "./output_files.ts";
import { changeTrust, exitCodeFor, findStores, planTrust } from "./stores.ts";
import type { TrustFlags } from "./trust.ts";
import { confirmAnchor, describeAnchor, parseFingerprints } from "./trust_confirm.ts";

/** Octets of one configuration file. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** A certificate of the configuration, each once however many sites name it. */
interface Found {
  readonly anchor: TrustAnchor;
  readonly leaf: Certificate;
  /** Paths of the certificate files. */
  readonly files: string[];
  /** "FILE:LINE". */
  readonly places: string[];
}

/** Runs `trust --nginx`. */
export async function trustNginx(
  context: CommandContext,
  workplace: Workplace,
  flags: TrustFlags & { readonly nginx: string },
): Promise<CommandResult<TrustDocument>> {
  const main = resolvePath(context.host, flags.nginx);
  const { files } = context.host;
  const { certificates, problems } = await findNginxCertificates(main, {
    read: async (path) => {
      const content = await files.read(path, MAX_CONFIG_BYTES);
      return content === undefined ? undefined : new TextDecoder().decode(content);
    },
    list: (directory) => files.list(directory),
  });
  for (const { file, line, message } of problems) {
    warn(context, "NGINX_NOT_FOLLOWED", `${file}:${line}: ${message}`);
  }
  const found = await readAll(context, workplace, certificates);
  if (found.length === 0) {
    throw new LocalTlsError(
      "FILE_NOT_FOUND",
      `Cannot find a certificate by the nginx configuration "${main}": ${
        certificates.length === 0 ? "it names none" : "none of its files can be read"
      }`,
      { hints: [`${context.program} trust https://HOST:PORT`] },
    );
  }
  const chosen = choose(found, flags);
  const hint = `${context.program} trust --nginx ${quoteArgument(flags.nginx)} --fingerprint ${
    chosen.filter(({ skipped }) => skipped === undefined).map(({ anchor }) => anchor.sha256).join(
      ",",
    )
  }`;
  const stores = await findStores(context, workplace, flags);
  const anchors: NginxAnchorDocument[] = [];
  const results: StoreResult[] = [];
  const planned: PlannedStep[] = [];
  for (const one of chosen) {
    const reason = one.skipped ?? await ask(context, one, flags, hint);
    const about = { ...describeAnchor(one.anchor, context.host.now()), files: one.files };
    if (reason !== undefined) {
      anchors.push({ ...about, skipped: reason, stores: [] });
      continue;
    }
    if (context.options.dryRun) {
      planned.push(...await planTrust(context.host, "add", stores, one.anchor));
    }
    const changed = context.options.dryRun
      ? []
      : await changeTrust(context, workplace, "add", stores, one.anchor);
    results.push(...changed);
    anchors.push({ ...about, stores: changed });
  }
  const exitCode = exitCodeFor(results);
  return {
    document: {
      command: "trust",
      ok: exitCode === EXIT.done,
      anchors,
      stores: results,
      ...(context.options.dryRun ? { planned } : {}),
    },
    exitCode,
  };
}

/** Reads the files; what cannot be read is a warning, because the others are wanted all the same. */
async function readAll(
  context: CommandContext,
  { state }: Workplace,
  certificates: readonly NginxCertificate[],
): Promise<Found[]> {
  const found = new Map<string, Found>();
  for (const { path, places } of certificates) {
    const where = places.map(({ file, line }) => `${file}:${line}`);
    try {
      const { certificate, leaf } = await readCertificate(context, path);
      const anchor = await anchorOfCertificate(state, certificate);
      const same = found.get(anchor.sha256);
      if (same === undefined) {
        found.set(anchor.sha256, { anchor, leaf, files: [path], places: where });
      } else {
        same.files.push(path);
        same.places.push(...where);
      }
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      // A path that leads to no file is only what the configuration says, and may be anything.
      const isRead = !error.code.startsWith("FILE_");
      const message = isRead ? error.message : withholdInput(error.message, [path]);
      warn(context, error.code, `${where[0]}: ${message}`);
    }
  }
  return [...found.values()];
}

/** Leaves out what nobody has to trust, and with --fingerprint what is not in the list. */
function choose(
  found: readonly Found[],
  { fingerprint }: TrustFlags,
): (Found & { readonly skipped?: string })[] {
  const accepted = fingerprint === undefined ? undefined : parseFingerprints(fingerprint);
  const held = new Set(found.map(({ anchor }) => anchor.sha256));
  const strange = [...accepted ?? []].filter((sha256) => !held.has(sha256));
  if (strange.length > 0) {
    throw new LocalTlsError(
      "FINGERPRINT_MISMATCH",
      `Cannot find a certificate with the SHA-256 ${strange.join(", ")} in the nginx configuration`,
      { hints: found.map(({ anchor, files }) => `${anchor.sha256} is "${files[0]}"`) },
    );
  }
  return found.map((one) => {
    if (!one.anchor.certificate.selfIssued) {
      return { ...one, skipped: "it was issued by a CA: trust the CA's certificate instead" };
    }
    if (accepted !== undefined && !accepted.has(one.anchor.sha256)) {
      return { ...one, skipped: "its SHA-256 is not in --fingerprint" };
    }
    return one;
  });
}

/** @returns Why it is left out; undefined where it is to be trusted. */
async function ask(
  context: CommandContext,
  { anchor, leaf, files, places }: Found,
  { fingerprint }: TrustFlags,
  hint: string,
): Promise<string | undefined> {
  const { host, program } = context;
  const concerns = findConcerns({
    anchor: anchor.certificate,
    leaf,
    isServed: true,
    now: host.now(),
    program,
  });
  const named = concerns.map(({ code, message }) => ({ code, message: `${files[0]}: ${message}` }));
  try {
    await confirmAnchor(context, anchor, named, {
      fingerprints: fingerprint === undefined ? undefined : parseFingerprints(fingerprint),
      hint,
      found: files.map((file) => `file     ${file}`).concat(`named    ${places[0]}`),
    });
    return undefined;
  } catch (error) {
    // No to one is not no to the others.
    if (error instanceof LocalTlsError && error.code === "CANCELLED") return "not confirmed";
    throw error;
  }
}

function warn(context: CommandContext, code: string, message: string): void {
  context.report({ type: "warning", code, message });
}
