/**
 * The last look after trust was given: a certificate is issued, and the verifier behind each store that has one is
 * asked whether it accepts it. A root can be trusted and what it issues refused all the same.
 *
 * @module
 */

import { decodePem, encodePem } from "../der/pem.ts";
import type { Authority } from "../pki/authority.ts";
import { issueServerCertificate } from "../pki/issue.ts";
import { parseRequestedName, type RequestedName } from "../pki/requested_name.ts";
import type { StoreResult } from "../truststore/change.ts";
import type { TrustStore, Verification } from "../truststore/store.ts";
import type { CommandContext } from "./context.ts";
import { hasPasswordSource } from "./issuer_password.ts";

/** What is probed. */
export interface ProbeRequest {
  readonly authority: Authority;
  readonly stores: readonly TrustStore[];
  /** Of the stores, in the same order. */
  readonly results: readonly StoreResult[];
  /** What the user wants to use; names that cannot be asked for (wildcards) are passed over. */
  readonly names?: readonly RequestedName[];
  /** The issuer's key was used already: nobody is asked for its password any more. */
  readonly isUnlocked?: boolean;
}

/** The results, with a reason and a hint in those whose verifier refuses. */
export interface ProbeResult {
  readonly results: StoreResult[];
  readonly refused: boolean;
}

/**
 * Probes every store that trusts the CA and has a verifier. The certificate lives in memory alone.
 *
 * Where the issuer's key is encrypted and no password is at hand, nothing is issued and a sentence says so: a question
 * for a password would be out of place here.
 */
export async function probeTrust(
  context: CommandContext,
  request: ProbeRequest,
): Promise<ProbeResult> {
  const { authority, stores } = request;
  const results = [...request.results];
  const probed = stores.flatMap((store, i) => {
    const outcome = results[i]?.outcome;
    const { verify } = store;
    return verify !== undefined && (outcome === "added" || outcome === "unchanged")
      ? [{ i, verify }]
      : [];
  });
  if (probed.length === 0) return { results, refused: false };
  const isEncrypted = typeof authority.issuerKey === "function";
  if (isEncrypted && request.isUnlocked !== true && !hasPasswordSource(context.host)) {
    const message = "whether this system accepts what the CA issues was not checked: " +
      "the key of the CA is encrypted, and no password is at hand";
    context.report({ type: "progress", message });
    return { results, refused: false };
  }
  const names = chooseNames(authority, request.names ?? []);
  const issued = await issueServerCertificate(authority, { names, now: context.host.now() });
  const chain = decodePem(issued.fullchainPem).map(({ label, der }) => encodePem(label, der));
  let refused = false;
  for (const { i, verify } of probed) {
    for (const { value } of names) {
      const verdict = await verify(chain, value);
      if (verdict.accepted) continue;
      refused = true;
      results[i] = withRefusal(context, results[i]!, value, verdict);
      break;
    }
  }
  return { results, refused };
}

/** One host name and one address: verifiers judge the two by rules of their own. */
function chooseNames(authority: Authority, wanted: readonly RequestedName[]): RequestedName[] {
  const dns = wanted.find((name) => name.type === "dns" && !name.wildcard);
  const ip = wanted.find(({ type }) => type === "ip");
  return [
    dns ?? parseRequestedName(permittedHost(authority)).name,
    ip ?? parseRequestedName("127.0.0.1").name,
  ];
}

function permittedHost({ permitted }: Authority): string {
  if (permitted.any || permitted.domains.includes("localhost")) return "localhost";
  return `localtls.${permitted.domains[0]}`;
}

function withRefusal(
  { program }: CommandContext,
  result: StoreResult,
  name: string,
  { cause, reason }: Exclude<Verification, { accepted: true }>,
): StoreResult {
  const what = `The CA is trusted, and its certificate for "${name}" is refused`;
  if (cause === "other") return { ...result, reason: `${what} (${reason})` };
  const because = cause === "name-constraints"
    ? "because of the name constraints of the CA"
    : "without a reason; the name constraints of the CA are the likely one";
  const hint = `${program} ca permit any`;
  return {
    ...result,
    reason: `${what} ${because} (${reason}). A CA without them is accepted, and gives up their ` +
      "protection: whoever steals its key can then speak for every site, to everybody who trusts it",
    hint,
    hints: [hint],
  };
}
