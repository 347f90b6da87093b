/**
 * Sentences for what the operating system answers, in place of its codes.
 *
 * @module
 */

import { type ErrorCode, LocalTlsError } from "../errors.ts";
import { redact } from "../input_text.ts";
import { operatingSystem } from "./operating_system.ts";
import { freeSpaceCommands, makeDirectoryCommand, showCommand } from "./shell_hints.ts";

const ON_WINDOWS = operatingSystem() === "windows";

/** The words of strerror(3) for the codes that files and processes meet. */
const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  EROFS: "Read-only file system",
  ENOSPC: "No space left on device",
  EDQUOT: "Disk quota exceeded",
  EFBIG: "File too large",
  EIO: "Input/output error",
  ENOENT: "No such file or directory",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  ENOTEMPTY: "Directory not empty",
  EEXIST: "File exists",
  EXDEV: "On another file system",
  EMFILE: "Too many open files",
  ENFILE: "Too many open files in the system",
  ENOMEM: "Out of memory",
  EBUSY: "Device or resource busy",
  ETXTBSY: "Program is being written",
  E2BIG: "Argument list too long",
  ENOEXEC: "Not a program",
  EINVAL: "Invalid argument",
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset",
  ETIMEDOUT: "Timed out",
  EHOSTUNREACH: "No route to host",
  ENETUNREACH: "Network is unreachable",
  ENOTFOUND: "Host name not found",
  EAI_AGAIN: "Host name cannot be looked up now",
};

/** The code of a system error ("ENOENT"); undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** One phrase for a system error: no code, no path, no stack. */
export function describeSystemError(error: unknown): string {
  const code = systemCode(error);
  const sentence = code === undefined ? undefined : SENTENCES[code];
  if (sentence !== undefined) return sentence;
  const message = error instanceof Error ? error.message : String(error);
  // The first line only, and bounded: what an unknown error says is not ours to repeat at length.
  return redact(message.split("\n", 1)[0] ?? "") || code || "Unknown error";
}

/** What was being done to a file; the first words of the message. */
export type FileAction = "read" | "write" | "append to" | "create" | "remove" | "rename" | "list";

/**
 * The LocalTlsError for a failed operation on a path: FILE_READ or FILE_WRITE (FILE_NOT_FOUND for a
 * missing directory), with a hint where there is something to do.
 */
export function fileError(action: FileAction, path: string, error: unknown): LocalTlsError {
  if (error instanceof LocalTlsError) return error;
  const code = systemCode(error);
  const reading = action === "read" || action === "list";
  const errorCode: ErrorCode = reading
    ? "FILE_READ"
    : code === "ENOENT"
    ? "FILE_NOT_FOUND"
    : "FILE_WRITE";
  const parent = parentOf(path);
  const state = code === "ENOENT" && !reading && action !== "rename"
    ? `The directory "${parent}" does not exist`
    : !reading && canBeHeld(code)
    ? `${describeSystemError(error)}, or it is open in another program`
    : describeSystemError(error);
  return new LocalTlsError(errorCode, `Cannot ${action} "${path}": ${state}`, {
    hints: fileHints(code, parent, reading),
    cause: error,
  });
}

/** Windows keeps a file that is open from being replaced, with the codes of missing permission. */
function canBeHeld(code: string | undefined): boolean {
  return ON_WINDOWS && (code === "EPERM" || code === "EACCES" || code === "EBUSY");
}

function fileHints(code: string | undefined, parent: string, reading: boolean): string[] {
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return freeSpaceCommands(parent);
    case "ENOENT":
      return reading ? [] : [makeDirectoryCommand(parent)];
    case "EACCES":
    case "EPERM":
      return [showCommand(parent)];
    default:
      return [];
  }
}

/** The directory of a path, as far as a message needs it. */
function parentOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end < 0 ? "." : end === 0 ? "/" : path.slice(0, end);
}
