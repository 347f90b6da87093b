/**
 * An opened CA: three files that are proven to belong together, ready to issue.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../bytes.ts";
import { isZeroSerial } from "../der/decode.ts";
import { OID } from "../der/oids.ts";
import { encodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import type { SigningKey } from "../x509/certificate_builder.ts";
import {
  readBasicConstraints,
  readExtKeyUsage,
  readKeyIdentifiers,
  readKeyUsage,
  readNameConstraints,
} from "../x509/extensions.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { keyIdentifier } from "../x509/key_identifier.ts";
import { importPkcs8, keyBelongsTo } from "../x509/keys.ts";
import { EMPTY_NAME } from "../x509/name.ts";
import { isSelfSigned, verifySignature } from "../x509/signature.ts";
import type { Permitted } from "./permitted.ts";

/** A CA that can issue. */
export interface Authority {
  /** The trust anchor. */
  readonly root: Certificate;
  /** The root itself where that issues directly, as an adopted mkcert CA does. */
  readonly issuer: Certificate;
  /** Not extractable. A key that is encrypted is opened, and checked, when it is first used. */
  readonly issuerKey: SigningKey;
  /** Fingerprint of the root: what trust stores are searched for. */
  readonly rootSha256: string;
  /** Fingerprint of the issuer's certificate. */
  readonly issuerSha256: string;
  /** What the issuer's certificate lets it speak for. */
  readonly permitted: Permitted;
  /** The end of root or issuer, whichever comes first. */
  readonly notAfter: Date;
  /** The issuer's subject key identifier, for the certificates below it. */
  readonly issuerKeyId: Bytes;
  /** The issuer's certificate as PEM: the second half of every full chain; empty where the root issues. */
  readonly issuerPem: string;
}

/** The extensions of a CA that are understood here; another critical one is refused (RFC 5280, 4.2). */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extKeyUsage,
  OID.nameConstraints,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
]);

/**
 * Opens a CA, after checking that it is one: the root signed itself and the issuer, both may sign certificates and
 * have the same constraints, and the key is the issuer's. Dates are not checked here but at issuing, so that
 * an expired CA can still be shown and taken out of trust stores.
 *
 * A root may be its own issuer: mkcert's is, and an adopted CA can be.
 *
 * Throws CA_MISMATCH; DER_INVALID, CERTIFICATE_INVALID or KEY_INVALID where a part cannot be read at all.
 * Costs two signature checks and one signature, about half a millisecond.
 *
 * @param files.root Certificate DER.
 * @param files.issuer Certificate DER.
 * @param files.issuerKey PKCS#8 DER, or what decrypts it: called, and checked, when the key is first used.
 */
export async function openAuthority(
  files: {
    readonly root: Bytes;
    readonly issuer: Bytes;
    readonly issuerKey: Bytes | (() => Promise<Bytes>);
  },
): Promise<Authority> {
  // WebCrypto may do this beside the reading that follows.
  const fingerprints = Promise.all([sha256Hex(files.root), sha256Hex(files.issuer)]);
  const root = parseCertificate(files.root);
  const issuer = parseCertificate(files.issuer);
  const direct = equalBytes(root.der, issuer.der);
  checkAuthority(root, "root", direct ? 0 : 1);
  checkAuthority(issuer, "issuer", 0);
  const purposes = readExtKeyUsage(issuer);
  if (purposes !== undefined && !purposes.includes(OID.serverAuth)) {
    throw mismatch("the issuer may not issue for servers (extKeyUsage)");
  }
  const permitted = readPermitted(root, issuer);
  const ids = { root: readKeyIdentifiers(root), issuer: readKeyIdentifiers(issuer) };
  if (!equalBytes(issuer.issuer, root.subject)) {
    throw mismatch("the issuer's certificate names another root");
  }
  if (
    ids.issuer.authority !== undefined && ids.root.subject !== undefined &&
    !equalBytes(ids.issuer.authority, ids.root.subject)
  ) {
    throw mismatch("the issuer's certificate names another root's key");
  }
  const { issuerKey: source } = files;
  const [issuerKey, selfSigned, signed, [rootSha256, issuerSha256], issuerKeyId] = await Promise
    .all([
      typeof source === "function" ? openOnce(source, issuer) : openKey(source, issuer),
      isSelfSigned(root),
      direct ? true : verifySignature(issuer, root.spki),
      fingerprints,
      ids.issuer.subject ?? keyIdentifier(issuer.publicKeyBits),
    ]);
  if (!selfSigned) throw mismatch("the root is not signed with its own key");
  if (!signed) throw mismatch("the root did not sign the issuer's certificate");
  return {
    root,
    issuer,
    issuerKey,
    rootSha256,
    issuerSha256,
    permitted,
    notAfter: root.notAfter < issuer.notAfter ? root.notAfter : issuer.notAfter,
    issuerKeyId,
    issuerPem: direct ? "" : encodePem("CERTIFICATE", issuer.der),
  };
}

