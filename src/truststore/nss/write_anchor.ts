/**
 * Writing an anchor into an open database.
 *
 * @module
 */

import type { NssDatabase } from "./database.ts";
import { createEmptyPasswordRow } from "./password.ts";
import {
  deleteObjects,
  findAnchorRows,
  holdsOurNickname,
  insertCertificate,
  insertTrust,
} from "./rows.ts";
import type { TrustAnchor } from "../store.ts";
import { judge, type Verdict, type Wanted } from "./verdict.ts";

/**
 * Makes the database trust the anchor. Inside a transaction, so that what another process has done
 * meanwhile is seen. Writes nothing where nothing is missing.
 * @returns What the database says afterwards.
 */
export async function writeAnchor(database: NssDatabase, wanted: Wanted): Promise<Verdict> {
  database.createTables();
  if (database.readPasswordRow() === undefined) {
    const row = await createEmptyPasswordRow();
    database.keys.run(
      `INSERT INTO metaData (id, item1, item2) VALUES ('password', ?, ?)`,
      row.globalSalt,
      row.check,
    );
  }
  const verdict = await judge(database, wanted);
  if (verdict.complete) return verdict;
  const { certificate, label } = wanted.anchor;
  const { rows, format, values, lock } = verdict;
  if (rows.certificates.length === 0) await insertCertificate(database, certificate, label);
  // Trusted and yet not complete: what else is there has to go.
  const kept = verdict.state.state === "trusted"
    ? rows.trust.find((row) => row.format === format)
    : undefined;
  deleteObjects(database, rows.trust.filter((row) => row !== kept).map(({ id }) => id));
  if (kept === undefined) {
    const key = lock.type === "open" ? lock.key : undefined;
    await insertTrust(database, certificate, format, values, key);
  }
  return await judge(database, wanted);
}

/** Takes everything of a certificate out, whoever put it there. Inside a transaction; without one of ours, nothing. */
export function deleteAnchor(database: NssDatabase, anchor: TrustAnchor): void {
  const { certificates, trust } = findAnchorRows(database, anchor.certificate);
  if (anchor.onlyMarked && !holdsOurNickname(database, anchor)) return;
  deleteObjects(database, [...certificates, ...trust.map(({ id }) => id)]);
}
