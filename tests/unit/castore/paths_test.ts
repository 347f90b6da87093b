import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openStateDirectory } from "../../../src/castore/state_directory.ts";
import { findTargetUser } from "../../../src/host/target_user.ts";
import { createFakeHost, type FakeHostOptions } from "../../support/fake_host.ts";
import { makeHierarchy } from "../../support/hierarchy.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";

const PASSWD = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n" +
  "bob:x:1001:1001::/home/bob:/bin/sh\n";
const ROOT = { uid: 0, gid: 0 };

async function pathOf(options: FakeHostOptions, dir?: string): Promise<string> {
  const host = createFakeHost({ files: { "/etc/passwd": PASSWD }, ...options });
  const { path } = await openStateDirectory(host, await findTargetUser(host), dir);
  assert.deepEqual(host.log, []);
  return path;
}

describe("the state directory is", () => {
  const HOME = "/home/ann";
  const cases: [string, FakeHostOptions, string | undefined, string][] = [
    ["in the home", { env: { HOME } }, undefined, "/home/ann/.local/share/localtls"],
    [
      "where XDG_DATA_HOME says",
      { env: { HOME, XDG_DATA_HOME: "/data/ann/" } },
      undefined,
      "/data/ann/localtls",
    ],
    [
      "not where a relative XDG_DATA_HOME says",
      { env: { HOME, XDG_DATA_HOME: "data" } },
      undefined,
      "/home/ann/.local/share/localtls",
    ],
    [
      "where LOCALTLS_DIR says",
      { env: { HOME, LOCALTLS_DIR: "/srv/ca" } },
      undefined,
      "/srv/ca",
    ],
    ["where --dir says, before all else", { env: { HOME, LOCALTLS_DIR: "/no" } }, "/yes", "/yes"],
    ["without a slash at its end", { env: { HOME } }, "/yes//", "/yes"],
    ["relative to the working directory", { workingDirectory: "/w" }, "a/b", "/w/a/b"],
    ["relative with a dot", { workingDirectory: "/w" }, "./a", "/w/a"],
    ["the working directory itself", { workingDirectory: "/w" }, ".", "/w"],
    ["relative to the root directory", { workingDirectory: "/" }, "a", "/a"],
    [
      "that of the invoker under sudo",
      { user: ROOT, env: { HOME: "/root", SUDO_UID: "1000" } },
      undefined,
      "/home/ann/.local/share/localtls",
    ],
    [
      "not where root's XDG_DATA_HOME says, under sudo",
      {
        user: ROOT,
        env: { HOME: "/root", SUDO_UID: "1000", XDG_DATA_HOME: "/root/.local/share" },
      },
      undefined,
      "/home/ann/.local/share/localtls",
    ],
    [
      "where the invoker's own XDG_DATA_HOME says, kept by sudo",
      { user: ROOT, env: { HOME: "/root", SUDO_UID: "1000", XDG_DATA_HOME: "/home/ann/.data" } },
      undefined,
      "/home/ann/.data/localtls",
    ],
    [
      "not in a home that only begins alike",
      { user: ROOT, env: { HOME: "/root", SUDO_UID: "1000", XDG_DATA_HOME: "/home/annette/x" } },
      undefined,
      "/home/ann/.local/share/localtls",
    ],
    [
      "in Application Support",
      { os: "darwin", env: { HOME: "/Users/ann" } },
      undefined,
      "/Users/ann/Library/Application Support/localtls",
    ],
    [
      "in LOCALAPPDATA",
      {
        os: "windows",
        env: { USERPROFILE: "C:\\Users\\ann", LOCALAPPDATA: "C:\\Users\\ann\\AppData\\Local" },
      },
      undefined,
      "C:\\Users\\ann\\AppData\\Local\\localtls",
    ],
  ];
  for (const [what, options, dir, wanted] of cases) {
    test(what, async () => assert.equal(await pathOf(options, dir), wanted));
  }

  test("no empty path and none with a null byte", async () => {
    await rejectsWith("USAGE", pathOf({}, ""));
    await rejectsWith("USAGE", pathOf({}, "/a\0b"));
  });
});

describe("who owns what", () => {
  test("under sudo everything is given to the invoker", async () => {
    const host = createFakeHost({
      user: ROOT,
      env: { HOME: "/root", SUDO_UID: "1000", SUDO_GID: "1000" },
      files: { "/etc/passwd": PASSWD },
    });
    const state = await openStateDirectory(host, await findTargetUser(host));
    await state.createAuthority(makeHierarchy);
    await state.trusted.append({
      event: "added",
      time: host.now().toISOString(),
      sha256: "a".repeat(64),
      kind: "system",
      path: "/etc/ssl",
      label: "system",
      anchorLabel: "localtls",
      created: [],
    });
    const made = host.disk.paths().filter((path) => path.startsWith("/home/ann/"));
    assert.deepEqual(made.filter((path) => host.disk.get(path)?.uid !== 1000), []);
    assert.equal(made.length, 8, made.join());
    assert.deepEqual(host.disk.paths().filter((path) => path.startsWith("/root/")), []);
    // And the invoker can go on without root.
    host.actAs = { uid: 1000, gid: 1000 };
    assert.notEqual(await state.loadAuthority(), undefined);
  });

  test("a directory of a third user is refused, also by root", async () => {
    for (const user of [ROOT, { uid: 1000, gid: 1000 }]) {
      const host = createFakeHost({
        user,
        env: { HOME: "/home/ann", SUDO_UID: "1000" },
        files: {
          "/etc/passwd": PASSWD,
          "/home/bob": { type: "directory", uid: 1001, gid: 1001 },
          "/home/bob/state": { type: "directory" },
        },
      });
      const state = await openStateDirectory(host, await findTargetUser(host), "/home/bob/state");
      const error = await rejectsWith("STATE_UNSAFE", state.createAuthority(makeHierarchy));
      assert.match(error.message, /belongs to another user \(uid 1001\)/);
      assert.deepEqual(host.changedPaths, []);
    }
  });

  test("a key of a third user in one's own directory is refused", async () => {
    const host = createFakeHost();
    const state = await openStateDirectory(host, await findTargetUser(host));
    await state.createAuthority(makeHierarchy);
    host.disk.get(state.issuerKeyFile)!.uid = 1001;
    host.disk.get(state.issuerKeyFile)!.mode = 0o600;
    await rejectsWith("STATE_UNSAFE", state.loadAuthority());
  });

  test("a directory that cannot be written to still serves its CA, and its damage is told", async () => {
    const host = createFakeHost();
    const state = await openStateDirectory(host, await findTargetUser(host));
    await state.createAuthority(makeHierarchy);
    for (const path of host.disk.paths().filter((name) => name.startsWith(state.path))) {
      Object.assign(host.disk.get(path)!, {
        uid: 0,
        gid: 1000,
        mode: path.endsWith(".pem") ? 0o640 : 0o550,
      });
    }
    Object.assign(host.disk.get(state.issuerKeyFile)!, { uid: 1000, mode: 0o400 });
    assert.notEqual(await state.loadAuthority(), undefined);
    await rejectsWith("FILE_WRITE", state.issued.append({} as never));
    host.disk.delete(state.rootFile);
    await rejectsWith("CA_INCOMPLETE", state.loadAuthority());
  });
});
