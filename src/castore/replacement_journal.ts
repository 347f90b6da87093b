/**
 * The journal of a replacement in `.replacing/`: its name says how far that is.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import {
  joinPath,
  PRIVATE_MODE,
  REPLACEMENT_PHASES,
  REPLACING_DIRECTORY,
  type StatePlace,
} from "./paths.ts";
import { parsePlan, type ReplacementPlan } from "./replacement_plan.ts";
import { checkDirectory, checkPlainFile } from "./safety.ts";

type Phase = typeof REPLACEMENT_PHASES[number];

/** Some hundred thousand certificates, as for the ledger that they come from. */
const MAX_JOURNAL_BYTES = 256 * 1024 * 1024;

/** What stands in `.replacing/`. */
export interface FoundReplacement {
  readonly phase: Phase;
  readonly plan: ReplacementPlan;
}

/** What is staged, and how far it is; undefined for nothing. Throws STATE_UNSAFE, CA_MISMATCH. */
export async function findReplacement(
  host: Host,
  place: StatePlace,
): Promise<FoundReplacement | undefined> {
  const { files } = host;
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  const directory = await files.info(staged);
  if (directory === undefined) return undefined;
  checkDirectory(host, place, staged, directory);
  for (const phase of REPLACEMENT_PHASES) {
    const path = joinPath(staged, phase);
    const info = await files.info(path);
    if (info === undefined) continue;
    // It says what is renamed, perhaps by root: as strict as for the key.
    checkPlainFile(host, place, path, info, "secret");
    const plan = parsePlan(new TextDecoder().decode(await files.read(path, MAX_JOURNAL_BYTES)));
    if (plan !== undefined) return { phase, plan };
    throw new LocalTlsError(
      "CA_MISMATCH",
      `Cannot use the CA in "${place.path}": "${path}" is damaged`,
      {
        hints: ["Restore it from a backup"],
      },
    );
  }
  return undefined;
}

/** One rename: a full disk allows it. */
export async function changePhase(
  host: Host,
  place: StatePlace,
  from: Phase,
  to: Phase,
): Promise<void> {
  const staged = joinPath(place.path, REPLACING_DIRECTORY);
  await host.files.rename(joinPath(staged, from), joinPath(staged, to));
}

/** Writes the journal of a replacement that is being prepared. */
export async function writeJournal(
  host: Host,
  directory: string,
  plan: ReplacementPlan,
): Promise<void> {
  const options = { mode: PRIVATE_MODE };
  const path = joinPath(directory, "preparing.json");
  await host.files.write(path, `${JSON.stringify(plan)}\n`, options);
}
