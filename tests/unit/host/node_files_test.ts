import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createNodeFiles } from "../../../src/host/node_files.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

const files = createNodeFiles();
const modeOf = (path: string) => fs.lstatSync(path).mode & 0o7777;

describe("Files.write", () => {
  test("makes an owner-only file with the whole content", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "key.pem");
      await files.write(path, "secret\n");
      assert.equal(fs.readFileSync(path, "utf8"), "secret\n");
      assert.equal(modeOf(path), 0o600);
      assert.deepEqual(fs.readdirSync(directory), ["key.pem"]);
    }));

  test("gives the mode that was asked for, whatever the umask is", () =>
    withScratchDirectory(async (directory) => {
      const before = process.umask(0o077);
      try {
        await files.write(join(directory, "cert.pem"), "public", { mode: 0o644 });
      } finally {
        process.umask(before);
      }
      assert.equal(modeOf(join(directory, "cert.pem")), 0o644);
    }));

  test("leaves no permission of an earlier 0644 file on a key", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "key.pem");
      fs.writeFileSync(path, "old", { mode: 0o644 });
      const reader = fs.openSync(path, "r");
      await files.write(path, "secret");
      assert.equal(modeOf(path), 0o600);
      // Who had the old file open still sees the old file.
      assert.equal(fs.readFileSync(reader, "utf8"), "old");
      fs.closeSync(reader);
    }));

  test("writes large content whole", () =>
    withScratchDirectory(async (directory) => {
      const content = new Uint8Array(5_000_000).fill(7);
      await files.write(join(directory, "big"), content);
      assert.equal(fs.statSync(join(directory, "big")).size, content.length);
    }));

  test("takes a name of 255 octets", () =>
    withScratchDirectory(async (directory) => {
      const name = "n".repeat(255);
      await files.write(join(directory, name), "x");
      assert.deepEqual(fs.readdirSync(directory), [name]);
    }));

  for (const target of ["victim", "nowhere"]) {
    test(`refuses a symlink at the path, and leaves what it points to (${target})`, () =>
      withScratchDirectory(async (directory) => {
        fs.writeFileSync(join(directory, "victim"), "untouched");
        fs.symlinkSync(join(directory, target), join(directory, "key.pem"));
        const error = await rejectsWith(
          "FILE_UNSAFE",
          files.write(join(directory, "key.pem"), "x"),
        );
        assert.match(error.message, /"[^"]+key\.pem": it is a symbolic link$/);
        assert.equal(fs.readFileSync(join(directory, "victim"), "utf8"), "untouched");
        assert.deepEqual(fs.readdirSync(directory).sort(), ["key.pem", "victim"]);
      }));
  }

  test("refuses a directory, and leaves no temporary file", () =>
    withScratchDirectory(async (directory) => {
      fs.mkdirSync(join(directory, "key.pem"));
      await rejectsWith("FILE_UNSAFE", files.write(join(directory, "key.pem"), "x"));
      assert.deepEqual(fs.readdirSync(directory), ["key.pem"]);
    }));

  test("refuses a device", async () => {
    await rejectsWith("FILE_UNSAFE", files.write("/dev/null", "x"));
  });

  test("names the missing directory, with the command that makes it", () =>
    withScratchDirectory(async (directory) => {
      const error = await rejectsWith(
        "FILE_NOT_FOUND",
        files.write(join(directory, "no such", "key.pem"), "x"),
      );
      assert.match(error.message, /The directory "[^"]+no such" does not exist/);
      assert.deepEqual(error.hints, [`mkdir -p '${join(directory, "no such")}'`]);
    }));

  test("says so when a file stands where a directory should", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "file"), "");
      const write = files.write(join(directory, "file", "key.pem"), "x");
      assert.match((await rejectsWith("FILE_WRITE", write)).message, /Not a directory$/);
    }));

  test("fails plainly where even root cannot make files", async () => {
    const error = await rejectsWith("FILE_WRITE", files.write("/sys/localtls-test", "x"));
    assert.match(error.message, /^Cannot write "\/sys\/localtls-test": [A-Z]/);
    assert.doesNotMatch(error.message, /EACCES|EPERM|EROFS|at /);
  });

  test("removes the temporary file when the last step fails", () =>
    withScratchDirectory(async (directory) => {
      // Only root may give files away; anybody may not give them to -2.
      const owner = process.getuid?.() === 0 ? { uid: 2 ** 33, gid: 0 } : { uid: 0, gid: 0 };
      await assert.rejects(files.write(join(directory, "key.pem"), "x", { owner }));
      assert.deepEqual(fs.readdirSync(directory), []);
    }));
});

