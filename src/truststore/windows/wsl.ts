/**
 * Telling WSL from other Linux: apart from what reaches Windows there, since most machines need no more.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";

/**
 * Whether this Linux runs in WSL. Containers run on the same kernel (Docker Desktop), and have nothing of WSL but its
 * name: WSL itself puts wslpath into every distribution.
 */
export async function isWsl(host: Host): Promise<boolean> {
  const version = await host.files.read("/proc/version").catch(() => undefined);
  if (version === undefined || !/microsoft/i.test(new TextDecoder().decode(version))) return false;
  return host.env("WSL_DISTRO_NAME") !== undefined ||
    await host.commands.find("wslpath") !== undefined;
}
