/**
 * What fuzzing starts from: good encodings of every kind, those that the tests make themselves and the public
 * roots of this machine where there are any.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { type Bytes, toBytes } from "../../../src/bytes.ts";
import { decodePem, encodePem } from "../../../src/der/pem.ts";
import {
  explicit,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { issueUnchecked } from "../../../src/pki/issue.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";
import { exportPkcs8, exportSpki, generateKey } from "../../../src/x509/keys.ts";
import { craft, extension, extensions } from "../craft.ts";
import { makeHierarchy } from "../hierarchy.ts";
import { createRequest } from "../../../src/x509/certification_request_builder.ts";
import { encryptPrivateKey } from "../../../src/x509/encrypted_private_key.ts";
import { encodeMac } from "../../../src/x509/pkcs12/mac.ts";
import { createPfx, type PfxContent } from "../../../src/x509/pkcs12/pfx_writer.ts";

const PUBLIC_ROOTS = "/etc/ssl/certs/ca-certificates.crt";

/** Opens everything in the corpus that is encrypted. */
export const PASSWORD = "changeit";

/** Few enough for thousands of inputs a second; what is tested is what surrounds the derivation. */
const ITERATIONS = 5;

/** Good encodings. */
export interface Corpus {
  readonly certificates: readonly Uint8Array[];
  /** A leaf, its issuer and the anchor, in this order. */
  readonly chain: readonly Uint8Array[];
  readonly privateKeys: readonly Uint8Array[];
  readonly encryptedKeys: readonly Uint8Array[];
  readonly requests: readonly Uint8Array[];
  readonly pfx: readonly Uint8Array[];
  /** For {@link sealSafe}. */
  readonly safes: readonly Uint8Array[];
  readonly pem: readonly string[];
}

/** Makes the corpus. Keys are new in every run, and nothing that is tested depends on their octets. */
export async function makeCorpus(): Promise<Corpus> {
  const hierarchy = await makeHierarchy();
  const names = ["a.test", "*.b.test", "172.16.99.32", "fd00::1"];
  const issued = await issueUnchecked(await openAuthority(hierarchy), {
    names: names.map((name) => parseRequestedName(name).name),
    now: new Date("2026-11-24T12:00:00Z"),
  });
  const pair = await generateKey("p256", true);
  const privateKey = await exportPkcs8(pair.privateKey);
  const rsa = await exportPkcs8((await generateKey("rsa2048", true)).privateKey);
  const request = await createRequest({
    privateKey: pair.privateKey,
    spki: await exportSpki(pair.publicKey),
    names: [{ type: "dns", value: "a.test" }, { type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }],
    commonName: "a.test",
  });
  const own = [hierarchy.root, hierarchy.issuer, issued.certificate.der, rare()];
  const roots = existsSync(PUBLIC_ROOTS)
    ? decodePem(readFileSync(PUBLIC_ROOTS, "utf8")).map(({ der }) => der)
    : [];
  const certificates = [issued.certificate.der, hierarchy.issuer];
  const content = { privateKey, certificates, friendlyName: "a.test" };
  return {
    certificates: [...own, ...own, ...own, ...roots],
    chain: [issued.certificate.der, hierarchy.issuer, hierarchy.root],
    privateKeys: [privateKey, rsa, hierarchy.issuerKey],
    encryptedKeys: [await encryptPrivateKey(privateKey, PASSWORD, { iterations: ITERATIONS })],
    requests: [request],
    pfx: [await createPfx(content, PASSWORD), await createPfx(content, PASSWORD, { legacy: true })],
    safes: [makeSafe(content)],
    pem: [
      issued.fullchainPem,
      issued.keyPem,
      `\ufeffBag Attributes\r\n${
        encodePem("CERTIFICATE", hierarchy.root).replaceAll("\n", "\r\n")
      }`,
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    ],
  };
}

/** The authenticated safe of a PFX without encryption: behind the MAC, where fuzzing does not come by itself. */
function makeSafe({ privateKey, certificates: [leaf] }: PfxContent): Bytes {
  const certificate = sequence(oid(OID.x509Certificate), explicit(0, octetString(leaf!)));
  const bags = [
    sequence(oid(OID.certBag), explicit(0, certificate)),
    sequence(oid(OID.keyBag), explicit(0, privateKey)),
  ];
  return sequence(encodeData(sequence(...bags)));
}

/** A PFX around an authenticated safe, with a MAC that fits. */
export async function sealSafe(safe: Uint8Array): Promise<Bytes> {
  const mac = { hash: "SHA-256" as const, saltLength: 8, iterations: ITERATIONS };
  const content = toBytes(safe);
  return sequence(integer(3), encodeData(content), await encodeMac(content, PASSWORD, mac));
}

function encodeData(content: Uint8Array): Bytes {
  return sequence(oid(OID.data), explicit(0, octetString(content)));
}

/** The extensions and forms of names that ours do not have. */
function rare(): Uint8Array {
  const directory = explicit(4, sequence());
  const names = [implicit(1, ascii("a@b.test")), implicit(6, ascii("https://a.test/")), directory];
  return craft({
    extensions: extensions(
      extension(OID.subjectAltName, sequence(...names, implicit(8, Uint8Array.of(42, 3)))),
      extension(
        OID.nameConstraints,
        sequence(
          explicit(0, sequence(implicit(7, new Uint8Array(8)))),
          explicit(1, sequence(implicit(2, ascii("b.test")))),
        ),
      ),
      extension(
        OID.authorityKeyIdentifier,
        sequence(implicit(0, new Uint8Array(20)), explicit(1, directory), implicit(2, ascii("1"))),
      ),
      extension(OID.extKeyUsage, sequence(oid(OID.serverAuth), oid("2.5.29.37.0"))),
      extension(OID.subjectKeyIdentifier, octetString(new Uint8Array(20))),
      extension(OID.basicConstraints, sequence(Uint8Array.of(1, 1, 0xff), integer(3))),
    ),
  });
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