describe("Files.writeTogether", () => {
  const pair = (directory: string) => [
    { path: join(directory, "key.pem"), content: "new key" },
    { path: join(directory, "cert.pem"), content: "new certificate", mode: 0o644 },
  ];

  test("writes every file with its mode", () =>
    withScratchDirectory(async (directory) => {
      await files.writeTogether(pair(directory));
      assert.deepEqual(fs.readdirSync(directory).sort(), ["cert.pem", "key.pem"]);
      assert.equal(fs.readFileSync(join(directory, "key.pem"), "utf8"), "new key");
      assert.equal(modeOf(join(directory, "key.pem")), 0o600);
      assert.equal(modeOf(join(directory, "cert.pem")), 0o644);
    }));

  for (const what of ["a directory at", "no directory for", "a symlink at"]) {
    test(`leaves the first file as it was where there is ${what} the second's path`, () =>
      withScratchDirectory(async (directory) => {
        const [key, cert] = pair(directory);
        let path = cert!.path;
        fs.writeFileSync(key!.path, "old key");
        if (what.startsWith("a directory")) fs.mkdirSync(path);
        else if (what.startsWith("a symlink")) fs.symlinkSync("nowhere", path);
        else path = join(directory, "missing/cert.pem");
        const before = fs.readdirSync(directory);
        await assert.rejects(files.writeTogether([key!, { ...cert!, path }]), /cert\.pem/);
        assert.equal(fs.readFileSync(key!.path, "utf8"), "old key");
        assert.deepEqual(fs.readdirSync(directory), before);
      }));
  }
});

describe("Files.appendLines", () => {
  test("appends several lines at once, after one that its last writer left unfinished", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "ledger");
      fs.writeFileSync(path, "torn");
      await files.appendLines(path, ["one", "two"]);
      assert.equal(fs.readFileSync(path, "utf8"), "torn\none\ntwo\n");
    }));

  test("makes nothing for no lines, and refuses a line with a line end in it", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "ledger");
      await files.appendLines(path, []);
      await assert.rejects(files.appendLines(path, ["one", "two\nthree"]), { code: "INTERNAL" });
      assert.equal(fs.existsSync(path), false);
    }));
});

describe("Files.writeGroups", () => {
  test("writes every group that can be written, and says of each other what is wrong", () =>
    withScratchDirectory(async (directory) => {
      const at = (name: string) => join(directory, name);
      fs.writeFileSync(at("old"), "old");
      fs.mkdirSync(at("taken"));
      const errors = await files.writeGroups([
        [{ path: at("a-key"), content: "1" }, { path: at("a"), content: "2", mode: 0o644 }],
        [{ path: at("old"), content: "new" }, { path: at("taken"), content: "x" }],
        [{ path: at("none/c"), content: "x" }],
        [{ path: at("d"), content: "4" }],
        [],
      ]);
      assert.deepEqual(errors.map((error) => error?.code), [
        undefined,
        "FILE_UNSAFE",
        "FILE_NOT_FOUND",
        undefined,
        undefined,
      ]);
      assert.match(errors[1]?.message ?? "", /taken/);
      assert.deepEqual(fs.readdirSync(directory).sort(), ["a", "a-key", "d", "old", "taken"]);
      assert.equal(fs.readFileSync(at("old"), "utf8"), "old");
      assert.deepEqual([modeOf(at("a-key")), modeOf(at("a"))], [0o600, 0o644]);
    }));
});

describe("Files.appendLine", () => {
  test("makes an owner-only file, then appends", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "ledger");
      await files.appendLine(path, "one");
      await files.appendLine(path, "two");
      assert.equal(fs.readFileSync(path, "utf8"), "one\ntwo\n");
      assert.equal(modeOf(path), 0o600);
    }));

  test("starts a line of its own after one that was torn", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "ledger");
      fs.writeFileSync(path, 'one\n{"torn":');
      await files.appendLine(path, "two");
      assert.equal(fs.readFileSync(path, "utf8"), 'one\n{"torn":\ntwo\n');
    }));

  test("follows no symlink", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "victim"), "untouched\n");
      fs.symlinkSync("victim", join(directory, "ledger"));
      await rejectsWith("FILE_UNSAFE", files.appendLine(join(directory, "ledger"), "x"));
      assert.equal(fs.readFileSync(join(directory, "victim"), "utf8"), "untouched\n");
    }));

  test("refuses a directory and a line with a line end", () =>
    withScratchDirectory(async (directory) => {
      await rejectsWith("FILE_WRITE", files.appendLine(directory, "x"));
      await rejectsWith("INTERNAL", files.appendLine(join(directory, "ledger"), "a\nb"));
      assert.deepEqual(fs.readdirSync(directory), []);
    }));
});

