/**
 * Writing PKCS#12 files (RFC 7292): a private key, its certificate and the chain, under one password.
 *
 * @module
 */

import { type Bytes, toBytes } from "../../bytes.ts";
import {
  encodeTlv,
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  sequenceOf,
  set,
} from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import { checkNewPassword } from "../password.ts";
import { type Encrypted, encryptPbes2 } from "../pbes2.ts";
import { encodeMac, type MacOptions } from "./mac.ts";
import { bmpOctets } from "./password_kdf.ts";

/** What goes into a PFX. */
export interface PfxContent {
  /** PrivateKeyInfo DER; that it belongs to the first certificate is the caller's duty. */
  readonly privateKey: Uint8Array;
  /** Certificate DER, leaf first, then its issuers. */
  readonly certificates: readonly Uint8Array[];
  /** What readers show: alias in Java, nickname in NSS. Left out where undefined or empty. */
  readonly friendlyName?: string | undefined;
}

/** Options of {@link createPfx}. */
export interface PfxOptions {
  /** 3DES and SHA-1 throughout, which Windows Server 2016 and macOS before 15 want, instead of AES-256 and SHA-256. */
  readonly legacy?: boolean | undefined;
}

interface Profile {
  readonly encrypt: (password: string, plain: Bytes) => Promise<Encrypted>;
  readonly mac: MacOptions;
}

/** Octets. RFC 7292 leaves it open, OpenSSL has 8 everywhere; macOS is reported to fail on 16. */
const SALT_LENGTH = 8;

/**
 * As Java's keytool, for encryption and MAC alike: 0.02 s each here, under every reader's limit (Java's is 5,000,000).
 * The MAC's is what counts, as a password is guessed where that is cheapest; OpenSSL has 2,048. More would cost more than it
 * gives: readers without a native implementation of appendix B need seconds for NSS's 600,000.
 */
const ITERATIONS = 10_000;

/** What every reader of those days wrote itself (OpenSSL, Windows 2,000): nobody there was tested with more. */
const LEGACY_ITERATIONS = 2048;

const MODERN: Profile = {
  encrypt: (password, plain) =>
    encryptPbes2(password, plain, { saltLength: SALT_LENGTH, iterations: ITERATIONS }),
  mac: { hash: "SHA-256", saltLength: SALT_LENGTH, iterations: ITERATIONS },
};

const LEGACY: Profile = {
  encrypt: async (password, plain) => {
    const { encryptLegacy } = await import("./legacy_encryption.ts");
    const options = { saltLength: SALT_LENGTH, iterations: LEGACY_ITERATIONS };
    return await encryptLegacy(password, plain, options);
  },
  mac: { hash: "SHA-1", saltLength: SALT_LENGTH, iterations: LEGACY_ITERATIONS },
};

/**
 * Makes a PFX. Throws PASSWORD_INVALID; RangeError without certificates.
 *
 * @returns PFX DER. It holds the private key: it belongs into a file that is its owner's alone (0600).
 */
export async function createPfx(
  content: PfxContent,
  password: string,
  options: PfxOptions = {},
): Promise<Bytes> {
  checkNewPassword(password);
  const [leaf] = content.certificates;
  if (leaf === undefined) throw new RangeError("Cannot make a PFX without certificates");
  const profile = options.legacy === true ? LEGACY : MODERN;
  const attributes = await encodeAttributes(leaf, content.friendlyName);
  const certificates = content.certificates.map((der, i) =>
    encodeBag(
      OID.certBag,
      sequence(oid(OID.x509Certificate), explicit(0, octetString(der))),
      i === 0 ? attributes : undefined,
    )
  );
  const key = await profile.encrypt(password, toBytes(content.privateKey));
  const shrouded = sequence(key.algorithm, octetString(key.encrypted));
  const safe = sequence(
    encodeEncryptedData(await profile.encrypt(password, sequenceOf(certificates))),
    encodeData(sequence(encodeBag(OID.pkcs8ShroudedKeyBag, shrouded, attributes))),
  );
  // RFC 7292, 4: version 3; the MAC is over the content of the OCTET STRING in authSafe.
  return sequence(integer(3), encodeData(safe), await encodeMac(safe, password, profile.mac));
}

/** SafeBag (RFC 7292, 4.2). */
export function encodeBag(type: string, value: Bytes, attributes: Bytes | undefined): Bytes {
  const parts = [oid(type), explicit(0, value)];
  if (attributes !== undefined) parts.push(attributes);
  return sequence(...parts);
}

/** friendlyName and localKeyId (RFC 2985, 5.5): the latter is how readers find the key's certificate. */
async function encodeAttributes(leaf: Uint8Array, friendlyName = ""): Promise<Bytes> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", toBytes(leaf)));
  // 20 octets, as OpenSSL has (a SHA-1 there); readers only compare them.
  const attributes = [sequence(oid(OID.localKeyId), set(octetString(digest.subarray(0, 20))))];
  if (friendlyName !== "") {
    const name = encodeTlv(TAG.bmpString, bmpOctets(friendlyName));
    attributes.push(sequence(oid(OID.friendlyName), set(name)));
  }
  return set(...attributes);
}

/** ContentInfo of type data (RFC 5652, 3 and 4). */
export function encodeData(content: Bytes): Bytes {
  return sequence(oid(OID.data), explicit(0, octetString(content)));
}

/** ContentInfo of type encryptedData (RFC 5652, 8), version 0. */
function encodeEncryptedData({ algorithm, encrypted }: Encrypted): Bytes {
  const info = sequence(oid(OID.data), algorithm, implicit(0, encrypted));
  return sequence(oid(OID.encryptedData), explicit(0, sequence(integer(0), info)));
}
