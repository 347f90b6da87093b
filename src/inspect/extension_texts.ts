/**
 * The long tail of extensions in words: what decides nothing about trust, and what people look for when they
 * inspect a certificate. The extensions that do decide are fields of the report (certificate_report.ts).
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodeBitString, decodeSmallInteger, DerReader } from "../der/decode.ts";
import { OID } from "../der/oids.ts";
import { TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import type { Extension } from "../x509/certificate.ts";
import { asn1Text, cut } from "./asn1_text.ts";

/** Those that @peculiar/x509 has a text for. Everything else is read here or written as ASN.1. */
const PECULIAR: ReadonlySet<string> = new Set([
  OID.cRLDistributionPoints,
  OID.authorityInfoAccess,
  OID.certificatePolicies,
  OID.issuerAltName,
]);

/** Bits of Netscape's certificate type, in their order. */
const NETSCAPE_TYPES = [
  "SSL client",
  "SSL server",
  "S/MIME",
  "object signing",
  "reserved",
  "SSL CA",
  "S/MIME CA",
  "object signing CA",
];

/** What an extension says, a line for each fact. Safe to show. */
export async function extensionTexts(extension: Extension): Promise<string[]> {
  if (PECULIAR.has(extension.oid)) {
    const { peculiarLines } = await import("./peculiar.ts");
    const lines = peculiarLines(extension);
    if (lines !== undefined) return lines.map((line) => cut(line));
  }
  return [ownText(extension) ?? asn1Text(extension.value)];
}

function ownText({ oid, value }: Extension): string | undefined {
  try {
    switch (oid) {
      case OID.signedCertificateTimestamps:
        return timestampsText(value);
      case OID.tlsFeature:
        return featureText(value);
      case OID.netscapeCertType:
        return netscapeText(value);
      case OID.ocspNoCheck:
        return "revocation of this OCSP responder is not asked about";
      case OID.precertificatePoison:
        return "a precertificate: no client may accept it";
      default:
        return undefined;
    }
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}

/** RFC 6962, 3.3: an OCTET STRING with a TLS list of SCTs, each with its length, version, log and time. */
function timestampsText(value: Bytes): string | undefined {
  const outer = new DerReader(value, "sctList");
  const { content } = outer.read("list", TAG.octetString);
  outer.finish();
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const times: string[] = [];
  // Version (1), log identifier (32), time (8).
  for (let at = 2; at + 2 + 41 <= view.byteLength; at += 2 + view.getUint16(at)) {
    const milliseconds = Number(view.getBigUint64(at + 2 + 33));
    if (milliseconds > 8.64e15) return undefined;
    times.push(new Date(milliseconds).toISOString().slice(0, 19) + "Z");
  }
  if (times.length === 0) return undefined;
  return cut(`${times.length} from public logs: ${times.join(", ")}`);
}

/** RFC 7633, 4: TLS extensions that the server must send; 5 is status_request (RFC 6066, 8). */
function featureText(value: Bytes): string {
  const outer = new DerReader(value, "tlsFeature");
  const list = outer.enter("features");
  outer.finish();
  const features: string[] = [];
  while (!list.done) {
    const number = decodeSmallInteger(list.read("feature", TAG.integer), 0xffff);
    features.push(number === 5 ? "status_request (OCSP must-staple)" : String(number));
  }
  return cut(features.join(", "));
}

function netscapeText(value: Bytes): string {
  const reader = new DerReader(value, "netscapeCertType");
  const { bytes } = decodeBitString(reader.read("value", TAG.bitString));
  reader.finish();
  const first = bytes[0] ?? 0;
  return NETSCAPE_TYPES.filter((_, bit) => (first & (0x80 >> bit)) !== 0).join(", ");
}
