/**
 * `ca export`: the CA's certificates for other machines; with --with-key the whole CA, encrypted, for a backup.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { decodePem, encodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import type { FileToWrite } from "../../host/host.ts";
import type { Authority } from "../../pki/authority.ts";
import { type CommandContext, openWorkplace, type Workplace } from "../context.ts";
import { sayWaiting } from "../authority.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { newPassword } from "../issuer_password.ts";
import { joinPath, resolvePath } from "../output_files.ts";
import { isPlaceholder, optionWords, requireOwnOutput } from "../output_guard.ts";
import { parseCertificate, readCommonName } from "../../x509/certificate.ts";
import { describeDetails, isDirect, requireAuthority } from "./describe.ts";
import type { CaFilesDocument } from "./documents.ts";

/** What the user asked for. */
export interface ExportFlags {
  /** Directory for the certificates. Default: the working directory. */
  readonly out?: string | undefined;
  /** File for the whole CA with its key: PKCS#12 if it ends in .p12 or .pfx, else PEM. */
  readonly withKey?: string | undefined;
  /** Holds the password of that file. */
  readonly passwordFile?: string | undefined;
  /** Replaces files that are not exports of this CA. */
  readonly force?: boolean | undefined;
}

/** Runs `ca export`. Throws CA_MISSING, FILE_*, PASSWORD_*, CONFIRMATION_NEEDED. */
export async function exportCa(
  context: CommandContext,
  flags: ExportFlags,
): Promise<CommandResult<CaFilesDocument>> {
  const { host, options } = context;
  const workplace = await openWorkplace(context);
  const { state } = workplace;
  const authority = await requireAuthority(context, state);
  const directory = resolvePath(host, flags.out ?? ".");
  const pem = encodePem("CERTIFICATE", authority.root.der);
  const place = (name: string, content: string | Uint8Array): FileToWrite => ({
    path: joinPath(directory, name),
    content,
    mode: 0o644,
  });
  const files = [
    place("root.pem", pem),
    // Windows and Android take a certificate in DER by its name.
    place("root.crt", authority.root.der),
    ...(isDirect(authority) ? [] : [place("issuer.pem", authority.issuerPem)]),
  ];
  const secret = flags.withKey === undefined ? undefined : resolvePath(host, flags.withKey);
  const paths = [...files.map(({ path }) => path), ...(secret === undefined ? [] : [secret])];
  await requireOwnExport(context, files, secret, flags);
  if (!options.dryRun) {
    if (secret !== undefined) {
      const content = await sealed(context, workplace, secret, flags.passwordFile);
      files.push({ path: secret, content, mode: 0o600 });
    }
    await host.files.makeDirectory(directory, { mode: 0o755 });
    await host.files.writeTogether(files);
  }
  return {
    document: {
      command: "ca export",
      ok: true,
      ca: describeDetails(state, authority),
      files: options.dryRun ? [] : paths,
      changed: !options.dryRun,
      ...(options.dryRun
        ? { planned: paths.map((path) => ({ type: "write", path, root: false } as const)) }
        : {}),
    },
    exitCode: EXIT.done,
  };
}

/**
 * Certificates of our own CAs are replaced by those of the one that is there. A file for the whole CA is never taken for an
 * earlier export: it may be the only copy of another CA's key.
 */
async function requireOwnExport(
  context: CommandContext,
  files: readonly FileToWrite[],
  secret: string | undefined,
  flags: ExportFlags,
): Promise<void> {
  const words = optionWords({
    "--out": flags.out,
    "--with-key": flags.withKey,
    "--password-file": flags.passwordFile,
  });
  const hints = [
    `${context.program} ca export ${words}${words === "" ? "" : " "}--force`,
    "Or choose another directory with --out",
  ];
  const { force } = flags;
  for (const { path, content } of files) {
    const wanted = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const isOurs = (held: Bytes) => equalBytes(held, wanted) || isOwnCa(held);
    const what = "not a certificate of a CA that localtls made";
    await requireOwnOutput(context, path, isOurs, { what, force, hints });
  }
  if (secret === undefined) return;
  const what = "a file that may hold the only copy of a key";
  await requireOwnOutput(context, secret, (held) => isPlaceholder(secret, held), {
    what,
    force,
    hints,
  });
}

/** Whether a file is one certificate of a root or issuer that localtls made. */
function isOwnCa(content: Bytes): boolean {
  try {
    const blocks = content[0] === 0x30
      ? [{ label: "CERTIFICATE", der: content }]
      : decodePem(new TextDecoder().decode(content));
    const [block, second] = blocks;
    if (block?.label !== "CERTIFICATE" || second !== undefined) return false;
    const { subject } = parseCertificate(block.der);
    return /^localtls (?:root|issuer) CA /.test(readCommonName(subject) ?? "");
  } catch (error) {
    if (error instanceof LocalTlsError) return false;
    throw error;
  }
}

/** The CA with its key, under a password: never in the clear. */
async function sealed(
  context: CommandContext,
  { state }: Workplace,
  path: string,
  passwordFile: string | undefined,
): Promise<string | Uint8Array> {
  return await state.changeAuthority(async ({ authority, readKey }) => {
    const { pkcs8 } = await readKey();
    const question = `New password of "${path}": `;
    // Not from the environment: that is the password of the CA's own key.
    const password = await newPassword(context, passwordFile, question, false);
    return /\.(?:p12|pfx)$/i.test(path)
      ? await asPfx(authority, pkcs8, password)
      : await asPem(authority, pkcs8, password);
  }, { onWait: () => sayWaiting(context) });
}

async function asPfx(authority: Authority, pkcs8: Uint8Array, password: string) {
  const { createPfx } = await import("../../x509/pkcs12/pfx_writer.ts");
  const { issuer, root } = authority;
  const certificates = isDirect(authority) ? [root.der] : [issuer.der, root.der];
  return await createPfx(
    { privateKey: pkcs8, certificates, friendlyName: "localtls CA" },
    password,
  );
}

async function asPem(authority: Authority, pkcs8: Uint8Array, password: string): Promise<string> {
  const { encryptPrivateKey } = await import("../../x509/encrypted_private_key.ts");
  const key = encodePem("ENCRYPTED PRIVATE KEY", await encryptPrivateKey(pkcs8, password));
  return key + authority.issuerPem + encodePem("CERTIFICATE", authority.root.der);
}
