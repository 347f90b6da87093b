/**
 * The CA that takes the place of another, from its making to the copies of every certificate that it issues again.
 *
 * @module
 */

import type { AuthorityChange } from "../../castore/authority_change.ts";
import type { ReplacementPlan } from "../../castore/replacement_plan.ts";
import { type Authority, openAuthority } from "../../pki/authority.ts";
import { createHierarchy, type Hierarchy } from "../../pki/hierarchy.ts";
import type { Permitted } from "../../pki/permitted.ts";
import { requireClock } from "../clock.ts";
import type { CommandContext, Workplace } from "../context.ts";
import type { CaReplacedDocument } from "./documents.ts";
import { findHeld, type ReissuedCertificate, reissueHeld } from "./reissued.ts";

/** What is asked for. */
export interface ReplaceRequest {
  readonly command: CaReplacedDocument["command"];
  /** The arguments of that command: `ca permit example.com` again is its words and these. */
  readonly words: readonly string[];
  /** What the CA that takes the place of another may speak for; undefined where nothing needs to be changed. */
  choose(held: Authority): Promise<Permitted | undefined>;
}

/** The new CA, on its way. */
export interface Replacement {
  readonly hierarchy: Hierarchy;
  readonly authority: Authority;
  plan: ReplacementPlan;
}

/** The old password is proven before the new key gets it: a typing mistake would lock it away. */
export async function knownPassword(
  change: AuthorityChange,
  workplace: Workplace,
): Promise<string> {
  const { issuerKey } = change.authority;
  if (typeof issuerKey === "function") await issuerKey();
  return await workplace.password();
}

/** Makes it, in memory. */
export async function make(
  context: CommandContext,
  { user, state }: Workplace,
  former: Authority,
  permitted: Permitted,
  request: ReplaceRequest,
): Promise<Replacement> {
  const { host } = context;
  // One that is not valid yet is replaced because of its date.
  await requireClock(context, state, former);
  const description = `${user.name}@${host.network.hostName()}`;
  const { command, words } = request;
  const hierarchy = await createHierarchy({ description, permitted, now: host.now() });
  const authority = await openAuthority(hierarchy);
  const plan: ReplacementPlan = {
    request: [...command.split(" "), ...words],
    root: authority.rootSha256,
    formerRoot: former.rootSha256,
    files: [],
    issued: [],
    formerlyIssued: [],
  };
  return { hierarchy, authority, plan };
}

/** Reads the ledger again: stores can take a while, and another localtls may have issued meanwhile. */
export async function prepare(
  { host }: CommandContext,
  workplace: Workplace,
  change: AuthorityChange,
  former: Authority,
  made: Replacement,
): Promise<ReissuedCertificate[]> {
  const reissued: ReissuedCertificate[] = [];
  for (const held of await findHeld(host, workplace, former)) {
    reissued.push(await reissueHeld(host, made.authority, held));
  }
  made.plan = {
    ...made.plan,
    files: reissued.map(({ changed }) => changed.file),
    issued: reissued.map(({ event }) => event),
    formerlyIssued: reissued.map((entry) => entry.former),
  };
  await change.prepare(made.plan, reissued.map(({ changed }) => changed));
  return reissued;
}
