/**
 * Whose home, files and browser databases are meant. Under sudo that is the user who typed sudo, not root.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host, Owner } from "./host.ts";
import { isAbsolutePath } from "./path_text.ts";

/** The user that localtls works for. */
export interface TargetUser {
  /** Absolute path of the home directory. */
  readonly home: string;
  /** Login name where known (the environment's word comes first), else the numeric id or "user". */
  readonly name: string;
  /** Whether root has started this process: root's own steps need nobody to be asked. */
  readonly isRoot: boolean;
  /** Whether root has started this process for this user, who is somebody else: it acts as the user (Host.workFor). */
  readonly byRoot: boolean;
}

interface PasswdEntry extends Owner {
  readonly name: string;
  readonly home: string;
}

/** A name service that does not answer (a directory server that is away) must not hold us up. */
const LOOK_UP_TIMEOUT_MS = 5_000;

/**
 * Finds the user that is meant, and acts as that user from then on where root has started this process
 * (Host.workFor): whatever happens in that user's directories happens with that user's rights.
 *
 * Root with SUDO_UID (PKEXEC_UID, DOAS_USER) means that user, with the home directory of the user
 * database whatever HOME says; root with somebody else's HOME (`sudo -E`, `su` without `-`) means that directory's owner, so
 * that no root-owned file is left in a user's home.
 *
 * Throws HOME_MISSING. Under sudo also when the invoker's home cannot be found: falling back to root's
 * would make a second CA there, and say nothing.
 */
export function findTargetUser(host: Host): Promise<TargetUser> {
  let known = found.get(host);
  if (known === undefined) {
    known = find(host);
    found.set(host, known);
    // Another command of the same process may find what this one did not.
    known.catch(() => found.delete(host));
  }
  return known;
}

const found = new WeakMap<Host, Promise<TargetUser>>();

async function find(host: Host): Promise<TargetUser> {
  const { isRoot } = host;
  const invoker = isRoot ? readInvoker(host) : undefined;
  if (invoker !== undefined) return await workFor(host, await findInvoker(host, invoker));
  // Git Bash on Windows sets HOME, in its own spelling (/c/Users/ann), which no program of Windows understands.
  const given = host.user === undefined
    ? host.env("USERPROFILE") ?? host.env("HOME")
    : host.env("HOME") ?? host.env("USERPROFILE");
  const called = host.env("USER") ?? host.env("USERNAME");
  // The table of users costs a short run a fortieth: not for what the environment says as well.
  const self = host.user === undefined || (given !== undefined && called !== undefined)
    ? undefined
    : await findPasswd(host, (entry) => entry.uid === host.user?.uid);
  const home = given ?? self?.home;
  if (home === undefined || !isAbsolutePath(home)) {
    const state = home === undefined ? "HOME is not set" : `"${home}" is not an absolute path`;
    throw homeMissing(`Cannot find the home directory: ${state}`, "HOME=/home/you localtls ...");
  }
  const name = called ?? self?.name ?? "user";
  const owner = isRoot ? await ownerOf(host, home) : undefined;
  if (owner === undefined) return { home, name, isRoot, byRoot: false };
  // The environment may still be root's own: the name and the group are the owner's.
  const entry = await findPasswd(host, ({ uid }) => uid === owner.uid);
  return await workFor(host, {
    uid: owner.uid,
    gid: entry?.gid ?? groupOfHome(owner),
    name: entry?.name ?? String(owner.uid),
    home,
  });
}

/** The kernel's overflowgid, "nogroup": for a user whom no table knows. */
const NO_GROUP = 65534;

/** The group of a home, where nothing else says it. Root's group would give the user what is root's. */
function groupOfHome({ gid }: Owner): number {
  return gid === 0 ? NO_GROUP : gid;
}

async function workFor(host: Host, entry: PasswdEntry): Promise<TargetUser> {
  await host.workFor(entry);
  return { home: entry.home, name: entry.name, isRoot: true, byRoot: true };
}

/** Who asked for root. */
interface Invoker {
  readonly uid: number | undefined;
  readonly name: string | undefined;
}

/** What sudo, pkexec and doas say; undefined where nobody but root did. */
function readInvoker(host: Host): Invoker | undefined {
  const id = host.env("SUDO_UID") ?? host.env("PKEXEC_UID");
  const uid = id !== undefined && /^\d{1,10}$/.test(id) ? Number(id) : undefined;
  const name = host.env("SUDO_USER") ?? host.env("DOAS_USER");
  if (uid === 0 || (uid === undefined && (name === undefined || name === "root"))) return undefined;
  return { uid, name };
}

