/**
 * `npm run build -- --all`: every target's executable is built once, and judged by readers that were not written for
 * the build: sha256sum, LLVM, openssl, a verifier of signatures, and the executables themselves.
 */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { sha256OfFile } from "../../scripts/build/checksums.ts";
import { artefactNames } from "../../scripts/build/release_build.ts";
import { readLock, runtimePath } from "../../scripts/build/runtimes.ts";
import { binaryName, TARGETS } from "../../scripts/build/targets.ts";
import { VERSION } from "../../src/version.ts";
import { BUN, copyCheckout, ROOT, runBuild, targetOf } from "../support/build_runs.ts";
import { verifyMachO } from "../support/macho_verifier.ts";
import { once } from "../support/once.ts";

// Not in the temporary directory, which the sandbox keeps in memory: this is a gigabyte.
const WORK = join(ROOT, ".cache", "cross-build-test");
const OUT = join(WORK, "out");
const LIMIT = { timeout: 600_000 };

const QEMU = "/usr/bin/qemu-aarch64-static";
const ARM_LIBRARIES = "/usr/aarch64-linux-gnu";
const OBJDUMP = "/usr/bin/llvm-objdump";

after(() => rmSync(WORK, { recursive: true, force: true }));

const built = once(() => {
  rmSync(WORK, { recursive: true, force: true });
  const { code, stderr, stdout } = runBuild(ROOT, ["--all", "--no-archives", "--out", OUT]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "");
  return Promise.resolve(stderr);
});

const binary = (name: string): string => join(OUT, binaryName(targetOf(name)));

describe("npm run build -- --all", () => {
  test(
    "writes an executable for every target, the list of components, and no others",
    LIMIT,
    async () => {
      await built();
      const expected = [...artefactNames(TARGETS, false), "SHA256SUMS"].sort();
      assert.deepEqual(readdirSync(OUT).sort(), expected);
      for (const each of TARGETS) {
        assert.equal(statSync(join(OUT, binaryName(each))).mode & 0o777, 0o755);
      }
    },
  );

  test("writes checksums that sha256sum accepts, until a file is changed", LIMIT, async () => {
    await built();
    const check = () => spawnSync("sha256sum", ["-c", "--strict", "SHA256SUMS"], { cwd: OUT });
    assert.equal(check().status, 0);
    const sbom = join(OUT, "localtls.cdx.json");
    const before = readFileSync(sbom);
    appendFileSync(sbom, " ");
    assert.notEqual(check().status, 0);
    writeFileSync(sbom, before);
  });

  const formats: Readonly<Record<string, (file: Buffer) => readonly unknown[]>> = {
    linux: (file) => [file.toString("latin1", 1, 4), file.readUInt16LE(18)], // e_machine
    darwin: (file) => [file.readUInt32LE(0), file.readUInt32LE(4)], // cputype
    windows: (file) => {
      const header = file.readUInt32LE(0x3c);
      return [file.toString("latin1", header, header + 2), file.readUInt16LE(header + 4)];
    },
  };
  const machines: Readonly<Record<string, readonly unknown[]>> = {
    "linux-x64": ["ELF", 62],
    "linux-arm64": ["ELF", 183],
    "linux-x64-musl": ["ELF", 62],
    "linux-arm64-musl": ["ELF", 183],
    "darwin-x64": [0xfeedfacf, 0x01000007],
    "darwin-arm64": [0xfeedfacf, 0x0100000c],
    "windows-x64": ["PE", 0x8664],
    "windows-arm64": ["PE", 0xaa64],
  };
  for (const { name, os } of TARGETS) {
    test(`builds for the machine that the name says, for ${name}`, LIMIT, async () => {
      await built();
      const file = readFileSync(binary(name));
      assert.deepEqual(formats[os]!(file), machines[name]);
      if (os === "linux") {
        const loader = /\/lib\w*\/ld-[\w.-]+\.so\.\d/.exec(file.toString("latin1", 0, 4096))?.[0];
        assert.equal(loader?.includes("ld-musl-"), name.endsWith("-musl"), `it loads ${loader}`);
      }
      assert.equal(file.indexOf(ROOT), -1, "the path of the checkout is in it");
    });
  }
});

