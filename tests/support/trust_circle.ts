/**
 * The way of trust on any machine: refused, set up, accepted, taken back, refused.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { VERSION } from "../../src/version.ts";
import type { LocaltlsResult } from "./localtls.ts";

/** A machine as the circle sees it. */
export interface CircleSubject {
  /** Runs localtls there. */
  localtls(args: readonly string[]): Promise<LocaltlsResult>;
  /** The path here of a file of that machine. */
  pathHere(path: string): string;
  /** Whether a TLS client with that machine's roots connects to 127.0.0.1, and what it wrote. */
  connect(port: number): Promise<{ readonly ok: boolean; readonly text: string }>;
  /** What the client says of an unknown root. */
  readonly unknownRoot: RegExp;
  /** Stores to change. Default: the system's. */
  readonly stores?: string;
}

/** Nothing of a runtime's own reports: no stack, no page of source. */
export function assertPlain(result: LocaltlsResult): void {
  const text = result.stdout + result.stderr;
  assert.doesNotMatch(text, /^\s+at .+:\d+|\$bunfs|bun\.report|panic|node:internal/m, text);
}

/** Goes the whole way, with an HTTPS server of this process and the client of that machine. */
export async function assertTrustCircle(subject: CircleSubject): Promise<void> {
  const { stores = "system" } = subject;
  const tool = async (code: number, ...args: string[]) => {
    const result = await subject.localtls(args);
    assertPlain(result);
    assert.equal(result.code, code, `${args.join(" ")}: ${result.stdout}${result.stderr}`);
    return result;
  };
  assert.equal((await tool(0, "version")).stdout.trim(), VERSION);
  const refused = (await tool(1, "cert", "google.com", "--json")).json();
  assert.equal(refused.error.code, "NAME_NOT_PERMITTED", JSON.stringify(refused));

  const issued = (await tool(0, "cert", "127.0.0.1", "--json")).json().certificates[0];
  const server = await serveHttps(
    readFileSync(subject.pathHere(issued.cert), "utf8"),
    readFileSync(subject.pathHere(issued.key), "utf8"),
  );
  try {
    const expectRefusal = async (when: string) => {
      const { ok, text } = await subject.connect(server.port);
      assert.equal(ok, false, `connected ${when}: ${text}`);
      assert.match(text, subject.unknownRoot, when);
    };
    await expectRefusal("before setup");
    const setup = await tool(0, "setup", "127.0.0.1", "--stores", stores, "--json");
    assert.deepEqual(outcomes(setup), ["added"], setup.stdout);
    const accepted = await subject.connect(server.port);
    assert.equal(accepted.ok, true, `not connected after setup: ${accepted.text}`);
    assert.deepEqual(outcomes(await tool(0, "status", "--stores", stores, "--json")), ["trusted"]);
    const gone = await tool(0, "uninstall", "--stores", stores, "--json");
    assert.deepEqual(outcomes(gone), ["removed"], gone.stdout);
    await expectRefusal("after uninstall");
    assert.deepEqual(outcomes(await tool(1, "status", "--stores", stores, "--json")), [
      "untrusted",
    ]);
  } finally {
    server.close();
  }
}

/** The outcomes of a document's stores, each once. */
export function outcomes(result: LocaltlsResult): string[] {
  const { stores } = result.json() as { stores: { outcome: string }[] };
  return [...new Set(stores.map(({ outcome }) => outcome))];
}

/** Serves "ok" over TLS on the loopback device. */
export async function serveHttps(
  cert: string,
  key: string,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer({ cert, key }, (_request, response) => response.end("ok"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The words of an OpenSSL client. @param roots Where it finds its roots; without it, where it looks by itself. */
export function opensslClient(port: number, roots: readonly string[] = []): string[] {
  return [
    ...["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-verify_return_error"],
    ...["-verify_ip", "127.0.0.1", ...roots],
  ];
}

/** What OpenSSL says of an unknown root. */
export const OPENSSL_UNKNOWN_ROOT = /unable to get local issuer certificate/;
