import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findTargetUser } from "../../../src/host/target_user.ts";
import { createFakeHost, type FakeHost, type FakeHostOptions } from "../../support/fake_host.ts";
import { createFakeWindows, WINDOWS_ENV } from "../../support/fake_windows.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";

const PASSWD = [
  "root:x:0:0:root:/root:/bin/bash",
  "# a comment",
  "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin",
  "broken:x::1000::/home/broken:/bin/sh",
  "nohome:x:1002:1002:::/bin/sh",
  "ann:x:1000:1000:Ann,,,:/home/ann:/bin/zsh",
  "bob:x:1001:1001::/srv/homes/bob:/bin/sh",
].join("\n");
const ROOT = { uid: 0, gid: 0 };
const ANN = { uid: 1000, gid: 1000 };

function hostOf(options: FakeHostOptions) {
  return createFakeHost({
    ...options,
    files: {
      "/etc/passwd": PASSWD,
      "/srv/homes/bob": { type: "directory", uid: 1001, gid: 1001 },
      ...options.files,
    },
  });
}

/** The user, and as whom the process acts where root has started it for somebody. */
async function found(host: FakeHost) {
  const target = await findTargetUser(host);
  return target.byRoot ? { ...target, owner: host.user } : target;
}

describe("findTargetUser()", () => {
  const ann = { home: "/home/ann", name: "ann", isRoot: true, byRoot: true, owner: ANN };
  const cases: [string, FakeHostOptions, unknown][] = [
    [
      "an ordinary user",
      { env: { HOME: "/home/ann" } },
      { home: "/home/ann", name: "ann", isRoot: false, byRoot: false },
    ],
    [
      "an ordinary user with a home of their choice",
      { env: { HOME: "/tmp/test-home" } },
      { home: "/tmp/test-home", name: "ann", isRoot: false, byRoot: false },
    ],
    [
      "an ordinary user whose environment says both: it is believed",
      { env: { HOME: "/home/ann", USER: "annie" } },
      { home: "/home/ann", name: "annie", isRoot: false, byRoot: false },
    ],
    [
      "root with another user's HOME and USER (su without a dash)",
      { user: ROOT, env: { HOME: "/home/ann", USER: "ann" } },
      { home: "/home/ann", name: "ann", isRoot: true, byRoot: true, owner: ANN },
    ],
    [
      "an ordinary user without HOME",
      { env: {} },
      { home: "/home/ann", name: "ann", isRoot: false, byRoot: false },
    ],
    [
      "an ordinary user in whose environment SUDO_UID was left: no root, no change",
      { env: { HOME: "/home/ann", SUDO_UID: "1001", SUDO_USER: "bob" } },
      { home: "/home/ann", name: "ann", isRoot: false, byRoot: false },
    ],
    ["sudo, HOME set to root's", { user: ROOT, env: { HOME: "/root", SUDO_UID: "1000" } }, ann],
    ["sudo -E, HOME kept", { user: ROOT, env: { HOME: "/home/ann", SUDO_UID: "1000" } }, ann],
    ["sudo without any HOME", { user: ROOT, env: { SUDO_UID: "1000" } }, ann],
    [
      "sudo with a home that is nobody's",
      { user: ROOT, env: { HOME: "/elsewhere", SUDO_UID: "1001", SUDO_USER: "bob" } },
      {
        home: "/srv/homes/bob",
        name: "bob",
        isRoot: true,
        byRoot: true,
        owner: { uid: 1001, gid: 1001 },
      },
    ],
    ["pkexec", { user: ROOT, env: { HOME: "/root", PKEXEC_UID: "1000" } }, ann],
    ["doas", { user: ROOT, env: { HOME: "/root", DOAS_USER: "ann" } }, ann],
    [
      "a nonsensical SUDO_UID, with a name that is known",
      { user: ROOT, env: { HOME: "/root", SUDO_UID: "-1; rm", SUDO_USER: "ann" } },
      ann,
    ],
    [
      "root, who is nobody else",
      { user: ROOT, env: { HOME: "/root" } },
      { home: "/root", name: "root", isRoot: true, byRoot: false },
    ],
    [
      "root who used sudo",
      { user: ROOT, env: { HOME: "/root", SUDO_UID: "0", SUDO_USER: "root" } },
      { home: "/root", name: "root", isRoot: true, byRoot: false },
    ],
    [
      "root with another user's HOME (su without a dash)",
      { user: ROOT, env: { HOME: "/home/ann" } },
      { home: "/home/ann", name: "ann", isRoot: true, byRoot: true, owner: ANN },
    ],
    [
      "root with another user's HOME behind a symlink",
      {
        user: ROOT,
        env: { HOME: "/home/link" },
        files: { "/home/link": { target: "/home/ann" } },
      },
      { home: "/home/link", name: "ann", isRoot: true, byRoot: true, owner: ANN },
    ],
    [
      "root without HOME",
      { user: ROOT, env: {} },
      { home: "/root", name: "root", isRoot: true, byRoot: false },
    ],
    [
      "root in a container without /etc/passwd",
      { user: ROOT, env: { HOME: "/root" }, files: { "/etc/passwd": "" } },
      { home: "/root", name: "user", isRoot: true, byRoot: false },
    ],
    [
      "a container's nameless user",
      { user: { uid: 12345, gid: 0 }, env: { HOME: "/work", USER: "ci" } },
      { home: "/work", name: "ci", isRoot: false, byRoot: false },
    ],
    [
      "sudo on macOS, whose users stand elsewhere and whose HOME stays",
      {
        os: "darwin",
        user: ROOT,
        env: { HOME: "/Users/ann", SUDO_UID: "501", SUDO_USER: "ann" },
        files: { "/Users/ann": { type: "directory", uid: 501, gid: 20 } },
      },
      { home: "/Users/ann", name: "ann", isRoot: true, byRoot: true, owner: { uid: 501, gid: 20 } },
    ],
  ];
  for (const [what, options, wanted] of cases) {
    test(what, async () => {
      const host = hostOf(options);
      assert.deepEqual(await found(host), wanted);
      assert.deepEqual(host.changedPaths, []);
    });
  }

  const record = (home: string, uid = 501) =>
    `NFSHomeDirectory:${home}\nPrimaryGroupID: 20\nUniqueID: ${uid}\n`;
  for (const home of [" /Users/eve", "\n /Users/eve lee"]) {
    test(`asks the directory of macOS, which answers "${home.trim()}"`, async () => {
      const host = hostOf({
        os: "darwin",
        user: ROOT,
        env: { HOME: "/var/root", SUDO_UID: "501", SUDO_USER: "eve" },
        commands: { dscl: () => ({ stdout: record(home) }) },
      });
      assert.deepEqual(await found(host), {
        home: home.trim(),
        name: "eve",
        isRoot: true,
        byRoot: true,
        owner: { uid: 501, gid: 20 },
      });
      assert.deepEqual(host.commandLines.at(-1), [
        ...["dscl", ".", "-read", "/Users/eve"],
        ...["NFSHomeDirectory", "UniqueID", "PrimaryGroupID"],
      ]);
    });
  }
  for (const stdout of [record(" /Users/eve", 502), record(" eve"), "", "No such key: x\n"]) {
    test(`does not take ${JSON.stringify(stdout)} of the directory`, async () => {
      const env = { HOME: "/var/root", SUDO_UID: "501", SUDO_USER: "eve" };
      const commands = { dscl: () => ({ stdout }) };
      await rejectsWith("HOME_MISSING", findTargetUser(hostOf({ user: ROOT, env, commands })));
    });
  }
  test("asks the directory for no name that means a path or an option", async () => {
    for (const name of ["-x", "../../x", "a/b"]) {
      const env = { HOME: "/var/root", SUDO_UID: "501", SUDO_USER: name };
      const host = hostOf({ user: ROOT, env, commands: { dscl: () => assert.fail("asked") } });
      await rejectsWith("HOME_MISSING", findTargetUser(host));
    }
  });

  test("asks the name service for a sudo user who does not stand in /etc/passwd", async () => {
    const host = hostOf({
      user: ROOT,
      env: { HOME: "/root", SUDO_UID: "70001" },
      commands: { getent: () => ({ stdout: "eve:*:70001:500:Eve:/net/eve:/bin/sh\n" }) },
    });
    assert.deepEqual(await found(host), {
      home: "/net/eve",
      name: "eve",
      isRoot: true,
      byRoot: true,
      owner: { uid: 70001, gid: 500 },
    });
    assert.deepEqual(host.commandLines, [["getent", "passwd", "70001"]]);
  });

  test("believes no answer of the name service about somebody else", async () => {
    const host = hostOf({
      user: ROOT,
      env: { HOME: "/root", SUDO_UID: "70001" },
      commands: { getent: () => ({ stdout: "mallory:*:70002:500::/net/mallory:/bin/sh\n" }) },
    });
    await rejectsWith("HOME_MISSING", findTargetUser(host));
  });

  for (const getent of ["timed-out", 2] as const) {
    test(`does not fall back to root's home for an unknown sudo user (getent: ${getent})`, async () => {
      const host = hostOf({
        user: ROOT,
        env: { HOME: "/root", SUDO_UID: "70001", SUDO_USER: "eve" },
        commands: { getent: () => getent },
      });
      const error = await rejectsWith("HOME_MISSING", findTargetUser(host));
      assert.match(error.message, /"eve"/);
      assert.deepEqual(error.hints, ['sudo HOME="$HOME" localtls ...']);
    });
  }

  test("the hint of that error helps", async () => {
    const host = hostOf({
      user: ROOT,
      env: { HOME: "/net/eve", SUDO_UID: "70001", SUDO_USER: "eve" },
      files: { "/net/eve": { type: "directory", uid: 70001, gid: 500 } },
    });
    assert.equal((await findTargetUser(host)).home, "/net/eve");
  });

  test("a home of root's group gives the user no right of that group", async () => {
    for (const env of [{ SUDO_UID: "70001", SUDO_USER: "eve" }, {}] as Record<string, string>[]) {
      const host = hostOf({
        user: ROOT,
        env: { HOME: "/net/eve", ...env },
        files: { "/net/eve": { type: "directory", uid: 70001, gid: 0 } },
      });
      assert.equal((await findTargetUser(host)).byRoot, true);
      assert.deepEqual(host.user, { uid: 70001, gid: 65534 });
    }
  });

  test("a name that looks like an option reaches no command", async () => {
    const host = hostOf({ user: ROOT, env: { HOME: "/root", DOAS_USER: "--service=x" } });
    await rejectsWith("HOME_MISSING", findTargetUser(host));
    assert.deepEqual(host.commandLines, []);
  });

  for (const env of [{}, { HOME: "" }, { HOME: "relative" }] as Record<string, string>[]) {
    test(`HOME_MISSING for a nameless user with ${JSON.stringify(env)}`, async () => {
      const host = hostOf({ user: { uid: 4242, gid: 4242 }, env });
      const error = await rejectsWith("HOME_MISSING", findTargetUser(host));
      assert.match(error.message, /HOME is not set|"relative" is not an absolute path/);
      assert.ok(error.hints.length > 0);
    });
  }

  test("survives a user database that cannot be read", async () => {
    const host = hostOf({
      env: { HOME: "/home/ann", USER: "ann" },
      files: { "/etc/passwd": { type: "directory" } },
    });
    assert.equal((await findTargetUser(host)).name, "ann");
  });
});

