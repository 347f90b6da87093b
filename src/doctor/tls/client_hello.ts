/**
 * Writing a ClientHello (RFC 8446, 4.1.2; RFC 5246, 7.4.1.2). It is sent to see what comes back: the handshake is
 * never finished, so no secret is made or kept.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";
import { type Offer, VERSION } from "./offers.ts";

/** Extension numbers: IANA, TLS ExtensionType Values. */
const EXTENSION = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

/** Groups (RFC 8446, 4.2.7): every server has one of the two. */
const X25519 = 0x001d;
export const P256 = 0x0017;

/** A public key for the key exchange. */
export interface KeyShare {
  readonly group: number;
  readonly point: Bytes;
  /** Undefined where nobody is going to compute the shared secret. */
  readonly privateKey?: CryptoKey;
}

/** What a ClientHello is made of. */
export interface HelloOptions {
  readonly offer: Offer;
  /** For server_name; undefined for an address, which RFC 6066, 3 forbids there. */
  readonly serverName: string | undefined;
  /** Default: a point without a key, for a handshake that ends with ServerHello. */
  readonly keyShare?: KeyShare;
}

/** A whole record with a ClientHello in it. */
export function encodeClientHello({ offer, serverName, keyShare }: HelloOptions): Bytes {
  const offersTls13 = offer.versions.includes(VERSION.tls13);
  const extensions = [
    ...(serverName === undefined ? [] : [extension(EXTENSION.serverName, serverNames(serverName))]),
    extension(EXTENSION.extendedMasterSecret, NONE),
    extension(EXTENSION.renegotiationInfo, Uint8Array.of(0)),
    extension(EXTENSION.supportedGroups, vector16(uint16s(offer.groups))),
    extension(EXTENSION.pointFormats, Uint8Array.of(1, 0)),
    extension(EXTENSION.signatureAlgorithms, vector16(uint16s(offer.signatureAlgorithms))),
    ...(offersTls13
      ? [
        extension(EXTENSION.supportedVersions, vector8(uint16s(offer.versions))),
        extension(EXTENSION.keyShare, vector16(encodeShare(keyShare ?? anyShare()))),
      ]
      : []),
  ];
  const highest = Math.max(...offer.versions);
  const body = concatBytes([
    uint16(Math.min(highest, VERSION.tls12)),
    random(32),
    vector8(offersTls13 ? random(32) : NONE), // RFC 8446, appendix D.4: for middleboxes
    vector16(uint16s(offer.ciphers)),
    vector8(Uint8Array.of(0)),
    vector16(concatBytes(extensions)),
  ]);
  const message = concatBytes([Uint8Array.of(1, 0), uint16(body.length), body]);
  // RFC 8446, 5.1: 0x0301 in the first record, which no server refuses.
  return concatBytes([Uint8Array.of(22), uint16(VERSION.tls10), vector16(message)]);
}

const NONE: Bytes = new Uint8Array();

function serverNames(name: string): Bytes {
  const octets = new TextEncoder().encode(name);
  return vector16(concatBytes([Uint8Array.of(0), vector16(octets)]));
}

/** Any 32 octets are a point of X25519 (RFC 7748, 5). */
function anyShare(): KeyShare {
  return { group: X25519, point: random(32) };
}

function encodeShare({ group, point }: KeyShare): Bytes {
  return concatBytes([uint16(group), vector16(point)]);
}

function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

function extension(type: number, content: Uint8Array): Bytes {
  return concatBytes([uint16(type), vector16(content)]);
}

function uint16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function uint16s(values: readonly number[]): Bytes {
  return concatBytes(values.map(uint16));
}

function vector8(content: Uint8Array): Bytes {
  return concatBytes([Uint8Array.of(content.length), content]);
}

function vector16(content: Uint8Array): Bytes {
  return concatBytes([uint16(content.length), content]);
}
