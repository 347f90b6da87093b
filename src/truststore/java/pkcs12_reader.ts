/**
 * The trusted certificates of a PKCS#12 key store that was written without a password (RFC 7292).
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { decodeOid, DerReader, type Element } from "../../der/decode.ts";
import { contextConstructed, TAG } from "../../der/tags.ts";
import type { Aliases } from "./keystore_reader.ts";

/** PKCS#7 data (RFC 5652, 4): content in the clear. */
export const DATA = "1.2.840.113549.1.7.1";
/** certBag with an X.509 certificate (RFC 7292, 4.2.3). */
export const CERT_BAG = "1.2.840.113549.1.12.10.1.3";
export const X509_CERTIFICATE = "1.2.840.113549.1.9.22.1";
/** RFC 2985, 5.5.1. */
export const FRIENDLY_NAME = "1.2.840.113549.1.9.20";
/** Oracle's attribute; without it the JDK takes a certificate for a part of somebody's chain. */
export const TRUSTED_KEY_USAGE = "2.16.840.1.113894.746875.1.1";

/**
 * Finds the aliases of trusted entries that hold exactly this DER; undefined where a part of the store
 * is encrypted. Throws DER_INVALID.
 */
export function readPkcs12Aliases(store: Uint8Array, der: Uint8Array): Aliases {
  const pfx = new DerReader(store, "PFX").enter("pfx");
  pfx.read("version", TAG.integer);
  const safe = openData(pfx.enter("authSafe"));
  if (safe === undefined) return undefined;
  const contents = new DerReader(safe.content, "authenticatedSafe").enter("contents");
  const aliases: string[] = [];
  while (!contents.done) {
    const data = openData(contents.enter("contentInfo"));
    if (data === undefined) return undefined;
    const bags = new DerReader(data.content, "safeContents").enter("bags");
    while (!bags.done) {
      const alias = readBag(bags.enter("bag"), der);
      if (alias !== undefined) aliases.push(alias);
    }
  }
  return aliases;
}

/** The OCTET STRING of a ContentInfo of type data; undefined for every other type. */
export function openData(info: DerReader): Element | undefined {
  if (decodeOid(info.read("contentType", TAG.oid)) !== DATA) return undefined;
  return info.enter("content", contextConstructed(0)).read("data", TAG.octetString);
}

/** The alias, if the bag is a trusted entry with this certificate. */
export function readBag(bag: DerReader, der: Uint8Array): string | undefined {
  if (decodeOid(bag.read("bagId", TAG.oid)) !== CERT_BAG) return undefined;
  const certBag = bag.enter("bagValue", contextConstructed(0)).enter("certBag");
  if (decodeOid(certBag.read("certId", TAG.oid)) !== X509_CERTIFICATE) return undefined;
  const value = certBag.enter("certValue", contextConstructed(0)).read("x509", TAG.octetString);
  if (!equalBytes(value.content, der) || bag.done) return undefined;
  let alias = "";
  let trusted = false;
  const attributes = bag.enter("bagAttributes", TAG.set);
  while (!attributes.done) {
    const attribute = attributes.enter("attribute");
    const type = decodeOid(attribute.read("attrId", TAG.oid));
    const values = attribute.enter("attrValues", TAG.set);
    if (type === TRUSTED_KEY_USAGE) trusted = !values.done;
    if (type === FRIENDLY_NAME) alias = decodeBmpString(values.read("name", TAG.bmpString));
  }
  return trusted ? alias : undefined;
}

function decodeBmpString({ content }: Element): string {
  let text = "";
  for (let at = 0; at + 1 < content.length; at += 2) {
    text += String.fromCharCode(content[at]! * 256 + content[at + 1]!);
  }
  return text;
}
