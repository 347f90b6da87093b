/**
 * What is asked of a leaf: its purpose, its form, and that it is for the peer.
 *
 * @module
 */

import { OID } from "../../der/oids.ts";
import { generalNameText } from "../../x509/general_name.ts";
import { looksNumeric, quoteName } from "../dns_name.ts";
import { commonNameFaults } from "./common_name_rules.ts";
import { readMailbox } from "./constraint_set.ts";
import { allowsPurpose } from "./issuer_rules.ts";
import type { PathQuery } from "./options.ts";
import type { PathCertificate } from "./path_certificate.ts";
import { isPresentedDnsName, matchesPeerName, peerNameText } from "./peer_name.ts";
import { type Fault, fault } from "./reason.ts";

const SAN = "extensions.subjectAltName";
const EKU = "extensions.extKeyUsage";

/** What is wrong with a certificate as a leaf, the worst first. */
export function* leafFaults(read: PathCertificate, query: PathQuery): Generator<Fault> {
  yield* purposeFaults(read, query);
  const alternative = read.certificate.extensions.get(OID.subjectAltName);
  if (read.subjectRdns.length === 0 && alternative?.critical !== true) {
    const state = "it has no subject, and no critical alternative names in its place";
    yield fault("SUBJECT_EMPTY", "subject", "RFC 5280, 4.2.1.6", state);
  }
  if (query.profile !== "path") yield* strictLeafFaults(read, query);
  if (query.profile === "baseline" && read.extKeyUsage === undefined) {
    yield fault("EXTENSION_MISSING", EKU, "BR, 7.1.2.7.6", "it has no extended key usage");
  }
  yield* nameFaults(read, query);
}

function* purposeFaults({ extKeyUsage }: PathCertificate, query: PathQuery): Generator<Fault> {
  if (extKeyUsage === undefined) return;
  // BR, 7.1.2.7.10 forbids anyExtendedKeyUsage, and most clients refuse it for servers.
  if (!allowsPurpose(extKeyUsage, query, query.profile === "path")) {
    const state = `its extended key usage is not for ${query.purpose}s`;
    yield fault("PURPOSE_NOT_ALLOWED", EKU, "RFC 5280, 4.2.1.12", state);
  } else if (query.profile !== "path" && extKeyUsage.includes(OID.anyExtendedKeyUsage)) {
    const state = "its extended key usage is for everything";
    yield fault("EXTENSION_FORBIDDEN", EKU, "BR, 7.1.2.7.10", state);
  }
}

function* strictLeafFaults(read: PathCertificate, query: PathQuery): Generator<Fault> {
  const { basicConstraints, keyUsage, certificate } = read;
  if (basicConstraints?.ca === true) {
    const state = "it is a CA, and used as the certificate of a peer";
    yield fault("CA_AS_LEAF", "extensions.basicConstraints", "BR, 7.1.2.7.8", state);
  } else if (keyUsage?.has("keyCertSign")) {
    const state = "its key usage has keyCertSign, and it is no CA";
    yield fault("EXTENSION_FORBIDDEN", "extensions.keyUsage", "RFC 5280, 4.2.1.9", state);
  }
  yield* keyUsageFaults(read, query);
  if (read.nameConstraints !== undefined) {
    const state = "it has name constraints, and is no CA";
    yield fault("EXTENSION_FORBIDDEN", "extensions.nameConstraints", "RFC 5280, 4.2.1.10", state);
  }
  if (certificate.extensions.get(OID.extKeyUsage)?.critical) {
    const state = "its extended key usage is critical";
    yield fault("EXTENSION_CRITICALITY", EKU, "BR, 7.1.2.7.6", state);
  }
  if (read.subjectRdns.length > 0 && certificate.extensions.get(OID.subjectAltName)?.critical) {
    const state = "its alternative names are critical, though it has a subject";
    yield fault("EXTENSION_CRITICALITY", SAN, "RFC 5280, 4.2.1.6; BR, 7.1.2.7.12", state);
  }
  for (const name of read.subjectAltNames ?? []) {
    if (isWellFormed(name)) continue;
    const state = `its alternative name ${quoteName(generalNameText(name))} is malformed`;
    yield fault("MALFORMED", SAN, "RFC 5280, 4.2.1.6", state);
  }
  yield* commonNameFaults(read, query.profile);
}

/** RFC 5246, 7.4.2 and 7.4.6, RFC 8446, 4.4.2.2: signing, or for RSA of old the key exchange. */
function* keyUsageFaults(
  { keyUsage, key }: PathCertificate,
  { purpose }: PathQuery,
): Generator<Fault> {
  if (keyUsage === undefined || keyUsage.has("digitalSignature")) return;
  if (purpose === "server" && key.type === "rsa" && keyUsage.has("keyEncipherment")) return;
  const state = "its key usage leaves digitalSignature out";
  yield fault("KEY_USAGE_MISSING", "extensions.keyUsage", "RFC 8446, 4.4.2.2", state);
}

/** RFC 5280, 4.2.1.6: the preferred name syntax, a mailbox. */
function isWellFormed(name: NonNullable<PathCertificate["subjectAltNames"]>[number]): boolean {
  if (name.type === "email") return readMailbox(name.value) !== undefined;
  if (name.type !== "dns") return true;
  return isPresentedDnsName(name.value) && !name.value.includes("_") && !looksNumeric(name.value);
}

/** RFC 9525, 6. */
function* nameFaults({ subjectAltNames }: PathCertificate, { name }: PathQuery): Generator<Fault> {
  if (name === undefined) return;
  if (subjectAltNames === undefined) {
    const state = "it has no alternative names, and nothing else says which peer it is for";
    yield fault("SAN_MISSING", SAN, "RFC 9525, 6.2", state);
  } else if (!matchesPeerName(subjectAltNames, name)) {
    const state = `it is not for ${quoteName(peerNameText(name))}`;
    yield fault("NAME_MISMATCH", SAN, "RFC 9525, 6.3", state);
  }
}
