/**
 * Reading macOS's trust settings: what `security trust-settings-export` writes, not what
 * `dump-trust-settings` prints. The dump names certificates by their labels alone, which anybody's
 * certificate can have, and its words follow the user's language.
 *
 * @module
 */

import { equalBytes, toBytes, toHex } from "../../bytes.ts";
import { oid } from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { LocalTlsError } from "../../errors.ts";
import { parsePlist, type PlistValue } from "./plist.ts";

/** What the settings of one domain say of a certificate, as far as servers of TLS go. */
export interface TrustSetting {
  /** Whether there is an entry for it at all. */
  readonly exists: boolean;
  /** none: nothing is said of TLS, and the next domain decides (SecTrustSettings.h). */
  readonly verdict: "trust" | "deny" | "none";
}

/** SecTrustSettingsResult (SecTrustSettings.h). */
const RESULT = { trustRoot: 1, trustAsRoot: 2, deny: 3, unspecified: 4 } as const;

/** Limits a setting to one program, one host or one use of the key: no answer for servers at large. */
const LIMITING_KEYS = [
  "kSecTrustSettingsApplication",
  "kSecTrustSettingsPolicyString",
  "kSecTrustSettingsKeyUsage",
];

/** Nothing is set. */
export const NO_SETTING: TrustSetting = { exists: false, verdict: "none" };

/**
 * The setting of one certificate.
 *
 * @param text The exported property list.
 * @param sha1 Of the certificate's DER, 40 lower-case hexadecimal digits: the only key that the format has.
 * Throws STORE_UNAVAILABLE for a text that is not understood.
 */
export function readTrustSetting(text: string, sha1: string): TrustSetting {
  const root = parsePlist(text);
  const list = root instanceof Map ? root.get("trustList") : undefined;
  if (!(list instanceof Map)) {
    throw new LocalTlsError("STORE_UNAVAILABLE", "Cannot read the trust settings: no trustList");
  }
  for (const [key, entry] of list) {
    if (key.toLowerCase() === sha1) return { exists: true, verdict: judge(entry) };
  }
  return NO_SETTING;
}

/** The first usage constraint that is about servers of TLS decides. */
function judge(entry: PlistValue): TrustSetting["verdict"] {
  const settings = entry instanceof Map ? entry.get("trustSettings") : undefined;
  // "An empty trust settings array indicates that the certificate is always trusted as a root" (SecTrustSettings.h).
  if (settings === undefined || (Array.isArray(settings) && settings.length === 0)) return "trust";
  if (!Array.isArray(settings)) return "none";
  for (const setting of settings) {
    if (!(setting instanceof Map) || !isForServers(setting)) continue;
    // Left out, it is trustRoot.
    const result = setting.get("kSecTrustSettingsResult") ?? RESULT.trustRoot;
    if (result === RESULT.trustRoot || result === RESULT.trustAsRoot) return "trust";
    if (result === RESULT.deny) return "deny";
  }
  return "none";
}

function isForServers(setting: ReadonlyMap<string, PlistValue>): boolean {
  if (LIMITING_KEYS.some((key) => setting.has(key))) return false;
  const policy = setting.get("kSecTrustSettingsPolicy");
  if (policy === undefined) return true;
  // The content of the OID, without tag and length.
  return policy instanceof Uint8Array && equalBytes(policy, oid(OID.appleSslPolicy).slice(2));
}

/** SHA-1 of the DER: a name for `security`, never a proof; equality is judged by the whole DER. */
export async function sha1Hex(der: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-1", toBytes(der))));
}