describe("the executables", () => {
  const runs: readonly (readonly [string, readonly string[], boolean])[] = [
    ["linux-x64", [], process.arch === "x64"],
    ["linux-arm64", [QEMU, "-L", ARM_LIBRARIES], existsSync(QEMU) && existsSync(ARM_LIBRARIES)],
  ];
  for (const [name, emulator, possible] of runs) {
    const skip = possible ? false : "needs qemu-user-static and libc6-arm64-cross";
    test(`issue a certificate that openssl accepts, from their bytecode, on ${name}`, {
      ...LIMIT,
      skip,
    }, async () => {
      await built();
      const state = join(WORK, `state-${name}`);
      const out = join(WORK, `certificates-${name}`);
      mkdirSync(out, { recursive: true });
      const run = (...args: string[]) => {
        const [command, ...rest] = [...emulator, binary(name), ...args, "--dir", state];
        const env = { ...process.env, BUN_JSC_reportBytecodeCacheDecodeTimes: "1" };
        const result = spawnSync(command!, rest, { encoding: "utf8", env });
        assert.equal(result.status, 0, result.stdout + result.stderr);
        return result.stdout + result.stderr;
      };
      assert.match(run("version"), new RegExp(VERSION.replaceAll(".", "\\.")));
      const said = run("cert", "localhost", "--out", out);
      // A runtime that refused the bytecode would parse the source, and say nothing here.
      assert.match(said, /BytecodeCache: decoded \/\$bunfs\/root\/localtls /);
      const [root, leaf] = [join(state, "root.pem"), join(out, "localhost.pem")];
      execFileSync("openssl", ["verify", "-CAfile", root, "-untrusted", leaf, leaf], {
        stdio: "ignore",
      });
    });
  }

  for (const name of ["darwin-x64", "darwin-arm64"]) {
    test(`are signed ad hoc, every page of them, for ${name}`, LIMIT, async () => {
      await built();
      const file = readFileSync(binary(name));
      const { signature, problems } = verifyMachO(file);
      assert.deepEqual(problems, []);
      assert.ok(signature.pages > 20_000, `${signature.pages} pages`);
      for (const part of [0.1, 0.5, 0.999]) {
        const at = Math.floor(signature.codeLimit * part);
        file[at]! ^= 1;
        assert.deepEqual(verifyMachO(file).problems, [
          `page ${Math.floor(at / 4096)} does not have its hash`,
        ]);
        file[at]! ^= 1;
      }
    });

    const skip = existsSync(OBJDUMP) ? false : "needs llvm-objdump";
    test(`have headers that LLVM reads, for ${name}`, { ...LIMIT, skip }, async () => {
      await built();
      const path = binary(name);
      const headers = execFileSync(OBJDUMP, ["--macho", "--private-headers", path], {
        encoding: "utf8",
        maxBuffer: 64 << 20,
      });
      const [, offset, size] =
        /LC_CODE_SIGNATURE[^]*?dataoff (\d+)\s+datasize (\d+)/.exec(headers) ?? [];
      assert.equal(Number(offset) + Number(size), statSync(path).size);
    });
  }

  test("of Intel's Macs would not be valid as Bun leaves them", LIMIT, async () => {
    await built();
    const intel = targetOf("darwin-x64");
    const runtime = await runtimePath(readLock(), intel);
    const path = join(WORK, "unsigned");
    const entry = join(WORK, "entry.ts");
    writeFileSync(entry, `console.log(${JSON.stringify("x".repeat(1 << 16))});\n`);
    execFileSync(BUN, [
      "build",
      "--compile",
      "--target=bun-darwin-x64",
      `--compile-executable-path=${runtime}`,
      entry,
      "--outfile",
      path,
    ], { stdio: "ignore" });
    const { problems } = verifyMachO(readFileSync(path));
    assert.match(problems.join("\n"), /page 0 does not have its hash/);
  });
});

describe("the list of components", () => {
  test(
    "names what the program imports and Bun, and no tool that only builds or tests",
    LIMIT,
    async () => {
      await built();
      const { components } = JSON.parse(readFileSync(join(OUT, "localtls.cdx.json"), "utf8"));
      const purls: string[] = components.map(({ purl }: { purl: string }) =>
        purl.replace(/@[^@]+$/, "")
      );
      for (
        const name of ["%40stricli/core", "%40peculiar/webcrypto", "tldts", "%40oven/bun-linux-x64"]
      ) {
        assert.ok(purls.includes(`pkg:npm/${name}`), name);
      }
      const lock = readLock() as Readonly<Record<string, { readonly dev?: boolean }>>;
      for (const purl of purls.filter((each) => !each.startsWith("pkg:npm/%40oven/"))) {
        const path = `node_modules/${decodeURIComponent(purl.slice("pkg:npm/".length))}`;
        assert.equal(lock[path]?.dev ?? false, false, purl);
      }
    },
  );
});

describe("a second build, from another directory and in another time zone,", () => {
  test("gives the same bytes", LIMIT, async () => {
    await built();
    const copy = join(WORK, "another", "checkout");
    copyCheckout(copy);
    mkdirSync(join(copy, "node_modules"));
    // The large ones only build; what is bundled is copied, so that no link leads back here.
    for (const name of readdirSync(join(ROOT, "node_modules"))) {
      const [from, to] = [join(ROOT, "node_modules", name), join(copy, "node_modules", name)];
      if (["bun", "@oven"].includes(name)) symlinkSync(from, to);
      else if (!/^(?:deno|@deno|typescript|@typescript|\.bin)$/.test(name)) {
        cpSync(from, to, { recursive: true });
      }
    }
    symlinkSync(join(ROOT, ".cache/runtimes"), join(copy, ".cache/runtimes"));
    const names = ["linux-arm64", "darwin-x64", "windows-x64"];
    const out = join(WORK, "second");
    const args = ["--target", names.join(), "--no-archives", "--out", out];
    const { code, stderr } = runBuild(copy, args, { TZ: "Asia/Tokyo", LANG: "ja_JP.UTF-8" });
    assert.equal(code, 0, stderr);
    for (const name of names) {
      const file = binaryName(targetOf(name));
      assert.equal(sha256OfFile(join(out, file)), sha256OfFile(join(OUT, file)), file);
    }
  });
});
