/**
 * What issuing one certificate and issuing a list of them have in common.
 *
 * @module
 */

import { currentTrust } from "../castore/ledger.ts";
import type { Authority } from "../pki/authority.ts";
import type { KeyType } from "../x509/key_algorithms.ts";
import type { CommandContext, Workplace } from "./context.ts";
import type { CertificateDocument } from "./documents.ts";
import type { OutputOptions } from "./output_files.ts";
import type { ChosenPassword, Pkcs12Options } from "./pkcs12.ts";

/** What the user asked for. */
export interface CertFlags extends OutputOptions {
  readonly names: readonly string[];
  /** Lifetime in days. */
  readonly days?: number | undefined;
  /** Takes more than 825 days; replaces files that were not issued here. */
  readonly force?: boolean | undefined;
  /** Issues anew where the certificate that is there is still good. */
  readonly renew?: boolean | undefined;
  /** mkcert's command line: it has no questions. */
  readonly neverAsk?: boolean | undefined;
  readonly key?: KeyType | undefined;
  readonly client?: boolean | undefined;
  /** A file with a certification request, or "-". */
  readonly csr?: string | undefined;
  readonly pkcs12?: boolean | undefined;
  readonly legacy?: boolean | undefined;
  readonly passwordFile?: string | undefined;
  /** A file with the names of a certificate in each line, or "-". */
  readonly from?: string | undefined;
}

/** The password of the PKCS#12 files; one that is made up is shown at once, before a key depends on it. */
export async function askPassword(
  context: CommandContext,
  flags: CertFlags,
): Promise<ChosenPassword> {
  const secret = await (await import("./pkcs12.ts")).choosePassword(context, flags.passwordFile);
  if (secret.isMadeUp) {
    const message = `password of the PKCS#12 file, shown only now: ${secret.password}`;
    context.report({ type: "notice", message });
  }
  return secret;
}

/** How PKCS#12 is written, where it is. */
export function pkcs12Options(
  secret: ChosenPassword | undefined,
  { legacy }: CertFlags,
): Pkcs12Options | undefined {
  return secret === undefined ? undefined : { password: secret.password, legacy };
}

/** Adds a password that was made up: for a program, the document is where it is shown. */
export function withPassword(
  document: CertificateDocument,
  secret: ChosenPassword | undefined,
): CertificateDocument {
  return secret?.isMadeUp ? { ...document, p12Password: secret.password } : document;
}

/** By the ledger, which costs one small file; `status` reads the stores themselves. */
export async function warnUntrusted(
  context: CommandContext,
  { state }: Workplace,
  authority: Authority,
  created: boolean,
): Promise<void> {
  if (!created) {
    const { events } = await state.trusted.read();
    if (
      currentTrust(events).some(({ sha256, root }) =>
        sha256 === authority.rootSha256 && root === undefined
      )
    ) return;
  }
  context.report({
    type: "warning",
    code: "CA_NOT_TRUSTED",
    message: `nothing on this machine trusts the CA yet: ${context.program} trust`,
  });
}
