/**
 * Reading certification requests (PKCS#10, RFC 2986), from any hand: nothing in one is believed.
 *
 * Validated here: the whole structure, the subject's and the requested subjectAltNames' encoding. What is
 * taken from a request is its public key and the names in its subjectAltName; everything else that it asks
 * for (CA:TRUE, key usages, lifetimes, the subject) is at most shown. `verifyRequest` adds the key's
 * type and size and the proof that whoever asks has the private key. Whether the names may be issued for is
 * decided in pki/.
 *
 * @module
 */

import { type Bytes, toBytes } from "../bytes.ts";
import {
  decodeOctetBits,
  decodeOid,
  decodeSmallInteger,
  derError,
  DerReader,
} from "../der/decode.ts";
import { OID, oidName } from "../der/oids.ts";
import { contextConstructed, TAG } from "../der/tags.ts";
import { LocalTlsError } from "../errors.ts";
import { readAlgorithmIdentifier, readPublicKeyInfo } from "./algorithm_identifier.ts";
import { type Extension, readExtensionList } from "./certificate.ts";
import { readSubjectAltNames } from "./extensions.ts";
import type { GeneralName } from "./general_name.ts";
import { readCommonName, readSubjectText } from "./name.ts";
import { checkTlsPublicKey } from "./public_key_policy.ts";
import { verifySignature } from "./signature.ts";

/** A certification request. The byte strings are views of `der`, which belongs to the request. */
export interface CertificationRequest {
  readonly der: Bytes;
  /** CertificationRequestInfo TLV: what is signed. */
  readonly tbs: Bytes;
  /** Name TLV. */
  readonly subject: Bytes;
  /** The subject in RFC 4514 form, safe to show. */
  readonly subjectText: string;
  /** The subject's last common name as it stands: only text, from a stranger. */
  readonly commonName: string | undefined;
  /** SubjectPublicKeyInfo TLV. */
  readonly spki: Bytes;
  /** Content of the BIT STRING in `spki`. */
  readonly publicKeyBits: Bytes;
  /** OID. */
  readonly keyAlgorithm: string;
  /** OID. */
  readonly signatureAlgorithm: string;
  /** TLV of the signature algorithm's parameters; undefined where they are left out. */
  readonly signatureParameters: Bytes | undefined;
  /** Content of the BIT STRING. */
  readonly signature: Bytes;
  /** The extensions that are asked for, by OID (RFC 2985, 5.4.2). */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** The subjectAltNames that are asked for, none of them checked; an empty list where there are none. */
  readonly requestedNames: readonly GeneralName[];
}

/** Octets. As for certificates: 1,000 names of 255 characters are 260 kB. */
export const MAX_REQUEST_LENGTH = 1024 * 1024;

/**
 * Reads a request from DER, which is copied. Throws CSR_INVALID or DER_INVALID, nothing else, whatever the
 * input. The signature is not looked at: see {@link verifyRequest}.
 *
 * @example
 * ```ts
 * import { throws } from "node:assert/strict";
 * import { parseRequest } from "./certification_request.ts";
 *
 * throws(() => parseRequest(Uint8Array.of(0x30, 0x00)), { code: "DER_INVALID" });
 * ```
 */
export function parseRequest(der: Uint8Array): CertificationRequest {
  if (der.length > MAX_REQUEST_LENGTH) {
    throw invalid(`it has ${der.length} octets, more than ${MAX_REQUEST_LENGTH}`);
  }
  const owned = toBytes(der);
  const outer = new DerReader(owned, "DER");
  const reader = outer.enter("certificationRequest");
  outer.finish();
  const infoElement = reader.read("certificationRequestInfo", TAG.sequence);
  const algorithm = readAlgorithmIdentifier(reader, "signatureAlgorithm");
  const signature = decodeOctetBits(reader.read("signature", TAG.bitString));
  reader.finish();

  const info = reader.into(infoElement);
  const version = info.read("version", TAG.integer);
  if (decodeSmallInteger(version, 0x7fffffff) !== 0) {
    throw invalid("its version is not 1, and there is no other");
  }
  const subject = info.read("subject", TAG.sequence).tlv;
  const key = readPublicKeyInfo(info, "subjectPKInfo");
  const extensions = readRequestedExtensions(info.enter("attributes", contextConstructed(0)));
  info.finish();
  return {
    der: owned,
    tbs: infoElement.tlv,
    subject,
    subjectText: readSubjectText(subject),
    commonName: readCommonName(subject),
    spki: key.tlv,
    publicKeyBits: key.bits,
    keyAlgorithm: key.algorithm.algorithm,
    signatureAlgorithm: algorithm.algorithm,
    signatureParameters: algorithm.parameters,
    signature,
    extensions,
    requestedNames: readSubjectAltNames({ extensions }) ?? [],
  };
}

