/**
 * Another CA in the place of the one that is there: trusted where that was trusted, with every certificate issued
 * again; or nothing at all. What `ca permit` and `ca rotate` share.
 *
 * The order is what makes it safe. Until the files are swapped, the old CA is in force, and whatever fails is taken
 * back. From then on the new one is, and it is trusted already. In between and if the last step fails, stores trust
 * both, so that no client refuses at any moment.
 *
 * @module
 */

import type { AuthorityChange } from "../../castore/authority_change.ts";
import type { StateDirectory } from "../../castore/state_directory.ts";
import { LocalTlsError } from "../../errors.ts";
import { exceptionText } from "../../input_text.ts";
import { quoteCommand } from "../../host/shell_words.ts";
import type { Authority } from "../../pki/authority.ts";
import type { StoreResult } from "../../truststore/change.ts";
import type { TrustStore } from "../../truststore/store.ts";
import { anchorOfAuthority } from "../anchors.ts";
import { describeAuthority, sayWaiting } from "../authority.ts";
import { ANY_GIVES_UP } from "../confirm_any.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { refreshEnvironment } from "../env/refresh.ts";
import { refreshRoot } from "../mkcert_root.ts";
import { exitCodeFor } from "../stores.ts";
import { isEncrypted } from "./describe.ts";
import type { CaReplacedDocument } from "./documents.ts";
import {
  knownPassword,
  make,
  prepare,
  type Replacement,
  type ReplaceRequest,
} from "./new_authority.ts";
import { storesTrusting, trustEverywhere, untrustAgain, untrustFormer } from "./moving_trust.ts";
import {
  describeReissued,
  findHeld,
  type ReissuedCertificate,
  requireReissuable,
} from "./reissued.ts";

/** Runs the change. Throws the reason where it was taken back; then everything is as it was. */
export async function replaceAuthority(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  held: Authority,
  request: ReplaceRequest,
): Promise<CommandResult<CaReplacedDocument>> {
  const { host, options } = context;
  const { state } = workplace;
  const permitted = await request.choose(held);
  if (permitted === undefined) return unchanged(state, held, request.command);
  await requireReissuable(context, await findHeld(host, workplace, held), permitted);
  if (permitted.any) warnUnconstrained(context);
  if (options.dryRun) {
    const { authority } = await make(context, workplace, held, permitted, request);
    const { planReplacement } = await import("./plan.ts");
    return await planReplacement(context, workplace, stores, held, authority, request.command);
  }
  return await state.changeAuthority(
    (change) => replace(context, workplace, stores, change, request),
    { onWait: () => sayWaiting(context) },
  );
}

/** The answer where the CA is as it was asked for. */
export function unchanged(
  state: StateDirectory,
  held: Authority,
  command: CaReplacedDocument["command"],
): CommandResult<CaReplacedDocument> {
  return {
    document: {
      command,
      ok: true,
      changed: false,
      ca: describeAuthority(state, held),
      stores: [],
      formerStores: [],
      certificates: [],
    },
    exitCode: EXIT.done,
  };
}

async function replace(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  change: AuthorityChange,
  request: ReplaceRequest,
): Promise<CommandResult<CaReplacedDocument>> {
  const { state } = workplace;
  const { authority: former } = change;
  if (change.left !== undefined) {
    context.report({ type: "progress", message: "taking back a change that was interrupted" });
    await untrustAgain(context, workplace, stores, change.left.root);
  }
  await change.drop();
  // Another localtls may have replaced the CA while this one waited for the lock.
  const permitted = await request.choose(former);
  if (permitted === undefined) return unchanged(state, former, request.command);
  const password = isEncrypted(former) ? await knownPassword(change, workplace) : undefined;
  const formerAnchor = anchorOfAuthority(state, former);
  const trusting = await storesTrusting(context, workplace, stores, formerAnchor);

  const made = await make(context, workplace, former, permitted, request);
  let added: StoreResult[];
  let certificates: ReissuedCertificate[];
  try {
    await change.stage(made.hierarchy, password, made.plan);
    const anchor = anchorOfAuthority(state, made.authority);
    const retry = commandLine(context, request);
    const roots = { anchor, former: formerAnchor, retry };
    added = await trustEverywhere(context, workplace, trusting, roots);
    context.report({ type: "progress", message: "issuing the certificates again" });
    certificates = await prepare(context, workplace, change, former, made);
    await change.swap(made.plan);
  } catch (error) {
    await takeBack(context, workplace, stores, change, made, error);
    throw error;
  }
  await refreshRoot(context, workplace, former, made.authority);
  warnAboutPfx(context, certificates);
  const { results: formerStores, exitCode } = await removeFormer(
    context,
    () => untrustFormer(context, workplace, stores, formerAnchor, made.authority.rootSha256),
  );
  // Last: the system's bundle, which ours are made of, has no former root by now.
  await refreshEnvironment(context, workplace, former, made.authority);
  return {
    document: {
      command: request.command,
      ok: exitCode === EXIT.done,
      changed: true,
      ca: describeAuthority(state, made.authority),
      former: former.rootSha256,
      stores: added,
      formerStores,
      certificates: certificates.map(describeReissued),
    },
    exitCode,
  };
}

/** The new CA is in force, whatever happens here: a former root that stays is a part that is not done. */
async function removeFormer(
  context: CommandContext,
  remove: () => Promise<StoreResult[]>,
): Promise<{ readonly results: StoreResult[]; readonly exitCode: number }> {
  try {
    const results = await remove();
    return { results, exitCode: exitCodeFor(results) };
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    context.report({
      type: "warning",
      code: "STILL_TRUSTED",
      message:
        `the former root may still be trusted: ${error.message}; see ${context.program} status`,
    });
    return { results: [], exitCode: EXIT.partial };
  }
}

/** Every step is tried, whatever the others do; what is left is reported and found by the next run. */
async function takeBack(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  change: AuthorityChange,
  made: Replacement,
  reason: unknown,
): Promise<void> {
  context.report({ type: "progress", message: "taking everything back" });
  try {
    await change.undo(made.plan);
  } catch (error) {
    // The files are half swapped and cannot be put back now: both roots stay trusted, and whichever command
    // comes next swaps the rest.
    const why = exceptionText(reason);
    const message = `Cannot finish the change, nor take it back, for now: ${why}`;
    const hints = [`${context.program} status`, "The next command completes the change"];
    throw new LocalTlsError("FILE_WRITE", message, { hints, cause: error });
  }
  try {
    if (await untrustAgain(context, workplace, stores, made.plan.root)) await change.drop();
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    context.report({ type: "warning", code: error.code, message: error.message });
  }
}

function commandLine({ program }: CommandContext, { command, words }: ReplaceRequest): string {
  return words.length === 0
    ? `${program} ${command}`
    : `${program} ${command} ${quoteCommand(words)}`;
}

function warnUnconstrained(context: CommandContext): void {
  context.report({
    type: "warning",
    code: "CA_UNCONSTRAINED",
    message: `this CA may issue for every name: ${ANY_GIVES_UP}`,
  });
}

/** A PKCS#12 file is sealed with a password that is not known here. */
function warnAboutPfx(context: CommandContext, certificates: readonly ReissuedCertificate[]): void {
  for (const { event } of certificates) {
    if (event.p12 === undefined) continue;
    context.report({
      type: "warning",
      code: "PFX_NOT_RENEWED",
      message: `"${event.p12}" still holds the former certificate: issue it again with --pkcs12`,
    });
  }
}
