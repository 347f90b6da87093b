/**
 * Whether a certificate may stand above a path that has been built so far; everything but the signature.
 *
 * @module
 */

import { commonFaults, issuerFaults } from "./issuer_rules.ts";
import { type Budget, constraintFault } from "./name_constraints.ts";
import type { PathQuery } from "./options.ts";
import type { NodeFault, PathNode } from "./path_node.ts";
import { keyIdentifiersDiffer, profileFaults } from "./profile_rules.ts";
import { type Fault, fault } from "./reason.ts";

/** Certificates of a path, self-issued ones counted: without it, key roll-overs could go on. */
const MAX_PATH = 32;

/**
 * Why nothing can be built on a candidate; undefined where it can. What name constraints forbid is the fault of the
 * certificate with the name.
 * @param path Leaf first; the last was issued by the candidate, if its signature is good.
 * @param counted Intermediates in the path that are not self-issued.
 */
export function candidateFault(
  node: PathNode,
  path: readonly PathNode[],
  counted: number,
  query: PathQuery,
  budget: Budget,
): NodeFault | undefined {
  for (const problem of candidateFaults(node, counted, query)) return { node, fault: problem };
  const last = path[path.length - 1]!;
  if (query.profile !== "path" && keyIdentifiersDiffer(last.read, node.read)) {
    const field = "extensions.authorityKeyIdentifier";
    const state = "its authority key identifier is not that of its issuer's key";
    const problem = fault("KEY_IDENTIFIER_MISMATCH", field, "RFC 5280, 4.2.1.1", state);
    return { node: last, fault: problem };
  }
  const intermediates = counted + (node.role === "anchor" || node.read.selfIssued ? 0 : 1);
  if (intermediates > query.maxIntermediates || path.length > MAX_PATH) {
    const state = `with it there are more than ${query.maxIntermediates} intermediates`;
    return { node, fault: fault("LIMIT_EXCEEDED", "path", "maxIntermediates", state) };
  }
  const constraints = node.read.nameConstraints;
  if (constraints === undefined) return undefined;
  for (const below of path) {
    if (below.role !== "leaf" && below.read.selfIssued) continue; // RFC 5280, 6.1.3 (b)
    const problem = constraintFault(constraints, below.read, budget);
    if (problem !== undefined) return { node: below, fault: problem };
  }
  return undefined;
}

/** What is wrong with the candidate itself. */
function* candidateFaults(
  { read, role }: PathNode,
  counted: number,
  query: PathQuery,
): Generator<Fault> {
  yield* commonFaults(read, role, query);
  yield* issuerFaults(read, counted, query);
  yield* profileFaults(read, role, query);
  if (query.profile !== "path" && read.nameConstraints?.dottedDns) {
    const state = "a dNSName in its constraints begins with a dot";
    yield fault("MALFORMED", "extensions.nameConstraints", "RFC 5280, 4.2.1.10", state);
  }
}
