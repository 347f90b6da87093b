/**
 * The certificates of clients. TLS asks for them and proves that the client has the key; whether they are to be trusted is
 * judged by whoever made this, on every runtime alike.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";
import { type Bytes, toBytes } from "../bytes.ts";
import type { NodeRequest } from "./exchange.ts";
import { connectionOf } from "./sweep.ts";

/** Judges a chain, leaf first, as DER. @returns Why it is refused; undefined for a good one. */
export type JudgeChain = (chain: readonly Bytes[]) => Promise<string | undefined>;

/** Judges clients, once for each connection. */
export interface ClientCertificates {
  /** @returns Why the client gets no answer; a sentence. */
  judge(request: NodeRequest): Promise<string | undefined>;
}

/** A certificate as node:tls gives it: linked to its issuer, the last one to itself. */
interface LinkedCertificate {
  readonly raw?: Uint8Array;
  readonly issuerCertificate?: LinkedCertificate;
}

/** A chain of more is a loop or an attack. */
const MAX_CHAIN = 8;

/** Makes the judge of connections. */
export function judgeClients(judgeChain: JudgeChain): ClientCertificates {
  const known = new WeakMap<object, Promise<string | undefined>>();
  return {
    judge(request) {
      const connection = connectionOf(request);
      let verdict = known.get(connection);
      if (verdict === undefined) {
        verdict = judge(request, judgeChain);
        known.set(connection, verdict);
      }
      return verdict;
    },
  };
}

async function judge(request: NodeRequest, judgeChain: JudgeChain): Promise<string | undefined> {
  const socket = request.socket as TLSSocket;
  const chain = readChain(socket.getPeerCertificate?.(true));
  if (chain.length === 0) return "A certificate is needed here, and the browser has shown none.";
  return await judgeChain(chain);
}

function readChain(leaf: LinkedCertificate | null | undefined): Bytes[] {
  const chain: Bytes[] = [];
  const seen = new Set<LinkedCertificate>();
  let next = leaf ?? undefined;
  while (next?.raw !== undefined && chain.length < MAX_CHAIN && !seen.has(next)) {
    seen.add(next);
    chain.push(toBytes(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}
