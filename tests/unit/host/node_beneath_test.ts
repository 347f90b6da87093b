import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Beneath, type BeneathOptions, openBeneath } from "../../../src/host/node_beneath.ts";
import { releaseDirectory } from "../../../src/host/node_held_directory.ts";

const top = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "beneath-")));
const root = join(top, "root");
fs.mkdirSync(join(root, "a/b"), { recursive: true });
fs.mkdirSync(join(top, "rooted"));
for (const path of ["root/a/b/file", "root/top", "secret", "rooted/x"]) {
  fs.writeFileSync(join(top, path), path);
}
const links: Record<string, string> = {
  "to-file": "a/b/file",
  "to-directory": "a",
  "chain": "to-directory/b",
  "absolute": join(root, "a/b/file"),
  "by-the-way": "../root/top",
  "out": "../secret",
  "out-absolute": join(top, "secret"),
  "beside": "../rooted",
  "up": "..",
  "loop": "loop",
  "nowhere": "nothing",
  "a/up": "../../secret",
  "a/inside": "../top",
};
for (const [name, target] of Object.entries(links)) fs.symlinkSync(target, join(root, name));
after(() => fs.rmSync(top, { recursive: true }));

/** What was found, closed again. */
function look(path: string, options: BeneathOptions): string | undefined {
  const found = openBeneath(root, path === "" ? [] : path.split("/"), options);
  if (found === undefined) return undefined;
  if (found.kind === "directory") {
    assert.ok(found.stats.isDirectory());
    assert.ok(fs.readdirSync(found.directory!.place).length > 0);
    releaseDirectory(found.directory!);
    return `${found.names.join("/")}/`;
  }
  const content = fs.readFileSync(found.descriptor!, "utf8");
  close(found);
  assert.equal(content, `root/${found.names.join("/")}`);
  return found.names.join("/");
}

function close({ descriptor }: Beneath): void {
  fs.closeSync(descriptor!);
}

const FOUND: Readonly<Record<string, string>> = {
  "": "/",
  "a": "a/",
  "a/b/file": "a/b/file",
  "to-file": "a/b/file",
  "to-directory": "a/",
  "chain/file": "a/b/file",
  "absolute": "a/b/file",
  "by-the-way": "top",
  "a/inside": "top",
  "to-directory/inside": "top",
};
const REFUSED = [
  "out",
  "out-absolute",
  "beside",
  "beside/x",
  "up",
  "up/secret",
  "loop",
  "nowhere",
  "nothing",
  "a/up",
  "top/x",
  "a/b/file/x",
];

for (const pin of [true, false]) {
  describe(`openBeneath() ${pin ? "by descriptors" : "by paths"}`, () => {
    for (const [path, names] of Object.entries(FOUND)) {
      test(`finds ${path || "the root"}`, () => {
        assert.equal(look(path, { links: true, pin }), names);
      });
    }
    for (const path of REFUSED) {
      test(`refuses ${path}`, () => assert.equal(look(path, { links: true, pin }), undefined));
    }
    test("follows no link at all unless it is told to", () => {
      for (const path of Object.keys(links)) {
        assert.equal(look(path, { links: false, pin }), undefined, path);
      }
      assert.equal(look("to-directory/b/file", { links: false, pin }), undefined);
    });
    test("asks about every directory from the root on, and about the names of a link", () => {
      const asked: number[] = [];
      const admits = ({ ino }: fs.Stats) => asked.push(ino) > 0;
      look("a/b/file", { links: true, pin, admits });
      assert.deepEqual(asked, ["", "a", "a/b"].map((path) => fs.statSync(join(root, path)).ino));
      const inner = fs.statSync(join(root, "a/b")).ino;
      const refuse = ({ ino }: fs.Stats) => ino !== inner;
      assert.equal(look("to-file", { links: true, pin, admits: refuse }), undefined);
      const admitsNames = (names: readonly string[]) => !names.includes("b");
      assert.equal(look("to-file", { links: true, pin, admitsNames }), undefined);
      assert.equal(look("to-directory", { links: true, pin, admitsNames }), "a/");
    });
    test("leaves no descriptor open", () => {
      const count = () => fs.readdirSync("/proc/self/fd").length;
      if (!fs.existsSync("/proc/self/fd")) return;
      const before = count();
      for (let i = 0; i < 50; i++) {
        for (const path of [...Object.keys(FOUND), ...REFUSED]) look(path, { links: true, pin });
      }
      assert.equal(count(), before);
    });
    test("opens neither pipes nor devices", () => {
      assert.equal(openBeneath("/dev", ["null"], { links: true, pin }), undefined);
    });
  });
}

test("a directory that is held stays what it is, whatever takes its place", () => {
  const found = openBeneath(root, ["a"], { links: false })!;
  fs.renameSync(join(root, "a"), join(root, "was-a"));
  fs.symlinkSync(top, join(root, "a"));
  try {
    if (!found.directory!.isPinned) return;
    assert.ok(!fs.readdirSync(found.directory!.place).includes("secret"));
  } finally {
    releaseDirectory(found.directory!);
    fs.rmSync(join(root, "a"));
    fs.renameSync(join(root, "was-a"), join(root, "a"));
  }
});
