/**
 * What a server shows: the probes of the network, few and at the same time.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Network } from "../host/host.ts";
import { type DialFault, exchange, resolveName } from "./network/dial.ts";
import type { Target } from "./target.ts";
import { encodeClientHello } from "./tls/client_hello.ts";
import { type EncryptedFlight, EncryptedFlightReader } from "./tls/encrypted_flight.ts";
import {
  CLIENT_OFFERS,
  type ClientId,
  EVERYTHING_TLS12,
  type Offer,
  VERSION,
} from "./tls/offers.ts";
import { FlightReader, MAX_FLIGHT, type ServerFlight } from "./tls/server_flight.ts";

/** What came back to one ClientHello. */
export interface Answer {
  readonly flight: ServerFlight;
  /** How the connection ended before the flight was read. */
  readonly fault?: DialFault;
}

/** A server as it was seen. */
export interface Sight {
  /** Addresses that the name resolves to. */
  readonly addresses: readonly string[];
  /** Why there is no TCP connection. */
  readonly unreachable?: DialFault;
  /** To each client's own ClientHello; where all went well to Chromium's alone. */
  readonly answers: Readonly<Partial<Record<ClientId, Answer>>>;
  /** To the ClientHello that offers everything up to TLS 1.2. */
  readonly legacy?: Answer;
  /** DER, as it was served. */
  readonly chain: readonly Bytes[];
  /** Whether the order is the server's own: not where a TLS library has sorted the chain. */
  readonly isServedOrder: boolean;
  /** Undefined where it cannot be seen (TLS 1.3 alone). */
  readonly asksForCertificate: boolean | undefined;
}

/** Milliseconds for a connection. */
export const CONNECT_MS = 5_000;

/** Looks at a server. Never rejects. */
export async function lookAtServer(network: Network, target: Target): Promise<Sight> {
  const { host } = target;
  const resolving = resolveName(host, CONNECT_MS);
  const [modern, legacy] = await Promise.all([
    greet(target, CLIENT_OFFERS.chromium),
    greet(target, EVERYTHING_TLS12),
  ]);
  const addresses = await resolving;
  const nothing = { addresses, answers: {}, chain: [], isServedOrder: true } as const;
  if (!modern.connected && !legacy.connected) {
    const unreachable = addresses.length === 0 ? "not-resolved" : modern.fault ?? "failed";
    return { ...nothing, unreachable, asksForCertificate: undefined };
  }
  const answers: Partial<Record<ClientId, Answer>> = { chromium: modern };
  const clear = legacy.flight.certificates === undefined ? modern.flight : legacy.flight;
  const tls13 = modern.flight.version === VERSION.tls13;
  const hidden = clear.certificates === undefined && tls13 ? await readHidden(target) : undefined;
  Object.assign(answers, await greetAsOthers(target, modern));
  const served = clear.certificates ?? hidden?.certificates;
  return {
    addresses,
    answers,
    legacy,
    chain: served ?? (tls13 ? await chainOfLibrary(network, target) : []),
    isServedOrder: served !== undefined,
    asksForCertificate: clear.asksForCertificate ?? hidden?.asksForCertificate,
  };
}

/** Whether the server went along with what was offered. */
export function isServerHello({ flight }: Answer, offer: Offer): boolean {
  return flight.version !== undefined && flight.alert === undefined &&
    offer.versions.includes(flight.version);
}

/** The clients that what Chromium was answered says nothing about. */
async function greetAsOthers(
  target: Target,
  modern: Answer,
): Promise<Partial<Record<ClientId, Answer>>> {
  const { version, cipher } = modern.flight;
  const isHello = isServerHello(modern, CLIENT_OFFERS.chromium);
  const others = (Object.keys(CLIENT_OFFERS) as ClientId[]).filter((id) =>
    id !== "chromium" &&
    (!isHello || (version !== VERSION.tls13 && !CLIENT_OFFERS[id].ciphers.includes(cipher ?? 0)))
  );
  const answers = await Promise.all(
    others.map(async (id) => [id, await greet(target, CLIENT_OFFERS[id])] as const),
  );
  return Object.fromEntries(answers);
}

async function greet(target: Target, offer: Offer): Promise<Answer & { connected: boolean }> {
  const { host, port, isAddress } = target;
  const reader = new FlightReader();
  const { connected, fault } = await exchange({ host, port }, {
    send: encodeClientHello({ offer, serverName: isAddress ? undefined : host }),
    timeoutMs: CONNECT_MS,
    maxBytes: MAX_FLIGHT,
    isEnough: (chunk) => reader.push(chunk).state === "done",
  });
  const { flight } = reader;
  return {
    connected,
    flight,
    ...(fault !== undefined && flight.state === "open" && { fault }),
  };
}

/** The encrypted part of a TLS 1.3 handshake; undefined where it cannot be read. */
async function readHidden({ host, port, isAddress }: Target): Promise<EncryptedFlight | undefined> {
  const reader = await EncryptedFlightReader.create(isAddress ? undefined : host);
  await exchange({ host, port }, {
    send: reader.hello,
    timeoutMs: CONNECT_MS,
    maxBytes: MAX_FLIGHT,
    isEnough: (chunk) => reader.push(chunk),
  });
  return reader.flight;
}

/** The last resort: a TLS library, which may sort the chain. */
async function chainOfLibrary(network: Network, { host, port }: Target): Promise<readonly Bytes[]> {
  return await network.peerCertificates({ host, port, timeoutMs: CONNECT_MS }).catch(() => []);
}
