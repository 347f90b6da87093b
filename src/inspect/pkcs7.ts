/**
 * The certificates in PKCS#7 SignedData (RFC 5652, 5.1): what .p7b files are, and what Windows exports as a chain.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodeOid, DerReader } from "../der/decode.ts";
import { OID, oidName } from "../der/oids.ts";
import { contextConstructed, TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";

/** The certificates, in their order. Signatures over content, where there are any, are not looked at. Throws DER_INVALID, CERTIFICATE_INVALID. */
export function readCertificateSet(der: Bytes): Bytes[] {
  const outer = new DerReader(der, "PKCS#7");
  const info = outer.enter("contentInfo");
  outer.finish();
  const type = decodeOid(info.read("contentType", TAG.oid));
  if (type !== OID.signedData) {
    throw new LocalTlsError(
      "CERTIFICATE_INVALID",
      `Cannot read the file: it is PKCS#7 of the type "${oidName(type)}"`,
    );
  }
  const wrapper = info.enter("content", contextConstructed(0));
  const data = wrapper.enter("signedData");
  data.read("version", TAG.integer);
  data.read("digestAlgorithms", TAG.set);
  data.read("encapContentInfo", TAG.sequence);
  if (data.peekTag() !== contextConstructed(0)) return [];
  const set = data.enter("certificates", contextConstructed(0));
  const certificates: Bytes[] = [];
  while (!set.done) {
    const choice = set.read("certificate");
    // The other choices are attribute certificates, and obsolete.
    if (choice.tag === TAG.sequence) certificates.push(choice.tlv);
  }
  return certificates;
}
