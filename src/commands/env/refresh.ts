/**
 * After the CA was replaced: the files that `env` made hold the former root, and shells and services that run on name
 * them. Which values those have does not change, so that they need not be started again.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { Authority } from "../../pki/authority.ts";
import { extractCertificates } from "../../truststore/pem_search.ts";
import { anchorOfAuthority } from "../anchors.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { joinPath } from "../output_files.ts";
import { bundleText, EnvironmentFiles, readUserBundle } from "./files.ts";
import { writeStoreFiles } from "./java.ts";

const BUNDLE = /^(bundle|extra)(?:-[0-9a-f]{16})?\.pem$/;

/** Makes what is there anew; what cannot be is a warning, since the CA is replaced already. */
export async function refreshEnvironment(
  context: CommandContext,
  workplace: Workplace,
  former: Authority,
  authority: Authority,
): Promise<void> {
  const { state } = workplace;
  const files = new EnvironmentFiles(context, workplace);
  const blockOf = (one: Authority) => extractCertificates(anchorOfAuthority(state, one).pem)[0]!;
  const own = blockOf(authority);
  for (const name of await context.host.files.list(files.directory)) {
    try {
      const kind = BUNDLE.exec(name)?.[1] as "bundle" | "extra" | undefined;
      if (kind !== undefined) await refreshBundle(files, kind, name, own);
      else if (name === "java.pem") await refreshJava(files, blockOf(former), own);
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      context.report({
        type: "warning",
        code: "ENVIRONMENT_NOT_REFRESHED",
        message: `"${
          joinPath(files.directory, name)
        }" still holds the former root: ${error.message}`,
      });
    }
  }
}

async function refreshBundle(
  files: EnvironmentFiles,
  kind: "bundle" | "extra",
  name: string,
  own: string,
): Promise<void> {
  const base = await files.baseOf(joinPath(files.directory, name));
  if (base === undefined) return;
  if (base.source === "file" && base.path !== undefined) {
    await files.writeBundle(kind, base, await readUserBundle(files.host, base.path), own);
    return;
  }
  const roots = await files.publicRoots();
  await files.writeBundle(kind, roots.base, roots.certificates, own);
}

async function refreshJava(files: EnvironmentFiles, former: string, own: string): Promise<void> {
  const list = joinPath(files.directory, "java.pem");
  const content = await files.host.files.read(list);
  const base = await files.baseOf(list);
  if (content === undefined || base === undefined) return;
  const others = extractCertificates(new TextDecoder().decode(content))
    .filter((pem) => pem !== former);
  await writeStoreFiles(files, bundleText(base, others, own));
}
