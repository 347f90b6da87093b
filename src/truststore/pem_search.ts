/**
 * Looking for one certificate in PEM text: bundles as clients read them, and what keytool lists.
 *
 * A bundle has some 150 certificates and is read at every look, so blocks are compared as base64 of the
 * whole DER; equal DER is what an equal SHA-256 stands for. Blocks that are damaged are passed over, as
 * clients do.
 *
 * @module
 */

import { encodeBase64 } from "../der/pem.ts";

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

/** Where a block stands in the text; `end` is after its line end. */
export interface BlockPlace {
  readonly start: number;
  readonly end: number;
}

/** Every CERTIFICATE block that holds this DER. */
export function findCertificateBlocks(text: string, der: Uint8Array): BlockPlace[] {
  const wanted = encodeBase64(der);
  const found: BlockPlace[] = [];
  for (const { start, body, end } of certificateBlocks(text)) {
    // Line ends add a few percent; much longer ones cannot be equal, and are not stripped.
    if (body.length < wanted.length || body.length > wanted.length * 1.25 + 16) continue;
    if (body.replaceAll(/\s+/g, "") === wanted) found.push({ start, end });
  }
  return found;
}

/** How many CERTIFICATE blocks a text has. */
export function countCertificates(text: string): number {
  return [...certificateBlocks(text)].length;
}

/** Every CERTIFICATE block of a text, each once, ending with a line end; nothing else of it (keys, comments). */
export function extractCertificates(text: string): string[] {
  const blocks = new Map<string, string>();
  for (const { body } of certificateBlocks(text)) {
    const base64 = body.replaceAll(/\s+/g, "");
    // Headers of RFC 1421, or damage: clients pass over such a block, or give up the whole file.
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) continue;
    blocks.set(base64, `${BEGIN}\n${base64.replaceAll(/.{1,64}/g, "$&\n")}${END}\n`);
  }
  return [...blocks.values()];
}

function* certificateBlocks(
  text: string,
): Generator<{ readonly start: number; readonly body: string; readonly end: number }> {
  for (let at = 0;;) {
    const start = text.indexOf(BEGIN, at);
    if (start === -1) return;
    const stop = text.indexOf(END, start);
    if (stop === -1) return;
    let end = stop + END.length;
    if (text[end] === "\r") end++;
    if (text[end] === "\n") end++;
    yield { start, body: text.slice(start + BEGIN.length, stop), end };
    at = end;
  }
}
