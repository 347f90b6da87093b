/**
 * Finding every Java on the machine, and which of them share a trust store.
 *
 * @module
 */

import type { Commands, Files, Host } from "../../host/host.ts";
import {
  baseName,
  beneath,
  isAbsolutePath,
  isWindowsPath,
  joinPath,
} from "../../host/path_text.ts";
import type { TargetUser } from "../../host/target_user.ts";
import type { JavaPlaces } from "./places.ts";

/** A Java, by its home directory. */
export interface JavaHome {
  /** Real path. */
  readonly home: string;
  /** "17", "8"; "" where the release file does not say. */
  readonly version: string;
  /** "Debian", "Eclipse Adoptium"; "" where unknown. */
  readonly vendor: string;
  /** Absolute path; undefined for a Java that was delivered without. */
  readonly keytool: string | undefined;
}

/** A trust store, and the Javas that read it. */
export interface JavaTrustFile {
  /** Real path: Debian's JDKs and others all lead to /etc/ssl/certs/java/cacerts. */
  readonly path: string;
  readonly javas: readonly JavaHome[];
  /** Whether one of them is found, and reads it, by a way that nobody but root controls. */
  readonly isRoots: boolean;
}

/** The machine, or an image, as far as the search needs one. */
export interface JavaSearch extends Pick<Host, "env"> {
  readonly files: Pick<Files, "list" | "info" | "read" | "realPath">;
  readonly commands: Pick<Commands, "find" | "run">;
  /** Host.rootControls; none for an image, whose files are guarded otherwise. */
  readonly rootControls?: Host["rootControls"];
}

/** Entries looked at in one directory: /opt can hold anything. */
const MAX_ENTRIES = 200;

/** From the real path of a java or keytool to the Java's home; Java 8 has a JRE in between. */
const HOME_OF_PROGRAM = /^(.+?)(?:[\\/]jre)?[\\/]bin[\\/][^\\/]+$/;

/** Milliseconds for a command that says where the system's Java is. */
const FINDER_TIMEOUT_MS = 5_000;

/**
 * Where a Java looks for its roots, in its own order: a jssecacerts replaces cacerts (JSSE Reference
 * Guide). Up to Java 8 a JDK has its JRE beneath it.
 */
const TRUST_FILES = [
  "lib/security/jssecacerts",
  "lib/security/cacerts",
  "jre/lib/security/jssecacerts",
  "jre/lib/security/cacerts",
];

/** Every trust store of every Java, without duplicates, in the order in which they were found. */
export async function findJavaTrustFiles(
  host: JavaSearch,
  user: Pick<TargetUser, "home">,
  places: JavaPlaces,
): Promise<JavaTrustFile[]> {
  const files = new Map<string, JavaHome[]>();
  const seen = new Set<string>();
  const roots = new Set<string>();
  for (const candidate of await candidateHomes(host, user, places)) {
    const home = await host.files.realPath(candidate).catch(() => undefined);
    if (home === undefined) continue;
    // By the way that was found, and not by where it leads: a link of a user's can lead to any key store.
    const isRoots = await host.rootControls?.(candidate) === true;
    if (seen.has(identityOf(home)) && !isRoots) continue;
    const path = await findTrustFile(host, home);
    if (path === undefined) continue;
    if (isRoots && await host.rootControls?.(path) === true) roots.add(path);
    if (seen.has(identityOf(home))) continue;
    seen.add(identityOf(home));
    const java = await describeJava(host, home);
    const javas = files.get(path);
    if (javas === undefined) files.set(path, [java]);
    // The JRE inside a Java 8 JDK is the same Java once more.
    else if (!javas.some((other) => home.startsWith(joinPath(other.home, "")))) javas.push(java);
  }
  return [...files].map(([path, javas]) => ({ path, javas, isRoots: roots.has(path) }));
}

