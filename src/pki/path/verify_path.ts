/**
 * Validating certification paths (RFC 5280, 6) for TLS servers and clients, on DER of our own and WebCrypto.
 *
 * Trust anchors are certificates. Their own signature is not checked, everything else in them is: validity,
 * basicConstraints with the path length, key usage, extended key usage, name constraints, critical extensions. A leaf that
 * is itself an anchor, octet by octet, is a path of one; whatever concerns a leaf is checked then too.
 *
 * Not done: revocation. Nothing is fetched.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import { readSubjectText } from "../../x509/certificate.ts";
import { sha256Hex } from "../../x509/fingerprint.ts";
import { commonFaults } from "./issuer_rules.ts";
import { leafFaults } from "./leaf_rules.ts";
import {
  checkOptions,
  type PathQuery,
  type PathResult,
  type VerifyPathOptions,
} from "./options.ts";
import {
  isFault,
  type PathCertificate,
  readBrokenSubject,
  readPathCertificate,
} from "./path_certificate.ts";
import { processPolicies } from "./policy_graph.ts";
import { profileFaults } from "./profile_rules.ts";
import type { Fault, PathReason, PathRole, ReasonCertificate } from "./reason.ts";
import type { BrokenNode, NodeFault, NodeLabel, PathNode } from "./path_node.ts";
import { PathSearch, type SearchResult } from "./search.ts";

/**
 * Whether a certificate can be trusted for a purpose, and as whom.
 *
 * Resolves whatever is in the certificates; rejects with USAGE where the arguments themselves are wrong (a name that
 * is none, an invalid Date).
 */
export async function verifyPath(options: VerifyPathOptions): Promise<PathResult> {
  const query = checkOptions(options);
  const read = readPathCertificate(query.leaf);
  if (isFault(read)) {
    const broken = readBrokenSubject(query.leaf);
    const label = { role: "leaf" as const, index: 0, der: query.leaf, subject: broken?.subject };
    return { ok: false, reason: describe(await identify(label), read), also: [] };
  }
  const leaf = toNode("leaf", 0, read);
  const anchored = query.anchors.some((der) => equalBytes(der, query.leaf));
  const own = [...ownFaults(read, anchored, query)];
  const result = anchored
    ? pathOfOne(leaf, query)
    : await new PathSearch(query, poolOf(query)).run(leaf);
  if ("failure" in result) return await refuse(result.failure, leaf, own);
  const [worst, ...rest] = own;
  if (worst !== undefined) return await refuse({ node: leaf, fault: worst }, leaf, rest);
  return {
    ok: true,
    path: result.path.map(({ read }) => read.certificate.der.slice()),
    policies: result.policies,
  };
}

function* ownFaults(
  read: PathCertificate,
  anchored: boolean,
  query: PathQuery,
): Generator<Fault> {
  const role: PathRole = anchored ? "anchor" : "leaf";
  yield* commonFaults(read, role, query);
  yield* leafFaults(read, query);
  // A self-signed peer has the identifiers of a leaf or of a root: a leaf's are asked for where it is none.
  if (!anchored) yield* profileFaults(read, role, query);
}

function pathOfOne(leaf: PathNode, query: PathQuery): SearchResult {
  const { outcome } = processPolicies([leaf.read], query.policies);
  if (outcome === "any" || !("code" in outcome)) return { path: [leaf], policies: outcome };
  return { failure: { node: leaf, fault: outcome } };
}

/** Everything that could be an issuer. What cannot be read at all has no name by which it could be one. */
function* poolOf(query: PathQuery): Generator<PathNode | BrokenNode> {
  for (const [index, der] of query.anchors.entries()) yield* readNode("anchor", index, der);
  for (const [index, der] of query.intermediates.entries()) {
    if (query.anchors.some((anchor) => equalBytes(anchor, der))) continue;
    yield* readNode("intermediate", index, der);
  }
}

function* readNode(
  role: PathRole,
  index: number,
  der: Bytes,
): Generator<PathNode | BrokenNode> {
  const read = readPathCertificate(der);
  if (!isFault(read)) yield toNode(role, index, read);
  else {
    const broken = readBrokenSubject(der);
    if (broken !== undefined) yield { role, index, der, fault: read, ...broken };
  }
}

function toNode(role: PathRole, index: number, read: PathCertificate): PathNode {
  return { role, index, read, der: read.certificate.der, subject: read.certificate.subject };
}

async function refuse(
  { node, fault }: NodeFault,
  leaf: NodeLabel,
  others: readonly Fault[],
): Promise<PathResult> {
  // One of each code: a leaf may have ten thousand malformed names.
  const also = new Map<string, Fault>();
  for (const other of others) if (!also.has(other.code)) also.set(other.code, other);
  if (node.role === "leaf") also.delete(fault.code);
  const reason = describe(await identify(node), fault);
  const identity = also.size === 0 ? reason.certificate : await identify(leaf);
  return { ok: false, reason, also: [...also.values()].map((other) => describe(identity, other)) };
}

async function identify({ role, index, der, subject }: NodeLabel): Promise<ReasonCertificate> {
  const text = subject === undefined ? "" : cut(subjectText(subject), MAX_SUBJECT);
  return { role, index, subject: text, sha256: await sha256Hex(der) };
}

function describe(
  certificate: ReasonCertificate,
  { code, field, rule, state }: Fault,
): PathReason {
  const shown = cut(certificate.subject, MAX_SHOWN);
  const which = shown === "" ? certificate.role : `${certificate.role} "${shown}"`;
  return { code, message: `Cannot trust the ${which}: ${state}`, certificate, field, rule };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}

/** Characters of a subject in a reason: names of the real world have 200. */
const MAX_SUBJECT = 1024;

/** Characters of a subject in a message. */
const MAX_SHOWN = 160;

function subjectText(name: Bytes): string {
  try {
    return readSubjectText(name);
  } catch (error) {
    if (error instanceof LocalTlsError) return "";
    throw error;
  }
}
