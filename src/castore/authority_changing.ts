/**
 * Making and changing the CA of a state directory, and ending what was killed half-way: all of it under the lock.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Authority } from "../pki/authority.ts";
import type { Hierarchy } from "../pki/hierarchy.ts";
import { protectState } from "./access.ts";
import { type AuthorityChange, openAuthorityChange } from "./authority_change.ts";
import { type Desk, loadAuthority, readAuthority } from "./authority_loading.ts";
import { caTexts } from "./ca_files.ts";
import { completeCreation, publishHierarchy, sweepUnfinished } from "./creation.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { settleReplacement } from "./replacement.ts";
import type { ReplacementPlan } from "./replacement_plan.ts";

/** The CA after what was half done is at its end. */
export async function settleAndRead(
  desk: Desk,
  options: LockOptions,
): Promise<Authority | undefined> {
  return await withLock(desk.host, desk.place, options, async () => {
    await settle(desk);
    return await readAuthority(desk);
  });
}

/** Under the lock: completes what was killed half-way. */
async function settle({ host, place, issued }: Desk): Promise<ReplacementPlan | undefined> {
  await completeCreation(host, place);
  return await settleReplacement(host, place, issued);
}

/** What StateDirectory.createAuthority gives. */
export interface CreatedAuthority {
  readonly authority: Authority;
  readonly created: boolean;
  /** Made, and the system does not say whether others may read the key. */
  readonly unconfirmed?: boolean;
}

/** Implements StateDirectory.createAuthority. */
export async function createAuthority(
  desk: Desk,
  make: () => Promise<Hierarchy>,
  options: LockOptions,
): Promise<CreatedAuthority> {
  const { host, place } = desk;
  const held = await loadAuthority(desk, options);
  if (held !== undefined) return { authority: held, created: false };
  return await withLock(host, place, options, async () => {
    await sweepUnfinished(host, place);
    await settle(desk);
    const found = await readAuthority(desk);
    if (found !== undefined) return { authority: found, created: false };
    const confirmed = await protectState(host, place);
    await publishHierarchy(host, place, await caTexts(await make()));
    // What was written is what is used: read back, and checked as any other CA.
    const authority = await readAuthority(desk);
    if (authority !== undefined) {
      return { authority, created: true, ...(confirmed ? {} : { unconfirmed: true }) };
    }
    throw new LocalTlsError("FILE_WRITE", `Cannot make a CA in "${place.path}": it did not stay`);
  });
}

/** Implements StateDirectory.changeAuthority. */
export async function changeAuthority<T>(
  desk: Desk,
  work: (change: AuthorityChange) => Promise<T>,
  options: LockOptions,
): Promise<T> {
  const { host, place } = desk;
  // Looked at first: without a CA nothing is made, not even the lock.
  const held = await loadAuthority(desk, options);
  if (held === undefined) {
    throw new LocalTlsError(
      "CA_MISSING",
      `Cannot change the CA: there is none in "${place.path}"`,
      {
        hints: [`${place.program} setup`],
      },
    );
  }
  return await withLock(host, place, options, async () => {
    await sweepUnfinished(host, place);
    const left = await settle(desk);
    const authority = await readAuthority(desk) ?? held;
    return await work(openAuthorityChange({ ...desk, authority, left }));
  });
}
