/**
 * What each client says of a server: its connection, its certificates, and whether it wants one of the client.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../bytes.ts";
import type { Certificate } from "../x509/certificate.ts";
import type { ClientRoots } from "./anchors.ts";
import {
  badPort,
  type ConnectionRefusal,
  dialError,
  handshakeRefusal,
} from "./connection_faults.ts";
import type { Fault } from "./faults.ts";
import { leafFaults } from "./leaf_faults.ts";
import type { DialFault } from "./network/dial.ts";
import { pathFaults } from "./path_faults.ts";
import { judge } from "./policies.ts";
import { isServerHello, type Sight } from "./sight.ts";
import type { Target } from "./target.ts";
import { CLIENT_OFFERS, type ClientId, VERSION } from "./tls/offers.ts";

/** A client's name for people. */
export const CLIENT_NAMES: Readonly<Record<ClientId, string>> = {
  chromium: "Chromium",
  firefox: "Firefox",
  curl: "curl",
  node: "Node",
  python: "Python",
  java: "Java",
};

/** What one client does. */
export interface Verdict {
  readonly client: ClientId;
  readonly roots: ClientRoots;
  /** Undefined where it accepts. */
  readonly refusal?: {
    /** Its own name for it. */
    readonly error: string;
    /** A sentence without its period. */
    readonly message: string;
    /** What was at fault; undefined for a connection that did not come about. */
    readonly fault?: Fault;
    /** The server wants a certificate of the client, and this is all that is in the way. */
    readonly wantsCertificate?: true;
  };
  /** All faults of certificates, also those that this client does not mind. */
  readonly faults: readonly Fault[];
}

/** What verdicts are made of. */
export interface Evidence {
  readonly target: Target;
  readonly sight: Sight;
  /** As served; the certificates that could be read. */
  readonly chain: readonly Certificate[];
  readonly roots: readonly ClientRoots[];
  readonly now: Date;
  /** The handshake fails without a client certificate. */
  readonly requiresCertificate: boolean;
}

/** The verdict of every client. */
export async function judgeClients(evidence: Evidence): Promise<Verdict[]> {
  const [leaf, ...rest] = evidence.chain;
  const { host } = evidence.target;
  const ofLeaf = leaf === undefined ? [] : leafFaults({ leaf, host, now: evidence.now });
  // Clients that trust the same are told the same: most do.
  const paths: { readonly anchors: readonly Bytes[]; readonly faults: Promise<Fault[]> }[] = [];
  const pathOf = ({ anchors }: ClientRoots): Promise<Fault[]> => {
    if (leaf === undefined) return Promise.resolve([]);
    const known = paths.find((path) => areSame(path.anchors, anchors));
    if (known !== undefined) return known.faults;
    const intermediates = rest.map(({ der }) => der);
    const faults = pathFaults({ leaf, intermediates, anchors, now: evidence.now });
    paths.push({ anchors, faults });
    return faults;
  };
  return await Promise.all(
    evidence.roots.map(async (roots) =>
      judgeClient(evidence, roots, [...await pathOf(roots), ...ofLeaf])
    ),
  );
}

/** Whether two lists hold the same byte strings. */
function areSame(a: readonly Bytes[], b: readonly Bytes[]): boolean {
  const isIn = (all: readonly Bytes[], one: Bytes) => all.some((other) => equalBytes(other, one));
  return a.every((one) => isIn(b, one)) && b.every((one) => isIn(a, one));
}

function judgeClient(evidence: Evidence, roots: ClientRoots, faults: readonly Fault[]): Verdict {
  const { client } = roots;
  const base = { client, roots, faults };
  const connection = connectionRefusal(client, evidence);
  if (connection !== undefined) return { ...base, refusal: connection };
  const refused = judge(client, faults);
  if (refused !== undefined) {
    const { error, fault } = refused;
    return { ...base, refusal: { error, message: fault.message, fault } };
  }
  if (!evidence.requiresCertificate) return base;
  return { ...base, refusal: { ...certificateWanted(client, evidence), wantsCertificate: true } };
}

function connectionRefusal(
  client: ClientId,
  { target, sight }: Evidence,
): ConnectionRefusal | undefined {
  const bad = badPort(client, target.port);
  if (bad !== undefined) return bad;
  if (sight.unreachable !== undefined) {
    return {
      error: dialError(client, sight.unreachable),
      message: describeUnreachable(target, sight.unreachable),
    };
  }
  // Where Chromium's hello was answered, the others' would be: each of them offers what it offers, and more.
  const answer = sight.answers[client] ?? sight.answers.chromium;
  const offer = sight.answers[client] === undefined
    ? CLIENT_OFFERS.chromium
    : CLIENT_OFFERS[client];
  if (answer === undefined || isServerHello(answer, offer)) return undefined;
  return handshakeRefusal(client, answer);
}

/** Why TCP does not come about, as a sentence without its period. */
export function describeUnreachable({ host, port }: Target, fault: DialFault): string {
  const where = `${host.includes(":") ? `[${host}]` : host} port ${port}`;
  switch (fault) {
    case "not-resolved":
      return `The name "${host}" has no address`;
    case "refused":
      return `Nobody listens on ${where}: the connection was refused`;
    case "timeout":
      return `${where} does not answer: a firewall drops what is sent there, or the address is wrong`;
    case "unreachable":
      return `${where} cannot be reached: no machine answers to that address`;
    default:
      return `${where} cannot be connected to`;
  }
}

function certificateWanted(client: ClientId, { sight }: Evidence): ConnectionRefusal {
  const version = sight.answers.chromium?.flight.version;
  const firefox = version === VERSION.tls13
    ? "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT"
    : "SSL_ERROR_HANDSHAKE_FAILURE_ALERT";
  const error = client === "chromium"
    ? "ERR_BAD_SSL_CLIENT_AUTH_CERT"
    : client === "firefox"
    ? firefox
    : "certificate required";
  return { error, message: "The server accepts no client without a certificate of its own" };
}
