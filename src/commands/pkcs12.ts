/**
 * PKCS#12 beside a certificate: its password, and what goes into it.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import type { Authority } from "../pki/authority.ts";
import type { IssuedCertificate } from "../pki/issue.ts";
import { createPfx } from "../x509/pkcs12/pfx_writer.ts";
import type { CommandContext } from "./context.ts";
import { newPassword } from "./issuer_password.ts";

/** How a PKCS#12 file is made. */
export interface Pkcs12Options {
  readonly password: string;
  /** 3DES and SHA-1, for Windows Server 2016 and macOS before 15. */
  readonly legacy?: boolean | undefined;
}

/** A password, and whether the user has seen it. */
export interface ChosenPassword {
  readonly password: string;
  /** Made up here: to be shown, once. */
  readonly isMadeUp: boolean;
}

/** 32 letters and digits that nobody takes for another. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

/** Characters of a password that is made up: 100 random bits. */
const MADE_UP_LENGTH = 20;

/**
 * The PFX of a certificate that was just issued: key, certificate and issuer. The root is left out: Windows
 * would put it among the trusted ones, which is for `trust` to do. Throws PASSWORD_INVALID.
 */
export async function makePfx(
  issued: IssuedCertificate,
  authority: Authority,
  options: Pkcs12Options,
): Promise<Bytes> {
  const privateKey = decodePem(issued.keyPem ?? "")[0]?.der;
  if (privateKey === undefined) {
    throw new LocalTlsError("USAGE", "Cannot write PKCS#12: the key is not here");
  }
  const { certificate, names } = issued;
  const chain = authority.issuerPem === "" ? [] : [authority.issuer.der];
  return await createPfx(
    { privateKey, certificates: [certificate.der, ...chain], friendlyName: names[0] },
    options.password,
    { legacy: options.legacy },
  );
}

/**
 * Takes the password from a file, from the user at the terminal (twice), or makes one up.
 * Throws PASSWORD_INVALID, FILE_NOT_FOUND, FILE_READ.
 */
export async function choosePassword(
  context: CommandContext,
  passwordFile: string | undefined,
): Promise<ChosenPassword> {
  const { host, options } = context;
  const canAsk = host.terminal.interactive && !options.yes;
  if (passwordFile === undefined && !canAsk) return { password: makeUpPassword(), isMadeUp: true };
  const question = "Password for the PKCS#12 file: ";
  return { password: await newPassword(context, passwordFile, question, false), isMadeUp: false };
}

function makeUpPassword(): string {
  const octets = crypto.getRandomValues(new Uint8Array(MADE_UP_LENGTH));
  const text = Array.from(octets, (octet) => ALPHABET[octet & 31]).join("");
  return text.replace(/.{5}(?=.)/g, "$&-");
}
