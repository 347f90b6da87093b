import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { controlOf, isRootsAlone, isSafeForRoot } from "../../../src/host/path_control.ts";

const ANN = 54_321;
const BOB = 54_322;
/** Other owners are what this is about, and only root can make them. */
const ROOT = process.getuid?.() === 0 ? {} : { skip: "needs root, to make files of others" };

// Of root, in a sticky directory: root's alone.
const base = mkdtempSync(join(tmpdir(), "path-control-"));
after(() => rmSync(base, { recursive: true, force: true }));

let count = 0;

/** A directory of an owner's, root's by default. */
function directory(owner = 0, mode = 0o755, parent = base): string {
  const path = join(parent, `d${++count}`);
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, owner, owner);
  return path;
}

function file(parent: string, owner = 0, mode = 0o755): string {
  const path = join(parent, `f${++count}`);
  writeFileSync(path, "");
  chmodSync(path, mode);
  chownSync(path, owner, owner);
  return path;
}

function link(parent: string, target: string): string {
  const path = join(parent, `l${++count}`);
  symlinkSync(target, path);
  return path;
}

const owners = (path: string) => controlOf(path).owners.map(({ uid }) => uid);

describe("controlOf()", ROOT, () => {
  test("sees nobody but root on a way of root's, whether or not its end is there", () => {
    const place = directory();
    for (const path of [place, file(place), join(place, "missing/deeper"), "/etc/passwd"]) {
      assert.deepEqual(controlOf(path), {
        owners: [],
        isShared: false,
        followsForeignLink: false,
        realPath: controlOf(path).realPath,
      }, path);
      assert.equal(isRootsAlone(controlOf(path)), true);
    }
  });

  test("sees the owner of every directory, in order", () => {
    const anns = directory(ANN);
    const bobs = directory(BOB, 0o755, anns);
    assert.deepEqual(owners(join(bobs, "x")), [ANN, BOB]);
    // Whatever is root's below somebody else's can be exchanged with all of it.
    assert.deepEqual(owners(join(directory(0, 0o755, anns), "x")), [ANN]);
  });

  test("follows links, and says that one was not root's", () => {
    const roots = directory();
    const anns = directory(ANN);
    const foreign = controlOf(join(link(anns, roots), "x"));
    assert.deepEqual(foreign.owners.map(({ uid }) => uid), [ANN]);
    assert.equal(foreign.followsForeignLink, true);
    assert.equal(foreign.realPath, join(roots, "x"));
    const own = controlOf(join(link(directory(), anns), "x"));
    assert.deepEqual(own.owners.map(({ uid }) => uid), [ANN]);
    assert.equal(own.followsForeignLink, false);
    assert.equal(isRootsAlone(controlOf(link(directory(), roots))), true);
  });

  test("follows relative links, and those of links", () => {
    const roots = directory();
    const target = file(roots);
    const first = link(roots, target.slice(roots.length + 1));
    assert.equal(
      controlOf(link(roots, `../${roots.slice(base.length + 1)}/${first.slice(roots.length + 1)}`))
        .realPath,
      target,
    );
  });

  test("does not go round in a circle", () => {
    const roots = directory();
    const path = join(roots, "round");
    symlinkSync("round", path);
    assert.equal(isRootsAlone(controlOf(path)), true);
  });

  test("does not count the owner of a file's content, but where its entry can be exchanged", () => {
    assert.deepEqual(owners(file(directory(), ANN)), []);
    const sticky = directory(0, 0o1777);
    assert.deepEqual(owners(file(sticky, ANN)), [ANN]);
    assert.deepEqual(owners(file(sticky)), []);
  });

  test("a place where everybody can make an entry is shared; one with a sticky bit only for what is missing", () => {
    assert.equal(controlOf(join(directory(0, 0o777), "x/y")).isShared, true);
    const sticky = directory(0, 0o1777);
    assert.equal(controlOf(join(sticky, "missing")).isShared, true);
    assert.equal(controlOf(join(directory(0, 0o755, sticky), "x")).isShared, false);
    assert.deepEqual(owners(join(directory(ANN, 0o755, sticky), "x")), [ANN]);
  });

  test("a group that has members counts as everybody", () => {
    const place = directory(0, 0o775);
    // A group that no table knows is one of a directory server.
    chownSync(place, 0, 54_399);
    assert.equal(isRootsAlone(controlOf(join(place, "x"))), false);
  });

  test("of an entry that is replaced, only the way to it counts", () => {
    const roots = directory();
    const anns = directory(ANN);
    const entry = link(roots, anns);
    assert.equal(isRootsAlone(controlOf(entry, "leave")), true);
    assert.equal(isRootsAlone(controlOf(entry, "follow")), false);
    assert.deepEqual(controlOf(join(anns, "x"), "leave").owners.map(({ uid }) => uid), [ANN]);
  });

  test(".. of a link is where the link leads", () => {
    const anns = directory(ANN);
    const inner = directory(ANN, 0o755, anns);
    const path = `${link(directory(), inner)}/../x`;
    assert.deepEqual(owners(path).includes(ANN), true);
  });
});

describe("isSafeForRoot()", ROOT, () => {
  test("takes a program of the system's", () => {
    for (const path of ["/bin/sh", "/usr/bin/env"]) assert.equal(isSafeForRoot(path), true, path);
  });

  const cases: readonly (readonly [string, () => string])[] = [
    ["a program of a user's", () => file(directory(), ANN)],
    ["one that everybody can write", () => file(directory(), 0, 0o777)],
    ["one in a user's directory", () => file(directory(ANN))],
    ["one in a directory that everybody can write", () => file(directory(0, 0o777))],
    ["a link of root's to a user's program", () => link(directory(), file(directory(), ANN))],
    ["a link of a user's to root's program", () => link(directory(ANN), "/bin/sh")],
    ["a directory", () => directory()],
    ["nothing", () => join(directory(), "missing")],
  ];
  for (const [name, make] of cases) {
    test(`refuses ${name}`, () => assert.equal(isSafeForRoot(make()), false));
  }

  test("takes a link of root's to root's program", () => {
    assert.equal(isSafeForRoot(link(directory(), file(directory()))), true);
  });
});
