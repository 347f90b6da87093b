/**
 * `inspect FILE|URL|-`: what is in certificates, chains, requests, keys and PKCS#12 files. Changes nothing, and
 * shows nothing of a key's secret.
 *
 * @module
 */

import { chainOrder } from "../../inspect/chain.ts";
import { type FileReport, inspectParts } from "../../inspect/inspect_parts.ts";
import { LocalTlsError } from "../../errors.ts";
import type { CommandContext } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { readPasswordFile } from "../password_file.ts";
import type { InspectDocument, InspectedCertificate, InspectProblem } from "./document.ts";
import { type InspectSource, naming, readSource } from "./source.ts";
import { findCertificateBeside, findKeyBeside } from "./neighbours.ts";
import { knownOf, readSurroundings, type Surroundings } from "./surroundings.ts";
import type { DecryptContext } from "../../x509/pbes2.ts";

/** What the user asked for. */
export interface InspectFlags {
  /** A file, a URL, or "-". */
  readonly source: string;
  readonly passwordFile?: string | undefined;
}

/** Runs `inspect`. Exit code 1 where something in it is wrong; being expired is no fault of a file. */
export async function inspect(
  context: CommandContext,
  flags: InspectFlags,
): Promise<CommandResult<InspectDocument>> {
  const source = await readSource(context, flags.source, flags.passwordFile);
  const surroundings = await readSurroundings(context);
  let decryption: DecryptContext | undefined; // what all keys of the file may cost together
  const report = await naming(source.name, () =>
    inspectParts(source.parts, {
      now: context.host.now(),
      own: surroundings.own,
      openKey: async (encrypted) => {
        const password = await keyPassword(context, flags, source.name);
        if (password === undefined) return undefined;
        const { decryptPrivateKey, keyDecryption } = await import(
          "../../x509/encrypted_private_key.ts"
        );
        return await decryptPrivateKey(encrypted, password, decryption ??= keyDecryption());
      },
    }));
  if (report.certificates.length + report.requests.length + report.keys.length === 0) {
    const state = report.unreadable[0] ?? "there is nothing in it";
    throw new LocalTlsError("CERTIFICATE_INVALID", `Cannot inspect "${source.name}": ${state}`);
  }
  const certificates = await withSurroundings(context, source, report, surroundings);
  const certificateFile = await findCertificate(context, source, report);
  const order = chainOrder(report.certificates);
  const problems = findProblems(report, order);
  const ok = problems.length === 0;
  return {
    document: {
      command: "inspect",
      ok,
      source: source.name,
      format: source.format,
      ...(source.password === undefined ? {} : { password: source.password }),
      certificates,
      requests: report.requests,
      keys: report.keys,
      ...(certificateFile === undefined ? {} : { certificateFile }),
      ...(order === undefined ? {} : { chain: order }),
      problems,
    },
    exitCode: ok ? EXIT.done : EXIT.failed,
  };
}

async function withSurroundings(
  context: CommandContext,
  source: InspectSource,
  report: FileReport,
  surroundings: Surroundings,
): Promise<InspectedCertificate[]> {
  const inside = new Set(
    report.keys.filter((key) => key.private).flatMap((key) => key.certificates),
  );
  const isSearched = source.isFile && inside.size === 0 && report.parsed.length > 0;
  const beside = isSearched ? await findKeyBeside(context, source.name, source.parts) : undefined;
  if (beside !== undefined && beside.certificate === undefined) {
    warnOfStranger(context, `the key in "${beside.path}" is not that of the certificate`);
  }
  return report.certificates.map((certificate, i): InspectedCertificate => {
    const key = inside.has(i) ? source.name : beside?.certificate === i ? beside.path : undefined;
    return {
      ...certificate,
      ...knownOf(certificate, report.certificates, surroundings),
      ...(key === undefined ? {} : { key }),
    };
  });
}

/** For a file of keys alone: the certificate beside it. */
async function findCertificate(
  context: CommandContext,
  source: InspectSource,
  report: FileReport,
): Promise<string | undefined> {
  const isSearched = source.isFile && report.parsed.length === 0 && report.keys.length > 0;
  const beside = isSearched
    ? await findCertificateBeside(context, source.name, source.parts)
    : undefined;
  if (beside === undefined) return undefined;
  if (beside.certificate !== undefined) return beside.path;
  warnOfStranger(context, `the certificate in "${beside.path}" is not that of the key`);
  return undefined;
}

function warnOfStranger(context: CommandContext, message: string): void {
  context.report({ type: "warning", code: "KEY_MISMATCH", message });
}

/** From --password-file, or asked for at a terminal, where an empty answer leaves the key closed. */
async function keyPassword(
  context: CommandContext,
  { passwordFile }: InspectFlags,
  name: string,
): Promise<string | undefined> {
  const { host, options } = context;
  if (passwordFile !== undefined) return await readPasswordFile(host, passwordFile);
  if (!host.terminal.interactive || options.json) return undefined;
  const password = await host.terminal.askSecret(
    `Password of the key in "${name}" (empty: none): `,
  );
  return password === "" ? undefined : password;
}

function findProblems(
  { certificates, requests, keys, unreadable }: FileReport,
  order: InspectDocument["chain"],
): InspectProblem[] {
  const problems: InspectProblem[] = [];
  const add = (code: InspectProblem["code"], message: string) => problems.push({ code, message });
  certificates.forEach(({ signature, unreadable: parts }, i) => {
    const which = `certificate ${i + 1}`;
    if (signature === "bad") {
      add("SIGNATURE_BAD", `${which} was not signed by its issuer, or was changed since`);
    }
    for (const part of parts) add("UNREADABLE", `${which}: ${part}`);
  });
  requests.forEach(({ signature, unreadable: parts }, i) => {
    const which = `request ${i + 1}`;
    if (signature === "bad") {
      add("SIGNATURE_BAD", `${which} was not signed by its own key, or was changed since`);
    }
    for (const part of parts) add("UNREADABLE", `${which}: ${part}`);
  });
  keys.forEach((key, i) => {
    const isKnown = key.private && key.keyType !== "unknown";
    if (!isKnown || certificates.length + requests.length === 0) return;
    if (key.certificates.length + key.requests.length > 0) return;
    add("KEY_MISMATCH", `key ${i + 1} belongs to none of the certificates in the file`);
  });
  if (order === "out-of-order") {
    add("CHAIN_ORDER", "the chain is out of order: a server must send each before its issuer");
  }
  for (const part of unreadable) add("UNREADABLE", part);
  return problems;
}
