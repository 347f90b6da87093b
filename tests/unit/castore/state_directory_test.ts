import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openStateDirectory, type StateDirectory } from "../../../src/castore/state_directory.ts";
import type { Host } from "../../../src/host/host.ts";
import { createNodeHost } from "../../../src/host/node_host.ts";
import { makeHierarchy, makeNothing } from "../../support/hierarchy.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

const host: Host = createNodeHost();
const modeOf = (path: string) => fs.lstatSync(path).mode & 0o7777;

function open(directory: string): Promise<StateDirectory> {
  const user = { home: directory, name: "ann", isRoot: false, byRoot: false };
  return openStateDirectory(host, user, join(directory, "state"));
}

/** A state directory with a CA. */
function withAuthority(
  body: (state: StateDirectory, rootSha256: string) => Promise<void>,
): Promise<void> {
  return withScratchDirectory(async (directory) => {
    const state = await open(directory);
    const { authority } = await state.createAuthority(makeHierarchy);
    await body(state, authority.rootSha256);
  });
}

const CA_FILES = ["issuer-key.pem", "issuer.pem", "root.pem"];

describe("a new CA", () => {
  test("is made once, owner-only, and found again", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory);
      assert.equal(await state.loadAuthority(), undefined);
      assert.deepEqual(fs.readdirSync(directory), []);
      const made = await state.createAuthority(makeHierarchy);
      assert.equal(made.created, true);
      assert.deepEqual(fs.readdirSync(state.path).sort(), [...CA_FILES, "lock"].sort());
      assert.equal(modeOf(state.path), 0o700);
      assert.equal(modeOf(state.issuerKeyFile), 0o600);
      assert.equal(modeOf(join(state.path, "lock")), 0o600);
      const again = await (await open(directory)).createAuthority(makeNothing);
      assert.equal(again.created, false);
      assert.equal(again.authority.rootSha256, made.authority.rootSha256);
      assert.equal((await state.loadAuthority())?.rootSha256, made.authority.rootSha256);
    }));

  test("loading takes no lock and writes nothing", () =>
    withAuthority(async (state) => {
      fs.unlinkSync(join(state.path, "lock"));
      await state.loadAuthority();
      assert.deepEqual(fs.readdirSync(state.path).sort(), CA_FILES);
    }));

  test("asking in a directory without a CA leaves it as it is", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory);
      fs.mkdirSync(state.path, { mode: 0o700 });
      assert.equal(await state.loadAuthority(), undefined);
      assert.deepEqual(fs.readdirSync(state.path), []);
    }));

  test("leaves nothing when making it fails", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory);
      await assert.rejects(state.createAuthority(() => Promise.reject(new Error("no entropy"))));
      assert.deepEqual(fs.readdirSync(state.path), ["lock"]);
      assert.equal((await state.createAuthority(makeHierarchy)).created, true);
    }));

  test("what is no CA is not kept: it is checked like any other", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory);
      const [one, two] = [await makeHierarchy(), await makeHierarchy()];
      const mixed = () => Promise.resolve({ ...one, issuerKey: two.issuerKey });
      await rejectsWith("CA_MISMATCH", state.createAuthority(mixed));
    }));
});

describe("a CA of which something is missing", () => {
  for (let missing = 1; missing < 7; missing++) {
    const gone = CA_FILES.filter((_, bit) => (missing & (1 << bit)) !== 0);
    test(`is refused and left as it is: without ${gone.join(", ")}`, () =>
      withAuthority(async (state) => {
        for (const name of gone) fs.unlinkSync(join(state.path, name));
        const before = read(state);
        const error = await rejectsWith("CA_INCOMPLETE", state.loadAuthority());
        for (const name of CA_FILES) assert.ok(error.message.includes(`"${name}"`), error.message);
        assert.ok(error.hints.some((hint) => hint.includes("backup") && hint.includes(gone[0]!)));
        assert.ok(error.hints.some((hint) => hint.endsWith("uninstall --purge")));
        assert.ok(error.hints.some((hint) => hint.includes("issued again")));
        await rejectsWith("CA_INCOMPLETE", state.createAuthority(makeNothing));
        assert.deepEqual(read(state), before);
      }));
  }

  test("names the directory in the hints where it is not the usual one", () =>
    withAuthority(async (state) => {
      fs.unlinkSync(state.rootFile);
      const error = await rejectsWith("CA_INCOMPLETE", state.loadAuthority());
      assert.ok(error.hints.includes(`localtls --dir ${state.path} uninstall --purge`));
    }));
});

