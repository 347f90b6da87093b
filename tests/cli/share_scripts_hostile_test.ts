/** install.sh of a package that was tampered with, mangled or cut off: refused, and nothing is written. */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { localtls } from "../support/localtls.ts";
import { once } from "../support/once.ts";
import { findProgram, mustRun, type ProcessResult, run } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";
import { snapshot } from "../support/scratch.ts";

const LIMIT = { timeout: 180_000 };
const ANCHORS = "/usr/local/share/ca-certificates";
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Somebody's archive and a stranger's root. */
const made = once(async () => {
  const home = freshHome();
  const shared = await share(home);
  const other = freshHome();
  const stranger = await share(other);
  return {
    home,
    directory: shared.directory,
    stranger: readFileSync(join(stranger.directory, "root.pem"), "utf8"),
  };
});

async function share(home: string): Promise<{ readonly directory: string }> {
  const env = { HOME: home };
  const issued = await localtls(["cert", "app.test"], { env, cwd: home });
  assert.equal(issued.code, 0, issued.stderr);
  const { sha256 } = (await localtls(["share", "--json", "--out", "p.zip"], { env, cwd: home }))
    .json();
  await mustRun(["python3", "-m", "zipfile", "-e", "p.zip", "."], { cwd: home });
  return { directory: join(home, `localtls-${sha256.slice(0, 8)}`) };
}

/** A copy to tamper with, and the home of whoever runs it. */
async function unpacked(): Promise<{ readonly place: string; readonly home: string }> {
  const { directory } = await made();
  const home = freshHome();
  const place = join(home, "package");
  cpSync(directory, place, { recursive: true });
  return { place, home };
}

/** Whatever the script could write to. */
const stores = (home: string) => [
  readFileSync(BUNDLE, "utf8"),
  snapshot(ANCHORS),
  snapshot("/etc/ssl/certs").size,
  snapshot(home),
];

function install(
  { place, home }: { readonly place: string; readonly home: string },
  words: readonly string[] = ["--yes"],
  path = process.env["PATH"],
): Promise<ProcessResult> {
  return run(["/bin/sh", join(place, "install.sh"), ...words], {
    env: { HOME: home, PATH: path },
    cwd: place,
    timeoutMs: 60_000,
  });
}

const PYTHON = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as old, zipfile.ZipFile(sys.argv[2], "w") as new:
    for entry in old.infolist():
        data = old.read(entry)
        new.writestr(entry, open(sys.argv[3], "rb").read() if entry.filename.endswith("/root.pem") else data)
`;

describe("install.sh", () => {
  test("of an archive in which root.pem was exchanged", LIMIT, async () => {
    const { home, directory, stranger } = await made();
    const visitor = freshHome();
    writeFileSync(join(visitor, "stranger.pem"), stranger);
    const paths = [join(home, "p.zip"), join(visitor, "p.zip"), join(visitor, "stranger.pem")];
    await mustRun(["python3", "-c", PYTHON, ...paths]);
    await mustRun(["python3", "-m", "zipfile", "-e", "p.zip", "."], { cwd: visitor });
    const place = join(visitor, directory.split("/").at(-1)!);
    assert.equal(readFileSync(join(place, "root.pem"), "utf8"), stranger);
    const unchanged = stores(visitor);
    const { code, stderr } = await install({ place, home: visitor });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /is not the certificate that this script is for/);
    assert.deepEqual(stores(visitor), unchanged);
    assert.notEqual((await run(["sha256sum", "-c", "SHA256SUMS"], { cwd: place })).code, 0);
  });

  const MANGLED: Readonly<Record<string, (pem: string, stranger: string) => string>> = {
    "with lines that end as on Windows": (pem) => pem.replaceAll("\n", "\r\n"),
    "with a byte order mark": (pem) => `\ufeff${pem}`,
    "that is cut off": (pem) => pem.slice(0, pem.length / 2),
    "without its last octet": (pem) => pem.slice(0, -1),
    "that is empty": () => "",
    "with another certificate behind it": (pem, stranger) => pem + stranger,
    "with another certificate before it": (pem, stranger) => stranger + pem,
    "of which one character is another": (pem) =>
      pem.replace(/(\n.{20})(.)/, (_all, start, one) => start + (one === "A" ? "B" : "A")),
  };
  for (const [what, mangle] of Object.entries(MANGLED)) {
    test(`with a root.pem ${what}`, LIMIT, async () => {
      const copy = await unpacked();
      const file = join(copy.place, "root.pem");
      writeFileSync(file, mangle(readFileSync(file, "utf8"), (await made()).stranger));
      const unchanged = stores(copy.home);
      const { code, stderr } = await install(copy);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /is not the certificate that this script is for/);
      assert.deepEqual(stores(copy.home), unchanged);
    });
  }

  test(
    "without root.pem, with unknown words, and without a tool that makes sums",
    LIMIT,
    async () => {
      const copy = await unpacked();
      const unchanged = stores(copy.home);
      for (const words of [["--fingerprint", "ab".repeat(32)], ["--yes", "--force"], ["ab"]]) {
        const { code, stderr } = await install(copy, words);
        assert.equal(code, 1);
        assert.match(stderr, /there is no option/);
      }
      // All that it needs but sha256sum and the like.
      const tools = join(freshHome(), "bin");
      mkdirSync(tools);
      const names = ["cut", "dirname", "grep", "id", "tr", "uname", "cp", "chmod", "mkdir"];
      for (const name of [...names, "update-ca-certificates"]) {
        symlinkSync(findProgram(name)!, join(tools, name));
      }
      const { code, stderr } = await install(copy, ["--yes"], tools);
      assert.equal(code, 1);
      assert.match(stderr, /there is no sha256sum/);
      assert.deepEqual(stores(copy.home), unchanged);
      rmSync(join(copy.place, "root.pem"));
      const gone = stores(copy.home);
      const without = await install(copy);
      assert.equal(without.code, 1);
      assert.match(without.stderr, /root\.pem is not there/);
      assert.deepEqual(stores(copy.home), gone);
    },
  );

  test(
    "cut off anywhere: never is a stranger's root written",
    LIMIT,
    async () => {
      const copy = await unpacked();
      const script = readFileSync(join(copy.place, "install.sh"), "utf8");
      const check = script.indexOf('= "$PEM_SHA256" ] || die');
      assert.ok(check > 0);
      writeFileSync(join(copy.place, "root.pem"), (await made()).stranger);
      // Everywhere in the part that runs, and here and there in the part that defines.
      const begin = script.lastIndexOf("\n", check) - 200;
      const cuts = [];
      for (let at = 0; at < begin; at += 211) cuts.push(at);
      for (let at = begin; at < script.length; at += 23) cuts.push(at);
      assert.ok(cuts.length > 60);
      const anchors = [readFileSync(BUNDLE, "utf8"), snapshot(ANCHORS)];
      for (const cut of cuts) {
        writeFileSync(join(copy.place, "install.sh"), script.slice(0, cut));
        await install(copy);
        assert.deepEqual(
          [readFileSync(BUNDLE, "utf8"), snapshot(ANCHORS)],
          anchors,
          `cut at ${cut}: ${script.slice(cut - 40, cut)}`,
        );
      }
    },
  );
});
