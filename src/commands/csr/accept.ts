/**
 * `accept FILE`: puts the answer of another CA beside the key that the request was made with, once it is certain
 * that it belongs there.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { decodePem, encodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import { parentOf } from "../../host/path_text.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import { readContents } from "../../inspect/contents.ts";
import { type Certificate, parseCertificate, readSubjectText } from "../../x509/certificate.ts";
import {
  type CertificationRequest,
  MAX_REQUEST_LENGTH,
  parseRequest,
} from "../../x509/certification_request.ts";
import { sha256Hex } from "../../x509/fingerprint.ts";
import { importPkcs8, keyBelongsTo } from "../../x509/keys.ts";
import type { CommandContext } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { joinPath, resolvePath } from "../output_files.ts";
import { isPlaceholder, optionWords, replaceHints, requireOwnOutput } from "../output_guard.ts";
import { checkTime, compareNames, namesOf, orderChain, refused } from "./answer.ts";
import { readKey } from "./csr.ts";
import type { AcceptDocument } from "./documents.ts";

/** What the user asked for. */
export interface AcceptFlags {
  /** The request; default: one for the same key, here or beside the answer. */
  readonly csr?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly certFile?: string | undefined;
  /** More certificates of the CA. */
  readonly chain?: string | undefined;
  /** Replaces a file that is no certificate for the same key. */
  readonly force?: boolean | undefined;
}

const MAX_BYTES = 1 << 20;
/** Files of a directory that are looked at for a request. */
const MAX_REQUESTS = 500;

/** A group may be the server's, all others are nobody's. */
const FOR_EVERYBODY = 0o007;

/** A request of ours, and where it is. */
interface HeldRequest {
  readonly path: string;
  readonly request: CertificationRequest;
}

/**
 * Runs `accept`. Nothing is written unless everything fits. Throws CERTIFICATE_INVALID, KEY_INVALID, FILE_*, and
 * what reading the files throws.
 */
export async function accept(
  context: CommandContext,
  file: string,
  flags: AcceptFlags,
): Promise<CommandResult<AcceptDocument>> {
  const { host, options } = context;
  const certificates = await readCertificates(context, file);
  const more = flags.chain === undefined ? [] : await readCertificates(context, flags.chain);
  const { path, request } = await findRequest(context, file, certificates, flags.csr);
  const leaf = certificates.find(({ spki }) => equalBytes(spki, request.spki));
  if (leaf === undefined) throw otherKey(`"${path}" asks for another key`);
  const stem = path.replace(/\.(?:csr|req|pem)$/i, "");
  const key = flags.keyFile === undefined ? `${stem}-key.pem` : resolvePath(host, flags.keyFile);
  const cert = flags.certFile === undefined ? `${stem}.pem` : resolvePath(host, flags.certFile);
  const privateKey = await importPkcs8(await readKey(context, key));
  if (!await keyBelongsTo(privateKey, leaf)) throw otherKey(`"${key}" is not its key`);
  const chain = await orderChain(leaf, [...certificates, ...more]);
  checkTime(chain, host.now());
  const { missing, more: extra } = compareNames(request, leaf);
  if (missing.length > 0) {
    throw refused(`it is not for ${missing.map((name) => JSON.stringify(name)).join(", ")}`, [
      "Ask the CA again, or make a request for the names that it gives",
    ]);
  }
  if (extra.length > 0) {
    const message = `the CA added names that were not asked for: ${extra.join(", ")}`;
    context.report({ type: "warning", code: "ANSWER_HAS_MORE_NAMES", message });
  }
  if (leaf.notBefore > host.now()) {
    const message = `the certificate is valid from ${leaf.notBefore.toISOString().slice(0, 10)} on`;
    context.report({ type: "warning", code: "ANSWER_NOT_YET_VALID", message });
  }
  await warnOfReaders(context, key);
  if ([key, path].includes(cert)) {
    throw new LocalTlsError("USAGE", `Cannot write the certificate over "${cert}"`);
  }
  const isOwn = (held: Bytes) => isForKey(held, leaf) || isPlaceholder(cert, held);
  await requireOwnOutput(context, cert, isOwn, {
    what: "not a certificate for the same key",
    force: flags.force,
    hints: replaceHints(
      [
        `${context.program} accept ${quoteArgument(file)}`,
        optionWords({
          "--csr": flags.csr,
          "--key-file": flags.keyFile,
          "--cert-file": flags.certFile,
          "--chain": flags.chain,
        }),
      ].filter((part) => part !== "").join(" "),
      "--cert-file",
    ),
  });
  if (!options.dryRun) {
    const content = chain.map(({ der }) => encodePem("CERTIFICATE", der)).join("");
    await host.files.write(cert, content, { mode: 0o644 });
  }
  return {
    document: {
      command: "accept",
      ok: true,
      names: namesOf(leaf),
      cert,
      key,
      request: path,
      chain: chain.map(({ subject }) => readSubjectText(subject)),
      notBefore: leaf.notBefore.toISOString(),
      notAfter: leaf.notAfter.toISOString(),
      sha256: await sha256Hex(leaf.der),
      ...(options.dryRun ? { planned: [{ type: "write", path: cert, root: false }] } : {}),
    },
    exitCode: EXIT.done,
  };
}

