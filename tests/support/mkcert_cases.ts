/**
 * Command lines that mkcert and `localtls mkcert` are both given.
 *
 * @module
 */

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./processes.ts";

/** One command line, and where it is run. */
export interface MkcertCase {
  /** The words, as in a shell; the id of the case. */
  readonly id: string;
  readonly args: readonly string[];
  /** Added to the environment; "HOME" stands for the home. undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Run before it, in the working directory: both programs find the same. */
  readonly before?: (work: string) => Promise<void> | void;
  /** Command lines of the same program that are run before it. */
  readonly after?: readonly (readonly string[])[];
  /** In a home without a CA. */
  readonly fresh?: true;
  /** As a user without rights. */
  readonly unprivileged?: true;
}

function words(...args: string[]): MkcertCase {
  return { id: args.map((arg) => (/^[^\s*"]+$/.test(arg) ? arg : `"${arg}"`)).join(" "), args };
}

/** A request, made by openssl. */
function request(
  subject: string,
  extension: string | undefined,
  key = "rsa:2048",
): (work: string) => Promise<void> {
  return async (work) => {
    await mustRun([
      ...["openssl", "req", "-new", "-newkey", key, "-nodes", "-subj", subject],
      ...(key === "ec" ? ["-pkeyopt", "ec_paramgen_curve:P-256"] : []),
      ...["-keyout", join(work, "request.key"), "-out", join(work, "r.csr")],
      ...(extension === undefined ? [] : ["-addext", extension]),
    ], { cwd: work });
  };
}

function csr(id: string, before: MkcertCase["before"], ...args: string[]): MkcertCase {
  return { id, args: ["-csr", "r.csr", ...args], ...(before === undefined ? {} : { before }) };
}

const SYSTEM = { TRUST_STORES: "system" };

/** Names of a server. */
const NAMES: readonly MkcertCase[] = [
  words("localhost"),
  words("app.test", "localhost", "10.0.0.1", "::1"),
  words("192.168.1.1"),
  words("0:0:0:0:0:0:0:1"),
  words("*.app.test", "app.test"),
  words("bücher.test"),
  words("LOCALHOST", "Foo.test"),
  words("a.test", "a.test"),
  words("foo_bar.test"),
  words("*.test"),
  words("google.com"),
  words("8.8.8.8"),
  words("ann@app.test"),
  words("https://app.test/x"),
  words("127.0.0.01"),
  words("a b"),
  words("*"),
  words(""),
  words("a.*.test"),
  words("localhost:80"),
  words("fe80::1%eth0"),
  words("../evil"),
  words("/evil"),
  words("-"),
  words("localhost", "-ecdsa"),
  words("--", "-install.test"),
  words("--", "localhost"),
  { ...words(`${"a".repeat(70)}.test`), id: "a label of 70 letters" },
];

/** Flags and what is written. */
const FLAGS: readonly MkcertCase[] = [
  words("-ecdsa", "localhost"),
  words("--ecdsa", "localhost"),
  words("-ecdsa=1", "localhost"),
  words("-ecdsa=false", "localhost"),
  words("-client", "localhost"),
  words("-client", "10.0.0.1"),
  words("-client", "ann@app.test"),
  words("-client", "-ecdsa", "ann@app.test", "app.test"),
  words("-client", "ann"),
  words("-client", "https://app.test/ann"),
  words("-cert-file", "c.pem", "-key-file=k.pem", "localhost"),
  words("-key-file", "k.pem", "app.test", "localhost"),
  words("-cert-file", "both.pem", "-key-file", "both.pem", "localhost"),
  words("-cert-file", "no/such/c.pem", "localhost"),
  words("-pkcs12", "localhost", "app.test"),
  words("-pkcs12", "-ecdsa", "localhost"),
  words("-pkcs12", "-client", "ann@app.test"),
  words("-pkcs12", "-p12-file", "x.pfx", "localhost"),
  words("-p12-file", "x.pfx", "localhost"),
  {
    ...words("-cert-file", "link.pem", "localhost"),
    id: "-cert-file is a link to another file",
    before: (work) => {
      writeFileSync(join(work, "victim"), "precious");
      symlinkSync("victim", join(work, "link.pem"));
    },
  },
  {
    ...words("localhost"),
    id: "a key file that everybody may read is there",
    before: (work) => writeFileSync(join(work, "localhost-key.pem"), "old", { mode: 0o644 }),
  },
];

/** Command lines that issue nothing. */
const WORDS: readonly MkcertCase[] = [
  { ...words(), id: "(no words)" },
  words("-h"),
  words("-help"),
  words("--help", "x"),
  words("-version"),
  words("-CAROOT"),
  words("-CAROOT", "x"),
  words("-CAROOT", "-version"),
  words("-nope"),
  words("-cert-file"),
  words("-ecdsa=maybe", "localhost"),
  words("---ecdsa", "localhost"),
  words("-=x"),
  words("-ecdsa"),
  words("-install", "-uninstall"),
  words("-install", "-CAROOT"),
  words("-csr", "x", "-client"),
  words("-csr", "x", "-ecdsa"),
  words("-csr", "x", "-pkcs12"),
  words("-csr", "x", "localhost"),
  words("-csr", "nothing-there"),
  { ...words("-CAROOT"), id: "-CAROOT with $CAROOT", env: { CAROOT: "some/where" } },
  { ...words("-CAROOT"), id: "-CAROOT with $XDG_DATA_HOME", env: { XDG_DATA_HOME: "/data" } },
  { ...words("-CAROOT"), id: "-CAROOT without $HOME", env: { HOME: undefined } },
  { ...words("localhost"), id: "localhost without $HOME", env: { HOME: undefined } },
  { ...words("localhost"), id: "localhost with $CAROOT", env: { CAROOT: "new/ca" } },
  { ...words("-ecdsa"), id: "-ecdsa, without a CA", fresh: true },
];

/** Certification requests. */
const REQUESTS: readonly MkcertCase[] = [
  csr("-csr for a.test and 10.0.0.1", request("/", "subjectAltName=DNS:a.test,IP:10.0.0.1")),
  csr("-csr with a common name alone", request("/CN=c.test", undefined)),
  csr("-csr -cert-file", request("/", "subjectAltName=DNS:a.test"), "-cert-file", "c.pem"),
  csr("-csr -key-file", request("/", "subjectAltName=DNS:a.test"), "-key-file", "k.pem"),
  csr("-csr of an ECDSA key", request("/", "subjectAltName=DNS:a.test", "ec")),
  csr("-csr whose common name is ../evil", request("/CN=..\\/evil", undefined)),
  csr("-csr that asks for a CA", request("/CN=ca.test", "basicConstraints=critical,CA:TRUE")),
  csr("-csr for *", request("/", "subjectAltName=DNS:*")),
  csr("-csr for ann@a.test", request("/", "subjectAltName=email:ann@a.test")),
  csr("-csr of an RSA-1024 key", request("/", "subjectAltName=DNS:a.test", "rsa:1024")),
  csr("-csr without a name", request("/O=x", undefined)),
  csr("-csr that is no request", (work) => writeFileSync(join(work, "r.csr"), "no request")),
  csr("-csr that is a directory", (work) => mkdirSync(join(work, "r.csr"))),
];

/** Trust. Each begins in a home without a CA; the system store is put back after it. */
const TRUST: readonly MkcertCase[] = [
  { ...words("-install"), env: SYSTEM, fresh: true },
  { ...words("-install"), id: "-install again", env: SYSTEM, fresh: true, after: [["-install"]] },
  { ...words("-install", "localhost"), env: SYSTEM, fresh: true },
  { ...words("-uninstall"), id: "-uninstall without a CA", env: SYSTEM, fresh: true },
  { ...words("-uninstall"), env: SYSTEM, fresh: true, after: [["-install"]] },
  {
    ...words("-uninstall", "localhost"),
    id: "-uninstall localhost, again",
    env: SYSTEM,
    fresh: true,
    after: [["-install"], ["-uninstall"]],
  },
  {
    ...words("-install"),
    id: "-install with an unknown word in $TRUST_STORES",
    env: { TRUST_STORES: "browser" },
    fresh: true,
  },
  {
    ...words("-install"),
    id: "-install, nss where no browser has run",
    env: { TRUST_STORES: "nss" },
    fresh: true,
  },
  {
    ...words("-install", "localhost"),
    id: "-install localhost, by a user without rights",
    env: SYSTEM,
    fresh: true,
    unprivileged: true,
  },
];

/** Every case. */
export const MKCERT_CASES: readonly MkcertCase[] = [
  ...NAMES,
  ...FLAGS,
  ...WORDS,
  ...REQUESTS,
  ...TRUST,
];
