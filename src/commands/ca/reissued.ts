/**
 * The certificates of the ledger under another CA: the same names, usage, lifetime, files and keys. The key's
 * file is not touched at all: the certificate is issued for its public half, so that servers need no more
 * than a reload.
 *
 * @module
 */

import type { ChangedFile } from "../../castore/replacement.ts";
import { readCertificates } from "../../castore/certificates.ts";
import type { IssuedEvent } from "../../castore/ledger.ts";
import { swapFileFor } from "../../castore/replacement_plan.ts";
import { decodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import type { FileInfo, Host } from "../../host/host.ts";
import type { Authority } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/issue.ts";
import { checkPermitted, checkWildcard, type Permitted } from "../../pki/permitted.ts";
import { suggestPermit } from "../../pki/public_suffix.ts";
import type { RequestedName } from "../../pki/requested_name.ts";
import { MAX_DAYS } from "../../pki/profiles.ts";
import { commonNameFor, parseIssuedName, type SubjectName } from "../../pki/subject_name.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate.ts";
import { sha256Hex } from "../../x509/fingerprint.ts";
import type { CommandContext, Workplace } from "../context.ts";
import type { CertificateDocument } from "../documents.ts";
import { allowOwnFiles, isOwnCertificate, isReplaceable } from "../own_certificate.ts";

const MAX_CHAIN_BYTES = 1 << 20;

/** A certificate that was issued here and stands where the ledger says. */
export interface HeldCertificate {
  readonly event: IssuedEvent;
  readonly certificate: Certificate;
  readonly names: readonly SubjectName[];
  readonly info: FileInfo;
}

/** A certificate that takes the place of another. */
export interface ReissuedCertificate {
  readonly changed: ChangedFile;
  readonly event: IssuedEvent;
  readonly former: IssuedEvent;
}

/**
 * Every certificate whose file holds what the ledger says. One that was moved, replaced or deleted is the
 * user's own business. Throws FILE_READ for one that cannot be read, FILE_UNSAFE for one behind a symbolic link,
 * which a rename would replace.
 *
 * @param authority The CA that issued them: what it may speak for decides how their names are read.
 */
export async function findHeld(
  host: Host,
  { user, state }: Workplace,
  authority: Authority,
): Promise<HeldCertificate[]> {
  const { permitted } = authority;
  const held: HeldCertificate[] = [];
  for await (const { event } of readCertificates(state.issued)) {
    host.allowRoot(event.cert);
    const certificate = await readLeaf(host, event);
    const info = await host.files.info(event.cert);
    if (certificate === undefined || info === undefined) continue;
    // The ledger alone does not make it ours.
    if (!await isOwnCertificate(authority, certificate)) continue;
    if (!await isReplaceable(host, user, authority, certificate, event.cert)) continue;
    await allowOwnFiles(host, authority, certificate, event);
    if (info.type !== "file") {
      throw new LocalTlsError(
        "FILE_UNSAFE",
        `Cannot issue "${event.cert}" again: it is a symbolic link`,
        { hints: ["Put the file itself there, or remove the link"] },
      );
    }
    const names = event.names.map((name) => parseIssuedName(name, event.usage, permitted));
    held.push({ event, certificate, names, info });
  }
  return held;
}

/** Throws NAME_NOT_PERMITTED, naming the file, for the first that another CA could not issue. */
export async function requireReissuable(
  context: CommandContext,
  held: readonly HeldCertificate[],
  permitted: Permitted,
): Promise<void> {
  for (const { event, names } of held) {
    for (const name of names) {
      if (name.type !== "dns" && name.type !== "ip") continue;
      try {
        checkPermitted(name, permitted);
        if (name.type === "dns" && name.wildcard) await checkWildcard(name);
      } catch (error) {
        if (!(error instanceof LocalTlsError)) throw error;
        const permit = await permittable(name);
        throw new LocalTlsError(
          error.code,
          `Cannot issue "${event.cert}" again: the new CA may not speak for "${name.value}"`,
          {
            hints: [
              ...(permit === undefined
                ? ["Remove that certificate first: nothing can be permitted for that name"]
                : [
                  `${context.program} ca permit ${permit}`,
                  "Or remove that certificate first, if nothing uses it",
                ]),
            ],
            cause: error,
          },
        );
      }
    }
  }
}

/** The name itself, as the narrowest that can be permitted; undefined for addresses and suffixes. */
async function permittable(name: RequestedName): Promise<string | undefined> {
  return await suggestPermit(name) === undefined ? undefined : name.value.replace(/^\*\./, "");
}

/** Issues it again, into a copy beside its place that {@link ChangedFile} names; writes nothing. */
export async function reissueHeld(
  host: Host,
  authority: Authority,
  { event: former, certificate, names, info }: HeldCertificate,
): Promise<ReissuedCertificate> {
  const { usage, days } = former;
  const issued = await issueCertificate(authority, {
    names,
    usages: usage,
    now: host.now(),
    publicKey: certificate.spki,
    commonName: commonNameFor(names, usage, former.p12 !== undefined),
    ...(days === undefined ? {} : { days, allowLong: days > MAX_DAYS }),
  });
  const event: IssuedEvent = {
    ...former,
    time: host.now().toISOString(),
    serial: issued.serial,
    sha256: await issued.sha256(),
    notBefore: issued.notBefore.toISOString(),
    notAfter: issued.notAfter.toISOString(),
    issuer: authority.issuerSha256,
  };
  // As root, the owner stays who it is; anybody else can only own what they write.
  const owner = host.isRoot ? { uid: info.uid, gid: info.gid } : undefined;
  return {
    changed: {
      file: swapFileFor(former.cert),
      content: issued.fullchainPem,
      options: { mode: info.mode, owner },
    },
    event,
    former,
  };
}

/** A certificate as documents show it. */
export function describeReissued({ event }: ReissuedCertificate): CertificateDocument {
  const { names, cert, key, notBefore, notAfter, serial, sha256, keyType, usage } = event;
  return {
    names,
    cert,
    ...(key === undefined ? {} : { key }),
    notBefore,
    notAfter,
    serial,
    sha256,
    keyType,
    usage,
    state: "issued",
  };
}

async function readLeaf(host: Host, event: IssuedEvent): Promise<Certificate | undefined> {
  const info = await host.files.info(event.cert);
  if (info === undefined || info.type === "directory" || info.size > MAX_CHAIN_BYTES) {
    return undefined;
  }
  // One that is there and cannot be read would be left behind, under a CA that is gone: that is an error.
  const content = await host.files.read(event.cert, MAX_CHAIN_BYTES);
  if (content === undefined) return undefined;
  try {
    const block = decodePem(new TextDecoder().decode(content))[0];
    if (block?.label !== "CERTIFICATE" || await sha256Hex(block.der) !== event.sha256) {
      return undefined;
    }
    return parseCertificate(block.der);
  } catch (error) {
    // What cannot be read as that certificate is another file.
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}
