/**
 * Which cipher suites the servers take.
 *
 * @module
 */

/**
 * Those of Mozilla's intermediate profile, as OpenSSL names them: forward secrecy and no CBC (RFC 9325, 4.2). TLS 1.3 has no
 * weaker ones, and its own are not named here.
 */
export const CIPHER_SUITES: string = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");
