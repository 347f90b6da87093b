/**
 * Reads a certification request from a file or from stdin, and takes from it what a certificate may have:
 * its public key and its names. Everything else that it asks for is ignored, and said so.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { OID } from "../der/oids.ts";
import { decodePem } from "../der/pem.ts";
import { LocalTlsError } from "../errors.ts";
import { quoteInput } from "../input_text.ts";
import type { Permitted } from "../pki/permitted.ts";
import { parseRequestedName } from "../pki/requested_name.ts";
import { parseEmail, parseSubjectName, parseUri, type SubjectName } from "../pki/subject_name.ts";
import {
  type CertificationRequest,
  MAX_REQUEST_LENGTH,
  parseRequest,
  verifyRequest,
} from "../x509/certification_request.ts";
import { readBasicConstraints } from "../x509/extensions.ts";
import { type GeneralName, generalNameText } from "../x509/general_name.ts";
import type { CommandContext } from "./context.ts";
import { resolvePath } from "./output_files.ts";

/** What is taken from a request. */
export interface RequestSubject {
  readonly names: readonly SubjectName[];
  /** SubjectPublicKeyInfo TLV. */
  readonly publicKey: Bytes;
}

/** The labels of RFC 7468, 7, and of older programs. */
const LABELS = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/** Octets: base64 takes a third more, and text may stand around it. */
const MAX_FILE = 2 * MAX_REQUEST_LENGTH;

/**
 * Reads and checks a request. Throws CSR_INVALID, KEY_INVALID, DER_INVALID, PEM_INVALID, NAME_INVALID,
 * FILE_NOT_FOUND, FILE_READ, FILE_TOO_LARGE.
 *
 * @param source A path, or "-" for stdin.
 */
export async function readRequestSubject(
  context: CommandContext,
  source: string,
  options: { readonly client: boolean; readonly permitted: Permitted },
): Promise<RequestSubject> {
  const { host } = context;
  const path = source === "-" ? "stdin" : resolvePath(host, source);
  const content = source === "-"
    ? await host.readStdin(MAX_FILE)
    : await host.files.read(path, MAX_FILE);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read the request: "${path}" does not exist`);
  }
  const request = parseRequest(derOf(content, path));
  await verifyRequest(request);
  warnAboutWishes(context, request);
  return { names: namesOf(context, request, options), publicKey: request.spki };
}

function derOf(content: Bytes, path: string): Uint8Array {
  // A SEQUENCE of more than 127 octets begins with 30 8x; no PEM file does.
  if (content[0] === 0x30 && (content[1] ?? 0) >= 0x80) return content;
  const blocks = decodePem(new TextDecoder().decode(content));
  const requests = blocks.filter(({ label }) => LABELS.includes(label));
  if (requests.length === 1) return requests[0]!.der;
  const found = requests.length > 1
    ? `it holds ${requests.length}`
    : blocks.length === 0
    ? "it holds nothing in PEM or DER"
    : `it holds a ${quoteInput(blocks[0]!.label).replaceAll('"', "")}`;
  throw new LocalTlsError("CSR_INVALID", `Cannot find one request in "${path}": ${found}`);
}

/** mkcert gives the CA certificate that a request asks for; here it gets one for a server, and is told. */
function warnAboutWishes(context: CommandContext, request: CertificationRequest): void {
  if (!request.extensions.has(OID.basicConstraints)) return;
  if (readBasicConstraints(request)?.ca !== true) return;
  context.report({
    type: "warning",
    code: "CSR_ASKS_FOR_CA",
    message: "the request asks for a CA certificate: only its public key and its names are taken",
  });
}

function namesOf(
  context: CommandContext,
  request: CertificationRequest,
  options: { readonly client: boolean; readonly permitted: Permitted },
): SubjectName[] {
  const names: SubjectName[] = [];
  for (const general of request.requestedNames) {
    const name = checkedName(general, options.client);
    if (name !== undefined) names.push(name);
    else {
      const message = `the request has a name of the form ${
        generalNameText(general)
      }, which is left out`;
      context.report({ type: "warning", code: "CSR_NAME_LEFT_OUT", message });
    }
  }
  if (names.length > 0) return names;
  // A common name stands in for names only where there are none, as everywhere since RFC 2818.
  const { commonName } = request;
  if (request.requestedNames.length === 0 && commonName !== undefined && commonName !== "") {
    return [commonNameAsName(commonName, options)];
  }
  throw new LocalTlsError("NAME_INVALID", "Cannot issue for the request: it has no name", {
    hints: ['openssl req -new -key KEY -subj / -addext "subjectAltName=DNS:app.test"'],
  });
}

/** A common name is text from a stranger: it has to be a name by the rules of the command line, and no URL. */
function commonNameAsName(
  text: string,
  { client, permitted }: { readonly client: boolean; readonly permitted: Permitted },
): SubjectName {
  const { name, warnings } = client ? parseSubjectName(text, permitted) : parseRequestedName(text);
  if (warnings.length === 0) return name;
  throw refused(text, "its common name is a URL");
}

/** A name of a request by the rules of the command line; undefined for forms that are not issued. */
function checkedName(general: GeneralName, client: boolean): SubjectName | undefined {
  if (general.type === "other") return undefined;
  const text = generalNameText(general);
  if (general.type === "email" || general.type === "uri") {
    if (client) return general.type === "email" ? parseEmail(text) : parseUri(text);
    throw refused(text, "it is a name for a client", ["Add --client"]);
  }
  const { name } = parseRequestedName(text);
  // "https://a.test" or "10.0.0.1" as a dNSName: clients would compare it as it stands, and refuse.
  const same = name.type === general.type &&
    (name.type === "ip" || name.value === text.toLowerCase());
  if (same) return name;
  throw refused(text, "it is no host name, and the request says that it is one");
}

function refused(text: string, state: string, hints: readonly string[] = []): LocalTlsError {
  const shown = quoteInput(text);
  return new LocalTlsError("NAME_INVALID", `Cannot issue for ${shown} of the request: ${state}`, {
    hints,
  });
}
