import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { teeAsRoot, writeAsRoot } from "../../../src/truststore/root_file.ts";

const base = mkdtempSync(join(tmpdir(), "root-file-"));
after(() => rmSync(base, { recursive: true, force: true }));

/** Runs the step with a real shell. @returns Its exit code. */
function write(path: string, content: string, given = content): number | null {
  const step = writeAsRoot(path, content, []);
  assert.ok("argv" in step);
  const [program = "", ...args] = step.argv;
  return spawnSync(program, args, { input: given }).status;
}

let count = 0;
function directory(): string {
  const path = join(base, `d${++count}`);
  mkdirSync(path);
  return path;
}

describe("writeAsRoot(), by a real shell", () => {
  for (const name of ["x.crt", "-n", "it's $HOME; `id`", "two  blanks", "\u00e4.pem"]) {
    test(`writes ${JSON.stringify(name)} whole, for everybody to read`, () => {
      const place = directory();
      assert.equal(write(join(place, name), "content\n"), 0);
      assert.deepEqual(readdirSync(place), [name]);
      assert.equal(readFileSync(join(place, name), "utf8"), "content\n");
      assert.equal(lstatSync(join(place, name)).mode & 0o777, 0o644);
    });
  }

  test("keeps the mode of a file that is there", () => {
    const path = join(directory(), "store");
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    assert.equal(write(path, "new"), 0);
    assert.deepEqual([readFileSync(path, "utf8"), lstatSync(path).mode & 0o777], ["new", 0o640]);
  });

  for (const given of ["", "conten", "content and more"]) {
    test(`leaves everything as it was where ${given.length} octets come in place of 7`, () => {
      const place = directory();
      const path = join(place, "store");
      writeFileSync(path, "old");
      assert.notEqual(write(path, "content", given), 0);
      assert.equal(readFileSync(path, "utf8"), "old");
      assert.deepEqual(readdirSync(place), ["store"]);
    });
  }

  test("writes through no link, at its place or beside it", () => {
    const place = directory();
    const victim = join(place, "victim");
    writeFileSync(victim, "precious");
    const path = join(place, "store");
    symlinkSync(victim, path);
    symlinkSync(victim, `${path}.localtls-new`);
    assert.equal(write(path, "content"), 0);
    assert.equal(readFileSync(victim, "utf8"), "precious");
    assert.ok(lstatSync(path).isFile());
    assert.equal(readFileSync(path, "utf8"), "content");
  });

  test("fails where a directory is in its place, and leaves it empty", () => {
    const path = directory();
    assert.notEqual(write(path, "content"), 0);
    assert.deepEqual(readdirSync(path), []);
  });

  test("fails where there is no directory, and makes none", () => {
    const path = join(directory(), "missing/store");
    assert.notEqual(write(path, "content"), 0);
    assert.ok(!existsSync(join(path, "..")));
  });
});

test("teeAsRoot() lets the user's own shell open the file", () => {
  assert.deepEqual(teeAsRoot("/etc/x.crt", "/home/ann/root.pem"), [
    { argv: ["tee", "/etc/x.crt"], stdin: "/home/ann/root.pem" },
    { argv: ["chmod", "0644", "/etc/x.crt"] },
  ]);
});
