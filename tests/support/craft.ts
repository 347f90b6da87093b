/**
 * Certificates with single parts replaced by wrong ones. Signatures are arbitrary unless a key is given.
 *
 * @module
 */

import type { Bytes } from "../../src/bytes.ts";
import {
  bitString,
  encodeTime,
  explicit,
  integer,
  octetString,
  oid,
  sequence,
} from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import { algorithmOf } from "../../src/x509/key_algorithms.ts";
import { exportSpki, generateKey } from "../../src/x509/keys.ts";
import { encodeName } from "../../src/x509/name.ts";
import { sign } from "../../src/x509/signature.ts";

/** TLVs; an empty array of bytes leaves a part out. */
export interface Parts {
  version: Bytes;
  serial: Bytes;
  innerAlgorithm: Bytes;
  issuer: Bytes;
  validity: Bytes;
  subject: Bytes;
  spki: Bytes;
  uniqueIds: Bytes;
  extensions: Bytes;
  outerAlgorithm: Bytes;
  signature: Bytes;
}

/** Nothing, where a part is left out. */
export const NONE: Bytes = new Uint8Array();

const { publicKey } = await generateKey("p256", true);
const SPKI = await exportSpki(publicKey);
const ALGORITHM = sequence(oid(OID.ecdsaWithSha256));

/** A time on which nothing in the tests depends. */
export const NOW = new Date("2026-11-24T12:00:00Z");

/** One Extension; `critical` as TLV, or left out. */
export function extension(type: string, value: Bytes, critical: Bytes = NONE): Bytes {
  return sequence(oid(type), critical, octetString(value));
}

/** The [3] field. */
export function extensions(...list: Bytes[]): Bytes {
  return explicit(3, sequence(...list));
}

/** notBefore and notAfter. */
export function validity(notBefore: Date, notAfter: Date): Bytes {
  return sequence(encodeTime(notBefore), encodeTime(notAfter));
}

/** A certificate of good parts, except those given. */
export function craft(changes: Partial<Parts> = {}): Bytes {
  const parts = { ...defaults(), ...changes };
  return sequence(craftTbs(parts), parts.outerAlgorithm, parts.signature);
}

/** The same, signed. */
export async function craftSigned(changes: Partial<Parts>, key: CryptoKey): Promise<Bytes> {
  const algorithm = algorithmOf(key).signatureAlgorithm;
  const parts = { ...defaults(), innerAlgorithm: algorithm, outerAlgorithm: algorithm, ...changes };
  const tbs = craftTbs(parts);
  return sequence(tbs, parts.outerAlgorithm, bitString(await sign(key, tbs)));
}

function craftTbs(parts: Parts): Bytes {
  return sequence(
    parts.version,
    parts.serial,
    parts.innerAlgorithm,
    parts.issuer,
    parts.validity,
    parts.subject,
    parts.spki,
    parts.uniqueIds,
    parts.extensions,
  );
}

function defaults(): Parts {
  const name = encodeName([[OID.commonName, "crafted"]]);
  return {
    version: explicit(0, integer(2)),
    serial: integer(1),
    innerAlgorithm: ALGORITHM,
    issuer: name,
    validity: validity(NOW, new Date(NOW.getTime() + 86_400_000)),
    subject: name,
    spki: SPKI,
    uniqueIds: NONE,
    extensions: NONE,
    outerAlgorithm: ALGORITHM,
    signature: bitString(new Uint8Array(8)),
  };
}
