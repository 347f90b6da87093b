/**
 * `setup [NAME...]`: the CA, its trust, a certificate; what most users ever run.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import type { Host } from "../host/host.ts";
import { type Authority, openAuthority } from "../pki/authority.ts";
import { quoteCommand } from "../host/shell_words.ts";
import { createHierarchy } from "../pki/hierarchy.ts";
import { checkCurrent } from "../pki/validity.ts";
import type { PlannedStep, TrustStore } from "../truststore/store.ts";
import { anchorOfAuthority } from "./anchors.ts";
import { profilePath, requireOwnProfile, writeProfile } from "./apple_profile.ts";
import {
  describeAuthority,
  ensureAuthority,
  permittedForNewAuthority,
  requireExtraPermitted,
} from "./authority.ts";
import { requireReplaceable } from "./cert_output.ts";
import { requireClock } from "./clock.ts";
import { confirmAny } from "./confirm_any.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { type CommandResult, EXIT, type TrustDocument } from "./documents.ts";
import { filesMatch, findKept, issueToFiles, parseNames, requirePermitted } from "./issuing.ts";
import { describeAddressChange, findAddressChange, ownAddresses } from "./lan_addresses.ts";
import { sweepLeftovers } from "./leftovers.ts";
import { outputFiles, planOutput } from "./output_files.ts";
import { optionWords, replaceHints } from "./output_guard.ts";
import { ownNames, warnAboutHostName } from "./own_names.ts";
import { probeTrust } from "./probe.ts";
import { changeTrust, exitCodeFor, findStores, planTrust, type StoreOptions } from "./stores.ts";

/** What the user asked for. */
export interface SetupFlags extends StoreOptions {
  readonly names: readonly string[];
  /** Domains that a new CA may also issue for. */
  readonly permit?: readonly string[] | undefined;
  /** Directory for the certificate. */
  readonly out?: string | undefined;
  /** Replaces files that were not issued here. */
  readonly force?: boolean | undefined;
}

/**
 * Runs `setup`. Everything that can be refused is refused before the first change; after that a store
 * that cannot be changed stops nothing else.
 */
export async function setup(
  context: CommandContext,
  flags: SetupFlags,
): Promise<CommandResult<TrustDocument>> {
  const { host, options } = context;
  const workplace = await openWorkplace(context);
  const { user, state } = workplace;
  const extra = flags.permit ?? [];
  const held = await state.loadAuthority();
  const wanted = await permittedForNewAuthority(host, extra);
  if (held !== undefined) requireExtraPermitted(context, held, wanted, extra);
  const permitted = held?.permitted ?? wanted;
  const names = flags.names.length > 0
    ? parseNames(context, flags.names)
    : await ownNames(host, permitted);
  await requirePermitted(context, names, permitted, held !== undefined);
  if (held === undefined && permitted.any) await confirmAny(context, commandLine(flags));
  if (flags.names.length === 0) {
    // Once this has run there is a CA, and permitting is a command of its own.
    const isStillToCome = held === undefined && options.dryRun;
    await warnAboutHostName(context, permitted, isStillToCome ? "setup --permit" : undefined);
  }
  // Before any store is asked to trust a CA that nothing can be issued with.
  await requireClock(context, state, held);
  if (held !== undefined) checkCurrent(held, host.now());
  const files = outputFiles(host, names, { out: flags.out });
  const profile = flags.profile === undefined ? undefined : profilePath(context, flags.profile);
  const stores = await findStores(context, workplace, flags);
  const addresses = await host.network.addresses();
  const own = ownAddresses(names.map(({ value }) => value), addresses);
  const request = { names, files, own };
  // A certificate that is kept is replaced by nothing.
  const standing = held && await findKept(host, state, held, request);
  const found = standing === undefined
    ? await requireReplaceable(context, workplace, held, files, {
      force: flags.force,
      hints: replaceHints(`${context.program} ${commandLine(flags)}`, "--out DIR"),
    })
    : undefined;
  if (profile !== undefined) await requireOwnProfile(context, profile, flags.force);

  if (options.dryRun) {
    const authority = held ?? await openAuthority(
      await createHierarchy({ description: "dry run", permitted, now: host.now() }),
    );
    const planned = await planSetup(host, state, stores, authority, held === undefined);
    if (standing === undefined) planned.push(...planOutput(state, files, false));
    if (profile !== undefined) planned.push({ type: "write", path: profile, root: false });
    return {
      document: { command: "setup", ok: true, stores: [], certificates: [], planned },
      exitCode: EXIT.done,
    };
  }

  await sweepLeftovers(context, workplace);
  const { authority, created } = held === undefined
    ? await ensureAuthority(context, user, state, permitted)
    : { authority: held, created: false };
  const anchor = anchorOfAuthority(state, authority);
  if (profile !== undefined) await writeProfile(context, profile, anchor);
  const changed = await changeTrust(context, workplace, "add", stores, anchor);
  const certificate = await findKept(host, state, authority, request) ??
    await issueToFiles(context, state, authority, { ...request, found });
  await warnAboutAddresses(context, state, addresses);
  const isUnlocked = certificate.state !== "kept";
  const { results, refused } = await probeTrust(context, {
    authority,
    stores,
    results: changed,
    names,
    isUnlocked,
  });
  const exitCode = refused ? EXIT.partial : exitCodeFor(results);
  return {
    document: {
      command: "setup",
      ok: exitCode === EXIT.done,
      ca: describeAuthority(state, authority),
      created,
      stores: results,
      certificates: [certificate],
      ...(profile === undefined ? {} : { profile }),
    },
    exitCode,
  };
}

