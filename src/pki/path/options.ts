/**
 * What path validation is asked, and what it answers.
 *
 * @module
 */

import { type Bytes, toBytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import { parsePeerName, type PeerName } from "./peer_name.ts";
import type { PathReason } from "./reason.ts";

/**
 * How much is asked of certificates.
 * - "path": RFC 5280, 6 and strict encodings, what every client checks;
 * - "strict": also what RFC 5280, 4 and the CA/Browser Forum BR, 7.1 ask of each certificate (key identifiers,
 *   criticality, syntax of names, no CA as leaf);
 * - "baseline": also what only public CAs keep (the common name is one of the alternative names, an extended key
 *   usage in every leaf).
 */
export type PathProfile = "path" | "strict" | "baseline";

/** RFC 5280, 6.1.1 (c), (e), (f) and (g). */
export interface PolicyInputs {
  /** user-initial-policy-set, as OIDs; default: any policy. */
  readonly acceptable?: readonly string[];
  /** initial-explicit-policy; default false. */
  readonly requireExplicit?: boolean;
  /** initial-policy-mapping-inhibit; default false. */
  readonly inhibitMapping?: boolean;
  /** initial-any-policy-inhibit; default false. */
  readonly inhibitAny?: boolean;
}

/** What is asked. All certificates are DER. */
export interface VerifyPathOptions {
  /** What the peer shows as its own certificate. */
  readonly leaf: Uint8Array;
  /** In any order; those that are not needed are not looked into. */
  readonly intermediates: readonly Uint8Array[];
  readonly anchors: readonly Uint8Array[];
  /** DNS name or IP literal of the peer; left out: names are not compared. */
  readonly name?: string | undefined;
  readonly purpose: "server" | "client";
  /** When the path has to be valid; milliseconds count (notAfter includes its whole second). */
  readonly time: Date;
  /** Default: "strict" where `name` is given or the purpose is "client", "path" otherwise. */
  readonly profile?: PathProfile | undefined;
  /** Intermediates in a path at most, self-issued ones not counted. Default 8. */
  readonly maxIntermediates?: number | undefined;
  readonly policies?: PolicyInputs | undefined;
}

/** The answer. */
export type PathResult =
  | {
    readonly ok: true;
    /** DER, leaf first, trust anchor last; one certificate where the leaf is an anchor. */
    readonly path: readonly Uint8Array[];
    /** user-constrained-policy-set (RFC 5280, 6.1.6), as OIDs, sorted; empty where the path asserts none. */
    readonly policies: "any" | readonly string[];
  }
  | {
    readonly ok: false;
    /** What is worst: no way to an anchor comes before the leaf's own faults. */
    readonly reason: PathReason;
    /** What else is wrong with the leaf, once for each code. */
    readonly also: readonly PathReason[];
  };

/** Options, checked and complete. */
export interface PathQuery {
  readonly leaf: Bytes;
  readonly intermediates: readonly Bytes[];
  readonly anchors: readonly Bytes[];
  readonly name: PeerName | undefined;
  readonly purpose: "server" | "client";
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly profile: PathProfile;
  readonly maxIntermediates: number;
  readonly policies: PolicyInputs;
}

/** Chains of the public web have 3 at most; bridges between CAs need more. */
const DEFAULT_MAX_INTERMEDIATES = 8;

/** Throws USAGE where the arguments are wrong: that is the caller's mistake, not a certificate's. */
export function checkOptions(options: VerifyPathOptions): PathQuery {
  if (typeof options !== "object" || options === null) throw wrong("there are no options");
  const { purpose, time, name, policies = {} } = options;
  if (purpose !== "server" && purpose !== "client") {
    throw wrong('purpose is neither "server" nor "client"');
  }
  if (!(time instanceof Date) || Number.isNaN(time.getTime())) throw wrong("time is no valid Date");
  if (name !== undefined && typeof name !== "string") throw wrong("name is no string");
  const profile = options.profile ??
    (name !== undefined || purpose === "client" ? "strict" : "path");
  if (!["path", "strict", "baseline"].includes(profile)) {
    throw wrong(`there is no profile "${profile}"`);
  }
  const maxIntermediates = options.maxIntermediates ?? DEFAULT_MAX_INTERMEDIATES;
  if (!Number.isInteger(maxIntermediates) || maxIntermediates < 0) {
    throw wrong("maxIntermediates is no whole number");
  }
  if (typeof policies !== "object" || policies === null) throw wrong("policies is no object");
  if (policies.acceptable !== undefined && !Array.isArray(policies.acceptable)) {
    throw wrong("policies.acceptable is no list");
  }
  return {
    leaf: own(options.leaf, "leaf"),
    intermediates: ownList(options.intermediates, "intermediates"),
    anchors: ownList(options.anchors, "anchors"),
    name: name === undefined ? undefined : parsePeerName(name),
    purpose,
    time: time.getTime(),
    profile,
    maxIntermediates,
    policies,
  };
}

function ownList(list: readonly Uint8Array[], field: string): Bytes[] {
  if (!Array.isArray(list)) throw wrong(`${field} is no list`);
  return list.map((der, index) => own(der, `${field}[${index}]`));
}

/** Bytes that WebCrypto takes, which excludes those of shared memory: another thread could change them. */
function own(der: Uint8Array, field: string): Bytes {
  if (!(der instanceof Uint8Array)) throw wrong(`${field} is no Uint8Array`);
  return der.buffer instanceof ArrayBuffer ? der as Bytes : toBytes(der);
}

function wrong(state: string): LocalTlsError {
  return new LocalTlsError("USAGE", `Cannot verify a certification path: ${state}`);
}
