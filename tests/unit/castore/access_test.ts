import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openStateDirectory } from "../../../src/castore/state_directory.ts";
import type { AccessLists, OtherAccess } from "../../../src/host/host.ts";
import { findTargetUser } from "../../../src/host/target_user.ts";
import { createFakeWindows, onDisk } from "../../support/fake_windows.ts";
import { makeHierarchy } from "../../support/hierarchy.ts";

const STATE = "C:\\Users\\Änn Lee\\AppData\\Local\\localtls";
const KEY = `${STATE}\\issuer-key.pem`;
const EVERYONE = { sid: "S-1-1-0", name: "Everyone" };
const READS = { ...EVERYONE, reads: true, writes: false, inheritableRead: false };
const WRITES = { ...EVERYONE, reads: false, writes: true, inheritableRead: false };
const WILL_READ = { ...EVERYONE, reads: false, writes: false, inheritableRead: true };

type Answer = readonly OtherAccess[] | undefined;

async function start(others: (path: string) => Answer, files: Record<string, string> = {}) {
  const protectedPaths: string[] = [];
  const asked: string[] = [];
  const accessLists: AccessLists = {
    protect: (directory) => {
      protectedPaths.push(directory);
      return Promise.resolve();
    },
    others: (path) => {
      asked.push(path);
      return Promise.resolve(others(path));
    },
  };
  const host = createFakeWindows({ accessLists, files });
  const state = await openStateDirectory(host, await findTargetUser(host));
  const make = () => state.createAuthority(() => makeHierarchy(host.now()));
  const hasKey = () => host.disk.get(onDisk(KEY)) !== undefined;
  return { host, state, make, hasKey, protectedPaths, asked };
}

describe("a state directory with access lists", () => {
  test("is protected before a key is in it, once, and confirmed", async () => {
    const { make, state, protectedPaths, asked } = await start(() => []);
    const { created, unconfirmed } = await make();
    assert.deepEqual([created, unconfirmed], [true, undefined]);
    assert.deepEqual(protectedPaths, [STATE]);
    assert.ok(asked.includes(KEY));
    assert.equal((await make()).created, false);
    assert.deepEqual(protectedPaths, [STATE]);
    assert.notEqual(await state.loadAuthority(), undefined);
  });

  test("is used with a word about it where the system gives no answer", async () => {
    const { make } = await start(() => undefined);
    assert.equal((await make()).unconfirmed, true);
    assert.equal((await make()).unconfirmed, undefined);
  });

  test("of somebody's own is left as it is: other files stand in it", async () => {
    const { make, protectedPaths } = await start(() => [], { [`${STATE}\\notes.txt`]: "x" });
    assert.equal((await make()).created, true);
    assert.deepEqual(protectedPaths, []);
  });

  for (const [what, access] of [["change", WRITES], ["read what comes", WILL_READ]] as const) {
    test(`gets no key where others may ${what}`, async () => {
      const { make, hasKey } = await start(() => [access], { [`${STATE}\\notes.txt`]: "x" });
      await assert.rejects(make(), { code: "STATE_UNSAFE", message: /Everyone/ });
      assert.equal(hasKey(), false);
    });
  }

  const refused: [string, string, OtherAccess][] = [
    ["others may change the directory", STATE, WRITES],
    ["others may read the key", KEY, READS],
    ["others may change the key", KEY, WRITES],
  ];
  for (const [what, path, access] of refused) {
    test(`is refused when ${what}`, async () => {
      const opened: string[] = [];
      const { make, state } = await start((asked) => opened.includes(asked) ? [access] : []);
      await make();
      opened.push(path);
      await assert.rejects(state.loadAuthority(), (error: Error & { hints?: string[] }) => {
        assert.equal((error as { code?: string }).code, "STATE_UNSAFE");
        assert.ok(error.message.startsWith(`Cannot use "${path}"`), error.message);
        assert.ok(error.hints!.some((hint) => hint.includes('/remove:g "*S-1-1-0"')));
        assert.equal(error.hints!.some((hint) => hint.includes("ca rotate")), access.reads);
        return true;
      });
    });
  }

  test("may be readable by others, as elsewhere: somebody may serve the root from it", async () => {
    let open = false;
    const { make, state } = await start((path) => open && path === STATE ? [READS] : []);
    await make();
    open = true;
    assert.notEqual(await state.loadAuthority(), undefined);
  });
});
