/**
 * The archives of a release, judged by Python's readers of tar, xz and ZIP.
 */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { packTarget } from "../../scripts/build/release_build.ts";
import { binaryName } from "../../scripts/build/targets.ts";
import { VERSION } from "../../src/version.ts";
import { BUN, ROOT, targetOf, TIME } from "../support/build_runs.ts";
import { withScratchDirectory } from "../support/scratch_directory.ts";

/** In place of a program: long enough to be compressed, and not all of one byte. */
const PROGRAM = Buffer.from(Array.from({ length: 1 << 16 }, (_, at) => (at >> 5) & 0xff));

/** Packs the archive of argv[1] from the directory argv[2] and prints its hash. */
const PACK = `
import { createHash } from "node:crypto";
import { packTarget } from "./scripts/build/release_build.ts";
import { selectTargets } from "./scripts/build/targets.ts";
const [name, directory, time] = process.argv.slice(-3);
const archive = await packTarget(selectTargets(name)[0], { directory, time: Number(time), notices: "" });
console.log(createHash("sha256").update(archive).digest("hex"));
`;

/** Python's own readers: names, permissions, times, owners and sizes. */
const LIST = `
import json, sys, tarfile, time, zipfile
path = sys.argv[1]
if path.endswith(".zip"):
    rows = [[i.filename, i.external_attr >> 16 & 0o777, list(i.date_time), 0, "", i.file_size] for i in zipfile.ZipFile(path).infolist()]
    assert zipfile.ZipFile(path).testzip() is None
else:
    rows = [[i.name, i.mode, i.mtime, i.uid + i.gid, i.uname + i.gname, i.size] for i in tarfile.open(path)]
print(json.dumps(rows))
`;

describe("archives", () => {
  const cases: readonly (readonly [string, string, string, unknown])[] = [
    ["linux-x64", "archive.tar.xz", "localtls", TIME],
    ["windows-x64", "archive.zip", "localtls.exe", [2026, 3, 29, 12, 0, 0]],
  ];
  for (const [name, file, program, time] of cases) {
    test(`hold the program, the licence and how to install, for ${name}`, async () => {
      await withScratchDirectory(async (directory) => {
        const target = targetOf(name);
        writeFileSync(join(directory, binaryName(target)), PROGRAM);
        const path = join(directory, file);
        const archive = Buffer.from(
          await packTarget(target, { directory, time: TIME, notices: "of others" }),
        );
        writeFileSync(path, archive);
        const rows = JSON.parse(execFileSync("python3", ["-c", LIST, path], { encoding: "utf8" }));
        const top = `localtls-${VERSION}-${name}`;
        const modes = rows.map((row: readonly unknown[]) => row.slice(0, 2));
        assert.deepEqual(modes, [
          [`${top}/LICENSE`, 0o644],
          [`${top}/README.txt`, 0o644],
          [`${top}/THIRD-PARTY-NOTICES.txt`, 0o644],
          [`${top}/${program}`, 0o755],
        ]);
        for (const [, , mtime, owner, names] of rows) {
          assert.deepEqual([mtime, owner, names], [time, 0, ""]);
        }
        assert.equal(rows[3][5], PROGRAM.length);
        assert.ok(
          archive.length < PROGRAM.length / 2,
          `${archive.length} bytes are not compressed`,
        );

        archive[archive.length >> 1]! ^= 1;
        writeFileSync(path, archive);
        const judged = spawnSync("python3", ["-c", LIST, path], { encoding: "utf8" });
        assert.notEqual(judged.status, 0, "Python finds nothing wrong with a damaged archive");
      });
    });
  }

  test("are the same bytes in every time zone and whatever xz is told elsewhere", async () => {
    await withScratchDirectory((directory) => {
      const sums = new Set<string>();
      const zones: readonly (readonly [string, string])[] = [["UTC", ""], ["Asia/Tokyo", "-9"], [
        "Europe/Rome",
        "-0",
      ], [
        "Pacific/Apia",
        "",
      ]];
      for (const name of ["darwin-arm64", "windows-arm64"]) {
        writeFileSync(join(directory, binaryName(targetOf(name))), PROGRAM);
        for (const [TZ, XZ_OPT] of zones) {
          const env = { ...process.env, TZ, XZ_OPT, XZ_DEFAULTS: XZ_OPT };
          const argv = ["--eval", PACK, name, directory, String(TIME)];
          const { status, stdout, stderr } = spawnSync(BUN, argv, {
            cwd: ROOT,
            encoding: "utf8",
            env,
          });
          assert.equal(status, 0, stderr);
          sums.add(stdout);
        }
      }
      assert.equal(sums.size, 2, [...sums].join(""));
    });
  });

  test("for Unix cannot be made without xz, and the error says how to get it", async () => {
    await withScratchDirectory((directory) => {
      writeFileSync(join(directory, binaryName(targetOf("linux-x64"))), PROGRAM);
      const argv = ["--eval", PACK, "linux-x64", directory, String(TIME)];
      const env = { ...process.env, PATH: directory };
      const { status, stderr } = spawnSync(BUN, argv, { cwd: ROOT, encoding: "utf8", env });
      assert.equal(status, 1);
      assert.match(stderr, /Cannot pack \.tar\.xz: xz cannot be run/);
      assert.match(stderr, /apt-get install xz-utils/);
    });
  });
});
