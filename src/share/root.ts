/**
 * What is handed to other machines: the root certificate, and nothing that is secret.
 *
 * @module
 */

/** The root as the parts of a package need it. None of this comes near the key: the caller has only read root.pem. */
export interface SharedRoot {
  readonly der: Uint8Array<ArrayBuffer>;
  readonly pem: string;
  /** Base64 of the DER, on one line. */
  readonly base64: string;
  /** SHA-256 of the DER, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** SHA-256 of the PEM file. */
  readonly pemSha256: string;
  /** Its readable name. */
  readonly label: string;
}
