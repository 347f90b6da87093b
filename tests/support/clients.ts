/**
 * Every client whose verdict on our certificates is asked: command-line programs, runtimes, browsers.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Browser } from "./browser.ts";
import { missingChromium, startChromium } from "./chromium.ts";
import { missingFirefox, startFirefox } from "./firefox.ts";
import {
  commandClient,
  type FetchContext,
  type FetchResult,
  type HttpsClient,
  scriptFile,
} from "./https_client.ts";
import { javaClients } from "./java_clients.ts";
import { findProgram } from "./processes.ts";

const python = scriptFile(
  "fetch.py",
  `
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as response:
    print("status", response.status)
    print(response.read().decode())
`,
);

/** For Node, Deno and Bun. */
const javascript = (url: string) => `
try {
  const response = await fetch(${JSON.stringify(url)});
  console.log("status", response.status);
  console.log(await response.text());
} catch (error) {
  for (let cause = error; cause; cause = cause.cause) console.log(cause.code, cause.message);
  (globalThis.process ?? Deno).exit(1);
}
`;

/** OpenSSL's words, and those of BoringSSL. */
const OPENSSL = {
  unknownRoot: /unable to (get local issuer|verify the first) certificate/,
  notPermitted: /permitted subtree violation/,
} as const;

const RUSTLS = {
  // Deno gives up every connection where the file that DENO_CERT names has gone.
  unknownRoot: /invalid peer certificate: UnknownIssuer|Failed opening CA file/,
  notPermitted: /NameConstraintViolation/,
} as const;

/** Every client, also those that are missing here. */
export function httpsClients(): HttpsClient[] {
  const deno = {
    program: tool("deno"),
    words: (url: string) => ["eval", "--no-config", javascript(url)],
    ...RUSTLS,
  };
  return [
    commandClient({
      name: "curl",
      program: findProgram("curl"),
      words: (url) => ["-sSi", "--http1.1", url],
      ...OPENSSL,
    }),
    commandClient({
      name: "wget",
      program: findProgram("wget"),
      words: (url) => ["-nv", "-S", "--tries=1", "-O", "-", url],
      unknownRoot: /doesn't have a known issuer|Unable to locally verify the issuer/,
      notPermitted: /is not trusted\.(?![^]*known issuer)|permitted subtree violation/,
    }),
    commandClient({
      name: "Python",
      program: findProgram("python3"),
      words: (url) => [python(), url],
      ...OPENSSL,
    }),
    commandClient({
      name: "Node",
      program: findProgram("node"),
      words: (url) => ["--input-type=module", "--eval", javascript(url)],
      tell: (rootFile) => ({ NODE_EXTRA_CA_CERTS: rootFile }),
      ...OPENSSL,
    }),
    commandClient({
      name: "Deno (DENO_CERT)",
      tell: (rootFile) => ({ DENO_CERT: rootFile }),
      ...deno,
    }),
    commandClient({
      name: "Deno (DENO_TLS_CA_STORE=system)",
      tell: () => ({ DENO_TLS_CA_STORE: "system" }),
      ...deno,
    }),
    commandClient({
      name: "Bun",
      program: tool("bun"),
      words: (url) => ["--eval", javascript(url)],
      tell: (rootFile) => ({ NODE_EXTRA_CA_CERTS: rootFile }),
      ...OPENSSL,
    }),
    ...javaClients(),
    browserClient("Chromium", missingChromium(), startChromium, {
      unknownRoot: /^net::ERR_CERT_AUTHORITY_INVALID$/,
      notPermitted: /^net::ERR_CERT_INVALID$/,
    }),
    browserClient("Firefox", missingFirefox(), startFirefox, {
      unknownRoot: /^SEC_ERROR_UNKNOWN_ISSUER$/,
      notPermitted: /^SEC_ERROR_CERT_NOT_IN_NAME_SPACE$/,
    }),
  ];
}

/** A browser as a client: started anew each time, since it remembers what it refused and accepted. */
function browserClient(
  name: string,
  missing: string | false,
  start: (context: FetchContext) => Promise<Browser>,
  texts: Pick<HttpsClient, "unknownRoot" | "notPermitted">,
): HttpsClient {
  return {
    name,
    missing,
    ...texts,
    async fetchAll(urls, context) {
      const browser = await start(context);
      try {
        const results: FetchResult[] = [];
        for (const url of urls) {
          const { text, errorText } = await browser.open(url);
          results.push({ url, ok: errorText === undefined, text: errorText ?? text });
        }
        return results;
      } finally {
        await browser.close();
      }
    },
  };
}

/** A tool of this checkout (installed by npm), else one on PATH. */
function tool(name: string): string | undefined {
  const own = fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
  return findProgram(own) ?? findProgram(name);
}
