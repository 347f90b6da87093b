/**
 * Where a certificate goes, and how its files come to stand there.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { FileInfo, Files, FileToWrite, Host } from "../host/host.ts";
import { fileNameIn, isAbsolutePath, isWindowsPath, joinPath } from "../host/path_text.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import type { SubjectName } from "../pki/subject_name.ts";
import type { PlannedStep } from "../truststore/store.ts";

export { joinPath };

/** The files of a certificate, as absolute paths. */
export interface OutputFiles {
  readonly cert: string;
  /** None for a certificate that answers a request. */
  readonly key?: string;
  /** PKCS#12, which holds both. */
  readonly p12?: string;
}

/** Flags that steer the paths. */
export interface OutputOptions {
  /** Directory for the default names. Default: the working directory. */
  readonly out?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly p12File?: string | undefined;
}

/** What is written, and how it is called. */
export interface OutputKind {
  /** For a client: its files say so, and a server's of the same name are left alone. */
  readonly client?: boolean | undefined;
  /** A request was answered: there is no key to write. */
  readonly withoutKey?: boolean | undefined;
  readonly pkcs12?: boolean | undefined;
}

/** Characters of a name that a file name takes over: a URI can be longer than any file system allows. */
const MAX_BASE_LENGTH = 200;

/**
 * The file name that mkcert's users know: the first name, ":" as "_", "*" as "_wildcard", "+N" for
 * N further names, and "-client".
 *
 * @param names At least one; already checked, so nothing but letters, digits, ".", "-", ":" and a
 * leading "*." can stand in those of servers; e-mail addresses have some more, URIs many.
 */
export function baseName(names: readonly SubjectName[], client = false): string {
  const { type, value } = names[0] ?? { type: "dns", value: "" };
  const base = type === "uri"
    ? value.replaceAll(/[^A-Za-z0-9._-]+/g, "_").slice(0, MAX_BASE_LENGTH)
    : (value.startsWith("*") ? `_wildcard${value.slice(1)}` : value).replaceAll(":", "_");
  // A name is checked long before it comes here; this is the last gate before the file system.
  if (!/^[A-Za-z0-9_+=~][A-Za-z0-9@_+=~.-]*$/.test(base)) {
    throw new LocalTlsError("NAME_INVALID", `Cannot make a file name of "${value}"`);
  }
  const counted = names.length > 1 ? `${base}+${names.length - 1}` : base;
  return client ? `${counted}-client` : counted;
}

/** Decides where the files go. Throws USAGE where two of them would be one. */
export function outputFiles(
  host: Host,
  names: readonly SubjectName[],
  options: OutputOptions,
  kind: OutputKind = {},
): OutputFiles {
  const base = baseName(names, kind.client);
  const directory = resolvePath(host, options.out ?? ".");
  const place = (chosen: string | undefined, name: string) =>
    chosen === undefined
      ? joinPath(directory, fileNameIn(directory, name))
      : resolvePath(host, chosen);
  const files = {
    cert: place(options.certFile, `${base}.pem`),
    ...(kind.withoutKey ? {} : { key: place(options.keyFile, `${base}-key.pem`) }),
    ...(kind.pkcs12 ? { p12: place(options.p12File, `${base}.p12`) } : {}),
  };
  const paths: string[] = Object.values(files);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot write the certificate and its key to one file: "${twice}"`,
    );
  }
  return files;
}

/**
 * Writes all files or, where one of them cannot be written, none: a renewal on a full disk must not
 * leave a new key beside the old certificate. The key takes its place first: a crash in between
 * leaves a key without a certificate, never a certificate that a server would start with and no key.
 */
export async function writeOutputFiles(
  host: Host,
  files: OutputFiles,
  content: {
    readonly fullchainPem: string;
    readonly keyPem?: string | undefined;
    readonly pfx?: Uint8Array | undefined;
  },
  write: Files["writeTogether"] = host.files.writeTogether,
  found: FoundFiles = NOTHING_FOUND,
): Promise<void> {
  const replaces = (path: string) => ({ replaces: found.get(path) ?? "nothing" } as const);
  const { key, p12, cert } = files;
  const { keyPem, pfx, fullchainPem } = content;
  const list: FileToWrite[] = [];
  if (key !== undefined && keyPem !== undefined) {
    list.push({ path: key, content: keyPem, mode: 0o600, ...replaces(key) });
  }
  // It holds the key: mkcert leaves it readable for everybody.
  if (p12 !== undefined && pfx !== undefined) {
    list.push({ path: p12, content: pfx, mode: 0o600, ...replaces(p12) });
  }
  list.push({ path: cert, content: fullchainPem, mode: 0o644, ...replaces(cert) });
  await write(list);
}

/** What was at the paths when it was decided that it may be replaced; nothing at all others. */
export type FoundFiles = ReadonlyMap<string, FileInfo>;

const NOTHING_FOUND: FoundFiles = new Map();

/**
 * Whether something is at one of the paths. The rest of the question, whose it is, is only for those runs
 * (output_guard.ts). What is no plain file the writing refuses; an empty one, as mktemp(1) makes it, is a place to
 * write to.
 */
export async function isOccupied(host: Host, files: OutputFiles): Promise<boolean> {
  for (const path of Object.values(files) as string[]) {
    const info = await host.files.info(path);
    if (info?.type === "file" && info.size > 0) return true;
  }
  return false;
}

/**
 * Makes an absolute path of what the user typed, without asking the file system. Under sudo root's rights may be used
 * there (Host.allowRoot): never give it what was read from a file.
 */
export function resolvePath(host: Host, path: string): string {
  if (path === "") throw new LocalTlsError("USAGE", "Cannot use an empty path");
  if (path.includes("\0")) throw new LocalTlsError("USAGE", "Cannot use a path with a null byte");
  const absolute = path === "." ? host.workingDirectory : isAbsolutePath(path) ? path : joinPath(
    host.workingDirectory,
    path.replace(isWindowsPath(host.workingDirectory) ? /^(?:\.[\\/])+/ : /^(?:\.\/)+/, ""),
  );
  host.allowRoot(absolute);
  return absolute;
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
    files.p12,
    files.cert,
    state.issued.path,
  ];
  return paths.filter((path) => path !== undefined)
    .map((path) => ({ type: "write", path, root: false }));
}
