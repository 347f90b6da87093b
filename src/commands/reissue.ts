/**
 * Issues a certificate of the ledger again, into the files in which it stands.
 *
 * @module
 */

import type { IssuedEvent } from "../castore/ledger.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host, WriteOptions } from "../host/host.ts";
import type { Authority } from "../pki/authority.ts";
import { MAX_DAYS } from "../pki/profiles.ts";
import { parseIssuedName } from "../pki/subject_name.ts";
import { isKeyType } from "../x509/key_algorithms.ts";
import { lookAt } from "./certificate_state.ts";
import type { CommandContext, Workplace } from "./context.ts";
import type { CertificateDocument } from "./documents.ts";
import { issueToFiles } from "./issuing.ts";
import { isOwnPfx, requireReplaceable } from "./own_certificate.ts";
import { findFiles } from "./standing_files.ts";
import type { Pkcs12Options } from "./pkcs12.ts";

/** How to issue again. */
export interface ReissueOptions {
  /**
   * Keeps the key. By default there is a new one of the same type: both files are written anyway, and a key that leaked
   * unnoticed is then of use until the next renewal, not for ever.
   */
  readonly reuseKey?: boolean | undefined;
  /** Writes PKCS#12 too, where the certificate has it; without a password that file stays as it is. */
  readonly pkcs12?: Pkcs12Options | undefined;
}

/**
 * Issues it again: same names, usage, lifetime, type of key, files, modes and owners. One that answers a request is issued for
 * the public key that it has.
 *
 * The files are compared with the ledger right before they are written: certificates that the user put there since are
 * never overwritten. Throws FILE_UNSAFE for those; NAME_NOT_PERMITTED, CA_EXPIRED, FILE_*.
 */
export async function reissue(
  context: CommandContext,
  { user, state }: Workplace,
  authority: Authority,
  recorded: IssuedEvent,
  options: ReissueOptions = {},
): Promise<CertificateDocument> {
  const { host } = context;
  // Before they are looked into: what changes after that is noticed when they are replaced.
  const paths = [recorded.cert, recorded.key, recorded.p12].filter((path) => path !== undefined);
  const found = await findFiles(host, paths);
  const held = await lookAt(host, authority, recorded);
  const { certificate, event } = held;
  if (certificate === undefined) {
    throw new LocalTlsError(
      "FILE_UNSAFE",
      `Cannot issue "${event.cert}" again: it is ${
        held.state === "missing" ? "missing, or its key is" : "not the one that was issued here"
      }`,
    );
  }
  const { names, usage, days, keyType, cert, key, p12, own } = event;
  const files = {
    cert,
    ...(key === undefined ? {} : { key }),
    ...(p12 === undefined ? {} : { p12 }),
  };
  await requireReplaceable(host, user, authority, certificate, files);
  const modes = await readModes(host, Object.values(files));
  const { reuseKey } = options;
  const canReplacePfx = p12 === undefined || options.pkcs12 === undefined ||
    await isOwnPfx(host, p12, authority, options.pkcs12.password);
  const pkcs12 = canReplacePfx ? options.pkcs12 : undefined;
  const document = await issueToFiles(context, state, authority, {
    names: names.map((name) => parseIssuedName(name, usage, authority.permitted)),
    files,
    usage,
    days,
    allowLong: days !== undefined && days > MAX_DAYS,
    ...(key === undefined
      ? { publicKey: certificate.spki }
      : reuseKey
      ? { reuseKey: held.key }
      : { keyType: isKeyType(keyType) ? keyType : undefined }),
    pkcs12: p12 === undefined ? undefined : pkcs12,
    own,
    found,
    keptP12: event.p12Sha256,
    write: (list) =>
      host.files.writeTogether(list.map((file) => ({ ...file, ...modes.get(file.path) }))),
  });
  if (p12 !== undefined && !canReplacePfx) {
    context.report({
      type: "warning",
      code: "PKCS12_NOT_RENEWED",
      message: `"${p12}" is left as it is: it does not open with this password, or does not hold ` +
        "the certificate that was replaced",
    });
  } else if (p12 !== undefined && pkcs12 === undefined) {
    context.report({
      type: "warning",
      code: "PKCS12_NOT_RENEWED",
      message: `"${p12}" still holds the former certificate: its password is needed ` +
        `(${context.program} renew --all --password-file FILE ${cert})`,
    });
  }
  return { ...document, state: "renewed" };
}

/** A group that a server reads the key with goes on reading it. As root, the owner stays who it is. */
async function readModes(
  host: Host,
  paths: readonly string[],
): Promise<Map<string, WriteOptions>> {
  const modes = new Map<string, WriteOptions>();
  for (const path of paths) {
    const info = await host.files.info(path);
    if (info?.type !== "file") continue;
    const owner = host.isRoot ? { owner: { uid: info.uid, gid: info.gid } } : {};
    modes.set(path, { mode: info.mode & 0o777, ...owner });
  }
  return modes;
}
