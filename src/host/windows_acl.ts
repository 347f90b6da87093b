/**
 * {@link AccessLists} through icacls and whoami, which every Windows has. Accounts are named by their SIDs, and access
 * lists are read from the file that `icacls /save` writes: nothing depends on the language of the system.
 *
 * @module
 */

import { toHex } from "../bytes.ts";
import type { AccessLists, Commands, Files, OtherAccess } from "./host.ts";
import { isWindowsPath, joinPath, withBackslashes } from "./path_text.ts";
import { type AllowedAccess, readAllowed } from "./sddl.ts";

/** Milliseconds; a domain controller that is away can hold both up. */
const TIMEOUT_MS = 15_000;

const SYSTEM = "S-1-5-18";
const ADMINISTRATORS = "S-1-5-32-544";

/**
 * Whoever may do everything on the machine anyway: system, administrators (of the machine, the domain, the forest, and
 * the account of that name), the installer of Windows; and names for the owner, who is the user.
 */
const TRUSTED = new Set([
  "SY",
  "BA",
  "LA",
  "DA",
  "EA",
  "CO",
  "OW",
  SYSTEM,
  ADMINISTRATORS,
  "S-1-3-0",
  "S-1-3-4",
  "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464",
]);
/** Accounts that other people's files are usually opened to, by their letters; Windows shows the names in its language. */
const WELL_KNOWN: Readonly<Record<string, readonly [sid: string, name: string]>> = {
  WD: ["S-1-1-0", "Everyone"],
  AU: ["S-1-5-11", "Authenticated Users"],
  BU: ["S-1-5-32-545", "Users"],
  BG: ["S-1-5-32-546", "Guests"],
  PU: ["S-1-5-32-547", "Power Users"],
  IU: ["S-1-5-4", "Interactive"],
  NU: ["S-1-5-2", "Network"],
  AN: ["S-1-5-7", "Anonymous"],
  LS: ["S-1-5-19", "Local Service"],
  NS: ["S-1-5-20", "Network Service"],
  AC: ["S-1-15-2-1", "All Application Packages"],
};
/** RIDs of administrators in the SIDs of a machine or domain. */
const TRUSTED_RID = /^S-1-5-21(?:-\d+){3}-(?:500|512|519)$/;

/** FILE_READ_DATA, and what includes it or gives the right to take it (WRITE_DAC, WRITE_OWNER). */
const READS = 0x1 | 0x10000000 | 0x80000000 | 0x40000 | 0x80000;
/** Changing content, adding, deleting, or taking the right to. */
const WRITES = 0x2 | 0x4 | 0x40 | 0x10000 | 0x40000 | 0x80000 | 0x10000000 | 0x40000000;

/** The access lists of this machine's files. */
export function createWindowsAccessLists(
  commands: Commands,
  files: Files,
  env: (name: string) => string | undefined,
): AccessLists {
  const root = env("SystemRoot");
  const system = joinPath(
    root !== undefined && isWindowsPath(root) ? root : "C:\\Windows",
    "System32",
  );
  const icacls = joinPath(system, "icacls.exe");
  let user: Promise<string | undefined> | undefined;

  const userSid = () => user ??= findUserSid(commands, joinPath(system, "whoami.exe"));

  /** The descriptor as text; undefined where the tool does not give it. */
  async function save(path: string): Promise<string | undefined> {
    const directory = env("TEMP") ?? env("TMP");
    if (directory === undefined) return undefined;
    const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
    const file = joinPath(directory, `localtls-${random}.acl`);
    try {
      const argv = [icacls, withBackslashes(path), "/save", withBackslashes(file), "/q"];
      const { outcome, code } = await commands.run(argv, { timeoutMs: TIMEOUT_MS });
      if (outcome !== "exited" || code !== 0) return undefined;
      return findDescriptor(await files.read(file));
    } finally {
      await files.remove(file).catch(() => false);
    }
  }

  return {
    async protect(directory) {
      const sid = await userSid();
      if (sid === undefined) return;
      const grants = [sid, SYSTEM, ADMINISTRATORS].map((account) => `*${account}:(OI)(CI)F`);
      const argv = [
        icacls,
        withBackslashes(directory),
        "/inheritance:r",
        "/grant:r",
        ...grants,
        "/q",
      ];
      await commands.run(argv, { timeoutMs: TIMEOUT_MS });
    },
    async others(path) {
      const [descriptor, sid] = await Promise.all([save(path), userSid()]);
      const allowed = descriptor === undefined ? undefined : readAllowed(descriptor);
      if (allowed === undefined || sid === undefined) return undefined;
      return allowed.filter((entry) => entry.sid !== sid && !isTrusted(entry.sid))
        .map(describe)
        .filter(({ reads, writes, inheritableRead }) => reads || writes || inheritableRead);
    },
  };
}

function isTrusted(sid: string): boolean {
  return TRUSTED.has(sid) || TRUSTED_RID.test(sid);
}

function describe({ sid, mask, inherited, inheritOnly }: AllowedAccess): OtherAccess {
  const reads = (mask & READS) !== 0;
  return {
    ...nameOf(sid),
    reads: reads && !inheritOnly,
    // Who may write into what is made in a directory may change the CA as well.
    writes: (mask & WRITES) !== 0,
    inheritableRead: reads && inherited,
  };
}

function nameOf(sid: string): Pick<OtherAccess, "sid" | "name"> {
  const known = Object.entries(WELL_KNOWN).find(([letters, [full]]) =>
    letters === sid || full === sid
  );
  return known === undefined ? { sid } : { sid: known[1][0], name: known[1][1] };
}

/** The last SID that whoami prints is the user's, whichever format it has honoured. */
async function findUserSid(commands: Commands, whoami: string): Promise<string | undefined> {
  const argv = [whoami, "/user", "/fo", "csv", "/nh"];
  const { outcome, code, stdout } = await commands.run(argv, { timeoutMs: TIMEOUT_MS });
  if (outcome !== "exited" || code !== 0) return undefined;
  return new TextDecoder().decode(stdout).match(/\bS-1(?:-\d+){2,}\b/g)?.at(-1);
}

/** icacls writes the file's name and then its descriptor, each on a line, in UTF-16. */
function findDescriptor(content: Uint8Array | undefined): string | undefined {
  if (content === undefined) return undefined;
  const isWide = content.subarray(0, 64).includes(0) || content[0] === 0xff;
  const text = new TextDecoder(isWide ? "utf-16le" : "utf-8").decode(content);
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  // One object was asked for. The name comes first, whatever it looks like.
  return lines.length === 2 && lines[1]!.startsWith("D:") ? lines[1] : undefined;
}
