/**
 * The CA as the commands of `ca` show it.
 *
 * @module
 */

import type { StateDirectory } from "../../castore/state_directory.ts";
import { LocalTlsError } from "../../errors.ts";
import type { Authority } from "../../pki/authority.ts";
import { type Certificate, readSubjectText } from "../../x509/certificate.ts";
import { describePublicKey } from "../../x509/public_key.ts";
import { describeAuthority } from "../authority.ts";
import type { CommandContext } from "../context.ts";
import type { CaCertificateDocument, CaDetailsDocument } from "./documents.ts";

/** The CA that is there. Throws CA_MISSING with the command that makes one. */
export async function requireAuthority(
  context: CommandContext,
  state: StateDirectory,
): Promise<Authority> {
  const authority = await state.loadAuthority();
  if (authority !== undefined) return authority;
  throw new LocalTlsError("CA_MISSING", `Cannot find a CA: there is none in "${state.path}"`, {
    hints: [`${context.program} setup`],
  });
}

/** Whether the key of its issuer is encrypted. */
export function isEncrypted(authority: Authority): boolean {
  return typeof authority.issuerKey === "function";
}

/** Whether the root issues by itself. */
export function isDirect(authority: Authority): boolean {
  return authority.rootSha256 === authority.issuerSha256;
}

/** The CA in full. */
export function describeDetails(state: StateDirectory, authority: Authority): CaDetailsDocument {
  const { root, issuer, rootSha256, issuerSha256 } = authority;
  return {
    ...describeAuthority(state, authority),
    rootCertificate: describeCertificate(state.rootFile, root, rootSha256),
    ...(isDirect(authority)
      ? {}
      : { issuer: describeCertificate(state.issuerFile, issuer, issuerSha256) }),
    key: { path: state.issuerKeyFile, encrypted: isEncrypted(authority) },
  };
}

function describeCertificate(
  path: string,
  certificate: Certificate,
  sha256: string,
): CaCertificateDocument {
  return {
    path,
    subject: readSubjectText(certificate.subject),
    sha256,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    key: describePublicKey(certificate.spki).label,
  };
}
