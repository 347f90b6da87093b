/**
 * Reading and writing the rows of one certificate: the certificate object, its trust objects and
 * their signatures. Everything here runs inside the caller's transaction.
 *
 * @module
 */

import { type Bytes, toBytes } from "../../bytes.ts";
import { decodeIntegerUnsigned, DerReader } from "../../der/decode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import type { SqlValue } from "../../host/host.ts";
import type { Certificate } from "../../x509/certificate.ts";
import type { TrustAnchor } from "../store.ts";
import {
  ATTRIBUTE,
  columnOf,
  EXPLICIT_NULL,
  FALSE,
  OBJECT_CLASS,
  TRUE,
  ulong,
} from "./attributes.ts";
import type { NssDatabase } from "./database.ts";
import type { PasswordKey } from "./password.ts";
import { signAttribute, signatureName, signaturePrefix } from "./signatures.ts";
import { type AttributeValues, TRUST_FORMATS, type TrustFormat } from "./trust_format.ts";

/** A trust object. */
export interface TrustRow {
  readonly id: bigint;
  readonly format: TrustFormat;
  /** The attributes of its format that are there. */
  readonly values: AttributeValues;
}

/** What a database holds of a certificate. */
export interface AnchorRows {
  /** Object ids of the certificate itself. */
  readonly certificates: readonly bigint[];
  readonly trust: readonly TrustRow[];
}

/** NSS draws object ids from 30 bits. */
const MAX_OBJECT_ID = 0x3fffffff;

/** The certificate by its DER, its trust by issuer and serial number, which is how NSS looks it up. */
export function findAnchorRows(database: NssDatabase, certificate: Certificate): AnchorRows {
  if (database.columns.size === 0) return { certificates: [], trust: [] };
  const certificates = database.certificates.all(
    "SELECT id FROM nssPublic WHERE a0 = ? AND a11 = ?",
    ulong(OBJECT_CLASS.certificate),
    certificate.der,
  ).map((row) => objectId(row.id));
  const trust = (["CKO_TRUST", "CKO_NSS_TRUST"] as const)
    .flatMap((format) => findTrustRows(database, certificate, format));
  return { certificates, trust };
}

/**
 * Whether the certificate stands under a nickname that {@link insertCertificate} gives it: one with a piece of its serial
 * number in it, or that of a root of ours. Trust alone, without its certificate, is what NSS leaves of ours.
 */
