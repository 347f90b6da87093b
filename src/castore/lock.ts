/**
 * The lock of the state directory.
 *
 * It is an SQLite database on which a process opens an exclusive transaction: SQLite takes a kernel
 * lock, and the kernel gives it back when its owner ends, also by kill -9. Two designs were
 * rejected. A file made with O_EXCL stays for ever when its owner is killed. A file with the owner's
 * process id needs a guess about who that id is now (ids are used again, containers have their own),
 * and two waiters that both find a dead owner both remove "its" file, one of them the other's new one.
 *
 * Nobody may open the lock file by other means: closing any descriptor of a file drops a process's
 * POSIX locks on it. On network file systems the lock is as good as their fcntl locks.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Database, Host } from "../host/host.ts";
import { holdersCommands, removeCommand } from "../host/shell_hints.ts";
import { DIRECTORY_MODE, joinPath, LOCK_FILE, PRIVATE_MODE, type StatePlace } from "./paths.ts";
import { checkPlainFile } from "./safety.ts";

/** Making a CA takes milliseconds; who holds the lock for so long is stuck. */
const GIVE_UP_AFTER_MS = 60_000;
/** From here on the user should know what the program waits for. */
const SAY_AFTER_MS = 2_000;
/** Between attempts, at least; as much again is added at random, so that waiters do not march in step. */
const RETRY_MS = 25;

/** Options of {@link withLock}. */
export interface LockOptions {
  /** Called once, when the wait has become long. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Does something while no other process holds the lock. Makes the directory if needed. Not reentrant.
 *
 * Throws STATE_LOCKED after a minute, STATE_UNSAFE for a lock that is no plain file, FILE_* where the
 * directory cannot be written to.
 */
export async function withLock<T>(
  host: Host,
  place: StatePlace,
  options: LockOptions,
  action: () => Promise<T>,
): Promise<T> {
  const lock = await acquire(host, place, options);
  try {
    return await action();
  } finally {
    lock.close();
  }
}

async function acquire(host: Host, place: StatePlace, { onWait }: LockOptions): Promise<Database> {
  let said = false;
  for (let waited = 0; waited < GIVE_UP_AFTER_MS;) {
    const attempt = await tryLock(host, place);
    if (typeof attempt !== "string") return attempt;
    if (attempt === "replaced") {
      // At once, but not for ever: some network file systems give a file a new number each time.
      waited += RETRY_MS;
      continue;
    }
    if (waited >= SAY_AFTER_MS && !said) {
      said = true;
      onWait?.();
    }
    const pause = RETRY_MS + Math.floor(Math.random() * RETRY_MS);
    await host.sleep(pause);
    // Counted, not read from the clock: a clock that is set back would make us wait for ever.
    waited += pause;
  }
  const path = joinPath(place.path, LOCK_FILE);
  throw new LocalTlsError(
    "STATE_LOCKED",
    `Cannot use "${place.path}": another localtls has been working on it for a minute`,
    { hints: holdersCommands(path) },
  );
}

/** @returns The lock; "busy" when another process has it; "replaced" to try again at once. */
async function tryLock(host: Host, place: StatePlace): Promise<Database | "busy" | "replaced"> {
  const { files } = host;
  const path = joinPath(place.path, LOCK_FILE);
  await files.makeDirectory(place.path, { mode: DIRECTORY_MODE });
  const before = await files.info(path);
  if (before !== undefined) checkPlainFile(host, place, path, before, "public");
  let database: Database | undefined;
  try {
    database = await host.openDatabase(path, {
      busyTimeoutMs: 0, // the waiting is done above, where it can be reported
      create: { mode: PRIVATE_MODE },
    });
    // Nothing is ever written, so there is nothing to roll back: no journal file beside the lock.
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (error instanceof LocalTlsError && error.code === "STORE_LOCKED") return "busy";
    // The directory was removed under our hands: make it again.
    if (await files.info(place.path) === undefined) return "replaced";
    if (!(error instanceof LocalTlsError) || error.code !== "STORE_UNAVAILABLE") throw error;
    throw new LocalTlsError("STORE_UNAVAILABLE", `Cannot lock "${place.path}": ${error.message}`, {
      hints: [removeCommand(path)],
      cause: error,
    });
  }
  // A purge removes the file while others wait for it: what they get then is a lock on nothing.
  const after = await files.info(path);
  if (before !== undefined && after?.inode === before.inode) return database;
  database.close();
  return "replaced";
}