describe("a CA that is damaged", () => {
  const cases: [string, (text: string) => string | Uint8Array][] = [
    ["empty", () => ""],
    ["cut off in the middle", (text) => text.slice(0, text.length / 2)],
    ["cut off before its last line", (text) => text.slice(0, text.lastIndexOf("-----END"))],
    ["zeros, as after a power cut", (text) => new Uint8Array(text.length)],
    ["there twice", (text) => text + text],
    ["of another kind", (text) => text.replaceAll(/(BEGIN|END) [A-Z ]+/g, "$1 X509 CRL")],
    ["garbage between PEM lines", (text) => text.replace(/\n[^-]+\n-/, "\nAAAA\n-")],
  ];
  for (const name of CA_FILES) {
    for (const [what, damage] of cases) {
      test(`is refused, naming the file: ${name} is ${what}`, () =>
        withAuthority(async (state) => {
          const path = join(state.path, name);
          fs.writeFileSync(path, damage(fs.readFileSync(path, "utf8")));
          const before = read(state);
          const error = await rejectsWith("CA_MISMATCH", state.loadAuthority());
          assert.ok(error.message.includes(`"${name}" is damaged: `), error.message);
          await rejectsWith("CA_MISMATCH", state.createAuthority(makeNothing));
          assert.deepEqual(read(state), before);
        }));
    }

    test(`is refused: ${name} is another CA's`, () =>
      withAuthority(async (state) => {
        await withAuthority(async (other) => {
          fs.copyFileSync(join(other.path, name), join(state.path, name));
          const error = await rejectsWith("CA_MISMATCH", state.loadAuthority());
          assert.match(error.message, /^Cannot use the CA in "[^"]+": the /);
          assert.ok(error.hints.length >= 3);
        });
      }));

    test(`is fine with CRLF, a byte order mark and text around: ${name}`, () =>
      withAuthority(async (state, rootSha256) => {
        const path = join(state.path, name);
        const text = fs.readFileSync(path, "utf8").replaceAll("\n", "\r\n");
        fs.writeFileSync(path, `\uFEFF${text}\r\n`);
        assert.equal((await state.loadAuthority())?.rootSha256, rootSha256);
      }));

    test(`is refused before reading: ${name} is huge`, () =>
      withAuthority(async (state) => {
        fs.truncateSync(join(state.path, name), 200 * 1024 * 1024);
        await rejectsWith("FILE_TOO_LARGE", state.loadAuthority());
      }));
  }

  test("is refused: an end-entity certificate as root", () =>
    withAuthority(async (state) => {
      fs.copyFileSync(state.issuerFile, state.rootFile);
      await rejectsWith("CA_MISMATCH", state.loadAuthority());
    }));
});

describe("a state directory that others can get at", () => {
  const cases: [string, (state: StateDirectory) => string, RegExp][] = [
    ["the directory is 0777", (s) => chmod(s.path, 0o777), /^chmod 700 /],
    ["the directory is 0770", (s) => chmod(s.path, 0o770), /^chmod 700 /],
    ["the key is 0644", (s) => chmod(s.issuerKeyFile, 0o644), /^chmod 600 /],
    ["the key is 0640", (s) => chmod(s.issuerKeyFile, 0o640), /^chmod 600 /],
    ["the root is 0666", (s) => chmod(s.rootFile, 0o666), /^chmod go-w /],
    ["the issuer is 0664", (s) => chmod(s.issuerFile, 0o664), /^chmod go-w /],
    ["the key is a symlink", (s) => link(s.issuerKeyFile), /^ls -la /],
    ["the root is a symlink", (s) => link(s.rootFile), /^ls -la /],
    ["the directory is a symlink", (s) => link(s.path), /^localtls --dir /],
    ["the key is a directory", (s) => directory(s.issuerKeyFile), /^ls -la /],
  ];
  for (const [what, spoil, hint] of cases) {
    test(`is refused with the way out: ${what}`, () =>
      withAuthority(async (state) => {
        const path = spoil(state);
        const error = await rejectsWith("STATE_UNSAFE", state.loadAuthority());
        assert.ok(error.message.startsWith(`Cannot use "${path}": `), error.message);
        assert.match(error.hints[0] ?? "", hint);
        assert.ok(error.hints[0]?.includes(path));
        await rejectsWith("STATE_UNSAFE", state.createAuthority(makeNothing));
      }));
  }

  test("is refused before a CA is made in it", () =>
    withScratchDirectory(async (scratch) => {
      const state = await open(scratch);
      fs.mkdirSync(state.path);
      fs.chmodSync(state.path, 0o777);
      await rejectsWith("STATE_UNSAFE", state.createAuthority(makeNothing));
      assert.deepEqual(fs.readdirSync(state.path), []);
    }));

  test("may be read by others, and reached through a symlink further up", () =>
    withAuthority(async (state, rootSha256) => {
      fs.chmodSync(state.path, 0o755);
      const parent = join(state.path, "..");
      const user = { home: parent, name: "ann", isRoot: false, byRoot: false };
      fs.symlinkSync(parent, `${parent}-link`);
      try {
        const same = await openStateDirectory(host, user, `${parent}-link/state/`);
        assert.equal((await same.loadAuthority())?.rootSha256, rootSha256);
      } finally {
        fs.unlinkSync(`${parent}-link`);
      }
    }));

  test("is refused where the lock or a ledger is a symlink, whose target stays", () =>
    withScratchDirectory(async (scratch) => {
      const state = await open(scratch);
      fs.mkdirSync(state.path, { mode: 0o700 });
      fs.writeFileSync(join(scratch, "victim"), "untouched");
      fs.symlinkSync(join(scratch, "victim"), join(state.path, "lock"));
      fs.symlinkSync(join(scratch, "victim"), join(state.path, "trusted.jsonl"));
      await rejectsWith("STATE_UNSAFE", state.createAuthority(makeNothing));
      await rejectsWith("STATE_UNSAFE", state.trusted.read());
      assert.equal(fs.readFileSync(join(scratch, "victim"), "utf8"), "untouched");
    }));
});

