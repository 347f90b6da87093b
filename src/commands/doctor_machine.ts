/**
 * `doctor` without a URL: gathers what the checks of this machine want to know.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import { currentTrust, type IssuedEvent } from "../castore/ledger.ts";
import type { Check } from "../doctor/check.ts";
import { authorityChecks, leftoverChecks } from "../doctor/machine/authority.ts";
import { certificateChecks, type HeldFacts } from "../doctor/machine/certificates.ts";
import {
  browserCheck,
  clockCheck,
  type PastTime,
  variableChecks,
} from "../doctor/machine/environment.ts";
import { ledgerChecks, shadowedDatabases, storeChecks } from "../doctor/machine/stores.ts";
import { LocalTlsError } from "../errors.ts";
import { parentOf } from "../host/path_text.ts";
import type { Authority } from "../pki/authority.ts";
import { anchorOfAuthority, readKeptAnchor } from "./anchors.ts";
import { lookAt } from "./certificate_state.ts";
import type { CommandContext, Workplace } from "./context.ts";
import { describeAddressChange, findAddressChange } from "./lan_addresses.ts";
import { findLeftovers } from "./leftovers.ts";
import { findStores, type StoreOptions } from "./stores.ts";

/** Looks at everything on this machine that trust depends on. */
export async function examineMachine(
  context: CommandContext,
  workplace: Workplace,
  flags: StoreOptions,
): Promise<Check[]> {
  const { host, program } = context;
  const { state, user } = workplace;
  const loading = loadAuthority(workplace);
  const [stores, { authority, error }, issued, trusted, interrupted] = await Promise.all([
    findStores(context, workplace, flags),
    loading,
    readIssued(state),
    readable(state.trusted.read()),
    state.interruptedChange().catch(() => undefined),
  ]);
  const now = host.now();
  const held = currentTrust(trusted.events);
  const xdg = host.env("XDG_DATA_HOME");
  const dataHome = xdg?.startsWith("/") ? xdg.replace(/\/+$/, "") : `${user.home}/.local/share`;
  const groups = await Promise.all([
    authorityChecks(host, {
      program,
      directory: state.path,
      authority,
      error,
      interrupted,
      damagedLines: issued.damaged + trusted.damaged,
      now,
    }),
    authority === undefined
      ? []
      : storeChecks(program, stores, anchorOfAuthority(state, authority)),
    shadowedDatabases(host, user.home, dataHome),
    ledgerChecks(host, {
      program,
      held,
      current: authority?.rootSha256,
      stores,
      readAnchor: (sha256) => readKeptAnchor(host, state, sha256).catch(() => undefined),
    }),
    heldFacts(context, authority, issued.events).then((facts) =>
      certificateChecks(host, program, facts)
    ),
    findLeftovers(context, workplace).then((paths) =>
      leftoverChecks(paths.filter((path) => parentOf(path) !== state.path))
    ),
    browserCheck(host),
    variableChecks(host),
  ]);
  const past: PastTime[] = [
    ...(authority === undefined
      ? []
      : [{ what: "the CA was made", ms: authority.root.notBefore.getTime() }]),
    ...(issued.newest === undefined
      ? []
      : [{ what: "a certificate was issued", ms: issued.newest }]),
    ...trusted.events.map(({ time }) => ({ what: "a store was changed", ms: Date.parse(time) })),
  ];
  return [...groups.flat(), clockCheck(now, past)];
}

async function loadAuthority(
  { state }: Workplace,
): Promise<
  { readonly authority: Authority | undefined; readonly error: LocalTlsError | undefined }
> {
  try {
    return { authority: await state.loadAuthority(), error: undefined };
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    return { authority: undefined, error };
  }
}

/** What cannot be read says so in the check of the CA: the directory is the same. */
async function readable<E>(
  reading: Promise<{ readonly events: readonly E[]; readonly damaged: number }>,
): Promise<{ readonly events: readonly E[]; readonly damaged: number }> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    return { events: [], damaged: 0 };
  }
}

/** The latest certificates, and when the newest line of all was written. */
async function readIssued(
  { issued }: Workplace["state"],
): Promise<{ events: IssuedEvent[]; damaged: number; newest: number | undefined }> {
  const found = {
    events: [] as IssuedEvent[],
    damaged: 0,
    newest: undefined as number | undefined,
  };
  const onDamaged = (lines: number) => found.damaged = lines;
  try {
    for await (const { event, superseded } of readCertificates(issued, { all: true, onDamaged })) {
      found.newest = Math.max(found.newest ?? -Infinity, Date.parse(event.time));
      if (!superseded) found.events.push(event);
    }
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
  }
  return found;
}

async function heldFacts(
  { host, program }: CommandContext,
  authority: Authority | undefined,
  events: readonly IssuedEvent[],
): Promise<HeldFacts[]> {
  const addresses = await host.network.addresses();
  return await Promise.all(events.map(async (recorded) => {
    const { state, event, certificate } = await lookAt(host, authority, recorded);
    const isHere = certificate !== undefined && state !== "expired";
    const change = isHere ? findAddressChange(event, addresses) : undefined;
    return {
      names: event.names,
      cert: event.cert,
      key: event.key,
      notBefore: event.notBefore,
      notAfter: event.notAfter,
      state,
      moved: change === undefined ? undefined : describeAddressChange(program, change),
    };
  }));
}
