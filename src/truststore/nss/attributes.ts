/**
 * The PKCS#11 attributes, object classes and trust values that NSS keeps in its databases.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";

/** Attribute types: PKCS#11 v3.2, and the vendor-defined ones of NSS (lib/util/pkcs11n.h). */
export const ATTRIBUTE = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  value: 0x11,
  certificateType: 0x80,
  issuer: 0x81,
  serialNumber: 0x82,
  nameHashAlgorithm: 0x8c,
  subject: 0x101,
  id: 0x102,
  modifiable: 0x170,
  trustServerAuth: 0x62c,
  trustClientAuth: 0x62d,
  trustCodeSigning: 0x62e,
  trustEmailProtection: 0x62f,
  hashOfCertificate: 0x635,
  nssTrustServerAuth: 0xce536358,
  nssTrustClientAuth: 0xce536359,
  nssTrustCodeSigning: 0xce53635a,
  nssTrustEmailProtection: 0xce53635b,
  nssTrustStepUpApproved: 0xce536360,
  nssCertSha1Hash: 0xce5363b4,
  nssCertMd5Hash: 0xce5363b5,
} as const;

/** Object classes (CKA_CLASS). */
export const OBJECT_CLASS = {
  certificate: 0x1,
  /** CKO_TRUST of PKCS#11 v3.2: NSS 3.114 and later. */
  trust: 0xb,
  /** CKO_NSS_TRUST: what NSS before 3.114 knows alone, and later versions fall back to. */
  nssTrust: 0xce534353,
} as const;

/** Values of the CKO_TRUST attributes (CK_TRUST). */
export const TRUST = { trusted: 1, trustAnchor: 2, notTrusted: 3, mustVerify: 4 } as const;

/** Values of the CKO_NSS_TRUST attributes (CKT_NSS_*). */
export const NSS_TRUST = {
  trusted: 0xce534351,
  trustedDelegator: 0xce534352,
  mustVerify: 0xce534353,
  notTrusted: 0xce53435a,
  validDelegator: 0xce53435b,
} as const;

/** CKM_SHA256. */
export const SHA256_MECHANISM = 0x250;

/** How NSS stores an attribute that is there and empty: a NULL would mean that it is not there. */
export const EXPLICIT_NULL: Bytes = Uint8Array.of(0xa5, 0x00, 0x5a);

/** CK_TRUE and CK_FALSE. */
export const TRUE: Bytes = Uint8Array.of(1);
export const FALSE: Bytes = Uint8Array.of(0);

/** A CK_ULONG as NSS stores it: four octets, big-endian, whatever the machine. */
export function ulong(value: number): Bytes {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** The column of an attribute type. */
export function columnOf(type: number): string {
  return `a${type.toString(16)}`;
}
