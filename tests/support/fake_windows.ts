/**
 * A Windows in memory: {@link createFakeHost} with paths that have drives and backslashes, and without numeric users.
 *
 * @module
 */

import type { AccessLists, Files, OpenDatabaseOptions } from "../../src/host/host.ts";
import type { FakeEntry } from "./fake_disk.ts";
import { createFakeHost, type FakeHost, type FakeHostOptions } from "./fake_host.ts";

/** Ann's environment. */
export const WINDOWS_ENV = {
  USERPROFILE: "C:\\Users\\Änn Lee",
  LOCALAPPDATA: "C:\\Users\\Änn Lee\\AppData\\Local",
  TEMP: "C:\\Users\\Änn Lee\\AppData\\Local\\Temp",
  SystemRoot: "C:\\WINDOWS",
  PATH: "C:\\WINDOWS\\system32;C:\\WINDOWS;.;bin",
  USERNAME: "Änn",
};

/** The fake's disk has owners, as POSIX does: these are hers. */
const DIRECTORY: FakeEntry = { type: "directory", uid: 1000, gid: 1000 };

/** Where commands of the fake are started. */
const WORKING_DIRECTORY = "/C/work";

/** Where the disk of the fake keeps a path of Windows. */
export function onDisk(path: string): string {
  const slashes = path.replaceAll("\\", "/").replaceAll(/\/{2,}/g, "/").replaceAll("/./", "/");
  if (/^[A-Za-z]:/.test(slashes)) {
    return `/${slashes[0]!.toUpperCase()}${slashes.slice(2).replace(/\/$/, "")}`;
  }
  // From the working directory, as the system resolves it.
  return slashes.startsWith("/") ? slashes : `${WORKING_DIRECTORY}/${slashes.replace(/^\.\//, "")}`;
}

/** Options as for createFakeHost(), with paths of Windows. */
export interface FakeWindowsOptions extends FakeHostOptions {
  readonly accessLists?: AccessLists;
}

/** Makes a fake Windows. */
export function createFakeWindows(options: FakeWindowsOptions = {}): FakeHost {
  const files = Object.entries({
    "C:\\work": DIRECTORY,
    [WINDOWS_ENV.USERPROFILE]: DIRECTORY,
    [WINDOWS_ENV.TEMP]: DIRECTORY,
    ...options.files,
  }).map(([path, entry]) => [onDisk(path), entry]);
  const host = createFakeHost({
    env: WINDOWS_ENV,
    workingDirectory: "C:\\work",
    ...options,
    os: "windows",
    files: Object.fromEntries(files),
  });
  const { openDatabase } = host;
  // There are no numeric users, and no root.
  Object.defineProperty(host, "user", { value: undefined });
  return Object.assign(host, {
    openDatabase: (path: string, open: OpenDatabaseOptions) => openDatabase(onDisk(path), open),
    isRoot: false,
    rootControls: () => Promise.resolve(true),
    commands: { ...host.commands, findForRoot: host.commands.find },
    files: translating(host.files),
    accessLists: options.accessLists,
  });
}

function translating(files: Files): Files {
  return {
    read: (path, maxBytes) => files.read(onDisk(path), maxBytes),
    openLines: (path, maxLineBytes) => files.openLines(onDisk(path), maxLineBytes),
    rewriteLines: (path, source, keeps) => files.rewriteLines(onDisk(path), source, keeps),
    info: (path) => files.info(onDisk(path)),
    list: (path) => files.list(onDisk(path)),
    realPath: async (path) => {
      const real = await files.realPath(onDisk(path));
      return real === undefined ? undefined : `${real[1]}:${real.slice(2).replaceAll("/", "\\")}`;
    },
    writable: (path) => files.writable(onDisk(path)),
    write: (path, content, rest) => files.write(onDisk(path), content, rest),
    writeTogether: (list) =>
      files.writeTogether(list.map((file) => ({ ...file, path: onDisk(file.path) }))),
    writeGroups: (groups) =>
      files.writeGroups(
        groups.map((list) => list.map((file) => ({ ...file, path: onDisk(file.path) }))),
      ),
    appendLine: (path, line, rest) => files.appendLine(onDisk(path), line, rest),
    appendLines: (path, lines, rest) => files.appendLines(onDisk(path), lines, rest),
    makeDirectory: (path, rest) => files.makeDirectory(onDisk(path), rest),
    rename: (from, to) => files.rename(onDisk(from), onDisk(to)),
    remove: (path) => files.remove(onDisk(path)),
    removeDirectory: (path) => files.removeDirectory(onDisk(path)),
    leftovers: (path) => files.leftovers(onDisk(path)),
  };
}
