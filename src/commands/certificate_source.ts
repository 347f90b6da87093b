/**
 * Reads somebody's certificate from a file, from stdin, or from a TLS server.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { decodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { isCa } from "../x509/extensions.ts";
import type { CommandContext } from "./context.ts";
import { resolvePath } from "./output_files.ts";

// A certificate is a few kilobytes; a bundle of all public roots is 250 KB.
const MAX_BYTES = 1 << 20;

const CONNECT_MS = 10_000;

/**
 * Reads the certificate to trust. Of several in a file it has to be the only CA or the only one at all;
 * of a server's chain it is the last: a CA if the server sends one, else the server's own.
 */
export async function readCertificate(
  context: CommandContext,
  source: string,
): Promise<Certificate> {
  if (isUrl(source)) {
    const { chain } = await readServerChain(context, source);
    return parseCertificate(chain.at(-1)!);
  }
  const { host } = context;
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
  if (content.length === 0) {
    throw new LocalTlsError("CERTIFICATE_INVALID", `Cannot read a certificate: "${path}" is empty`);
  }
  return choose(derOf(content).map(parseCertificate), path);
}

function derOf(content: Bytes): Uint8Array[] {
  // A SEQUENCE of more than 127 bytes begins with 30 8x; no PEM file does.
  if (content[0] === 0x30 && (content[1] ?? 0) >= 0x80) return [content];
  return decodePem(new TextDecoder().decode(content))
    .filter(({ label }) => label === "CERTIFICATE" || label === "TRUSTED CERTIFICATE")
    .map(({ der }) => der);
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
): Promise<{ readonly host: string; readonly port: number; readonly chain: Bytes[] }> {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined || url.hostname === "") {
    throw new LocalTlsError("USAGE", `Cannot read the URL "${source}"`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 443 : Number(url.port);
  context.report({ type: "progress", message: `asking ${host} port ${port} for its certificate` });
  const chain = await context.host.network.peerCertificates({ host, port, timeoutMs: CONNECT_MS });
  if (chain.length === 0) {
    throw new LocalTlsError("NETWORK", `Cannot get a certificate from ${host} port ${port}`);
  }
  return { host, port, chain };
}
