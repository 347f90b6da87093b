/**
 * Looking through what clients read for certificates with a given subject: who might have issued what a server
 * shows. Whether a client trusts what is found, and how, is for {@link TrustStore.state} to say.
 *
 * A machine has a thousand roots in all, and one of them matters: nothing is parsed that does not hold the subject.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../bytes.ts";
import { encodeBase64 } from "../der/pem.ts";
import { TAG } from "../der/tags.ts";
import type { Host } from "../host/host.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { ATTRIBUTE, columnOf, OBJECT_CLASS, ulong } from "./nss/attributes.ts";
import { openForReading } from "./nss/database.ts";
import type { TrustStore } from "./store.ts";
import { BARE_BUNDLES, LINUX_SYSTEMS } from "./system/systems.ts";

/** Bytes of a bundle or key store. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Occurrences of a subject in one key store that are looked at. */
const MAX_OCCURRENCES = 64;

/** Octets before its subject that a certificate can begin: version, serial, algorithm, issuer, validity. */
const MAX_BEFORE_SUBJECT = 4096;

/**
 * Certificates of a store with one of the subjects. A store that cannot be read has none: its state() says why.
 *
 * @param subjects Name TLVs.
 */
export async function findBySubject(
  host: Host,
  store: TrustStore,
  subjects: readonly Bytes[],
): Promise<Bytes[]> {
  try {
    switch (store.kind) {
      case "nss":
        return await searchNss(host, store.path, subjects);
      case "java":
        return searchOctets(await readFile(host, store.path), subjects);
      case "system":
        return await searchBundles(host, subjects);
      // Its certificates are listed by a program that takes a second to start.
      case "windows":
        return [];
    }
  } catch {
    return [];
  }
}

async function searchNss(
  host: Host,
  directory: string,
  subjects: readonly Bytes[],
): Promise<Bytes[]> {
  const database = await openForReading(host, directory);
  if (database === undefined || database.columns.size === 0) return [];
  try {
    const [subject, value] = [columnOf(ATTRIBUTE.subject), columnOf(ATTRIBUTE.value)];
    return subjects.flatMap((name) =>
      database.certificates.all(
        `SELECT ${value} AS der FROM nssPublic WHERE a0 = ? AND ${subject} = ?`,
        ulong(OBJECT_CLASS.certificate),
        name,
      ).flatMap(({ der }) => der instanceof Uint8Array ? [new Uint8Array(der)] : [])
    );
  } finally {
    database.close();
  }
}

/** The bundle of each system, where it is; what clients read in turn. */
async function searchBundles(host: Host, subjects: readonly Bytes[]): Promise<Bytes[]> {
  const paths = [...new Set([...LINUX_SYSTEMS.flatMap(({ bundles }) => bundles), ...BARE_BUNDLES])];
  const real = new Set<string>();
  for (const path of paths) {
    const target = await host.files.realPath(path).catch(() => undefined);
    if (target !== undefined) real.add(target);
  }
  const found: Bytes[] = [];
  for (const path of real) {
    const content = await readFile(host, path);
    found.push(...searchPem(new TextDecoder().decode(content), subjects));
  }
  return found;
}

async function readFile(host: Host, path: string): Promise<Bytes> {
  return await host.files.read(path, MAX_BYTES) ?? new Uint8Array();
}

/**
 * Certificates with one of the subjects among the CERTIFICATE blocks of a text. A bundle has 150 of them: what is
 * decoded is decided by looking for the subject in base64, as it reads from each of the three places in a quantum.
 */
export function searchPem(text: string, subjects: readonly Bytes[]): Bytes[] {
  const wanted = subjects.flatMap(base64Readings);
  const found: Bytes[] = [];
  for (let at = 0;;) {
    const start = text.indexOf(BEGIN, at);
    const end = start < 0 ? -1 : text.indexOf("-----END", start);
    if (end < 0) return found;
    at = end;
    const body = text.slice(start + BEGIN.length, end).replaceAll(/\s+/g, "");
    if (!wanted.some((reading) => body.includes(reading))) continue;
    try {
      const der = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
      if (hasSubject(der, subjects)) found.push(der);
    } catch {
      // Damaged: clients pass it over too.
    }
  }
}

const BEGIN = "-----BEGIN CERTIFICATE-----";

/** The base64 of some octets without the characters that depend on what stands before and after them. */
function base64Readings(octets: Bytes): string[] {
  return [0, 1, 2].map((before) => {
    const padded = new Uint8Array(before + octets.length);
    padded.set(octets, before);
    const from = before === 0 ? 0 : before + 1;
    return encodeBase64(padded).slice(from, Math.floor(padded.length * 8 / 6));
  });
}

/** Certificates with one of the subjects that stand in the clear in a file of any format (JKS, PKCS#12). */
export function searchOctets(content: Uint8Array, subjects: readonly Bytes[]): Bytes[] {
  // A character for every octet, whichever: searching in strings is what runtimes are fast at.
  const decoder = new TextDecoder("latin1");
  const text = decoder.decode(content);
  const found: Bytes[] = [];
  for (const subject of subjects) {
    const wanted = decoder.decode(subject);
    let left = MAX_OCCURRENCES;
    for (let at = text.indexOf(wanted); at >= 0 && left-- > 0; at = text.indexOf(wanted, at + 1)) {
      const der = certificateAround(content, at, subject);
      // A root's name stands in it twice.
      if (der !== undefined && !found.some((one) => equalBytes(one, der))) found.push(der);
    }
  }
  return found;
}

/** The certificate that has its subject there: the nearest SEQUENCE before it that is one. */
function certificateAround(content: Uint8Array, at: number, subject: Bytes): Bytes | undefined {
  for (let start = at - 4; start >= Math.max(0, at - MAX_BEFORE_SUBJECT); start--) {
    // A certificate is longer than 255 octets and shorter than 65,536: 30 82 and two octets of length.
    if (content[start] !== TAG.sequence || content[start + 1] !== 0x82) continue;
    const length = (content[start + 2]! << 8) + content[start + 3]! + 4;
    if (start + length > content.length || start + length <= at) continue;
    const der = content.slice(start, start + length);
    if (hasSubject(der, [subject])) return der;
  }
  return undefined;
}

function hasSubject(der: Uint8Array, subjects: readonly Bytes[]): boolean {
  try {
    const certificate = parseCertificate(der);
    return subjects.some((subject) => equalBytes(subject, certificate.subject));
  } catch {
    return false;
  }
}
