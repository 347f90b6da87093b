/**
 * NSS stores on real SQLite files in a directory of the test's own.
 *
 * @module
 */

import type { Database, Host } from "../../../../src/host/host.ts";
import { createNodeHost } from "../../../../src/host/node_host.ts";
import type { TargetUser } from "../../../../src/host/target_user.ts";
import { NssStore, type NssTarget } from "../../../../src/truststore/nss/store.ts";
import type { DiscoverContext } from "../../../../src/truststore/store.ts";

/** The real machine, with an environment of its own. */
export function hostWith(env: Readonly<Record<string, string>> = {}): Host {
  return { ...createNodeHost(), env: (name) => env[name] };
}

/** A context whose user lives in `home`. */
export function contextFor(
  home: string,
  changes: {
    readonly host?: Host;
    readonly user?: Partial<TargetUser>;
    readonly nssPassword?: string;
  } = {},
): DiscoverContext {
  return {
    host: changes.host ?? hostWith(),
    user: { home, name: "ann", isRoot: false, byRoot: false, ...changes.user },
    elevation: {
      prefix: () => Promise.resolve(undefined),
      run: () => Promise.reject(new Error("nothing here may ask for root")),
    },
    nssPassword: changes.nssPassword,
  };
}

/** A store on a directory. */
export function storeAt(
  directory: string,
  changes: Parameters<typeof contextFor>[1] & { readonly target?: Partial<NssTarget> } = {},
): NssStore {
  return new NssStore(contextFor(directory, changes), {
    label: "test",
    directory,
    users: "chromium",
    ...changes.target,
  });
}

/** Does something to cert9.db or key4.db by hand. */
export async function withDatabase<T>(
  path: string,
  work: (database: Database) => T | Promise<T>,
): Promise<T> {
  const database = await createNodeHost().openDatabase(path, { busyTimeoutMs: 1000 });
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

/** How many rows there are: objects in cert9.db, signatures in key4.db. */
export async function countRows(
  directory: string,
): Promise<{ objects: number; signatures: number }> {
  const count = (file: string, from: string) =>
    withDatabase(`${directory}/${file}`, (database) => {
      const [row] = database.all(`SELECT count(*) AS n FROM ${from}`);
      return Number(row?.n);
    });
  return {
    objects: await count("cert9.db", "nssPublic"),
    signatures: await count("key4.db", "metaData WHERE id LIKE 'sig%'"),
  };
}

/** Gives a database the columns that NSS 3.114 and later add. */
export async function addNewColumns(directory: string): Promise<void> {
  for (const [file, table] of [["cert9.db", "nssPublic"], ["key4.db", "nssPrivate"]]) {
    await withDatabase(`${directory}/${file}`, (database) => {
      for (const column of ["a8c", "a62c", "a62d", "a62e", "a62f", "a635"]) {
        database.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`);
      }
    });
  }
}
