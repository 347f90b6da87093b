/**
 * Certificate policies along a path (RFC 5280, 6.1, with the graph of RFC 9618 in place of the tree, which grows
 * exponentially).
 *
 * @module
 */

import { OID } from "../../der/oids.ts";
import type { PolicyInputs } from "./options.ts";
import type { PathCertificate } from "./path_certificate.ts";
import { type Fault, fault } from "./reason.ts";

/** A policy that is valid at one depth. */
interface PolicyNode {
  readonly policy: string;
  expected: ReadonlySet<string>;
  readonly parents: ReadonlySet<PolicyNode>;
}

type Level = Map<string, PolicyNode>;

/** The outcome: a fault, or the user-constrained policies (RFC 5280, 6.1.6). */
export type PolicyOutcome = Fault | "any" | readonly string[];

/** Nodes of all levels: RFC 9618 bounds them by the policies in the path, and mappings multiply what one has. */
const MAX_NODES = 4096;

const ANY = OID.anyPolicy;

/**
 * Processes the policies of a path.
 * @param path The certificates below the anchor, that next to it first, the leaf last.
 */
export function processPolicies(
  path: readonly PathCertificate[],
  inputs: PolicyInputs,
): { readonly outcome: PolicyOutcome; readonly at: number } {
  const state = new PolicyState(path.length, inputs);
  for (const [index, certificate] of path.entries()) {
    const problem = state.enter(certificate, index === path.length - 1);
    if (problem !== undefined) return { outcome: problem, at: index };
    if (index < path.length - 1) {
      const mapping = state.leave(certificate);
      if (mapping !== undefined) return { outcome: mapping, at: index };
    }
  }
  return { outcome: state.wrapUp(path[path.length - 1]!), at: path.length - 1 };
}

class PolicyState {
  #level: Level | undefined;
  #nodes = 1;
  #explicit: number;
  #mapping: number;
  #any: number;
  readonly #acceptable: readonly string[] | undefined;

  /** RFC 5280, 6.1.2 (a), (d), (e) and (f). */
  constructor(length: number, inputs: PolicyInputs) {
    const root = { policy: ANY, expected: new Set([ANY]), parents: new Set<PolicyNode>() };
    this.#level = new Map([[ANY, root]]);
    this.#explicit = inputs.requireExplicit === true ? 0 : length + 1;
    this.#any = inputs.inhibitAny === true ? 0 : length + 1;
    this.#mapping = inputs.inhibitMapping === true ? 0 : length + 1;
    this.#acceptable = inputs.acceptable?.includes(ANY) ? undefined : inputs.acceptable;
  }

  /** RFC 5280, 6.1.3 (d) to (f). */
  enter({ policies, selfIssued }: PathCertificate, last: boolean): Fault | undefined {
    const above = this.#level;
    if (above === undefined || policies === undefined) this.#level = undefined;
    else {
      const level: Level = new Map();
      const add = (policy: string, parents: Iterable<PolicyNode>) => {
        level.set(policy, { policy, expected: new Set([policy]), parents: new Set(parents) });
        this.#nodes++;
      };
      const expecting = byExpectedPolicy(above);
      const any = above.get(ANY);
      for (const policy of policies) {
        if (policy === ANY) continue;
        const parents = expecting.get(policy);
        if (parents !== undefined) add(policy, parents);
        else if (any !== undefined) add(policy, [any]);
      }
      if (policies.includes(ANY) && (this.#any > 0 || (!last && selfIssued))) {
        for (const [policy, parents] of expecting) if (!level.has(policy)) add(policy, parents);
      }
      this.#level = level.size === 0 ? undefined : level;
    }
    if (this.#nodes > MAX_NODES) {
      return fault("LIMIT_EXCEEDED", FIELD, "RFC 9618", "the path has too many policies");
    }
    return this.#explicit > 0 || this.#level !== undefined ? undefined : noPolicy();
  }

  /** RFC 5280, 6.1.4 (a), (b), (h), (i) and (j). */
  leave(certificate: PathCertificate): Fault | undefined {
    const { policyMappings, policyConstraints, inhibitAnyPolicy, selfIssued } = certificate;
    if (policyMappings !== undefined) {
      if (policyMappings.some((pair) => pair.issuerDomain === ANY || pair.subjectDomain === ANY)) {
        const state = "it maps anyPolicy, which may not be";
        return fault("POLICY_NOT_VALID", "extensions.policyMappings", "RFC 5280, 6.1.4 (a)", state);
      }
      this.#map(policyMappings);
    }
    if (!selfIssued) {
      this.#explicit = Math.max(0, this.#explicit - 1);
      this.#mapping = Math.max(0, this.#mapping - 1);
      this.#any = Math.max(0, this.#any - 1);
    }
    this.#explicit = Math.min(this.#explicit, policyConstraints?.requireExplicitPolicy ?? Infinity);
    this.#mapping = Math.min(this.#mapping, policyConstraints?.inhibitPolicyMapping ?? Infinity);
    this.#any = Math.min(this.#any, inhibitAnyPolicy ?? Infinity);
    return undefined;
  }

  #map(mappings: NonNullable<PathCertificate["policyMappings"]>): void {
    const level = this.#level;
    if (level === undefined) return;
    const targets = new Map<string, Set<string>>();
    for (const { issuerDomain, subjectDomain } of mappings) {
      const set = targets.get(issuerDomain) ?? new Set();
      targets.set(issuerDomain, set.add(subjectDomain));
    }
    const any = level.get(ANY);
    for (const [policy, expected] of targets) {
      const node = level.get(policy);
      if (this.#mapping === 0) level.delete(policy);
      else if (node !== undefined) node.expected = expected;
      // The new node stands beside the one of anyPolicy, and so has its parents.
      else if (any !== undefined) level.set(policy, { policy, expected, parents: any.parents });
    }
    if (level.size === 0) this.#level = undefined;
  }

  /** RFC 5280, 6.1.5 (a), (b) and (g); RFC 9618, 5.6. */
  wrapUp({ policyConstraints }: PathCertificate): PolicyOutcome {
    if (this.#explicit > 0) this.#explicit--;
    if (policyConstraints?.requireExplicitPolicy === 0) this.#explicit = 0;
    const authority = authorityPolicies(this.#level);
    const acceptable = this.#acceptable;
    const user = acceptable === undefined
      ? authority
      : authority === "any"
      ? [...new Set(acceptable)].sort()
      : authority.filter((policy) => acceptable.includes(policy));
    return this.#explicit === 0 && user.length === 0 ? noPolicy() : user;
  }
}

function byExpectedPolicy(level: Level): Map<string, PolicyNode[]> {
  const out = new Map<string, PolicyNode[]>();
  for (const node of level.values()) {
    for (const policy of node.expected) {
      const list = out.get(policy);
      if (list === undefined) out.set(policy, [node]);
      else list.push(node);
    }
  }
  return out;
}

/** The policies of the anchor's own domain that reach the leaf: those whose parent is anyPolicy. */
function authorityPolicies(level: Level | undefined): "any" | string[] {
  if (level === undefined) return [];
  if (level.has(ANY)) return "any";
  const found = new Set<string>();
  const seen = new Set<PolicyNode>();
  const open = [...level.values()];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const parent of node.parents) {
      if (parent.policy === ANY) found.add(node.policy);
      else open.push(parent);
    }
  }
  return [...found].sort();
}

const FIELD = "extensions.certificatePolicies";

function noPolicy(): Fault {
  const state = "a policy is required, and none is valid along the path";
  return fault("POLICY_NOT_VALID", FIELD, "RFC 5280, 6.1.3 (f) and 6.1.5", state);
}