async function openKey(pkcs8: Bytes, issuer: Certificate): Promise<CryptoKey> {
  const key = await importPkcs8(pkcs8);
  if (await keyBelongsTo(key, issuer)) return key;
  throw mismatch("the key is not the issuer's");
}

/** However many certificates are issued, the key is decrypted once. */
function openOnce(source: () => Promise<Bytes>, issuer: Certificate): () => Promise<CryptoKey> {
  let opened: Promise<CryptoKey> | undefined;
  return () => opened ??= source().then((pkcs8) => openKey(pkcs8, issuer));
}

/** @param below Levels of CAs that must be allowed below it. */
function checkAuthority(certificate: Certificate, role: "root" | "issuer", below: number): void {
  const constraints = readBasicConstraints(certificate);
  if (constraints?.ca !== true) throw mismatch(`the ${role} is no CA (basicConstraints)`);
  if (constraints.pathLength !== undefined && constraints.pathLength < below) {
    throw mismatch(`the ${role} allows no CA below it (pathLenConstraint)`);
  }
  if (readKeyUsage(certificate)?.has("keyCertSign") !== true) {
    throw mismatch(`the ${role} may not sign certificates (keyUsage)`);
  }
  if (equalBytes(certificate.subject, EMPTY_NAME)) throw mismatch(`the ${role} has no subject`);
  if (isZeroSerial(certificate.serialNumber)) throw mismatch(`the ${role}'s serial number is zero`);
  for (const { oid, critical } of certificate.extensions.values()) {
    if (critical && !UNDERSTOOD.has(oid)) {
      throw mismatch(`the ${role} has the critical extension ${oid}, which is not understood`);
    }
  }
}

/** The constraints, which must be of the kind that localtls writes: none, or the same dNSNames in both. */
function readPermitted(root: Certificate, issuer: Certificate): Permitted {
  const ofRoot = readDomains(root, "root");
  const ofIssuer = readDomains(issuer, "issuer");
  if (ofRoot?.join() !== ofIssuer?.join()) {
    throw mismatch("root and issuer have different name constraints");
  }
  return ofIssuer === undefined ? { any: true } : { any: false, domains: ofIssuer };
}

function readDomains(certificate: Certificate, role: string): string[] | undefined {
  const constraints = readNameConstraints(certificate);
  if (constraints === undefined) return undefined;
  if (constraints.excluded !== undefined || constraints.permitted === undefined) {
    throw mismatch(`the ${role} has name constraints with exclusions`);
  }
  return constraints.permitted.map((name) => {
    if (name.type !== "dns" || !/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(name.value)) {
      throw mismatch(`the ${role} has name constraints that are not plain domains`);
    }
    return name.value;
  });
}

function mismatch(state: string): LocalTlsError {
  return new LocalTlsError("CA_MISMATCH", `Cannot use the CA: ${state}`);
}
