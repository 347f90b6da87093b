/**
 * Whose home, files and browser databases are meant. Under sudo that is the user who typed sudo, not root.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host, Owner } from "./host.ts";

/** The user that localtls works for. */
export interface TargetUser {
  /** Absolute path of the home directory. */
  readonly home: string;
  /** Login name where known, else the numeric id or "user". */
  readonly name: string;
  /** Whether this process is root. */
  readonly isRoot: boolean;
  /** Whom files in the home directory are given to; undefined when they are that user's anyway. */
  readonly owner: Owner | undefined;
}

interface PasswdEntry extends Owner {
  readonly name: string;
  readonly home: string;
}

/**
 * Finds the user that is meant.
 *
 * Root with SUDO_UID (or DOAS_USER) means that user, with the home directory of /etc/passwd whatever
 * HOME says; root with somebody else's HOME (`sudo -E`, `su` without `-`) gives files to that directory's
 * owner, so that no root-owned file is left in a user's home.
 */
export async function findTargetUser(host: Host): Promise<TargetUser> {
  const isRoot = host.user?.uid === 0;
  const home = host.env("HOME") ?? host.env("USERPROFILE");
  if (isRoot) {
    const invoker = await findInvoker(host);
    if (invoker !== undefined && invoker.uid !== 0) {
      return {
        home: invoker.home,
        name: invoker.name,
        isRoot,
        owner: { uid: invoker.uid, gid: invoker.gid },
      };
    }
  }
  const self = host.user === undefined ? undefined : await findPasswd(host, { uid: host.user.uid });
  const directory = home ?? self?.home;
  if (directory === undefined || !isAbsolute(directory)) {
    throw new LocalTlsError("HOME_MISSING", "Cannot find the home directory: HOME is not set", {
      hints: ["HOME=/home/you localtls ...", "localtls --dir /path/to/state ..."],
    });
  }
  const name = self?.name ?? host.env("USER") ?? host.env("USERNAME") ?? "user";
  if (!isRoot) return { home: directory, name, isRoot, owner: undefined };
  const info = await host.files.info(directory);
  const owner = info === undefined || info.uid === 0 ? undefined : { uid: info.uid, gid: info.gid };
  return { home: directory, name, isRoot, owner };
}

async function findInvoker(host: Host): Promise<PasswdEntry | undefined> {
  const uid = host.env("SUDO_UID");
  if (uid !== undefined && /^\d{1,10}$/.test(uid)) {
    return await findPasswd(host, { uid: Number(uid) });
  }
  const name = host.env("SUDO_USER") ?? host.env("DOAS_USER");
  return name === undefined ? undefined : await findPasswd(host, { name });
}

async function findPasswd(
  host: Host,
  wanted: { readonly uid?: number; readonly name?: string },
): Promise<PasswdEntry | undefined> {
  const content = await host.files.read("/etc/passwd").catch(() => undefined);
  if (content === undefined) return undefined;
  for (const line of new TextDecoder().decode(content).split("\n")) {
    const [name, , uid, gid, , home] = line.split(":");
    if (name === undefined || uid === undefined || gid === undefined || home === undefined) {
      continue;
    }
    if (wanted.uid === undefined ? name !== wanted.name : Number(uid) !== wanted.uid) continue;
    if (uid === "" || !isAbsolute(home)) continue;
    return { name, uid: Number(uid), gid: Number(gid), home };
  }
  return undefined;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}