async function candidateHomes(
  host: JavaSearch,
  user: Pick<TargetUser, "home">,
  places: JavaPlaces,
): Promise<string[]> {
  const homes: string[] = [];
  for (const variable of ["JAVA_HOME", "JDK_HOME"]) {
    const value = host.env(variable);
    if (value !== undefined && isAbsolutePath(value)) homes.push(value.replace(/[\\/]+$/, ""));
  }
  for (const name of ["java", "keytool"]) {
    const path = await host.commands.find(name);
    const real = path === undefined ? undefined : await host.files.realPath(path);
    // HOME/bin/java, and for Java 8 HOME/jre/bin/java.
    const home = real === undefined ? undefined : HOME_OF_PROGRAM.exec(real)?.[1];
    if (home !== undefined) homes.push(home);
  }
  for (const argv of places.finders) {
    const { outcome, code, stdout } = await host.commands.run(argv, {
      timeoutMs: FINDER_TIMEOUT_MS,
    });
    const line = new TextDecoder().decode(stdout).split("\n", 1)[0]!.trim();
    if (outcome === "exited" && code === 0 && isAbsolutePath(line)) homes.push(line);
  }
  for (const { path, names, within = [""] } of places.directories) {
    const parent = expand(host, user, path);
    if (parent === undefined) continue;
    const entries = (await host.files.list(parent).catch(() => []))
      .filter((name) => names === undefined || names.test(name));
    for (const name of entries.slice(0, MAX_ENTRIES)) {
      for (const rest of within) homes.push(beneath(joinPath(parent, name), rest));
    }
  }
  return homes;
}

/** A directory of the table; undefined where its variable is not set. */
function expand(
  host: JavaSearch,
  user: Pick<TargetUser, "home">,
  path: string,
): string | undefined {
  const [first = "", ...rest] = path.split("/");
  const name = /^%(.+)%$/.exec(first)?.[1];
  const start = first === "~" ? user.home : name === undefined ? first : host.env(name);
  return start === undefined || (name !== undefined && !isAbsolutePath(start))
    ? undefined
    : beneath(first === "" ? "/" : start, rest.join("/"));
}

/** One directory has one spelling, but on Windows, where case does not count. */
function identityOf(path: string): string {
  return isWindowsPath(path) ? path.toLowerCase() : path;
}

async function findTrustFile(host: JavaSearch, home: string): Promise<string | undefined> {
  for (const name of TRUST_FILES) {
    const path = await host.files.realPath(beneath(home, name)).catch(() => undefined);
    if (path !== undefined && (await host.files.info(path))?.type === "file") return path;
  }
  return undefined;
}

async function describeJava(host: JavaSearch, home: string): Promise<JavaHome> {
  const content = await host.files.read(joinPath(home, "release"), 1 << 20).catch(() => undefined);
  const text = content === undefined ? "" : new TextDecoder().decode(content);
  const value = (key: string) =>
    new RegExp(`^${key}="?([\\w .,()+-]{1,60}?)"?\\r?$`, "m").exec(text)?.[1] ?? "";
  let keytool: string | undefined;
  for (const path of ["bin/keytool", "jre/bin/keytool"]) {
    keytool ??= await host.commands.find(beneath(home, path));
  }
  return {
    home,
    version: majorVersion(value("JAVA_VERSION")),
    vendor: value("IMPLEMENTOR"),
    keytool,
  };
}

/** "1.8.0_392" is Java 8 (JEP 223 changed the scheme), "17.0.15" is Java 17. */
function majorVersion(text: string): string {
  return /^(?:1\.)?(\d+)/.exec(text)?.[1] ?? "";
}

/** "Java 17 (Debian)", "Java 17 (Debian), 25 (Eclipse Adoptium)". */
export function labelOf({ javas }: JavaTrustFile): string {
  const parts = javas.map(({ home, version, vendor }) => {
    const name = vendor === "" ? baseName(home) : vendor;
    return version === "" ? `(${name})` : `${version} (${name})`;
  });
  return `Java ${[...new Set(parts)].join(", ")}`;
}
