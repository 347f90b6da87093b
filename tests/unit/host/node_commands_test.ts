import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createNodeCommands } from "../../../src/host/node_commands.ts";
import { withScratchDirectory } from "../../support/scratch_directory.ts";

const commands = createNodeCommands("linux", process.env);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const LONG = { timeoutMs: 20_000 };

/** Whether a process is there and no zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("Commands.run", () => {
  test("gives exit code, stdout and stderr", async () => {
    const result = await commands.run(["sh", "-c", "cat; echo problem >&2; exit 3"], {
      ...LONG,
      input: "from stdin",
    });
    assert.equal(result.outcome, "exited");
    assert.equal(result.code, 3);
    assert.equal(text(result.stdout), "from stdin");
    assert.equal(result.stderr, "problem\n");
  });

  test("passes arguments as they are, past every shell", async () => {
    const words = ["$(id)", "; ls", "a b", "'", "*", "-n"];
    const result = await commands.run(["printf", "%s|", ...words], LONG);
    assert.equal(text(result.stdout), words.map((word) => `${word}|`).join(""));
  });

  test("gives an empty stdin where none is given", async () => {
    const result = await commands.run(["cat"], LONG);
    assert.deepEqual([result.outcome, result.code, result.stdout.length], ["exited", 0, 0]);
  });

  test("fixes the locale, and adds variables", async () => {
    const result = await commands.run(["sh", "-c", 'echo "$LC_ALL $ADDED"'], {
      ...LONG,
      env: { ADDED: "yes" },
    });
    assert.equal(text(result.stdout), "C yes\n");
  });

  test("reports a missing tool as an outcome", async () => {
    assert.equal((await commands.run(["no-such-tool-x"], LONG)).outcome, "missing");
    assert.equal((await commands.run(["/no/such/tool"], LONG)).outcome, "missing");
    assert.equal((await commands.run([""], LONG)).outcome, "missing");
    assert.equal((await commands.run([], LONG)).outcome, "missing");
  });

  test("reports a program that the kernel cannot start", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "tool");
      fs.writeFileSync(path, "#!/no/such/interpreter\n", { mode: 0o755 });
      const result = await commands.run([path], LONG);
      assert.equal(result.outcome, "not-started");
      assert.notEqual(result.stderr, "");
    }));

  test("a timeout kills the tool and its children", () =>
    withScratchDirectory(async (directory) => {
      const path = join(directory, "pids");
      const script = `sleep 300 & echo $! >> ${path}; echo $$ >> ${path}; sleep 300`;
      const started = Date.now();
      const result = await commands.run(["sh", "-c", script], { timeoutMs: 500 });
      assert.deepEqual([result.outcome, result.code], ["timed-out", -1]);
      assert.ok(Date.now() - started < 5_000);
      const pids = fs.readFileSync(path, "utf8").trim().split("\n").map(Number);
      assert.equal(pids.length, 2);
      for (let i = 0; i < 50 && pids.some(isAlive); i++) await sleep(20);
      assert.deepEqual(pids.filter(isAlive), []);
    }));

  test("a tool that ignores SIGTERM is killed all the same", async () => {
    const result = await commands.run(["sh", "-c", "trap '' TERM INT HUP; sleep 300"], {
      timeoutMs: 300,
    });
    assert.equal(result.outcome, "timed-out");
  });

  test("does not wait for a grandchild that holds the pipes", async () => {
    const started = Date.now();
    const result = await commands.run(["sh", "-c", "sleep 30 & echo $!; exit 0"], LONG);
    assert.deepEqual([result.outcome, result.code], ["exited", 0]);
    assert.ok(Date.now() - started < 10_000);
    // It was a daemon as far as we know: alive, and ours to end.
    const pid = Number(text(result.stdout).trim());
    assert.ok(isAlive(pid));
    process.kill(pid, "SIGKILL");
  });

  test("keeps 8 MiB of a flood, and lets the tool end", async () => {
    const script = "head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2; exit 5";
    const result = await commands.run(["sh", "-c", script], LONG);
    assert.deepEqual([result.outcome, result.code], ["exited", 5]);
    assert.equal(result.stdout.length, 8 * 1024 * 1024);
    assert.equal(result.stderr.length, 8 * 1024 * 1024);
  });

  test("survives a tool that does not read its input", async () => {
    const result = await commands.run(["sh", "-c", "exec <&-; exit 4"], {
      ...LONG,
      input: new Uint8Array(4_000_000),
    });
    assert.deepEqual([result.outcome, result.code], ["exited", 4]);
  });

  test("a tool that a signal ends did not exit by itself", async () => {
    const result = await commands.run(["sh", "-c", "kill -SEGV $$"], LONG);
    assert.deepEqual([result.outcome, result.code], ["exited", -1]);
  });

  test("interactive tools still give their stdout and exit code", async () => {
    const result = await commands.run(["sh", "-c", "cat; exit 2"], {
      ...LONG,
      input: "x",
      interactive: true,
    });
    assert.deepEqual([text(result.stdout), result.code], ["x", 2]);
  });
});

describe("Commands.find", () => {
  const place = (directory: string, name: string, mode: number) => {
    fs.writeFileSync(join(directory, name), "#!/bin/sh\n");
    fs.chmodSync(join(directory, name), mode);
  };

  test("finds the first executable plain file on PATH", () =>
    withScratchDirectory(async (directory) => {
      for (const name of ["one", "two", "three"]) fs.mkdirSync(join(directory, name));
      fs.mkdirSync(join(directory, "one", "tool"));
      place(join(directory, "two"), "tool", 0o644);
      place(join(directory, "three"), "tool", 0o755);
      const PATH = ["one", "two", "three"].map((name) => join(directory, name)).join(":");
      const found = await createNodeCommands("linux", { PATH }).find("tool");
      assert.equal(found, join(directory, "three", "tool"));
    }));

  test("skips relative entries of PATH, the empty one too", () =>
    withScratchDirectory(async (directory) => {
      place(directory, "planted-tool", 0o755);
      const before = process.cwd();
      process.chdir(directory);
      try {
        for (const PATH of ["", ".", ":", "./", `..${directory}`, "::/nowhere"]) {
          const found = await createNodeCommands("linux", { PATH }).find("planted-tool");
          assert.equal(found, undefined, PATH);
        }
        assert.equal(await commands.find("./planted-tool"), undefined);
      } finally {
        process.chdir(before);
      }
    }));

  test("takes an absolute path as it is, and finds administration tools", async () => {
    assert.equal(await commands.find("/bin/sh"), "/bin/sh");
    const found = await createNodeCommands("linux", { PATH: "/nowhere" }).find("ldconfig");
    assert.match(found ?? "", /\/sbin\/ldconfig$/);
    assert.equal(await commands.find("sh\0x"), undefined);
  });
});

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe("Commands.findForRoot", () => {
  /** A directory that stands first on PATH, with programs of these names. */
  const withDecoys = (names: readonly string[], check: (directory: string) => Promise<void>) =>
    withScratchDirectory(async (directory) => {
      for (const name of names) {
        fs.writeFileSync(join(directory, name), "#!/bin/sh\n", { mode: 0o755 });
      }
      await check(directory);
    });

  test("looks in the system's own directories, whatever PATH says", () =>
    withDecoys(["sudo", "sh", "only-here-x"], async (directory) => {
      const { find, findForRoot } = createNodeCommands("linux", { PATH: directory });
      for (const name of ["sudo", "sh", "only-here-x"]) {
        assert.equal(await find(name), join(directory, name));
        const found = await findForRoot(name);
        assert.ok(!found?.startsWith(directory), `${name}: ${found}`);
      }
      assert.match(await findForRoot("sh") ?? "", /^\/(?:usr\/)?bin\/sh$/);
      assert.equal(await findForRoot("only-here-x"), undefined);
    }));

  test("does not need a PATH", async () => {
    const { findForRoot } = createNodeCommands("linux", {});
    assert.match(await findForRoot("sh") ?? "", /^\/(?:usr\/)?bin\/sh$/);
  });

  test("takes no path that others can change, and none that is relative", () =>
    withDecoys(["tool"], async (directory) => {
      const { findForRoot } = createNodeCommands("linux", { PATH: directory });
      const tool = join(directory, "tool");
      fs.chmodSync(tool, 0o777);
      assert.equal(await findForRoot(tool), undefined);
      for (const name of ["", "./sh", "bin/sh", "../bin/sh"]) {
        assert.equal(await findForRoot(name), undefined, name);
      }
      assert.equal(await findForRoot("/bin/sh"), "/bin/sh");
    }));
});
