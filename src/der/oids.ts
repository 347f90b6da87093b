/**
 * The one table of object identifiers.
 *
 * @module
 */

/** Object identifiers by their standard names. */
export const OID = {
  // Attribute types: X.520, RFC 5280 appendix A.1, RFC 4519
  commonName: "2.5.4.3",
  surname: "2.5.4.4",
  serialNumberAttribute: "2.5.4.5",
  countryName: "2.5.4.6",
  localityName: "2.5.4.7",
  stateOrProvinceName: "2.5.4.8",
  streetAddress: "2.5.4.9",
  organizationName: "2.5.4.10",
  organizationalUnitName: "2.5.4.11",
  title: "2.5.4.12",
  givenName: "2.5.4.42",
  organizationIdentifier: "2.5.4.97",
  userId: "0.9.2342.19200300.100.1.1",
  domainComponent: "0.9.2342.19200300.100.1.25",
  emailAddress: "1.2.840.113549.1.9.1",

  // Certificate extensions: RFC 5280, 4.2
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  issuerAltName: "2.5.29.18",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  cRLDistributionPoints: "2.5.29.31",
  certificatePolicies: "2.5.29.32",
  policyMappings: "2.5.29.33",
  authorityKeyIdentifier: "2.5.29.35",
  policyConstraints: "2.5.29.36",
  extKeyUsage: "2.5.29.37",
  inhibitAnyPolicy: "2.5.29.54",
  authorityInfoAccess: "1.3.6.1.5.5.7.1.1",
  anyPolicy: "2.5.29.32.0",
  subjectDirectoryAttributes: "2.5.29.9",
  privateKeyUsagePeriod: "2.5.29.16",
  freshestCRL: "2.5.29.46",
  subjectInfoAccess: "1.3.6.1.5.5.7.1.11",

  // Certificate extensions of other documents: RFC 3739, RFC 7633, RFC 6960, 4.2.2.2.1, RFC 6962, Netscape, Microsoft, Entrust
  qcStatements: "1.3.6.1.5.5.7.1.3",
  tlsFeature: "1.3.6.1.5.5.7.1.24",
  ocspNoCheck: "1.3.6.1.5.5.7.48.1.5",
  signedCertificateTimestamps: "1.3.6.1.4.1.11129.2.4.2",
  precertificatePoison: "1.3.6.1.4.1.11129.2.4.3",
  netscapeCertType: "2.16.840.1.113730.1.1",
  netscapeComment: "2.16.840.1.113730.1.13",
  microsoftCertificateType: "1.3.6.1.4.1.311.20.2",
  microsoftCaVersion: "1.3.6.1.4.1.311.21.1",
  microsoftPreviousCaHash: "1.3.6.1.4.1.311.21.2",
  microsoftCertificateTemplate: "1.3.6.1.4.1.311.21.7",
  microsoftApplicationPolicies: "1.3.6.1.4.1.311.21.10",
  entrustVersion: "1.2.840.113533.7.65.0",

  // Key purposes: RFC 5280, 4.2.1.12
  anyExtendedKeyUsage: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  emailProtection: "1.3.6.1.5.5.7.3.4",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  ocspSigning: "1.3.6.1.5.5.7.3.9",

  // Public key algorithms: RFC 3279, RFC 5480, RFC 8410
  rsaEncryption: "1.2.840.113549.1.1.1",
  mgf1: "1.2.840.113549.1.1.8",
  rsassaPss: "1.2.840.113549.1.1.10",
  ecPublicKey: "1.2.840.10045.2.1",
  prime256v1: "1.2.840.10045.3.1.7",
  secp384r1: "1.3.132.0.34",
  secp521r1: "1.3.132.0.35",
  x25519: "1.3.101.110",
  ed25519: "1.3.101.112",
  ed448: "1.3.101.113",

  // Signature algorithms: RFC 4055, RFC 5758
  md5WithRsa: "1.2.840.113549.1.1.4",
  sha1WithRsa: "1.2.840.113549.1.1.5",
  sha256WithRsa: "1.2.840.113549.1.1.11",
  sha384WithRsa: "1.2.840.113549.1.1.12",
  sha512WithRsa: "1.2.840.113549.1.1.13",
  md2WithRsa: "1.2.840.113549.1.1.2",
  ecdsaWithSha1: "1.2.840.10045.4.1",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  ecdsaWithSha384: "1.2.840.10045.4.3.3",
  ecdsaWithSha512: "1.2.840.10045.4.3.4",

  // Password-based encryption and authentication: RFC 8018; AES: NIST's register
  pbkdf2: "1.2.840.113549.1.5.12",
  pbes2: "1.2.840.113549.1.5.13",
  pbmac1: "1.2.840.113549.1.5.14",
  hmacWithSha1: "1.2.840.113549.2.7",
  hmacWithSha224: "1.2.840.113549.2.8",
  hmacWithSha256: "1.2.840.113549.2.9",
  hmacWithSha384: "1.2.840.113549.2.10",
  hmacWithSha512: "1.2.840.113549.2.11",
  aes128Cbc: "2.16.840.1.101.3.4.1.2",
  aes192Cbc: "2.16.840.1.101.3.4.1.22",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",

  // What old writers of password-based encryption use: RFC 8018, B.2.2, RFC 7914, 7
  desEde3Cbc: "1.2.840.113549.3.7",
  scrypt: "1.3.6.1.4.1.11591.4.11",

  // Digest algorithms: RFC 8017, appendix B.1, NIST's register
  sha1: "1.3.14.3.2.26",
  sha256: "2.16.840.1.101.3.4.2.1",
  sha384: "2.16.840.1.101.3.4.2.2",
  sha512: "2.16.840.1.101.3.4.2.3",

  // Apple's policies, as its trust settings name them: SecPolicy.h, kSecPolicyAppleSSL
  appleSslPolicy: "1.2.840.113635.100.1.3",

  // PKCS#9 attributes of requests: RFC 2985
  extensionRequest: "1.2.840.113549.1.9.14",

  // Content types: RFC 5652, 4, 5.1, 6.1 and 8
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  envelopedData: "1.2.840.113549.1.7.3",
  encryptedData: "1.2.840.113549.1.7.6",

  // PKCS#12: RFC 7292, 4.2 and appendix C; attributes of bags: RFC 2985, 5.5
  pbeWithShaAnd3KeyTripleDesCbc: "1.2.840.113549.1.12.1.3",
  pbeWithShaAnd128BitRc2Cbc: "1.2.840.113549.1.12.1.5",
  pbeWithShaAnd40BitRc2Cbc: "1.2.840.113549.1.12.1.6",
  keyBag: "1.2.840.113549.1.12.10.1.1",
  pkcs8ShroudedKeyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  crlBag: "1.2.840.113549.1.12.10.1.4",
  secretBag: "1.2.840.113549.1.12.10.1.5",
  safeContentsBag: "1.2.840.113549.1.12.10.1.6",
  x509Certificate: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  /** Oracle's, of a certificate that a Java is to trust (JDK: PKCS12KeyStore.java). */
  trustedKeyUsage: "2.16.840.1.113894.746875.1.1",
} as const;

const names = new Map<string, string>();

/** Characters of a dotted form that are shown. Microsoft numbers its templates with 70 of them. */
const MAX_OID_TEXT = 100;

/** The standard name of an OID in the table, or its dotted form. */
export function oidName(dotted: string): string {
  if (names.size === 0) {
    for (const [name, value] of Object.entries(OID)) names.set(value, name);
  }
  return names.get(dotted) ??
    (dotted.length <= MAX_OID_TEXT ? dotted : `${dotted.slice(0, MAX_OID_TEXT)}...`);
}