describe("findTargetUser() on Windows", () => {
  const ann = { home: WINDOWS_ENV.USERPROFILE, name: "Änn", isRoot: false, byRoot: false };
  test("takes the profile, whatever Git Bash has made of HOME", async () => {
    for (const HOME of [undefined, "/c/Users/x", "C:\\Users\\other"]) {
      const env = HOME === undefined ? WINDOWS_ENV : { ...WINDOWS_ENV, HOME };
      assert.deepEqual(await findTargetUser(createFakeWindows({ env })), ann);
    }
  });
  test("asks neither a user database nor sudo's variables", async () => {
    const host = createFakeWindows({ env: { ...WINDOWS_ENV, SUDO_UID: "0", SUDO_USER: "root" } });
    assert.deepEqual(await findTargetUser(host), ann);
    assert.deepEqual(host.commandLines, []);
  });
  test("takes HOME where there is no profile, and refuses what is no path", async () => {
    const host = createFakeWindows({ env: { HOME: "D:\\home" } });
    assert.equal((await findTargetUser(host)).home, "D:\\home");
    for (const env of [{}, { USERPROFILE: "Users\\ann" }, { USERPROFILE: "C:ann" }]) {
      await rejectsWith("HOME_MISSING", findTargetUser(createFakeWindows({ env })));
    }
  });
});
