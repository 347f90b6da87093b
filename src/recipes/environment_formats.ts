/**
 * Environment variables as each reader wants them written, exactly: whatever stands in a value arrives as it is,
 * or is refused here.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { hasControl } from "../input_text.ts";

/** The words of `--shell`. */
export const ENVIRONMENT_FORMATS = [
  "sh",
  "fish",
  "powershell",
  "cmd",
  "json",
  "dotenv",
  "systemd",
] as const;

/** One of {@link ENVIRONMENT_FORMATS}. */
export type EnvironmentFormat = typeof ENVIRONMENT_FORMATS[number];

/** A name and its value. */
export interface Assignment {
  readonly name: string;
  readonly value: string;
}

/** Writes a line for each variable (json: one object). Throws USAGE for a value that the format cannot hold. */
export function formatEnvironment(
  format: EnvironmentFormat,
  variables: readonly Assignment[],
): string {
  for (const { name, value } of variables) {
    // Between quotes a line end is part of the value, for each of these readers.
    if (hasControl(value.replaceAll("\n", ""))) {
      throw unwritable(format, name, "control characters");
    }
  }
  if (format === "json") {
    const entries = variables.map(({ name, value }) => [name, value]);
    return `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`;
  }
  return variables.map((variable) => `${WRITERS[format](variable)}\n`).join("");
}

const WRITERS: Readonly<
  Record<Exclude<EnvironmentFormat, "json">, (variable: Assignment) => string>
> = {
  // POSIX, XCU 2.2.2: nothing is special between single quotes but the quote.
  sh: ({ name, value }) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  // fish: a backslash before a quote or a backslash, between single quotes too.
  fish: ({ name, value }) => `set -gx ${name} '${value.replaceAll(/['\\]/g, "\\$&")}';`,
  // PowerShell takes the typographic quotes for the plain one (about_Quoting_Rules).
  powershell: ({ name, value }) =>
    `$env:${name} = '${value.replaceAll(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`,
  cmd: ({ name, value }) => {
    if (/["\n]/.test(value)) throw unwritable("cmd", name, "quotes or line ends");
    // In a batch file; the quotes around the whole keep &, | and > from being read.
    return `set "${name}=${value.replaceAll("%", "%%")}"`;
  },
  dotenv: ({ name, value }) => `${name}=${quoteDotenv(name, value)}`,
  // systemd.exec(5), EnvironmentFile: between double quotes a backslash goes before these four alone, as in sh.
  systemd: ({ name, value }) => `${name}="${value.replaceAll(/["\\`$]/g, "\\$&")}"`,
};

/** Readers of .env files agree on single quotes alone; Node and its like know no escape for a quote in them. */
function quoteDotenv(name: string, value: string): string {
  if (!value.includes("'")) return `'${value}'`;
  if (!/["\\$\n]/.test(value)) return `"${value}"`;
  if (!/[`\\]/.test(value)) return `\`${value}\``;
  throw unwritable("dotenv", name, "every kind of quote");
}

/** Where files of the environment stand in a container. */
const CONTAINER_DIRECTORY = "/run/localtls";

/**
 * Options of `docker run` and `podman run`, one a line: every file is mounted, and the variables name it where it
 * stands then. For `docker run $(localtls env --shell docker) IMAGE`, which a shell splits at blanks and expands: a
 * path that would not survive it is refused. Throws USAGE.
 *
 * @param variables Those whose value is the path of one file.
 */
export function formatDocker(variables: readonly Assignment[]): string {
  const inside = (path: string) =>
    `${CONTAINER_DIRECTORY}/${path.slice(path.lastIndexOf("/") + 1)}`;
  const bad = variables.find(({ value }) => /[^\w./@+%-]/.test(value));
  if (bad !== undefined) {
    throw unwritable("docker", bad.name, "a character that a shell or docker reads as more");
  }
  const paths = [...new Set(variables.map(({ value }) => value))];
  const lines = [
    ...paths.map((path) => `--volume=${path}:${inside(path)}:ro`),
    ...variables.map(({ name, value }) => `--env=${name}=${inside(value)}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function unwritable(format: string, name: string, what: string): LocalTlsError {
  return new LocalTlsError(
    "USAGE",
    `Cannot write ${name} for ${format}: it has ${what}`,
    { hints: ["Use a state directory with a plain path: --dir DIR"] },
  );
}
