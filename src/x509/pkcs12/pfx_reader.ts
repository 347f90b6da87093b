/**
 * Reading PKCS#12 files (RFC 7292), of everybody: in DER or BER, with the encryption of today or of the past.
 *
 * Read: password integrity and privacy modes. Refused: files without a MAC, whose changes nobody would notice,
 * and those sealed with public keys, which nobody writes. What is in keys and certificates is not looked at.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { berToDer, joinPieces } from "../../der/ber.ts";
import { decodeOid, decodeSmallInteger, DerReader } from "../../der/decode.ts";
import { OID, oidName } from "../../der/oids.ts";
import { context, contextConstructed, TAG } from "../../der/tags.ts";
import { LocalTlsError } from "../../errors.ts";
import { readAlgorithmIdentifier } from "../algorithm_identifier.ts";
import { decryptWithPassword } from "../password_decryption.ts";
import type { DecryptContext } from "../pbes2.ts";
import { refusal, WorkLimit } from "../work_limit.ts";
import { verifyMac } from "./mac.ts";
import { type PfxEntry, readSafeContents } from "./safe_contents.ts";

export type { PfxEntry } from "./safe_contents.ts";

/** What a PFX holds, in its order. */
export interface PfxFile {
  /** Private keys: PrivateKeyInfo DER. */
  readonly keys: readonly PfxEntry[];
  /** Certificate DER. */
  readonly certificates: readonly PfxEntry[];
}

/** Octets. A key store of 300 public roots has half of it. */
export const MAX_PFX_LENGTH = 2 * 1024 * 1024;

/** AuthenticatedSafes have one to three parts; Java writes one for each private key. */
const MAX_PARTS = 1000;

/** OpenSSL reads nearly everything, and asks for the passwords. */
const HINTS = [
  "Convert it: openssl pkcs12 -legacy -in FILE -out all.pem",
  "Then: openssl pkcs12 -export -in all.pem -out NEW-FILE",
];

/** The error of this reader, with the way on: openssl reads all, and is in no hurry. */
const refuse = refusal("PFX_INVALID", "Cannot read the PKCS#12 file", HINTS);

/** What reading one file may cost; to be shared where several passwords are tried on it. */
export function pfxWorkLimit(): WorkLimit {
  return new WorkLimit(refuse);
}

/**
 * Opens a PFX.
 * Throws PASSWORD_WRONG (a changed file looks the same); PFX_INVALID or DER_INVALID where it is malformed, not
 * supported or would take too long; nothing else, whatever the input.
 *
 * @param pfx PFX, DER or BER.
 * @param options `limit` where other passwords have been tried before; `guessed` for a password that is everybody's, which
 *   says nothing of who made the file.
 * @example
 * ```ts
 * import { rejects } from "node:assert/strict";
 * import { readPfx } from "./pfx_reader.ts";
 *
 * await rejects(readPfx(Uint8Array.of(0x30, 0x00), "changeit"), { code: "DER_INVALID" });
 * ```
 */
export async function readPfx(
  pfx: Uint8Array,
  password: string,
  options: { readonly limit?: WorkLimit; readonly guessed?: boolean } = {},
): Promise<PfxFile> {
  if (pfx.length > MAX_PFX_LENGTH) {
    throw refuse(`it has ${pfx.length} octets, more than ${MAX_PFX_LENGTH}`);
  }
  const { limit = pfxWorkLimit(), guessed = false } = options;
  const decrypt: DecryptContext = { refuse, limit };
  const outer = new DerReader(berToDer(pfx, "PFX"), "DER");
  const reader = outer.enter("pfx");
  outer.finish();
  const version = decodeSmallInteger(reader.read("version", TAG.integer), 0x7fffffff);
  if (version !== 3) throw refuse(`its version is ${version}, not 3`);
  const authSafe = reader.enter("authSafe");
  const type = decodeOid(authSafe.read("contentType", TAG.oid));
  if (type !== OID.data) {
    throw refuse(`it is protected as "${oidName(type)}", by a public key instead of a password`);
  }
  const content = readData(authSafe);
  if (reader.done) {
    throw refuse("it has no MAC, so that nobody would notice changes, and most programs refuse it");
  }
  const macData = reader.read("macData", TAG.sequence).tlv;
  reader.finish();
  if (!await verifyMac(macData, content, password, decrypt)) {
    throw passwordWrong("the password is wrong, or the file was changed");
  }
  if (!guessed) limit.extend();
  return await readAuthenticatedSafe(content, password, decrypt);
}

