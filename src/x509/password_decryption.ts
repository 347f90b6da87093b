/**
 * Decrypting what stands under a password: PBES2 here, the schemes of PKCS#12 where they are met.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { OID, oidName } from "../der/oids.ts";
import type { AlgorithmIdentifier } from "./algorithm_identifier.ts";
import { type DecryptContext, decryptPbes2 } from "./pbes2.ts";

/**
 * Decrypts with the scheme that an AlgorithmIdentifier names. Throws and answers as {@link decryptPbes2}.
 */
export async function decryptWithPassword(
  algorithm: AlgorithmIdentifier,
  password: string,
  encrypted: Bytes,
  context: DecryptContext,
): Promise<Bytes | undefined> {
  const name = algorithm.algorithm;
  if (name === OID.pbes2) return await decryptPbes2(algorithm, password, encrypted, context);
  const { decryptLegacy, isLegacyScheme } = await import("./pkcs12/legacy_encryption.ts");
  if (isLegacyScheme(name)) return await decryptLegacy(algorithm, password, encrypted, context);
  throw context.refuse(`the encryption ${oidName(name)} is not supported`);
}
