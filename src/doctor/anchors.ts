/**
 * What each client would trust of the roots that matter for one chain.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { browsersReadSystemStore } from "../truststore/families.ts";
import { SYSTEM_DATABASE } from "../truststore/nss/chromium_locations.ts";
import { findBySubject, searchPem } from "../truststore/root_search.ts";
import type { StoreState, TrustAnchor, TrustStore } from "../truststore/store.ts";
import type { Certificate } from "../x509/certificate.ts";
import { readOnce, topOf } from "./chain.ts";
import { mozillaRoots } from "./network/mozilla_roots.ts";
import type { ClientId } from "./tls/offers.ts";

/** The roots that one client goes by. */
export interface ClientRoots {
  readonly client: ClientId;
  /** Where they are: the store's label, a variable and its file. */
  readonly where: string;
  /** Path of the store; undefined where there is none. */
  readonly path?: string;
  readonly store?: TrustStore;
  /** DER. */
  readonly anchors: readonly Bytes[];
  /** What a store says of certificates of the chain that it holds and does not trust, or trusts with a reservation. */
  readonly remarks: readonly { readonly anchor: TrustAnchor; readonly state: StoreState }[];
  /** Why the store cannot be read. */
  readonly unreadable?: LocalTlsError;
}

/** What is needed to find them. */
export interface RootsQuestion {
  readonly host: Host;
  readonly stores: readonly TrustStore[];
  /** As served. */
  readonly chain: readonly Certificate[];
  /** Roots that may stand above it without being served: our own. */
  readonly known: readonly Certificate[];
  readonly pool: AnchorPool;
}

/** Bytes of a file of roots that a variable names. */
const MAX_BYTES = 16 * 1024 * 1024;

/** The roots of every client, and every certificate that was considered. */
export async function findRoots(question: RootsQuestion): Promise<{
  readonly roots: readonly ClientRoots[];
  readonly candidates: readonly TrustAnchor[];
}> {
  const { host, stores, chain, known, pool } = question;
  const subjects = unique(chain.flatMap(({ issuer, subject }) => [issuer, subject]));
  const ours = known.filter(({ subject }) => subjects.some((name) => equalBytes(name, subject)));
  // Under our own CA stands nothing of others, and looking for their roots takes as long as all the rest.
  const isOurs = chain.length > 0 &&
    ours.some(({ subject }) => equalBytes(subject, topOf(chain).issuer));
  const mozilla = isOurs ? [] : searchPem(await mozillaRoots(), subjects);
  const considered: Bytes[] = [];
  const read = new Map<TrustStore, StoreRoots>();
  await Promise.all(stores.map(async (store) => {
    const found = isOurs ? [] : await findBySubject(host, store, subjects);
    const ders = unique([...found, ...ours.map(({ der }) => der)]);
    considered.push(...ders);
    const anchors = await pool.all(ders);
    read.set(store, { path: store.path, store, ...await readStore(pool, store, anchors) });
  }));
  const candidates = await pool.all(
    unique([...considered, ...mozilla, ...chain.map(({ der }) => der)]),
  );
  const system = stores.find(({ kind }) => kind === "system");
  const ofSystem = system === undefined ? EMPTY : read.get(system)!;
  const roots: ClientRoots[] = [];
  for (const store of stores) {
    const client = clientOf(store);
    if (client === undefined) continue;
    const { anchors, ...rest } = read.get(store)!;
    const builtIn = client === "java" ? [] : mozilla;
    roots.push({ client, where: store.label, ...rest, anchors: unique([...anchors, ...builtIn]) });
  }
  for (const client of ["chromium", "firefox"] as const) {
    if (roots.some((one) => one.client === client)) continue;
    // Where there is no database, browsers read the system's store (macOS, Windows), or nothing but their own.
    const anchors = browsersReadSystemStore(host.os) ? ofSystem.anchors : [];
    roots.push({ client, where: "its own roots", anchors: [...anchors, ...mozilla], remarks: [] });
  }
  // --stores may have left it out: then nothing is known of those that read it.
  if (system !== undefined) {
    roots.push(
      await opensslRoots(question, "curl", ["CURL_CA_BUNDLE", "SSL_CERT_FILE"], ofSystem, subjects),
      await opensslRoots(question, "python", ["SSL_CERT_FILE"], ofSystem, subjects),
    );
  }
  roots.push(await nodeRoots(question, ofSystem, mozilla, subjects));
  return { roots, candidates };
}

type StoreRoots = Omit<ClientRoots, "client" | "where">;

/** Anchors by their DER: each is described once, and each store is asked about it once. */
export class AnchorPool {
  readonly #made: { readonly der: Bytes; readonly anchor: Promise<TrustAnchor> }[] = [];
  readonly #states = new Map<TrustStore, Map<TrustAnchor, Promise<StoreState>>>();
  readonly #make: (certificate: Certificate) => Promise<TrustAnchor>;

