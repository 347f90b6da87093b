/**
 * How a server's own certificate is trusted, which browsers do differently.
 *
 * @module
 */

import { decodeBoolean, DerReader } from "../../der/decode.ts";
import { OID } from "../../der/oids.ts";
import { TAG } from "../../der/tags.ts";
import { LocalTlsError } from "../../errors.ts";
import type { Certificate } from "../../x509/certificate.ts";
import type { TrustAnchor } from "../store.ts";
import type { TrustLevel } from "./trust_format.ts";

/** Whose opinion counts. */
export type DatabaseUsers = "chromium" | "mozilla";

/**
 * The level that makes the users of a database accept what the anchor stands for.
 *
 * Chromium: a trusted peer, which may issue nothing. As a delegator it would be taken for an anchor
 * whose basicConstraints nobody checks. Firefox passes peers over, and accepts a self-signed
 * end-entity certificate that is marked as a delegator; it does check basicConstraints, so that such a
 * one cannot issue either (measured with Chromium 156 and Firefox 153).
 *
 * Throws STORE_UNAVAILABLE for what Firefox accepts in no way: a certificate that is a CA, or has no
 * extensions (without basicConstraints, version 1 anchors may issue).
 */
export function chooseLevel(anchor: TrustAnchor, users: DatabaseUsers): TrustLevel {
  if (anchor.role === "ca") return "delegator";
  if (users === "chromium") return "peer";
  const { certificate } = anchor;
  if (certificate.extensions.has(OID.subjectAltName) && !isCa(certificate)) return "delegator";
  throw new LocalTlsError(
    "STORE_UNAVAILABLE",
    `Cannot trust "${anchor.label}" in Firefox: it accepts no self-signed server certificate that ` +
      "is a CA or lacks a subjectAltName",
    { hints: ["Open the page in Firefox and add an exception there"] },
  );
}

function isCa(certificate: Certificate): boolean {
  const extension = certificate.extensions.get(OID.basicConstraints);
  if (extension === undefined) return false;
  const fields = new DerReader(extension.value, "basicConstraints").enter("value");
  const flag = fields.readOptional("cA", TAG.boolean);
  return flag !== undefined && decodeBoolean(flag);
}
