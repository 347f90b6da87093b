/**
 * The key under which a TLS 1.3 server sends its certificates (RFC 8446, 7.1 and 7.3).
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";

/** What a cipher suite needs. ChaCha20 is left out: WebCrypto has none, and no server has it alone. */
export const TLS13_SUITES: Readonly<
  Record<number, { readonly hash: string; readonly hashLength: number; readonly keyLength: number }>
> = {
  0x1301: { hash: "SHA-256", hashLength: 32, keyLength: 16 },
  0x1302: { hash: "SHA-384", hashLength: 48, keyLength: 32 },
};

/** Decrypts the records of one direction, in their order. */
export interface RecordKey {
  /** @param header The record's five octets, which are authenticated too. Rejects where they do not fit. */
  open(header: Uint8Array, content: Uint8Array): Promise<Bytes>;
}

/**
 * The server's handshake traffic key.
 *
 * @param suite One of {@link TLS13_SUITES}.
 * @param shared The ECDH secret.
 * @param hellos ClientHello and ServerHello, as messages without their records.
 */
export async function serverHandshakeKey(
  suite: number,
  shared: Bytes,
  hellos: Bytes,
): Promise<RecordKey> {
  const { hash, hashLength, keyLength } = TLS13_SUITES[suite]!;
  const digest = async (content: Bytes) =>
    new Uint8Array(await crypto.subtle.digest(hash, content));
  const zeros = new Uint8Array(hashLength);
  const nothing = await digest(new Uint8Array());
  const early = await hmac(hash, zeros, zeros);
  const derived = await expandLabel(hash, early, "derived", nothing, hashLength);
  const handshake = await hmac(hash, derived, shared);
  const traffic = await expandLabel(
    hash,
    handshake,
    "s hs traffic",
    await digest(hellos),
    hashLength,
  );
  const octets = await expandLabel(hash, traffic, "key", new Uint8Array(), keyLength);
  const iv = await expandLabel(hash, traffic, "iv", new Uint8Array(), 12);
  const key = await crypto.subtle.importKey("raw", octets, "AES-GCM", false, ["decrypt"]);
  let sequence = 0;
  return {
    async open(header, content) {
      // RFC 8446, 5.3. A first flight has nowhere near 2^32 records.
      const nonce = iv.slice();
      const view = new DataView(nonce.buffer);
      view.setUint32(8, view.getUint32(8) ^ sequence++);
      const parameters = {
        name: "AES-GCM",
        iv: nonce,
        additionalData: new Uint8Array(header),
      };
      return new Uint8Array(
        await crypto.subtle.decrypt(parameters, key, new Uint8Array(content)),
      );
    },
  };
}

/** HKDF-Extract (RFC 5869, 2.2), and the one step of HKDF-Expand that is needed. */
async function hmac(hash: string, key: Bytes, content: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, content));
}

/** RFC 8446, 7.1, for at most as many octets as the hash has. */
async function expandLabel(
  hash: string,
  secret: Bytes,
  label: string,
  context: Bytes,
  length: number,
): Promise<Bytes> {
  const name = new TextEncoder().encode(`tls13 ${label}`);
  const info = concatBytes([
    Uint8Array.of(0, length, name.length),
    name,
    Uint8Array.of(context.length),
    context,
    Uint8Array.of(1), // HKDF-Expand's counter (RFC 5869, 2.3)
  ]);
  return (await hmac(hash, secret, info)).slice(0, length);
}
