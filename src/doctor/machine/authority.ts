/**
 * The CA and its directory.
 *
 * @module
 */

import type { LocalTlsError } from "../../errors.ts";
import type { FileInfo, Host } from "../../host/host.ts";
import { quoteArgument, quoteCommand } from "../../host/shell_words.ts";
import type { Authority } from "../../pki/authority.ts";
import { covers, DEFAULT_PERMITTED_DOMAINS } from "../../pki/permitted.ts";
import { lookUpSuffix, permittedSuffixes } from "../../pki/public_suffix.ts";
import { type Check, checksOf } from "../check.ts";

const { pass, note, warn, fail } = checksOf("ca");

const DAY_MS = 86_400_000;
/** Days before its end from which on a CA wants to be replaced: every other machine has to be told. */
const CA_DUE_DAYS = 30;

/** Names in the state directory that a killed run leaves behind. */
const LEFT_BEHIND = /^(?:\.localtls-[0-9a-f]{16}|\.new-.+|\.creating)$/;

/** What is known of the CA. */
export interface AuthorityFacts {
  readonly program: string;
  /** The state directory. */
  readonly directory: string;
  readonly authority: Authority | undefined;
  /** Why it cannot be loaded. */
  readonly error: LocalTlsError | undefined;
  /** A replacement that was interrupted, as a command line's words. */
  readonly interrupted: readonly string[] | undefined;
  /** Lines of the ledgers that cannot be read. */
  readonly damagedLines: number;
  readonly now: Date;
}

/** Checks of the CA. */
export async function authorityChecks(host: Host, facts: AuthorityFacts): Promise<Check[]> {
  const { program, authority, error, interrupted } = facts;
  const checks = [caCheck(facts)];
  if (authority !== undefined && error === undefined) {
    checks.push(dateCheck(facts, authority), await constraintCheck(facts, authority));
  }
  if (interrupted !== undefined) {
    checks.push(fail("ca-interrupted", "A change of the CA was interrupted before it took effect", {
      fix: `${program} ${quoteCommand(interrupted)}`,
    }));
  }
  if (facts.damagedLines > 0) {
    const lines = facts.damagedLines === 1 ? "A line" : `${facts.damagedLines} lines`;
    checks.push(warn("ca-ledger", `${lines} of the ledgers cannot be read and are left out`));
  }
  return [...checks, ...await leftBehind(host, facts)];
}

function caCheck({ program, directory, authority, error }: AuthorityFacts): Check {
  if (error !== undefined) {
    const fix = error.hints.find((hint) => /^[a-z]/.test(hint)) ?? error.hints[0];
    return fail(
      "ca-files",
      error.message.replace(/^Cannot use (the CA|")/, "The CA cannot be used: $1"),
      {
        ...(fix !== undefined && { fix }),
      },
    );
  }
  if (authority === undefined) {
    return fail("ca-files", `There is no CA in "${directory}"`, { fix: `${program} setup` });
  }
  return pass("ca-files", `The CA in "${directory}" is complete, and its key is its owner's alone`);
}

function dateCheck({ program, now }: AuthorityFacts, authority: Authority): Check {
  const { notAfter } = authority;
  const day = notAfter.toISOString().slice(0, 10);
  const left = notAfter.getTime() - now.getTime();
  const fix = `${program} ca rotate`;
  const { notBefore } = authority.root;
  if (notBefore.getTime() > now.getTime()) {
    const from = notBefore.toISOString().slice(0, 10);
    return fail(
      "ca-dates",
      `The CA is only valid from ${from}: this clock or the one then is wrong`,
      {
        fix,
      },
    );
  }
  if (left <= 0) return fail("ca-dates", `The CA ended on ${day}`, { fix });
  if (left < CA_DUE_DAYS * DAY_MS) return warn("ca-dates", `The CA ends on ${day}`, { fix });
  return pass("ca-dates", `The CA is valid until ${day}`);
}

async function constraintCheck(
  { program }: AuthorityFacts,
  { permitted }: Authority,
): Promise<Check> {
  if (permitted.any) {
    return note(
      "ca-constraints",
      "The CA may issue for every name: whoever gets its key can play any web site to this machine",
    );
  }
  const suffixes = await permittedSuffixes(permitted);
  if (suffixes.length > 0) {
    return warn(
      "ca-constraints",
      `The CA may issue for ${
        suffixes.join(", ")
      }, where names belong to whoever registers them: whoever gets its key can play every site there`,
      {
        fix: `${program} ca rotate`,
        fixNote: "Keeps the certificates that were issued, and permits no more than they need",
      },
    );
  }
  const names = permitted.domains.slice(0, 4).join(", ");
  const more = permitted.domains.length > 4 ? ` and ${permitted.domains.length - 4} more` : "";
  const added = permitted.domains.filter((domain) => !covers(DEFAULT_PERMITTED_DOMAINS, domain));
  const open = await Promise.all(
    added.map(async (domain) => (await lookUpSuffix(domain)).isPublic),
  );
  const isPublic = added.filter((_, i) => open[i]);
  const rest = isPublic.length === 0
    ? "for no public name"
    : `of public names for ${isPublic.join(", ")} alone`;
  return pass("ca-constraints", `The CA may issue for ${names}${more}, and ${rest}`);
}

async function leftBehind(host: Host, { directory, now }: AuthorityFacts): Promise<Check[]> {
  const names = await host.files.list(directory).catch(() => []);
  const found: string[] = [];
  // Files whose writer is certain to be gone need no time.
  const dead = new Set(await host.files.leftovers(directory));
  for (const name of names.filter((one) => LEFT_BEHIND.test(one))) {
    const path = `${directory}/${name}`;
    const info = await host.files.info(path);
    if (info !== undefined && (dead.has(path) || !isInUse(info, now))) found.push(path);
  }
  if (found.length === 0) return [];
  return [
    warn(
      "ca-leftovers",
      `A run that was killed left ${found.length === 1 ? "a file" : "files"} behind`,
      {
        fix: `rm -r ${found.map(quoteArgument).join(" ")}`,
        fixNote: "While no other localtls runs",
      },
    ),
  ];
}

/** Temporary files elsewhere: beside certificates, and where settings are. */
export function leftoverChecks(paths: readonly string[]): Check[] {
  if (paths.length === 0) return [];
  return [
    warn(
      "leftovers",
      `A run that was killed left ${
        paths.length === 1 ? "a temporary file" : `${paths.length} temporary files`
      }, which may hold a private key`,
      { fix: `rm ${paths.map(quoteArgument).join(" ")}` },
    ),
  ];
}

/** Another run may be writing it just now. */
function isInUse({ modifiedMs }: FileInfo, now: Date): boolean {
  const age = now.getTime() - modifiedMs;
  return age >= 0 && age < 60_000;
}
