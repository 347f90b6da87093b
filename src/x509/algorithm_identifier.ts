/**
 * AlgorithmIdentifier and SubjectPublicKeyInfo (RFC 5280, 4.1.1.2 and 4.1.2.7).
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodeOctetBits, decodeOid, DerReader } from "../der/decode.ts";

/** An algorithm and its parameters, not interpreted. */
export interface AlgorithmIdentifier {
  readonly algorithm: string;
  /** The parameters' TLV; undefined where they are left out. */
  readonly parameters: Bytes | undefined;
  readonly tlv: Bytes;
}

/** A public key with its algorithm. */
export interface PublicKeyInfo {
  readonly algorithm: AlgorithmIdentifier;
  /** Content of the BIT STRING, without its unused-bits octet. */
  readonly bits: Bytes;
  readonly tlv: Bytes;
}

/** Reads an AlgorithmIdentifier where the reader stands. */
export function readAlgorithmIdentifier(reader: DerReader, field: string): AlgorithmIdentifier {
  const element = reader.read(field, 0x30);
  const inner = reader.into(element);
  const algorithm = decodeOid(inner.read("algorithm", 0x06));
  const parameters = inner.done ? undefined : inner.read("parameters").tlv;
  inner.finish();
  return { algorithm, parameters, tlv: element.tlv };
}

/** Reads a SubjectPublicKeyInfo where the reader stands. */
export function readPublicKeyInfo(reader: DerReader, field: string): PublicKeyInfo {
  const element = reader.read(field, 0x30);
  const inner = reader.into(element);
  const algorithm = readAlgorithmIdentifier(inner, "algorithm");
  const bits = decodeOctetBits(inner.read("subjectPublicKey", 0x03));
  inner.finish();
  return { algorithm, bits, tlv: element.tlv };
}

/** Reads a SubjectPublicKeyInfo that stands alone. Throws DER_INVALID. */
export function parsePublicKeyInfo(spki: Uint8Array): PublicKeyInfo {
  const reader = new DerReader(spki, "public key");
  const info = readPublicKeyInfo(reader, "subjectPublicKeyInfo");
  reader.finish();
  return info;
}
