/**
 * What makes `cert` fast stays: what it loads, what it asks of the kernel and how many instructions it takes are
 * counted, and held against hot_path_limits.json. Times are not: this machine may be busy.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import {
  type Bundle,
  bundleIntoFiles,
  countFileCalls,
  countInstructions,
  countSystemCalls,
  type Loaded,
  observeLoading,
} from "../support/hot_path.ts";
import { findProgram } from "../support/processes.ts";
import { makeScratch, type Scratch } from "../support/scratch.ts";

const FILE = "tests/cli/hot_path_limits.json";
const SLOW = { timeout: 240_000 };
const ARGS = ["cert", "app.test"];

/** A number as it was when the limit was set, and the limit. */
interface Limit {
  readonly was: number;
  readonly limit: number;
}

/** Those that may fall, and those that may not change: fewer calls of fsync lose files. */
const LIMITS: {
  readonly atMost: Readonly<Record<string, Limit>>;
  readonly exactly: Readonly<Record<string, unknown>>;
} = JSON.parse(readFileSync(new URL("hot_path_limits.json", import.meta.url), "utf8"));

function missing(...programs: string[]): string | false {
  const absent = programs.filter((name) => findProgram(name) === undefined);
  return absent.length > 0 && `${absent.join(", ")} is not installed`;
}

/** @param detail Where to look. */
function requireAtMost(name: string, value: number, detail = ""): void {
  const { was, limit } = LIMITS.atMost[name]!;
  assert.ok(
    value <= limit,
    `${name} rose from ${was} to ${value}, the limit is ${limit}. ${detail}\n` +
      `Is it meant? Then set "${name}" in ${FILE} to { "was": ${value}, "limit": ... }, ` +
      "and say in the commit what it is worth.",
  );
}

function requireExactly(name: string, value: unknown, detail = ""): void {
  const expected = LIMITS.exactly[name];
  assert.deepEqual(
    value,
    expected,
    `${name} was ${JSON.stringify(expected)} and is ${JSON.stringify(value)}. ${detail}\n` +
      `Is it meant? Then write that to "${name}" in ${FILE}, and say in the commit why it is still right.`,
  );
}

/** A home with a CA and certificates, where the first one for the name is issued: a second is kept, and writes nothing. */
async function preparedScratch(): Promise<Scratch> {
  const scratch = makeScratch();
  for (const name of ["a.test", "b.test"]) {
    assert.equal((await scratch.run(["cert", name])).code, 0);
  }
  return scratch;
}

describe("what cert loads", { skip: missing("strace") }, () => {
  let bundle: Bundle;
  let loaded: Loaded;
  before(async () => {
    bundle = await bundleIntoFiles();
    loaded = await observeLoading(bundle, ARGS, await preparedScratch());
  });

  test("modules, chunks and bytes of them", () => {
    const largest = loaded.modules.slice(0, 12).map(([file, bytes]) => `${file} (${bytes})`);
    const detail = `The largest of them: ${largest.join(", ")}.`;
    // Nothing seen would be below every limit.
    assert.ok(loaded.modules.some(([file]) => file === "src/commands/cert.ts"), detail);
    requireAtMost("modules that cert loads", loaded.modules.length, detail);
    requireAtMost("chunks that cert loads", loaded.chunks, detail);
    requireAtMost("bytes of JavaScript that cert loads", loaded.bytes, detail);
  });

  test("modules of the runtime, by name", () => {
    requireExactly("runtime modules that cert loads", loaded.builtins, "Each takes milliseconds.");
  });

  test("the bundle and its first chunk", () => {
    requireAtMost("bytes of JavaScript in the bundle", bundle.totalBytes);
    requireAtMost("bytes of JavaScript in the first chunk", bundle.entryBytes);
  });
});

describe("what cert asks of the kernel", { skip: missing("strace") }, () => {
  test("fsync, rename and openat of its own files, exactly", SLOW, async () => {
    const { counts, calls } = await countFileCalls(ARGS, await preparedScratch());
    const seen = calls.map(({ label }) => label).join("\n");
    for (const name of ["fsync", "rename", "openat"]) {
      requireExactly(`calls of ${name} for files of cert`, counts[name], `All calls:\n${seen}\n`);
    }
  });

  test("all calls beyond those of version, which the runtime makes", SLOW, async () => {
    const scratch = await preparedScratch();
    const beyond = await countSystemCalls(ARGS, scratch) -
      await countSystemCalls(["version"], scratch);
    assert.ok(beyond > 0);
    requireAtMost("system calls of cert beyond version", beyond, "strace -c shows the kinds.");
  });
});

describe("what cert takes of the processor", { skip: missing("valgrind") }, () => {
  test("instructions, in millions", SLOW, async () => {
    let fewest = await countInstructions(ARGS, await preparedScratch());
    if (fewest > LIMITS.atMost["million instructions of cert"]!.limit) {
      fewest = Math.min(fewest, await countInstructions(ARGS, await preparedScratch()));
    }
    requireAtMost("million instructions of cert", Math.round(fewest));
  });
});