describe("purge()", () => {
  test("removes what localtls made, and the directory", () =>
    withAuthority(async (state) => {
      fs.writeFileSync(join(state.path, "issued.jsonl"), "");
      fs.mkdirSync(join(state.path, "anchors"));
      fs.writeFileSync(join(state.path, "anchors", `${"a".repeat(64)}.pem`), "");
      fs.mkdirSync(join(state.path, ".new-00"));
      fs.writeFileSync(join(state.path, ".new-00", "issuer-key.pem"), "");
      fs.writeFileSync(join(state.path, ".new-00", ".localtls-0123456789abcdef"), "");
      const planned = await state.purge({ dryRun: true });
      assert.ok(fs.existsSync(state.issuerKeyFile));
      assert.equal(planned[0], state.issuerKeyFile);
      const removed = await state.purge();
      for (const path of planned) assert.ok(removed.includes(path), path);
      assert.equal(fs.existsSync(state.path), false);
      assert.equal(removed.at(-1), state.path);
      assert.deepEqual(await state.purge(), []);
    }));

  test("leaves and names what is not ours", () =>
    withAuthority(async (state) => {
      fs.writeFileSync(join(state.path, "notes.txt"), "mine");
      fs.mkdirSync(join(state.path, "anchors"));
      fs.writeFileSync(join(state.path, "anchors", "mine.pem"), "");
      await state.purge();
      assert.deepEqual(fs.readdirSync(state.path).sort(), ["anchors", "notes.txt"]);
      assert.deepEqual(
        await state.foreignFiles(),
        ["anchors", "notes.txt"].map((name) => join(state.path, name)),
      );
    }));

  test("clears away a CA that cannot be used any more", () =>
    withAuthority(async (state) => {
      fs.unlinkSync(state.rootFile);
      fs.writeFileSync(state.issuerFile, "");
      await state.purge();
      assert.equal((await state.createAuthority(makeHierarchy)).created, true);
    }));

  test("removes a symlink, not what it points to", () =>
    withAuthority(async (state) => {
      const victim = join(state.path, "..", "victim");
      fs.writeFileSync(victim, "untouched");
      fs.unlinkSync(state.rootFile);
      fs.symlinkSync(victim, state.rootFile);
      await state.purge();
      assert.equal(fs.readFileSync(victim, "utf8"), "untouched");
    }));
});

function chmod(path: string, mode: number): string {
  fs.chmodSync(path, mode);
  return path;
}

function link(path: string): string {
  fs.renameSync(path, `${path}.real`);
  fs.symlinkSync(`${path}.real`, path);
  return path;
}

function directory(path: string): string {
  fs.unlinkSync(path);
  fs.mkdirSync(path);
  return path;
}

function read(state: StateDirectory): Record<string, string> {
  const names = fs.readdirSync(state.path).filter((name) => name !== "lock");
  return Object.fromEntries(
    names.map((name) => [name, fs.readFileSync(join(state.path, name), "base64")]),
  );
}
