/**
 * Fails when an import runs upwards, or when a runtime's name stands where it may not.
 *
 * The rules are data: LAYERS says what each room may import, RUNTIME_ROOMS who may name a runtime.
 *
 * @module
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import process from "node:process";

/** Rooms of src/, and the rooms below each. Everybody may import errors.ts, bytes.ts, input_text.ts and version.ts. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  der: [],
  x509: ["der"],
  pki: ["x509", "der"],
  host: [],
  castore: ["pki", "x509", "der", "host"],
  // NSS signs its rows with DER structures of its own, so its adapter reads and writes DER.
  truststore: ["host", "x509", "der"],
  // How a shell quotes is known in host/, which asks it for nothing else.
  recipes: ["host"],
  inspect: ["x509", "der"],
  doctor: ["castore", "truststore", "pki", "x509", "der", "host"],
  // The table of system stores is the same for the scripts that other machines run.
  share: ["truststore", "recipes", "host"],
  // Certificates come to it as PEM: it knows of nothing but HTTP and TLS, whose settings it takes from the recipes.
  server: ["recipes", "host"],
  commands: [
    "doctor",
    "server",
    "castore",
    "truststore",
    "recipes",
    "share",
    "inspect",
    "server",
    "pki",
    "x509",
    "der",
    "host",
  ],
  cli: ["commands", "host"],
  main: ["cli", "host"],
};

const SHARED = ["errors", "bytes", "input_text", "version"];

/**
 * Rooms, and directories of rooms, where `node:` modules may be imported. Other runtimes' globals may be named
 * nowhere.
 */
const RUNTIME_ROOMS = ["host", "server", "doctor/network"];

/**
 * The files that ask for what one runtime alone has, behind a test for it and with another way where it is missing. They
 * write "runtime.Bun?.x" of a typed object; nothing else names a runtime.
 */
const RUNTIME_FILES = ["doctor/network/tcp.ts", "host/tier_up.ts", "server/http1/bare_tls.ts"];

/** npm packages, and the rooms that may import them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@stricli/core": ["cli"],
  "deno-std": ["cli"],
  "get-east-asian-width": ["cli"],
  "@peculiar/webcrypto": ["x509"],
  "@peculiar/x509": ["inspect"],
  "fflate": ["share"],
  "mrmime": ["server"],
  "range-parser": ["server"],
  "tldts": ["pki"],
  "uqr": ["cli", "share"],
};

const RUNTIME_GLOBAL = /(?<![\w.$"'`-])(?:Deno|Bun|process|Buffer|__dirname|require)\s*[.[(]/;

const ANY_RUNTIME = /\b(?:Deno|Bun)\s*\??\./;
const TEST_FOR_RUNTIME = /["'](?:Deno|Bun)["']\s+in\s+globalThis/;

const PRINTING = /(?<![\w.$])console\s*\./;

/** The message of whatever was thrown, whose maker may have quoted a file in it; input_text.ts has exceptionText(). */
const EXCEPTION_TEXT =
  /\bString\((?:error|cause|reason|thrown)\)|\b(?:error|cause|reason|thrown) instanceof Error \?/;

/** Where the message of a foreign exception is looked at, and reduced. */
const EXCEPTION_FILES = ["input_text.ts", "host/system_error.ts", "cli/execute.ts"];

// A statement's own line, the last line of one that was broken, and import() wherever it stands.
const IMPORT =
  /(?:^\s*(?:import|export)\b[^"']*?\bfrom\s+|^\s*\}\s*from\s+|\bimport\s*\(\s*|^\s*import\s+)["']([^"']+)["']/g;

/** One broken rule. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Checks one file. @param path Relative to src/, with "/" between its parts. */
export function checkFile(path: string, content: string): Finding[] {
  const room = roomOf(path);
  const findings: Finding[] = [];
  const code = blankComments(content);
  code.split("\n").forEach((text, index) => {
    const report = (message: string) => findings.push({ file: path, line: index + 1, message });
    for (
      const match of text.matchAll(IMPORT)
    ) {
      const problem = checkImport(path, room, match[1]!);
      if (problem !== undefined) report(problem);
    }
    if (!mayNameRuntime(path) && RUNTIME_GLOBAL.test(blankStrings(text))) {
      report(`names a runtime; only ${RUNTIME_ROOMS.join(", ")} may`);
    }
    if (EXCEPTION_TEXT.test(blankStrings(text)) && !EXCEPTION_FILES.includes(path)) {
      report("repeats the message of an exception, which may quote what was read: exceptionText()");
    }
    if (PRINTING.test(blankStrings(text))) {
      report("prints; only the reporters may, through the host");
    }
    const names = RUNTIME_FILES.includes(path) ? /(?<!\.)\b(?:Deno|Bun)\s*\??\./ : ANY_RUNTIME;
    if (names.test(blankStrings(text)) || TEST_FOR_RUNTIME.test(text)) {
      report(`names Deno or Bun; only ${RUNTIME_FILES.join(", ")} may, as what is perhaps there`);
    }
  });
  return findings;
}

function checkImport(path: string, room: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) {
    return mayNameRuntime(path) ? undefined : `imports ${specifier}`;
  }
  if (!specifier.startsWith(".")) {
    const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
    const rooms = PACKAGES[name];
    if (rooms === undefined) return `imports ${name}, which no room may`;
    return rooms.includes(room) ? undefined : `imports ${name}, which is for ${rooms.join(", ")}`;
  }
  const target = normalize(join(dirname(path), specifier)).replaceAll("\\", "/");
  if (target.startsWith("..")) return `imports ${specifier}, outside src/`;
  const targetRoom = roomOf(target);
  if (targetRoom === room || SHARED.includes(targetRoom)) return undefined;
  if (SHARED.includes(room)) return `is shared by all and imports ${targetRoom}`;
  const allowed = LAYERS[room];
  if (allowed === undefined) return `stands in "${room}", a room without a rule`;
  return allowed.includes(targetRoom)
    ? undefined
    : `${room} may not import ${targetRoom} (${target})`;
}

function mayNameRuntime(path: string): boolean {
  return RUNTIME_ROOMS.some((room) => path === `${room}.ts` || path.startsWith(`${room}/`));
}

function roomOf(path: string): string {
  const [first, second] = path.split("/");
  return second === undefined ? first!.replace(/\.ts$/, "") : first!;
}

/** Blanks comments, keeps line numbers. Good enough for formatted code: no "//" or "/*" begins inside a string there unless it is part of a URL. */
function blankComments(content: string): string {
  return content
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, " "))
    .replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}

function blankStrings(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""');
}

function* typescriptFiles(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* typescriptFiles(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

/** Checks everything below a src directory. */
export function checkTree(src: string): { readonly files: number; readonly findings: Finding[] } {
  const paths = [...typescriptFiles(src)];
  const findings = paths.flatMap((path) =>
    checkFile(relative(src, path).replaceAll("\\", "/"), readFileSync(path, "utf8"))
  );
  return { files: paths.length, findings };
}

if (import.meta.main) {
  const { files, findings } = checkTree(join(import.meta.dirname!, "..", "src"));
  for (const { file, line, message } of findings) console.error(`src/${file}:${line}: ${message}`);
  console.error(`layers: ${files} files, ${findings.length} findings`);
  process.exit(findings.length === 0 ? 0 : 1);
}
