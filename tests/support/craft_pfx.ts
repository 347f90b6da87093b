/**
 * PKCS#12 files of the past, of strangers and of attackers, with single parts replaced. One iteration everywhere, so that
 * thousands can be opened.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../src/bytes.ts";
import {
  encodeTlv,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  sequenceOf,
  set,
} from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import { type Encrypted, encryptPbes2 } from "../../src/x509/pbes2.ts";
import { encodeMac } from "../../src/x509/pkcs12/mac.ts";
import { bmpOctets } from "../../src/x509/pkcs12/password_kdf.ts";

/** The password of every file made here. */
export const PASSWORD = "changeit";

const CHEAP = { saltLength: 8, iterations: 1 };

/** A PFX around the parts of an AuthenticatedSafe, with its MAC. */
export async function craftPfx(...parts: Bytes[]): Promise<Bytes> {
  return await sealPfx(sequence(...parts));
}

/** A PFX around whatever is said to be an AuthenticatedSafe. @param changes TLVs; empty ones leave a part out. */
export async function sealPfx(
  content: Bytes,
  changes: { version?: Bytes; authSafe?: Bytes; mac?: Bytes } = {},
): Promise<Bytes> {
  const version = changes.version ?? integer(3);
  const authSafe = changes.authSafe ?? dataPart(content);
  const mac = changes.mac ??
    await encodeMac(content, PASSWORD, { ...CHEAP, hash: "SHA-256" });
  return sequence(version, authSafe, mac);
}

/** ContentInfo with its content in the clear. */
export function dataPart(content: Bytes): Bytes {
  return sequence(oid(OID.data), explicit(0, octetString(content)));
}

/** ContentInfo with its content encrypted. */
export async function encryptedPart(content: Bytes, password = PASSWORD): Promise<Bytes> {
  return encryptedPartOf(await encryptPbes2(password, content, CHEAP));
}

/** The same with what is encrypted already. */
export function encryptedPartOf({ algorithm, encrypted }: Encrypted): Bytes {
  const info = sequence(oid(OID.data), algorithm, implicit(0, encrypted));
  return sequence(oid(OID.encryptedData), explicit(0, sequence(integer(0), info)));
}

/** SafeContents. */
export function bags(...list: Bytes[]): Bytes {
  return sequenceOf(list);
}

/** SafeBag. */
export function bag(type: string, value: Bytes, ...attributes: Bytes[]): Bytes {
  return sequence(oid(type), explicit(0, value), concatBytes(attributes));
}

/** certBag. */
export function certBag(certificate: Bytes, ...attributes: Bytes[]): Bytes {
  const value = sequence(oid(OID.x509Certificate), explicit(0, octetString(certificate)));
  return bag(OID.certBag, value, ...attributes);
}

/** pkcs8ShroudedKeyBag. */
export async function keyBag(pkcs8: Bytes, password = PASSWORD): Promise<Bytes> {
  const { algorithm, encrypted } = await encryptPbes2(password, pkcs8, CHEAP);
  return bag(OID.pkcs8ShroudedKeyBag, sequence(algorithm, octetString(encrypted)));
}

/** The attributes of a bag: friendlyName alone. */
export function named(name: string): Bytes {
  return set(sequence(oid(OID.friendlyName), set(encodeTlv(0x1e, bmpOctets(name)))));
}
