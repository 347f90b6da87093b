/**
 * Opening the two files of an NSS database as one SQLite connection, so that both change in one
 * transaction or not at all.
 *
 * @module
 */

import { toBytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import type { Database, Host, OpenDatabaseOptions, WriteOptions } from "../../host/host.ts";
import { CERTIFICATE_FILE, CREATE_META_DATA, createStatements, KEY_FILE, KEYS } from "./layout.ts";
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
    // Made here with its mode, to be attached by its name.
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
  const connection = await host.openDatabase(`${directory}/${CERTIFICATE_FILE}`, options);
  try {
    if (hasKeyFile) attach(connection, keyFile);
    if (options.readOnly === true) {
      // Everything is read in one transaction: once it has begun, no lock of others is in its way.
      connection.exec("BEGIN");
      connection.all("SELECT 1 FROM main.sqlite_master LIMIT 1");
      if (hasKeyFile) connection.all(`SELECT 1 FROM ${KEYS}.sqlite_master LIMIT 1`);
    }
    return new NssDatabase(host, connection, directory, hasKeyFile);
  } catch (error) {
    connection.close();
    throw error;
  }
}

function attach(connection: Database, keyFile: string): void {
  try {
    connection.all(`ATTACH ? AS ${KEYS}`, keyFile);
    connection.all(`PRAGMA ${KEYS}.schema_version`);
  } catch (error) {
    // The host speaks of the main file; it is the other one.
    const message = causeMessage(error);
    const locked = error instanceof LocalTlsError && error.code === "STORE_LOCKED";
    throw new LocalTlsError(
      locked ? "STORE_LOCKED" : "STORE_UNAVAILABLE",
      `Cannot use the database "${keyFile}": ${message}`,
      {
        hints: message.includes("too many attached") ? ["deno run --allow-all ..."] : [],
        cause: error instanceof LocalTlsError ? error.cause : error,
      },
    );
  }
}

function causeMessage(error: unknown): string {
  const cause = error instanceof LocalTlsError ? error.cause ?? error : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** SQLITE_READONLY_ROLLBACK: a journal must be played back, and the connection may not write. */
function isInterruptedWrite(error: unknown): boolean {
  return causeMessage(error).includes("attempt to write a readonly database");
}

/** An open NSS database: cert9.db is the main schema, key4.db is attached as `keys`. */
export class NssDatabase implements NssDatabase {
  readonly connection: Database;
  readonly #host: Host;
  #columns: ReadonlySet<string>;
  readonly #directory: string;
  readonly #hasKeyFile: boolean;

  constructor(host: Host, connection: Database, directory: string, hasKeyFile: boolean) {
    this.#host = host;
    this.connection = connection;
    this.#directory = directory;
    this.#hasKeyFile = hasKeyFile;
    this.#columns = this.#readColumns();
  }

  /** Columns of nssPublic; none where the file holds no tables yet. */
  get columns(): ReadonlySet<string> {
    return this.#columns;
  }

  /** Whether key4.db is there and has the table of password and signatures. */
  hasMetaData(): boolean {
    return this.#hasKeyFile && this.#tables(KEYS).has("metaData");
  }

  /** The password row; undefined where no password was ever set, not even an empty one. */
  readPasswordRow(): PasswordRow | undefined {
    if (!this.hasMetaData()) return undefined;
    const [row] = this.connection.all(
      `SELECT item1, item2 FROM ${KEYS}.metaData WHERE id = 'password'`,
    );
    if (!(row?.item1 instanceof Uint8Array) || !(row.item2 instanceof Uint8Array)) return undefined;
    return { globalSalt: toBytes(row.item1), check: toBytes(row.item2) };
  }

  /** Makes the tables of files that are still empty. Inside a transaction. */
  createTables(): void {
    if (this.#tables("main").size === 0) {
      for (const statement of createStatements("main")) this.connection.exec(statement);
    }
    const tables = this.#tables(KEYS);
    if (tables.size === 0) {
      for (const statement of createStatements(KEYS)) this.connection.exec(statement);
    } else if (!tables.has("metaData")) this.connection.exec(CREATE_META_DATA);
    this.#columns = this.#readColumns();
  }

  /** Runs the work with both files locked for writing; all of it takes place, or nothing. */
  async transact<T>(work: () => Promise<T> | T): Promise<T> {
    const execute = (sql: string) =>
      whileLocked(this.#host, WRITE_WAIT_MS, () => this.connection.exec(sql));
    await execute("BEGIN IMMEDIATE");
    try {
      const result = await work();
      // Waits for readers; what has been written stays in the transaction meanwhile.
      await execute("COMMIT");
      return result;
    } catch (error) {
      try {
        this.connection.exec("ROLLBACK");
      } catch {
        // SQLite has rolled back by itself (disk full); the first error is the one that counts.
      }
      throw error;
    }
  }

  close(): void {
    this.connection.close();
  }

  #tables(schema: string): Set<string> {
    const rows = this.connection.all(
      `SELECT name FROM ${schema}.sqlite_master WHERE type = 'table'`,
    );
    return new Set(rows.map((row) => String(row.name)));
  }

  #readColumns(): ReadonlySet<string> {
    const columns = this.connection.all("PRAGMA main.table_info(nssPublic)");
    if (columns.length === 0 && this.#tables("main").size > 0) {
      throw new LocalTlsError(
        "STORE_UNAVAILABLE",
        `Cannot use the database "${this.#directory}/${CERTIFICATE_FILE}": it is no NSS database`,
      );
    }
    return new Set(columns.map((column) => String(column.name)));
  }
}
