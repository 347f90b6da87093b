/**
 * A root to share that is none: what is made of it is looked at, and never trusted.
 *
 * @module
 */

import { toBytes, toHex } from "../../../src/bytes.ts";
import { encodeBase64, encodePem } from "../../../src/der/pem.ts";
import type { SharedRoot } from "../../../src/share/root.ts";

/** Its label has what HTML, XML and shells take for something else. */
export async function sharedRoot(label = `a<b>&"c"'d`): Promise<SharedRoot> {
  const der = toBytes(new Uint8Array(400).map((_, i) => i * 7 & 0xff));
  const pem = encodePem("CERTIFICATE", der);
  return {
    der,
    pem,
    base64: encodeBase64(der),
    sha256: await sha256(der),
    pemSha256: await sha256(toBytes(new TextEncoder().encode(pem))),
    label,
  };
}

/** As hexadecimal. */
export async function sha256(content: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", content)));
}
