/**
 * {@link Database} on node:sqlite, which Bun, Deno and Node >= 22.5 carry. Loaded on first use.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { exceptionText } from "../input_text.ts";
import type { Database, OpenDatabaseOptions, SqlValue } from "./host.ts";
import { makeEmptyFile } from "./node_file_writer.ts";
import { hasRoot } from "./principal.ts";

/** SQLite result codes (https://sqlite.org/rescode.html) for a lock that somebody else holds. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** Implements Host.openDatabase. */
export async function openNodeDatabase(
  path: string,
  options: OpenDatabaseOptions,
): Promise<Database> {
  if (!hasRoot()) return (await prepareDatabase(path, options))();
  const { openGuarded } = await import("./root_guard.ts");
  return await openGuarded(path, options, prepareDatabase);
}

/** Loads SQLite. @returns What opens the database, synchronously. */
async function prepareDatabase(
  path: string,
  options: OpenDatabaseOptions,
): Promise<() => Database> {
  const { DatabaseSync } = await import("node:sqlite").catch((error) => {
    throw new LocalTlsError("TOOL_MISSING", `Cannot open "${path}": this runtime has no SQLite`, {
      hints: ["Run localtls with Bun, Deno or Node 22.5 or later"],
      cause: error,
    });
  });
  return () => openWith(DatabaseSync, path, options);
}

function openWith(
  DatabaseSync: typeof import("node:sqlite").DatabaseSync,
  path: string,
  options: OpenDatabaseOptions,
): Database {
  const attempt = <T>(operation: () => T): T => {
    try {
      return operation();
    } catch (error) {
      throw databaseError(path, error);
    }
  };
  // SQLite takes an empty file for a new database.
  if (options.create !== undefined && options.readOnly !== true) {
    makeEmptyFile(path, options.create);
  }
  const connection = attempt(() => new DatabaseSync(path, { readOnly: options.readOnly === true }));
  const prepare = (sql: string) => {
    const statement = connection.prepare(sql);
    // A double loses digits of a 64-bit integer.
    statement.setReadBigInts(true);
    return statement;
  };
  const database: Database = {
    exec: (sql) => attempt(() => connection.exec(sql)),
    all: (sql, ...parameters) =>
      attempt(() => prepare(sql).all(...parameters) as Record<string, SqlValue>[]),
    run: (sql, ...parameters) => attempt(() => Number(prepare(sql).run(...parameters).changes)),
    close: () => attempt(() => connection.close()),
  };
  try {
    // SQLite takes a new connection's word and opens the file on first use: what is wrong shows here.
    database.exec(`PRAGMA busy_timeout = ${Math.max(0, Math.trunc(options.busyTimeoutMs))}`);
    database.all("PRAGMA schema_version");
  } catch (error) {
    connection.close();
    throw error;
  }
  return database;
}

function databaseError(path: string, error: unknown): LocalTlsError {
  const message = exceptionText(error);
  const code = typeof error === "object" && error !== null && "errcode" in error
    ? Number(error.errcode) & 0xff // the low octet of an extended code is the primary one
    : undefined;
  // Deno leaves the code out when it prepares and executes in one step; SQLite's message is fixed.
  const locked = code === SQLITE_BUSY || code === SQLITE_LOCKED ||
    /^database (?:table )?is locked/.test(message);
  return locked
    ? new LocalTlsError(
      "STORE_LOCKED",
      `Cannot use the database "${path}": another program has locked it`,
      { cause: error },
    )
    : new LocalTlsError("STORE_UNAVAILABLE", `Cannot use the database "${path}": ${message}`, {
      cause: error,
    });
}
