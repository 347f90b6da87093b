/**
 * Whether a file that the ledger names is one that a localtls may write again.
 *
 * The ledger is input. A line in it can name any file and its true fingerprint, so that the file is as the ledger says is
 * not enough: it must be a certificate that this CA signed, or one of the form that every CA of localtls signs, and the
 * key that belongs to it. Root, who may write everywhere, also asks whose the files are.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { parentOf } from "../host/path_text.ts";
import type { TargetUser } from "../host/target_user.ts";
import type { Authority } from "../pki/authority.ts";
import { type Certificate, parseCertificate, readCommonName } from "../x509/certificate.ts";
import { equalBytes } from "../bytes.ts";
import { verifySignature } from "../x509/signature.ts";
import type { OutputFiles } from "./output_files.ts";

/** Bytes. A PKCS#12 file of ours has 4 KiB. */
const MAX_PFX_BYTES = 1 << 20;

/** How issuers of localtls are called (pki/hierarchy.ts): those of a CA that was replaced are gone. */
const ISSUER_NAME = /^localtls issuer CA [0-9a-f]{8}$/;

/** Whether the certificate is by this CA, or by one of localtls that is gone. */
export async function isOwnCertificate(
  authority: Authority | undefined,
  certificate: Certificate,
): Promise<boolean> {
  if (authority !== undefined && equalBytes(certificate.issuer, authority.issuer.subject)) {
    return await verifySignature(certificate, authority.issuer.spki);
  }
  return ISSUER_NAME.test(readCommonName(certificate.issuer) ?? "");
}

/**
 * Lets root use its own rights on files that a user's ledger names, in places of root's: only where the certificate that
 * is there was signed by this CA, so that root itself has put it there.
 */
export async function allowOwnFiles(
  host: Host,
  authority: Authority | undefined,
  certificate: Certificate,
  { cert, key, p12 }: OutputFiles,
): Promise<void> {
  if (!host.isRoot || authority === undefined) return;
  if (!equalBytes(certificate.issuer, authority.issuer.subject)) return;
  if (!await verifySignature(certificate, authority.issuer.spki)) return;
  // What takes its place is written next to it first.
  host.allowRoot(parentOf(cert) || "/");
  for (const path of [key, p12]) if (path !== undefined) host.allowRoot(path);
}

/**
 * Refuses what root would write over for a user and is not that user's. A certificate by the user's own CA may belong to
 * the server that uses it; its key then belongs to the same one. Throws FILE_UNSAFE.
 */
export async function requireReplaceable(
  host: Host,
  user: TargetUser,
  authority: Authority,
  certificate: Certificate,
  { cert, key, p12 }: OutputFiles,
): Promise<void> {
  if (!user.byRoot) return;
  if (!await isReplaceable(host, user, authority, certificate, cert)) throw foreign(cert);
  const holder = (await host.files.info(cert))?.uid;
  for (const path of [key, p12]) {
    if (path === undefined) continue;
    const info = await host.files.info(path);
    // Only PKCS#12 can be missing here: it is made where the user could make it.
    const at = info ?? await ownerOfDirectory(host, path);
    if (at?.uid !== host.user?.uid && (info === undefined || info.uid !== holder)) {
      throw foreign(path);
    }
  }
}

/** The part of {@link requireReplaceable} that is about the certificate. */
export async function isReplaceable(
  host: Host,
  { byRoot }: Pick<TargetUser, "byRoot">,
  authority: Authority,
  certificate: Certificate,
  path: string,
): Promise<boolean> {
  if (!byRoot) return true;
  return equalBytes(certificate.issuer, authority.issuer.subject) ||
    (await host.files.info(path))?.uid === host.user?.uid;
}

async function ownerOfDirectory({ files }: Host, path: string) {
  const real = await files.realPath(parentOf(path));
  return real === undefined ? undefined : await files.info(real);
}

function foreign(path: string): LocalTlsError {
  return new LocalTlsError(
    "FILE_UNSAFE",
    `Cannot write "${path}": it belongs to another user than the ledger that names it`,
    { hints: ["Run it as the user whose file it is, without sudo"] },
  );
}

/**
 * Whether a PKCS#12 file may be replaced by that of a new certificate: it opens with the same password, and its
 * certificate is ours (perhaps not the last one: a renewal without the password leaves it as it is). One that is missing
 * may be made.
 */
export async function isOwnPfx(
  host: Host,
  path: string,
  authority: Authority,
  password: string,
): Promise<boolean> {
  try {
    const content = await host.files.read(path, MAX_PFX_BYTES);
    if (content === undefined) return true;
    const { readPfx } = await import("../x509/pkcs12/pfx_reader.ts");
    const { certificates } = await readPfx(content, password);
    // The end-entity's comes first, as it was written.
    const [first] = certificates;
    return first !== undefined && await isOwnCertificate(authority, parseCertificate(first.der));
  } catch (error) {
    if (error instanceof LocalTlsError) return false;
    throw error;
  }
}
