/**
 * The error for a change that reading the store back does not show: what was run, what the store says, and
 * what the user can run instead.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { baseName } from "../host/path_text.ts";
import { quoteCommand } from "../host/shell_words.ts";
import type { StoreState, TrustAnchor, TrustStore } from "./store.ts";

/** A store's state, or why it cannot be read. */
export type Look = { readonly state: StoreState } | { readonly error: LocalTlsError };

/** What was to be done. */
interface IntendedChange {
  readonly change: "add" | "remove";
  readonly anchor: TrustAnchor;
  rootCommands?(steps: readonly (readonly string[])[]): Promise<readonly string[]>;
}

/** TRUST_NOT_CONFIRMED for a store that holds something else than it should after the change. */
export async function notConfirmed(
  request: IntendedChange,
  store: TrustStore,
  after: Look,
): Promise<LocalTlsError> {
  const { change, anchor } = request;
  const steps = (await store.plan(change, anchor).catch(() => []))
    .flatMap((step) => step.type === "run" ? [step] : []);
  const tools = steps.map(({ argv }) => baseName(argv[0] ?? ""));
  const who = tools.length === 0
    ? "the change reported no error"
    : `"${tools.at(-1)}" reported no error`;
  const what = change === "add"
    ? "the store does not trust the certificate"
    : "the store still holds the certificate";
  const why = "error" in after ? after.error.message : after.state.reason;
  const hint = "error" in after ? after.error.hints[0] : after.state.hint;
  return new LocalTlsError(
    "TRUST_NOT_CONFIRMED",
    `Cannot confirm the change: ${who}, and ${what}${why === undefined ? "" : ` (${why})`}`,
    { hints: hint === undefined ? await pasteable(request, steps) : [hint] },
  );
}

/** The commands of a change, a line each. */
async function pasteable(
  request: IntendedChange,
  steps: readonly { readonly argv: readonly string[]; readonly root: boolean }[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const { argv, root } of steps) {
    const elevated = root ? await request.rootCommands?.([argv]) : undefined;
    lines.push(...elevated ?? [quoteCommand(argv)]);
  }
  return lines;
}
