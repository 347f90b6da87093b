/**
 * What is to be inspected, read from a file, from stdin, or from a TLS server, and taken apart.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { LocalTlsError } from "../../errors.ts";
import { type Part, readContents, stateOf } from "../../inspect/contents.ts";
import { isUrl, readServerChain } from "../certificate_source.ts";
import type { CommandContext } from "../context.ts";
import { resolvePath } from "../output_files.ts";
import { readPasswordFile } from "../password_file.ts";

/** Octets: every public root there is, twenty times. */
const MAX_BYTES = 4 * 1024 * 1024;

/** A source, taken apart. */
export interface InspectSource {
  /** Absolute path, URL, or "stdin". */
  readonly name: string;
  /** Whether `name` is a file, which can have others beside it. */
  readonly isFile: boolean;
  readonly format: string;
  readonly password?: "empty" | "changeit";
  readonly parts: readonly Part[];
}

/** Passwords that everybody knows, tried before anybody is asked: the second is mkcert's and Java's. */
const WELL_KNOWN = [["", "empty"], ["changeit", "changeit"]] as const;

/** Reads the source. Throws FILE_*, NETWORK, and what is wrong with the content, with the name of the source. */
export async function readSource(
  context: CommandContext,
  source: string,
  passwordFile: string | undefined,
): Promise<InspectSource> {
  if (isUrl(source)) {
    const { chain } = await readServerChain(context, source);
    const parts = chain.map((der): Part => ({ kind: "certificate", der, label: undefined }));
    return { name: source, isFile: false, format: "TLS server", parts };
  }
  const isFile = source !== "-";
  const name = isFile ? resolvePath(context.host, source) : "stdin";
  const content = isFile
    ? await context.host.files.read(name, MAX_BYTES)
    : await context.host.readStdin(MAX_BYTES);
  if (content === undefined) {
    throw new LocalTlsError("FILE_NOT_FOUND", `Cannot inspect "${name}": it does not exist`, {
      hints: looksLikeHost(source) ? [`${context.program} inspect https://${source}`] : [],
    });
  }
  return await naming(name, async () => {
    const { format, parts } = readContents(content);
    const [first] = parts;
    if (first?.kind !== "pfx") return { name, isFile, format, parts };
    const opened = await openPfx(context, first.der, name, passwordFile);
    return { name, isFile, format: "PKCS#12", ...opened };
  });
}

/** Runs what reads the content, and puts the source's name into what it throws. */
export async function naming<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    // "Cannot inspect" is there already where somebody else has named it.
    if (error.message.includes(`"${name}"`)) throw error;
    const state = stateOf(error.message);
    throw new LocalTlsError(error.code, `Cannot inspect "${name}": ${state}`, {
      hints: error.hints.map((hint) => hint.replace(/\bFILE\b/, name)),
      cause: error,
    });
  }
}

function looksLikeHost(source: string): boolean {
  return /^(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost|\[[0-9a-f:]+\])(?::\d+)?$/i.test(source);
}

async function openPfx(
  context: CommandContext,
  der: Bytes,
  name: string,
  passwordFile: string | undefined,
): Promise<Pick<InspectSource, "parts" | "password">> {
  const { pfxWorkLimit, readPfx } = await import("../../x509/pkcs12/pfx_reader.ts");
  const open = async (
    password: string,
    options: Parameters<typeof readPfx>[2] = {},
  ): Promise<Part[]> => {
    const { certificates, keys } = await readPfx(der, password, options);
    return [
      ...certificates.map((entry): Part => ({
        kind: "certificate",
        der: entry.der,
        label: undefined,
      })),
      ...keys.map((entry): Part => ({ kind: "pkcs8", der: entry.der, label: undefined })),
    ];
  };
  if (passwordFile !== undefined) {
    return { parts: await open(await readPasswordFile(context.host, passwordFile)) };
  }
  const limit = pfxWorkLimit();
  for (const [word, password] of WELL_KNOWN) {
    try {
      return { parts: await open(word, { limit, guessed: true }), password };
    } catch (error) {
      // Too dear to guess at is not too dear to open.
      if (limit.isExceeded) break;
      if (!(error instanceof LocalTlsError) || error.code !== "PASSWORD_WRONG") throw error;
    }
  }
  const { terminal } = context.host;
  if (!terminal.interactive || context.options.json) {
    throw new LocalTlsError(
      "CONFIRMATION_NEEDED",
      `Cannot inspect "${name}": it needs a password`,
      {
        hints: ["Give it with --password-file FILE, or run it at a terminal"],
      },
    );
  }
  return { parts: await open(await terminal.askSecret(`Password of "${name}": `)) };
}
