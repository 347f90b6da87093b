/**
 * mkcert's words: flags as Go's `flag` package reads them, and what they ask for together.
 *
 * One or two hyphens, `-flag=value` or `-flag value`, the last one wins, and the first word that is no flag (or what
 * follows `--`) begins the names: `mkcert localhost -ecdsa` means two names. Watched on mkcert 1.4.4.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";

/** The flags that are on or off. */
const SWITCHES = [
  "install",
  "uninstall",
  "client",
  "ecdsa",
  "pkcs12",
  "help",
  "version",
  "CAROOT",
] as const;
/** The flags that take a value. */
const VALUES = ["cert-file", "key-file", "p12-file", "csr"] as const;

type Switch = typeof SWITCHES[number];
type Value = typeof VALUES[number];

/** A command line of mkcert. */
export interface MkcertWords {
  readonly on: ReadonlySet<Switch>;
  /** Empty values are as good as none. */
  readonly values: ReadonlyMap<Value, string>;
  readonly names: readonly string[];
}

/** What to do. */
export type MkcertAction =
  /** `asked`: the help is the answer, and goes to stdout. */
  | { readonly type: "usage"; readonly detail: "short" | "long"; readonly asked: boolean }
  | { readonly type: "version" }
  | { readonly type: "caroot" }
  /** The words mean nothing together. mkcert ends with 1 here, and with 2 where they cannot be read. */
  | { readonly type: "refuse"; readonly reason: string }
  | { readonly type: "uninstall" }
  | { readonly type: "work"; readonly install: boolean; readonly issue?: MkcertIssue };

/** A certificate that is wanted. */
export interface MkcertIssue {
  /** Empty with `csr`. */
  readonly names: readonly string[];
  readonly csr?: string | undefined;
  readonly client: boolean;
  readonly ecdsa: boolean;
  readonly pkcs12: boolean;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly p12File?: string | undefined;
}

/** Go's strconv.ParseBool. */
const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];

/**
 * Reads the words. Throws USAGE for what is no flag of mkcert.
 *
 * @returns "-h" where that was among the flags: mkcert then shows its usage, whatever else there is.
 */
export function readWords(argv: readonly string[]): MkcertWords | "-h" {
  const on = new Set<Switch>();
  const values = new Map<Value, string>();
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at]!;
    if (word.length < 2 || !word.startsWith("-")) break;
    if (word === "--") {
      at++;
      break;
    }
    const [, name, given] = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name === undefined) throw wrong(`"${word}" is no flag`);
    if (isSwitch(name)) {
      if (given === undefined || TRUE.includes(given)) on.add(name);
      else if (FALSE.includes(given)) on.delete(name);
      else throw wrong(`"-${name}" is true or false, not "${given}"`);
    } else if (isValue(name)) {
      const value = given ?? argv[++at];
      if (value === undefined) throw wrong(`"-${name}" needs a value`);
      values.set(name, value);
    } else if (name === "h") {
      return "-h";
    } else {
      throw wrong(`there is no flag "-${name}"`);
    }
  }
  return { on, values, names: argv.slice(at) };
}

/** Decides what a command line asks for, in mkcert's order. Throws USAGE. */
export function chooseAction(argv: readonly string[]): MkcertAction {
  if (argv.length === 0) return { type: "usage", detail: "short", asked: true };
  const words = readWords(argv);
  if (words === "-h") return { type: "usage", detail: "short", asked: false };
  const { on, names } = words;
  if (on.has("help")) return { type: "usage", detail: "long", asked: true };
  if (on.has("version")) return { type: "version" };
  const install = on.has("install");
  const uninstall = on.has("uninstall");
  if (on.has("CAROOT")) {
    return install || uninstall
      ? refuse("-CAROOT goes with neither -install nor -uninstall")
      : { type: "caroot" };
  }
  if (install && uninstall) return refuse("-install and -uninstall contradict each other");
  const value = (name: Value) => words.values.get(name) || undefined;
  const csr = value("csr");
  if (csr !== undefined) {
    const other = (["client", "ecdsa", "pkcs12"] as const).find((name) => on.has(name));
    if (other !== undefined) {
      return refuse(`-csr goes with -install and -cert-file, not with -${other}`);
    }
    if (names.length > 0) {
      return refuse(`the names are in the request, and "${names[0]}" was given`);
    }
  }
  if (uninstall) return { type: "uninstall" };
  if (csr === undefined && names.length === 0) {
    return install ? { type: "work", install } : { type: "usage", detail: "short", asked: false };
  }
  const issue = {
    names,
    csr,
    client: on.has("client"),
    ecdsa: on.has("ecdsa"),
    pkcs12: on.has("pkcs12"),
    certFile: value("cert-file"),
    keyFile: value("key-file"),
    p12File: value("p12-file"),
  };
  return { type: "work", install, issue };
}

/** $TRUST_STORES: a comma-separated list of store kinds. */
export interface ChosenStores {
  /** For `--stores`; undefined for all of them, empty for none. */
  readonly list: string | undefined;
  /** Words that name no store. mkcert passes over them in silence. */
  readonly unknown: readonly string[];
}

/** Reads $TRUST_STORES; unset or empty means every store that is found. */
export function chooseStores(value: string | undefined): ChosenStores {
  if (value === undefined || value === "") return { list: undefined, unknown: [] };
  const words = value.split(",");
  const known = words.filter((word) => STORES.includes(word));
  return { list: known.join(","), unknown: words.filter((word) => !STORES.includes(word)) };
}

const STORES = ["system", "java", "nss"];

/** Characters that a file name takes over from a name as it was typed. */
const FILE_NAME = /^(?:\*\.)?[A-Za-z0-9_][A-Za-z0-9_:@+=~.-]{0,199}$/;

/**
 * The file name that mkcert makes of the names as they were typed: it keeps their case, and counts a name
 * that was given twice. Whether they are names at all is for the issuing to judge.
 *
 * @returns undefined where the text is no file name (a URL, letters beyond ASCII): ours is taken then.
 */
export function typedBase({ names, client }: MkcertIssue): string | undefined {
  const [first] = names;
  if (first === undefined || !FILE_NAME.test(first)) return undefined;
  const base = first.replaceAll(":", "_").replace(/^\*/, "_wildcard");
  return `${base}${names.length > 1 ? `+${names.length - 1}` : ""}${client ? "-client" : ""}`;
}

/** mkcert's lifetime, 2 years and 3 months, in days: at most 823, and Apple's systems take 825. */
export function mkcertDays(now: Date): number {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const end = Date.UTC(year + 2, month + 3, day);
  return Math.round((end - Date.UTC(year, month, day)) / 86_400_000);
}

function isSwitch(name: string): name is Switch {
  return (SWITCHES as readonly string[]).includes(name);
}

function isValue(name: string): name is Value {
  return (VALUES as readonly string[]).includes(name);
}

function refuse(reason: string): MkcertAction {
  return { type: "refuse", reason };
}

function wrong(state: string): LocalTlsError {
  return new LocalTlsError("USAGE", `Cannot read the command line: ${state}`);
}
