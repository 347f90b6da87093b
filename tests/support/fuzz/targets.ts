/**
 * Every reader of what comes from outside, as a target for fuzzing.
 *
 * A target throws nothing but LocalTlsError, whatever it is given; where it accepts its input, it asserts
 * what its callers rely on.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  currentCertificates,
  currentTrust,
  readIssuedEvent,
  readTrustedEvent,
} from "../../../src/castore/ledger.ts";
import { parseLedger } from "../../../src/castore/ledger_reading.ts";
import { baseName } from "../../../src/commands/output_files.ts";
import { berToDer } from "../../../src/der/ber.ts";
import {
  decodeBitString,
  decodeBoolean,
  decodeIntegerUnsigned,
  decodeNull,
  decodeOid,
  decodeSerialNumber,
  decodeTime,
  DerReader,
  type Element,
} from "../../../src/der/decode.ts";
import { decodePem, encodePem } from "../../../src/der/pem.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { verifyPath } from "../../../src/pki/path/verify_path.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";
import { findAliases } from "../../../src/truststore/java/keystore_reader.ts";
import { parseProfilesIni } from "../../../src/truststore/nss/profiles_ini.ts";
import { countCertificates, findCertificateBlocks } from "../../../src/truststore/pem_search.ts";
import { parseOsRelease } from "../../../src/truststore/system/os_release.ts";
import { type Certificate, parseCertificate } from "../../../src/x509/certificate.ts";
import { parseRequest, verifyRequest } from "../../../src/x509/certification_request.ts";
import { decryptPrivateKey } from "../../../src/x509/encrypted_private_key.ts";
import {
  isCa,
  readBasicConstraints,
  readExtKeyUsage,
  readKeyIdentifiers,
  readKeyUsage,
  readNameConstraints,
  readSubjectAltNames,
  readSubjectAltNameTexts,
} from "../../../src/x509/extensions.ts";
import { importPkcs8 } from "../../../src/x509/keys.ts";
import { readCommonName, readSubjectText } from "../../../src/x509/name.ts";
import { readPfx } from "../../../src/x509/pkcs12/pfx_reader.ts";
import { parsePrivateKeyInfo, readNamedCurve } from "../../../src/x509/private_key_info.ts";
import { describePublicKey } from "../../../src/x509/public_key.ts";
import { verifySignature } from "../../../src/x509/signature.ts";
import { type Corpus, PASSWORD, sealSafe } from "./corpus.ts";
import { inspectFile, inspectNginx, NGINX_CONFIGS, NGINX_WORDS } from "./inspect_targets.ts";
import { jks, LEDGER_WORDS, LEDGERS, NAME_WORDS, NAMES, PEM_WORDS, PROFILES } from "./originals.ts";
import { mutateBytes, mutateText, type Random } from "./mutate.ts";

/** A reader under test. */
export interface FuzzTarget {
  readonly name: string;
  /** How often it is chosen: dear ones less. */
  readonly weight: number;
  /** Makes an input. */
  make(random: Random): Uint8Array | string;
  /** Reads it; LocalTlsError is an answer too. */
  read(input: Uint8Array | string): void | Promise<void>;
}

/** All targets. */
export function fuzzTargets(corpus: Corpus): FuzzTarget[] {
  const all = [
    ...corpus.certificates.slice(0, 40),
    ...corpus.privateKeys,
    ...corpus.requests,
    ...corpus.encryptedKeys,
    ...corpus.pfx,
    ...corpus.safes,
  ];
  const bytes = (
    name: string,
    weight: number,
    originals: readonly Uint8Array[],
    read: (input: Uint8Array) => void | Promise<void>,
  ): FuzzTarget => ({
    name,
    weight,
    make: (random) => mutateBytes(random, random.pick(originals), random.pick(all)),
    read: (input) => read(input as Uint8Array),
  });
  const text = (
    name: string,
    weight: number,
    originals: readonly string[],
    words: readonly string[],
    read: (input: string) => void | Promise<void>,
  ): FuzzTarget => ({
    name,
    weight,
    make: (random) => mutateText(random, random.pick(originals), random.pick(originals), words),
    read: (input) => read(input as string),
  });
  return [
    bytes("DER", 10, all, (input) => walk(new DerReader(input, "fuzz"))),
    bytes("BER", 6, all, (input) => walk(new DerReader(berToDer(input, "fuzz"), "fuzz"))),
    bytes("certificate", 40, corpus.certificates, readCertificate),
    bytes("signature of a certificate", 2, corpus.certificates, async (input) => {
      const certificate = parseCertificate(input);
      await verifySignature(certificate, certificate.spki);
    }),
    // One certificate of the chain damaged, in the one place or the other: the leaf, its issuer, the anchor.
    ...corpus.chain.map((original, index) =>
      bytes(
        `certification path, ${["leaf", "intermediate", "anchor"][index]}`,
        8,
        [original],
        (input) => verifyDamaged(corpus.chain, index, input),
      )
    ),
    bytes("certification path of anything", 4, corpus.certificates, async (input) => {
      await verifyPath({
        ...QUESTION,
        leaf: input,
        intermediates: all.slice(0, 8),
        anchors: [input],
      });
    }),
    bytes("PKCS#8", 10, corpus.privateKeys, (input) => {
      readNamedCurve(parsePrivateKeyInfo(input).algorithm);
    }),
    bytes("import of a key", 2, corpus.privateKeys, async (input) => {
      await importPkcs8(input);
    }),
    bytes("encrypted PKCS#8", 3, corpus.encryptedKeys, async (input) => {
      await decryptPrivateKey(input, PASSWORD);
    }),
    bytes("PKCS#10", 8, corpus.requests, async (input) => {
      const request = parseRequest(input);
      await verifyRequest(request);
    }),
    bytes("PKCS#12", 1, corpus.pfx, async (input) => {
      await readPfx(input, PASSWORD);
    }),
    bytes("PKCS#12 behind its MAC", 4, corpus.safes, async (input) => {
      await readPfx(await sealSafe(input), PASSWORD);
    }),
    bytes("Java key store", 4, [jks(corpus.certificates[0]!), ...corpus.pfx], (input) => {
      findAliases(input, corpus.certificates[0]!);
    }),
    bytes("inspected DER", 4, all, inspectFile),
    text(
      "inspected PEM",
      2,
      corpus.pem,
      PEM_WORDS,
      (input) => inspectFile(new TextEncoder().encode(input)),
    ),
    text("nginx configuration", 4, NGINX_CONFIGS, NGINX_WORDS, inspectNginx),
    text("PEM", 8, corpus.pem, PEM_WORDS, readPem),
    text("requested name", 20, NAMES, NAME_WORDS, readName),
    text("ledger", 6, LEDGERS, LEDGER_WORDS, readLedger),
    text("profiles.ini", 4, PROFILES, ["[Profile1]", "Path=", "IsRelative=1", "/"], (input) => {
      for (const { path, relative } of parseProfilesIni(input)) {
        assert.equal(path.startsWith("/"), !relative);
      }
    }),
    text(
      "os-release",
      2,
      ['ID=debian\nID_LIKE="a b"\n', "ID='x'\n"],
      ["ID=", '"', "$("],
      (input) => {
        parseOsRelease(input);
      },
    ),
  ];
}

