/**
 * Every reader whose complaints reach somebody, given a file with a secret in it: what each of them says.
 *
 * @module
 */

import { readIssuedEvent } from "../../../src/castore/ledger.ts";
import { parseLedger } from "../../../src/castore/ledger_reading.ts";
import { asLocalTlsError } from "../../../src/cli/execute.ts";
import { parseNames } from "../../../src/commands/issuing.ts";
import { DerReader } from "../../../src/der/decode.ts";
import { decodePem } from "../../../src/der/pem.ts";
import { berToDer } from "../../../src/der/ber.ts";
import { fileError } from "../../../src/host/system_error.ts";
import { exceptionText, redact, withholdInput } from "../../../src/input_text.ts";
import { readContents } from "../../../src/inspect/contents.ts";
import { inspectParts } from "../../../src/inspect/inspect_parts.ts";
import { findNginxCertificates } from "../../../src/recipes/nginx_config.ts";
import { findAliases } from "../../../src/truststore/java/keystore_reader.ts";
import { parsePlist } from "../../../src/truststore/macos/plist.ts";
import { parseProfilesIni } from "../../../src/truststore/nss/profiles_ini.ts";
import { parseOsRelease } from "../../../src/truststore/system/os_release.ts";
import { toolError } from "../../../src/truststore/tool.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { parseRequest } from "../../../src/x509/certification_request.ts";
import { decryptPrivateKey } from "../../../src/x509/encrypted_private_key.ts";
import { importPkcs8 } from "../../../src/x509/keys.ts";
import { readPfx } from "../../../src/x509/pkcs12/pfx_reader.ts";

/** What a reader is given. */
export interface SecretInput {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly text: string;
}

/** A reader; what it returns is shown to people. */
export interface SecretReader {
  readonly name: string;
  read(input: SecretInput): unknown;
}

const NOW = new Date("2026-11-24T12:00:00Z");

/** All readers. */
export const SECRET_READERS: readonly SecretReader[] = [
  { name: "PEM", read: ({ text }) => void decodePem(text) },
  { name: "contents of a file", read: ({ content }) => void readContents(content) },
  { name: "inspect", read: ({ content }) => inspectAll(content) },
  { name: "DER", read: ({ content }) => void new DerReader(content, "x").enter("value") },
  { name: "BER", read: ({ content }) => void berToDer(content, "x") },
  { name: "certificate", read: ({ content }) => void parseCertificate(content) },
  { name: "request", read: ({ content }) => void parseRequest(content) },
  { name: "key", read: async ({ content }) => void await importPkcs8(content) },
  {
    name: "encrypted key",
    read: async ({ content }) => void await decryptPrivateKey(content, "x"),
  },
  { name: "PKCS#12", read: async ({ content }) => void await readPfx(content, "x") },
  {
    name: "Java key store",
    read: ({ content }) => void findAliases(content, Uint8Array.of(0x30, 0)),
  },
  { name: "property list", read: ({ text }) => void parsePlist(text) },
  { name: "profiles.ini", read: ({ text }) => void parseProfilesIni(text) },
  { name: "os-release", read: ({ text }) => void parseOsRelease(text) },
  { name: "ledger", read: ({ text }) => parseLedger(text, readIssuedEvent).damaged },
  { name: "nginx configuration", read: ({ text }) => readNginx(text) },
  {
    name: "JSON",
    read: ({ text }) => {
      try {
        return void JSON.parse(text);
      } catch (error) {
        return [exceptionText(error), asLocalTlsError(error).message];
      }
    },
  },
  {
    name: "an exception that nobody expects",
    read: ({ text }) => [
      asLocalTlsError(new RangeError(`Cannot encode "${text}"`)).message,
      asLocalTlsError(text).message,
      fileError("read", "/x", new Error(text)).message,
    ],
  },
  {
    name: "a tool's complaint",
    read: ({ content, text }) =>
      [
        { stdout: new Uint8Array(), stderr: text },
        { stdout: content, stderr: "" },
      ].map((said) =>
        toolError(["tool"], { outcome: "exited", code: 1, ...said }, { purpose: "x" }, {
          timeoutMs: 1,
        }).message
      ),
  },
  { name: "a client's complaint", read: ({ text }) => redact(text, 300) },
  {
    name: "a name of a list",
    read: ({ text }) => {
      const said: string[] = [];
      const words = text.trim().split(/\s+/);
      for (const word of words) {
        try {
          parseNames({ report: (event: unknown) => said.push(JSON.stringify(event)) } as never, [
            word,
          ]);
        } catch (error) {
          said.push((error as Error).message);
        }
      }
      return said.map((each) => withholdInput(each, words));
    },
  },
];

async function inspectAll(content: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const { parts } = readContents(content);
  const { parsed: _, ...report } = await inspectParts(parts.filter(({ kind }) => kind !== "pfx"), {
    now: NOW,
    own: undefined,
    openKey: () => Promise.resolve(undefined),
  });
  return report;
}

async function readNginx(text: string): Promise<unknown> {
  return (await findNginxCertificates("/etc/nginx/nginx.conf", {
    read: (path) => Promise.resolve(path === "/etc/nginx/nginx.conf" ? text : undefined),
    list: () => Promise.resolve([]),
  })).problems;
}

/** Everything that a reader says of an input: what it shows, or its error with its hints. */
export async function saidBy(reader: SecretReader, content: Uint8Array<ArrayBuffer>) {
  const text = new TextDecoder().decode(content);
  try {
    const shown = await reader.read({ content, text });
    return typeof shown === "string" ? shown : JSON.stringify(shown) ?? "";
  } catch (error) {
    const { message, hints } = asLocalTlsError(error);
    return [message, ...hints].join("\n");
  }
}
