/**
 * What a certificate cannot do without, and nothing else: a P-256 key, its two exports, a signature over as many
 * octets as a certificate has. `signing_loop COUNT` prints how it went as JSON.
 */

import process from "node:process";
import { runLoop } from "./loop.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;
/** Octets of the part of a leaf that is signed. */
const SIGNED = new Uint8Array(400);

const issuer = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);

await runLoop(Number(process.argv[2]), async () => {
  const pair = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  await crypto.subtle.exportKey("spki", pair.publicKey);
  await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  await crypto.subtle.sign(SIGNATURE, issuer.privateKey, SIGNED);
});