export function holdsOurNickname(database: NssDatabase, anchor: TrustAnchor): boolean {
  const { certificates, trust } = findAnchorRows(database, anchor.certificate);
  if (certificates.length === 0) return trust.length > 0 && anchor.isPublic !== true;
  return certificates.some((id) => {
    const [row] = database.certificates.all("SELECT a3 FROM nssPublic WHERE id = ?", id);
    if (!(row?.a3 instanceof Uint8Array)) return false;
    const nickname = new TextDecoder().decode(row.a3);
    const rest = nickname.startsWith(anchor.label) ? nickname.slice(anchor.label.length) : "?";
    return /^(?: #\d{1,9})?$/.test(rest);
  });
}

function findTrustRows(
  database: NssDatabase,
  certificate: Certificate,
  format: TrustFormat,
): TrustRow[] {
  const types = [...TRUST_FORMATS[format].values(NO_DIGESTS, "delegator").keys()]
    .filter((type) => database.columns.has(columnOf(type)));
  const rows = database.certificates.all(
    `SELECT ${["id", ...types.map(columnOf)].join(", ")} FROM nssPublic ` +
      "WHERE a0 = ? AND a81 = ? AND a82 = ?",
    ulong(TRUST_FORMATS[format].objectClass),
    certificate.issuer,
    certificate.serialTlv,
  );
  return rows.map((row) => {
    const values = new Map<number, Bytes>();
    for (const type of types) {
      const value = row[columnOf(type)];
      if (value instanceof Uint8Array) values.set(type, toBytes(value));
    }
    return { id: objectId(row.id), format, values };
  });
}

const NONE = new Uint8Array();
/** For asking a format which attributes it has. */
const NO_DIGESTS = { md5: NONE, sha1: NONE, sha256: NONE };

/** SQLite keeps what a program bound: some have stored ids as REAL. */
function objectId(value: SqlValue | undefined): bigint {
  return BigInt(value as bigint | number);
}

/** Writes the certificate object. @param label Nickname that is wanted, if it is free. */
export async function insertCertificate(
  database: NssDatabase,
  certificate: Certificate,
  label: string,
): Promise<void> {
  insertObject(database, unusedObjectId(database), [
    [ATTRIBUTE.class, ulong(OBJECT_CLASS.certificate)],
    [ATTRIBUTE.token, TRUE],
    [ATTRIBUTE.private, FALSE],
    [ATTRIBUTE.label, chooseLabel(database, certificate, label)],
    [ATTRIBUTE.value, certificate.der],
    [ATTRIBUTE.certificateType, ulong(0)], // CKC_X_509
    [ATTRIBUTE.issuer, certificate.issuer],
    [ATTRIBUTE.serialNumber, certificate.serialTlv],
    [ATTRIBUTE.subject, certificate.subject],
    [ATTRIBUTE.id, await keyId(certificate)],
    [ATTRIBUTE.modifiable, TRUE],
  ]);
}

/** Writes a trust object, and signs it where there is a key. */
export async function insertTrust(
  database: NssDatabase,
  certificate: Certificate,
  format: TrustFormat,
  values: AttributeValues,
  key: PasswordKey | undefined,
): Promise<void> {
  const id = unusedObjectId(database);
  insertObject(database, id, [
    [ATTRIBUTE.class, ulong(TRUST_FORMATS[format].objectClass)],
    [ATTRIBUTE.token, TRUE],
    [ATTRIBUTE.private, FALSE],
    [ATTRIBUTE.label, EXPLICIT_NULL],
    [ATTRIBUTE.issuer, certificate.issuer],
    [ATTRIBUTE.serialNumber, certificate.serialTlv],
    [ATTRIBUTE.modifiable, TRUE],
    ...values,
  ]);
  if (key === undefined) return;
  for (const [type, value] of values) {
    database.keys.run(
      `INSERT INTO metaData (id, item1) VALUES (?, ?)`,
      signatureName(id, type),
      await signAttribute(key, id, type, value),
    );
  }
}

/** Deletes objects and their signatures. */
export function deleteObjects(database: NssDatabase, ids: readonly bigint[]): void {
  for (const id of ids) {
    database.certificates.run("DELETE FROM nssPublic WHERE id = ?", id);
    if (!database.hasMetaData()) continue;
    const prefix = signaturePrefix(id);
    database.keys.run(
      `DELETE FROM metaData WHERE substr(id, 1, ${prefix.length}) = ?`,
      prefix,
    );
  }
}

function insertObject(
  database: NssDatabase,
  id: bigint,
  attributes: readonly (readonly [number, Bytes])[],
): void {
  const columns = ["id", ...attributes.map(([type]) => columnOf(type))];
  database.certificates.run(
    `INSERT INTO nssPublic (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    id,
    ...attributes.map(([, value]) => value),
  );
}

function unusedObjectId(database: NssDatabase): bigint {
  for (;;) {
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
    const id = BigInt(random % MAX_OBJECT_ID) + 1n;
    const taken =
      database.certificates.all("SELECT 1 FROM nssPublic WHERE id = ?", id).length > 0 ||
      database.keys.all(
          `SELECT 1 FROM metaData WHERE substr(id, 1, 18) = ?`,
          signaturePrefix(id),
        ).length > 0;
    if (!taken) return id;
  }
}

/**
 * NSS wants one nickname per subject: that of a certificate with the same subject, else a free one.
 */
function chooseLabel(database: NssDatabase, certificate: Certificate, label: string): Bytes {
  const ofClass = ulong(OBJECT_CLASS.certificate);
  const [same] = database.certificates.all(
    "SELECT a3 FROM nssPublic WHERE a0 = ? AND a101 = ? AND a3 IS NOT NULL AND a3 <> ? LIMIT 1",
    ofClass,
    certificate.subject,
    EXPLICIT_NULL,
  );
  if (same?.a3 instanceof Uint8Array && same.a3.length > 0) return toBytes(same.a3);
  for (let number = 1;; number++) {
    const octets = new TextEncoder().encode(number === 1 ? label : `${label} #${number}`);
    const taken = database.certificates.all(
      "SELECT 1 FROM nssPublic WHERE a0 = ? AND a3 = ? LIMIT 1",
      ofClass,
      octets,
    );
    if (taken.length === 0) return octets;
  }
}

/** CKA_ID as NSS computes it: SHA-1 of the RSA modulus without sign octet, or of the key's octets. */
async function keyId(certificate: Certificate): Promise<Bytes> {
  let input = certificate.publicKeyBits;
  if (certificate.keyAlgorithm === OID.rsaEncryption) {
    const key = new DerReader(input, "RSA public key").enter("value");
    input = decodeIntegerUnsigned(key.read("modulus", TAG.integer));
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-1", input));
}
