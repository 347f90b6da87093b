/**
 * Whether a browser is running that has the database open.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";

/** A reservation, as {@link StoreChange} carries it. */
export interface Warning {
  readonly code: string;
  readonly message: string;
}

/**
 * A browser takes a change up for hosts that it has not visited yet; about the others it keeps its
 * opinion until it is restarted.
 * @param locks Files that a running browser leaves; a crash may have left them too.
 * @param change Whether trust was given or taken back.
 */
export async function warnRunningBrowser(
  host: Host,
  label: string,
  locks: readonly string[],
  change: "add" | "remove",
): Promise<Warning[]> {
  for (const lock of locks) {
    if (await host.files.info(lock) === undefined) continue;
    const opinion = change === "add" ? "refused stay refused" : "accepted stay accepted";
    const message =
      `Restart the browser of ${label}: hosts that it has already ${opinion} until then`;
    return [{ code: "BROWSER_RUNNING", message }];
  }
  return [];
}
