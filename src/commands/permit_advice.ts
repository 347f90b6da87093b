/**
 * What to say where a CA may not speak for the names that a certificate is wanted for.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { quoteCommand } from "../host/shell_words.ts";
import { checkPermitted, checkWildcard, type Permitted } from "../pki/permitted.ts";
import { exampleBelow, suffixKind, suggestPermit } from "../pki/public_suffix.ts";
import type { RequestedName } from "../pki/requested_name.ts";
import type { SubjectName } from "../pki/subject_name.ts";
import type { CommandContext } from "./context.ts";

/**
 * The error for names of which at least one is refused: the command that permits all of them, or, where one is among
 * them that nothing should be permitted for, what to name in its place.
 *
 * A hint never names a public suffix, and never "any": that gives up what protects everybody who trusts the CA.
 *
 * @param hasAuthority There is a CA already, which has to be replaced for that.
 */
export async function notPermitted(
  { program }: CommandContext,
  names: readonly SubjectName[],
  permitted: Permitted,
  hasAuthority: boolean,
): Promise<LocalTlsError> {
  const refused: { readonly name: RequestedName; readonly error: LocalTlsError }[] = [];
  for (const name of names) {
    if (name.type !== "dns" && name.type !== "ip") continue;
    const error = await refusalOf(name, permitted);
    if (error !== undefined) refused.push({ name, error });
  }
  const domains = new Set<string>();
  for (const { name, error } of refused) {
    const domain = await suggestPermit(name);
    if (domain === undefined) return withHints(error, await otherWay(name, error));
    domains.add(domain);
  }
  const [first] = refused;
  if (first === undefined) {
    return new LocalTlsError("INTERNAL", "Cannot say which name is not permitted: all of them are");
  }
  const all = quoteCommand(names.map(({ value }) => value));
  return withHints(first.error, [
    hasAuthority
      ? `${program} ca permit ${[...domains].join(" ")}`
      : `${program} setup --permit ${[...domains].join(",")} ${all}`,
  ]);
}

async function refusalOf(
  name: RequestedName,
  permitted: Permitted,
): Promise<LocalTlsError | undefined> {
  try {
    // Of "*.co.uk" the suffix is the reason, whatever is permitted.
    await checkWildcard(name);
    checkPermitted(name, permitted);
    return undefined;
  } catch (error) {
    if (error instanceof LocalTlsError && error.code === "NAME_NOT_PERMITTED") return error;
    throw error;
  }
}

/** What to do about a name for which nothing can be permitted. */
async function otherWay(
  name: RequestedName,
  { hints }: LocalTlsError,
): Promise<readonly string[]> {
  if (hints.length > 0) return hints;
  if (name.type === "ip") {
    return [
      "Public addresses are not issued for: name a private address of the server, or a host name",
    ];
  }
  return [
    `"${name.value}" is a ${
      suffixKind(name.value)
    }, which cannot be permitted: name the site below ` +
    `it that is yours, as in ${await exampleBelow(name.value)}`,
  ];
}

function withHints(cause: LocalTlsError, hints: readonly string[]): LocalTlsError {
  return new LocalTlsError(cause.code, cause.message, { hints, cause });
}