const NO_EXTENSIONS: ReadonlyMap<string, Extension> = new Map();

/** RFC 2986, 4.1 and RFC 2985, 5.4.2: attributes, of which one asks for extensions; the others are skipped. */
function readRequestedExtensions(attributes: DerReader): ReadonlyMap<string, Extension> {
  let extensions: ReadonlyMap<string, Extension> | undefined;
  while (!attributes.done) {
    const attribute = attributes.enter("attribute");
    const type = decodeOid(attribute.read("type", TAG.oid));
    const values = attribute.enter("values", TAG.set);
    attribute.finish();
    if (type !== OID.extensionRequest) continue;
    if (extensions !== undefined) throw invalid("it asks for extensions twice");
    const list = values.enter("extensionRequest");
    if (!values.done) throw derError(values.field, values.offset, "there is more than one value");
    extensions = readExtensionList(list);
    if (extensions === undefined) throw invalid("it asks for the same extension twice");
  }
  return extensions ?? NO_EXTENSIONS;
}

/** Signature algorithms that are known and not taken, and why. */
const REFUSED_SIGNATURES: Readonly<Record<string, string>> = {
  [OID.md2WithRsa]: "MD2 has been broken",
  [OID.md5WithRsa]: "MD5 has been broken (RFC 6151)",
  [OID.sha1WithRsa]: "SHA-1 has been broken (RFC 9155)",
  [OID.ecdsaWithSha1]: "SHA-1 has been broken (RFC 9155)",
  [OID.rsassaPss]: "RSASSA-PSS is not supported",
};

/** What can be verified: by the keys that checkTlsPublicKey lets through. */
const SIGNATURES: ReadonlySet<string> = new Set([
  OID.ecdsaWithSha256,
  OID.ecdsaWithSha384,
  OID.ecdsaWithSha512,
  OID.sha256WithRsa,
  OID.sha384WithRsa,
  OID.sha512WithRsa,
]);

/**
 * Makes sure that a request can be issued for as far as its key goes: P-256, P-384 or RSA of a sound size, and a
 * signature by that key, which proves that whoever asks has it (RFC 2986, 3).
 *
 * Throws KEY_INVALID for the key, CSR_INVALID for the signature.
 */
export async function verifyRequest(request: CertificationRequest): Promise<void> {
  checkTlsPublicKey(request.spki);
  const oid = request.signatureAlgorithm;
  if (!SIGNATURES.has(oid)) {
    const reason = REFUSED_SIGNATURES[oid] ?? "the algorithm is not supported";
    throw new LocalTlsError(
      "CSR_INVALID",
      `Cannot accept the request: it is signed with "${oidName(oid)}", and ${reason}`,
      { hints: ["Make the request again with SHA-256: openssl req -new -sha256 -key KEY"] },
    );
  }
  let good: boolean;
  try {
    good = await verifySignature(request, request.spki);
  } catch (cause) {
    // Lengths and exponents were looked at: what is left is a point that is not on its curve.
    if (!(cause instanceof LocalTlsError)) throw cause;
    throw new LocalTlsError(
      "KEY_INVALID",
      "Cannot use the public key of the request: the numbers in it are no key",
      { cause },
    );
  }
  if (!good) {
    throw new LocalTlsError(
      "CSR_INVALID",
      "Cannot accept the request: its signature is not by its own key, or it was changed",
    );
  }
}

function invalid(state: string): LocalTlsError {
  return new LocalTlsError("CSR_INVALID", `Cannot read the certification request: ${state}`);
}
