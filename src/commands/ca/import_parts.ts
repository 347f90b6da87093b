/**
 * A CA out of the files of other programs: which certificate is the root, which the issuer, and whose is the key.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { sequence } from "../../der/encode.ts";
import { integer, nullValue, octetString, oid } from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { decodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import type { Hierarchy } from "../../pki/hierarchy.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate.ts";
import { importPkcs8, keyBelongsTo } from "../../x509/keys.ts";
import { verifySignature } from "../../x509/signature.ts";
import type { CommandContext } from "../context.ts";
import { givenPassword, requireTerminal } from "../issuer_password.ts";
import type { DecryptContext } from "../../x509/pbes2.ts";

/** Some thousand certificates: a whole key store. */
const MAX_BYTES = 2 * 1024 * 1024;

/** What files hold. */
export interface CaParts {
  readonly certificates: readonly Bytes[];
  /** PKCS#8 DER, decrypted. */
  readonly keys: readonly Bytes[];
}

/** Reads PEM, DER and PKCS#12. The password is asked for when something is encrypted. */
export async function readParts(
  context: CommandContext,
  paths: readonly string[],
  flags: { readonly passwordFile?: string | undefined },
): Promise<CaParts> {
  const certificates: Bytes[] = [];
  const keys: Bytes[] = [];
  let known: Promise<string> | undefined;
  for (const path of paths) {
    const password = () => known ??= askPassword(context, path, flags.passwordFile);
    const content = await context.host.files.read(path, MAX_BYTES);
    if (content === undefined) {
      throw new LocalTlsError("FILE_NOT_FOUND", `Cannot import the CA: "${path}" does not exist`);
    }
    const parts = await readContent(content, path, password);
    certificates.push(...parts.certificates);
    keys.push(...parts.keys);
  }
  return { certificates, keys };
}

/**
 * Puts the parts together: the issuer is the certificate of the key, the root is who signed it, itself if nobody
 * else. Whether they are a CA is for openAuthority() to say. Throws CA_MISMATCH.
 */
export async function chooseHierarchy({ certificates, keys }: CaParts): Promise<Hierarchy> {
  const [issuerKey] = keys;
  if (issuerKey === undefined) throw incomplete("the key is missing", ["Give its file with --key"]);
  if (keys.length > 1) throw incomplete(`there are ${keys.length} keys, and one is wanted`);
  const parsed = certificates.map(parseCertificate);
  if (parsed.length === 0) throw incomplete("no certificate is in it");
  const key = await importPkcs8(issuerKey);
  const issuers: Certificate[] = [];
  for (const certificate of parsed) {
    if (await keyBelongsTo(key, certificate)) issuers.push(certificate);
  }
  // Cross-signed: the one that signed itself needs nobody else.
  const issuer = issuers.find(({ selfIssued }) => selfIssued) ?? issuers[0];
  if (issuer === undefined) throw incomplete("the key belongs to none of the certificates");
  if (issuer.selfIssued) return { root: issuer.der, issuer: issuer.der, issuerKey };
  for (const root of parsed) {
    if (!root.selfIssued || !equalBytes(root.subject, issuer.issuer)) continue;
    if (await verifySignature(issuer, root.spki)) {
      return { root: root.der, issuer: issuer.der, issuerKey };
    }
  }
  throw incomplete("the root that signed the issuer is missing");
}

async function readContent(
  content: Bytes,
  path: string,
  password: () => Promise<string>,
): Promise<CaParts> {
  // A SEQUENCE of more than 127 octets begins with 30 8x; no PEM file does.
  if (content[0] === 0x30 && (content[1] ?? 0) >= 0x80) return await readBinary(content, password);
  const certificates: Bytes[] = [];
  const keys: Bytes[] = [];
  let decryption: DecryptContext | undefined; // what all keys of the file may cost together
  for (const { label, der } of decodePem(new TextDecoder().decode(content))) {
    if (label === "CERTIFICATE" || label === "TRUSTED CERTIFICATE") certificates.push(der);
    else if (label === "PRIVATE KEY") keys.push(der);
    else if (label === "RSA PRIVATE KEY") keys.push(wrapRsaKey(der));
    else if (label === "ENCRYPTED PRIVATE KEY") {
      const { decryptPrivateKey, keyDecryption } = await import(
        "../../x509/encrypted_private_key.ts"
      );
      decryption ??= keyDecryption();
      keys.push(await decryptPrivateKey(der, await password(), decryption));
    } else if (label === "EC PRIVATE KEY") {
      throw new LocalTlsError("KEY_INVALID", `Cannot read the key in "${path}": it is not PKCS#8`, {
        hints: [`openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW-KEY`],
      });
    }
  }
  return { certificates, keys };
}

/** PKCS#12 begins with a version, a certificate with another SEQUENCE. */
async function readBinary(content: Bytes, password: () => Promise<string>): Promise<CaParts> {
  const header = 2 + ((content[1] ?? 0) & 0x7f);
  if (content[1] !== 0x80 && content[header] === 0x30) {
    return { certificates: [content], keys: [] };
  }
  const { readPfx } = await import("../../x509/pkcs12/pfx_reader.ts");
  const pfx = await readPfx(content, await password());
  return {
    certificates: pfx.certificates.map(({ der }) => der),
    keys: pfx.keys.map(({ der }) => der),
  };
}

/** PKCS#1 (RFC 8017, A.1.2) as PKCS#8: what older versions of openssl write. */
function wrapRsaKey(der: Bytes): Bytes {
  const algorithm = sequence(oid(OID.rsaEncryption), nullValue());
  return sequence(integer(0), algorithm, octetString(der));
}

async function askPassword(
  context: CommandContext,
  path: string,
  passwordFile: string | undefined,
): Promise<string> {
  const given = await givenPassword(context, passwordFile);
  if (given !== undefined) return given;
  requireTerminal(context, `Cannot open "${path}": it is encrypted, and nobody can be asked`);
  return await context.host.terminal.askSecret(`Password of "${path}": `);
}

function incomplete(state: string, hints: readonly string[] = []): LocalTlsError {
  return new LocalTlsError("CA_MISMATCH", `Cannot import the CA: ${state}`, { hints });
}
