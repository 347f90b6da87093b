/**
 * Programs with roots of their own choice, as the variables of `env` reach them.
 *
 * @module
 */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PYTHON } from "./config_servers.ts";
import {
  GO_SOURCE,
  httpx,
  JAVA_SOURCE,
  javascript,
  php,
  requests,
  ruby,
  urllib,
} from "./environment_programs.ts";
import { missingPostgres } from "./postgres.ts";
import { findProgram, mustRun, run } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

/** One program. */
export interface EnvironmentClient {
  readonly name: string;
  /** The reason to skip, where it is not there. */
  missing(): Promise<string | false>;
  /** The whole command line for one URL that ends with "/". */
  argv(url: string): Promise<readonly string[]> | readonly string[];
  /** What it needs beside HOME to run at all. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it writes when it has got what it asked for; without it, the body. */
  readonly success?: RegExp;
  /**
   * For a program that has roots of its own and does not look at the system's: the variable by which its user has
   * told it of one more before localtls came.
   */
  readonly ownVariable?: string;
}

/** Every program, also those that are missing here. */
export function environmentClients(): EnvironmentClient[] {
  const venv = join(PYTHON, "python3");
  const python = existsSync(venv) ? venv : findProgram("python3");
  return [
    script("Node", "node", (url) => ["--input-type=module", "--eval", javascript(url)], {
      ownVariable: "NODE_EXTRA_CA_CERTS",
    }),
    script("Deno", tool("deno"), (url) => ["eval", "--no-config", javascript(url)], {
      ownVariable: "DENO_CERT",
    }),
    script("Bun", tool("bun"), (url) => ["--eval", javascript(url)], {
      ownVariable: "NODE_EXTRA_CA_CERTS",
    }),
    script("Python ssl", python, (url) => [urllib(), url]),
    script("Python requests", python, (url) => [requests(), url], {
      module: "requests",
      ownVariable: "REQUESTS_CA_BUNDLE",
    }),
    script("Python httpx", python, (url) => [httpx(), url], {
      module: "httpx",
      ownVariable: "SSL_CERT_FILE",
    }),
    script(
      "pip",
      python,
      (url) => [
        ...["-m", "pip", "index", "versions", "demo", "--disable-pip-version-check"],
        ...["--no-cache-dir", "--retries=0", "--index-url", `${url}simple/`],
      ],
      { module: "pip", ownVariable: "PIP_CERT", success: /demo \(1\.0\)/ },
    ),
    script("curl", "curl", (url) => ["-sS", url]),
    script("wget", "wget", (url) => ["-nv", "--tries=1", "-O", "-", url]),
    script("git", "git", (url) => ["ls-remote", `${url}app.git`], {
      success: /^[0-9a-f]{40}\s+refs\/heads\//m,
    }),
    script(
      "cargo",
      "cargo",
      (url) => ["search", "--index", `sparse+${url}crates/`, "demo"],
      {
        success: /demo = "1\.0\.0"/,
        // rustup's cargo looks for its toolchain in a home that is not that of the test.
        env: { RUSTUP_HOME: process.env["RUSTUP_HOME"] ?? "/root/.rustup" },
      },
    ),
    script("Ruby", "ruby", (url) => [ruby(), url]),
    script("PHP", "php", (url) => [php(), url]),
    {
      ...script("psql", "psql", psqlWords, { ownVariable: "PGSSLROOTCERT" }),
      missing: () => Promise.resolve(missingPostgres()),
    },
    compiled("Go", "go", async (directory) => {
      const binary = join(directory, "fetch");
      writeFileSync(join(directory, "fetch.go"), GO_SOURCE);
      await mustRun(["go", "build", "-o", binary, join(directory, "fetch.go")], {
        // What the machine has compiled already is not compiled again.
        env: { GOCACHE: "/root/.cache/go-build", GOFLAGS: "-mod=mod", GO111MODULE: "off" },
        timeoutMs: 150_000,
      });
      return [binary];
    }),
    rust("Rust reqwest, rustls", "rustls"),
    rust("Rust reqwest, native-tls", "native-tls"),
    compiled("Java", "javac", async (directory) => {
      writeFileSync(join(directory, "Fetch.java"), JAVA_SOURCE);
      await mustRun(["javac", "-d", directory, join(directory, "Fetch.java")], {
        timeoutMs: 90_000,
      });
      return ["java", "-cp", directory, "Fetch"];
    }),
  ];
}

