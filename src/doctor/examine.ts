/**
 * Looking at a server and asking every client's policy about it.
 *
 * @module
 */

import type { Host } from "../host/host.ts";
import type { TrustAnchor, TrustStore } from "../truststore/store.ts";
import type { Certificate } from "../x509/certificate.ts";
import { AnchorPool, findRoots, readAhead } from "./anchors.ts";
import { readOnce } from "./chain.ts";
import { askHttp, type HttpAnswer } from "./network/http_exchange.ts";
import { CONNECT_MS, isServerHello, type Sight } from "./sight.ts";
import type { Target } from "./target.ts";
import { CLIENT_OFFERS } from "./tls/offers.ts";
import { type Evidence, judgeClients, type Verdict } from "./verdicts.ts";

/** What is needed to examine a server. */
export interface ExamineOptions {
  readonly host: Host;
  readonly target: Target;
  readonly looking: Promise<Sight>;
  /** Found while the network is asked. */
  readonly stores: Promise<readonly TrustStore[]>;
  /** Roots that may stand above the chain without being served: our own. */
  readonly known: Promise<readonly Certificate[]>;
  makeAnchor(certificate: Certificate): Promise<TrustAnchor>;
}

/** All that was found. */
export interface Examination extends Evidence {
  readonly verdicts: readonly Verdict[];
  /** Certificates that could stand above the served ones, wherever they were found. */
  readonly candidates: readonly TrustAnchor[];
  /** Certificates that were served and cannot be read. */
  readonly unreadable: number;
  /** What came of a request without a client certificate, where the server asks for one. */
  readonly withoutCertificate?: HttpAnswer;
}

/** Examines. Rejects with what finding the stores rejects with. */
export async function examineServer(options: ExamineOptions): Promise<Examination> {
  const { host, target } = options;
  const pool = new AnchorPool(options.makeAnchor);
  const found = Promise.all([options.stores, options.known]);
  // Nobody waits for it: where the chain is another's, its answers are not wanted.
  found.then(([stores, known]) => readAhead({ host, pool, stores, known })).catch(() => undefined);
  const [sight, [stores, known]] = await Promise.all([options.looking, found]);
  const { chain, unreadable } = readChain(sight);
  const [{ roots, candidates }, request] = await Promise.all([
    findRoots({ host, stores, chain, known, pool }),
    requestWithoutCertificate(target, sight),
  ]);
  const evidence = {
    target,
    sight,
    chain,
    roots,
    now: host.now(),
    requiresCertificate: request?.answer === undefined && request !== undefined,
  };
  return {
    ...evidence,
    candidates,
    unreadable,
    verdicts: await judgeClients(evidence),
    ...(request?.answer !== undefined && { withoutCertificate: request.answer }),
  };
}

function readChain({ chain }: Sight): { chain: Certificate[]; unreadable: number } {
  const read = chain.flatMap((der) => {
    try {
      return [readOnce(der)];
    } catch {
      return [];
    }
  });
  return { chain: read, unreadable: chain.length - read.length };
}

/** Asked only where the server wants a certificate: to see whether it goes without one. */
async function requestWithoutCertificate(
  target: Target,
  { answers, asksForCertificate }: Sight,
): Promise<{ readonly answer: HttpAnswer | undefined } | undefined> {
  const modern = answers.chromium;
  if (modern === undefined || !isServerHello(modern, CLIENT_OFFERS.chromium)) return undefined;
  if (asksForCertificate !== true) return undefined;
  const request = { url: target.url, method: "HEAD", headers: {}, timeoutMs: CONNECT_MS } as const;
  return { answer: await askHttp(request) };
}
