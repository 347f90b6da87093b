/**
 * Certificates with any key, digest, dates and extensions: what people get wrong and issuing here refuses.
 * Signed with node:crypto, which has no part in the program.
 *
 * @module
 */

import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { type Bytes, toBytes } from "../../src/bytes.ts";
import {
  bitString,
  encodeTime,
  explicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
} from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import { encodePem } from "../../src/der/pem.ts";
import { EMPTY_NAME, encodeName } from "../../src/x509/name.ts";
import {
  encodeAuthorityKeyIdentifier,
  encodeBasicConstraints,
  encodeExtKeyUsage,
  encodeKeyUsage,
  encodeSubjectAltName,
  encodeSubjectKeyIdentifier,
} from "../../src/x509/extensions.ts";
import type { EncodableName } from "../../src/x509/general_name.ts";
import { parseIpv4 } from "../../src/x509/ip_address.ts";

/** Kinds of key. */
export type KeyKind = "p256" | "p521" | "ed25519" | "rsa1024" | "rsa2048";

/** A key pair. */
export interface MadeKey {
  readonly kind: KeyKind;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo TLV. */
  readonly spki: Bytes;
  /** PKCS#8 PEM. */
  readonly pem: string;
}

/** A certificate with its key, which can issue. */
export interface Made {
  readonly der: Bytes;
  readonly pem: string;
  readonly key: MadeKey;
  /** Name TLV. */
  readonly subject: Bytes;
}

/** What a certificate is made of; everything has a default that clients accept. */
export interface MakeOptions {
  /** Undefined: signed by itself. */
  readonly issuer?: Made | undefined;
  /** null: an empty subject. */
  readonly commonName?: string | null;
  readonly key?: KeyKind;
  readonly digest?: "sha1" | "sha256";
  readonly version?: 1 | 3;
  /** Days from now; default -1 and 90. */
  readonly from?: number;
  readonly to?: number;
  /** "IP:172.16.99.32", "DNS:app.test". */
  readonly names?: readonly string[] | undefined;
  readonly sanCritical?: boolean;
  /** undefined: no basicConstraints; true or a path length: a CA. */
  readonly ca?: boolean | number | undefined;
  readonly keyUsage?: Parameters<typeof encodeKeyUsage>[0] | undefined;
  readonly extKeyUsage?: readonly string[] | undefined;
  /** In place of the issuer's subjectKeyIdentifier. */
  readonly authorityKeyId?: Bytes;
  /** Further extensions. */
  readonly extra?: readonly Bytes[];
  /** Default: random. */
  readonly serial?: bigint;
  /** Spoils the signature. */
  readonly tampered?: boolean;
}

const DAY_MS = 86_400_000;

/** Makes a key pair. */
export function makeKey(kind: KeyKind): MadeKey {
  const { privateKey, publicKey } = generate(kind);
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const spki = toBytes(publicKey.export({ type: "spki", format: "der" }));
  return { kind, privateKey: createPrivateKey(pem), spki, pem };
}

function generate(kind: KeyKind): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (kind) {
    case "p256":
      return generateKeyPairSync("ec", { namedCurve: "P-256" });
    case "p521":
      return generateKeyPairSync("ec", { namedCurve: "P-521" });
    case "ed25519":
      return generateKeyPairSync("ed25519");
    case "rsa1024":
      return generateKeyPairSync("rsa", { modulusLength: 1024 });
    case "rsa2048":
      return generateKeyPairSync("rsa", { modulusLength: 2048 });
  }
}

/** Makes a certificate. */
export async function makeCertificate(options: MakeOptions): Promise<Made> {
  const { issuer, commonName = "matrix", version = 3 } = options;
  const key = makeKey(options.key ?? "p256");
  const subject = commonName === null ? EMPTY_NAME : encodeName([[OID.commonName, commonName]]);
  const signer = issuer?.key ?? key;
  const algorithm = signatureAlgorithm(signer.kind, options.digest ?? "sha256");
  const date = (days: number) =>
    encodeTime(new Date(Math.floor(Date.now() / 1000) * 1000 + days * DAY_MS));
  const tbs = sequence(
    ...(version === 3 ? [explicit(0, integer(2))] : []),
    integer(options.serial ?? BigInt(`0x3${randomBytes(15).toString("hex")}`)),
    algorithm,
    issuer?.subject ?? subject,
    sequence(date(options.from ?? -1), date(options.to ?? 90)),
    subject,
    key.spki,
    ...(version === 3 ? [explicit(3, sequence(...await extensionsOf(options, key)))] : []),
  );
  const digest = signer.kind === "ed25519" ? null : options.digest ?? "sha256";
  const signature = toBytes(sign(digest, tbs, signer.privateKey));
  if (options.tampered === true) signature[signature.length - 1]! ^= 1;
  const der = sequence(tbs, algorithm, bitString(signature));
  return { der, pem: encodePem("CERTIFICATE", der), key, subject };
}

async function extensionsOf(options: MakeOptions, key: MadeKey): Promise<Bytes[]> {
  const { ca, names, keyUsage, extKeyUsage, issuer, extra = [] } = options;
  const list: Bytes[] = [];
  if (ca !== undefined) {
    list.push(encodeBasicConstraints(ca !== false, typeof ca === "number" ? ca : undefined));
  }
  if (keyUsage !== undefined) list.push(encodeKeyUsage(keyUsage));
  if (extKeyUsage !== undefined) list.push(encodeExtKeyUsage([...extKeyUsage]));
  list.push(encodeSubjectKeyIdentifier(await identifier(key)));
  const authority = options.authorityKeyId ??
    (issuer === undefined ? undefined : await identifier(issuer.key));
  if (authority !== undefined) list.push(encodeAuthorityKeyIdentifier(authority));
  if (names !== undefined) {
    list.push(encodeSubjectAltName(names.map(readName), options.sanCritical === true));
  }
  return [...list, ...extra];
}

function readName(text: string): EncodableName {
  const [form, value = ""] = text.split(":", 2);
  if (form === "DNS") return { type: "dns", value };
  return { type: "ip", octets: parseIpv4(value)! };
}

async function identifier(key: MadeKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", key.spki));
}

function signatureAlgorithm(kind: KeyKind, digest: "sha1" | "sha256"): Bytes {
  if (kind === "ed25519") return sequence(oid(OID.ed25519));
  if (kind.startsWith("rsa")) {
    return sequence(oid(digest === "sha1" ? OID.sha1WithRsa : OID.sha256WithRsa), nullValue());
  }
  return sequence(oid(digest === "sha1" ? OID.ecdsaWithSha1 : OID.ecdsaWithSha256));
}

/** An extension that no client knows, marked critical. */
export function unknownCriticalExtension(): Bytes {
  const critical = Uint8Array.of(0x01, 0x01, 0xff);
  return sequence(oid("1.3.6.1.4.1.99999.1"), critical, octetString(nullValue()));
}
