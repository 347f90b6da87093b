/**
 * Building a path from a leaf to an anchor (RFC 4158), depth first, with bounds on its work: graphs of cross-signed
 * CAs have exponentially many paths.
 *
 * A candidate is checked as far as it can be before anything is built on it, cheap rules before signatures. Of
 * the candidates that failed, the one that came furthest is the answer.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { candidateFault } from "./candidate_rules.ts";
import type { Budget } from "./name_constraints.ts";
import type { PathQuery } from "./options.ts";
import type { PathCertificate } from "./path_certificate.ts";
import type { BrokenNode, NodeFault, NodeLabel, PathNode } from "./path_node.ts";
import { processPolicies } from "./policy_graph.ts";
import { keyIdentifiersDiffer } from "./profile_rules.ts";
import { keyFault } from "./public_key.ts";
import { type Fault, fault } from "./reason.ts";
import { isSignedWith, signatureAlgorithmFault } from "./signature_check.ts";

/** What the search ends with. */
export type SearchResult =
  | { readonly path: readonly PathNode[]; readonly policies: "any" | readonly string[] }
  | { readonly failure: NodeFault };

/** Signatures checked for one answer. As Go; honest graphs need fewer than ten. */
const MAX_SIGNATURES = 100;

/** Certificates on which something is built, for one answer. */
const MAX_STEPS = 2000;

/** Comparisons of a name with a constraint, for one answer. As the Rust webpki; the largest honest leaf needs 30,000. */
const MAX_COMPARISONS = 250_000;

/** How far a candidate came: the failure with the highest is reported, then the longest path, then the first. */
const STAGE = {
  mismatch: 1,
  noIssuer: 2,
  malformed: 3,
  intermediate: 4,
  anchor: 5,
  limit: 6,
} as const;

/** One search. */
export class PathSearch {
  readonly #query: PathQuery;
  readonly #issuers: ReadonlyMap<string, readonly PathNode[]>;
  readonly #broken: readonly BrokenNode[];
  readonly #budget: Budget = { comparisons: MAX_COMPARISONS };
  #distances: ReadonlyMap<string, number> | undefined;
  #signaturesLeft = MAX_SIGNATURES;
  #stepsLeft = MAX_STEPS;
  #best: (NodeFault & { readonly stage: number; readonly depth: number }) | undefined;

  /** @param pool Intermediates and anchors. */
  constructor(query: PathQuery, pool: Iterable<PathNode | BrokenNode>) {
    this.#query = query;
    const issuers = new Map<string, PathNode[]>();
    const broken: BrokenNode[] = [];
    for (const node of pool) {
      if ("fault" in node) {
        broken.push(node);
        continue;
      }
      const same = issuers.get(node.read.subjectKey);
      if (same === undefined) issuers.set(node.read.subjectKey, [node]);
      else same.push(node);
    }
    this.#issuers = issuers;
    this.#broken = broken;
  }

  /** Searches. */
  async run(leaf: PathNode): Promise<SearchResult> {
    return await this.#extend([leaf], 0) ?? { failure: this.#best! };
  }

