/**
 * Changing a Java key store without Java, for images in which no keytool can be run: a trusted certificate in, or out.
 *
 * Only stores that a JVM opens by itself: JKS under the published password, and PKCS#12 without one (see
 * keystore_reader.ts). Everything else in the store stays as it is, to the octet.
 *
 * @module
 */

import { type Bytes, concatBytes, equalBytes } from "../../bytes.ts";
import { DerReader } from "../../der/decode.ts";
import {
  encodeTlv,
  explicit,
  integer,
  octetString,
  oid,
  sequence,
  sequenceOf,
  set,
} from "../../der/encode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import { DIGEST_LENGTH, isJks, type JksEntry, readJksEntries } from "./keystore_reader.ts";
import {
  CERT_BAG,
  DATA,
  FRIENDLY_NAME,
  openData,
  readBag,
  TRUSTED_KEY_USAGE,
  X509_CERTIFICATE,
} from "./pkcs12_reader.ts";

/** The password of every cacerts as delivered. */
const STORE_PASSWORD = "changeit";
/** Between password and content in the digest of a JKS store (JavaKeyStore.java). */
const DIGEST_PHRASE = "Mighty Aphrodite";
/** RFC 7292, 4: PFX version. */
const PFX_VERSION = 3;

/** A change of a store; undefined where the store is of a kind that only keytool can write. */
export type ChangedStore = Bytes | undefined;

/**
 * Adds a trusted certificate.
 * @param alias ASCII.
 */
export async function addTrusted(
  store: Uint8Array,
  alias: string,
  der: Uint8Array,
  now: Date,
): Promise<ChangedStore> {
  return await attempt(async () => {
    if (!isJks(store)) return addToPkcs12(store, alias, der);
    return await rewriteJks(store, (entries, version) => [
      ...entries.map(({ start, end }) => store.subarray(start, end)),
      jksEntry(version, alias, der, now),
    ]);
  });
}

/**
 * Takes every trusted entry with exactly this DER out.
 * @param isChosen Only those under these aliases.
 */
export async function removeTrusted(
  store: Uint8Array,
  der: Uint8Array,
  isChosen: (alias: string) => boolean = () => true,
): Promise<ChangedStore> {
  return await attempt(async () => {
    if (!isJks(store)) return removeFromPkcs12(store, der, isChosen);
    return await rewriteJks(
      store,
      (entries) =>
        entries.filter((entry) =>
          entry.trusted === undefined || !equalBytes(entry.trusted, der) ||
          !isChosen(entry.alias)
        )
          .map(({ start, end }) => store.subarray(start, end)),
    );
  });
}

/** A damaged store is one that only keytool has words for. */
async function attempt(work: () => Promise<ChangedStore>): Promise<ChangedStore> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}

async function rewriteJks(
  store: Uint8Array,
  change: (entries: readonly JksEntry[], version: number) => readonly Uint8Array[],
): Promise<ChangedStore> {
  const entries = readJksEntries(store);
  const content = store.subarray(0, -DIGEST_LENGTH);
  const digest = store.subarray(-DIGEST_LENGTH);
  // Under another password a JVM would find the digest wrong, and read nothing at all.
  if (entries === undefined || !equalBytes(await jksDigest(content), digest)) return undefined;
  const version = new DataView(store.buffer, store.byteOffset).getUint32(4);
  const parts = change(entries, version);
  const changed = concatBytes([store.subarray(0, 8), number(parts.length, 4), ...parts]);
  return concatBytes([changed, await jksDigest(changed)]);
}

/** SHA-1, as the format has it: it guards against damage, and the password is published. */
async function jksDigest(content: Uint8Array): Promise<Bytes> {
  const password = concatBytes([...STORE_PASSWORD].map((c) => number(c.charCodeAt(0), 2)));
  const phrase = new TextEncoder().encode(DIGEST_PHRASE);
  const digest = await crypto.subtle.digest("SHA-1", concatBytes([password, phrase, content]));
  return new Uint8Array(digest);
}

function jksEntry(version: number, alias: string, der: Uint8Array, now: Date): Bytes {
  const utf = (text: string) => {
    const octets = new TextEncoder().encode(text);
    return concatBytes([number(octets.length, 2), octets]);
  };
  return concatBytes([
    number(2, 4), // a trusted certificate
    utf(alias),
    number(now.getTime(), 8),
    ...(version === 2 ? [utf("X.509")] : []),
    number(der.length, 4),
    der,
  ]);
}

/** An unsigned number, most significant octet first. */
function number(value: number, width: number): Bytes {
  const octets = new Uint8Array(width);
  for (let i = width - 1, left = value; i >= 0; i--, left = Math.floor(left / 256)) {
    octets[i] = left % 256;
  }
  return octets;
}

/** The ContentInfos of a PFX in the clear; undefined where there is a MAC, which a change would break. */
function readContents(store: Uint8Array): Bytes[] | undefined {
  const pfx = new DerReader(store, "PFX").enter("pfx");
  pfx.read("version", TAG.integer);
  const safe = openData(pfx.enter("authSafe"));
  if (safe === undefined || !pfx.done) return undefined;
  const contents = new DerReader(safe.content, "authenticatedSafe").enter("contents");
  const parts: Bytes[] = [];
  while (!contents.done) parts.push(contents.read("contentInfo").tlv);
  return parts;
}

function writePfx(contents: readonly Uint8Array[]): Bytes {
  return sequence(integer(PFX_VERSION), dataInfo(sequenceOf(contents)));
}

function dataInfo(content: Uint8Array): Bytes {
  return sequence(oid(DATA), explicit(0, octetString(content)));
}

// deno-lint-ignore require-await -- as its JKS sibling
async function addToPkcs12(
  store: Uint8Array,
  alias: string,
  der: Uint8Array,
): Promise<ChangedStore> {
  const contents = readContents(store);
  if (contents === undefined) return undefined;
  const name = concatBytes([...alias].map((character) => number(character.charCodeAt(0), 2)));
  const bag = sequence(
    oid(CERT_BAG),
    explicit(0, sequence(oid(X509_CERTIFICATE), explicit(0, octetString(der)))),
    set(
      sequence(oid(FRIENDLY_NAME), set(encodeTlv(TAG.bmpString, name))),
      sequence(oid(TRUSTED_KEY_USAGE), set(oid(OID.anyExtendedKeyUsage))),
    ),
  );
  return writePfx([...contents, dataInfo(sequence(bag))]);
}

// deno-lint-ignore require-await -- as its JKS sibling
async function removeFromPkcs12(
  store: Uint8Array,
  der: Uint8Array,
  isChosen: (alias: string) => boolean,
): Promise<ChangedStore> {
  const contents = readContents(store);
  if (contents === undefined) return undefined;
  const kept: Uint8Array[] = [];
  for (const info of contents) {
    const data = openData(new DerReader(info, "contentInfo").enter("contentInfo"));
    if (data === undefined) return undefined;
    const bags = new DerReader(data.content, "safeContents").enter("bags");
    const all: Bytes[] = [];
    while (!bags.done) all.push(bags.read("bag").tlv);
    const others = all.filter((bag) => {
      const found = readBag(new DerReader(bag, "bag").enter("bag"), der);
      return found === undefined || !isChosen(found);
    });
    if (others.length === all.length) kept.push(info);
    else if (others.length > 0) kept.push(dataInfo(sequenceOf(others)));
  }
  // A store without any content is one that Java cannot read.
  return writePfx(kept.length > 0 ? kept : [dataInfo(sequence())]);
}
