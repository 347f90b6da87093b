/**
 * What a server publishes of a directory, and what it keeps back: the state directory, the keys of the ledger, and every
 * file with a private key that other users of the machine may not read.
 *
 * @module
 */

import { defaultStatePath, ISSUED_LEDGER, joinPath } from "../../castore/paths.ts";
import { LocalTlsError } from "../../errors.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import type { Secrets } from "../../server/static/secrets.ts";
import type { ServedDirectory } from "../../server/static/served_directory.ts";
import { findWithheld } from "../../server/static/withheld.ts";
import { openServedDirectory } from "../../server/web_handler.ts";
import { type CommandContext, openWorkplace, type Workplace } from "../context.ts";
import type { WithheldDocument } from "./documents.ts";

/** Names that a person is told; the document has more. */
const TOLD = 3;
const MAX_LISTED = 100;

/** The directories of one server. */
export interface Publishing {
  /** Opens a directory to be served. Throws FILE_NOT_FOUND, FILE_READ, and FILE_UNSAFE for one in the state directory. */
  open(directory: string): Promise<ServedDirectory>;
  /** Keeps back one more file, whatever its mode: the key that the server itself uses. */
  keepBack(file: string | undefined): void;
  /** Looks for what is kept back, and tells the user. @returns undefined for nothing. */
  tell(): Promise<WithheldDocument | undefined>;
}

/** Finds out what is secret here; reads nothing yet. */
export async function openPublishing(context: CommandContext): Promise<Publishing> {
  const workplace = await workplaceIfAny(context);
  const own: string[] = [];
  const secrets: Secrets = workplace === undefined ? filesOnly(own) : {
    directories: [
      ...new Set([
        workplace.state.path,
        // Another one is in use, but that one has keys as well.
        defaultStatePath(context.host, workplace.user),
      ]),
    ],
    source: joinPath(workplace.state.path, ISSUED_LEDGER),
    async files() {
      const { events } = await workplace.state.issued.read();
      return [...own, ...events.flatMap(({ key, p12 }) => [key, p12]).filter(isGiven)];
    },
  };
  const opened: ServedDirectory[] = [];
  return {
    async open(directory) {
      const served = await openServedDirectory(directory, secrets);
      if (served.isSecret()) throw stateDirectory(context, directory);
      opened.push(served);
      return served;
    },
    keepBack(file) {
      if (file !== undefined) own.push(file);
    },
    async tell() {
      const found = await Promise.all(opened.map(findWithheld));
      const files = [...new Set(found.flatMap((one) => one.files))];
      for (const file of new Set(found.flatMap((one) => one.served))) {
        context.report({
          type: "warning",
          code: "KEY_SERVED",
          message:
            `"${file}" contains a private key and is served, because all users of this machine ` +
            `can read it. To stop that: chmod 600 ${quoteArgument(file)}`,
        });
      }
      if (files.length === 0) return undefined;
      const complete = found.every(({ isComplete }) => isComplete);
      const roots = opened.map(({ root }) => root);
      const rest = complete
        ? ""
        : "; not all of the directory was searched, but no other private key is served either";
      context.report({ type: "notice", message: sentence(files, roots) + rest });
      return { count: files.length, files: files.slice(0, MAX_LISTED), complete };
    },
  };
}

function filesOnly(files: readonly string[]): Secrets {
  return { directories: [], files: () => Promise.resolve([...files]) };
}

/** A server with a certificate from elsewhere needs no home, and no state. */
async function workplaceIfAny(context: CommandContext): Promise<Workplace | undefined> {
  try {
    return await openWorkplace(context);
  } catch (error) {
    if (error instanceof LocalTlsError && error.code === "HOME_MISSING") return undefined;
    throw error;
  }
}

function sentence(files: readonly string[], roots: readonly string[]): string {
  const short = (file: string) => {
    const root = roots.find((one) => file.startsWith(one) && file.length > one.length);
    return root === undefined ? file : file.slice(root.length).replace(/^[\\/]/, "");
  };
  const told = files.slice(0, TOLD).map((file) => `"${short(file)}"`).join(", ");
  const rest = files.length > TOLD ? ` and ${files.length - TOLD} more` : "";
  const subject = files.length === 1
    ? "1 file with private keys is"
    : `${files.length} files with private keys are`;
  return `${subject} not served: ${told}${rest}`;
}

function stateDirectory({ program }: CommandContext, directory: string): LocalTlsError {
  return new LocalTlsError(
    "FILE_UNSAFE",
    `Cannot serve "${directory}": it is in the state directory, which holds the key of the CA`,
    { hints: [`To give the CA's certificate to other machines: ${program} share`] },
  );
}

function isGiven(file: string | undefined): file is string {
  return file !== undefined;
}
