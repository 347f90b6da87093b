/**
 * Where a certificate goes, and how its two files come to stand there.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { TargetUser } from "../host/target_user.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import type { RequestedName } from "../pki/requested_name.ts";
import type { PlannedStep } from "../truststore/store.ts";

/** The two files of a certificate, as absolute paths. */
export interface OutputFiles {
  readonly cert: string;
  readonly key: string;
}

/** Flags that steer the paths. */
export interface OutputOptions {
  /** Directory for the default names. Default: the working directory. */
  readonly out?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/**
 * The file name that mkcert's users know: the first name, ":" as "_", "*" as "_wildcard", and "+N" for
 * N further names.
 *
 * @param names At least one; already checked, so nothing but letters, digits, ".", "-", ":" and a
 * leading "*." can stand in them.
 */
export function baseName(names: readonly RequestedName[]): string {
  const first = names[0]?.value ?? "";
  const base = first.replaceAll(":", "_").replace(/^\*/, "_wildcard");
  // A name is checked long before it comes here; this is the last gate before the file system.
  if (!/^[a-z0-9_][a-z0-9._-]*$/.test(base)) {
    throw new LocalTlsError("NAME_INVALID", `Cannot make a file name of "${first}"`);
  }
  return names.length > 1 ? `${base}+${names.length - 1}` : base;
}

/** Decides where the files go. */
export function outputFiles(
  host: Host,
  names: readonly RequestedName[],
  options: OutputOptions,
): OutputFiles {
  const base = baseName(names);
  const directory = resolvePath(host, options.out ?? ".");
  const files = {
    cert: options.certFile === undefined
      ? joinPath(directory, `${base}.pem`)
      : resolvePath(host, options.certFile),
    key: options.keyFile === undefined
      ? joinPath(directory, `${base}-key.pem`)
      : resolvePath(host, options.keyFile),
  };
  if (files.cert === files.key) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot write the certificate and its key to one file: "${files.cert}"`,
    );
  }
  return files;
}

/**
 * Writes both files or, where one of them cannot be written, neither: a renewal on a full disk must not
 * leave a new key beside the old certificate. The key takes its place first: a crash between the two
 * leaves a key without a certificate, never a certificate that a server would start with and no key.
 */
export async function writeOutputFiles(
  host: Host,
  user: TargetUser,
  files: OutputFiles,
  content: { readonly fullchainPem: string; readonly keyPem: string },
): Promise<void> {
  const owner = user.owner;
  await host.files.writeTogether([
    { path: files.key, content: content.keyPem, mode: 0o600, owner },
    { path: files.cert, content: content.fullchainPem, mode: 0o644, owner },
  ]);
}

/** Makes an absolute path of what the user typed, without asking the file system. */
export function resolvePath(host: Host, path: string): string {
  if (path === "") throw new LocalTlsError("USAGE", "Cannot use an empty path");
  if (path.includes("\0")) throw new LocalTlsError("USAGE", "Cannot use a path with a null byte");
  if (path === ".") return host.workingDirectory;
  const absolute = path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
  return absolute ? path : joinPath(host.workingDirectory, path.replace(/^(?:\.\/)+/, ""));
}

/** Joins a directory and a name. */
export function joinPath(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/** What issuing to these files would write, in order. */
export function planOutput(
  state: StateDirectory,
  files: OutputFiles,
  makesAuthority: boolean,
): PlannedStep[] {
  const paths = [
    ...(makesAuthority ? [state.issuerKeyFile, state.issuerFile, state.rootFile] : []),
    files.key,
    files.cert,
    state.issued.path,
  ];
  return paths.map((path) => ({ type: "write", path, root: false }));
}
