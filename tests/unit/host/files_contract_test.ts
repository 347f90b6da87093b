import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Files } from "../../../src/host/host.ts";
import { createNodeFiles } from "../../../src/host/node_files.ts";
import { createFakeHost } from "../../support/fake_host.ts";
import { withScratchDirectory } from "../../support/scratch_directory.ts";

/** The same directory on both: a file, a directory, a symlink to each, and one to nothing. */
type Machine = (body: (files: Files, directory: string) => Promise<void>) => Promise<void>;

const machines: Record<string, Machine> = {
  real: (body) =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "file"), "content", { mode: 0o644 });
      fs.mkdirSync(join(directory, "sub"));
      fs.symlinkSync("file", join(directory, "to-file"));
      fs.symlinkSync("sub", join(directory, "to-sub"));
      fs.symlinkSync("nowhere", join(directory, "to-nothing"));
      await body(createNodeFiles(), directory);
    }),
  fake: async (body) => {
    const host = createFakeHost({
      files: {
        "/home/ann/t/file": "content",
        "/home/ann/t/sub": { type: "directory" },
        "/home/ann/t/to-file": { target: "file" },
        "/home/ann/t/to-sub": { target: "sub" },
        "/home/ann/t/to-nothing": { target: "nowhere" },
      },
    });
    await body(host.files, "/home/ann/t");
  },
};

/** What an operation gives, or the code of its error: has to be the same on both. */
const operations: [
  string,
  (files: Files, at: (name: string) => string) => Promise<unknown>,
  unknown,
][] = [
  ["read a file", async (f, at) => text(await f.read(at("file"))), "content"],
  ["read through a symlink", async (f, at) => text(await f.read(at("to-file"))), "content"],
  ["read nothing", (f, at) => f.read(at("none")), undefined],
  ["read through a symlink to nothing", (f, at) => f.read(at("to-nothing")), undefined],
  ["read beneath a file", (f, at) => f.read(at("file/x")), undefined],
  ["read a directory", (f, at) => f.read(at("sub")), "FILE_UNSAFE"],
  ["read what is too large", (f, at) => f.read(at("file"), 6), "FILE_TOO_LARGE"],
  ["type of a symlink", async (f, at) => (await f.info(at("to-sub")))?.type, "symlink"],
  ["size of a file", async (f, at) => (await f.info(at("file")))?.size, 7],
  ["list nothing", (f, at) => f.list(at("none")), []],
  ["list through a symlink", (f, at) => f.list(at("to-sub")), []],
  ["write a file", (f, at) => f.write(at("new"), "x"), undefined],
  ["write over a file", (f, at) => f.write(at("file"), "x"), undefined],
  ["write over a symlink", (f, at) => f.write(at("to-file"), "x"), "FILE_UNSAFE"],
  ["write over a symlink to nothing", (f, at) => f.write(at("to-nothing"), "x"), "FILE_UNSAFE"],
  ["write over a directory", (f, at) => f.write(at("sub"), "x"), "FILE_UNSAFE"],
  ["write through a directory symlink", (f, at) => f.write(at("to-sub/x"), "x"), undefined],
  ["write into nothing", (f, at) => f.write(at("none/x"), "x"), "FILE_NOT_FOUND"],
  ["write beneath a file", (f, at) => f.write(at("file/x"), "x"), "FILE_WRITE"],
  ["append to a symlink", (f, at) => f.appendLine(at("to-file"), "x"), "FILE_UNSAFE"],
  ["append into nothing", (f, at) => f.appendLine(at("none/x"), "x"), "FILE_NOT_FOUND"],
  ["make a directory twice", async (f, at) => {
    await f.makeDirectory(at("a/b"));
    await f.makeDirectory(at("a/b"));
    return [(await f.info(at("a")))?.mode, (await f.info(at("a/b")))?.mode];
  }, [0o700, 0o700]],
  ["make a directory over a file", (f, at) => f.makeDirectory(at("file")), "FILE_UNSAFE"],
  ["make one beneath a file", (f, at) => f.makeDirectory(at("file/x")), "FILE_WRITE"],
  ["make one over a symlink to one", (f, at) => f.makeDirectory(at("to-sub")), undefined],
  ["rename", async (f, at) => {
    await f.rename(at("file"), at("renamed"));
    return [text(await f.read(at("renamed"))), await f.info(at("file"))];
  }, ["content", undefined]],
  ["rename nothing", (f, at) => f.rename(at("none"), at("x")), "FILE_NOT_FOUND"],
  ["rename a directory with its content", async (f, at) => {
    await f.write(at("sub/x"), "x");
    await f.rename(at("sub"), at("moved"));
    return await f.list(at("moved"));
  }, ["x"]],
  ["remove a file", (f, at) => f.remove(at("file")), true],
  ["remove nothing", (f, at) => f.remove(at("none")), false],
  ["remove a symlink", async (f, at) => [await f.remove(at("to-file")), await f.list(at("."))], [
    true,
    ["file", "sub", "to-nothing", "to-sub"],
  ]],
  ["remove a directory as a file", (f, at) => f.remove(at("sub")), "FILE_UNSAFE"],
  ["remove an empty directory", (f, at) => f.removeDirectory(at("sub")), true],
  ["remove a full directory", (f, at) => f.removeDirectory(at(".")), false],
  ["remove no directory", (f, at) => f.removeDirectory(at("none")), false],
  ["may write beneath what is missing", (f, at) => f.writable(at("none/x")), true],
  ["may not write beneath a file", (f, at) => f.writable(at("file/x")), false],
];

for (const [name, machine] of Object.entries(machines)) {
  describe(`Files of the ${name} host`, () => {
    for (const [what, operate, wanted] of operations) {
      test(what, () =>
        machine(async (files, directory) => {
          const at = (path: string) => path === "." ? directory : join(directory, path);
          const result = await operate(files, at).catch((error) => error.code ?? error);
          assert.deepEqual(result, wanted);
        }));
    }
  });
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
