/**
 * `trust [FILE|URL|-]`: our CA, or somebody's certificate, into every store.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { quoteArgument } from "../host/shell_words.ts";
import { anchorOfAuthority, anchorOfCertificate, parseFingerprint } from "./anchors.ts";
import { describeAuthority } from "./authority.ts";
import { readCertificate } from "./certificate_source.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { type CommandResult, EXIT, type TrustDocument } from "./documents.ts";
import { changeTrust, exitCodeFor, findStores, planTrust, type StoreOptions } from "./stores.ts";
import { readSubjectText } from "../x509/certificate.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import { colonHex } from "../x509/fingerprint.ts";

/** What the user asked for. */
export interface TrustFlags extends StoreOptions {
  /** A file, a URL or "-"; undefined means our own CA. */
  readonly source?: string | undefined;
  /** The SHA-256 that the certificate must have. */
  readonly fingerprint?: string | undefined;
}

/** Runs `trust`. */
export async function trust(
  context: CommandContext,
  flags: TrustFlags,
): Promise<CommandResult<TrustDocument>> {
  const workplace = await openWorkplace(context);
  const { state } = workplace;
  const authority = flags.source === undefined ? await state.loadAuthority() : undefined;
  if (flags.source === undefined && authority === undefined) {
    throw new LocalTlsError("CA_MISSING", `Cannot trust a CA: there is none in "${state.path}"`, {
      hints: [`${context.program} setup`],
    });
  }
  const anchor = authority === undefined
    ? await anchorOfCertificate(state, await readCertificate(context, flags.source ?? "-"))
    : anchorOfAuthority(state, authority);
  await confirm(context, flags, anchor, authority !== undefined);
  const stores = await findStores(context, workplace, flags);
  const about = authority === undefined
    ? { anchor: describeAnchor(anchor) }
    : { ca: describeAuthority(state, authority) };
  if (context.options.dryRun) {
    const planned = await planTrust("add", stores, anchor);
    return {
      document: { command: "trust", ok: true, ...about, stores: [], planned },
      exitCode: EXIT.done,
    };
  }
  const results = await changeTrust(context, workplace, "add", stores, anchor);
  const exitCode = exitCodeFor(results);
  return {
    document: { command: "trust", ok: exitCode === EXIT.done, ...about, stores: results },
    exitCode,
  };
}

/** A foreign certificate as documents show it. */
export function describeAnchor(anchor: TrustAnchor): NonNullable<TrustDocument["anchor"]> {
  return {
    sha256: anchor.sha256,
    subject: readSubjectText(anchor.certificate.subject),
    notAfter: anchor.certificate.notAfter.toISOString(),
    role: anchor.role,
  };
}

/**
 * Nobody should trust a certificate that they have not compared: with --fingerprint the machine does, else
 * the user does, else it is refused.
 */
async function confirm(
  context: CommandContext,
  flags: TrustFlags,
  anchor: TrustAnchor,
  isOurs: boolean,
): Promise<void> {
  const { host, options, program } = context;
  if (flags.fingerprint !== undefined) {
    const wanted = parseFingerprint(flags.fingerprint);
    if (wanted === anchor.sha256) return;
    throw new LocalTlsError(
      "FINGERPRINT_MISMATCH",
      `Cannot trust the certificate: its SHA-256 is ${anchor.sha256}, not ${wanted}`,
      { hints: ["Ask the owner of the certificate for its fingerprint, over another way"] },
    );
  }
  if (isOurs || options.yes || options.dryRun) return;
  const subject = readSubjectText(anchor.certificate.subject) || "(no subject)";
  if (!host.terminal.interactive) {
    throw new LocalTlsError(
      "CONFIRMATION_NEEDED",
      `Cannot trust "${subject}" without a confirmation: nobody can be asked`,
      {
        hints: [
          `${program} trust ${quoteArgument(flags.source ?? "-")} --fingerprint ${anchor.sha256}`,
        ],
      },
    );
  }
  const end = anchor.certificate.notAfter.toISOString().slice(0, 10);
  const kind = anchor.role === "ca"
    ? "A CA: it can vouch for every name it is allowed to"
    : "A certificate of a single server";
  context.report({
    type: "warning",
    code: "FOREIGN_CERTIFICATE",
    message: `${subject}, until ${end}\n${kind}\nSHA-256 ${colonHex(anchor.sha256)}`,
  });
  const answer = await host.terminal.ask(
    "Trust it on this machine? Compare the SHA-256 first [y/N] ",
  );
  if (!/^y(?:es)?$/i.test(answer.trim())) {
    throw new LocalTlsError("CANCELLED", "Cannot trust the certificate: not confirmed");
  }
}
