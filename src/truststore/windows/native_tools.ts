/**
 * The programs of Windows, on Windows.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";
import type { TargetUser } from "../../host/target_user.ts";
import { isWindowsPath, joinPath, withBackslashes } from "../../host/path_text.ts";
import { findCertutil } from "./find_certutil.ts";
import type { WindowsTools } from "./tools.ts";

/** The way to the tools; undefined where Windows has none of them. */
export async function findNativeTools(
  host: Host,
  user: TargetUser,
): Promise<WindowsTools | undefined> {
  const system = joinPath(systemRoot(host), "System32");
  const directories = (host.env("PATH") ?? "").split(";")
    .map((entry) => entry.trim().replace(/^"(.*)"$/, "$1"))
    // Relative entries mean the current directory, where anybody may have left a program.
    .filter(isWindowsPath);
  const certutil = await findCertutil(host, directories, system);
  if (certutil === undefined) return undefined;
  return {
    host,
    certutil,
    shownCertutil: certutil,
    reg: joinPath(system, "reg.exe"),
    windowsPath: (path) => Promise.resolve(withBackslashes(path)),
    temporaryDirectory: host.env("TEMP") ?? host.env("TMP") ??
      joinPath(user.home, "AppData\\Local\\Temp"),
  };
}

/** Windows' directory. */
function systemRoot(host: Host): string {
  const root = host.env("SystemRoot") ?? host.env("windir");
  return root !== undefined && isWindowsPath(root) ? root : "C:\\Windows";
}
