/**
 * Real trust stores of this machine, inside the sandbox, and the clients that judge them.
 *
 * @module
 */

import { chmodSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { decodePem, encodePem } from "../../src/der/pem.ts";
import { createNodeHost } from "../../src/host/node_host.ts";
import { findTargetUser } from "../../src/host/target_user.ts";
import { applyChange, readStates, type StoreResult } from "../../src/truststore/change.ts";
import { createElevation } from "../../src/truststore/elevation.ts";
import { discoverStores } from "../../src/truststore/families.ts";
import type { StoreKind, TrustAnchor, TrustStore } from "../../src/truststore/store.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { sha256Hex } from "../../src/x509/fingerprint.ts";
import { unconstrainedCa } from "../support/openssl.ts";
import { mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";

/** A CA that OpenSSL made, and a server certificate of it. */
export interface StoreTestCa {
  readonly anchor: TrustAnchor;
  readonly leaf: string;
}

/** Makes one; its files can be read by every user. */
export async function makeCa(name: string): Promise<StoreTestCa> {
  const directory = scratchDirectory("stores");
  chmodSync(directory, 0o755);
  const ca = await unconstrainedCa(name);
  const leaf = join(directory, "leaf.pem");
  cpSync((await ca.issue("DNS:localhost", "IP:127.0.0.1")).cert, leaf);
  const file = join(directory, "ca.pem");
  cpSync(ca.cert, file);
  const anchor = await readAnchor(file);
  writeFileSync(file, anchor.pem);
  chmodSync(file, 0o644);
  return { anchor, leaf };
}

/** A test that is skipped, by name, where a tool is missing. */
export function testWith(
  missing: string | undefined,
): (name: string, work: (t: TestContext) => Promise<void> | void) => void {
  return (name, work) => {
    test(name, async (t) => missing === undefined ? await work(t) : t.skip(missing));
  };
}

/** The anchor in a PEM file. */
export async function readAnchor(file: string): Promise<TrustAnchor> {
  const { der } = decodePem(readFileSync(file, "utf8"))[0]!;
  return {
    certificate: parseCertificate(der),
    pem: encodePem("CERTIFICATE", der),
    sha256: await sha256Hex(der),
    label: "localtls integration",
    role: "ca",
    file,
  };
}

/** The stores of a kind, as this process finds them. */
export async function findStores(
  kinds: StoreKind[],
  stepTimeoutMs?: number,
): Promise<TrustStore[]> {
  requireSandbox();
  const host = createNodeHost();
  const user = await findTargetUser(host);
  const elevation = createElevation(host, stepTimeoutMs === undefined ? {} : { stepTimeoutMs });
  return await discoverStores({ host, user, elevation }, kinds);
}

/** Changes stores; the ledger is a list. */
export async function change(
  what: "add" | "remove",
  stores: readonly TrustStore[],
  anchor: TrustAnchor,
  created: readonly string[] = [],
): Promise<{ results: StoreResult[]; created: string[] }> {
  const made: string[] = [];
  const results = await applyChange({
    change: what,
    stores,
    anchor,
    createdBy: () => created,
    recordAdded: (_store, paths) => Promise.resolve(void made.push(...paths)),
    recordRemoved: () => Promise.resolve(),
  });
  return { results, created: made };
}

/** The outcomes alone. */
export async function outcomes(
  what: "add" | "remove" | "state",
  stores: readonly TrustStore[],
  anchor: TrustAnchor,
): Promise<string[]> {
  const results = what === "state"
    ? await readStates(stores, anchor)
    : (await change(what, stores, anchor)).results;
  return results.map(({ outcome }) => outcome);
}

/** As {@link change} or readStates(), in a process of another user, without a terminal. */
export async function asUser(
  uid: number,
  what: "add" | "remove" | "state",
  kinds: StoreKind[],
  { file }: TrustAnchor,
  env: Record<string, string> = {},
): Promise<StoreResult[]> {
  const user = await driverOf(uid, [what, kinds.join(","), file]);
  const options = { env: { ...user.env, ...env }, cwd: "/", timeoutMs: 90_000 };
  return JSON.parse(await mustRun(user.argv, options));
}

/**
 * As {@link asUser}, at a terminal where somebody types the password whenever one is asked for.
 * @returns The results, and all that stood on the terminal.
 */
export async function asUserAtTerminal(
  uid: number,
  what: "add" | "remove",
  kinds: StoreKind[],
  { file }: TrustAnchor,
  password: string,
): Promise<{ results: StoreResult[]; screen: string }> {
  const { argv, env } = await driverOf(uid, [what, kinds.join(","), file]);
  const screen = await mustRun(["python3", "-c", TYPIST, password, ...argv], {
    env,
    cwd: "/",
    timeoutMs: 90_000,
  });
  const answer = screen.split(/\r?\n/).find((line) => line.startsWith("[{"));
  if (answer === undefined) throw new Error(`No answer on the terminal:\n${screen}`);
  return { results: JSON.parse(answer), screen };
}

/** A terminal, and a user who types the first argument at every question for a password. */
const TYPIST = `
import os, pty, sys
seen = b""
def read(fd):
    global seen
    data = os.read(fd, 65536)
    seen += data
    if b"assword" in seen and seen.rstrip().endswith(b":"):
        seen = b""
        os.write(fd, sys.argv[1].encode() + b"\\n")
    return data
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[2:], read)))
`;

async function driverOf(uid: number, args: readonly string[]) {
  requireSandbox();
  const home = scratchDirectory("user");
  await mustRun(["chown", String(uid), home]);
  const driver = fileURLToPath(new URL("./store_driver.ts", import.meta.url));
  const runtime = "Bun" in globalThis ? [] : ["run", "-A", "--no-check"];
  const setpriv = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  return {
    argv: [...setpriv, process.execPath, ...runtime, driver, ...args],
    env: { HOME: home, DENO_DIR: home, TMPDIR: home },
  };
}

/** Whether OpenSSL accepts the leaf with the machine's bundle, and with the machine's directory. */
export async function opensslAccepts(leaf: string): Promise<{ file: boolean; path: boolean }> {
  const file = await run(
    ["openssl", "verify", "-no-CApath", "-CAfile", "/etc/ssl/certs/ca-certificates.crt", leaf],
  );
  const path = await run(["openssl", "verify", "-no-CAfile", "-CApath", "/etc/ssl/certs", leaf]);
  return { file: file.code === 0, path: path.code === 0 };
}

/** Puts a shell script in the place of a program, and gives a way back. */
export function shadow(program: string, script: string): () => void {
  requireSandbox();
  const original = readFileSync(program);
  writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return () => writeFileSync(program, original, { mode: 0o755 });
}
