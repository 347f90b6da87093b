/**
 * The environment variables by which programs are told of more roots: who reads each, and whether it adds to
 * the program's own roots or takes their place.
 *
 * A variable that replaces is only ever pointed at a bundle of the public roots and ours: with our root
 * alone, every public site would be refused.
 *
 * @module
 */

/** What a variable does to the roots that a program has by itself. */
export type VariableEffect = "adds" | "replaces";

/** What is put into a variable. */
export type VariableContent =
  /** A file of our root, and of what the user's own file adds. */
  | "root"
  /** A file of the public roots (or of what the user's own file has) and our root. */
  | "bundle"
  /** As a bundle, and only for a user who has told libpq of roots already. */
  | "postgres"
  /** Options for a JVM that name a trust store. */
  | "java"
  /** Directories of PHP's settings, with one of ours at the end. */
  | "php"
  /** A copy of the user's wgetrc that names the bundle. */
  | "wgetrc";

/** A row of the table. */
export interface TrustVariable {
  readonly name: string;
  /** Programs, in the words of `--explain`. */
  readonly readers: string;
  readonly effect: VariableEffect;
  readonly content: VariableContent;
  /**
   * Variables that the same programs read where this one is not set, in their order. A bundle of the user's that
   * is named there is built upon: what was read because nothing better was set is read no more.
   */
  readonly fallbacks: readonly string[];
}

const replacing = (
  name: string,
  readers: string,
  fallbacks: readonly string[] = [],
): TrustVariable => ({ name, readers, effect: "replaces", content: "bundle", fallbacks });

const adding = (name: string, readers: string): TrustVariable => ({
  name,
  readers,
  effect: "adds",
  content: "root",
  fallbacks: [],
});

/** Every variable that is set, in the order of the output. */
export const TRUST_VARIABLES: readonly TrustVariable[] = [
  adding("NODE_EXTRA_CA_CERTS", "Node, npm, Bun, Electron"),
  adding("DENO_CERT", "Deno"),
  replacing("SSL_CERT_FILE", "OpenSSL, Python (ssl, httpx), uv, Ruby, Go, Rust, .NET on Linux"),
  replacing("REQUESTS_CA_BUNDLE", "Python requests", ["CURL_CA_BUNDLE"]),
  replacing("PIP_CERT", "pip", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]),
  replacing("CURL_CA_BUNDLE", "curl", ["SSL_CERT_FILE"]),
  replacing("GIT_SSL_CAINFO", "git"),
  replacing("CARGO_HTTP_CAINFO", "cargo", ["SSL_CERT_FILE"]),
  replacing("AWS_CA_BUNDLE", "AWS command line, boto3", ["REQUESTS_CA_BUNDLE"]),
  replacing("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "gRPC (C++, Python, Ruby, PHP)"),
  replacing("BUNDLE_SSL_CA_CERT", "Bundler", ["SSL_CERT_FILE"]),
  replacing("NIX_SSL_CERT_FILE", "Nix, and programs that it built", ["SSL_CERT_FILE"]),
  {
    name: "PGSSLROOTCERT",
    readers: "PostgreSQL clients (libpq)",
    effect: "replaces",
    content: "postgres",
    fallbacks: [],
  },
  {
    name: "PHP_INI_SCAN_DIR",
    readers: "PHP (streams, curl)",
    effect: "replaces",
    content: "php",
    fallbacks: [],
  },
  { name: "WGETRC", readers: "wget", effect: "replaces", content: "wgetrc", fallbacks: [] },
  {
    name: "JAVA_TOOL_OPTIONS",
    readers: "Java",
    effect: "replaces",
    content: "java",
    fallbacks: [],
  },
];

/** Variables that are not set, with the reason; `--explain` shows them. */
export const LEFT_OUT: readonly { readonly name: string; readonly reason: string }[] = [
  {
    name: "git, one server",
    reason:
      "git config --global http.https://HOST:PORT/.sslCAInfo BUNDLE does it without a variable",
  },
  {
    name: "DENO_TLS_CA_STORE",
    reason: "DENO_CERT adds to whichever store it names",
  },
  {
    name: "SSL_CERT_DIR",
    reason: "SSL_CERT_FILE is read beside it",
  },
];

/**
 * A word of JAVA_TOOL_OPTIONS: HotSpot splits at blanks, knows both quotes and no escape, and joins what stands
 * side by side.
 */
export function quoteJvmWord(word: string): string {
  if (/^[\w./:\\=+,@%-]+$/.test(word)) return word;
  return word.split(/("+)/).filter((part) => part !== "").map((part) =>
    part.startsWith('"') ? `'${part}'` : `"${part}"`
  ).join("");
}

/**
 * PHP's settings for its two TLS stacks.
 * @returns undefined for a path that a php.ini cannot hold: inside single quotes nothing is read but the quote.
 */
export function phpSettings(bundle: string): string | undefined {
  if (/['\n\r]/.test(bundle)) return undefined;
  return `; Made by localtls: do not edit.\nopenssl.cafile='${bundle}'\ncurl.cainfo='${bundle}'\n`;
}

/**
 * The user's wgetrc with our line at its end.
 * @returns undefined for a path that a wgetrc cannot hold: blanks at its end are stripped, a line end is one.
 */
export function wgetSettings(own: string, bundle: string): string | undefined {
  if (/[\n\r]|\s$/.test(bundle)) return undefined;
  const kept = own === "" || own.endsWith("\n") ? own : `${own}\n`;
  return `${kept}# Made by localtls from the file that wget would read: do not edit.\n` +
    `ca_certificate = ${bundle}\n`;
}
