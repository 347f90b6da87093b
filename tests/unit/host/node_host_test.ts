import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createNodeHost } from "../../../src/host/node_host.ts";
import { describeSystemError, fileError } from "../../../src/host/system_error.ts";
import { quoteArgument } from "../../../src/host/shell_words.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";

const host = createNodeHost();
const MODULE = new URL("../../../src/host/node_host.ts", import.meta.url).href;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A program on the real host, run by the runtime that runs this test. */
function program(code: string): { command: string; args: string[] } {
  const script =
    `import { createNodeHost } from "${MODULE}"; const host = createNodeHost(); ${code}`;
  const isDeno = "Deno" in globalThis;
  // Bun and Deno both run TypeScript from a data URL or --eval; these are the ways that take imports.
  return {
    command: process.execPath,
    args: isDeno ? ["eval", "--ext=ts", script] : ["-e", script],
  };
}

function runProgram(code: string, input = ""): ReturnType<typeof spawnSync> {
  const { command, args } = program(code);
  return spawnSync(command, args, { input, cwd: ROOT, timeout: 30_000, encoding: "utf8" });
}

describe("output", () => {
  test("goes to its stream whole, with the exit code", () => {
    const result = runProgram(
      'host.write("stdout", "ü€\\n"); host.write("stderr", "%s\\n"); host.exit(3);',
    );
    assert.deepEqual([result.stdout, result.stderr, result.status], ["ü€\n", "%s\n", 3]);
  });

  test("of megabytes passes through a slow pipe whole", async () => {
    const { command, args } = program('host.write("stdout", "x".repeat(3e6)); host.exit(0);');
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    let length = 0;
    for await (const chunk of child.stdout) {
      length += chunk.length;
      if (length < 300_000) await host.sleep(10);
    }
    assert.equal(length, 3_000_000);
  });

  test("into a closed pipe ends quietly, with the code of SIGPIPE", async () => {
    const { command, args } = program(
      'for (let i = 0; i < 100; i++) host.write("stdout", "x".repeat(1e5)); ' +
        'host.write("stderr", "still here"); host.exit(0);',
    );
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.once("data", () => child.stdout.destroy());
    let stderr = "";
    child.stderr.on("data", (chunk) => stderr += chunk);
    assert.equal(await exitOf(child), 141);
    assert.equal(stderr, "still here");
  });

  test("into a closed pipe does not hide a failure", async () => {
    const { command, args } = program(
      'await host.sleep(300); host.write("stdout", "x"); host.exit(1);',
    );
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.destroy();
    assert.equal(await exitOf(child), 1);
  });

  test("is no terminal in a pipe, nor in /dev/null, and 80 columns wide", () => {
    const result = runProgram(
      'host.write("stdout", JSON.stringify([host.isTerminal("stdout"), host.isTerminal("stderr"), ' +
        "host.terminal.interactive, host.columns()]));",
    );
    assert.equal(result.stdout, "[false,false,false,80]");
  });
});

describe("questions", () => {
  test("are refused where nobody can answer, and not printed", () => {
    const result = runProgram(
      'try { await host.terminal.ask("Sure? "); } ' +
        'catch (error) { host.write("stdout", error.code + ": " + error.message); }',
      "yes\n",
    );
    assert.equal(result.stdout, 'CONFIRMATION_NEEDED: Cannot ask "Sure?": no terminal');
    assert.equal(result.stderr, "");
  });
});

describe("standard input", () => {
  test("is read to its end", () => {
    const result = runProgram(
      'host.write("stdout", String((await host.readStdin(1e7)).length)); host.exit(0);',
      "y".repeat(1_000_000),
    );
    assert.equal(result.stdout, "1000000");
  });

  test("larger than the limit is refused", () => {
    const result = runProgram(
      'try { await host.readStdin(10); } catch (error) { host.write("stdout", error.code); } host.exit(0);',
      "y".repeat(100_000),
    );
    assert.equal(result.stdout, "FILE_TOO_LARGE");
  });
});

describe("the host", () => {
  test("takes an empty variable for an unset one", () => {
    process.env["LOCALTLS_TEST_EMPTY"] = "";
    assert.equal(host.env("LOCALTLS_TEST_EMPTY"), undefined);
    assert.equal(host.env("LOCALTLS_TEST_UNSET"), undefined);
    assert.notEqual(host.env("PATH"), undefined);
  });

  test("computes MD5 (RFC 1321, A.5)", async () => {
    const digest = await host.md5(new TextEncoder().encode("message digest"));
    assert.equal(Buffer.from(digest).toString("hex"), "f96b697d7cb7938d525a2f31aaf161d0");
  });

  test("says when the working directory has gone", () => {
    const code = 'import * as fs from "node:fs"; const d = fs.mkdtempSync("/tmp/gone-"); ' +
      "process.chdir(d); fs.rmdirSync(d); " +
      'try { host.workingDirectory; host.write("stdout", "found"); } ' +
      'catch (error) { host.write("stdout", error.code); } host.exit(0);';
    assert.match(String(runProgram(code).stdout), /^(FILE_NOT_FOUND|found)$/);
  });
});

describe("sentences for errors", () => {
  const system = (code: string) => Object.assign(new Error(`${code}: at /x`), { code });

  test("name the path and the state, and what can be done", () => {
    const error = fileError("write", "/a b/c", system("ENOSPC"));
    assert.deepEqual(
      [error.code, error.message, error.hints],
      ["FILE_WRITE", 'Cannot write "/a b/c": No space left on device', ["df -h '/a b'"]],
    );
    assert.equal(fileError("read", "/x", system("EACCES")).code, "FILE_READ");
    assert.equal(
      fileError("write", "/x", system("EROFS")).message.slice(-21),
      "Read-only file system",
    );
  });

  test("never repeat a stack", () => {
    assert.equal(describeSystemError(new Error("one\n  at two")), "one");
    assert.equal(describeSystemError("text"), "text");
    assert.equal(describeSystemError(undefined), "undefined");
  });

  test("pass our own errors on", async () => {
    const own = await rejectsWith("FILE_UNSAFE", host.files.read("/"));
    assert.equal(fileError("write", "/other", own), own);
  });
});

test("quoteArgument() survives a shell", () => {
  for (const word of ["plain", "", "a b", "it's", "$(id)", "-n", "*", "a\nb", 'say "x"', "\\"]) {
    const result = spawnSync("sh", ["-c", `printf %s ${quoteArgument(word)}`], {
      encoding: "utf8",
    });
    assert.equal(result.stdout, word);
  }
});

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}
