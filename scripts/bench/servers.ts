/**
 * Servers under load: how they are started, asked and judged.
 *
 * @module
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { type RunningProcess, start, waitFor } from "../../tests/support/processes.ts";
import { type Command, measure } from "./measure.ts";
import type { Rate } from "./part.ts";

/** A server that answers at a URL. */
export interface Server {
  readonly name: string;
  /** With "/" at its end. */
  readonly url: string;
  readonly running: RunningProcess;
}

/** How hard to ask: wrk with one thread. */
export interface Load {
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
}

/** What asking brought. */
export interface Asked {
  /** Requests a second, and the server's processor time for a thousand. */
  readonly requests: Rate;
  /** Megabytes a second, and the server's processor time for a thousand. */
  readonly megabytes: Rate;
  /** Share of one core that wrk took: at 1 it is wrk that is measured. */
  readonly client: number;
}

/** Ticks of the clock in /proc (proc(5)) are 10 ms on every Linux that Debian builds. */
const TICK = 10;
const LIMIT = 15_000;

/** A port of the loopback interface that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server, and waits for its first answer. @throws {Error} There is none; with what it said. */
export async function startServer(
  name: string,
  { argv, cwd, env }: Command,
  probe: { readonly url: string; readonly path: string },
): Promise<Server> {
  const running = start(argv, { cwd, env });
  const ask = ["curl", "-skf", "-o", "/dev/null", `${probe.url}${probe.path}`];
  try {
    await waitFor(name, async () => (await start(ask, { cwd, env }).ended).code === 0, LIMIT);
  } catch {
    await running.stop();
    throw new Error(`${name} does not answer: ${running.output().slice(-500)}`);
  }
  return { name, url: probe.url, running };
}

/**
 * Asks a server for some seconds.
 * @throws {Error} An answer was wrong, or a connection broke.
 */
export function ask(
  server: Server,
  load: Load,
  command: (argv: readonly string[]) => Command,
): Asked {
  const { path, connections, seconds } = load;
  const before = groupTime(server.running.pid);
  const flags = ["-t1", `-c${connections}`, `-d${seconds}s`];
  const { stdout, cpu: asking, wall } = measure(command(["wrk", ...flags, `${server.url}${path}`]));
  const cpu = groupTime(server.running.pid) - before;
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout.trim());
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  const [, amount, unit = ""] = /Transfer\/sec:\s+([\d.]+)([KMG]?)B/.exec(stdout) ?? [];
  const factor = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[unit] ?? NaN;
  const megabytes = Number(amount) * factor / 1e6;
  if (!(rate > 0 && megabytes > 0)) throw new Error(`wrk cannot be understood: ${stdout.trim()}`);
  return {
    client: asking / wall,
    requests: { rate, cpu: cpu / (rate * seconds) * 1000 },
    megabytes: { rate: megabytes, cpu: cpu / (megabytes * seconds) * 1000 },
  };
}

/** The most memory of the largest process of a server, in KiB. */
export function peakOf({ running }: Server): number {
  const peaks = groupOf(running.pid).map((pid) =>
    Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0)
  );
  return Math.max(...peaks);
}

/** nginx with one worker, and what it needs to run in a directory of its own. */
export function nginx(
  directory: string,
  name: string,
  server: string,
): { readonly argv: readonly string[] } {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(directory, `${name}-${kind}`)};`).join("\n  ");
  const file = join(directory, `${name}.conf`);
  writeFileSync(
    file,
    `${process.getuid?.() === 0 ? "user root;\n" : ""}worker_processes 1;
daemon off;
pid ${join(directory, `${name}.pid`)};
error_log stderr crit;
events { worker_connections 1024; }
http {
  ${temporary}
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  ${server}
}
`,
  );
  return { argv: ["nginx", "-e", "stderr", "-c", file] };
}

/** Milliseconds of processor time that a process group has had. */
function groupTime(group: number): number {
  return groupOf(group).reduce((sum, pid) => {
    const [user, system] = statOf(pid).slice(11, 13);
    return sum + (Number(user) + Number(system)) * TICK;
  }, 0);
}

function groupOf(group: number): number[] {
  return readdirSync("/proc").map(Number).filter((pid) =>
    pid > 0 && Number(statOf(pid)[2]) === group
  );
}

/** Fields of /proc/PID/stat from the third on: the name before them may have blanks. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return []; // it has ended
  }
}