  constructor(make: (certificate: Certificate) => Promise<TrustAnchor>) {
    this.#make = make;
  }

  async all(ders: readonly Bytes[]): Promise<TrustAnchor[]> {
    return await Promise.all(ders.map((der) => {
      const known = this.#made.find((one) => equalBytes(one.der, der));
      if (known !== undefined) return known.anchor;
      const anchor = this.#make(readOnce(der));
      this.#made.push({ der, anchor });
      return anchor;
    }));
  }

  async state(store: TrustStore, anchor: TrustAnchor): Promise<StoreState> {
    const states = this.#states.get(store) ?? new Map<TrustAnchor, Promise<StoreState>>();
    this.#states.set(store, states);
    const asked = states.get(anchor) ?? store.state(anchor);
    states.set(anchor, asked);
    return await asked;
  }
}

/**
 * Asks the stores about our own roots while the server is waited for, which mostly shows a certificate of theirs. Not
 * where stores are programs that take a second to start. Never rejects: whoever wants an answer gets its error.
 */
export async function readAhead(
  { host, pool, stores, known }: Pick<RootsQuestion, "host" | "pool" | "stores" | "known">,
): Promise<void> {
  if (browsersReadSystemStore(host.os)) return;
  const anchors = await pool.all(known.map(({ der }) => der)).catch(() => []);
  const files = stores.filter(({ kind }) => kind !== "windows");
  await Promise.all(files.map((store) => readStore(pool, store, anchors).catch(() => undefined)));
}

const EMPTY = { anchors: [], remarks: [] } as const;

/**
 * Only Chromium's relatives share a directory of this name. That of all users is read by old releases alone, beside the
 * user's own.
 */
function clientOf({ kind, path }: TrustStore): ClientId | undefined {
  if (kind === "java") return "java";
  if (path === SYSTEM_DATABASE) return undefined;
  if (kind === "nss") return path.endsWith("/nssdb") ? "chromium" : "firefox";
  return undefined;
}

async function readStore(
  pool: AnchorPool,
  store: TrustStore,
  candidates: readonly TrustAnchor[],
): Promise<Pick<ClientRoots, "anchors" | "remarks" | "unreadable">> {
  const anchors: Bytes[] = [];
  const remarks: { anchor: TrustAnchor; state: StoreState }[] = [];
  try {
    for (const anchor of candidates) {
      const state = await pool.state(store, anchor);
      if (state.state === "trusted") anchors.push(anchor.certificate.der);
      if (state.state === "broken" || state.reason !== undefined) remarks.push({ anchor, state });
    }
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    return { anchors, remarks, unreadable: error };
  }
  return { anchors, remarks };
}

/** A variable that is set replaces the system's roots. */
async function opensslRoots(
  { host }: RootsQuestion,
  client: "curl" | "python",
  variables: readonly string[],
  system: StoreRoots,
  subjects: readonly Bytes[],
): Promise<ClientRoots> {
  for (const variable of variables) {
    const path = host.env(variable);
    if (path === undefined) continue;
    const anchors = await readFileOfRoots(host, path, subjects);
    return { client, where: `${variable}=${path}`, path, anchors, remarks: [] };
  }
  return { client, where: system.store?.label ?? "the system's roots", ...system };
}

/** Node carries its own, and adds to them what it is told of. */
async function nodeRoots(
  { host }: RootsQuestion,
  system: StoreRoots,
  mozilla: readonly Bytes[],
  subjects: readonly Bytes[],
): Promise<ClientRoots> {
  const extra = host.env("NODE_EXTRA_CA_CERTS");
  const usesSystem = host.env("NODE_USE_SYSTEM_CA") === "1" ||
    host.env("NODE_OPTIONS")?.includes("--use-system-ca") === true;
  const anchors = [
    ...mozilla,
    ...(usesSystem ? system.anchors : []),
    ...(extra === undefined ? [] : await readFileOfRoots(host, extra, subjects)),
  ];
  const where = [
    "its own roots",
    ...(usesSystem ? ["the system's"] : []),
    ...(extra === undefined ? [] : [`NODE_EXTRA_CA_CERTS=${extra}`]),
  ].join(", ");
  return { client: "node", where, anchors: unique(anchors), remarks: [] };
}

async function readFileOfRoots(
  host: Host,
  path: string,
  subjects: readonly Bytes[],
): Promise<Bytes[]> {
  const content = await host.files.read(path, MAX_BYTES).catch(() => undefined);
  return content === undefined ? [] : searchPem(new TextDecoder().decode(content), subjects);
}

function unique(all: readonly Bytes[]): Bytes[] {
  return all.filter((octets, i) => all.findIndex((other) => equalBytes(other, octets)) === i);
}