/** RFC 7292, 4.1: a list of SafeContents, in the clear or encrypted. */
async function readAuthenticatedSafe(
  content: Bytes,
  password: string,
  decrypt: DecryptContext,
): Promise<PfxFile> {
  const outer = new DerReader(berToDer(content, "authenticatedSafe"), "PFX");
  const parts = outer.enter("authenticatedSafe");
  outer.finish();
  const keys: PfxEntry[] = [];
  const certificates: PfxEntry[] = [];
  for (let count = 1; !parts.done; count++) {
    if (count > MAX_PARTS) throw decrypt.refuse(`it has more than ${MAX_PARTS} parts`);
    const part = parts.enter("contentInfo");
    const type = decodeOid(part.read("contentType", TAG.oid));
    let bags: Bytes;
    if (type === OID.data) bags = berToDer(readData(part), "safeContents");
    else if (type === OID.encryptedData) bags = await readEncryptedData(part, password, decrypt);
    else throw decrypt.refuse(`a part of it is "${oidName(type)}", which is not supported`);
    const found = await readSafeContents(bags, password, decrypt);
    keys.push(...found.keys);
    certificates.push(...found.certificates);
  }
  return { keys, certificates };
}

/** The rest of a ContentInfo of type data: the content of its OCTET STRING. */
function readData(info: DerReader): Bytes {
  const wrapper = info.enter("content", contextConstructed(0));
  info.finish();
  const content = wrapper.read("data", TAG.octetString).content;
  wrapper.finish();
  return content;
}

/** The rest of a ContentInfo of type encryptedData (RFC 5652, 8): SafeContents, decrypted, in DER. */
async function readEncryptedData(
  info: DerReader,
  password: string,
  decrypt: DecryptContext,
): Promise<Bytes> {
  const wrapper = info.enter("content", contextConstructed(0));
  info.finish();
  const data = wrapper.enter("encryptedData");
  wrapper.finish();
  decodeSmallInteger(data.read("version", TAG.integer), 2); // 2 with attributes, which are skipped
  const inner = data.enter("encryptedContentInfo");
  data.readOptional("unprotectedAttrs", contextConstructed(1));
  data.finish();
  const type = decodeOid(inner.read("contentType", TAG.oid));
  if (type !== OID.data) throw decrypt.refuse(`an encrypted part of it is "${oidName(type)}"`);
  const algorithm = readAlgorithmIdentifier(inner, "contentEncryptionAlgorithm");
  const encrypted = readEncryptedContent(inner);
  inner.finish();
  const plain = await decryptWithPassword(algorithm, password, encrypted, decrypt);
  try {
    if (plain !== undefined) return berToDer(plain, "safeContents");
  } catch {
    // One wrong password in 256 gives a good padding, and what it decrypts to is noise.
  }
  throw passwordWrong("a part of it is encrypted under another password than the rest");
}

/** IMPLICIT [0] OCTET STRING, or in pieces, whose constructed form BER does not tell from EXPLICIT. */
function readEncryptedContent(inner: DerReader): Bytes {
  if (inner.peekTag() !== contextConstructed(0)) {
    return inner.read("encryptedContent", context(0)).content;
  }
  const pieces = inner.enter("encryptedContent", contextConstructed(0));
  const found: Bytes[] = [];
  while (!pieces.done) found.push(pieces.read("piece", TAG.octetString).tlv);
  return joinPieces(found, pieces.field, pieces.offset);
}

function passwordWrong(state: string): LocalTlsError {
  return new LocalTlsError("PASSWORD_WRONG", `Cannot open the PKCS#12 file: ${state}`);
}
