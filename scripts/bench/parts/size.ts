/**
 * Sizes: the executable and an empty program compiled with the same flags, as they are and compressed; and what the
 * difference is made of.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packTarXz } from "../../build/archives.ts";
import { compile } from "../../build/bun_compile.ts";
import { ROOT } from "../../toolchain.mjs";
import { bundleGroups } from "../bundle.ts";
import { compileProgram } from "../compiled.ts";
import type { Part, PartRun } from "../part.ts";
import { LOCALTLS } from "../place.ts";

const [OURS, EMPTY] = ["localtls", "empty program"];
/** Groups of fewer bytes are told together. */
const SMALLEST = 10_000;

export const size: Part = {
  title: "Sizes",
  budget: 170,
  async measure(run) {
    const contents = new Map([
      [OURS!, readFileSync(LOCALTLS)],
      [EMPTY!, readFileSync(await compileProgram("empty"))],
    ]);
    for (const [name, content] of contents) bytes(run, name, content.length);
    run.compare(OURS!, EMPTY!);
    await bundle(run, contents.get(OURS!)!.length - contents.get(EMPTY!)!.length);
    if (run.quick) {
      run.note("Without compressing, which takes minutes.");
      return;
    }
    await Promise.all([...contents].map(async ([name, content]) => {
      bytes(run, `${name}, .tar.xz as released`, await packed(content));
    }));
    run.judge(`${OURS}, .tar.xz as released`, { atMost: 38_000_000 });
    run.compare(`${OURS}, .tar.xz as released`, `${EMPTY}, .tar.xz as released`);
  },
};

function bytes(run: PartRun, name: string, value: number): void {
  run.row({ name, unit: "bytes", values: [value] });
}

/** Size of a file in an archive of its own. Kept by what is in it: the runtime rarely changes, and takes a minute. */
async function packed(content: Uint8Array): Promise<number> {
  const directory = join(ROOT, ".cache", "bench", "packed");
  mkdirSync(directory, { recursive: true });
  const recipe = readFileSync(join(ROOT, "scripts", "build", "archives.ts"));
  const file = join(directory, createHash("sha256").update(recipe).update(content).digest("hex"));
  if (existsSync(file)) return Number(readFileSync(file, "utf8"));
  const options = { directory: "localtls", time: 0 };
  const archive = await packTarXz([{ name: "localtls", content, executable: true }], options);
  writeFileSync(file, String(archive.length));
  return archive.length;
}

/** What the bundle is made of. @param more Bytes of the executable beyond the empty program's. */
async function bundle(run: PartRun, more: number): Promise<void> {
  const directory = join(ROOT, ".cache", "bench", "programs");
  mkdirSync(directory, { recursive: true });
  const { metafile } = await compile({ name: "size", directory }, (path) => rmSync(path));
  const groups = bundleGroups(JSON.parse(metafile));
  const total = groups.reduce((sum, [, each]) => sum + each, 0);
  bytes(run, "JavaScript in the bundle", total);
  for (const [group, each] of groups.filter(([, each]) => each >= SMALLEST)) {
    bytes(run, `of it ${group}`, each);
  }
  const small = groups.filter(([, each]) => each < SMALLEST);
  const rest = small.reduce((sum, [, each]) => sum + each, 0);
  bytes(run, `of it ${small.length} smaller groups`, rest);
  run.note(
    `The executable has ${(more / 1e6).toFixed(2)} MB more than the empty program: ` +
      `${(total / 1e6).toFixed(2)} MB JavaScript, and ${
        ((more - total) / 1e6).toFixed(2)
      } MB bytecode ` +
      `of it, ${((more - total) / total).toFixed(1)} bytes for each.`,
  );
}
