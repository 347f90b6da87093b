/**
 * Paths as text. Which separator a path has is seen in the path itself, not asked of the system: what begins with a
 * drive or two backslashes is a path of Windows (Microsoft, "File path formats on Windows systems").
 *
 * @module
 */

const WINDOWS_PATH = /^(?:[A-Za-z]:[\\/]|\\\\)/;

/** Names of devices, which Windows takes for the device whatever comes after a dot ("Naming Files, Paths, and Namespaces"). */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;

/** Whether this is an absolute path of Windows: of a drive, of a share, or one with the prefix \\?\. */
export function isWindowsPath(path: string): boolean {
  return !path.startsWith("/") && WINDOWS_PATH.test(path);
}

/** Whether the path says where it begins, in either style. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || isWindowsPath(path);
}

/** Joins a directory and a name, or a relative path. */
export function joinPath(directory: string, name: string): string {
  const end = directory.at(-1);
  if (end === "/" || (end === "\\" && isWindowsPath(directory))) return directory + name;
  // A path that somebody wrote with slashes keeps them: a mixture is harder to read, and no better.
  const backslash = isWindowsPath(directory) && !directory.includes("/");
  return `${directory}${backslash ? "\\" : "/"}${name}`;
}

/** The path of something beneath a directory. @param relative Its parts, with "/" between them. */
export function beneath(directory: string, relative: string): string {
  return relative.split("/").filter((part) => part !== "").reduce(joinPath, directory);
}

/** The last name of a path. */
export function baseName(path: string): string {
  return path.slice(lastSeparator(path) + 1);
}

/** The directory of an absolute path, without a separator at its end. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(lastSeparator(path), 0));
}

/** Where the last separator stands; -1 for none. A backslash is one in paths of Windows only. */
export function lastSeparator(path: string): number {
  const slash = path.lastIndexOf("/");
  return isWindowsPath(path) ? Math.max(slash, path.lastIndexOf("\\")) : slash;
}

/** The path as programs of Windows want it: some take a slash for the beginning of an option. */
export function withBackslashes(path: string): string {
  return path.replaceAll("/", "\\");
}

/**
 * A name for a new file in the directory. In one of Windows, the name of a device gets an underscore: "con.example.pem"
 * would be the console.
 */
export function fileNameIn(directory: string, name: string): string {
  return isWindowsPath(directory) && DEVICE_NAME.test(name) ? `_${name}` : name;
}
