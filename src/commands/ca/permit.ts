/**
 * `ca permit DOMAIN...`, `ca rotate`: a new CA in the place of the one that is there.
 *
 * What a CA may issue for is written into its root, whose key is gone: another list is another CA.
 *
 * @module
 */

import { currentTrust } from "../../castore/ledger.ts";
import { LocalTlsError } from "../../errors.ts";
import type { Authority } from "../../pki/authority.ts";
import type { Permitted } from "../../pki/permitted.ts";
import { extendPermitted, withoutSuffixes } from "../../pki/permitting.ts";
import { permittedSuffixes } from "../../pki/public_suffix.ts";
import { quoteCommand } from "../../host/shell_words.ts";
import { readName } from "../../x509/name.ts";
import { OID } from "../../der/oids.ts";
import { permittedForNewAuthority } from "../authority.ts";
import { confirmAny } from "../confirm_any.ts";
import { type CommandContext, openWorkplace, type Workplace } from "../context.ts";
import type { CommandResult } from "../documents.ts";
import { findStores, type StoreOptions } from "../stores.ts";
import { requireAuthority } from "./describe.ts";
import type { CaReplacedDocument } from "./documents.ts";
import { findHeld } from "./reissued.ts";
import { replaceAuthority, unchanged } from "./replace.ts";

/** What the user asked for. */
export interface RotateFlags extends StoreOptions {
  readonly passwordFile?: string | undefined;
}

/** What the user asked for. */
export interface PermitFlags extends RotateFlags {
  readonly domains: readonly string[];
}

/**
 * Runs `ca permit`: the old list and the domains. Throws CA_MISSING, NAME_INVALID, CONFIRMATION_NEEDED and CANCELLED for
 * "any", and the reason where the change was taken back.
 */
export async function permitCa(
  context: CommandContext,
  flags: PermitFlags,
): Promise<CommandResult<CaReplacedDocument>> {
  return await change(context, flags, "ca permit", flags.domains, async (held, workplace) => {
    const base = await baseList(context, workplace, held);
    const wanted = await extend(context, base, flags.domains);
    return isSame(wanted, held.permitted) ? undefined : wanted;
  });
}

/**
 * Runs `ca rotate`: a new CA with the same list; for a CA without limits that was made elsewhere, the list of a new
 * one. In the place of a public suffix there are the domains of the certificates that were issued below it. Throws as
 * {@link permitCa} does.
 */
export async function rotateCa(
  context: CommandContext,
  flags: RotateFlags,
): Promise<CommandResult<CaReplacedDocument>> {
  return await change(
    context,
    flags,
    "ca rotate",
    [],
    (held, workplace) => baseList(context, workplace, held),
  );
}

/**
 * What the next CA may speak for if nothing is added. A foreign one without limits is replaced by one of ours, which has
 * them; and no suffix is handed on, only what the certificates below it need.
 */
async function baseList(
  { host }: CommandContext,
  workplace: Workplace,
  held: Authority,
): Promise<Permitted> {
  if (isForeign(held)) return await permittedForNewAuthority(host);
  const { permitted } = held;
  if ((await permittedSuffixes(permitted)).length === 0) return permitted;
  const names = (await findHeld(host, workplace, held)).flatMap((certificate) =>
    certificate.names.flatMap(({ type, value }) =>
      type === "dns" ? [value.replace(/^\*\./, "")] : []
    )
  );
  return await withoutSuffixes(permitted, names);
}

/** The hints are those of `setup --permit`, in the words of this command. */
async function extend(
  { program }: CommandContext,
  held: Permitted,
  domains: readonly string[],
): Promise<Permitted> {
  try {
    return await extendPermitted(held, domains);
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    const hints = error.hints.map((hint) => hint.replaceAll("--permit ", `${program} ca permit `));
    throw new LocalTlsError(error.code, error.message, { hints, cause: error });
  }
}

async function change(
  context: CommandContext,
  flags: RotateFlags,
  command: CaReplacedDocument["command"],
  words: readonly string[],
  choose: (held: Authority, workplace: Workplace) => Promise<Permitted | undefined>,
): Promise<CommandResult<CaReplacedDocument>> {
  const workplace = await openWorkplace(context, flags.passwordFile);
  const held = await requireAuthority(context, workplace.state);
  // Looking for stores takes a while; what is permitted already needs none.
  const wanted = await choose(held, workplace);
  if (wanted === undefined) return unchanged(workplace.state, held, command);
  if (wanted.any && words.length > 0) {
    await confirmAny(context, `${command} ${quoteCommand(words)}`);
  }
  reportNarrowed(context, held.permitted, wanted);
  // Images are somebody else's to ship: status says which still trust the former root.
  const recorded = currentTrust((await workplace.state.trusted.read()).events)
    .filter(({ sha256, root }) => sha256 === held.rootSha256 && root === undefined);
  const stores = await findStores(context, workplace, flags, recorded);
  const request = {
    command,
    words,
    choose: (current: Authority) => choose(current, workplace),
  };
  return await replaceAuthority(context, workplace, stores, held, request);
}

/** Says what the new list has in the place of public suffixes. */
function reportNarrowed({ report }: CommandContext, held: Permitted, wanted: Permitted): void {
  if (held.any || wanted.any) return;
  const gone = held.domains.filter((domain) => !wanted.domains.includes(domain));
  if (gone.length === 0) return;
  const fresh = wanted.domains.filter((domain) =>
    gone.some((suffix) => domain.endsWith(`.${suffix}`))
  );
  const instead = fresh.length === 0 ? "" : `; in its place: ${fresh.join(", ")}`;
  report({
    type: "warning",
    code: "SUFFIX_NOT_PERMITTED",
    message: `no public suffix is permitted any longer, as ${gone.join(", ")} was${instead}`,
  });
}

/** Whether a CA without limits was not made here: "any" was then never asked for. */
function isForeign({ permitted, root }: Authority): boolean {
  if (!permitted.any) return false;
  return !readName(root.subject).flat().some(({ type, value }) =>
    type === OID.organizationName && value === "localtls"
  );
}

function isSame(one: Permitted, other: Permitted): boolean {
  if (one.any || other.any) return one.any === other.any;
  return one.domains.join() === other.domains.join();
}
