/**
 * Writing PKCS#12 trust stores for Java: certificates without a key, each marked as trusted.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
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
import { sha256Hex } from "../fingerprint.ts";
import { encodeMac } from "./mac.ts";
import { bmpOctets } from "./password_kdf.ts";
import { encodeBag, encodeData } from "./pfx_writer.ts";

/** As keytool writes: Javas from 8u301 and 11.0.12 on read it. Salt in octets. */
const MAC = { hash: "SHA-256", saltLength: 20, iterations: 10_000 } as const;

/**
 * Makes a trust store. The certificates stand in the clear, as in the cacerts of a JDK: whoever opens it
 * without the password sees them too. Its MAC shows damage, and protects from nobody: the password is public.
 *
 * @param certificates DER; their aliases come from their SHA-256.
 * @returns PFX DER.
 */
export async function createTrustStore(
  certificates: readonly Uint8Array[],
  password: string,
): Promise<Bytes> {
  if (certificates.length === 0) throw new RangeError("Cannot make a trust store without roots");
  const bags = await Promise.all(certificates.map(async (der) => {
    const alias = `root-${(await sha256Hex(der)).slice(0, 16)}`;
    return encodeBag(
      OID.certBag,
      sequence(oid(OID.x509Certificate), explicit(0, octetString(der))),
      set(
        sequence(oid(OID.friendlyName), set(encodeTlv(TAG.bmpString, bmpOctets(alias)))),
        // Without it a Java takes the certificate for part of a chain, and trusts nothing.
        sequence(oid(OID.trustedKeyUsage), set(oid(OID.anyExtendedKeyUsage))),
      ),
    );
  }));
  const safe = sequence(encodeData(sequenceOf(bags)));
  return sequence(integer(3), encodeData(safe), await encodeMac(safe, password, MAC));
}
