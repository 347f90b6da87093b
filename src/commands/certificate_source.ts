/**
 * Reads somebody's certificate from a file, from stdin, from a TLS server, or from a page of `share --serve`.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { readContents, stateOf } from "../inspect/contents.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { isCa } from "../x509/extensions.ts";
import type { CommandContext } from "./context.ts";
import { resolvePath } from "./output_files.ts";

// A certificate is a few kilobytes; a bundle of all public roots is 250 KB.
const MAX_BYTES = 1 << 20;

const CONNECT_MS = 10_000;

/** A certificate that may become an anchor, and what it was found with. */
export interface CertificateSource {
  readonly certificate: Certificate;
  /** What the server itself shows: the first of its chain; the same certificate where it stands alone. */
  readonly leaf: Certificate;
  /** The host of a URL. */
  readonly host?: string;
}

/**
 * Reads the certificate to trust. Of several in a file it has to be the only CA or the only one at all;
 * of a server's chain it is the last: a CA if the server sends one, else the server's own.
 */
export async function readCertificate(
  context: CommandContext,
  source: string,
): Promise<CertificateSource> {
  if (isUrl(source)) {
    const { host, chain } = await readServerChain(context, source);
    const certificates = chain.map(parseCertificate);
    return { certificate: certificates.at(-1)!, leaf: certificates[0]!, host };
  }
  const { host } = context;
  if (/^http:\/\//i.test(source)) {
    const { fetchPlainRoot } = await import("./plain_source.ts");
    context.report({ type: "progress", message: `fetching the root from ${source}` });
    const certificates = certificatesOf(await fetchPlainRoot(host, source), source);
    const certificate = choose(certificates, source);
    // Such a page is for roots. Whoever wants a server's own certificate asks the server for it.
    if (!isCa(certificate)) {
      throw new LocalTlsError(
        "CERTIFICATE_INVALID",
        `Cannot use the certificate at "${source}": it is no certificate of a CA`,
      );
    }
    return { certificate, leaf: certificate };
  }
  const path = source === "-" ? "stdin" : resolvePath(host, source);
  const content = source === "-"
    ? await host.readStdin(MAX_BYTES)
    : await host.files.read(path, MAX_BYTES);
  if (content === undefined) {
    throw new LocalTlsError(
      "FILE_NOT_FOUND",
      `Cannot read a certificate: "${path}" does not exist`,
    );
  }
  const certificates = certificatesOf(content, path);
  const certificate = choose(certificates, path);
  return { certificate, leaf: certificates[0]! };
}

function certificatesOf(content: Bytes, path: string): Certificate[] {
  try {
    return readContents(content).parts
      .filter(({ kind }) => kind === "certificate")
      .map(({ der }) => parseCertificate(der));
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    const state = stateOf(error.message);
    throw new LocalTlsError(error.code, `Cannot read a certificate from "${path}": ${state}`, {
      hints: error.hints.map((hint) => hint.replace(/\bFILE\b/, path)),
      cause: error,
    });
  }
}

function choose(certificates: readonly Certificate[], path: string): Certificate {
  const [first] = certificates;
  if (first === undefined) {
    throw new LocalTlsError("CERTIFICATE_INVALID", `Cannot find a certificate in "${path}"`);
  }
  if (certificates.length === 1) return first;
  const authorities = certificates.filter(isCa);
  if (authorities.length === 1) return authorities[0]!;
  throw new LocalTlsError(
    "CERTIFICATE_INVALID",
    `Cannot choose between the ${certificates.length} certificates in "${path}": give a file with one`,
  );
}

/** Whether a source is a server to ask. */
export function isUrl(source: string): boolean {
  return /^https:\/\//i.test(source);
}

/** The certificates that the server at a URL presents, leaf first. Throws USAGE, NETWORK. */
export async function readServerChain(
  context: CommandContext,
  source: string,
): Promise<{ readonly host: string; readonly chain: readonly Bytes[] }> {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined || url.hostname === "") {
    throw new LocalTlsError("USAGE", `Cannot read the URL "${source}"`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new LocalTlsError("USAGE", "Cannot use the URL: it has a user name in it");
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 443 : Number(url.port);
  context.report({ type: "progress", message: `asking ${host} port ${port} for its certificate` });
  const chain = await context.host.network.peerCertificates({ host, port, timeoutMs: CONNECT_MS });
  if (chain.length === 0) {
    throw new LocalTlsError("NETWORK", `Cannot get a certificate from ${host} port ${port}`);
  }
  return { host, chain };
}
