/**
 * A certificate of ours with its key and chain, as files for other programs.
 *
 * @module
 */

import type { Bytes } from "../../src/bytes.ts";
import { decodePem, encodePem } from "../../src/der/pem.ts";
import { openAuthority } from "../../src/pki/authority.ts";
import { createHierarchy } from "../../src/pki/hierarchy.ts";
import { issueServerCertificate } from "../../src/pki/issue.ts";
import { parseRequestedName } from "../../src/pki/requested_name.ts";
import { put } from "./key_tools.ts";

/** A leaf with its chain. */
export interface Identity {
  /** PKCS#8 DER. */
  readonly key: Bytes;
  /** Leaf and issuer, DER. */
  readonly chain: readonly Bytes[];
  readonly keyFile: string;
  readonly leafFile: string;
  readonly issuerFile: string;
  readonly rootFile: string;
}

const now = new Date();
const authority = await openAuthority(
  await createHierarchy({
    description: "ann@laptop",
    permitted: { any: false, domains: ["localhost"] },
    now,
  }),
);

/** Issues for localhost and 127.0.0.1, and writes everything into a directory. */
export async function makeIdentity(
  directory: string,
  keyType: "p256" | "rsa2048",
): Promise<Identity> {
  const names = ["localhost", "127.0.0.1"].map((text) => parseRequestedName(text).name);
  const issued = await issueServerCertificate(authority, { names, now, keyType });
  const leaf = issued.certificate.der;
  const issuer = authority.issuer.der;
  const pem = (name: string, der: Bytes) =>
    put(directory, `${keyType}-${name}.pem`, encodePem("CERTIFICATE", der));
  return {
    key: decodePem(issued.keyPem)[0]!.der,
    chain: [leaf, issuer],
    keyFile: put(directory, `${keyType}-key.pem`, issued.keyPem),
    leafFile: pem("leaf", leaf),
    issuerFile: pem("issuer", issuer),
    rootFile: pem("root", authority.root.der),
  };
}
