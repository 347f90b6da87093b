import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { withLock } from "../../../src/castore/lock.ts";
import type { Host } from "../../../src/host/host.ts";
import { createNodeHost } from "../../../src/host/node_host.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

const host = createNodeHost();

/** The real host, with a clock that runs as fast as it is asked to. */
function impatientHost(): { host: Host; slept: () => number } {
  let slept = 0;
  return {
    host: {
      ...host,
      sleep: (milliseconds) => {
        slept += milliseconds;
        return Promise.resolve();
      },
    },
    slept: () => slept,
  };
}

function placeIn(directory: string) {
  return { path: join(directory, "state"), byRoot: false, program: "localtls" };
}

describe("withLock()", () => {
  test("lets one in at a time", () =>
    withScratchDirectory(async (directory) => {
      let inside = 0;
      let most = 0;
      const visit = () =>
        withLock(host, placeIn(directory), {}, async () => {
          most = Math.max(most, ++inside);
          await host.sleep(5);
          inside--;
        });
      await Promise.all(Array.from({ length: 8 }, visit));
      assert.equal(most, 1);
    }));

  test("gives the result, and the lock back after an error too", () =>
    withScratchDirectory(async (directory) => {
      const place = placeIn(directory);
      await assert.rejects(withLock(host, place, {}, () => Promise.reject(new Error("no"))), /no/);
      assert.equal(await withLock(host, place, {}, () => Promise.resolve(7)), 7);
      assert.equal(fs.lstatSync(join(place.path, "lock")).mode & 0o777, 0o600);
    }));

  test("says after two seconds that it waits, and gives up after a minute", () =>
    withScratchDirectory(async (directory) => {
      const place = placeIn(directory);
      const { host: impatient, slept } = impatientHost();
      const said: number[] = [];
      const onWait = () => said.push(slept());
      await withLock(host, place, {}, async () => {
        const second = withLock(impatient, place, { onWait }, () => Promise.resolve());
        const error = await rejectsWith("STATE_LOCKED", second);
        assert.ok(error.hints[0]?.includes(join(place.path, "lock")));
      });
      assert.equal(said.length, 1);
      assert.ok(said[0]! >= 2_000 && said[0]! < 2_200, `${said[0]}`);
      assert.ok(slept() >= 60_000 && slept() < 61_000, `${slept()}`);
    }));

  test("does not take a lock on a file that was removed meanwhile for one", () =>
    withScratchDirectory(async (directory) => {
      const place = placeIn(directory);
      await withLock(host, place, {}, () => Promise.resolve());
      let opened = 0;
      const racing: Host = {
        ...host,
        async openDatabase(path, options) {
          // Between the look at the file and its opening, a purge and another creation.
          if (++opened === 1) {
            fs.renameSync(path, `${path}.purged`);
            fs.writeFileSync(path, "", { mode: 0o600 });
          }
          return await host.openDatabase(path, options);
        },
      };
      await withLock(racing, place, {}, () => Promise.resolve());
      assert.equal(opened, 2);
    }));

  test("makes the directory again when it was removed while waiting", () =>
    withScratchDirectory(async (directory) => {
      const place = placeIn(directory);
      let opened = 0;
      const racing: Host = {
        ...host,
        async openDatabase(path, options) {
          if (++opened === 1) fs.rmSync(place.path, { recursive: true });
          return await host.openDatabase(path, options);
        },
      };
      await withLock(racing, place, {}, () => Promise.resolve());
      assert.ok(fs.existsSync(join(place.path, "lock")));
    }));

  test("says what is wrong with a lock that is no database, and how to mend it", () =>
    withScratchDirectory(async (directory) => {
      const place = placeIn(directory);
      fs.mkdirSync(place.path, { mode: 0o700 });
      fs.writeFileSync(join(place.path, "lock"), "garbage, not a database\n".repeat(100));
      fs.chmodSync(join(place.path, "lock"), 0o600);
      const error = await rejectsWith(
        "STORE_UNAVAILABLE",
        withLock(host, place, {}, () => Promise.resolve()),
      );
      assert.deepEqual(error.hints, [`rm ${join(place.path, "lock")}`]);
    }));

  test("refuses a lock that is a directory or a symlink", () =>
    withScratchDirectory(async (directory) => {
      const place = placeIn(directory);
      const lock = join(place.path, "lock");
      fs.mkdirSync(lock, { recursive: true });
      await rejectsWith("STATE_UNSAFE", withLock(host, place, {}, () => Promise.resolve()));
      fs.rmdirSync(lock);
      fs.symlinkSync("/dev/null", lock);
      await rejectsWith("STATE_UNSAFE", withLock(host, place, {}, () => Promise.resolve()));
    }));
});