/** When the corpus is valid. */
const QUESTION = {
  name: "a.test",
  purpose: "server",
  time: new Date("2026-11-24T12:00:00Z"),
} as const;

/** A path that is taken although an octet of it changed would be a forgery: the anchor alone is signed by nobody. */
async function verifyDamaged(
  chain: readonly Uint8Array[],
  index: number,
  input: Uint8Array,
): Promise<void> {
  const [leaf, intermediate, anchor] = chain.map((der, at) => at === index ? input : der);
  const question = { ...QUESTION, leaf: leaf!, intermediates: [intermediate!], anchors: [anchor!] };
  const result = await verifyPath(question);
  if (result.ok) {
    assert.ok(index === 2 || sameOctets(input, chain[index]!), "a damaged certificate is accepted");
    return;
  }
  for (const { message } of [result.reason, ...result.also]) showsOnly(message);
  throw new LocalTlsError("CERTIFICATE_INVALID", result.reason.message);
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}

/** Everything in it, by its type. */
function walk(reader: DerReader): void {
  while (!reader.done) {
    const element = reader.read("element");
    if ((element.tag & 0x20) !== 0) walk(reader.into(element));
    else decodePrimitive(element);
  }
  reader.finish();
}

function decodePrimitive(element: Element): void {
  const decoders: Record<number, (element: Element) => unknown> = {
    1: decodeBoolean,
    2: decodeIntegerUnsigned,
    3: decodeBitString,
    5: decodeNull,
    6: decodeOid,
    10: decodeSerialNumber,
    0x17: decodeTime,
    0x18: decodeTime,
  };
  decoders[element.tag]?.(element);
}

/** Each on its own: one that throws must not hide the next. */
function readCertificate(input: Uint8Array): void {
  const certificate: Certificate = parseCertificate(input);
  assert.equal(certificate.der.length, input.length);
  for (
    const read of [
      readBasicConstraints,
      readKeyUsage,
      readExtKeyUsage,
      readSubjectAltNames,
      readSubjectAltNameTexts,
      readNameConstraints,
      readKeyIdentifiers,
      isCa,
      () => describePublicKey(certificate.spki),
      () => showsOnly(readSubjectText(certificate.subject)),
      () => showsOnly(readSubjectText(certificate.issuer)),
      () => readCommonName(certificate.subject),
    ]
  ) {
    try {
      read(certificate);
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
    }
  }
}

/** Text for people cannot drive a terminal, nor turn itself around. */
function showsOnly(text: string): void {
  assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
}

function readPem(input: string): void {
  const blocks = decodePem(input);
  const again = decodePem(blocks.map(({ label, der }) => encodePem(label, der)).join(""));
  assert.deepEqual(again, blocks);
  for (const { der } of blocks) findCertificateBlocks(input, der);
  countCertificates(input);
}

function readName(input: string): void {
  const { name, warnings } = parseRequestedName(input);
  // What stands in front of the file system, shells and other people's parsers.
  assert.match(
    name.value,
    name.type === "dns" ? /^(?:\*\.)?[a-z0-9.-]{1,253}$/ : /^[0-9a-f:.]{2,39}$/,
  );
  assert.match(baseName([name]), /^[a-z0-9_][a-z0-9._-]*$/);
  assert.doesNotMatch(baseName([name]), /\.\.|^\.|\//);
  const again = parseRequestedName(name.value);
  assert.deepEqual(again.name, name);
  assert.equal(again.warnings.length, 0);
  for (const { message } of warnings) showsOnly(message);
}

function readLedger(input: string): void {
  const issued = parseLedger(input, readIssuedEvent);
  const trusted = parseLedger(input, readTrustedEvent);
  for (const { cert, key } of currentCertificates(issued.events)) {
    for (const path of [cert, key ?? cert]) assert.match(path, /^(?:\/|[A-Za-z]:[\\/])[^\0]*$/);
  }
  for (const { sha256, created } of currentTrust(trusted.events)) {
    assert.match(sha256, /^[0-9a-f]{64}$/);
    for (const path of created) assert.match(path, /^(?:\/|[A-Za-z]:[\\/])[^\0]*$/);
  }
}
