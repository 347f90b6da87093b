/**
 * Git for Windows brings roots of its own, and reads those of Windows only when it is told to.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";
import type { StoreChange } from "../store.ts";

/** Milliseconds to read one setting. */
const TIMEOUT_MS = 5_000;

/** The setting to make, where there is a git that does not have it; nothing else. */
export async function adviseOnGit(host: Host): Promise<NonNullable<StoreChange["warnings"]>> {
  if (await host.commands.find("git") === undefined) return [];
  const result = await host.commands.run(["git", "config", "--get", "http.sslBackend"], {
    timeoutMs: TIMEOUT_MS,
  });
  const backend = new TextDecoder().decode(result.stdout).trim();
  // Exit code 1: not set anywhere, which means OpenSSL and its own list.
  if (result.outcome !== "exited" || result.code > 1 || backend === "schannel") return [];
  return [{
    code: "GIT_OWN_ROOTS",
    message: "git does not read the roots of Windows: git config --global http.sslBackend schannel",
  }];
}