async function findInvoker(host: Host, { uid, name }: Invoker): Promise<PasswdEntry> {
  const key = uid === undefined ? name ?? "" : String(uid);
  const isMeant = (entry: PasswdEntry) =>
    uid === undefined ? entry.name === name : entry.uid === uid;
  const entry = await findPasswd(host, isMeant) ?? await askNameService(host, key, isMeant) ??
    await askDirectoryService(host, name, isMeant);
  if (entry !== undefined) return entry;
  // The sudo of macOS leaves HOME as it was.
  const home = host.env("HOME");
  const owner = home === undefined ? undefined : await ownerOf(host, home);
  if (home !== undefined && owner !== undefined && isAbsolutePath(home) && owner.uid === uid) {
    return { uid: owner.uid, gid: groupOfHome(owner), name: name ?? key, home };
  }
  throw homeMissing(
    `Cannot find the home directory of "${name ?? key}", who became root`,
    'sudo HOME="$HOME" localtls ...',
  );
}

function homeMissing(message: string, hint: string): LocalTlsError {
  return new LocalTlsError("HOME_MISSING", message, { hints: [hint] });
}

/** Who a directory belongs to; undefined where that is root. */
async function ownerOf(host: Host, directory: string): Promise<Owner | undefined> {
  const real = await host.files.realPath(directory);
  const info = real === undefined ? undefined : await host.files.info(real);
  return info === undefined || info.uid === 0 ? undefined : { uid: info.uid, gid: info.gid };
}

async function findPasswd(
  host: Host,
  isMeant: (entry: PasswdEntry) => boolean,
): Promise<PasswdEntry | undefined> {
  const content = await host.files.read("/etc/passwd").catch(() => undefined);
  return content === undefined ? undefined : parsePasswd(content, isMeant);
}

/** Users of LDAP, sssd and the like do not stand in /etc/passwd. */
async function askNameService(
  host: Host,
  key: string,
  isMeant: (entry: PasswdEntry) => boolean,
): Promise<PasswdEntry | undefined> {
  // A name that begins with a dash would be an option.
  if (key === "" || key.startsWith("-")) return undefined;
  const result = await host.commands.run(["getent", "passwd", key], {
    timeoutMs: LOOK_UP_TIMEOUT_MS,
  });
  return result.code === 0 ? parsePasswd(result.stdout, isMeant) : undefined;
}

/**
 * macOS keeps its users in a directory of its own (dscl(1)). A value with a blank stands on a line of its own:
 * "NFSHomeDirectory:\n /Users/ann lee".
 */
async function askDirectoryService(
  host: Host,
  name: string | undefined,
  isMeant: (entry: PasswdEntry) => boolean,
): Promise<PasswdEntry | undefined> {
  if (name === undefined || !/^[^-/][^/]*$/.test(name)) return undefined;
  const result = await host.commands.run(
    ["dscl", ".", "-read", `/Users/${name}`, "NFSHomeDirectory", "UniqueID", "PrimaryGroupID"],
    { timeoutMs: LOOK_UP_TIMEOUT_MS },
  );
  if (result.code !== 0) return undefined;
  const text = new TextDecoder().decode(result.stdout);
  const value = (key: string) => new RegExp(`^${key}:(?: |\\n )(.+)$`, "m").exec(text)?.[1] ?? "";
  const [home, uid, gid] = ["NFSHomeDirectory", "UniqueID", "PrimaryGroupID"].map(value);
  if (home === undefined || !isAbsolutePath(home)) return undefined;
  if (!/^\d+$/.test(uid ?? "") || !/^\d+$/.test(gid ?? "")) return undefined;
  const entry = { name, uid: Number(uid), gid: Number(gid), home };
  return isMeant(entry) ? entry : undefined;
}

/** passwd(5): seven fields; the first entry that is meant and whose home is a path. */
function parsePasswd(
  content: Uint8Array,
  isMeant: (entry: PasswdEntry) => boolean,
): PasswdEntry | undefined {
  for (const line of new TextDecoder().decode(content).split("\n")) {
    const [name, , uid, gid, , home] = line.split(":");
    if (name === undefined || home === undefined) continue;
    const entry = { name, uid: Number(uid), gid: Number(gid), home };
    // First who is meant: every command reads this file, and the other lines need no judging.
    if (!isMeant(entry) || !isAbsolutePath(home)) continue;
    if (/^\d+$/.test(uid ?? "") && /^\d+$/.test(gid ?? "")) return entry;
  }
  return undefined;
}
