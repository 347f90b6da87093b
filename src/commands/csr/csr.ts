/**
 * `csr NAME...`: a key, and a request that another CA can answer. The key never leaves; `accept` puts the answer
 * beside it.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { decodePem, encodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import type { FileToWrite } from "../../host/host.ts";
import { checkNameCount, PURPOSES } from "../../pki/issue.ts";
import { MAX_ATTRIBUTE_LENGTH } from "../../pki/profiles.ts";
import { chooseUsage, commonNameFor, type SubjectName } from "../../pki/subject_name.ts";
import { subjectKey } from "../../pki/subject_key.ts";
import { parseRequest } from "../../x509/certification_request.ts";
import { createRequest } from "../../x509/certification_request_builder.ts";
import type { KeyType } from "../../x509/key_algorithms.ts";
import { importPkcs8 } from "../../x509/keys.ts";
import type { CommandContext } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { parseNames } from "../issuing.ts";
import { baseName, joinPath, resolvePath } from "../output_files.ts";
import { requireOwnOutput } from "../output_guard.ts";
import type { CsrDocument } from "./documents.ts";

/** What the user asked for. */
export interface CsrFlags {
  readonly names: readonly string[];
  /** For a client of mutual TLS: e-mail addresses, URIs and a user's name too. */
  readonly client?: boolean | undefined;
  /** Type of the new key. Default: p256. */
  readonly key?: KeyType | undefined;
  readonly out?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly csrFile?: string | undefined;
  /** Takes the key that is there. */
  readonly reuseKey?: boolean | undefined;
}

const MAX_KEY_FILE = 1 << 16;

/**
 * Runs `csr`. A key that is there is never replaced: a server may be using it, and would have one without a
 * certificate until the answer comes. Throws NAME_INVALID, USAGE, FILE_*, KEY_INVALID.
 */
export async function csr(
  context: CommandContext,
  flags: CsrFlags,
): Promise<CommandResult<CsrDocument>> {
  const { host, options } = context;
  const { client = false, key: keyType, reuseKey = false } = flags;
  if (reuseKey && keyType !== undefined) {
    throw new LocalTlsError("USAGE", "Cannot use --key with --reuse-key: the key is there already");
  }
  // What the other CA permits is its own affair.
  const names: readonly SubjectName[] = client
    ? (await import("../client_names.ts")).parseClientNames(context, flags.names, { any: true })
    : parseNames(context, flags.names);
  checkNameCount(names.length);
  const directory = resolvePath(host, flags.out ?? ".");
  const base = baseName(names, client);
  const place = (chosen: string | undefined, name: string) =>
    chosen === undefined ? joinPath(directory, name) : resolvePath(host, chosen);
  const keyPath = place(flags.keyFile, `${base}-key.pem`);
  const path = place(flags.csrFile, `${base}.csr`);
  if (keyPath === path) {
    throw new LocalTlsError("USAGE", `Cannot write the request and its key to one file: "${path}"`);
  }
  const held = reuseKey ? await readKey(context, keyPath) : undefined;
  if (!reuseKey && await host.files.info(keyPath) !== undefined) {
    throw new LocalTlsError(
      "FILE_WRITE",
      `Cannot make the key "${keyPath}": it exists, and a server may be using it`,
      {
        hints: [
          `${context.program} csr ${client ? "--client " : ""}--reuse-key ${flags.names.join(" ")}`,
          "Or name another file with --key-file",
        ],
      },
    );
  }
  const subject = await subjectKey({ keyType, reuseKey: held });
  await requireOwnOutput(context, path, (content) => isRequestFor(content, subject.spki), {
    what: "not a request for the same key",
    neverAsk: true,
    hints: ["Move that file, or name another one with --csr-file"],
  });
  const { pkcs8 } = subject;
  if (pkcs8 === undefined) throw new RangeError("a key of our own has a private half");
  const usage = chooseUsage(names, client);
  // Of a server many CAs want one, and none looks at it: the first host name, where it fits.
  const commonName = client
    ? commonNameFor(names, usage)
    : names.find(({ type, value }) => type === "dns" && value.length <= MAX_ATTRIBUTE_LENGTH)
      ?.value;
  const privateKey = await importPkcs8(pkcs8);
  const der = await createRequest({
    privateKey,
    spki: subject.spki,
    names: names.filter((name) => name.type !== "user"),
    commonName,
    // A CA that is asked for nothing gives what servers need.
    purposes: client ? PURPOSES[usage] : undefined,
  });
  const list: FileToWrite[] = [{
    path,
    content: encodePem("CERTIFICATE REQUEST", der),
    mode: 0o644,
  }];
  // In front: a request without its key is worth nothing.
  if (held === undefined) {
    list.unshift({
      path: keyPath,
      content: encodePem("PRIVATE KEY", pkcs8),
      mode: 0o600,
      replaces: "nothing",
    });
  }
  if (!options.dryRun) await host.files.writeTogether(list);
  return {
    document: {
      command: "csr",
      ok: true,
      names: names.map(({ value }) => value),
      request: path,
      key: keyPath,
      keyType: subject.keyType,
      ...(options.dryRun
        ? { planned: list.map((file) => ({ type: "write", path: file.path, root: false })) }
        : {}),
    },
    exitCode: EXIT.done,
  };
}

/** Whether a file is a request for this key, and nothing else. */
function isRequestFor(content: Bytes, spki: Uint8Array): boolean {
  try {
    const [block, second] = decodePem(new TextDecoder().decode(content));
    return block?.label === "CERTIFICATE REQUEST" && second === undefined &&
      equalBytes(parseRequest(block.der).spki, spki);
  } catch (error) {
    if (error instanceof LocalTlsError) return false;
    throw error;
  }
}

/** PKCS#8 of a key file. Throws FILE_*, KEY_INVALID. */
export async function readKey({ host }: CommandContext, path: string) {
  const content = await host.files.read(path, MAX_KEY_FILE);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot read the key: "${path}" does not exist`);
  }
  const key = decodePem(new TextDecoder().decode(content)).find(({ label }) =>
    label === "PRIVATE KEY"
  );
  if (key !== undefined) return key.der;
  throw new LocalTlsError(
    "KEY_INVALID",
    `Cannot use "${path}": it holds no unencrypted private key in PKCS#8`,
    { hints: [`openssl pkcs8 -topk8 -nocrypt -in ${path} -out NEW.pem`] },
  );
}