  /** @param counted Intermediates in the path that are not self-issued. */
  async #extend(path: readonly PathNode[], counted: number): Promise<SearchResult | undefined> {
    const last = path[path.length - 1]!;
    if (this.#stepsLeft-- <= 0) return this.#exhausted(last);
    const candidates = this.#candidates(path);
    if (candidates.length === 0) this.#fail(STAGE.noIssuer, path, last, missingIssuer(last));
    for (const node of this.#broken) {
      if (node.subjectKey !== last.read.issuerKey) continue;
      this.#fail(STAGE.malformed, path, node, node.fault);
    }
    for (const candidate of candidates) {
      const problem = candidateFault(candidate, path, counted, this.#query, this.#budget);
      const signed = await this.#isSigned(last.read, candidate.read);
      if (signed === undefined) return this.#exhausted(last);
      if (!signed && keyFault(candidate.read.key) === undefined) {
        const state = "its signature was not made by the issuer that it names";
        const wrong = signatureAlgorithmFault(last.read.certificate) ??
          fault("SIGNATURE_INVALID", "signatureValue", "RFC 5280, 6.1.3 (a) (1)", state);
        this.#fail(STAGE.mismatch, path, last, wrong);
        continue;
      }
      const stage = candidate.role === "anchor" ? STAGE.anchor : STAGE.intermediate;
      if (problem !== undefined) {
        this.#fail(stage, path, problem.node, problem.fault);
        continue;
      }
      const longer = [...path, candidate];
      const found = candidate.role === "anchor"
        ? this.#finish(longer)
        : await this.#extend(longer, counted + (candidate.read.selfIssued ? 0 : 1));
      if (found !== undefined) return found;
      if (this.#best?.stage === STAGE.limit) return undefined;
    }
    return undefined;
  }

  /** Certificates with the name of the issuer that are not in the path, the most promising first. */
  #candidates(path: readonly PathNode[]): PathNode[] {
    const { read } = path[path.length - 1]!;
    const named = this.#issuers.get(read.issuerKey) ?? [];
    const usable = named.filter(({ read: other }) =>
      !path.some(({ read }) => isSameAuthority(read, other))
    );
    if (usable.length < 2) return usable;
    return usable.map((node) => ({ node, rank: this.#rank(read, node) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ node }) => node);
  }

  /** RFC 4158, 3.5: key identifiers that fit, then what is valid now, then the shortest way. Lower is better. */
  #rank(subject: PathCertificate, { read, role }: PathNode): number {
    const { notBefore, notAfter } = read.certificate;
    const { time } = this.#query;
    const valid = time >= notBefore.getTime() && time < notAfter.getTime() + 1000;
    return (keyIdentifiersDiffer(subject, read) ? 2 * FAR : 0) + (valid ? 0 : FAR) +
      (role === "anchor" ? 0 : 1 + this.#distance(read.issuerKey));
  }

  /** Certificates from a name to the nearest anchor, by names alone; FAR where there is no way. */
  #distance(name: string): number {
    this.#distances ??= nameDistances(this.#issuers);
    return this.#distances.get(name) ?? FAR - 1;
  }

  /** undefined where no more signatures may be checked. */
  async #isSigned(subject: PathCertificate, issuer: PathCertificate): Promise<boolean | undefined> {
    const known = subject.signedWith.get(issuer.key);
    if (known !== undefined) return known;
    if (this.#signaturesLeft-- <= 0) return undefined;
    const signed = await isSignedWith(subject.certificate, issuer.key);
    subject.signedWith.set(issuer.key, signed);
    return signed;
  }

  /** The path is complete; policies are what only a whole path has. */
  #finish(path: readonly PathNode[]): SearchResult | undefined {
    const below = path.slice(0, -1).reverse();
    const { outcome, at } = processPolicies(below.map(({ read }) => read), this.#query.policies);
    if (outcome === "any" || !("code" in outcome)) return { path, policies: outcome };
    this.#fail(STAGE.anchor, path, below[at]!, outcome);
    return undefined;
  }

  #exhausted(node: PathNode): undefined {
    const state = "there are more ways to an anchor than are tried";
    this.#fail(STAGE.limit, [node], node, fault("LIMIT_EXCEEDED", "path", "RFC 4158, 2.4", state));
  }

  #fail(stage: number, path: readonly PathNode[], node: NodeLabel, problem: Fault): void {
    const best = this.#best;
    const depth = path.length;
    if (
      best !== undefined && (stage < best.stage || (stage === best.stage && depth <= best.depth))
    ) {
      return;
    }
    this.#best = { stage, depth, node, fault: problem };
  }
}

/** More than any distance: what is ranked lower for another cause comes behind all that is not. */
const FAR = 1_000_000;

/** Breadth first from the anchors: in a mesh of CAs the short way is found before the thousand long ones. */
function nameDistances(
  issuers: ReadonlyMap<string, readonly PathNode[]>,
): ReadonlyMap<string, number> {
  const issuedBy = new Map<string, Set<string>>();
  const distances = new Map<string, number>();
  for (const [name, nodes] of issuers) {
    for (const { role, read } of nodes) {
      if (role === "anchor") distances.set(name, 0);
      else issuedBy.set(read.issuerKey, (issuedBy.get(read.issuerKey) ?? new Set()).add(name));
    }
  }
  // A Map is walked in the order of insertion, what is added meanwhile included.
  for (const [name, distance] of distances) {
    for (const below of issuedBy.get(name) ?? []) {
      if (!distances.has(below)) distances.set(below, distance + 1);
    }
  }
  return distances;
}

/** RFC 4158, 5.2: the same name with the same key is the same CA, and a path that comes back to it is a loop. */
function isSameAuthority(a: PathCertificate, b: PathCertificate): boolean {
  return a === b || (a.subjectKey === b.subjectKey && equalBytes(a.key.spki, b.key.spki));
}

function missingIssuer({ read }: PathNode): Fault {
  if (read.selfIssued) {
    const state = "it is its own issuer, and no trust anchor";
    return fault("SELF_SIGNED_UNTRUSTED", "issuer", "RFC 5280, 6.1", state);
  }
  return fault("ISSUER_UNKNOWN", "issuer", "RFC 5280, 6.1", "its issuer is not known");
}
