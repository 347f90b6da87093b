/**
 * `setup --profile FILE`: the root as a configuration profile, for Macs, iPhones and iPads.
 *
 * @module
 */

import { encodeBase64 } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import type { CommandContext, Workplace } from "./context.ts";
import { resolvePath } from "./output_files.ts";

/** The absolute path of the profile. Throws USAGE for a name that no Apple device takes for one. */
export function profilePath({ host }: CommandContext, file: string): string {
  const path = resolvePath(host, file);
  if (/[^/]\.mobileconfig$/.test(path)) return path;
  throw new LocalTlsError(
    "USAGE",
    `Cannot write a profile to "${file}": Apple's systems know one by the ending .mobileconfig`,
    { hints: ["--profile localtls.mobileconfig"] },
  );
}

/** Writes it; nothing in it is secret. */
export async function writeProfile(
  { host }: CommandContext,
  { user }: Workplace,
  path: string,
  { certificate, sha256, label }: TrustAnchor,
): Promise<void> {
  const { configurationProfile } = await import("../recipes/mobileconfig.ts");
  const base64 = encodeBase64(certificate.der);
  const content = configurationProfile({ base64, sha256, name: label });
  await host.files.write(path, content, { mode: 0o644, owner: user.owner });
}
