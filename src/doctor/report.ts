/**
 * From checks to one verdict.
 *
 * @module
 */

import type { Check } from "./check.ts";
import { CLIENT_NAMES, type Verdict } from "./verdicts.ts";

/** What a client does, in the document. */
export interface ClientReport {
  /** "Chromium", "Firefox", "curl", "Node", "Python", "Java". */
  readonly name: string;
  /** Where it finds its roots. */
  readonly roots: string;
  readonly verdict: "accepts" | "refuses";
  /** Its own name for the refusal. */
  readonly error?: string;
  readonly message?: string;
}

/** What stands at the top. */
export interface Summary {
  /** "OK", or the error as the browser names it: Chromium, else the first client that refuses. "blocked:mixed-content" is what developer tools show. */
  readonly verdict: string;
  /** One sentence. */
  readonly summary: string;
}

/** The clients as the document has them. */
export function reportClients(verdicts: readonly Verdict[]): ClientReport[] {
  return verdicts.map(({ client, roots, refusal }) => ({
    name: CLIENT_NAMES[client],
    roots: roots.where,
    verdict: refusal === undefined ? "accepts" : "refuses",
    ...(refusal !== undefined && { error: refusal.error, message: refusal.message }),
  }));
}

/** The verdict on a server. */
export function summarizeServer(
  verdicts: readonly Verdict[],
  checks: readonly Check[],
): Summary {
  const order = ["chromium", "firefox", "curl", "python", "java", "node"] as const;
  const refusing = order.flatMap((id) =>
    verdicts.filter(({ client, refusal }) => client === id && refusal !== undefined)
  );
  const failed = checks.filter(({ status }) => status === "fail");
  const [first] = refusing;
  if (first === undefined) {
    const page = failed.find(({ group }) => group === "page");
    if (page !== undefined) {
      return {
        verdict: page.id === "mixed-content" ? "blocked:mixed-content" : "ERR_FAILED",
        summary: page.message,
      };
    }
    return failed.length === 0
      ? { verdict: "OK", summary: "Every client accepts this server." }
      : { verdict: "PROBLEMS", summary: failed[0]!.message };
  }
  const names = [...new Set(refusing.map(({ client }) => CLIENT_NAMES[client]))];
  const { error, message } = first.refusal!;
  // Node alone: it was not told of the root, and no check failed.
  if (failed.length === 0) {
    return {
      verdict: "OK",
      summary: `Browsers accept this server; ${names.join(", ")} has to be told of its CA.`,
    };
  }
  const all = new Set(verdicts.map(({ client }) => client)).size;
  const who = names.length === all && all > 2 ? "Every client" : list(names);
  const verb = names.length === 1 || who === "Every client" ? "refuses" : "refuse";
  return { verdict: error, summary: `${who} ${verb}: ${continued(message)}.` };
}

/** A sentence after a colon; names and abbreviations stay as they are. */
function continued(sentence: string): string {
  return /^[A-Z][a-z]/.test(sentence)
    ? sentence.charAt(0).toLowerCase() + sentence.slice(1)
    : sentence;
}

function list(names: readonly string[]): string {
  if (names.length <= 2) return names.join(" and ");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
