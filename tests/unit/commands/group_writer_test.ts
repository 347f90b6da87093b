import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createGroupWriter } from "../../../src/commands/group_writer.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import type { FileToWrite, Host } from "../../../src/host/host.ts";

const FULL = new LocalTlsError("FILE_WRITE", "Cannot write: no space left");

/** A host that notes how many groups came at once, and cannot write what is called "bad". */
function makeHost(sizes: number[], broken = false): Host {
  const writeGroups = (groups: readonly (readonly FileToWrite[])[]) => {
    sizes.push(groups.length);
    if (broken) return Promise.reject(new Error("a defect"));
    return Promise.resolve(groups.map(([file]) => file?.path === "bad" ? FULL : undefined));
  };
  return { sleep: () => Promise.resolve(), files: { writeGroups } } as unknown as Host;
}

const file = (path: string): FileToWrite[] => [{ path, content: "" }];

describe("createGroupWriter()", () => {
  test("writes together what is ready together, 64 groups at most", async () => {
    const sizes: number[] = [];
    const write = createGroupWriter(makeHost(sizes));
    await Promise.all(Array.from({ length: 100 }, (_, i) => write(file(`${i}`))));
    await write(file("later"));
    assert.deepEqual(sizes, [64, 36, 1]);
  });

  test("gathers while it writes, one batch at a time", async () => {
    const sizes: number[] = [];
    const ends: (() => void)[] = [];
    const host = makeHost(sizes);
    const writeGroups = async (groups: readonly (readonly FileToWrite[])[]) => {
      sizes.push(groups.length);
      await new Promise<void>((resolve) => ends.push(resolve));
      return groups.map(() => undefined);
    };
    const write = createGroupWriter({ ...host, files: { ...host.files, writeGroups } });
    const first = write(file("a"));
    await host.sleep(0);
    const others = ["b", "c", "d"].map((path) => write(file(path)));
    assert.deepEqual(sizes, [1]);
    ends.shift()!();
    await first;
    while (ends.length === 0) await host.sleep(0);
    ends.shift()!();
    await Promise.all(others);
    assert.deepEqual(sizes, [1, 3]);
  });

  test("tells each its own error, and no other", async () => {
    const write = createGroupWriter(makeHost([]));
    const results = await Promise.allSettled(["a", "bad", "c"].map((path) => write(file(path))));
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    await assert.rejects(write(file("bad")), FULL);
  });

  test("leaves nobody waiting where the host fails altogether", async () => {
    const write = createGroupWriter(makeHost([], true));
    const results = await Promise.allSettled([write(file("a")), write(file("b"))]);
    assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
  });
});