/** scripts/test/server_packages.mjs builds it. */
function rust(name: string, backEnd: string): EnvironmentClient {
  const program = fileURLToPath(new URL("../../.cache/servers/rust/fetch", import.meta.url));
  return {
    name,
    missing: () => Promise.resolve(!existsSync(program) && "the client in Rust is not built"),
    argv: (url) => [program, backEnd, url],
  };
}

/** A thousand above the port of the HTTPS server of the same name is a PostgreSQL with the same certificate. */
export const POSTGRES_OFFSET = 1000;

function psqlWords(url: string): string[] {
  const { hostname, port } = new URL(url);
  const place = `host=${hostname} port=${Number(port) + POSTGRES_OFFSET} dbname=postgres`;
  return [`${place} user=postgres sslmode=verify-full`, "-Atc", "show cluster_name"];
}

interface ScriptOptions extends Pick<EnvironmentClient, "env" | "success" | "ownVariable"> {
  /** A module of Python's that has to be there. */
  readonly module?: string;
}

function script(
  name: string,
  program: string | undefined,
  words: (url: string) => readonly string[],
  { module, ...rest }: ScriptOptions = {},
): EnvironmentClient {
  const found = program === undefined ? undefined : findProgram(program);
  return {
    name,
    ...rest,
    async missing() {
      if (found === undefined) return `${program ?? name} is not installed`;
      if (module === undefined) return false;
      const { code } = await run([found, "-c", `import ${module}`]);
      return code !== 0 && `this Python has no ${module}`;
    },
    argv: (url) => [found ?? name, ...words(url)],
  };
}

/** A program that is compiled when it is first needed. */
function compiled(
  name: string,
  compiler: string,
  build: (directory: string) => Promise<readonly string[]>,
): EnvironmentClient {
  let built: Promise<readonly string[]> | undefined;
  return {
    name,
    missing: () =>
      Promise.resolve(findProgram(compiler) === undefined && `${compiler} is not installed`),
    async argv(url) {
      built ??= build(scratchDirectory(compiler));
      return [...await built, url];
    },
  };
}

/** What a server needs for all of them: locations of nginx, and the files behind. */
export async function siteFor(word: string): Promise<string> {
  const directory = scratchDirectory("site");
  const work = join(directory, "work");
  mkdirSync(work);
  const git = (...args: string[]) =>
    mustRun(["git", "-c", "user.name=ann", "-c", "user.email=ann@app.test", "-C", work, ...args]);
  await git("init", "-q");
  await git("commit", "-q", "--allow-empty", "-m", word);
  await mustRun(["git", "clone", "-q", "--bare", work, join(directory, "app.git")]);
  await mustRun(["git", "-C", join(directory, "app.git"), "update-server-info"]);
  // The workers of nginx are another user.
  await mustRun(["chmod", "-R", "a+rX", directory]);
  const crate =
    `{"crates":[{"name":"demo","max_version":"1.0.0","description":"${word}"}],"meta":{"total":1}}`;
  return `
    default_type text/html;
    location = / { return 200 "${word}"; }
    location = /simple/demo/ { return 200 '<a href="demo-1.0-py3-none-any.whl">demo-1.0-py3-none-any.whl</a>'; }
    location = /crates/config.json { return 200 '{"dl":"https://$http_host/crates/dl","api":"https://$http_host"}'; }
    location = /api/v1/crates { return 200 '${crate}'; }
    location /app.git/ { root ${directory}; }`;
}

/** A tool of this checkout (installed by npm), else one on PATH. */
function tool(name: string): string | undefined {
  const own = fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));
  return findProgram(own) ?? findProgram(name);
}
