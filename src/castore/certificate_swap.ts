/**
 * The files of a replacement outside of the state directory, and whether what stands there is what the journal says.
 *
 * A journal is input: it may be read by root and belong to a user, or have been written by another program of that user.
 * So a path in it counts for nothing by itself. A file is renamed or removed only if it is the certificate, by its
 * fingerprint, that this replacement has made or found there; and root gives nobody a file of somebody else's.
 *
 * @module
 */

import { decodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { FileInfo, Host } from "../host/host.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import type { ReplacementPlan, SwapFile } from "./replacement_plan.ts";

/** Bytes. A chain has 4 KiB. */
const MAX_CHAIN_BYTES = 1 << 20;

/** A file that is swapped, and the fingerprints of the certificates in it. */
export interface CertificateSwap extends SwapFile {
  readonly freshSha256: string;
  readonly formerSha256: string;
}

/** The files of a plan for which it also has the certificate of before and after. */
export function certificateSwaps(
  { files, issued, formerlyIssued }: ReplacementPlan,
): CertificateSwap[] {
  const after = new Map(issued.map(({ cert, sha256 }) => [cert, sha256]));
  const before = new Map(formerlyIssued.map(({ cert, sha256 }) => [cert, sha256]));
  return files.flatMap((file) => {
    const [freshSha256, formerSha256] = [after.get(file.place), before.get(file.place)];
    if (freshSha256 === undefined || formerSha256 === undefined) return [];
    return [{ ...file, freshSha256, formerSha256 }];
  });
}

/** Puts the new certificate in its place, if both are there and are what they should be. @returns whether it did. */
export async function swapCertificate(host: Host, swap: CertificateSwap): Promise<boolean> {
  const { place, fresh, freshSha256, formerSha256 } = swap;
  return await replace(host, place, [formerSha256, freshSha256], fresh, freshSha256);
}

/** Puts the former certificate back. @returns whether it did. */
export async function restoreCertificate(host: Host, swap: CertificateSwap): Promise<boolean> {
  const { place, former, freshSha256, formerSha256 } = swap;
  return await replace(host, place, [formerSha256, freshSha256], former, formerSha256);
}

/** Removes the copies that hold what the plan says; others of these names are not ours. */
export async function removeCopies(host: Host, swap: CertificateSwap): Promise<void> {
  const copies = [[swap.former, swap.formerSha256], [swap.fresh, swap.freshSha256]] as const;
  for (const [path, sha256] of copies) {
    if (await look(host, path, [sha256]) !== undefined) await host.files.remove(path);
  }
}

async function replace(
  host: Host,
  place: string,
  expected: readonly string[],
  copy: string,
  copied: string,
): Promise<boolean> {
  const from = await look(host, copy, [copied]);
  const to = await look(host, place, expected);
  // A copy has the owner of its file: where it has not, somebody else has put it there.
  if (from === undefined || to === undefined || from.uid !== to.uid) return false;
  await host.files.rename(copy, place);
  return true;
}

/** What stands there, if it is a plain file whose first certificate is one of these. */
async function look(
  host: Host,
  path: string,
  expected: readonly string[],
): Promise<FileInfo | undefined> {
  try {
    const info = await host.files.info(path);
    if (info?.type !== "file" || info.size > MAX_CHAIN_BYTES) return undefined;
    const content = await host.files.read(path, MAX_CHAIN_BYTES);
    const block = decodePem(new TextDecoder().decode(content))[0];
    if (block?.label !== "CERTIFICATE") return undefined;
    return expected.includes(await sha256Hex(block.der)) ? info : undefined;
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}
