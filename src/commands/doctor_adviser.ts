/**
 * What advice about a server is made of: whose it is, and what was issued for it here.
 *
 * @module
 */

import { readCertificates } from "../castore/certificates.ts";
import type { IssuedEvent } from "../castore/ledger.ts";
import { decodePem } from "../der/pem.ts";
import type { Adviser, IssuedFiles } from "../doctor/advice.ts";
import type { Examination } from "../doctor/examine.ts";
import type { Target } from "../doctor/target.ts";
import { LocalTlsError } from "../errors.ts";
import type { Authority } from "../pki/authority.ts";
import { checkPermitted } from "../pki/permitted.ts";
import { suggestPermit } from "../pki/public_suffix.ts";
import { parseRequestedName } from "../pki/requested_name.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { permittedForNewAuthority } from "./authority.ts";
import { lookAt } from "./certificate_state.ts";
import type { CommandContext, Workplace } from "./context.ts";

/** Bytes of root.pem; a certificate has one or two thousand. */
const MAX_ROOT_BYTES = 65_536;

/** Our root, without a look at the rest of the CA; undefined where there is none that can be read. */
export async function readOwnRoot(
  { host }: CommandContext,
  { state }: Workplace,
): Promise<Certificate | undefined> {
  try {
    const content = await host.files.read(state.rootFile, MAX_ROOT_BYTES);
    const [block] = content === undefined ? [] : decodePem(new TextDecoder().decode(content));
    return block === undefined ? undefined : parseCertificate(block.der);
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}

/** @param found Undefined where no certificate is looked at. */
export async function makeAdviser(
  { host, program }: CommandContext,
  { state }: Workplace,
  target: Target,
  page: URL | undefined,
  root: Certificate | undefined,
  found: Examination | undefined,
): Promise<Adviser> {
  const addresses = await host.network.addresses();
  const resolved = [target.host, ...found?.sight.addresses ?? []];
  const isHere = /(?:^|\.)localhost$/.test(target.host) ||
    resolved.some((address) => /^(?:127\.|::1$)/.test(address) || addresses.includes(address));
  // Looking at keys takes time, and of a server that is in order nothing has to be said.
  const isWanted = page !== undefined || needsIssued(found);
  const authority = isWanted ? await state.loadAuthority().catch(() => undefined) : undefined;
  const issued = isWanted ? await findIssued(host, authority, target.host, state) : undefined;
  const served = found?.chain[0] === undefined ? undefined : await sha256Hex(found.chain[0].der);
  return {
    program,
    target,
    isHere,
    issued,
    issuedIsServed: issued !== undefined && issued.sha256 === served,
    issuing: isWanted ? await issuingFor(host, target.host, authority) : "allowed",
    ownRoot: root && { sha256: await sha256Hex(root.der), file: state.rootFile },
    origin: page?.origin,
  };
}

/** Whether `setup HOST` would be refused, and what would change that. */
async function issuingFor(
  host: CommandContext["host"],
  text: string,
  authority: Authority | undefined,
): Promise<NonNullable<Adviser["issuing"]>> {
  try {
    const { name } = parseRequestedName(text);
    const permitted = authority?.permitted ?? await permittedForNewAuthority(host);
    try {
      checkPermitted(name, permitted);
      return "allowed";
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      const permit = await suggestPermit(name);
      return permit === undefined ? "never" : { permit };
    }
  } catch (error) {
    if (error instanceof LocalTlsError) return "never";
    throw error;
  }
}

function needsIssued(found: Examination | undefined): boolean {
  return found === undefined || found.unreadable > 0 || found.chain.length === 0 ||
    found.verdicts.some(({ client, refusal, faults }) =>
      client !== "node" && (refusal !== undefined || faults.length > 0)
    );
}

/** The newest certificate for the host whose files are there. */
async function findIssued(
  host: CommandContext["host"],
  authority: Authority | undefined,
  name: string,
  state: Workplace["state"],
): Promise<IssuedFiles | undefined> {
  const events: IssuedEvent[] = [];
  try {
    for await (const { event } of readCertificates(state.issued)) {
      if (event.names.includes(name) && event.usage !== "client") events.push(event);
    }
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    return undefined;
  }
  for (const event of events.reverse()) {
    const held = await lookAt(host, authority, event);
    const { certificate } = held;
    if (certificate === undefined) continue;
    const isCurrent = held.state === "valid" || held.state === "due";
    return {
      cert: event.cert,
      key: event.key,
      sha256: await sha256Hex(certificate.der),
      isCurrent,
    };
  }
  return undefined;
}
