/**
 * `--require-client-cert`: whose certificates open the door.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { decodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import { verifyPath } from "../../pki/path/verify_path.ts";
import type { JudgeChain } from "../../server/client_certificates.ts";
import { type CommandContext, openWorkplace } from "../context.ts";
import { resolvePath } from "../output_files.ts";

/** The roots, for TLS to name to clients, and the judge of what they show. */
export interface ClientRoots {
  /** PEM. */
  readonly roots: string;
  readonly judge: JudgeChain;
}

/**
 * Reads the roots.
 *
 * @param file "" for our own CA; undefined where no certificate is asked for.
 * Throws CA_MISSING, FILE_*, PEM_INVALID.
 */
export async function readClientRoots(
  context: CommandContext,
  file: string | undefined,
): Promise<ClientRoots | undefined> {
  if (file === undefined) return undefined;
  const { host } = context;
  if (file === "") {
    const { state } = await openWorkplace(context);
    const [root, issuer] = await Promise.all([
      readCertificates(host, state.rootFile),
      readCertificates(host, state.issuerFile),
    ]);
    if (root !== undefined) return clientRoots(context, root, issuer?.certificates ?? []);
    throw new LocalTlsError("CA_MISSING", "Cannot ask for certificates of our CA: there is none");
  }
  const path = resolvePath(host, file);
  const read = await readCertificates(host, path);
  if (read === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read "${path}": not found`);
  }
  return clientRoots(context, read, []);
}

interface CertificateFile {
  readonly text: string;
  readonly certificates: readonly Bytes[];
}

function clientRoots(
  { host }: CommandContext,
  { text, certificates: anchors }: CertificateFile,
  intermediates: readonly Bytes[],
): ClientRoots {
  return {
    roots: text,
    async judge([leaf, ...chain]) {
      if (leaf === undefined) return "A certificate is needed here.";
      const result = await verifyPath({
        leaf,
        intermediates: [...chain, ...intermediates],
        anchors,
        purpose: "client",
        time: host.now(),
        profile: "path",
      });
      return result.ok ? undefined : `${result.reason.message}.`;
    },
  };
}

async function readCertificates(
  host: CommandContext["host"],
  path: string,
): Promise<CertificateFile | undefined> {
  const bytes = await host.files.read(path, 1 << 20);
  if (bytes === undefined) return undefined;
  const text = new TextDecoder().decode(bytes);
  const certificates = decodePem(text).filter(({ label }) => label === "CERTIFICATE")
    .map(({ der }) => der);
  if (certificates.length > 0) return { text, certificates };
  throw new LocalTlsError("PEM_INVALID", `Cannot use "${path}": no certificate is in it`);
}
