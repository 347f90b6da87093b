/**
 * What a keychain and the trust settings that go with it hold of a certificate.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { decodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import type { DiscoverContext, TrustAnchor } from "../store.ts";
import { toolError } from "../tool.ts";
import { inScratchDirectory } from "./scratch.ts";
import { READ_TIMEOUT_MS, type SecurityTool } from "./security_tool.ts";
import { NO_SETTING, readTrustSetting, sha1Hex, type TrustSetting } from "./trust_settings.ts";

/** A keychain, and whose trust settings say what it is good for. */
export interface KeychainPlace {
  /** For the table and messages: "login keychain". */
  readonly label: string;
  readonly path: string;
  /** user: of this user alone. admin: of everybody on this machine. */
  readonly domain: "user" | "admin";
}

/** What stands in a place. */
export interface Held {
  readonly inKeychain: boolean;
  readonly setting: TrustSetting;
}

/** Bytes. Every trusted certificate takes about 1 KiB; Apple's own roots are in another domain. */
const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;

/** errSecItemNotFound (-25300) as an exit code, which is its lowest byte: nothing is in the keychain. */
const EXIT_NOT_FOUND = 44;

/** Reads a place. Throws STORE_UNAVAILABLE. */
export async function readPlace(
  context: DiscoverContext,
  tool: SecurityTool,
  { path, domain }: KeychainPlace,
  { certificate }: TrustAnchor,
): Promise<Held> {
  const sha1 = await sha1Hex(certificate.der);
  const [text, setting] = await Promise.all([
    exportCertificates(tool, path),
    exportSetting(context, tool, domain, sha1),
  ]);
  return { inKeychain: findCertificateBlocks(text, certificate.der).length > 0, setting };
}

/** Every certificate of a keychain, as PEM. Needs no password: certificates are no secrets. */
async function exportCertificates(tool: SecurityTool, keychain: string): Promise<string> {
  const words = ["find-certificate", "-a", "-p", keychain];
  const result = await tool.run(words, { timeoutMs: READ_TIMEOUT_MS });
  if (result.outcome === "exited" && result.code === EXIT_NOT_FOUND) return "";
  if (result.outcome === "exited" && result.code === 0) {
    return new TextDecoder().decode(result.stdout);
  }
  throw unavailable(words, result, `read "${keychain}"`);
}

async function exportSetting(
  context: DiscoverContext,
  tool: SecurityTool,
  domain: KeychainPlace["domain"],
  sha1: string,
): Promise<TrustSetting> {
  return await inScratchDirectory(context, async (directory) => {
    const file = `${directory}/settings.plist`;
    const words = ["trust-settings-export", ...(domain === "admin" ? ["-d"] : []), file];
    const result = await tool.run(words, { timeoutMs: READ_TIMEOUT_MS });
    if (result.outcome === "exited" && result.code === 0) {
      const content = await context.host.files.read(file, MAX_SETTINGS_BYTES);
      if (content !== undefined) {
        return readTrustSetting(new TextDecoder().decode(content), sha1);
      }
    }
    const said = `${result.stderr} ${new TextDecoder().decode(result.stdout)}`;
    if (result.outcome === "exited" && await tool.means(said, "noTrustSettings")) {
      return NO_SETTING;
    }
    throw unavailable(words, result, "read the trust settings");
  });
}

/**
 * Makes sure that the keychain's certificate with this SHA-1 is the anchor and no other: `security` deletes by
 * SHA-1, for which two certificates can be made that share it.
 * Throws TRUST_NOT_CONFIRMED.
 */
export async function checkSelector(
  tool: SecurityTool,
  { path }: KeychainPlace,
  { certificate }: TrustAnchor,
): Promise<string> {
  const sha1 = await sha1Hex(certificate.der);
  for (const { label, der } of decodePem(await exportCertificates(tool, path))) {
    if (label !== "CERTIFICATE" || await sha1Hex(der) !== sha1) continue;
    if (equalBytes(der, certificate.der)) continue;
    throw new LocalTlsError(
      "TRUST_NOT_CONFIRMED",
      `Cannot take the certificate out of "${path}": another certificate there has the same SHA-1`,
      { hints: ["Delete it in Keychain Access, which shows the SHA-256 of both"] },
    );
  }
  return sha1.toUpperCase();
}

function unavailable(
  words: readonly string[],
  result: Parameters<typeof toolError>[1],
  purpose: string,
): LocalTlsError {
  const { message, hints } = toolError(["security", ...words], result, { purpose, hints: [] }, {
    timeoutMs: READ_TIMEOUT_MS,
  });
  return new LocalTlsError("STORE_UNAVAILABLE", message, { hints });
}
