/**
 * Builds for other machines: executables, archives, the list of components, the checksums.
 *
 * @module
 */

import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { VERSION } from "../../src/version.ts";
import { ROOT } from "../toolchain.mjs";
import { type ArchiveFile, type ArchiveOptions, packTarXz, packZip } from "./archives.ts";
import { compile } from "./bun_compile.ts";
import { withBytecodeOrder } from "./bytecode_order.ts";
import { writeChecksums } from "./checksums.ts";
import { installNotes } from "./install_notes.ts";
import { thirdPartyNotices } from "./notices.ts";
import { readLock, runtimePath } from "./runtimes.ts";
import { cycloneDx } from "./sbom.ts";
import { commit, sourceTime } from "./source.ts";
import { archiveName, binaryName, programName, type Target } from "./targets.ts";

/** The name of the list of components in dist/. */
export const SBOM = "localtls.cdx.json";

/** What to build, and where to. */
export interface ReleaseBuild {
  readonly targets: readonly Target[];
  readonly directory: string;
  readonly archives: boolean;
  /** Hears of every file that is finished: its name and its size in bytes. */
  readonly finished: (name: string, size: number) => void;
  /** Hears of what makes this build differ from others of the same commit. */
  readonly warn: (message: string) => void;
}

/** The files that a build of these targets leaves, but for SHA256SUMS. */
export function artefactNames(targets: readonly Target[], archives: boolean): string[] {
  return [...targets.map(binaryName), ...(archives ? targets.map(archiveName) : []), SBOM];
}

/** Builds all that is asked for. @throws {Error} The first thing that went wrong, in one sentence. */
export async function buildRelease(build: ReleaseBuild): Promise<void> {
  const { targets, directory } = build;
  const time = sourceTime();
  const lock = readLock();
  mkdirSync(directory, { recursive: true });
  // A list of checksums never outlives a file that it speaks of.
  rmSync(join(directory, "SHA256SUMS"), { force: true });
  for (const target of targets) rmSync(join(directory, archiveName(target)), { force: true });

  const metafiles = await withBytecodeOrder(
    directory,
    build.warn,
    (order) => buildExecutables(build, lock, order),
  );
  if (build.archives) {
    const notices = thirdPartyNotices(metafiles);
    await eachOf(targets, async (target) => {
      const path = join(directory, archiveName(target));
      writeFileSync(path, await packTarget(target, { directory, time, notices }));
      build.finished(archiveName(target), statSync(path).size);
    });
  }
  const source = { version: VERSION, time, commit: commit(), lock, metafiles, targets };
  writeFileSync(join(directory, SBOM), cycloneDx(source));
  build.finished(SBOM, statSync(join(directory, SBOM)).size);
  writeChecksums(directory, artefactNames(targets, build.archives));
}

/** @returns The metafile of each. */
async function buildExecutables(
  { targets, directory, finished }: ReleaseBuild,
  lock: ReturnType<typeof readLock>,
  order: string | undefined,
): Promise<string[]> {
  const metafiles: string[] = [];
  await eachOf(targets, async (target) => {
    const cross = { target: target.bun, runtime: await runtimePath(lock, target) };
    const path = join(directory, binaryName(target));
    const { metafile } = await compile({ name: target.name, directory, cross, order }, (fresh) => {
      chmodSync(fresh, 0o755);
      renameSync(fresh, path);
    });
    metafiles.push(metafile);
    finished(binaryName(target), statSync(path).size);
  });
  return metafiles;
}

/** What an archive is made of, besides the target's own name. */
export interface TargetArchive {
  /** Where its executable lies. */
  readonly directory: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** {@link thirdPartyNotices} of the build. */
  readonly notices: string;
  /** How hard to compress, 0 to 9. */
  readonly level?: ArchiveOptions["level"];
}

/** The archive of one target. */
export async function packTarget(
  target: Target,
  { directory, time, notices, level }: TargetArchive,
): Promise<Uint8Array> {
  const text = new TextEncoder();
  const files: ArchiveFile[] = [
    {
      name: programName(target),
      content: readFileSync(join(directory, binaryName(target))),
      executable: true,
    },
    { name: "LICENSE", content: readFileSync(join(ROOT, "LICENSE")) },
    { name: "README.txt", content: text.encode(installNotes(target, VERSION)) },
    { name: "THIRD-PARTY-NOTICES.txt", content: text.encode(notices) },
  ];
  const options = {
    directory: `localtls-${VERSION}-${target.name}`,
    time,
    ...(level === undefined ? {} : { level }),
  };
  return target.os === "windows" ? packZip(files, options) : await packTarXz(files, options);
}

/** Several at once, but no more than there are processors; the first error ends it. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, cpus().length) }, worker));
}
