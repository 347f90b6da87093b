/**
 * SafeContents and its bags (RFC 7292, 4.2), read.
 *
 * @module
 */

import { type Bytes, toBytes } from "../../bytes.ts";
import { decodeOid, DerReader, type Element } from "../../der/decode.ts";
import { OID, oidName } from "../../der/oids.ts";
import { contextConstructed, TAG } from "../../der/tags.ts";
import { decryptPrivateKey } from "../encrypted_private_key.ts";
import type { DecryptContext } from "../pbes2.ts";

/** A private key or certificate in a PFX. */
export interface PfxEntry {
  readonly der: Bytes;
  /** Not escaped; undefined where there is none, or it is no BMPString. */
  readonly friendlyName: string | undefined;
  /** A key and its certificate have the same. */
  readonly localKeyId: Bytes | undefined;
}

/** The bags of the kinds that are read here. */
export interface SafeContents {
  readonly keys: PfxEntry[];
  readonly certificates: PfxEntry[];
}

/** safeContentsBags within each other: nobody has more than one. */
const MAX_NESTING = 4;

/**
 * Reads bags; CRLs, secrets and certificates that are not X.509 are skipped, unknown bags refused.
 * Throws DER_INVALID, PASSWORD_WRONG for a key under another password, and what `context.refuse` makes.
 */
export async function readSafeContents(
  der: Bytes,
  password: string,
  context: DecryptContext,
): Promise<SafeContents> {
  const outer = new DerReader(der, "PFX");
  const found: SafeContents = { keys: [], certificates: [] };
  await readBags(outer.enter("safeContents"), password, context, found, 0);
  outer.finish();
  return found;
}

async function readBags(
  bags: DerReader,
  password: string,
  context: DecryptContext,
  found: SafeContents,
  nesting: number,
): Promise<void> {
  if (nesting > MAX_NESTING) {
    throw context.refuse(`its bags are nested more than ${MAX_NESTING} deep`);
  }
  while (!bags.done) {
    const bag = bags.enter("safeBag");
    const type = decodeOid(bag.read("bagId", TAG.oid));
    const wrapper = bag.enter("bagValue", contextConstructed(0));
    const value = wrapper.read("value");
    const attributes = bag.done ? NO_ATTRIBUTES : readAttributes(bag);
    bag.finish();
    switch (type) {
      case OID.keyBag:
        found.keys.push({ der: toBytes(value.tlv), ...attributes });
        break;
      case OID.pkcs8ShroudedKeyBag:
        found.keys.push({
          der: await decryptPrivateKey(value.tlv, password, context),
          ...attributes,
        });
        break;
      case OID.certBag: {
        const certificate = readCertificateBag(wrapper.into(value));
        if (certificate !== undefined) found.certificates.push({ der: certificate, ...attributes });
        break;
      }
      case OID.safeContentsBag:
        await readBags(wrapper.into(value), password, context, found, nesting + 1);
        break;
      case OID.crlBag:
      case OID.secretBag:
        break;
      default:
        throw context.refuse(`a bag of the type "${oidName(type)}" is not known`);
    }
    wrapper.finish();
  }
}

/** RFC 7292, 4.2.3; undefined for SDSI certificates. */
function readCertificateBag(reader: DerReader): Bytes | undefined {
  const type = decodeOid(reader.read("certId", TAG.oid));
  const wrapper = reader.enter("certValue", contextConstructed(0));
  reader.finish();
  if (type !== OID.x509Certificate) return undefined;
  const certificate = wrapper.read("x509Certificate", TAG.octetString).content;
  wrapper.finish();
  return toBytes(certificate);
}

type Attributes = Pick<PfxEntry, "friendlyName" | "localKeyId">;

const NO_ATTRIBUTES: Attributes = { friendlyName: undefined, localKeyId: undefined };

/** PKCS12Attributes; those of others (Microsoft's, Oracle's) are skipped. */
function readAttributes(bag: DerReader): Attributes {
  const list = bag.enter("bagAttributes", TAG.set);
  let { friendlyName, localKeyId } = NO_ATTRIBUTES;
  while (!list.done) {
    const attribute = list.enter("attribute");
    const type = decodeOid(attribute.read("attrId", TAG.oid));
    const values = attribute.enter("attrValues", TAG.set);
    attribute.finish();
    if (values.done) continue; // some writers leave a name empty in this way
    const first = values.read("value");
    if (type === OID.friendlyName && first.tag === TAG.bmpString) friendlyName = readBmp(first);
    if (type === OID.localKeyId && first.tag === TAG.octetString) {
      localKeyId = toBytes(first.content);
    }
  }
  return { friendlyName, localKeyId };
}

/** UTF-16, big-endian; undefined for half characters. */
function readBmp({ content }: Element): string | undefined {
  if (content.length % 2 !== 0) return undefined;
  let text = "";
  for (let at = 0; at < content.length; at += 2) {
    text += String.fromCharCode((content[at] ?? 0) * 256 + (content[at + 1] ?? 0));
  }
  return text;
}
