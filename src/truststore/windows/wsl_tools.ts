/**
 * The programs of Windows, reached from a Linux that runs in WSL: a kernel of Microsoft's starts them (interop), the
 * drives of Windows are mounted (automount), and wslpath translates paths.
 *
 * Read in Microsoft's "Advanced settings configuration in WSL": /etc/wsl.conf, [interop] and [automount].
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { Host } from "../../host/host.ts";
import { isWindowsPath, joinPath } from "../../host/path_text.ts";
import { findCertutil } from "./find_certutil.ts";
import type { WindowsTools } from "./tools.ts";
import { isWsl } from "./wsl.ts";

/** Milliseconds for wslpath, which starts no program of Windows. */
const TRANSLATE_TIMEOUT_MS = 10_000;
/** Handlers of programs of Windows, by the names that releases of WSL register them under (binfmt_misc). */
const INTEROP_HANDLERS = ["WSLInterop", "WSLInterop-late"];
const CONFIGURATION = "/etc/wsl.conf";

/** What a search for Windows finds. */
export type FoundWindows =
  | { readonly tools: WindowsTools }
  /** Windows is there, and cannot be reached: why, completing a sentence, and what to do. */
  | { readonly unreachable: string; readonly hint: string }
  /** Not WSL. */
  | undefined;

/** The way to the tools of the Windows that this Linux runs in. */
export async function findWslTools(host: Host): Promise<FoundWindows> {
  if (!await isWsl(host)) return undefined;
  const configuration = await readConfiguration(host);
  if (!await hasInterop(host)) {
    const isOff = configuration.get("interop.enabled") === "false";
    return {
      unreachable: isOff
        ? `interop is turned off in ${CONFIGURATION}`
        : "this Linux does not start programs of Windows (interop)",
      hint: isOff
        ? `Set enabled=true under [interop] in ${CONFIGURATION}, and restart WSL: wsl.exe --shutdown`
        : "Restart WSL from a prompt of Windows: wsl.exe --shutdown",
    };
  }
  const drives = (configuration.get("automount.root") ?? "/mnt/").replace(/\/*$/, "/");
  const path = (host.env("PATH") ?? "").split(":").filter((entry) => entry.startsWith("/"));
  // sudo and appendWindowsPath=false leave the directories of Windows out of PATH.
  const system = path.find((entry) => /\/windows\/system32\/?$/i.test(entry)) ??
    `${drives}c/Windows/System32`;
  const certutil = await findCertutil(host, path, system);
  if (certutil === undefined) {
    return {
      unreachable: `there is no "certutil.exe" on PATH or in "${system}"`,
      hint: `Mount the drives of Windows: set enabled=true under [automount] in ${CONFIGURATION}`,
    };
  }
  return {
    tools: {
      host,
      certutil,
      shownCertutil: "certutil.exe",
      reg: joinPath(system, "reg.exe"),
      windowsPath: (path) => translate(host, path),
      temporaryDirectory: host.env("TMPDIR") ?? "/tmp",
    },
  };
}

async function hasInterop(host: Host): Promise<boolean> {
  for (const name of INTEROP_HANDLERS) {
    const content = await host.files.read(`/proc/sys/fs/binfmt_misc/${name}`)
      .catch(() => undefined);
    if (content !== undefined && new TextDecoder().decode(content).startsWith("enabled")) {
      return true;
    }
  }
  return false;
}

/** The settings as "section.key", lower case. */
async function readConfiguration(host: Host): Promise<ReadonlyMap<string, string>> {
  const content = await host.files.read(CONFIGURATION).catch(() => undefined);
  const settings = new Map<string, string>();
  let section = "";
  for (const line of new TextDecoder().decode(content).split("\n")) {
    const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (name !== undefined) section = name.trim().toLowerCase();
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*"?([^"#;]*?)"?\s*(?:[#;].*)?$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const isFlag = /^(?:true|false)$/i.test(value);
    settings.set(`${section}.${key.toLowerCase()}`, isFlag ? value.toLowerCase() : value);
  }
  return settings;
}

/** C:\... for a path on a drive of Windows, \\wsl.localhost\DISTRIBUTION\... for one of this Linux. */
async function translate(host: Host, path: string): Promise<string> {
  const result = await host.commands.run(["wslpath", "-w", path], {
    timeoutMs: TRANSLATE_TIMEOUT_MS,
  });
  const text = new TextDecoder().decode(result.stdout).replace(/\r?\n$/, "");
  if (result.outcome === "exited" && result.code === 0 && isWindowsPath(text)) return text;
  throw new LocalTlsError(
    "STORE_UNAVAILABLE",
    `Cannot reach Windows from WSL: wslpath does not translate "${path}"`,
  );
}
