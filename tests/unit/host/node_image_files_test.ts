import assert from "node:assert/strict";
import {
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ImageFiles } from "../../../src/host/host.ts";
import { readWholeFile } from "../../../src/host/node_files.ts";
import { openNodeImage } from "../../../src/host/node_image_files.ts";
import { openRootDirectory, walk } from "../../../src/host/node_image_walk.ts";
import { writeWholeFile } from "../../../src/host/node_file_groups.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

/** An image with a place outside it that a hostile one wants to reach. */
async function withImage(
  work: (image: ImageFiles, root: string, outside: string) => Promise<void> | void,
): Promise<void> {
  await withScratchDirectory(async (scratch) => {
    const root = join(scratch, "image");
    const outside = join(scratch, "outside");
    mkdirSync(join(root, "etc"), { recursive: true });
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "the machine's own");
    await work(openNodeImage(root), root, outside);
  });
}

const text = (content: Uint8Array | undefined) => new TextDecoder().decode(content);

/** Nothing was made or changed out there. */
function assertUntouched(outside: string): void {
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "the machine's own");
}

describe("files of an image", () => {
  test("an absolute link starts at the image's root", async () => {
    await withImage(async (image, root) => {
      mkdirSync(join(root, "usr/share"), { recursive: true });
      symlinkSync("/usr/share", join(root, "etc/ssl"));
      await image.write("/etc/ssl/a.pem", "A", { mode: 0o644 });
      assert.equal(readFileSync(join(root, "usr/share/a.pem"), "utf8"), "A");
      assert.equal(await image.realPath("/etc/ssl/a.pem"), "/usr/share/a.pem");
      assert.equal(text(await image.read("/etc/ssl/a.pem")), "A");
      assert.equal(lstatSync(join(root, "usr/share/a.pem")).mode & 0o777, 0o644);
    });
  });

  test("dots do not lead out: neither in the path nor in a link", async () => {
    await withImage(async (image, root, outside) => {
      symlinkSync("../../../../../../outside", join(root, "etc/up"));
      symlinkSync(outside, join(root, "etc/abs"));
      for (const way of ["/etc/up", "/etc/abs", "/../outside", "/etc/../../outside"]) {
        assert.equal(await image.read(`${way}/secret`), undefined, way);
        assert.deepEqual(await image.list(way), [], way);
        assert.equal(await image.info(`${way}/secret`), undefined, way);
        assert.equal(await image.remove(`${way}/secret`), false, way);
        await rejectsWith("FILE_NOT_FOUND", image.write(`${way}/new`, "x"));
        await rejectsWith("FILE_NOT_FOUND", image.makeLink(`${way}/link`, "x"));
      }
      assertUntouched(outside);
      await image.makeDirectory("/etc/up");
      assert.ok(lstatSync(join(root, "outside")).isDirectory(), "made inside the image");
      assertUntouched(outside);
    });
  });

  test("a file that is a link is read inside the image, and never written through", async () => {
    await withImage(async (image, root, outside) => {
      symlinkSync(join(outside, "secret"), join(root, "etc/bundle"));
      assert.equal(await image.read("/etc/bundle"), undefined);
      await rejectsWith("FILE_UNSAFE", image.write("/etc/bundle", "x"));
      assert.equal(await image.remove("/etc/bundle"), true);
      assertUntouched(outside);
    });
  });

  test("links that go round in a circle end, and are said", async () => {
    await withImage(async (image, root) => {
      symlinkSync("b", join(root, "etc/a"));
      symlinkSync("a", join(root, "etc/b"));
      const error = await rejectsWith("FILE_UNSAFE", image.read("/etc/a/x"));
      assert.match(error.message, /circle/);
      await rejectsWith("FILE_UNSAFE", image.realPath("/etc/a"));
    });
  });

  test("a directory that becomes a link while it is held open gains nothing", async () => {
    await withImage((_image, root, outside) => {
      const top = openRootDirectory(root);
      walk(top, "/etc/bundle", false, ({ place }) => {
        renameSync(join(root, "etc"), join(root, "etc.before"));
        symlinkSync(outside, join(root, "etc"));
        writeWholeFile(place, "ours", { mode: 0o644 });
      });
      assertUntouched(outside);
      assert.equal(readFileSync(join(root, "etc.before/bundle"), "utf8"), "ours");
    });
  });

  test("a file that becomes a link after the look is not read", async () => {
    await withImage((_image, root, outside) => {
      writeFileSync(join(root, "etc/bundle"), "before");
      walk(openRootDirectory(root), "/etc/bundle", true, ({ place, stat }) => {
        assert.ok(stat?.isFile());
        renameSync(join(root, "etc/bundle"), join(root, "etc/other"));
        symlinkSync(join(outside, "secret"), join(root, "etc/bundle"));
        assert.throws(() => readWholeFile(place, 100, constants.O_NOFOLLOW), { code: "FILE_READ" });
        assert.equal(text(readWholeFile(place, 100)), "the machine's own", "what it is kept from");
      });
    });
  });

  test("messages name the path that people know", async () => {
    await withImage(async (image, root) => {
      mkdirSync(join(root, "etc/bundle"));
      const read = await rejectsWith("FILE_UNSAFE", image.read("/etc/bundle"));
      assert.equal(read.message, `Cannot read "${root}/etc/bundle": it is a directory`);
      const write = await rejectsWith("FILE_UNSAFE", image.write("/etc/bundle", "x"));
      assert.equal(write.message, `Cannot write "${root}/etc/bundle": it is a directory`);
      const missing = await rejectsWith("FILE_NOT_FOUND", image.write("/nowhere/x", "x"));
      assert.match(missing.message, /the directory ".*\/image\/nowhere" does not exist/);
    });
  });

  test("directories and links are made and taken back", async () => {
    await withImage(async (image, root) => {
      await image.makeDirectory("/usr/local/share", { mode: 0o755 });
      assert.equal(lstatSync(join(root, "usr/local")).mode & 0o777, 0o755);
      await image.makeLink("/usr/local/share/l", "/etc/target");
      assert.equal(readlinkSync(join(root, "usr/local/share/l")), "/etc/target");
      assert.equal(await image.readLink("/usr/local/share/l"), "/etc/target");
      assert.equal(await image.readLink("/usr/local/share"), undefined);
      await rejectsWith("FILE_WRITE", image.makeLink("/usr/local/share/l", "again"));
      assert.equal(await image.removeDirectory("/usr/local/share"), false);
      assert.equal(await image.remove("/usr/local/share/l"), true);
      assert.equal(await image.removeDirectory("/usr/local/share"), true);
    });
  });

  test("a way through a plain file leads nowhere", async () => {
    await withImage(async (image, root) => {
      writeFileSync(join(root, "etc/file"), "");
      assert.equal(await image.read("/etc/file/x"), undefined);
      await rejectsWith("FILE_NOT_FOUND", image.write("/etc/file/x", "x"));
    });
  });

  test("this machine's own root is refused under whatever name", async () => {
    await withScratchDirectory((scratch) => {
      symlinkSync("/", join(scratch, "link"));
      for (const name of ["/", "/./", "/usr/..", join(scratch, "link"), "/proc/self/root"]) {
        assert.throws(() => openNodeImage(name), { code: "USAGE" }, name);
      }
      assert.throws(() => openNodeImage(join(scratch, "missing")), { code: "FILE_NOT_FOUND" });
      writeFileSync(join(scratch, "image.tar"), "");
      assert.throws(() => openNodeImage(join(scratch, "image.tar")), { code: "FILE_UNSAFE" });
    });
  });
});
