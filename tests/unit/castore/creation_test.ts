import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openStateDirectory, type StateDirectory } from "../../../src/castore/state_directory.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import type { Files, Host } from "../../../src/host/host.ts";
import { createNodeHost } from "../../../src/host/node_host.ts";
import { makeHierarchy, makeNothing } from "../../support/hierarchy.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

const host = createNodeHost();
const CHANGES = [
  "write",
  "appendLine",
  "appendLines",
  "makeDirectory",
  "rename",
  "remove",
  "removeDirectory",
] as const;

/** Plays a process that ends at the n-th change: that one and all later ones do not happen. */
function killedAt(step: number, count: { changes: number }): Host {
  const files: Files = { ...host.files };
  for (const change of CHANGES) {
    files[change] = ((...args: never[]) => {
      if (++count.changes >= step) return Promise.reject(new Error("killed"));
      return (host.files[change] as (...args: never[]) => Promise<unknown>)(...args);
    }) as never;
  }
  return { ...host, files };
}

/** Plays a disk that is full from the n-th write on; everything else goes on. */
function fullFrom(step: number): Host {
  let writes = 0;
  const write: Files["write"] = (path, content, options) =>
    ++writes >= step
      ? Promise.reject(new LocalTlsError("FILE_WRITE", `Cannot write "${path}": No space left`))
      : host.files.write(path, content, options);
  return { ...host, files: { ...host.files, write } };
}

function open(directory: string, on: Host = host): Promise<StateDirectory> {
  const user = { home: directory, name: "ann", isRoot: false, byRoot: false };
  return openStateDirectory(on, user, join(directory, "state"));
}

/** Changes that a whole creation makes: counted, not assumed. */
async function countChanges(): Promise<number> {
  const count = { changes: 0 };
  await withScratchDirectory(async (directory) => {
    const state = await open(directory, killedAt(Infinity, count));
    await state.createAuthority(makeHierarchy);
  });
  return count.changes;
}

describe("a creation that is killed", () => {
  test("at any step leaves no CA, or one that the next run completes", async () => {
    const steps = await countChanges();
    assert.ok(steps >= 10, `${steps} changes`);
    const seen = { none: 0, completed: 0 };
    for (let step = 1; step <= steps; step++) {
      await withScratchDirectory(async (directory) => {
        const hierarchy = await makeHierarchy();
        const killed = await open(directory, killedAt(step, { changes: 0 }));
        await assert.rejects(killed.createAuthority(() => Promise.resolve(hierarchy)), /killed/);
        const state = await open(directory);
        // Looking never invents an error of a creation that was merely interrupted.
        const found = await state.loadAuthority();
        if (found !== undefined) assert.deepEqual(found.root.der, hierarchy.root);
        const next = await state.createAuthority(makeHierarchy);
        if (next.created) seen.none++;
        else {
          seen.completed++;
          assert.deepEqual(next.authority.root.der, hierarchy.root);
        }
        // Killed before the very last change, an empty directory stays: harmless, a purge takes it.
        const names = fs.readdirSync(state.path).filter((name) =>
          name !== ".creating" || fs.readdirSync(join(state.path, name)).length > 0
        );
        assert.deepEqual(names.sort(), ["issuer-key.pem", "issuer.pem", "lock", "root.pem"]);
        assert.equal(fs.lstatSync(state.issuerKeyFile).mode & 0o777, 0o600);
      });
    }
    assert.ok(seen.none >= 4 && seen.completed >= 4, JSON.stringify(seen));
  });

  test("at any step, and then once more at any step, is still completed", async () => {
    const steps = await countChanges();
    for (let first = 1; first <= steps; first += 2) {
      for (let second = 1; second <= steps; second += 2) {
        await withScratchDirectory(async (directory) => {
          for (const step of [first, second]) {
            const killed = await open(directory, killedAt(step, { changes: 0 }));
            await killed.createAuthority(makeHierarchy).catch((error) => {
              assert.match(String(error), /killed/);
            });
          }
          const { authority } = await (await open(directory)).createAuthority(makeHierarchy);
          assert.match(authority.rootSha256, /^[0-9a-f]{64}$/);
        });
      }
    }
  });

  test("leaves its temporary files to be swept, and what is not its own to stay", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory);
      const leftover = join(state.path, ".new-0011223344556677");
      fs.mkdirSync(leftover, { recursive: true, mode: 0o700 });
      fs.chmodSync(state.path, 0o700);
      fs.writeFileSync(join(leftover, ".localtls-0123456789abcdef"), "half a key");
      fs.writeFileSync(join(leftover, "issuer-key.pem"), "");
      fs.mkdirSync(join(state.path, ".new-mine"));
      fs.writeFileSync(join(state.path, ".new-mine", "thesis.txt"), "mine");
      await state.createAuthority(makeHierarchy);
      assert.equal(fs.existsSync(leftover), false);
      assert.deepEqual(fs.readdirSync(join(state.path, ".new-mine")), ["thesis.txt"]);
    }));
});

