/**
 * Which certificates a renewal is about, and which of them it renews.
 *
 * @module
 */

import type { IssuedEvent } from "../castore/ledger.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import type { Authority } from "../pki/authority.ts";
import { parseRequestedName } from "../pki/requested_name.ts";
import { canOutlive, type HeldCertificate } from "./certificate_state.ts";
import { resolvePath } from "./output_files.ts";

/** Whether a certificate is renewed, and why. */
export interface Reason {
  readonly due: boolean;
  readonly text: string;
  /** Code of the warning that belongs to it. */
  readonly warn?: string;
}

/** Whether a certificate is to be renewed, and why. */
export function judge(
  host: Host,
  authority: Authority,
  { state, event }: Pick<HeldCertificate, "state" | "event">,
  { all = false }: { readonly all?: boolean | undefined },
): Reason {
  const day = event.notAfter.slice(0, 10);
  const ended = Date.parse(event.notAfter) <= host.now().getTime();
  switch (state) {
    case "missing":
      return { due: false, text: "its files are not there" };
    case "changed":
      return {
        due: false,
        text: "its certificate or key is not the one that was issued here",
        warn: "CHANGED_BY_HAND",
      };
    case "foreign":
      return { due: true, text: "the CA that issued it is gone" };
    case "not-yet-valid":
      return { due: true, text: `it is only valid from ${event.notBefore.slice(0, 10)}` };
    case "expired":
      return { due: true, text: `it ended on ${day}` };
    case "due":
      if (!all && !ended && !canOutlive(event, authority, host.now())) {
        return { due: false, text: `it ends with its CA, on ${day}`, warn: "CA_ENDS" };
      }
      return { due: true, text: `it ends on ${day}` };
    case "valid":
      return all
        ? { due: true, text: "all are renewed" }
        : { due: false, text: `it is good until ${day}` };
  }
}

/**
 * The certificates that are meant by paths or names, all for none. Throws FILE_NOT_FOUND at the end for a word that
 * means none: nothing is to be changed before.
 */
export async function* select(
  host: Host,
  program: string,
  certificates: AsyncIterable<{ readonly event: IssuedEvent }>,
  words: readonly string[],
): AsyncGenerator<IssuedEvent> {
  const wanted = words.map((word) => ({
    word,
    path: resolvePath(host, word),
    name: canonicalName(word),
    isFound: false,
  }));
  for await (const { event } of certificates) {
    const { cert, key, p12, names } = event;
    const meaning = wanted.filter(({ path, name }) =>
      [cert, key, p12].includes(path) || names.includes(name)
    );
    for (const one of meaning) one.isFound = true;
    if (words.length === 0 || meaning.length > 0) yield event;
  }
  const missing = wanted.find(({ isFound }) => !isFound);
  if (missing === undefined) return;
  throw new LocalTlsError(
    "FILE_NOT_FOUND",
    `Cannot find a certificate for "${missing.word}": none with this file or name was issued here`,
    { hints: [`${program} list`] },
  );
}

function canonicalName(word: string): string {
  try {
    return parseRequestedName(word).name.value;
  } catch (error) {
    if (error instanceof LocalTlsError) return word;
    throw error;
  }
}
