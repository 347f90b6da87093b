/**
 * What `inspect` finds out, as plain data. Every text is safe to show, and none of a key's secret is in it.
 *
 * @module
 */

import type { KeyUsage } from "../x509/key_usage.ts";
import type { ValidityState } from "./validity_words.ts";

/** Names by their form; "other" are directory names and the like, in ASN.1. */
export interface NamesReport {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly email: readonly string[];
  readonly uri: readonly string[];
  readonly other: readonly string[];
}

/** An extension that is not a field of its own. */
export interface ExtensionReport {
  readonly oid: string;
  /** Its standard name, or the OID. */
  readonly name: string;
  readonly critical: boolean;
  /** A line for each fact. */
  readonly lines: readonly string[];
}

/** What a certificate and a request have in common. */
export interface SubjectReport {
  readonly sha256: string;
  /** RFC 4514; empty for an empty name. */
  readonly subject: string;
  /** Every subjectAltName, in its order. */
  readonly names: readonly string[];
  readonly namesByType: NamesReport;
  /** "P-256", "RSA 2048". */
  readonly keyType: string;
  /** SHA-256 of the SubjectPublicKeyInfo: what pins are made of. */
  readonly spkiSha256: string;
  readonly signatureAlgorithm: string;
  readonly ca: boolean;
  /** Intermediate CAs that may follow; absent for any number. */
  readonly pathLength?: number;
  readonly keyUsage?: readonly KeyUsage[];
  /** Names, or OIDs. */
  readonly extKeyUsage?: readonly string[];
  readonly nameConstraints?: {
    readonly permitted?: readonly string[];
    readonly excluded?: readonly string[];
  };
  readonly extensions: readonly ExtensionReport[];
  /** Parts that could not be read, a sentence each. */
  readonly unreadable: readonly string[];
}

/**
 * good: by the issuer's key. bad: the issuer is there, and its key did not make it. unchecked: the algorithm is
 * none that is checked here. no-issuer: whoever should have made it is not there.
 */
export type SignatureState = "good" | "bad" | "unchecked" | "no-issuer";

/** A certificate. */
export interface CertificateReport extends SubjectReport {
  /** For looking it up elsewhere; says nothing about who it is. */
  readonly sha1: string;
  readonly version: 1 | 2 | 3;
  /** Hexadecimal. */
  readonly serial: string;
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly validity: { readonly state: ValidityState; readonly text: string };
  /** Hexadecimal. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  readonly selfSigned: boolean;
  readonly signature: SignatureState;
  /** Which certificate of this document made it, from 0; or our own CA. */
  readonly issuedBy?: number | "own-root" | "own-issuer";
}

/** A certification request. */
export interface RequestReport extends SubjectReport {
  /** By its own key. */
  readonly signature: Exclude<SignatureState, "no-issuer">;
}

/** A key. */
export interface KeyReport {
  readonly private: boolean;
  /** "P-256", "RSA 2048"; "unknown" for one under a password that was not given. */
  readonly keyType: string;
  /** "PKCS#8", "PKCS#1", "SEC 1", "SubjectPublicKeyInfo". */
  readonly format: string;
  /** The scheme, where the key is under a password. */
  readonly encryption?: string;
  /** SHA-256 of the public half, where it is there or can be computed. */
  readonly spkiSha256?: string;
  /** Certificates of this document that it belongs to, from 0. */
  readonly certificates: readonly number[];
  /** Requests of this document that it belongs to, from 0. */
  readonly requests: readonly number[];
}