describe("Files.read", () => {
  test("follows a symlink, and reads files that claim to be empty", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "file"), "content");
      fs.symlinkSync("file", join(directory, "link"));
      const content = await files.read(join(directory, "link"));
      assert.equal(new TextDecoder().decode(content), "content");
      assert.ok(((await files.read("/proc/self/status"))?.length ?? 0) > 100);
    }));

  test("answers undefined for nothing, also below a plain file", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "file"), "");
      assert.equal(await files.read(join(directory, "nothing")), undefined);
      assert.equal(await files.read(join(directory, "file", "below")), undefined);
    }));

  test("refuses what is larger than the limit, and takes what is just as large", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "file");
      fs.writeFileSync(path, new Uint8Array(11));
      await rejectsWith("FILE_TOO_LARGE", files.read(path, 10));
      assert.equal((await files.read(path, 11))?.length, 11);
      await rejectsWith("FILE_TOO_LARGE", files.read("/proc/self/status", 10));
    }));

  test("refuses directories and devices without waiting for them", () =>
    withScratchDirectory(async (directory) => {
      await rejectsWith("FILE_UNSAFE", files.read(directory));
      await rejectsWith("FILE_UNSAFE", files.read("/dev/zero"));
    }));

  test("says so when symlinks go round in circles", () =>
    withScratchDirectory(async (directory) => {
      fs.symlinkSync("b", join(directory, "a"));
      fs.symlinkSync("a", join(directory, "b"));
      const error = await rejectsWith("FILE_READ", files.read(join(directory, "a")));
      assert.match(error.message, /Too many levels of symbolic links$/);
    }));
});

describe("Files, the rest", () => {
  test("info() sees the symlink, not its target", () =>
    withScratchDirectory(async (directory) => {
      fs.symlinkSync("nowhere", join(directory, "link"));
      assert.equal((await files.info(join(directory, "link")))?.type, "symlink");
      assert.equal((await files.info(directory))?.type, "directory");
      assert.equal((await files.info("/dev/null"))?.type, "other");
      assert.equal(await files.info(join(directory, "nothing")), undefined);
    }));

  test("list() is sorted, and empty for nothing and for a file", () =>
    withScratchDirectory(async (directory) => {
      for (const name of ["b", "a", "c"]) fs.writeFileSync(join(directory, name), "");
      assert.deepEqual(await files.list(directory), ["a", "b", "c"]);
      assert.deepEqual(await files.list(join(directory, "a")), []);
      assert.deepEqual(await files.list(join(directory, "nothing")), []);
    }));

  test("makeDirectory() makes all that is missing with one mode, and keeps what is there", () =>
    withScratchDirectory(async (directory) => {
      fs.mkdirSync(join(directory, "a"), { mode: 0o755 });
      fs.chmodSync(join(directory, "a"), 0o755);
      await files.makeDirectory(join(directory, "a", "b", "c"));
      assert.equal(modeOf(join(directory, "a")), 0o755);
      assert.equal(modeOf(join(directory, "a", "b")), 0o700);
      assert.equal(modeOf(join(directory, "a", "b", "c")), 0o700);
      await files.makeDirectory(join(directory, "a", "b", "c"));
    }));

  test("makeDirectory() refuses a file and a dangling symlink in the way", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "file"), "");
      fs.symlinkSync("nowhere", join(directory, "link"));
      for (const name of ["file", "link"]) {
        await assert.rejects(files.makeDirectory(join(directory, name)));
        await assert.rejects(files.makeDirectory(join(directory, name, "below")));
      }
      assert.deepEqual(fs.readdirSync(directory).sort(), ["file", "link"]);
    }));

  test("remove() takes the symlink, never its target, and refuses a directory", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "victim"), "untouched");
      fs.symlinkSync("victim", join(directory, "link"));
      assert.equal(await files.remove(join(directory, "link")), true);
      assert.equal(await files.remove(join(directory, "link")), false);
      await rejectsWith("FILE_UNSAFE", files.remove(directory));
      assert.deepEqual(fs.readdirSync(directory), ["victim"]);
    }));

  test("removeDirectory() removes only an empty one", () =>
    withScratchDirectory(async (directory) => {
      fs.mkdirSync(join(directory, "a"));
      fs.writeFileSync(join(directory, "a", "file"), "");
      assert.equal(await files.removeDirectory(join(directory, "a")), false);
      fs.unlinkSync(join(directory, "a", "file"));
      assert.equal(await files.removeDirectory(join(directory, "a")), true);
      assert.equal(await files.removeDirectory(join(directory, "a")), false);
    }));

  test("rename() replaces a file, and says what is missing", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "a"), "new");
      fs.writeFileSync(join(directory, "b"), "old");
      await files.rename(join(directory, "a"), join(directory, "b"));
      assert.equal(fs.readFileSync(join(directory, "b"), "utf8"), "new");
      await assert.rejects(
        files.rename(join(directory, "a"), join(directory, "b")),
        /Cannot rename/,
      );
    }));

  test("writable() looks at the nearest directory of a missing path", () =>
    withScratchDirectory(async (directory) => {
      fs.writeFileSync(join(directory, "file"), "");
      assert.equal(await files.writable(join(directory, "x", "y")), true);
      assert.equal(await files.writable(join(directory, "file")), true);
      assert.equal(await files.writable(join(directory, "file", "x")), false);
    }));

  test("realPath() resolves every symlink", () =>
    withScratchDirectory(async (directory) => {
      fs.mkdirSync(join(directory, "real"));
      fs.symlinkSync("real", join(directory, "link"));
      const real = fs.realpathSync(directory);
      assert.equal(await files.realPath(join(directory, "link")), join(real, "real"));
      assert.equal(await files.realPath(join(directory, "nothing")), undefined);
    }));
});
