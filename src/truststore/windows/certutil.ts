/**
 * Microsoft's certutil.exe: its argument arrays, and the answers that are the same in every language.
 *
 * What it prints is localized, so that nothing is read from it: a certificate is exported and compared. The SHA-1 is
 * the tool's way to name a certificate and decides nothing.
 *
 * @module
 */

import { type Bytes, equalBytes, toBytes, toHex } from "../../bytes.ts";
import { decodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import type { RunResult } from "../../host/host.ts";
import { joinPath, withBackslashes } from "../../host/path_text.ts";
import type { TrustAnchor } from "../store.ts";
import { toolError } from "../tool.ts";
import { type WindowsTools, withExchange } from "./tools.ts";

/** Whose Root store: CERT_SYSTEM_STORE_CURRENT_USER or _LOCAL_MACHINE. */
export type Location = "user" | "machine";

/** Stores by certutil's names. Disallowed holds what Windows must not trust, and has the last word. */
type StoreName = "Root" | "Disallowed";

/** Milliseconds to read a store; it opens no window. */
const READ_TIMEOUT_MS = 30_000;

/** Bytes. A certificate has 2 KiB. */
const MAX_EXPORT_BYTES = 1024 * 1024;

/** HRESULTs that certutil ends with (winerror.h). */
const NOT_FOUND = [0x80090011, /* NTE_NOT_FOUND */ 0x80092004 /* CRYPT_E_NOT_FOUND */];
const CANCELLED = [0x800704c7 /* ERROR_CANCELLED */];
const ACCESS_DENIED = [0x80070005 /* E_ACCESSDENIED */];

/** How a change ended, as far as the exit code can be believed. */
export type ChangeOutcome = "done" | "cancelled" | "access-denied" | "not-found" | "other";

/** The SHA-1 of the certificate: how certutil is told which one, and what the Security Warning shows. */
export async function thumbprint({ certificate }: TrustAnchor): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-1", toBytes(certificate.der))));
}

/** Adds a certificate from a file. `-f` replaces an entry that is there and damaged. */
export function addCommand(location: Location, program: string, file: string): string[] {
  return [program, ...options(location), "-addstore", "-f", "Root", file];
}

/** Takes a certificate out. */
export function deleteCommand(
  location: Location,
  program: string,
  sha1: string,
  store: StoreName = "Root",
): string[] {
  return [program, ...options(location), "-delstore", store, sha1];
}

function options(location: Location): string[] {
  return location === "user" ? ["-user"] : [];
}

/** What the exit code of a change says. */
export function outcomeOf({ outcome, code }: RunResult): ChangeOutcome {
  if (outcome !== "exited") return "other";
  if (code === 0) return "done";
  if (isCode(code, CANCELLED)) return "cancelled";
  if (isCode(code, ACCESS_DENIED)) return "access-denied";
  return isCode(code, NOT_FOUND) ? "not-found" : "other";
}

/**
 * Whether an exit code is one of these HRESULTs. Some runtimes and WSL pass on its lowest octet alone; others make it
 * a negative number.
 */
function isCode(code: number, known: readonly number[]): boolean {
  return known.some((value) =>
    code >>> 0 === value || (code > 0 && code <= 0xff && code === (value & 0xff))
  );
}

/** Where a certificate is seen. */
export interface Sighting {
  readonly root: boolean;
  /** Only asked for where it is a root. */
  readonly disallowed: boolean;
}

/**
 * Looks for the certificate. The user's stores show the machine's, too.
 * Throws STORE_UNAVAILABLE, TOOL_*, and TRUST_NOT_CONFIRMED for a tool that reports success and exports nothing.
 */
export async function lookFor(
  tools: WindowsTools,
  location: Location,
  anchor: TrustAnchor,
): Promise<Sighting> {
  const sha1 = await thumbprint(anchor);
  return await withExchange(tools, async (directory, windowsDirectory) => {
    const holds = async (store: StoreName) => {
      const name = `${store}.cer`;
      const argv = [
        tools.certutil,
        ...options(location),
        "-store",
        store,
        sha1,
        withBackslashes(joinPath(windowsDirectory, name)),
      ];
      return await isExported(tools, argv, joinPath(directory, name), anchor);
    };
    if (!await holds("Root")) return { root: false, disallowed: false };
    return { root: true, disallowed: await holds("Disallowed") };
  });
}

async function isExported(
  { host }: WindowsTools,
  argv: readonly string[],
  file: string,
  { certificate }: TrustAnchor,
): Promise<boolean> {
  const purpose = "read the Root store of Windows";
  const run = { timeoutMs: READ_TIMEOUT_MS };
  const result = await host.commands.run(argv, run);
  if (result.outcome === "missing") {
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot ${purpose}: "certutil.exe" cannot be started`,
    );
  }
  const content = await host.files.read(file, MAX_EXPORT_BYTES);
  if (content === undefined && outcomeOf(result) === "not-found") return false;
  if (result.outcome !== "exited" || result.code !== 0) {
    throw toolError(argv, result, { purpose, hints: [] }, run);
  }
  if (content === undefined) {
    throw new LocalTlsError(
      "TRUST_NOT_CONFIRMED",
      `Cannot ${purpose}: "certutil.exe" reported no error, and gave no certificate`,
    );
  }
  if (equalBytes(derOf(content), certificate.der)) return true;
  throw new LocalTlsError(
    "TOOL_FAILED",
    `Cannot ${purpose}: "certutil.exe" gave another certificate than was asked for`,
  );
}

/** DER, or the text encoding of it that `-split` and some versions write. */
function derOf(content: Bytes): Bytes {
  if (content[0] !== "-".charCodeAt(0)) return content;
  return decodePem(new TextDecoder().decode(content))[0]?.der ?? content;
}
