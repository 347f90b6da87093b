/**
 * Looking for a trusted certificate in a Java key store without Java: starting keytool takes half a
 * second, and `status` asks every time.
 *
 * Sound, because a JVM opens its cacerts without a password and so sees nothing but what stands there in
 * the clear: JKS keeps certificates in the clear always, PKCS#12 where it was written without a
 * password (the cacerts of JDK 18 and later, JDK-8275252). Whatever else is found (encrypted bags,
 * another format, a damaged file) is no answer, and keytool has to be asked.
 *
 * Read here: the list of entries. Not validated: the integrity digest, the certificates themselves.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { readPkcs12Aliases } from "./pkcs12_reader.ts";

/** The aliases under which a certificate is trusted; undefined where only keytool can tell. */
export type Aliases = readonly string[] | undefined;

/** The first four octets of a key store of the Sun provider (JavaKeyStore.java). */
const JKS_MAGIC = 0xfeedfeed;
const PRIVATE_KEY_ENTRY = 1;
const TRUSTED_CERTIFICATE_ENTRY = 2;
/** SHA-1 over password and content, at the end. */
export const DIGEST_LENGTH = 20;

/** Finds the aliases of trusted entries that hold exactly this DER. */
export function findAliases(store: Uint8Array, der: Uint8Array): Aliases {
  if (store.length < 4) return undefined;
  try {
    return isJks(store) ? readJks(store, der) : readPkcs12Aliases(store, der);
  } catch {
    return undefined; // cut off or damaged; keytool has the words for it
  }
}

/** An entry of a JKS key store. */
export interface JksEntry {
  readonly alias: string;
  /** The certificate of a trusted entry; undefined for a private key. */
  readonly trusted: Uint8Array | undefined;
  /** Where the entry stands in the store. */
  readonly start: number;
  readonly end: number;
}

function readJks(store: Uint8Array, der: Uint8Array): Aliases {
  return readJksEntries(store)
    ?.filter(({ trusted }) => trusted !== undefined && equalBytes(trusted, der))
    .map(({ alias }) => alias);
}

/** Whether the store is JKS, of whatever version. */
export function isJks(store: Uint8Array): boolean {
  return store.length >= 4 &&
    new DataView(store.buffer, store.byteOffset, store.length).getUint32(0) === JKS_MAGIC;
}

/** Reads JKS, version 1 and 2; undefined for what is none. Throws RangeError where it ends early. */
export function readJksEntries(store: Uint8Array): JksEntry[] | undefined {
  const view = new DataView(store.buffer, store.byteOffset, store.length);
  let at = 4;
  const number = () => {
    at += 4;
    return view.getUint32(at - 4);
  };
  const octets = (length: number) => {
    if (length > store.length - at) throw new RangeError("cut off");
    at += length;
    return store.subarray(at - length, at);
  };
  const utf = () => {
    const length = view.getUint16(at);
    at += 2;
    // Java's own UTF-8: differs for NUL and beyond the BMP, which no alias of a root has.
    return new TextDecoder().decode(octets(length));
  };
  const version = number();
  if (version !== 1 && version !== 2) return undefined;
  const certificate = () => {
    if (version === 2) utf(); // its type, "X.509"
    return octets(number());
  };
  const entries: JksEntry[] = [];
  for (let left = number(); left > 0; left--) {
    const start = at;
    const tag = number();
    const alias = utf();
    octets(8); // when it was added
    let trusted: Uint8Array | undefined;
    if (tag === TRUSTED_CERTIFICATE_ENTRY) trusted = certificate();
    else if (tag === PRIVATE_KEY_ENTRY) {
      octets(number());
      for (let chain = number(); chain > 0; chain--) certificate();
    } else return undefined;
    entries.push({ alias, trusted, start, end: at });
  }
  return at + DIGEST_LENGTH === store.length ? entries : undefined;
}
