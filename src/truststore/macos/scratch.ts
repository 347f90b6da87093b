/**
 * A directory for the files that `security` reads and writes: it takes no certificate on stdin, and writes no
 * settings to stdout.
 *
 * @module
 */

import { toHex } from "../../bytes.ts";
import type { DiscoverContext } from "../store.ts";

/**
 * Works in a directory that nobody else can enter, and removes it. Its name cannot be guessed: another user's
 * directory or link in its place would be used.
 */
export async function inScratchDirectory<T>(
  { host, user }: DiscoverContext,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  // Root's own temporary directory is closed to the user that `security` runs as.
  const own = user.byRoot ? undefined : host.env("TMPDIR");
  const parent = own?.startsWith("/") ? own.replace(/\/+$/, "") : "";
  const name = toHex(crypto.getRandomValues(new Uint8Array(16)));
  const directory = `${parent || "/tmp"}/localtls-${name}`;
  await host.files.makeDirectory(directory, { mode: 0o700 });
  try {
    return await work(directory);
  } finally {
    for (const file of await host.files.list(directory)) {
      await host.files.remove(`${directory}/${file}`);
    }
    await host.files.removeDirectory(directory);
  }
}
