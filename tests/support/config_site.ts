/**
 * The place where servers are started with the lines of `localtls config`: a host of its own, a back end that knows
 * nothing of CORS, and two people with a CA each.
 *
 * @module
 */

import assert from "node:assert/strict";
import { chownSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfiguredServer, HARD_NAME, NOBODY, openDirectory } from "./config_servers.ts";
import { localtls } from "./localtls.ts";
import { createNetwork, type NetworkHost } from "./netns.ts";
import { once } from "./once.ts";
import { type RunningProcess, waitFor } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

/** Of the host. */
export const ADDRESS = "172.16.99.32";

let port = 20_000;
let closing: (() => Promise<void>) | undefined;

/** Ends all that was started. */
export async function closeSite(): Promise<void> {
  await closing?.();
}

/** Somebody with a CA of his own: his server certificate, root and client certificate. */
export interface Person {
  readonly home: string;
  readonly work: string;
  readonly root: string;
  readonly client: { readonly cert: string; readonly key: string };
}

/** Makes a CA, a server certificate in a directory of that name, and a client certificate. */
export async function person(name: string): Promise<Person> {
  const home = openDirectory(scratchDirectory("person"));
  const work = openDirectory(join(home, name));
  const env = { HOME: home };
  const cert = async (...args: string[]) => {
    const result = await localtls(["cert", "--json", ...args], { env, cwd: work });
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return result.json().certificates[0];
  };
  await cert(ADDRESS, "localhost", "app.test");
  const client = await cert("--client", "ann@example.test");
  return { home, work, client, root: join(home, ".local/share/localtls/root.pem") };
}

/** The host and the people, made once. */
export const prepared = once(async () => {
  const network = await createNetwork({ server: ADDRESS });
  closing = () => network.close();
  const host = network.hosts.server;
  const backend = join(scratchDirectory("backend"), "backend.js");
  // Answers as a back end that knows nothing of preflights and allows every origin: both must not be seen in front.
  writeFileSync(
    backend,
    `Bun.serve({ hostname: "127.0.0.1", port: 8080, fetch: (request) =>
      new Response("hello over TLS\\n", {
        status: request.method === "OPTIONS" ? 405 : 200,
        headers: { "Access-Control-Allow-Origin": "*" },
      }) });`,
  );
  host.spawn([process.execPath, backend]);
  await host.listening(8080, "127.0.0.1");
  return { host, ann: await person(HARD_NAME), stranger: await person("stranger") };
});

/** Gives everything below to the account that the server runs as, the directories on the way stay open. */
function giveAway(path: string): void {
  chownSync(path, NOBODY.uid, NOBODY.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inner = join(path, entry.name);
    if (entry.isDirectory()) giveAway(inner);
    else if (!entry.isSymbolicLink()) chownSync(inner, NOBODY.uid, NOBODY.gid);
  }
}

/** A server that was started. */
export interface RunningServer {
  readonly host: NetworkHost;
  readonly ann: Person;
  readonly stranger: Person;
  readonly port: number;
  readonly url: string;
  readonly process: RunningProcess;
}

/** Prints the lines, starts the server with them, and waits until it listens. */
export async function started(
  server: ConfiguredServer,
  name: string,
  options: readonly string[],
  use: (running: RunningServer) => Promise<void>,
): Promise<void> {
  const { host, stranger, ann: usual } = await prepared();
  const own = server.nobody || server.directoryName !== undefined;
  const ann = own ? await person(server.directoryName ?? HARD_NAME) : usual;
  const at = port++;
  const args = ["config", server.id, name, "--port", String(at), ...options];
  const printed = await localtls(args, { env: { HOME: ann.home } });
  assert.equal(printed.code, 0, printed.stderr);
  const directory = openDirectory(scratchDirectory(server.id));
  if (server.nobody) {
    giveAway(ann.home);
    giveAway(directory);
  }
  const { argv, env } = await server.prepare(printed.stdout, directory, at);
  if (server.nobody) giveAway(directory);
  const process = host.spawn(argv, { cwd: directory, env: { HOME: directory, ...env } });
  let over = false;
  try {
    const ended = process.ended.then(({ code }) => {
      throw new Error(`${server.title} ended with ${code}: ${process.output()}\n${printed.stdout}`);
    });
    ended.catch(() => {});
    const address = name === ADDRESS ? ADDRESS : "127.0.0.1";
    const knock = ["bash", "-c", `exec 3<>/dev/tcp/${address}/${at}`];
    // A JVM or a bundler on a busy machine takes its time.
    const listening = waitFor(`${server.title} on port ${at}`, async () => {
      return over || (await host.exec(knock, { timeoutMs: 2_000 })).code === 0;
    }, 60_000);
    await Promise.race([listening, ended]);
    await use({
      host,
      ann,
      stranger,
      port: at,
      url: `https://${name}:${at}/${server.asked?.path ?? ""}`,
      process,
    });
  } catch (error) {
    throw new Error(`${error}\n${process.output()}\n${printed.stdout}`, { cause: error });
  } finally {
    over = true;
    await process.stop();
  }
}
