/**
 * The TLS settings of every recipe and of our own servers, in one place: the intermediate configuration of Mozilla's Server Side TLS guideline,
 * version 6.0 of 2026-05-03, the last that Mozilla published before TLSRef took the guideline over.
 *
 * Its groups are not written out: X25519MLKEM768, which it has first, is an error in OpenSSL before 3.5 and the default
 * from there on, and the other groups are every library's defaults.
 *
 * @module
 */

/** For the comments of the texts. */
export const PROFILE =
  "TLS settings: Mozilla's intermediate configuration, guideline 6.0 of 2026-05-03 (TLSRef)";

/** For servers whose library has these settings and no others. */
export const PROFILE_BY_ITSELF =
  "TLS settings: none are needed for Mozilla's intermediate configuration, guideline 6.0 of 2026-05-03 (TLSRef)";

/** Cipher suites of TLS 1.2 by their names in OpenSSL; those of TLS 1.3 are the defaults everywhere. */
export const OPENSSL_CIPHERS: readonly string[] = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

/** As OpenSSL's cipher list. */
export const CIPHER_LIST: string = OPENSSL_CIPHERS.join(":");

/** The same by their IANA names. */
export const IANA_CIPHERS: readonly string[] = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
];

/** Those of TLS 1.3, for servers that have one list for both versions. */
export const TLS13_CIPHERS: readonly string[] = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
];