/** The command line again, without the program, for hints. */
function commandLine(flags: SetupFlags): string {
  const words = optionWords({
    "--permit": flags.permit?.join(","),
    "--stores": flags.stores,
    "--out": flags.out,
    "--profile": flags.profile,
  });
  return ["setup", words, quoteCommand(flags.names)].filter((part) => part !== "").join(" ");
}

/** Says which certificates are for addresses that this machine had, with the command that issues them for its new ones. */
async function warnAboutAddresses(
  { host, program, report }: CommandContext,
  state: StateDirectory,
  addresses: readonly string[],
): Promise<void> {
  for await (const { event } of readCertificates(state.issued)) {
    const change = findAddressChange(event, addresses);
    // A file that is gone serves nobody.
    if (change === undefined || !await filesMatch(host, event)) continue;
    const { message, command } = describeAddressChange(program, change);
    report({ type: "warning", code: "LAN_ADDRESS_CHANGED", message: `${message}: ${command}` });
  }
}

async function planSetup(
  host: Host,
  state: StateDirectory,
  stores: readonly TrustStore[],
  authority: Authority,
  makesAuthority: boolean,
): Promise<PlannedStep[]> {
  const anchor = anchorOfAuthority(state, authority);
  const caFiles = makesAuthority ? [state.issuerKeyFile, state.issuerFile, state.rootFile] : [];
  const steps: PlannedStep[] = caFiles.map((path) => ({ type: "write", path, root: false }));
  const changes = await planTrust(host, "add", stores, anchor);
  if (changes.length > 0) {
    const ledger = [anchor.file, state.trusted.path];
    steps.push(...ledger.map((path) => ({ type: "write", path, root: false } as const)));
  }
  steps.push(...changes);
  return makesAuthority ? steps.map((step) => withoutFingerprint(step, anchor.sha256)) : steps;
}

/** The fingerprint of a CA that is not made yet is not known: say so in place of a made-up one. */
export function withoutFingerprint(step: PlannedStep, sha256: string): PlannedStep {
  const hide = (text: string) =>
    text.replaceAll(sha256, "<sha256>").replaceAll(sha256.slice(0, 16), "<sha256>");
  return step.type === "run"
    ? { ...step, argv: step.argv.map(hide) }
    : { ...step, path: hide(step.path) };
}