describe("a creation on a full disk", () => {
  for (let step = 1; step <= 3; step++) {
    test(`leaves nothing but the lock: write ${step} fails`, () =>
      withScratchDirectory(async (directory) => {
        const state = await open(directory, fullFrom(step));
        await rejectsWith("FILE_WRITE", state.createAuthority(makeHierarchy));
        assert.deepEqual(fs.readdirSync(state.path), ["lock"]);
      }));
  }
});

describe("a staged CA", () => {
  /** A directory as a creation leaves it that is killed before the last file is moved. */
  async function staged(directory: string): Promise<StateDirectory> {
    const state = await open(directory);
    await state.createAuthority(makeHierarchy);
    fs.mkdirSync(join(state.path, ".creating"), { mode: 0o700 });
    fs.renameSync(state.rootFile, join(state.path, ".creating", "root.pem"));
    return state;
  }

  test("is completed by looking", () =>
    withScratchDirectory(async (directory) => {
      const state = await staged(directory);
      assert.notEqual(await state.loadAuthority(), undefined);
      assert.equal(fs.existsSync(join(state.path, ".creating")), false);
    }));

  test("never replaces a file that is there", () =>
    withScratchDirectory(async (directory) => {
      const state = await staged(directory);
      fs.copyFileSync(join(state.path, ".creating", "root.pem"), state.rootFile);
      const kept = fs.readFileSync(state.rootFile, "utf8");
      fs.writeFileSync(join(state.path, ".creating", "root.pem"), "something else");
      assert.notEqual(await state.loadAuthority(), undefined);
      assert.equal((await state.createAuthority(makeNothing)).created, false);
      assert.equal(fs.readFileSync(state.rootFile, "utf8"), kept);
    }));

  test("of another CA is not mixed with what is there", () =>
    withScratchDirectory(async (directory) => {
      const state = await staged(directory);
      const other = await open(join(directory, "other"));
      await other.createAuthority(makeHierarchy);
      fs.copyFileSync(other.rootFile, join(state.path, ".creating", "root.pem"));
      await rejectsWith("CA_INCOMPLETE", state.createAuthority(makeNothing));
      assert.equal(fs.existsSync(state.rootFile), false);
    }));

  test("that others could have written is refused", () =>
    withScratchDirectory(async (directory) => {
      const state = await staged(directory);
      fs.chmodSync(join(state.path, ".creating"), 0o777);
      await rejectsWith("STATE_UNSAFE", state.loadAuthority());
      fs.rmSync(join(state.path, ".creating"), { recursive: true });
      fs.symlinkSync("/tmp", join(state.path, ".creating"));
      await rejectsWith("STATE_UNSAFE", state.loadAuthority());
    }));

  test("alone, and not whole, is not replaced by a new one either", () =>
    withScratchDirectory(async (directory) => {
      const state = await staged(directory);
      for (const name of ["issuer.pem", "issuer-key.pem"]) fs.unlinkSync(join(state.path, name));
      await rejectsWith("CA_INCOMPLETE", state.createAuthority(makeNothing));
      assert.deepEqual(fs.readdirSync(join(state.path, ".creating")), ["root.pem"]);
    }));

  test("alone, and damaged, is not replaced by a new one either", () =>
    withScratchDirectory(async (directory) => {
      const state = await staged(directory);
      for (const name of ["issuer.pem", "issuer-key.pem"]) {
        fs.renameSync(join(state.path, name), join(state.path, ".creating", name));
      }
      fs.truncateSync(join(state.path, ".creating", "root.pem"), 100);
      await rejectsWith("CA_MISMATCH", state.createAuthority(makeNothing));
    }));

  test("of which a file is missing is an incomplete CA", () =>
    withScratchDirectory(async (directory) => {
      const state = await staged(directory);
      fs.unlinkSync(join(state.path, ".creating", "root.pem"));
      await rejectsWith("CA_INCOMPLETE", state.createAuthority(makeNothing));
    }));
});
