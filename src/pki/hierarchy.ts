/**
 * Making a CA: root and issuer together, in memory.
 *
 * The root signs the issuer and itself, and its key is then dropped: generated non-extractable, it cannot be
 * written by anything, here or elsewhere. What can be stolen is the issuer's key, and with it go
 * the constraints of two certificates. Both carry them: Java ignores those of a trust anchor, others might
 * ignore an intermediate's (facts/certificate-profiles.md).
 *
 * Rejected: a root that issues itself (Java would not enforce its constraints); a root key kept for later
 * (then that is what is stolen); iPAddress constraints (Bun refuses every address under them).
 *
 * @module
 */

import { type Bytes, toHex } from "../bytes.ts";
import { OID } from "../der/oids.ts";
import { parsePublicKeyInfo } from "../x509/algorithm_identifier.ts";
import { buildCertificate } from "../x509/certificate_builder.ts";
import {
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraints,
  encodeDnsNameConstraints,
  encodeExtKeyUsage,
  encodeKeyUsage,
  encodeSubjectKeyIdentifier,
} from "../x509/extensions.ts";
import { keyIdentifier } from "../x509/key_identifier.ts";
import { exportPkcs8, exportSpki, generateKey } from "../x509/keys.ts";
import { encodeName } from "../x509/name.ts";
import { randomSerialNumber } from "../x509/serial_number.ts";
import type { Permitted } from "./permitted.ts";
import {
  AUTHORITY_DAYS,
  BACKDATE_MS,
  DAY_MS,
  LAST_MS,
  MAX_ATTRIBUTE_LENGTH,
  wholeSeconds,
} from "./profiles.ts";
import { requireExpressible } from "./validity.ts";

/** A CA that was just made. */
export interface Hierarchy {
  /** Certificate DER. */
  readonly root: Bytes;
  /** Certificate DER. */
  readonly issuer: Bytes;
  /** PKCS#8 DER. Secret. */
  readonly issuerKey: Bytes;
}

/** What a CA is made from. */
export interface HierarchyOptions {
  /** Whose CA it is, "ann@laptop": seen in browsers' lists of roots. Cut to 64 characters. */
  readonly description: string;
  readonly permitted: Permitted;
  readonly now: Date;
}

/**
 * Makes a CA: P-256, ten years from `now`, valid from an hour before.
 *
 * @example
 * ```ts
 * import { equal } from "node:assert/strict";
 * import { createHierarchy } from "./hierarchy.ts";
 * import { parseCertificate, readSubjectText } from "../x509/certificate.ts";
 *
 * const made = await createHierarchy({
 *   description: "ann@laptop",
 *   permitted: { any: false, domains: ["localhost", "test"] },
 *   now: new Date("2026-11-24T12:00:00Z"),
 * });
 * const root = parseCertificate(made.root);
 * equal(/^CN=localtls root CA [0-9a-f]{8}, OU=ann@laptop, O=localtls$/.test(readSubjectText(root.subject)), true);
 * equal(root.notBefore.toISOString(), "2026-11-24T11:00:00.000Z");
 * ```
 */
export async function createHierarchy(options: HierarchyOptions): Promise<Hierarchy> {
  const { permitted, now } = options;
  requireExpressible(now);
  const [rootPair, issuerPair] = await Promise.all([
    generateKey("p256", false),
    generateKey("p256", true),
  ]);
  const [root, issuer, issuerKey] = await Promise.all([
    describeKey(rootPair.publicKey),
    describeKey(issuerPair.publicKey),
    exportPkcs8(issuerPair.privateKey),
  ]);
  // Clients look an issuer up by its subject: two CAs of one machine must not share theirs.
  const mark = toHex(crypto.getRandomValues(new Uint8Array(4)));
  const rootName = authorityName("root", mark, options.description);
  const issuerName = authorityName("issuer", mark, options.description);
  const constraints = permitted.any ? [] : [encodeDnsNameConstraints(permitted.domains)];
  const usage = encodeKeyUsage(["keyCertSign", "cRLSign"]);
  const notBefore = wholeSeconds(now.getTime() - BACKDATE_MS);
  const notAfter = wholeSeconds(Math.min(now.getTime() + AUTHORITY_DAYS * DAY_MS, LAST_MS));

  const rootCertificate = await buildCertificate({
    serialTlv: randomSerialNumber(),
    issuer: rootName,
    notBefore,
    notAfter,
    subject: rootName,
    spki: root.spki,
    extensions: [
      encodeBasicConstraints(true, 1), // one issuer below it
      usage,
      encodeSubjectKeyIdentifier(root.identifier),
      ...constraints,
    ],
  }, rootPair.privateKey);
  const issuerCertificate = await buildCertificate({
    serialTlv: randomSerialNumber(),
    issuer: rootName,
    notBefore,
    notAfter,
    subject: issuerName,
    spki: issuer.spki,
    extensions: [
      encodeBasicConstraints(true, 0), // end-entity certificates alone below it
      usage,
      // Not for code, mail or time stamps: clients take an issuer's purposes as a limit on all below it.
      encodeExtKeyUsage([OID.serverAuth, OID.clientAuth]),
      encodeSubjectKeyIdentifier(issuer.identifier),
      encodeAuthorityKeyIdentifier(root.identifier),
      ...constraints,
    ],
  }, rootPair.privateKey);
  return { root: rootCertificate, issuer: issuerCertificate, issuerKey };
}

async function describeKey(publicKey: CryptoKey): Promise<{ spki: Bytes; identifier: Bytes }> {
  const spki = await exportSpki(publicKey);
  return { spki, identifier: await keyIdentifier(parsePublicKeyInfo(spki).bits) };
}

/** A root with an empty subject is refused by curl, Java and Firefox. */
function authorityName(role: "root" | "issuer", mark: string, description: string): Bytes {
  const unit = cleanDescription(description);
  return encodeName([
    [OID.organizationName, "localtls"],
    ...(unit === "" ? [] : [[OID.organizationalUnitName, unit] as const]),
    [OID.commonName, `localtls ${role} CA ${mark}`],
  ]);
}

/** Printable, 1 to 64 characters; user and host names can be anything. */
function cleanDescription(description: string): string {
  const printable = description.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim();
  return [...printable].slice(0, MAX_ATTRIBUTE_LENGTH).join("").trim();
}
