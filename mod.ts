/**
 * localtls as a library, for Deno, Bun and Node programs: the certificate engine and the trust stores.
 * Importing it does nothing.
 *
 * @example Issue a certificate for a LAN address
 * ```ts
 * import assert from "node:assert/strict";
 * const hierarchy = await createHierarchy({
 *   description: "ann@laptop",
 *   permitted: { any: false, domains: ["test", "localhost"] },
 *   now: new Date(),
 * });
 * const authority = await openAuthority(hierarchy);
 * const { name } = parseRequestedName("172.16.99.32");
 * const issued = await issueServerCertificate(authority, { names: [name], now: new Date() });
 * assert.match(issued.fullchainPem, /^-----BEGIN CERTIFICATE-----/);
 * ```
 *
 * @example Ask whether a certificate is trusted for a name, and why not
 * ```ts
 * import assert from "node:assert/strict";
 * const hierarchy = await createHierarchy({
 *   description: "ann@laptop",
 *   permitted: { any: false, domains: ["test"] },
 *   now: new Date(),
 * });
 * const names = [parseRequestedName("app.test").name];
 * const authority = await openAuthority(hierarchy);
 * const issued = await issueServerCertificate(authority, { names, now: new Date() });
 * const chain = {
 *   leaf: issued.certificate.der,
 *   intermediates: [hierarchy.issuer],
 *   anchors: [hierarchy.root],
 *   purpose: "server" as const,
 *   time: new Date(),
 * };
 * assert.equal((await verifyPath({ ...chain, name: "app.test" })).ok, true);
 * const refused = await verifyPath({ ...chain, name: "bank.example" });
 * assert.equal(refused.ok === false && refused.reason.code, "NAME_MISMATCH");
 * ```
 *
 * @module
 */

export { ERROR_CODES, type ErrorCode, LocalTlsError } from "./src/errors.ts";
export { createHierarchy } from "./src/pki/hierarchy.ts";
export { type Authority, openAuthority } from "./src/pki/authority.ts";
export { type IssuedCertificate, issueServerCertificate } from "./src/pki/issue.ts";
export { checkPermitted, type Permitted } from "./src/pki/permitted.ts";
export { permittedDomains } from "./src/pki/permitting.ts";
export type {
  PathProfile,
  PathResult,
  PolicyInputs,
  VerifyPathOptions,
} from "./src/pki/path/options.ts";
export {
  PATH_REASON_CODES,
  type PathReason,
  type PathReasonCode,
  type ReasonCertificate,
} from "./src/pki/path/reason.ts";
export { verifyPath } from "./src/pki/path/verify_path.ts";
export { parseRequestedName, type RequestedName } from "./src/pki/requested_name.ts";
export { type Certificate, parseCertificate } from "./src/x509/certificate.ts";
export { decodePem, encodePem, type PemBlock } from "./src/der/pem.ts";
export type { Host } from "./src/host/host.ts";
export { createNodeHost } from "./src/host/node_host.ts";
export { findTargetUser, type TargetUser } from "./src/host/target_user.ts";
export { createElevation, type Elevation } from "./src/truststore/elevation.ts";
export { discoverStores } from "./src/truststore/families.ts";
export { applyChange, readStates, type StoreResult } from "./src/truststore/change.ts";
export type { StoreState, TrustAnchor, TrustStore } from "./src/truststore/store.ts";
