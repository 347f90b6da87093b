/**
 * The machines that localtls is built for.
 *
 * @module
 */

/** A machine, and what the build has to know about it. */
export interface Target {
  /** As `--target` and the names of the files say it. */
  readonly name: string;
  readonly os: "linux" | "darwin" | "windows";
  /** What `bun build --target` calls it. */
  readonly bun: string;
  /** The npm package that carries Bun's executable for it. */
  readonly runtime: string;
  /** Where the executable lies in that package. */
  readonly runtimeFile: string;
}

/** Every target, in the order in which they are built. */
export const TARGETS: readonly Target[] = [
  target("linux-x64", "linux", "linux-x64"),
  target("linux-arm64", "linux", "linux-aarch64"),
  target("linux-x64-musl", "linux", "linux-x64-musl"),
  target("linux-arm64-musl", "linux", "linux-aarch64-musl"),
  target("darwin-x64", "darwin", "darwin-x64"),
  target("darwin-arm64", "darwin", "darwin-aarch64"),
  target("windows-x64", "windows", "windows-x64"),
  target("windows-arm64", "windows", "windows-aarch64"),
];

function target(name: string, os: Target["os"], platform: string): Target {
  return {
    name,
    os,
    bun: `bun-${name}`,
    runtime: `@oven/bun-${platform}`,
    runtimeFile: os === "windows" ? "bin/bun.exe" : "bin/bun",
  };
}

/** What the program is called once it is unpacked. */
export function programName({ os }: Target): string {
  return os === "windows" ? "localtls.exe" : "localtls";
}

/** The name of the executable in dist/. */
export function binaryName({ name, os }: Target): string {
  return `localtls-${name}${os === "windows" ? ".exe" : ""}`;
}

/** The name of the archive in dist/. */
export function archiveName({ name, os }: Target): string {
  return `localtls-${name}${os === "windows" ? ".zip" : ".tar.xz"}`;
}

/**
 * Reads the argument of `--target`.
 *
 * @param list Names with commas between them.
 * @throws {Error} A name that is none of TARGETS.
 */
export function selectTargets(list: string): readonly Target[] {
  const wanted = list.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const known = TARGETS.map(({ name }) => name);
  for (const name of wanted) {
    if (!known.includes(name)) {
      throw new Error(`Cannot build for "${name}": the targets are ${known.join(", ")}`);
    }
  }
  if (wanted.length === 0) {
    throw new Error(`Cannot read --target: name some of ${known.join(", ")}`);
  }
  return TARGETS.filter(({ name }) => wanted.includes(name));
}
