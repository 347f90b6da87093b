/**
 * What may be done to a CA that is there, by whoever holds the lock.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Host } from "../host/host.ts";
import type { Authority } from "../pki/authority.ts";
import type { Hierarchy } from "../pki/hierarchy.ts";
import { caTexts, keyText, type PasswordSource, readCaFiles, readKey } from "./ca_files.ts";
import type { IssuedEvent } from "./ledger.ts";
import type { Ledger } from "./ledger_file.ts";
import { joinPath, PRIVATE_MODE, type StatePlace } from "./paths.ts";
import {
  type ChangedFile,
  dropReplacement,
  prepareFiles,
  stageReplacement,
  swapFiles,
  undoSwap,
} from "./replacement.ts";
import type { ReplacementPlan } from "./replacement_plan.ts";

/** The steps of a change, in the order of replacement.ts; each throws and leaves the next to its caller. */
export interface AuthorityChange {
  /** The CA in force. */
  readonly authority: Authority;
  /** What an earlier change has left staged; its root may be trusted somewhere. */
  readonly left: ReplacementPlan | undefined;
  /** The issuer's key, decrypted. Throws PASSWORD_WRONG. */
  readKey(): Promise<{ readonly pkcs8: Bytes; readonly encrypted: boolean }>;
  /** Replaces the file of the issuer's key by the same key, in one step. Without a password it is plain. */
  writeKey(pkcs8: Bytes, password: string | undefined): Promise<void>;
  stage(hierarchy: Hierarchy, password: string | undefined, plan: ReplacementPlan): Promise<void>;
  prepare(plan: ReplacementPlan, changed: readonly ChangedFile[]): Promise<void>;
  swap(plan: ReplacementPlan): Promise<void>;
  undo(plan: ReplacementPlan): Promise<void>;
  drop(): Promise<void>;
}

/** Binds the steps to a state directory. The caller holds its lock. */
export function openAuthorityChange(desk: {
  readonly host: Host;
  readonly place: StatePlace;
  readonly password: PasswordSource;
  readonly issued: Ledger<IssuedEvent>;
  readonly authority: Authority;
  readonly left: ReplacementPlan | undefined;
}): AuthorityChange {
  const { host, place, password, issued, authority, left } = desk;
  return {
    authority,
    left,
    readKey: async () => await readKey(await readCaFiles(host, place, place.path), password),
    writeKey: async (pkcs8, newPassword) => {
      const path = joinPath(place.path, "issuer-key.pem");
      const options = { mode: PRIVATE_MODE };
      await host.files.write(path, await keyText(pkcs8, newPassword), options);
    },
    stage: async (hierarchy, newPassword, plan) =>
      await stageReplacement(host, place, await caTexts(hierarchy, newPassword), plan),
    prepare: (plan, changed) => prepareFiles(host, place, plan, changed),
    swap: (plan) => swapFiles(host, place, issued, plan),
    undo: (plan) => undoSwap(host, place, issued, plan),
    drop: () => dropReplacement(host, place),
  };
}
