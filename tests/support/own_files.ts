/**
 * Hosts that share neither trust stores nor homes: a mount namespace of a host's own over the directories that trust
 * is kept in.
 *
 * @module
 */

import { chmodSync } from "node:fs";
import { join } from "node:path";
import type { NetworkHost } from "./netns.ts";
import { mustRun, type ProcessOptions, waitFor } from "./processes.ts";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

/** Where Debian keeps what OpenSSL, GnuTLS and the tools of ca-certificates read and write. */
const TRUST_DIRECTORIES = ["/etc/ssl", "/usr/local/share/ca-certificates"] as const;

/** Copies are laid over the directories; the namespace lives as long as the shell that made it. */
const HOLD = `copies=$1; shift
for directory in "$@"; do
  mkdir -p "$copies$directory" && cp -a "$directory/." "$copies$directory" || exit
  mount --bind "$copies$directory" "$directory" || exit
done
echo ready; exec sleep infinity`;

/** The same host with trust stores of its own, which are at first what those of the sandbox are now. */
export async function withOwnFiles(host: NetworkHost): Promise<NetworkHost> {
  requireSandbox();
  const copies = scratchDirectory("files");
  const words = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", HOLD, "hold"];
  const holder = host.spawn([...words, copies, ...TRUST_DIRECTORIES]);
  await waitFor(`files of its own for ${host.name}`, () => holder.output().includes("ready"));
  // Entering another mount namespace leaves the working directory behind.
  const enter = ({ cwd = "/" }: ProcessOptions = {}) => [
    "nsenter",
    `--mount=/proc/${holder.pid}/ns/mnt`,
    `--wdns=${cwd}`,
    "--",
  ];
  return {
    ...host,
    prefix: [...host.prefix, ...enter()],
    exec: (argv, options) => host.exec([...enter(options), ...argv], options),
    spawn: (argv, options) => host.spawn([...enter(options), ...argv], options),
  };
}

/** Makes an account that may use sudo without a password, with a home directory where nothing has ever run. */
export async function makeAccount(name: string): Promise<string> {
  requireSandbox();
  const directory = scratchDirectory("account");
  chmodSync(directory, 0o755);
  const home = join(directory, name);
  await mustRun(["useradd", "--create-home", "--home-dir", home, "--shell", "/bin/sh", name]);
  await mustRun([
    "sh",
    "-c",
    'echo "$1 ALL=(ALL) NOPASSWD: ALL" > "/etc/sudoers.d/$1"',
    "sh",
    name,
  ]);
  return home;
}

/** The words before a command of an account's. */
export function asAccount(name: string): string[] {
  return ["setpriv", `--reuid=${name}`, `--regid=${name}`, "--init-groups", "--"];
}
