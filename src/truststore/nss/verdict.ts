/**
 * What an NSS database says about an anchor, and whether its users will believe it.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { StoreState, TrustAnchor } from "../store.ts";
import type { NssDatabase } from "./database.ts";
import { type PasswordKey, unlockPasswordRow } from "./password.ts";
import { type AnchorRows, findAnchorRows, type TrustRow } from "./rows.ts";
import { signatureName, verifyAttribute } from "./signatures.ts";
import {
  type AttributeValues,
  type CertificateDigests,
  formatInForce,
  judgeValues,
  TRUST_FORMATS,
  type TrustFormat,
  type TrustLevel,
} from "./trust_format.ts";

/** What the password row gives. none: there is no row, and NSS verifies nothing. */
export type Lock = { readonly type: "none" } | { readonly type: "unknown" } | {
  readonly type: "open";
  readonly key: PasswordKey;
};

/** What is wanted of a database. */
export interface Wanted {
  readonly anchor: TrustAnchor;
  readonly digests: CertificateDigests;
  readonly level: TrustLevel;
  /** From --nss-password-file. */
  readonly password: string | undefined;
  /** Whether the users are Mozilla's, which verify signatures once the user has logged in. */
  readonly mozilla: boolean;
}

/** What {@link judge} finds. */
export interface Verdict {
  readonly state: StoreState;
  /** Whether add() has nothing left to do. */
  readonly complete: boolean;
  readonly rows: AnchorRows;
  readonly format: TrustFormat;
  readonly values: AttributeValues;
  readonly lock: Lock;
}

/** Tries the empty password first: it is what nearly every database has. */
export async function unlock(database: NssDatabase, password: string | undefined): Promise<Lock> {
  const row = database.readPasswordRow();
  if (row === undefined) return { type: "none" };
  try {
    for (const attempt of password === undefined ? [""] : ["", password]) {
      const key = await unlockPasswordRow(row, attempt);
      if (key !== undefined) return { type: "open", key };
    }
    return { type: "unknown" };
  } catch (error) {
    if (!(error instanceof LocalTlsError) || error.code !== "DER_INVALID") throw error;
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      "Cannot read the password row of the NSS database: it is damaged",
      { cause: error },
    );
  }
}

/** Judges what a database holds of an anchor. Inside a transaction, or on a connection for reading. */
export async function judge(database: NssDatabase, wanted: Wanted): Promise<Verdict> {
  const rows = findAnchorRows(database, wanted.anchor.certificate);
  const format = formatInForce(database.columns);
  const values = TRUST_FORMATS[format].values(wanted.digests, wanted.level);
  const lock = await unlock(database, wanted.password);
  const found = { rows, format, values, lock };
  if (rows.certificates.length === 0 && rows.trust.length === 0) {
    return { state: { state: "absent" }, complete: false, ...found };
  }
  const deciding = findDecidingRows(rows, format);
  const reason = findFault(rows, deciding, wanted);
  const [row] = deciding;
  if (row === undefined || reason !== undefined) {
    return { state: { state: "broken", reason: reason ?? "" }, complete: false, ...found };
  }
  const state = await judgeSignatures(database, wanted, row, lock);
  if (state.state !== "trusted") return { state, complete: false, ...found };
  // An entry that cannot be signed is not replaced by one that cannot either.
  const complete = lock.type === "unknown" ||
    (lock.type === "open" && row.format === format && rows.trust.length === 1);
  return { state: complete ? state : { ...state, renewable: true }, complete, ...found };
}

/**
 * The rows that NSS goes by: those of the format in force, and where there are none those of the
 * older one. A fallback is as good as trusted, and yet to be replaced: Firefox 153 leaves such a row
 * behind when the user deletes the certificate, and goes on believing it.
 */
function findDecidingRows({ trust }: AnchorRows, format: TrustFormat): TrustRow[] {
  const inForce = trust.filter((row) => row.format === format);
  if (inForce.length > 0 || format === "CKO_NSS_TRUST") return inForce;
  return trust.filter((row) => row.format === "CKO_NSS_TRUST");
}

/** What is wrong before any signature is looked at; undefined for nothing. */
function findFault(
  rows: AnchorRows,
  deciding: readonly TrustRow[],
  wanted: Wanted,
): string | undefined {
  const [row] = deciding;
  if (rows.certificates.length === 0) {
    return "The trust is there, and the certificate that it is about is not";
  }
  if (row === undefined) return "The certificate is there, and nothing says that it is trusted";
  if (deciding.length > 1) return "The certificate has more than one trust entry";
  return describeValues(row, TRUST_FORMATS[row.format].values(wanted.digests, wanted.level));
}

function describeValues(row: TrustRow, values: AttributeValues): string | undefined {
  switch (judgeValues(row.format, row.values, values)) {
    case "trusted":
      return undefined;
    case "distrusted":
      return "The certificate is marked as not trusted";
    case "not-trusted":
      return "The certificate is not marked as trusted for servers";
    case "other-certificate":
      return "The trust is that of another certificate with the same issuer and serial number";
  }
}

async function judgeSignatures(
  database: NssDatabase,
  wanted: Wanted,
  row: TrustRow,
  lock: Lock,
): Promise<StoreState> {
  // Without a password row NSS verifies nothing; it will make one some day, and then it does.
  if (lock.type === "none") return { state: "trusted" };
  const signatures = readSignatures(database, row);
  if (lock.type === "unknown") {
    // Only who has the password can have written all of them: NSS itself, or a run that was given it.
    const signed = [...row.values.keys()].every((type) => signatures.has(type));
    return signed ? { state: "trusted" } : reservation(wanted);
  }
  // All at once: each takes four turns with WebCrypto's threads.
  const outcomes = await Promise.all([...row.values].map(async ([type, value]) => {
    const signature = signatures.get(type);
    if (signature === undefined) return "missing";
    const isValid = await verifyAttribute(lock.key, row.id, type, value, signature);
    return isValid ? "valid" : "not valid";
  }));
  const wrong = outcomes.find((outcome) => outcome !== "valid");
  if (wrong !== undefined) {
    return { state: "broken", reason: `A signature over the trust is ${wrong}` };
  }
  return { state: "trusted" };
}

/** What to say where the entry could not be signed. */
function reservation(wanted: Wanted): StoreState {
  const which = wanted.password === undefined ? "a primary password" : "another primary password";
  const until = wanted.mozilla
    ? "it is trusted only until the user logs in to the password store"
    : "it is trusted as long as nobody logs in to it";
  return {
    state: "trusted",
    reason: `The database has ${which}, so the entry is not signed: ${until}`,
    hint: "localtls setup --stores nss --nss-password-file FILE",
  };
}

function readSignatures(database: NssDatabase, row: TrustRow): Map<number, Uint8Array> {
  const signatures = new Map<number, Uint8Array>();
  if (!database.hasMetaData()) return signatures;
  for (const type of row.values.keys()) {
    const [found] = database.keys.all(
      `SELECT item1 FROM metaData WHERE id = ?`,
      signatureName(row.id, type),
    );
    if (found?.item1 instanceof Uint8Array) signatures.set(type, found.item1);
  }
  return signatures;
}
