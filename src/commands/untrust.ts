/**
 * `untrust [FILE|SHA256|-]`: our CA, or somebody's certificate, out of every store.
 *
 * @module
 */

import { currentTrust } from "../castore/ledger.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import { LocalTlsError } from "../errors.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import { anchorOfAuthority, anchorOfCertificate, asRecorded, readKeptAnchor } from "./anchors.ts";
import { describeAuthority } from "./authority.ts";
import { readCertificate } from "./certificate_source.ts";
import { type CommandContext, openWorkplace, type Workplace } from "./context.ts";
import { type CommandResult, EXIT, type TrustDocument } from "./documents.ts";
import {
  changeTrust,
  exitCodeFor,
  findStores,
  imageOf,
  planTrust,
  type StoreOptions,
} from "./stores.ts";
import { describeAnchor } from "./trust_confirm.ts";

/** What the user asked for. */
export interface UntrustFlags extends StoreOptions {
  /** A file, "-", or a SHA-256 of the ledger; undefined means our own CA. */
  readonly source?: string | undefined;
}

/** Runs `untrust`. Asks nothing: taking trust away can be undone by trusting again. */
export async function untrust(
  context: CommandContext,
  flags: UntrustFlags,
): Promise<CommandResult<TrustDocument>> {
  const workplace = await openWorkplace(context);
  const { state } = workplace;
  const authority = flags.source === undefined ? await state.loadAuthority() : undefined;
  const anchor = authority === undefined
    ? await findAnchor(context, workplace, flags.source)
    : anchorOfAuthority(state, authority);
  const recorded = currentTrust((await state.trusted.read()).events)
    // Images are asked for by name; uninstall takes everything back.
    .filter(({ sha256, root }) => sha256 === anchor.sha256 && root === undefined);
  const stores = await findStores(context, workplace, flags, recorded);
  const about = authority === undefined
    ? { anchor: describeAnchor(anchor, context.host.now()) }
    : { ca: describeAuthority(state, authority) };
  const image = imageOf(stores);
  if (context.options.dryRun) {
    const planned = await planTrust(context.host, "remove", stores, anchor);
    return {
      document: { command: "untrust", ok: true, ...about, ...image, stores: [], planned },
      exitCode: EXIT.done,
    };
  }
  const results = await changeTrust(context, workplace, "remove", stores, anchor);
  const exitCode = exitCodeFor(results);
  return {
    document: {
      command: "untrust",
      ok: exitCode === EXIT.done,
      ...about,
      ...image,
      stores: results,
    },
    exitCode,
  };
}

async function findAnchor(
  context: CommandContext,
  { state }: Workplace,
  source: string | undefined,
): Promise<TrustAnchor> {
  if (source === undefined) {
    throw new LocalTlsError("CA_MISSING", `Cannot find a CA in "${state.path}"`, {
      hints: [`${context.program} uninstall`],
    });
  }
  const digits = source.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{8,64}$/.test(digits) && await context.host.files.info(source) === undefined) {
    return await findInLedger(context, state, digits);
  }
  const { certificate } = await readCertificate(context, source);
  return await anchorOfCertificate(state, certificate);
}

async function findInLedger(
  context: CommandContext,
  state: StateDirectory,
  digits: string,
): Promise<TrustAnchor> {
  const held = currentTrust((await state.trusted.read()).events);
  const matching = new Set(
    held.map(({ sha256 }) => sha256).filter((sha256) => sha256.startsWith(digits)),
  );
  const [sha256] = matching;
  if (sha256 === undefined || matching.size > 1) {
    throw new LocalTlsError(
      "FILE_NOT_FOUND",
      `Cannot find a trusted certificate whose SHA-256 begins with "${digits}"`,
      { hints: [`${context.program} status`] },
    );
  }
  const anchor = await readKeptAnchor(context.host, state, sha256);
  // A piece of a fingerprint names whatever the ledger has; the whole of it, one certificate.
  return sha256 === digits ? anchor : asRecorded(anchor);
}
