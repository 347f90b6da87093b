/**
 * `--root DIR` as a user meets it: the answers, the ledger, and who may change what.
 *
 * @module
 */

import assert from "node:assert/strict";
import { chownSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { treeOf } from "../support/file_tree.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { findProgram, mustRun, run, start, waitFor } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { makeScratch, modeOf } from "../support/scratch.ts";

requireSandbox();

const BUNDLE = "etc/ssl/certs/ca-certificates.crt";
const USER = 4321;

/**
 * Puts a link in the place of a directory and the directory back, as fast as it can. What was made anew where the
 * directory was missing for a moment goes.
 */
const SWAPPER = `
import os, shutil, sys
place, outside = sys.argv[1:]
real = place + ".real"
while True:
    try:
        os.rename(place, real)
        os.symlink(outside, place)
        os.remove(place)
        os.rename(real, place)
    except OSError:
        if os.path.islink(place):
            os.remove(place)
        elif os.path.isdir(real):
            shutil.rmtree(place, ignore_errors=True)
        if os.path.isdir(real) and not os.path.lexists(place):
            os.rename(real, place)
`;

/** Whether a look at the bundle by its path ends outside of the image. */
async function meetsTheLink(root: string): Promise<boolean> {
  for (let look = 0; look < 200; look++) {
    const text = await readFile(join(root, BUNDLE), "utf8").catch(() => "");
    if (text.startsWith("the machine")) return true;
  }
  return false;
}

/** A system with little in it. */
function makeImage(): string {
  const root = join(scratchDirectory("image"), "root");
  mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
  mkdirSync(join(root, "usr/local/share/ca-certificates"), { recursive: true });
  writeFileSync(join(root, "etc/os-release"), 'NAME="Debian GNU/Linux"\nID=debian\n');
  writeFileSync(join(root, BUNDLE), "# comment in Latin-1: \xe9\n", "latin1");
  return root;
}

const outcomesOf = (document: { stores: { outcome: string }[] }) =>
  document.stores.map(({ outcome }) => outcome);

describe("trust --root", () => {
  test("answers as always, keeps a ledger, and takes all of it back", async () => {
    const [scratch, root] = [makeScratch(), makeImage()];
    await scratch.run(["cert", "localhost"]);
    const before = treeOf(root);
    const planned = (await scratch.run(["trust", "--root", root, "--dry-run", "--json"])).json();
    assert.deepEqual(treeOf(root), before);
    const added = (await scratch.run(["trust", "--root", root, "--json"])).json();
    assert.equal(added.image, root);
    assert.deepEqual(outcomesOf(added), ["added"]);
    assert.equal(added.stores[0].path, join(root, "usr/local/share/ca-certificates"));
    for (const { type, path } of planned.planned) {
      assert.equal(type, "write");
      assert.ok(lstatSync(path), path);
    }
    const status = await scratch.run(["status", "--root", root, "--json"]);
    assert.equal(status.code, 0);
    assert.deepEqual(outcomesOf(status.json()), ["trusted"]);
    const [line] = readFileSync(join(scratch.state, "trusted.jsonl"), "utf8").split("\n");
    assert.equal(JSON.parse(line!).root, root);

    const machine = (await scratch.run(["status", "--stores", "system", "--json"])).json();
    assert.deepEqual(outcomesOf(machine), ["untrusted"], "an image is not this machine");
    const elsewhere = await scratch.run(["untrust", "--stores", "system", "--json"]);
    assert.deepEqual(outcomesOf(elsewhere.json()), ["absent"], "nor is it changed unasked");

    const removed = (await scratch.run(["untrust", "--root", root, "--json"])).json();
    assert.deepEqual(outcomesOf(removed), ["removed"]);
    assert.deepEqual(treeOf(root), before, "to the byte, also what is no UTF-8");
    assert.equal((await scratch.run(["status", "--root", root])).code, 1);
  });

  test("relative paths and links to the directory mean the same image", async () => {
    const [scratch, root] = [makeScratch(), makeImage()];
    await scratch.run(["cert", "localhost"]);
    await mustRun(["ln", "-s", root, join(scratch.work, "link")]);
    const added = (await scratch.run(["trust", "--root", "./link", "--json"])).json();
    assert.equal(added.image, root);
    assert.deepEqual(
      outcomesOf((await scratch.run(["untrust", "--root", root, "--json"])).json()),
      [
        "removed",
      ],
    );
  });

  test("somebody else's certificate, and the command that takes it back", async () => {
    const [scratch, root] = [makeScratch(), makeImage()];
    await scratch.run(["cert", "localhost"]);
    const other = makeScratch();
    await other.run(["cert", "localhost"]);
    const file = join(other.state, "root.pem");
    const before = treeOf(root);
    const refused = await scratch.run(["trust", file, "--root", root]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /without a confirmation/);
    const { stdout } = await scratch.run(["trust", file, "--root", root, "--yes"]);
    const undo = /To undo: localtls (.*)$/m.exec(stdout)?.[1];
    assert.ok(undo !== undefined, stdout);
    assert.equal((await scratch.run(undo.split(" "))).code, 0);
    assert.deepEqual(treeOf(root), before);
  });

  test("works as the owner of the directory, whose files stay theirs", async () => {
    const root = makeImage();
    await mustRun(["chown", "-R", `${USER}:${USER}`, root]);
    await mustRun(["chmod", "0755", join(root, "..")]);
    const scratch = makeScratch();
    chownSync(scratch.home, USER, USER);
    chownSync(scratch.work, USER, USER);
    const prefix = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
    await scratch.run(["cert", "localhost"], { prefix });
    const { code, stderr } = await scratch.run(["trust", "--root", root], { prefix });
    assert.equal(code, 0, stderr);
    assert.match(treeOf(root)[`/${BUNDLE}`]!, new RegExp(` ${USER}:${USER} `));
  });

  test("root leaves what it makes to the neighbours' owner", async () => {
    const [scratch, root] = [makeScratch(), makeImage()];
    await mustRun(["chown", "-R", `${USER}:${USER}`, root]);
    await scratch.run(["cert", "localhost"]);
    await scratch.run(["trust", "--root", root]);
    for (const [path, entry] of Object.entries(treeOf(root))) {
      if (!entry.startsWith("link")) assert.match(entry, new RegExp(` ${USER}:${USER}`), path);
    }
    assert.equal(modeOf(join(root, BUNDLE)), 0o644);
  });

  test("an image that belongs to root is needs-root for others, and nothing is changed", async () => {
    const root = makeImage();
    await mustRun(["chmod", "0755", join(root, "..")]);
    const scratch = makeScratch();
    chownSync(scratch.home, USER, USER);
    chownSync(scratch.work, USER, USER);
    const prefix = ["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups"];
    await scratch.run(["cert", "localhost"], { prefix });
    const before = treeOf(root);
    const refused = await scratch.run(["trust", "--root", root, "--json"], { prefix });
    assert.equal(refused.code, 3);
    assert.deepEqual(outcomesOf(refused.json()), ["needs-root"]);
    assert.deepEqual(treeOf(root), before);
  });

  test("what is no image is refused, with what to do", async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "localhost"]);
    const empty = scratchDirectory("empty");
    const cases: [string[], number, RegExp][] = [
      [["--root", "/"], 2, /this machine's own\n.*hint: Leave out --root/],
      [["--root", "/usr/.."], 2, /this machine's own/],
      [["--root", "/nonexistent"], 1, /it is not there/],
      [["--root", LOCALTLS], 1, /no directory\n.*hint: Unpack or mount/],
      [["--root", empty], 1, /neither \/etc nor \/usr nor \/bin/],
      [["--root", ""], 2, /empty path/],
      [["--root", makeImage(), "--stores", "nss"], 2, /--stores nss with --root/],
    ];
    for (const command of ["trust", "untrust", "status"]) {
      for (const [args, code, message] of cases) {
        const result = await scratch.run([command, ...args]);
        assert.equal(result.code, code, `${command} ${args.join(" ")}: ${result.stderr}`);
        assert.match(result.stderr, message);
      }
    }
    assert.deepEqual(treeOf(empty), treeOf(scratchDirectory("empty")));
  });

  test("uninstall takes images back; one that is gone is absent, one not mounted keeps its entry", async () => {
    const scratch = makeScratch();
    const [kept, gone, unmounted] = [makeImage(), makeImage(), makeImage()];
    await scratch.run(["cert", "localhost"]);
    const before = treeOf(kept);
    for (const root of [kept, gone, unmounted]) await scratch.run(["trust", "--root", root]);
    rmSync(gone, { recursive: true });
    rmSync(unmounted, { recursive: true });
    mkdirSync(unmounted);
    const result = await scratch.run(["uninstall", "--stores", "system", "--json"]);
    assert.equal(result.code, 3, result.stderr);
    const outcomeOf = (root: string) =>
      result.json().stores.find(({ path }: { path: string }) => path.startsWith(root))?.outcome;
    assert.equal(outcomeOf(kept), "removed");
    assert.equal(outcomeOf(gone), "absent");
    assert.equal(outcomeOf(unmounted), "unavailable");
    assert.deepEqual(treeOf(kept), before);
    rmSync(unmounted, { recursive: true });
    assert.equal((await scratch.run(["uninstall", "--stores", "system"])).code, 0);
  });

  test("a new CA leaves images alone, and status says which still trust the former root", async () => {
    const [scratch, root] = [makeScratch(), makeImage()];
    await scratch.run(["cert", "localhost"]);
    const before = treeOf(root);
    await scratch.run(["trust", "--root", root]);
    const rotated = await scratch.run(["ca", "rotate", "--yes", "--stores", "system"]);
    assert.equal(rotated.code, 0, rotated.stderr);
    const { todo } = (await scratch.run(["status", "--stores", "system", "--json"])).json();
    const command = todo.map((item: { command: string }) => item.command)
      .find((line: string) => line.includes("--root"));
    assert.match(command, /^localtls untrust [0-9a-f]{64} --root /);
    assert.equal(
      (await run([LOCALTLS, ...command.split(" ").slice(1)], {
        env: { HOME: scratch.home },
      })).code,
      0,
    );
    assert.deepEqual(treeOf(root), before);
  });

  test("somebody who swaps a directory for a link all the time gets nothing out of it", {
    timeout: 120_000,
  }, async (t) => {
    if (findProgram("python3") === undefined) return t.skip("python3 is not installed");
    const [scratch, root] = [makeScratch(), makeImage()];
    await scratch.run(["cert", "localhost"]);
    const outside = scratchDirectory("outside");
    writeFileSync(join(outside, "ca-certificates.crt"), "the machine's own\n");
    const before = treeOf(outside);
    const attack = start(["python3", "-c", SWAPPER, join(root, "etc/ssl/certs"), outside]);
    try {
      // What a program that goes by paths would meet: before that the attack proves nothing.
      await waitFor("the attack to begin", () => meetsTheLink(root), 60_000);
      for (let round = 0; round < 25; round++) {
        await scratch.run(["trust", "--root", root]);
        await scratch.run(["untrust", "--root", root]);
      }
      await waitFor("the attack to go on", () => meetsTheLink(root), 60_000);
    } finally {
      await attack.stop();
    }
    assert.deepEqual(treeOf(outside), before);
    // The attacker's own link may still stand.
    const { "/etc/ssl/certs": _, ...others } = treeOf(root);
    assert.doesNotMatch(JSON.stringify(others), /outside/);
  });
});
