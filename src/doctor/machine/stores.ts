/**
 * The trust stores of this machine, read back.
 *
 * @module
 */

import type { TrustedEvent } from "../../castore/ledger.ts";
import { LocalTlsError } from "../../errors.ts";
import type { Host } from "../../host/host.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import type { StoreState, TrustAnchor, TrustStore } from "../../truststore/store.ts";
import { type Check, checksOf } from "../check.ts";

const { pass, note, warn, fail, skip } = checksOf("stores");

/** Checks of every store for our root. */
export async function storeChecks(
  program: string,
  stores: readonly TrustStore[],
  anchor: TrustAnchor,
): Promise<Check[]> {
  const checks = await Promise.all(stores.map((store) => storeCheck(program, store, anchor)));
  return checks.flat();
}

async function storeCheck(
  program: string,
  store: TrustStore,
  anchor: TrustAnchor,
): Promise<Check[]> {
  const id = `store-${store.kind}`;
  const { label, path, kind } = store;
  const fix = `${program} trust --stores ${kind}`;
  let state: StoreState;
  try {
    state = await store.state(anchor);
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    const [hint] = error.hints;
    return [skip(id, `${label}: ${error.message}`, hint === undefined ? {} : { fix: hint })];
  }
  switch (state.state) {
    case "absent":
      return [fail(id, `${label} ("${path}") does not trust the CA`, { fix })];
    case "broken":
      return [
        fail(id, `${label} ("${path}") holds the CA and does not believe it: ${state.reason}`, {
          fix: state.hint ?? fix,
        }),
      ];
    case "trusted":
      return [
        state.reason === undefined
          ? pass(id, `${label} trusts the CA`)
          : warn(id, `${label} trusts the CA, with a reservation: ${state.reason}`, {
            ...(state.hint !== undefined && { fix: state.hint }),
          }),
        ...(state.renewable === true
          ? [
            note("store-outdated", `${label} has the CA in an older form than its browser writes`, {
              fix,
            }),
          ]
          : []),
      ];
  }
}

/**
 * Chromium reads one database and ignores the other.
 *
 * @param home The user's home directory.
 * @param dataHome $XDG_DATA_HOME, or what stands for it.
 */
export async function shadowedDatabases(
  host: Host,
  home: string,
  dataHome: string,
): Promise<Check[]> {
  const [read, ignored] = [`${home}/.pki/nssdb`, `${dataHome}/pki/nssdb`];
  if (read === ignored) return [];
  const both = await Promise.all([read, ignored].map((path) => host.files.info(path)));
  if (both.includes(undefined)) return [];
  const isEmpty = (await host.files.list(read)).length === 0;
  return [warn(
    "nss-shadowed",
    `Chromium reads "${read}"${isEmpty ? ", which is empty," : ""} and ignores "${ignored}": ` +
      "what stands there alone is not trusted",
    isEmpty ? { fix: `rmdir ${quoteArgument(read)}`, fixNote: "Then restart the browser" } : {
      fix: `mv ${quoteArgument(ignored)} ${quoteArgument(`${ignored}.unused`)}`,
      fixNote: "Where nothing of the second is needed any more",
    },
  )];
}

/** What the ledger says was trusted, against what is there. */
export interface LedgerFacts {
  readonly program: string;
  readonly held: readonly TrustedEvent[];
  /** SHA-256 of the root in use. */
  readonly current: string | undefined;
  readonly stores: readonly TrustStore[];
  /** The certificate of an entry, from the copy that is kept; undefined where that is gone. */
  readAnchor(sha256: string): Promise<TrustAnchor | undefined>;
}

/** Former roots that are still trusted, and entries about stores that are gone. */
export async function ledgerChecks(host: Host, facts: LedgerFacts): Promise<Check[]> {
  const { program, held, current, stores } = facts;
  const checks: Check[] = [];
  const former = new Set(
    held.filter(({ own, sha256 }) => own === true && sha256 !== current).map(({ sha256 }) =>
      sha256
    ),
  );
  for (const sha256 of former) {
    const anchor = await facts.readAnchor(sha256);
    const where = anchor === undefined ? [] : await trustedIn(stores, anchor);
    const message = where.length === 0
      ? "The ledger has a root of this CA that is not in use as trusted"
      : `A root of this CA that is not in use is still trusted by ${where.join(", ")}`;
    checks.push(fail("store-former-root", message, { fix: `${program} untrust ${sha256}` }));
  }
  for (const entry of held) {
    // Stores that are no files (Windows, macOS) cannot go.
    if (!/^(?:\/|[A-Za-z]:[\\/])/.test(entry.path)) continue;
    if (await host.files.info(entry.path) !== undefined) continue;
    checks.push(note(
      "store-gone",
      `${entry.label} ("${entry.path}"), which was told to trust "${entry.anchorLabel}", is gone`,
      entry.sha256 === current
        ? { fix: `${program} trust` }
        : { fix: `${program} untrust ${entry.sha256}` },
    ));
  }
  return checks;
}

async function trustedIn(stores: readonly TrustStore[], anchor: TrustAnchor): Promise<string[]> {
  const labels = await Promise.all(stores.map(async (store) => {
    const state = await store.state(anchor).catch(() => undefined);
    return state === undefined || state.state === "absent" ? [] : [store.label];
  }));
  return labels.flat();
}
