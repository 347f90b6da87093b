/**
 * The certificates as they are served: complete, in order, nothing besides.
 *
 * @module
 */

import { equalBytes, toHex } from "../../bytes.ts";
import type { Certificate } from "../../x509/certificate.ts";
import { type Adviser, serveFullChain } from "../advice.ts";
import { nameOf, nameText, topOf } from "../chain.ts";
import { type Check, checksOf } from "../check.ts";
import type { Examination } from "../examine.ts";

const { pass, note, fail, skip } = checksOf("certificate");

/** Checks of the chain. */
export function chainChecks(adviser: Adviser, examination: Examination): Check[] {
  const { chain, sight, unreadable } = examination;
  const [leaf] = chain;
  if (leaf === undefined) {
    if (sight.unreachable !== undefined || sight.answers.chromium?.flight.foreign) return [];
    return [skip("chain-served", "No certificate could be read")];
  }
  const checks: Check[] = [];
  if (unreadable > 0) {
    checks.push(note("chain-readable", `${unreadable} of the served certificates cannot be read`));
  }
  const missing = missingIssuer(examination);
  checks.push(
    missing === undefined ? pass("chain-complete", describeChain(chain)) : fail(
      "chain-complete",
      `The server does not send the certificate of "${missing}", which ` +
        "issued its own: no browser can find it",
      serveFullChain(adviser),
    ),
  );
  const extra = sight.isServedOrder ? superfluous(chain) : undefined;
  if (extra !== undefined) checks.push(note("chain-order", extra, serveFullChain(adviser)));
  return checks;
}

function describeChain(chain: readonly Certificate[]): string {
  const names = chain.map((one) => `"${nameOf(one)}"`);
  return `The server sends ${names.slice(0, 4).join(", ")}${names.length > 4 ? ", ..." : ""}`;
}

/**
 * The issuer that is missing, as text, where some intermediate must have issued the leaf: everybody whose roots can be
 * seen lacks it, and what was sent ends at a certificate that is not a root's.
 */
function missingIssuer({ chain, candidates, verdicts }: Examination): string | undefined {
  const unknown = verdicts.some(({ faults }) =>
    faults.some(({ code }) => code === "ISSUER_UNKNOWN")
  );
  if (!unknown) return undefined;
  const top = topOf(chain);
  const isKnown = candidates.some(({ certificate }) =>
    equalBytes(certificate.subject, top.issuer) && certificate.selfIssued
  );
  // Of a chain with an issuer in it, the root is what is missing, and roots are not sent.
  const isComplete = chain.length > 1 && top !== chain[0];
  return isKnown || isComplete ? undefined : nameText(top.issuer);
}

/** What is sent and should not be, or stands in the wrong place (RFC 5246, 7.4.2; RFC 8446, 4.4.2). */
function superfluous(chain: readonly Certificate[]): string | undefined {
  const seen = new Set<string>();
  for (const { der } of chain) {
    const identity = toHex(der);
    if (seen.has(identity)) return "The server sends a certificate twice";
    seen.add(identity);
  }
  for (let i = 1; i < chain.length; i++) {
    if (equalBytes(chain[i - 1]!.issuer, chain[i]!.subject)) continue;
    const name = `"${nameOf(chain[i]!)}"`;
    const isUsed = chain.some(({ issuer }) => equalBytes(issuer, chain[i]!.subject));
    return isUsed
      ? `The server sends its certificates in the wrong order: ${name} did not issue the one before it`
      : `The server sends ${name}, which has nothing to do with its own certificate`;
  }
  const last = chain.at(-1)!;
  if (chain.length > 1 && last.selfIssued) {
    return `The server sends its root "${
      nameOf(last)
    }", which nobody needs: whoever trusts it has it`;
  }
  return undefined;
}
