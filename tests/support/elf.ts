/**
 * What ELF files want and give, as readelf of the GNU binutils reads it.
 *
 * @module
 */

import { mustRun } from "./processes.ts";

/** A symbol of the dynamic symbol table. */
export interface DynamicSymbol {
  readonly name: string;
  /** "GLIBC_2.17"; empty where it has none. */
  readonly version: string;
  readonly defined: boolean;
  readonly weak: boolean;
}

/** The libraries that a file names, sorted. */
export async function neededLibraries(file: string): Promise<string[]> {
  const text = await mustRun(["readelf", "--wide", "--dynamic", file]);
  return [...text.matchAll(/NEEDED.*\[(.+)\]/g)].map(([, library]) => library!).sort();
}

/** The dynamic symbols of a file. Throws where there are hardly any: that would be a misreading. */
export async function dynamicSymbols(file: string): Promise<DynamicSymbol[]> {
  const text = await mustRun(["readelf", "--wide", "--dyn-syms", file]);
  const rows = text.split("\n").map((line) => line.trim().split(/\s+/));
  const symbols = rows.filter((words) => words.length >= 8 && /^\d+:$/.test(words[0]!)).map(
    (words) => {
      const [name = "", version = ""] = words[7]!.split(/@+/);
      return { name, version, defined: words[6] !== "UND", weak: words[4] === "WEAK" };
    },
  );
  if (symbols.length < 20) throw new Error(`Only ${symbols.length} symbols were read of ${file}`);
  return symbols;
}

/** The versions of the GNU C library ("2.17") that a file wants, each once, the lowest first. */
export async function wantedGlibc(file: string): Promise<string[]> {
  const symbols = await dynamicSymbols(file);
  const versions = symbols.filter(({ defined }) => !defined).map(({ version }) => version)
    .filter((version) => version.startsWith("GLIBC_")).map((version) => version.slice(6));
  const number = (version: string) => {
    const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
    return (major * 1000 + minor) * 1000 + patch;
  };
  return [...new Set(versions)].sort((left, right) => number(left) - number(right));
}
