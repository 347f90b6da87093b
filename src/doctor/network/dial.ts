/**
 * TCP and name resolution: one connection, one thing said, what comes back.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../bytes.ts";
import { type Endpoint, openTcp } from "./tcp.ts";

/** Why no connection came about, or how it ended. Words that the rules know; the rest is "failed". */
export type DialFault =
  | "refused"
  | "timeout"
  | "unreachable"
  | "reset"
  | "closed"
  | "not-resolved"
  | "failed";

/** How an exchange ended. */
export interface Exchange {
  /** Whether TCP was connected. */
  readonly connected: boolean;
  /** The address that was connected to. */
  readonly address?: string;
  /** Undefined where the caller had enough. */
  readonly fault?: DialFault;
  /** All that was received, bounded. */
  readonly received: Bytes;
}

/** What to do with a connection. */
export interface ExchangeOptions {
  /** Sent once connected. */
  readonly send: Uint8Array;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
  /** Octets that are kept at most. */
  readonly maxBytes: number;
  /** Called with every piece; true ends the exchange. */
  isEnough(chunk: Uint8Array): boolean | Promise<boolean>;
}

/**
 * Milliseconds. Bun calls every failed connection refused. A real refusal comes back within a round trip; that no
 * machine answers to an address on the same network takes three seconds of asking (arp(7), retrans_time).
 */
const REFUSAL_MS = 1_000;

/** Connects, sends, and receives until the caller has enough. Never rejects. */
export function exchange(endpoint: Endpoint, options: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    const begun = Date.now();
    let judging = Promise.resolve();
    let length = 0;
    let connected = false;
    let address: string | undefined;
    let finished = false;
    const finish = (fault?: DialFault) => {
      if (finished) return;
      finished = true;
      clearTimeout(timer);
      opening.then((connection) => connection.destroy(), () => {});
      resolve({
        connected,
        received: concatBytes(chunks),
        ...(address !== undefined && { address }),
        ...(fault !== undefined && { fault }),
      });
    };
    const timer = setTimeout(() => finish("timeout"), options.timeoutMs);
    // What has come before the end may be enough.
    const end = (fault: DialFault) => void judging.then(() => finish(fault));
    const opening = openTcp(endpoint, {
      connected(peer) {
        connected = true;
        address = peer?.replace(/^::ffff:(?=\d+\.)/, "");
        opening.then((connection) => connection.write(options.send));
      },
      received(chunk) {
        chunks.push(chunk);
        length += chunk.length;
        judging = judging.then(() => options.isEnough(chunk)).then((enough) => {
          if (enough || length >= options.maxBytes) finish();
        });
      },
      ended: () => end("closed"),
      failed(error) {
        const fault = faultOf(error);
        end(fault === "refused" && Date.now() - begun > REFUSAL_MS ? "unreachable" : fault);
      },
    });
    opening.catch(() => finish("failed"));
  });
}

/** Every address of a name; an address is its own. Empty where it does not resolve. */
export async function resolveName(host: string, timeoutMs: number): Promise<string[]> {
  if (isAddress(host)) return [host];
  const { lookup } = await import("node:dns/promises");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never[]>((resolve) => timer = setTimeout(resolve, timeoutMs, []));
  const found = lookup(host, { all: true }).then(
    (entries) => [...new Set(entries.map(({ address }) => address))],
    () => [],
  );
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a host is an address and no name. */
export function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+(?:\.\d+){3}$/.test(host);
}

const FAULTS: Readonly<Record<string, DialFault>> = {
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  EACCES: "unreachable",
  EPERM: "unreachable",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ENOTFOUND: "not-resolved",
  EAI_AGAIN: "not-resolved",
};

/** Bun and Deno name the codes of node:net as Node does; several addresses tried at once give an AggregateError. */
function faultOf(error: unknown): DialFault {
  if (error instanceof AggregateError) {
    const faults = error.errors.map(faultOf);
    return faults.find((fault) => fault !== "failed") ?? "failed";
  }
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : "";
  return FAULTS[String(code)] ?? "failed";
}
