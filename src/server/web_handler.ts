/**
 * From the options of `serve` to one handler: CORS around the files.
 *
 * @module
 */

import { promises as fs } from "node:fs";
import { LocalTlsError } from "../errors.ts";
import { describeSystemError, systemCode } from "../host/system_error.ts";
import { type AllowedOrigins, answerPreflight, corsFields, isPreflight } from "./cors.ts";
import type { Handler } from "./exchange.ts";
import { NO_FIELDS, serveDirectory } from "./static/handler.ts";
import { NO_SECRETS, type Secrets } from "./static/secrets.ts";
import { ServedDirectory } from "./static/served_directory.ts";

/** How a directory is served. */
export interface WebOptions {
  readonly directory: ServedDirectory;
  readonly spa?: boolean | undefined;
  readonly cors?: AllowedOrigins | undefined;
}

/** The handler of a directory. */
export function makeWebHandler({ directory, spa, cors }: WebOptions): Handler {
  const files = serveDirectory({ directory, spa });
  if (cors === undefined) return (request, response) => files(request, response, NO_FIELDS);
  return (request, response) => {
    if (isPreflight(request)) return answerPreflight(request, response, cors);
    return files(request, response, corsFields(request, cors));
  };
}

/** Opens a directory to be served. @param secrets What is kept back. Throws FILE_NOT_FOUND, FILE_READ. */
export async function openServedDirectory(
  directory: string,
  secrets: Secrets = NO_SECRETS,
): Promise<ServedDirectory> {
  return new ServedDirectory(await realDirectory(directory), secrets);
}

/** The directory without symlinks. Throws FILE_NOT_FOUND, FILE_READ. */
async function realDirectory(directory: string): Promise<string> {
  try {
    const path = await fs.realpath(directory);
    if ((await fs.stat(path)).isDirectory()) {
      await fs.access(path, fs.constants.R_OK | fs.constants.X_OK);
      return path;
    }
  } catch (error) {
    const code = systemCode(error) === "ENOENT" ? "FILE_NOT_FOUND" : "FILE_READ";
    const state = describeSystemError(error);
    throw new LocalTlsError(code, `Cannot serve "${directory}": ${state}`, { cause: error });
  }
  throw new LocalTlsError("FILE_READ", `Cannot serve "${directory}": it is not a directory`, {
    hints: ["Give the directory that the file is in"],
  });
}
