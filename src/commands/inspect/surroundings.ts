/**
 * What this machine knows of certificates: whether they are our CA's, trusted here, and where their keys are.
 *
 * @module
 */

import { readCertificates } from "../../castore/certificates.ts";
import { currentTrust } from "../../castore/ledger.ts";
import { LocalTlsError } from "../../errors.ts";
import type { OwnCa } from "../../inspect/chain.ts";
import type { CertificateReport } from "../../inspect/report.ts";
import { type CommandContext, openWorkplace } from "../context.ts";
import type { InspectedCertificate } from "./document.ts";

/** Our CA and its ledgers, as far as they can be read. */
export interface Surroundings {
  readonly own:
    | (OwnCa & { readonly rootSha256: string; readonly issuerSha256: string })
    | undefined;
  /** Paths by the certificate's SHA-256. */
  readonly issued: ReadonlyMap<string, string>;
  /** Stores by the certificate's SHA-256. */
  readonly trusted: ReadonlyMap<string, number>;
}

/** Reads the state. What is wrong with it is a warning: it must not hinder looking at somebody's file. */
export async function readSurroundings(context: CommandContext): Promise<Surroundings> {
  const issued = new Map<string, string>();
  const trusted = new Map<string, number>();
  let own: Surroundings["own"];
  try {
    const { state } = await openWorkplace(context);
    own = await state.loadAuthority();
    for await (const { event } of readCertificates(state.issued)) {
      issued.set(event.sha256, event.cert);
    }
    for (const { sha256 } of currentTrust((await state.trusted.read()).events)) {
      trusted.set(sha256, (trusted.get(sha256) ?? 0) + 1);
    }
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    context.report({
      type: "warning",
      code: error.code,
      message: `whether it is of our own CA cannot be said: ${error.message}`,
    });
  }
  return { own, issued, trusted };
}

/** What is known of one certificate. */
export function knownOf(
  { sha256, issuedBy, signature }: CertificateReport,
  certificates: readonly CertificateReport[],
  { own, issued, trusted }: Surroundings,
): Pick<InspectedCertificate, "own" | "cert" | "trustedHere"> {
  const issuer = typeof issuedBy === "number" ? certificates[issuedBy]?.sha256 : undefined;
  const isIssued = signature === "good" &&
    (issuedBy === "own-issuer" || issuedBy === "own-root" ||
      (issuer !== undefined && (issuer === own?.issuerSha256 || issuer === own?.rootSha256)));
  const role = own === undefined
    ? undefined
    : sha256 === own.rootSha256
    ? "root"
    : sha256 === own.issuerSha256
    ? "issuer"
    : isIssued
    ? "issued"
    : undefined;
  const cert = issued.get(sha256);
  const stores = trusted.get(sha256);
  return {
    ...(role === undefined ? {} : { own: role }),
    ...(cert === undefined ? {} : { cert }),
    ...(stores === undefined ? {} : { trustedHere: stores }),
  };
}
