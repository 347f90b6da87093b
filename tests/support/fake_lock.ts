/**
 * The one database that a fake host has: the lock of the state directory.
 *
 * @module
 */

import { LocalTlsError } from "../../src/errors.ts";
import type { Database, OpenDatabaseOptions } from "../../src/host/host.ts";
import type { FakeDisk } from "./fake_disk.ts";

/** As much of a database as the state directory's lock needs. */
export function openFakeLock(
  disk: FakeDisk,
  locks: Set<string>,
  path: string,
  options: OpenDatabaseOptions,
): Database {
  if (disk.get(path) === undefined) {
    disk.put(path, { mode: options.create?.mode ?? 0o644, ...options.create?.owner });
  }
  let held = false;
  return {
    exec(sql) {
      if (!sql.startsWith("BEGIN")) return;
      if (locks.has(path)) throw new LocalTlsError("STORE_LOCKED", `"${path}" is locked`);
      locks.add(path);
      held = true;
    },
    all: () => [],
    run: () => 0,
    close() {
      if (held) locks.delete(path);
    },
  };
}
