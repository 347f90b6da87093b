/**
 * Whether octets hold a private key, in whatever form: PEM, DER, PKCS#12 and the key stores of Java, NSS and others.
 *
 * No judge of certificates works here: what only looks like a key is one. Whatever may hold keys under a password counts
 * too, since nobody can say that it does not.
 *
 * @module
 */

import { textHoldsKey } from "./key_text.ts";

/** Elements of DER that stand one behind the other, as in a chain file; more are no chain. */
const MAX_ELEMENTS = 64;

/** OIDs in DER, without tag and length. */
const PKCS7 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07]; // RFC 5652: of what is in a PFX
const PKCS5 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05]; // RFC 8018: PBES1, PBES2
const PKCS12_PBE = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x01]; // RFC 7292, appendix C

const INTEGER = 0x02;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;

/** The first octets of files that keep keys. */
const MAGICS: readonly (readonly number[])[] = [
  [0xfe, 0xed, 0xfe, 0xed], // JKS
  [0xce, 0xce, 0xce, 0xce], // JCEKS
  [0, 0, 0, 1, 0, 0, 0, 0x14], // BKS, versions 1 and 2, salt of 20 octets
  [0, 0, 0, 2, 0, 0, 0, 0x14],
  [0x1e, 0xf1, 0xb5, 0xb0], // Microsoft's PVK
  [0x07, 0x02, 0x00, 0x00, 0x00, 0xa4, 0x00, 0x00, 0x52, 0x53, 0x41, 0x32], // its PRIVATEKEYBLOB, RSA2
  [0x07, 0x02, 0x00, 0x00, 0x00, 0x24, 0x00, 0x00, 0x52, 0x53, 0x41, 0x32],
];

/**
 * Decides for a file, or for a part of one.
 *
 * @param bytes With some of the part before it, so that nothing is cut where they meet.
 * @param place "whole", "start", or "middle": only the beginning says what a binary file is.
 */
export function holdsPrivateKey(
  bytes: Uint8Array,
  place: "whole" | "start" | "middle" = "whole",
): boolean {
  if (bytes.length === 0) return false;
  if (place !== "middle" && isKeyFile(bytes)) return true;
  const text = decodeText(bytes);
  return textHoldsKey(text, place === "whole", isKeyStructure);
}

/** Octets as characters. Text of 16 bits (what PowerShell's ">" writes) loses its zeros. */
function decodeText(bytes: Uint8Array): string {
  const text = LATIN1.decode(bytes);
  return /[A-Za-z-]\0[A-Za-z-]\0[A-Za-z-]\0[A-Za-z-]\0/.test(text)
    ? text.replaceAll("\0", "")
    : text;
}

const LATIN1 = new TextDecoder("latin1");

function isKeyFile(bytes: Uint8Array): boolean {
  if (MAGICS.some((magic) => magic.every((octet, i) => bytes[i] === octet))) return true;
  if (isNssDatabase(bytes) || isOpenPgpKey(bytes)) return true;
  if (startsWith(bytes, "openssh-key-v1\0")) return true;
  // A BOM before DER is an editor's doing.
  return isKeyStructure(startsWith(bytes, "\xef\xbb\xbf") ? bytes.subarray(3) : bytes);
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((character, i) => bytes[i] === character.charCodeAt(0));
}

/** key4.db: SQLite, with the table that NSS keeps private keys in. key3.db: Berkeley DB, version 2 of its hash. */
function isNssDatabase(bytes: Uint8Array): boolean {
  if (startsWith(bytes, "SQLite format 3\0")) {
    return LATIN1.decode(bytes.subarray(0, 64 * 1024)).includes("nssPrivate");
  }
  return startsWith(bytes, "\x00\x06\x15\x61") &&
    LATIN1.decode(bytes.subarray(0, 64 * 1024)).includes("global-salt");
}

/** A Secret-Key packet (RFC 9580, 5.5.1.3) of version 3, 4 or 6 at the start: a key that was exported without armour. */
function isOpenPgpKey(bytes: Uint8Array): boolean {
  const [tag = 0, length = 0] = bytes;
  if (tag < 0x94 || tag > 0x96) {
    if (tag !== 0xc5) return false;
    const octets = length < 192 ? 1 : length < 224 ? 2 : length === 255 ? 5 : 0;
    return octets > 0 && isOpenPgpVersion(bytes, 1 + octets);
  }
  return isOpenPgpVersion(bytes, 1 + (1 << (tag - 0x94)));
}

/** Version, four octets of time, and an algorithm that has been given a number. */
function isOpenPgpVersion(bytes: Uint8Array, at: number): boolean {
  const version = bytes[at] ?? 0;
  const algorithm = bytes[at + 5] ?? 0;
  return [3, 4, 6].includes(version) && algorithm > 0 && algorithm < 30;
}

/** Whether DER (or the BER of a PFX) of private keys stands there, alone or behind other elements. */
export function isKeyStructure(bytes: Uint8Array): boolean {
  let at = 0;
  for (let i = 0; i < MAX_ELEMENTS && bytes[at] === SEQUENCE; i++) {
    const element = readElement(bytes, at);
    if (element === undefined) return false;
    if (isKeySequence(bytes, element)) return true;
    if (element.end === undefined) return false;
    at = element.end;
  }
  return false;
}

/** The private keys of PKCS#8, PKCS#1, SEC 1 and OpenSSL's DSA; encrypted ones; PFX. */
function isKeySequence(bytes: Uint8Array, sequence: Element): boolean {
  const first = readElement(bytes, sequence.start);
  if (first?.end === undefined) return false;
  const second = readElement(bytes, first.end);
  if (second === undefined) return false;
  if (first.tag === INTEGER && first.end - first.start === 1) {
    const version = bytes[first.start];
    // RFC 7292, 4: version 3, then ContentInfo.
    if (version === 3) return second.tag === SEQUENCE && hasOid(bytes, second.start, PKCS7);
    if (version !== 0 && version !== 1) return false;
    // RFC 5915 (SEC 1), 3: the key; RFC 8017 (PKCS#1), A.1.2: the modulus, and OpenSSL's DSA: p.
    if (second.tag === OCTET_STRING) return version === 1 && lengthOf(second) >= 14;
    if (second.tag === INTEGER) return lengthOf(second) >= 32;
    // RFC 5958, 2: the algorithm, and the key.
    if (second.tag !== SEQUENCE || bytes[second.start] !== OBJECT_IDENTIFIER) return false;
    return second.end !== undefined && bytes[second.end] === OCTET_STRING;
  }
  // RFC 5958, 3: EncryptedPrivateKeyInfo.
  return first.tag === SEQUENCE && second.tag === OCTET_STRING &&
    (hasOid(bytes, first.start, PKCS5) || hasOid(bytes, first.start, PKCS12_PBE));
}

interface Element {
  readonly tag: number;
  /** Of its content. */
  readonly start: number;
  /** undefined for an indefinite length (X.690, 8.1.3.6). */
  readonly end: number | undefined;
}

/** The element that begins there. It may end behind what was read of the file. */
function readElement(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first };
  const octets = first & 0x7f;
  const start = at + 2 + octets;
  if (octets === 0) return { tag, start, end: undefined };
  if (octets > 4) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  return { tag, start, end: start + length };
}

function lengthOf({ start, end }: Element): number {
  return end === undefined ? Infinity : end - start;
}

function hasOid(bytes: Uint8Array, at: number, oid: readonly number[]): boolean {
  return bytes[at] === OBJECT_IDENTIFIER && oid.every((octet, i) => bytes[at + 2 + i] === octet);
}
