/**
 * The copy of the anchor that root is asked to install.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { TrustAnchor } from "./store.ts";

/** Bytes. One certificate has 2 KiB. */
const MAX_BYTES = 1024 * 1024;

/**
 * Makes sure that the copy is the certificate that was asked for: the commands that are shown to the user read it. What
 * root itself is given comes by a pipe. Throws FILE_UNSAFE, FILE_NOT_FOUND.
 */
export async function checkAnchorCopy(host: Host, anchor: TrustAnchor): Promise<void> {
  const content = await host.files.read(anchor.file, MAX_BYTES);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot install "${anchor.file}": it is not there`);
  }
  if (new TextDecoder().decode(content) === anchor.pem) return;
  throw new LocalTlsError(
    "FILE_UNSAFE",
    `Cannot install "${anchor.file}": it does not hold the certificate ${anchor.sha256}`,
  );
}
