/**
 * From a certificate to what trust stores want to know of it.
 *
 * @module
 */

import { toHex } from "../bytes.ts";
import type { StateDirectory } from "../castore/state_directory.ts";
import { decodePem, encodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { parentOf } from "../host/path_text.ts";
import type { Authority } from "../pki/authority.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import { type Certificate, parseCertificate, readCommonName } from "../x509/certificate.ts";
import { isCa } from "../x509/extensions.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { joinPath } from "./output_files.ts";

/** The root of a CA of ours; the ledger knows it from other people's certificates. */
export interface OwnAnchor extends TrustAnchor {
  readonly own: true;
}

/** The anchor of our own CA. */
export function anchorOfAuthority(state: StateDirectory, authority: Authority): OwnAnchor {
  return {
    own: true,
    certificate: authority.root,
    pem: encodePem("CERTIFICATE", authority.root.der),
    sha256: authority.rootSha256,
    label: labelOf(authority.root),
    role: "ca",
    file: anchorFile(state, authority.rootSha256),
  };
}

/** The anchor of somebody else's certificate. */
export async function anchorOfCertificate(
  state: StateDirectory,
  certificate: Certificate,
): Promise<TrustAnchor> {
  const sha256 = await sha256Hex(certificate.der);
  return {
    certificate,
    pem: encodePem("CERTIFICATE", certificate.der),
    sha256,
    label: labelOf(certificate),
    role: isCa(certificate) ? "ca" : "peer",
    file: anchorFile(state, sha256),
  };
}

/**
 * Keeps a copy of everything that was ever trusted: taking a certificate out of an NSS database needs
 * the certificate, also when the file it came from or the CA itself is long gone.
 */
export async function keepAnchor(
  host: Host,
  anchor: TrustAnchor,
): Promise<void> {
  const held = await host.files.read(anchor.file);
  if (held !== undefined && new TextDecoder().decode(held) === anchor.pem) return;
  const directory = parentOf(anchor.file);
  const state = parentOf(directory);
  await host.files.makeDirectory(state, { mode: 0o700 });
  await host.files.makeDirectory(directory, { mode: 0o700 });
  await host.files.write(anchor.file, anchor.pem, { mode: 0o644 });
}

function anchorFile(state: StateDirectory, sha256: string): string {
  return joinPath(joinPath(state.path, "anchors"), `${sha256}.pem`);
}

/**
 * A name for the store's own list. NSS nicknames and Java aliases have to be unique in a store, and a
 * subject of a foreign certificate can be anything, so a piece of the key identifier is added.
 */
function labelOf(certificate: Certificate): string {
  const name = (readCommonName(certificate.subject) ?? "certificate")
    .replaceAll(/[^\p{L}\p{N} ._@+-]/gu, "_").trim().slice(0, 48);
  if (name.startsWith("localtls ")) return name;
  return `${name || "certificate"} ${toHex(certificate.serialNumber).slice(-8)}`;
}

/**
 * An anchor as a removal may take it: of a public root, only what bears a mark of ours. Mozilla's list is that of the
 * runtime; a root that came or went since it was built is judged by the marks alone where a ledger names it.
 */
export async function asRemovable(host: Host, anchor: TrustAnchor): Promise<TrustAnchor> {
  const { pem } = anchor;
  const body = (text: string) => text.replaceAll(/-----[^-]+-----|\s+/g, "");
  const wanted = body(pem);
  const isPublic = (await host.publicRoots()).some((root) => body(root) === wanted);
  return isPublic ? { ...anchor, isPublic, onlyMarked: true } : anchor;
}

/**
 * An anchor that a ledger or a journal names, and nobody else: what is not marked as ours stays in the stores, since the
 * files of the state directory are a user's, and say what their writers want.
 */
export function asRecorded<A extends TrustAnchor>(anchor: A): A {
  return { ...anchor, onlyMarked: true };
}

/** Reads one certificate as a SHA-256: 64 hexadecimal digits, with or without colons. Throws USAGE. */
export function parseFingerprint(text: string): string {
  const hex = text.replaceAll(/[:\s]/g, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use "${text}" as a SHA-256: give 64 hexadecimal digits`,
    );
  }
  return hex;
}

/** An anchor that was trusted before, from the copy in the state directory. Throws FILE_NOT_FOUND. */
export async function readKeptAnchor(
  host: Host,
  state: StateDirectory,
  sha256: string,
): Promise<TrustAnchor> {
  const path = anchorFile(state, sha256);
  const content = await host.files.read(path);
  const block = content === undefined ? undefined : decodePem(new TextDecoder().decode(content))[0];
  const anchor = block === undefined
    ? undefined
    : await anchorOfCertificate(state, parseCertificate(block.der));
  if (anchor?.sha256 === sha256) return anchor;
  throw new LocalTlsError(
    "FILE_NOT_FOUND",
    `Cannot find the certificate with SHA-256 ${sha256}: its copy "${path}" is missing or damaged`,
  );
}
