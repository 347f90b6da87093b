/**
 * The question before somebody else's certificate is trusted.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Concern } from "../inspect/concerns.ts";
import { describeValidity } from "../inspect/validity_words.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import { readSubjectText } from "../x509/certificate.ts";
import { readSubjectAltNameTexts } from "../x509/extensions.ts";
import { colonHex } from "../x509/fingerprint.ts";
import { escapeText } from "../x509/name.ts";
import { describePublicKey } from "../x509/public_key.ts";
import { parseFingerprint } from "./anchors.ts";
import type { CommandContext } from "./context.ts";
import type { AnchorDocument } from "./documents.ts";

/** Names that are shown before the question. */
const MAX_NAMES = 8;

/** How the user may have answered beforehand. */
export interface ConfirmOptions {
  /** The SHA-256s that are accepted, if any were given. */
  readonly fingerprints: ReadonlySet<string> | undefined;
  /** The command that answers for a script. */
  readonly hint: string;
  /** What else belongs to the certificate: where it was found. */
  readonly found?: readonly string[];
}

/** Reads `--fingerprint`: one SHA-256, or several with commas between them. Throws USAGE. */
export function parseFingerprints(text: string): ReadonlySet<string> {
  return new Set(text.split(",").filter((part) => part.trim() !== "").map(parseFingerprint));
}

/** Throws FINGERPRINT_MISMATCH. */
export function requireFingerprint(anchor: TrustAnchor, accepted: ReadonlySet<string>): void {
  if (accepted.has(anchor.sha256)) return;
  throw new LocalTlsError(
    "FINGERPRINT_MISMATCH",
    `Cannot trust the certificate: its SHA-256 is ${anchor.sha256}, not ${
      [...accepted].join(", ")
    }`,
    { hints: ["Ask the owner of the certificate for its fingerprint, over another way"] },
  );
}

/**
 * Nobody should trust a certificate that they have not compared: with --fingerprint the machine does, else
 * the user does, else it is refused. What speaks against it is reported in any case.
 *
 * Throws FINGERPRINT_MISMATCH, CONFIRMATION_NEEDED, CANCELLED.
 */
export async function confirmAnchor(
  context: CommandContext,
  anchor: TrustAnchor,
  concerns: readonly Concern[],
  { fingerprints, hint, found = [] }: ConfirmOptions,
): Promise<void> {
  const { host, options } = context;
  const isAsked = fingerprints === undefined && !options.yes && !options.dryRun &&
    host.terminal.interactive;
  if (isAsked) {
    context.report({
      type: "notice",
      message: [...anchorLines(anchor, host.now()), ...found].join("\n"),
    });
  }
  for (const concern of concerns) context.report({ type: "warning", ...concern });
  if (fingerprints !== undefined) return requireFingerprint(anchor, fingerprints);
  if (options.yes || options.dryRun) return;
  const { subject } = describeAnchor(anchor, host.now());
  if (!isAsked) {
    throw new LocalTlsError(
      "CONFIRMATION_NEEDED",
      `Cannot trust "${subject || "(no subject)"}" without a confirmation: nobody can be asked`,
      { hints: [hint] },
    );
  }
  const answer = await host.terminal.ask(
    "Trust it on this machine? Compare the SHA-256 first [y/N] ",
  );
  if (!/^y(?:es)?$/i.test(answer.trim())) {
    throw new LocalTlsError("CANCELLED", "Cannot trust the certificate: not confirmed");
  }
}

/** A foreign certificate as documents show it. */
export function describeAnchor(anchor: TrustAnchor, now: Date): AnchorDocument {
  const { certificate, sha256, role } = anchor;
  return {
    sha256,
    subject: readSubjectText(certificate.subject),
    issuer: readSubjectText(certificate.issuer),
    names: namesOf(anchor),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    validity: describeValidity(certificate, now),
    keyType: keyTypeOf(anchor),
    role,
  };
}

function anchorLines(anchor: TrustAnchor, now: Date): string[] {
  const { subject, issuer, names, notAfter, validity, keyType, role } = describeAnchor(anchor, now);
  const shown = names.length <= MAX_NAMES
    ? names.join(", ")
    : `${names.slice(0, MAX_NAMES - 1).join(", ")} and ${names.length - MAX_NAMES + 1} more`;
  const hex = colonHex(anchor.sha256);
  return [
    role === "ca" ? "The certificate of a CA" : "The certificate of a server",
    `subject  ${subject || "(empty)"}`,
    `issuer   ${anchor.certificate.selfIssued ? "itself" : issuer || "(empty)"}`,
    ...(names.length === 0 ? [] : [`names    ${shown}`]),
    `valid    until ${notAfter.slice(0, 10)}, ${validity.text}`,
    `key      ${keyType}`,
    // Sixteen octets a line, as browsers show them.
    `SHA-256  ${hex.slice(0, 47)}`,
    `         ${hex.slice(48)}`,
  ];
}

function namesOf({ certificate }: TrustAnchor): string[] {
  try {
    return readSubjectAltNameTexts(certificate).map(escapeText);
  } catch (error) {
    if (error instanceof LocalTlsError) return [];
    throw error;
  }
}

function keyTypeOf({ certificate }: TrustAnchor): string {
  try {
    return describePublicKey(certificate.spki).label;
  } catch (error) {
    if (error instanceof LocalTlsError) return "unreadable";
    throw error;
  }
}
