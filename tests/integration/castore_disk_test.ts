/**
 * The state directory and the files of the real host on disks that are full or read-only, and under
 * the hands of several users. Run by scripts/sandbox.sh.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openStateDirectory } from "../../src/castore/state_directory.ts";
import { createNodeHost } from "../../src/host/node_host.ts";
import { makeHierarchy } from "../support/hierarchy.ts";
import { mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { rejectsWith } from "../support/scratch_directory.ts";
import { withTmpfs } from "../support/tmpfs.ts";

requireSandbox();

const host = createNodeHost();
const PROGRAM = fileURLToPath(new URL("../support/castore_program.ts", import.meta.url));
const RUNTIME = "Deno" in globalThis ? [process.execPath, "run", "-A"] : [process.execPath];
const USER = { uid: 4321, gid: 4321 };
/** The runtimes would leave caches in the home. */
const NO_CACHES = {
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  DENO_DIR: process.env["DENO_DIR"] ?? "/root/.cache/deno",
};

/** Fills the disk up to the last page. */
function fill(directory: string, leavePages = 0): void {
  const { bfree, bsize } = statfsSync(directory);
  const bytes = Math.max(0, bfree - leavePages) * bsize;
  if (bytes > 0) writeFileSync(join(directory, "filler"), new Uint8Array(bytes));
}

function open(directory: string) {
  const user = { home: directory, name: "ann", isRoot: true, byRoot: false };
  return openStateDirectory(host, user, directory);
}

describe("a full disk", () => {
  test("leaves no file, and the error names path and reason", () =>
    withTmpfs("64k", async (disk) => {
      fill(disk);
      const path = join(disk, "key.pem");
      const error = await rejectsWith("FILE_WRITE", host.files.write(path, "x".repeat(5000)));
      assert.equal(error.message, `Cannot write "${path}": No space left on device`);
      assert.deepEqual(error.hints, [`df -h ${disk}`]);
      assert.deepEqual(readdirSync(disk), ["filler"]);
    }));

  test("in the middle of a write keeps the old file whole", () =>
    withTmpfs("64k", async (disk) => {
      const path = join(disk, "key.pem");
      await host.files.write(path, "old");
      fill(disk, 2);
      await rejectsWith("FILE_WRITE", host.files.write(path, "x".repeat(20_000)));
      assert.equal(new TextDecoder().decode(await host.files.read(path)), "old");
      assert.deepEqual(readdirSync(disk).sort(), ["filler", "key.pem"]);
    }));

  for (let pages = 0; pages <= 3; pages++) {
    test(`leaves no part of a CA: ${pages} pages free`, () =>
      withTmpfs("64k", async (disk) => {
        fill(disk, pages);
        const state = await open(disk);
        const outcome = await state.createAuthority(makeHierarchy).then(
          ({ created }) => created,
          (error) => error.code,
        );
        const names = readdirSync(disk).filter((name) => name !== "filler" && name !== "lock");
        if (outcome === true) assert.equal(names.length, 3);
        else {
          assert.equal(outcome, "FILE_WRITE");
          assert.deepEqual(names, []);
        }
      }));
  }

  test("loses at most the ledger's line that did not fit", () =>
    withTmpfs("64k", async (disk) => {
      const path = join(disk, "ledger");
      await host.files.appendLine(path, "one");
      fill(disk);
      await rejectsWith("FILE_WRITE", host.files.appendLine(path, "x".repeat(9000)));
      await host.files.remove(join(disk, "filler"));
      await host.files.appendLine(path, "three");
      const lines = new TextDecoder().decode(await host.files.read(path)).split("\n");
      assert.equal(lines[0], "one");
      assert.equal(lines.at(-2), "three");
    }));
});

describe("a read-only disk", () => {
  test("still gives its CA; what cannot be written is said plainly", () =>
    withTmpfs("256k", async (disk, remount) => {
      const state = await open(disk);
      const { authority } = await state.createAuthority(makeHierarchy);
      remount("ro");
      assert.equal((await state.loadAuthority())?.rootSha256, authority.rootSha256);
      const error = await rejectsWith("FILE_WRITE", host.files.appendLine(state.issued.path, "x"));
      assert.match(error.message, /: Read-only file system$/);
      remount("rw");
      await host.files.remove(state.rootFile);
      remount("ro");
      await rejectsWith("CA_INCOMPLETE", state.loadAuthority());
      await rejectsWith("CA_INCOMPLETE", state.createAuthority(makeHierarchy));
      remount("rw");
    }));

  test("on which there is no CA cannot get one", () =>
    withTmpfs("256k", async (disk, remount) => {
      remount("ro");
      const state = await open(join(disk, "state"));
      const error = await rejectsWith("FILE_WRITE", state.createAuthority(makeHierarchy));
      assert.match(error.message, /: Read-only file system$/);
      remount("rw");
    }));
});

describe("another user", () => {
  /** Runs the program as an ordinary user who has nothing to do with root. */
  const asUser = (mode: string, directory: string, env: Record<string, string> = {}) =>
    run(
      [
        "setpriv",
        `--reuid=${USER.uid}`,
        `--regid=${USER.gid}`,
        "--clear-groups",
        ...RUNTIME,
        PROGRAM,
        mode,
        directory,
      ],
      { timeoutMs: 60_000, env: { HOME: "/nonexistent", ...env } },
    );

  function home(): string {
    const directory = scratchDirectory("user");
    for (let place = directory; place !== "/run"; place = join(place, "..")) {
      chmodSync(place, 0o755);
    }
    chownSync(directory, USER.uid, USER.gid);
    return directory;
  }

  test("cannot make a CA where they may not write, and is told so", async () => {
    const directory = scratchDirectory("roots");
    chmodSync(join(directory, ".."), 0o755);
    const result = await asUser("create", join(directory, "state"));
    assert.match(result.stdout, /^error FILE_(READ|WRITE) .*Permission denied$/m);
    assert.equal(existsSync(join(directory, "state")), false);
  });

  test("goes on with what root made for them", async () => {
    const directory = home();
    const state = join(directory, "a", "state");
    // HOME says for whom root works.
    const made = await run([...RUNTIME, PROGRAM, "create", state], {
      timeoutMs: 60_000,
      env: { ...NO_CACHES, HOME: directory },
    });
    assert.match(made.stdout, /^ca [0-9a-f]{64} true$/m, made.stderr);
    const paths = (await mustRun(["find", directory])).trim().split("\n");
    for (const path of paths) assert.equal(lstatSync(path).uid, USER.uid, path);
    assert.ok(paths.length >= 7);
    const result = await asUser("issue", state);
    assert.match(result.stdout, /^ca [0-9a-f]{64} false$/m, result.stderr);
    assert.equal(result.code, 0);
  });

  test("is refused a CA whose key was made by a third user", async () => {
    const directory = join(home(), "state");
    mkdirSync(directory);
    chownSync(directory, 999, 999);
    const result = await asUser("create", directory);
    assert.match(result.stdout, /^error STATE_UNSAFE .*belongs to another user \(uid 999\)$/m);
  });
});
