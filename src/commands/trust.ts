/**
 * `trust [FILE|URL|-]`: our CA, or somebody's certificate, into every store.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { quoteArgument } from "../host/shell_words.ts";
import { findConcerns } from "../inspect/concerns.ts";
import { anchorOfAuthority, anchorOfCertificate } from "./anchors.ts";
import { describeAuthority } from "./authority.ts";
import { readCertificate } from "./certificate_source.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import { type CommandResult, EXIT, type TrustDocument } from "./documents.ts";
import { probeTrust } from "./probe.ts";
import {
  changeTrust,
  exitCodeFor,
  findStores,
  imageOf,
  planTrust,
  type StoreOptions,
} from "./stores.ts";
import {
  confirmAnchor,
  describeAnchor,
  parseFingerprints,
  requireFingerprint,
} from "./trust_confirm.ts";
import type { Authority } from "../pki/authority.ts";
import type { TrustAnchor } from "../truststore/store.ts";

/** What the user asked for. */
export interface TrustFlags extends StoreOptions {
  /** A file, a URL or "-"; undefined means our own CA. */
  readonly source?: string | undefined;
  /** The SHA-256 that the certificate must have; several with commas between them. */
  readonly fingerprint?: string | undefined;
  /** An nginx configuration, whose certificates are meant. */
  readonly nginx?: string | undefined;
}

/** Runs `trust`. */
export async function trust(
  context: CommandContext,
  flags: TrustFlags,
): Promise<CommandResult<TrustDocument>> {
  const workplace = await openWorkplace(context);
  if (flags.nginx !== undefined) {
    if (flags.source !== undefined) {
      throw new LocalTlsError(
        "USAGE",
        `Cannot trust "${flags.source}" and --nginx at once: give one of them`,
      );
    }
    const { trustNginx } = await import("./trust_nginx.ts");
    return await trustNginx(context, workplace, { ...flags, nginx: flags.nginx });
  }
  return flags.source === undefined
    ? await trustOwn(context, workplace, flags)
    : await trustForeign(context, workplace, flags, flags.source);
}

async function trustOwn(
  context: CommandContext,
  workplace: Workplace,
  flags: TrustFlags,
): Promise<CommandResult<TrustDocument>> {
  const { state } = workplace;
  const authority = await state.loadAuthority();
  if (authority === undefined) {
    throw new LocalTlsError("CA_MISSING", `Cannot trust a CA: there is none in "${state.path}"`, {
      hints: [`${context.program} setup`],
    });
  }
  const anchor = anchorOfAuthority(state, authority);
  if (flags.fingerprint !== undefined) {
    requireFingerprint(anchor, parseFingerprints(flags.fingerprint));
  }
  const about = { ca: describeAuthority(state, authority) };
  return await change(context, workplace, flags, anchor, about, authority);
}

async function trustForeign(
  context: CommandContext,
  workplace: Workplace,
  flags: TrustFlags,
  source: string,
): Promise<CommandResult<TrustDocument>> {
  const { certificate, leaf, host } = await readCertificate(context, source);
  const anchor = await anchorOfCertificate(workplace.state, certificate);
  const now = context.host.now();
  const concerns = findConcerns({ anchor: certificate, leaf, host, now, program: context.program });
  await confirmAnchor(context, anchor, concerns, {
    fingerprints: flags.fingerprint === undefined
      ? undefined
      : parseFingerprints(flags.fingerprint),
    hint: `${context.program} trust ${quoteArgument(source)} --fingerprint ${anchor.sha256}` +
      (flags.root === undefined ? "" : ` --root ${quoteArgument(flags.root)}`),
  });
  return await change(context, workplace, flags, anchor, { anchor: describeAnchor(anchor, now) });
}

/** @param authority The CA that the anchor is the root of, where it is ours: what it issues is probed. */
async function change(
  context: CommandContext,
  workplace: Workplace,
  flags: TrustFlags,
  anchor: TrustAnchor,
  about: Pick<TrustDocument, "ca" | "anchor">,
  authority?: Authority,
): Promise<CommandResult<TrustDocument>> {
  const stores = await findStores(context, workplace, flags);
  const image = imageOf(stores);
  if (context.options.dryRun) {
    const planned = await planTrust(context.host, "add", stores, anchor);
    return {
      document: { command: "trust", ok: true, ...about, ...image, stores: [], planned },
      exitCode: EXIT.done,
    };
  }
  const changed = await changeTrust(context, workplace, "add", stores, anchor);
  const { results, refused } = authority === undefined
    ? { results: changed, refused: false }
    : await probeTrust(context, { authority, stores, results: changed });
  const exitCode = refused ? EXIT.partial : exitCodeFor(results);
  return {
    document: { command: "trust", ok: exitCode === EXIT.done, ...about, ...image, stores: results },
    exitCode,
  };
}
