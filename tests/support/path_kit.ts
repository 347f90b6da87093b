/**
 * Certificates for tests of path validation, each changed in one place.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../src/bytes.ts";
import {
  boolean,
  explicit,
  implicit,
  integer,
  octetString,
  sequence,
} from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import type { VerifyPathOptions } from "../../src/pki/path/options.ts";
import {
  encodeExtKeyUsage,
  encodeKeyUsage,
  encodeSubjectAltName,
} from "../../src/x509/extensions.ts";
import type { EncodableName } from "../../src/x509/extension_encoders.ts";
import type { KeyUsage } from "../../src/x509/key_usage.ts";
import type { KeyType } from "../../src/x509/key_algorithms.ts";
import { exportSpki, generateKey } from "../../src/x509/keys.ts";
import { encodeName } from "../../src/x509/name.ts";
import { craftSigned, extension, NONE, type Parts, validity } from "./craft.ts";

/** When everything is valid that does not say otherwise. */
export const TIME = new Date("2026-11-24T12:00:00Z");

const DAY = 86_400_000;

/** The extensions of a certificate by name: TLVs, in this order; NONE leaves one out. */
export interface Extensions {
  basicConstraints: Bytes;
  keyUsage: Bytes;
  extKeyUsage: Bytes;
  subjectAltName: Bytes;
  nameConstraints: Bytes;
  subjectKeyIdentifier: Bytes;
  authorityKeyIdentifier: Bytes;
  more: Bytes;
}

/** Who is named and signs: a name with a key. */
export interface Entity {
  readonly name: Bytes;
  readonly keys: CryptoKeyPair;
  readonly spki: Bytes;
  readonly keyId: Bytes;
}

const CRITICAL = boolean(true);

/** A name with a key of its own; names of one attribute, or TLVs. */
export async function entity(name: string | Bytes, type: KeyType = "p256"): Promise<Entity> {
  const keys = await generateKey(type, true);
  const spki = await exportSpki(keys.publicKey);
  const digest = await crypto.subtle.digest("SHA-256", spki);
  return {
    name: typeof name === "string" ? encodeName([[OID.commonName, name]]) : name,
    keys,
    spki,
    keyId: new Uint8Array(digest, 0, 20),
  };
}

/** The Extension basicConstraints. */
export function ca(pathLength?: number, critical = true): Bytes {
  const length = pathLength === undefined ? NONE : integer(pathLength);
  return extension(
    OID.basicConstraints,
    sequence(boolean(true), length),
    critical ? CRITICAL : NONE,
  );
}

/** The Extension keyUsage. */
export function keyUsage(...usages: KeyUsage[]): Bytes {
  return encodeKeyUsage(usages);
}

/** The Extension extKeyUsage. */
export function eku(...purposes: string[]): Bytes {
  return encodeExtKeyUsage(purposes);
}

/** The Extension subjectAltName; a text is a dNSName. */
export function san(...names: (string | EncodableName)[]): Bytes {
  return encodeSubjectAltName(
    names.map((name) => typeof name === "string" ? { type: "dns" as const, value: name } : name),
    false,
  );
}

/** The Extension nameConstraints, of encoded GeneralNames. */
export function constraints(permitted: readonly Bytes[], excluded: readonly Bytes[] = []): Bytes {
  const list = (n: number, bases: readonly Bytes[]) =>
    bases.length === 0 ? NONE : explicit(n, concatBytes(bases.map((base) => sequence(base))));
  return extension(OID.nameConstraints, sequence(list(0, permitted), list(1, excluded)), CRITICAL);
}

/** A certificate that `issuer` made for `subject`. */
export async function certify(
  subject: Entity,
  issuer: Entity,
  changes: Partial<Extensions>,
  parts: Partial<Parts> = {},
): Promise<Bytes> {
  const all: Extensions = {
    basicConstraints: NONE,
    keyUsage: NONE,
    extKeyUsage: NONE,
    subjectAltName: NONE,
    nameConstraints: NONE,
    subjectKeyIdentifier: extension(OID.subjectKeyIdentifier, octetString(subject.keyId)),
    authorityKeyIdentifier: extension(
      OID.authorityKeyIdentifier,
      sequence(implicit(0, issuer.keyId)),
    ),
    more: NONE,
    ...changes,
  };
  return await craftSigned({
    issuer: issuer.name,
    subject: subject.name,
    spki: subject.spki,
    validity: validity(new Date(TIME.getTime() - DAY), new Date(TIME.getTime() + DAY)),
    extensions: explicit(3, sequence(...Object.values(all))),
    ...parts,
  }, issuer.keys.privateKey);
}

/** A CA's certificate. */
export function certifyCa(
  subject: Entity,
  issuer: Entity,
  changes: Partial<Extensions> = {},
  parts: Partial<Parts> = {},
): Promise<Bytes> {
  const usual = { basicConstraints: ca(), keyUsage: keyUsage("keyCertSign", "cRLSign") };
  return certify(subject, issuer, { ...usual, ...changes }, parts);
}

/** A server's certificate, for a.test. */
export function certifyServer(
  subject: Entity,
  issuer: Entity,
  changes: Partial<Extensions> = {},
  parts: Partial<Parts> = {},
): Promise<Bytes> {
  const usual = {
    keyUsage: keyUsage("digitalSignature"),
    extKeyUsage: eku(OID.serverAuth),
    subjectAltName: san("a.test"),
  };
  return certify(subject, issuer, { ...usual, ...changes }, parts);
}

/** What is changed in a chain of root, intermediate and leaf. */
export interface ChainChanges {
  readonly root?: Partial<Extensions>;
  readonly rootParts?: Partial<Parts>;
  readonly intermediate?: Partial<Extensions>;
  readonly intermediateParts?: Partial<Parts>;
  readonly leaf?: Partial<Extensions>;
  readonly leafParts?: Partial<Parts>;
}

const ROOT = await entity("root");
const INTERMEDIATE = await entity("intermediate");
const LEAF = await entity("leaf");

/** The names and keys of {@link chain}. */
export const ENTITIES = { root: ROOT, intermediate: INTERMEDIATE, leaf: LEAF } as const;

/** Options for a good chain, but for the changes. */
export async function chain(changes: ChainChanges = {}): Promise<VerifyPathOptions> {
  const root = await certifyCa(ROOT, ROOT, changes.root, changes.rootParts);
  const intermediate = await certifyCa(
    INTERMEDIATE,
    ROOT,
    changes.intermediate,
    changes.intermediateParts,
  );
  const leaf = await certifyServer(LEAF, INTERMEDIATE, changes.leaf, changes.leafParts);
  return {
    leaf,
    intermediates: [intermediate],
    anchors: [root],
    name: "a.test",
    purpose: "server",
    time: TIME,
  };
}