/** Whether a file is a certificate for the key of another, with whatever chain. */
function isForKey(content: Bytes, { spki }: Certificate): boolean {
  try {
    const blocks = decodePem(new TextDecoder().decode(content));
    const [block] = blocks;
    return block !== undefined && blocks.every(({ label }) => label === "CERTIFICATE") &&
      equalBytes(parseCertificate(block.der).spki, spki);
  } catch (error) {
    if (error instanceof LocalTlsError) return false;
    throw error;
  }
}

/** A key is its owner's: who else may read it is told and not changed, since a server may have to. */
async function warnOfReaders({ host, report }: CommandContext, key: string): Promise<void> {
  const info = await host.files.info(key);
  if (host.user === undefined || info === undefined || (info.mode & FOR_EVERYBODY) === 0) return;
  report({
    type: "warning",
    code: "KEY_READABLE",
    message: `everybody on this machine can read the key "${key}": chmod 600 ${quoteArgument(key)}`,
  });
}

/** The certificates of a file: PEM, DER or PKCS#7. */
async function readCertificates(
  { host }: CommandContext,
  source: string,
): Promise<Certificate[]> {
  const path = source === "-" ? "stdin" : resolvePath(host, source);
  const content = source === "-"
    ? await host.readStdin(MAX_BYTES)
    : await host.files.read(path, MAX_BYTES);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read the answer: "${path}" does not exist`);
  }
  const certificates = readContents(content).parts
    .filter(({ kind }) => kind === "certificate")
    .map(({ der }) => parseCertificate(der));
  if (certificates.length > 0) return certificates;
  throw new LocalTlsError("CERTIFICATE_INVALID", `Cannot find a certificate in "${path}"`);
}

/** The request that is named; or the one, here or beside the answer, whose key one of the certificates has. */
async function findRequest(
  context: CommandContext,
  file: string,
  certificates: readonly Certificate[],
  named: string | undefined,
): Promise<HeldRequest> {
  const { host } = context;
  if (named !== undefined) {
    const path = resolvePath(host, named);
    const request = await readRequest(context, path);
    if (request !== undefined) return { path, request };
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read the request: "${path}" does not exist`);
  }
  const beside = file === "-" ? "" : parentOf(resolvePath(host, file)) || "/";
  const directories = new Set([host.workingDirectory, beside].filter((path) => path !== ""));
  for (const directory of directories) {
    const names = (await host.files.list(directory)).filter((name) => name.endsWith(".csr"));
    for (const name of names.slice(0, MAX_REQUESTS)) {
      const path = joinPath(directory, name);
      const request = await readRequest(context, path).catch((error) => {
        // Somebody else's file, damaged or of another kind: not what is looked for.
        if (error instanceof LocalTlsError) return undefined;
        throw error;
      });
      const isMeant = request !== undefined &&
        certificates.some(({ spki }) => equalBytes(spki, request.spki));
      if (isMeant) return { path, request };
    }
  }
  const places = [...directories].map((path) => `"${path}"`).join(" and ");
  throw otherKey(`no request in ${places} is for its key`, [
    `${context.program} accept ${quoteArgument(file)} --csr REQUEST`,
  ]);
}

async function readRequest(
  { host }: CommandContext,
  path: string,
): Promise<CertificationRequest | undefined> {
  const content = await host.files.read(path, 2 * MAX_REQUEST_LENGTH);
  if (content === undefined) return undefined;
  const [block] = decodePem(new TextDecoder().decode(content));
  if (block?.label === "CERTIFICATE REQUEST") return parseRequest(block.der);
  throw new LocalTlsError("CSR_INVALID", `Cannot find a request in PEM in "${path}"`);
}

function otherKey(state: string, hints: readonly string[] = []): LocalTlsError {
  return new LocalTlsError(
    "KEY_INVALID",
    `Cannot accept the answer: it is for another key, ${state}`,
    { hints },
  );
}
