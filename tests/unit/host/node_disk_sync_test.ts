/** When a whole file system is synced in place of its files; that it is, on a real disk, is in tests/cli. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createDiskSync, type DiskSyncParts } from "../../../src/host/node_disk_sync.ts";

const EXT4 = 0xef53;
const FUSE = 0x65735546;
const ONE = new Set(["/srv/a"]);

/** A machine whose `sync` ends as said, and what it was asked for. */
function machine(parts: Partial<DiskSyncParts> = {}, milliseconds = 1) {
  const asked: (readonly string[])[] = [];
  let now = 0;
  const sync = createDiskSync({
    kernel: "6.1.0-18-amd64",
    typeOf: () => EXT4,
    clock: () => now,
    ...parts,
    run: async (directories) => {
      asked.push(directories);
      now += milliseconds;
      return await (parts.run?.(directories) ?? Promise.resolve(0));
    },
  });
  return { sync, asked };
}

describe("createDiskSync", () => {
  test("syncs the file systems of all directories for many files, not for few", async () => {
    const { sync, asked } = machine();
    assert.equal(await sync(new Set(["/srv/a", "/srv/b"]), 128), true);
    assert.equal(await sync(ONE, 23), false);
    assert.equal(await sync(ONE, 24), true);
    assert.deepEqual(asked, [["/srv/a", "/srv/b"], ["/srv/a"]]);
  });

  test("trusts no kernel that keeps errors to itself, and no other system", async () => {
    const answers: [string | undefined, boolean][] = [
      ["5.8.0", true],
      ["5.10.0-28-amd64", true],
      ["7.0", true],
      ["5.7.19", false],
      ["4.18.0-553.el8.x86_64", false],
      ["", false],
      [undefined, false],
    ];
    for (const [kernel, expected] of answers) {
      const { sync, asked } = machine({ kernel });
      assert.equal(await sync(ONE, 128), expected, kernel ?? "none");
      assert.equal(asked.length, expected ? 1 : 0);
    }
  });

  test("takes file systems that wait for the disk, and no others", async () => {
    const types: Record<string, number> = { "/ext4": EXT4, "/xfs": 0x58465342, "/sshfs": FUSE };
    const { sync } = machine({
      typeOf(directory) {
        const type = types[directory];
        if (type === undefined) throw new Error("ENOENT");
        return type;
      },
    });
    assert.equal(await sync(new Set(["/ext4", "/xfs"]), 128), true);
    assert.equal(await sync(new Set(["/ext4", "/sshfs"]), 128), false);
    assert.equal(await sync(new Set(["/gone"]), 128), false);
  });

  test("does not ask again where it failed, could not be started or took long", async () => {
    for (
      const parts of [
        { run: () => Promise.resolve(1) },
        { run: () => Promise.reject(new Error("ENOENT")) },
      ]
    ) {
      const { sync, asked } = machine(parts);
      assert.deepEqual([await sync(ONE, 128), await sync(ONE, 128)], [false, false]);
      assert.equal(asked.length, 1);
    }
    // Somebody else's gigabytes: what was waited for counts, and is not waited for again.
    const { sync, asked } = machine({}, 2_000);
    assert.deepEqual([await sync(ONE, 128), await sync(ONE, 128)], [true, false]);
    assert.equal(asked.length, 1);
  });
});
