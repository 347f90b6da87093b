/**
 * The two files of an NSS database, each on a connection of its own.
 *
 * SQLite could attach one to the other and change both in one transaction, but Deno allows ATTACH only to
 * programs that may do everything. So both are locked, and key4.db is committed first: killed between the
 * two, what is left are signatures without an object, or an object without its signatures, which clients
 * refuse, state() calls broken and the next add() mends. Never trust that nobody asked for.
 *
 * @module
 */

import { toBytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import { exceptionText } from "../../input_text.ts";
import type { Database, Host, OpenDatabaseOptions, WriteOptions } from "../../host/host.ts";
import { CERTIFICATE_FILE, CREATE_META_DATA, createStatements, KEY_FILE } from "./layout.ts";
import type { PasswordRow } from "./password.ts";

/**
 * Milliseconds until a lock is given up on. Browsers hold one for the time of a write; about 3 s is the
 * longest that was seen.
 */
const READ_WAIT_MS = 4_000;
const WRITE_WAIT_MS = 10_000;

/**
 * Milliseconds between attempts. SQLite itself does not wait: that would hold up the whole process, and
 * with it whoever in this process holds the lock.
 */
const RETRY_MS = 30;
const BUSY_TIMEOUT_MS = 0;

/** Does something again and again as long as it fails for a lock and the time is not over. */
async function whileLocked<T>(
  host: Host,
  waitMs: number,
  attempt: () => T | Promise<T>,
): Promise<T> {
  for (let waited = 0;; waited += RETRY_MS) {
    try {
      return await attempt();
    } catch (error) {
      const locked = error instanceof LocalTlsError && error.code === "STORE_LOCKED";
      if (!locked || waited >= waitMs) throw error;
    }
    await host.sleep(RETRY_MS);
  }
}

/** Opens a database for reading. @returns undefined where there is no cert9.db. */
export async function openForReading(
  host: Host,
  directory: string,
): Promise<NssDatabase | undefined> {
  if (await host.files.info(`${directory}/${CERTIFICATE_FILE}`) === undefined) return undefined;
  const options = { busyTimeoutMs: BUSY_TIMEOUT_MS };
  return await whileLocked(host, READ_WAIT_MS, async () => {
    try {
      return await openBoth(host, directory, { ...options, readOnly: true });
    } catch (error) {
      if (!isInterruptedWrite(error)) throw error;
      // Some program was killed while it wrote. SQLite takes its half-made change back when it may write.
      (await openBoth(host, directory, options)).close();
      return await openBoth(host, directory, { ...options, readOnly: true });
    }
  });
}

/**
 * Opens a database for writing.
 * @param create Mode and owner of the files, which are made where they are missing; without it only
 *   what is there is opened.
 */
export async function openForWriting(
  host: Host,
  directory: string,
  create?: WriteOptions,
): Promise<NssDatabase> {
  const options = { busyTimeoutMs: BUSY_TIMEOUT_MS, ...(create !== undefined && { create }) };
  return await whileLocked(host, WRITE_WAIT_MS, async () => {
    // Made here with its mode; opened below where it is there.
    if (create !== undefined) {
      (await host.openDatabase(`${directory}/${KEY_FILE}`, options)).close();
    }
    return await openBoth(host, directory, options);
  });
}

async function openBoth(
  host: Host,
  directory: string,
  options: OpenDatabaseOptions,
): Promise<NssDatabase> {
  const keyFile = `${directory}/${KEY_FILE}`;
  const hasKeyFile = await host.files.info(keyFile) !== undefined;
  const opened = [await host.openDatabase(`${directory}/${CERTIFICATE_FILE}`, options)];
  try {
    if (hasKeyFile) opened.push(await host.openDatabase(keyFile, options));
    if (options.readOnly === true) {
      // Everything is read in one transaction: once it has begun, no lock of others is in its way.
      for (const connection of opened) {
        connection.exec("BEGIN");
        connection.all("SELECT 1 FROM sqlite_master LIMIT 1");
      }
    }
    return new NssDatabase(host, directory, opened[0]!, opened[1]);
  } catch (error) {
    for (const connection of opened) connection.close();
    throw error;
  }
}

function causeMessage(error: unknown): string {
  const cause = error instanceof LocalTlsError ? error.cause ?? error : error;
  return exceptionText(cause);
}

/** SQLITE_READONLY_ROLLBACK: a journal must be played back, and the connection may not write. */
function isInterruptedWrite(error: unknown): boolean {
  return causeMessage(error).includes("attempt to write a readonly database");
}

/** An open NSS database. */
export class NssDatabase {
  /** cert9.db. */
  readonly certificates: Database;
  readonly #keys: Database | undefined;
  readonly #host: Host;
  readonly #directory: string;
  #columns: ReadonlySet<string>;

  constructor(
    host: Host,
    directory: string,
    certificates: Database,
    keys: Database | undefined,
  ) {
    this.#host = host;
    this.#directory = directory;
    this.certificates = certificates;
    this.#keys = keys;
    this.#columns = this.#readColumns();
  }

  /** Columns of nssPublic; none where the file holds no tables yet. */
  get columns(): ReadonlySet<string> {
    return this.#columns;
  }

  /** key4.db. Only to be asked for where {@link hasMetaData} or after {@link createTables}. */
  get keys(): Database {
    if (this.#keys !== undefined) return this.#keys;
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot use the database "${this.#directory}/${KEY_FILE}": it is not there`,
    );
  }

  /** Whether key4.db is there and has the table of password and signatures. */
  hasMetaData(): boolean {
    return this.#keys !== undefined && tables(this.#keys).has("metaData");
  }

  /** Whether key4.db is there and holds private objects: keys, passwords. */
  hasPrivateObjects(): boolean {
    if (this.#keys === undefined || !tables(this.#keys).has("nssPrivate")) return false;
    return this.#keys.all("SELECT 1 FROM nssPrivate LIMIT 1").length > 0;
  }

  /** The password row; undefined where no password was ever set, not even an empty one. */
  readPasswordRow(): PasswordRow | undefined {
    if (!this.hasMetaData()) return undefined;
    const [row] = this.keys.all("SELECT item1, item2 FROM metaData WHERE id = 'password'");
    if (!(row?.item1 instanceof Uint8Array) || !(row.item2 instanceof Uint8Array)) return undefined;
    return { globalSalt: toBytes(row.item1), check: toBytes(row.item2) };
  }

  /** Makes the tables of files that are still empty. Inside a transaction. */
  createTables(): void {
    if (tables(this.certificates).size === 0) {
      for (const statement of createStatements("nssPublic")) this.certificates.exec(statement);
    }
    const held = tables(this.keys);
    if (held.size === 0) {
      for (const statement of createStatements("nssPrivate")) this.keys.exec(statement);
    }
    if (!held.has("metaData")) this.keys.exec(CREATE_META_DATA);
    this.#columns = this.#readColumns();
  }

  /** Runs the work with both files locked for writing; what fails before the end leaves both as they were. */
  async transact<T>(work: () => Promise<T> | T): Promise<T> {
    // Locked in NSS's own order, so that two writers cannot wait for each other.
    const connections = [this.certificates, ...this.#keys === undefined ? [] : [this.#keys]];
    const begun: Database[] = [];
    const execute = (connection: Database, sql: string) =>
      whileLocked(this.#host, WRITE_WAIT_MS, () => connection.exec(sql));
    try {
      for (const connection of connections) {
        await execute(connection, "BEGIN IMMEDIATE");
        begun.push(connection);
      }
      const result = await work();
      // Waits for readers; what has been written stays in the transaction meanwhile.
      for (const connection of connections.reverse()) {
        await execute(connection, "COMMIT");
        begun.splice(begun.indexOf(connection), 1);
      }
      return result;
    } catch (error) {
      for (const connection of begun) rollBack(connection);
      throw error;
    }
  }

  close(): void {
    this.certificates.close();
    this.#keys?.close();
  }

  #readColumns(): ReadonlySet<string> {
    const columns = this.certificates.all("PRAGMA table_info(nssPublic)");
    if (columns.length === 0 && tables(this.certificates).size > 0) {
      throw new LocalTlsError(
        "STORE_UNAVAILABLE",
        `Cannot use the database "${this.#directory}/${CERTIFICATE_FILE}": it is no NSS database`,
      );
    }
    return new Set(columns.map((column) => String(column.name)));
  }
}

function rollBack(connection: Database): void {
  try {
    connection.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself (disk full); the first error is the one that counts.
  }
}

function tables(connection: Database): Set<string> {
  const rows = connection.all("SELECT name FROM sqlite_master WHERE type = 'table'");
  return new Set(rows.map((row) => String(row.name)));
}
