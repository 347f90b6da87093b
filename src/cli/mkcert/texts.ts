/**
 * The help of `localtls mkcert`.
 *
 * @module
 */

import { VERSION } from "../../version.ts";

/** The mkcert whose command line this is. */
const MKCERT_VERSION = "1.4.4";

/**
 * What -version prints. Programs compare it with the mkcert they need; what follows the plus is build metadata, which
 * a comparison leaves out (semver 2.0.0, 10).
 */
export const MKCERT_VERSION_LINE: string = `${MKCERT_VERSION}+localtls.${VERSION}`;

/** The usage, without the rarer flags. `program` is how it was called: "mkcert" or "localtls mkcert". */
export function shortUsage(program: string): string {
  return `Usage: ${program} [FLAG...] [NAME...]

  ${program} -install                   trust the local CA on this machine
  ${program} app.test                   make app.test.pem and app.test-key.pem
  ${program} app.test localhost ::1     make app.test+2.pem and app.test+2-key.pem
  ${program} "*.app.test"               make _wildcard.app.test.pem and its key
  ${program} -uninstall                 trust the local CA no more, and keep it
`;
}

/** Everything. */
export function longUsage(program: string): string {
  return `${shortUsage(program)}
Flags, before the names, with one hyphen or two:

  -cert-file FILE   path of the certificate
  -key-file FILE    path of the key; the same as -cert-file puts both in one file
  -p12-file FILE    path of the PKCS#12 file
  -client           for a client of mutual TLS: host names, addresses, e-mail addresses
  -ecdsa            an ECDSA key (P-256) in place of RSA 2048
  -pkcs12           write NAME.p12 alone, with the password "changeit"
  -csr FILE         answer a certification request; goes with -install and -cert-file
  -CAROOT           print the directory that rootCA.pem is in
  -version, -help

Environment:

  CAROOT            directory of the CA
  TRUST_STORES      the stores of -install and -uninstall: system, java, nss (comma-separated)

This is localtls with the command line of mkcert ${MKCERT_VERSION}. The differences: see "Coming from mkcert" in
README.md. The CA's root key does not exist, so there is no rootCA-key.pem; names of the public internet
need a CA that permits them (localtls ca permit).
`;
}

/** How to go on after a command line that cannot be read. */
export function moreHelp(program: string): string {
  return `More: ${program} -help\n`;
}
