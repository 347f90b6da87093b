/**
 * rootCA.pem in the state directory: the root where programs look for it that know mkcert.
 *
 * @module
 */

import { ROOT_COPY } from "../castore/paths.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import { decodePem, encodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { Authority } from "../pki/authority.ts";
import { type Certificate, parseCertificate, readCommonName } from "../x509/certificate.ts";
import type { CommandContext, Workplace } from "./context.ts";
import { joinPath } from "./output_files.ts";

/** What mkcert keeps beside it, and localtls never has. */
const FOREIGN_KEY = "rootCA-key.pem";

/** Some hundred times what a certificate needs. */
const MAX_FILE_BYTES = 64 * 1024;

/**
 * Puts a copy of the root there, or brings it up to date (`ca rotate`, `ca permit`). A copy and no link:
 * the directory may be handed to a container or to Windows.
 *
 * Throws CA_MISMATCH where the file there is the root of somebody else's CA, FILE_*.
 */
export async function publishRoot(
  { host }: CommandContext,
  { state }: Workplace,
  authority: Authority,
): Promise<void> {
  const path = joinPath(state.path, ROOT_COPY);
  const held = await readHeld(host.files, path);
  if (held !== undefined && held !== "unreadable" && equal(held.der, authority.root.der)) return;
  if (held !== undefined && !isFormerCopy(held)) {
    throw foreign(state, await hasForeignKey(host.files, state));
  }
  const pem = encodePem("CERTIFICATE", authority.root.der);
  await host.files.write(path, pem, { mode: 0o644 });
}

/**
 * Brings the copy up to date when the CA is replaced, where there is a copy of the former root (also of one that was
 * adopted from mkcert). A failure is a warning: the CA is replaced all the same.
 */
export async function refreshRoot(
  context: CommandContext,
  { state }: Workplace,
  former: Authority,
  authority: Authority,
): Promise<void> {
  const { host } = context;
  const path = joinPath(state.path, ROOT_COPY);
  try {
    const held = await readHeld(host.files, path);
    if (held === undefined || held === "unreadable") return;
    if (!equal(held.der, former.root.der) && !isFormerCopy(held)) return;
    const pem = encodePem("CERTIFICATE", authority.root.der);
    await host.files.write(path, pem, { mode: 0o644 });
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    context.report({ type: "warning", code: error.code, message: error.message });
  }
}

/**
 * Refuses to make a CA where mkcert keeps one ($CAROOT): its root is trusted somewhere, and nobody would find it again.
 * Throws CA_MISMATCH with the way to go on.
 */
export async function requireOwnPlace(
  { host }: CommandContext,
  { state }: Workplace,
): Promise<void> {
  const hasKey = await hasForeignKey(host.files, state);
  const held = await readHeld(host.files, joinPath(state.path, ROOT_COPY));
  if (hasKey || (held !== undefined && !isFormerCopy(held))) throw foreign(state, hasKey);
}

type Files = CommandContext["host"]["files"];

async function readHeld(
  files: Files,
  path: string,
): Promise<Certificate | "unreadable" | undefined> {
  const content = await files.read(path, MAX_FILE_BYTES);
  if (content === undefined) return undefined;
  try {
    const block = decodePem(new TextDecoder().decode(content))[0];
    return block === undefined ? "unreadable" : parseCertificate(block.der);
  } catch (error) {
    if (error instanceof LocalTlsError) return "unreadable";
    throw error;
  }
}

async function hasForeignKey(files: Files, state: StateDirectory): Promise<boolean> {
  return await files.info(joinPath(state.path, FOREIGN_KEY)) !== undefined;
}

/** A root that localtls made before the one that is there now. */
function isFormerCopy(held: Certificate | "unreadable"): boolean {
  return held !== "unreadable" &&
    readCommonName(held.subject)?.startsWith("localtls root CA ") === true;
}

function foreign(state: StateDirectory, hasKey: boolean): LocalTlsError {
  const directory = quoteArgument(state.path);
  return new LocalTlsError(
    "CA_MISMATCH",
    `Cannot use "${state.path}" for a CA of localtls: the "${ROOT_COPY}" in it is that of another CA`,
    {
      hints: hasKey
        ? [
          `localtls --dir ${directory} ca import --mkcert ${directory}`,
          "Or choose another directory: CAROOT=DIR",
        ]
        : ["Choose another directory: CAROOT=DIR"],
    },
  );
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
