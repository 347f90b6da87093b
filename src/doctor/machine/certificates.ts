/**
 * The certificates that were issued here.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import { type Check, checksOf } from "../check.ts";

const { pass, note, warn, fail } = checksOf("certificates");

/** Any permission of group and others. */
const ANY_FOR_OTHERS = 0o077;

/** A certificate of the ledger, as it stands. */
export interface HeldFacts {
  readonly names: readonly string[];
  readonly cert: string;
  readonly key: string | undefined;
  /** ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly state:
    | "valid"
    | "due"
    | "expired"
    | "not-yet-valid"
    | "missing"
    | "changed"
    | "foreign";
  /** The machine has moved since: what happened, and what issues it anew. */
  readonly moved?: { readonly message: string; readonly command: string } | undefined;
}

/** Checks of the certificates. */
export async function certificateChecks(
  host: Host,
  program: string,
  certificates: readonly HeldFacts[],
): Promise<Check[]> {
  if (certificates.length === 0) {
    return [pass("certificates", "No certificate was issued here yet")];
  }
  const checks: Check[] = [];
  for (const held of certificates) {
    checks.push(...stateChecks(program, held), ...await keyChecks(host, held));
  }
  const good = certificates.filter(({ state, moved }) => state === "valid" && moved === undefined);
  if (good.length > 0) {
    const what = good.length === 1 ? "certificate is" : "certificates are";
    checks.unshift(pass("certificates", `${good.length} ${what} in order`));
  }
  return checks;
}

function stateChecks(program: string, held: HeldFacts): Check[] {
  const { names, cert, notBefore, notAfter, state, moved } = held;
  const what = `The certificate for ${names.slice(0, 3).join(", ")}`;
  const fix = `${program} renew ${quoteArgument(cert)}`;
  const day = notAfter.slice(0, 10);
  switch (state) {
    case "expired":
      return [fail("certificate-expired", `${what} ended on ${day}`, { fix })];
    case "not-yet-valid": {
      const from = notBefore.slice(0, 10);
      return [
        fail("certificate-not-yet-valid", `${what} is only valid from ${from}: clients refuse it`, {
          fix,
        }),
      ];
    }
    case "due":
      return [warn("certificate-due", `${what} ends on ${day}`, { fix })];
    case "foreign":
      return [fail("certificate-foreign", `${what} is from a CA that is gone`, { fix })];
    case "missing":
      return [note("certificate-missing", `${what} is not at "${cert}" any more`)];
    case "changed":
      return [
        note("certificate-changed", `"${cert}" holds another certificate than the one issued`),
      ];
    case "valid":
      if (moved === undefined) return [];
      return [fail("certificate-address", moved.message, { fix: moved.command })];
  }
}

async function keyChecks(host: Host, { key }: HeldFacts): Promise<Check[]> {
  if (key === undefined || host.user === undefined) return [];
  const info = await host.files.info(key);
  if (info?.type !== "file" || (info.mode & ANY_FOR_OTHERS) === 0) return [];
  return [warn("certificate-key-mode", `Other users can read the private key "${key}"`, {
    fix: `chmod 600 ${quoteArgument(key)}`,
  })];
}
