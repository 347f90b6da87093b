/**
 * `setup --profile FILE`: the root as a configuration profile, for Macs, iPhones and iPads.
 *
 * @module
 */

import { latin1 } from "../bytes.ts";
import { encodeBase64 } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import type { CommandContext } from "./context.ts";
import { resolvePath } from "./output_files.ts";
import { requireOwnOutput } from "./output_guard.ts";

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

/** Our profiles are replaced, another organization's only after a question. Throws FILE_EXISTS, CANCELLED. */
export async function requireOwnProfile(
  context: CommandContext,
  path: string,
  force: boolean | undefined,
): Promise<void> {
  await requireOwnOutput(context, path, (content) => latin1(content).includes("localtls"), {
    what: "not a profile that localtls wrote",
    force,
    hints: ["Choose another file with --profile, or add --force"],
  });
}

/** Writes it; nothing in it is secret. */
export async function writeProfile(
  { host }: CommandContext,
  path: string,
  { certificate, sha256, label }: TrustAnchor,
): Promise<void> {
  const { configurationProfile } = await import("../recipes/mobileconfig.ts");
  const base64 = encodeBase64(certificate.der);
  const content = configurationProfile({ base64, sha256, name: label });
  await host.files.write(path, content, { mode: 0o644 });
}
