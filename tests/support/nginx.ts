/**
 * A real nginx with a configuration of the test's own.
 *
 * @module
 */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NetworkHost } from "./netns.ts";
import { findProgram, type RunningProcess } from "./processes.ts";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

/** A server that runs until it is stopped. */
export interface Nginx {
  /** Its configuration. */
  readonly file: string;
  /** What it logged as errors. */
  errorLog(): string;
  stop(): Promise<void>;
}

/** Whether there is an nginx; the reason to skip where there is none. */
export function missingNginx(): string | false {
  return nginxProgram() === undefined && "nginx is not installed";
}

/**
 * Starts nginx on a host and waits until it listens.
 * @param http What stands in the `http` block: whole `server` blocks, pasted as they are.
 * @param ports TCP ports of the host's address to wait for.
 * @param beside Files to write into the directory of the configuration, by name.
 * Throws, with nginx's own words, where it does not take the configuration.
 */
export async function startNginx(
  host: NetworkHost,
  http: string,
  ports: readonly number[],
  beside: Readonly<Record<string, string>> = {},
): Promise<Nginx> {
  requireSandbox();
  const directory = scratchDirectory("nginx");
  // The workers are another user.
  chmodSync(directory, 0o755);
  const errorLog = join(directory, "error.log");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => {
    const path = join(directory, name);
    mkdirSync(path);
    return `    ${name}_temp_path ${path};`;
  });
  for (const [name, content] of Object.entries(beside)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  const file = join(directory, "nginx.conf");
  writeFileSync(
    file,
    [
      "daemon off;",
      "worker_processes 1;",
      `pid ${join(directory, "nginx.pid")};`,
      `error_log ${errorLog} info;`,
      "events { worker_connections 64; }",
      "http {",
      "    access_log off;",
      ...temporary,
      http,
      "}",
      "",
    ].join("\n"),
  );
  const program = nginxProgram() ?? "nginx";
  const running = host.spawn([program, "-e", errorLog, "-p", directory, "-c", file]);
  await listening(running, host, ports);
  return {
    file,
    errorLog: () => readFileSync(errorLog, "utf8"),
    async stop() {
      await running.stop();
    },
  };
}

async function listening(
  running: RunningProcess,
  host: NetworkHost,
  ports: readonly number[],
): Promise<void> {
  const ended = running.ended.then(({ code }) => {
    throw new Error(`nginx ended with ${code}: ${running.output()}`);
  });
  ended.catch(() => {});
  for (const port of ports) await Promise.race([host.listening(port), ended]);
}

function nginxProgram(): string | undefined {
  return findProgram("nginx") ?? findProgram("/usr/sbin/nginx");
}
