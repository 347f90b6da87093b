/**
 * A program that fetches over HTTPS, with its own TLS and its own idea of trusted roots.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NetworkHost } from "./netns.ts";
import type { ProcessResult } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

/** Where and as whom a client runs. */
export interface FetchContext {
  readonly host: NetworkHost;
  readonly home: string;
  /** A file of one root, for the clients that have to be told; the others do not see it. */
  readonly rootFile?: string | undefined;
}

/** What came of a fetch. */
export interface FetchResult {
  readonly url: string;
  /** Whether the client answered with HTTP status 200. */
  readonly ok: boolean;
  /** What the client wrote: the body, or why not. */
  readonly text: string;
}

/** One client. */
export interface HttpsClient {
  readonly name: string;
  /** The reason to skip, where the client is not there. */
  readonly missing: string | false;
  /** What it says of a certificate whose root it does not know. */
  readonly unknownRoot: RegExp;
  /** What it says of a name outside the issuer's name constraints (RFC 5280, 4.2.1.10). */
  readonly notPermitted: RegExp;
  /** Fetches one after the other. */
  fetchAll(urls: readonly string[], context: FetchContext): Promise<FetchResult[]>;
}

/** What {@link commandClient} is made of. */
export interface CommandClient extends Omit<HttpsClient, "fetchAll" | "missing"> {
  /** Undefined where it is not installed. */
  readonly program: string | undefined;
  /** The words after the program. */
  words(url: string): readonly string[] | Promise<readonly string[]>;
  /** The variables by which it is told of a root. */
  tell?(rootFile: string): Readonly<Record<string, string>>;
}

/** Milliseconds for a fetch; a JVM on a busy machine takes several seconds to start. */
const FETCH_TIMEOUT_MS = 30_000;

/** A client that is one command for one URL. */
export function commandClient(client: CommandClient): HttpsClient {
  const { name, program = client.name, unknownRoot, notPermitted } = client;
  return {
    name,
    unknownRoot,
    notPermitted,
    missing: client.program === undefined && `${name} is not installed`,
    async fetchAll(urls, { host, home, rootFile }) {
      const told = rootFile === undefined ? {} : client.tell?.(rootFile) ?? {};
      const settings = {
        env: { HOME: home, LC_ALL: "C", ...told },
        cwd: home,
        timeoutMs: FETCH_TIMEOUT_MS,
      };
      const results: FetchResult[] = [];
      for (const url of urls) {
        results.push(
          readResult(url, await host.exec([program, ...await client.words(url)], settings)),
        );
      }
      return results;
    },
  };
}

/** The scripts below print "status 200", curl and wget the status line. */
function readResult(url: string, { code, stdout, stderr }: ProcessResult): FetchResult {
  const text = `${stdout}${stderr}`;
  return { url, ok: code === 0 && /(?:^|\s)(?:status|HTTP\/1\.1) 200\b/.test(text), text };
}

/** Writes a script when it is first asked for, and gives its path. */
export function scriptFile(name: string, content: string): () => string {
  let file: string | undefined;
  return () => {
    if (file === undefined) {
      file = join(scratchDirectory("client"), name);
      writeFileSync(file, content);
    }
    return file;
  };
}
