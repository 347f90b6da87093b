/** What the other tests rely on: that nothing reaches the machine, and that no test hangs. */

import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createNetwork } from "../support/netns.ts";
import { findProgram, run, start } from "../support/processes.ts";
import {
  freshHome,
  OUTSIDE,
  removePrograms,
  requireSandbox,
  scratchDirectory,
} from "../support/sandbox.ts";
import { withTmpfs } from "../support/tmpfs.ts";

const LIMIT = { timeout: 60_000 };
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("sandbox", () => {
  for (const directory of ["/etc", "/usr/local", "/usr/bin", "/var/lib", "/root", "/run"]) {
    test(`what is written to ${directory} does not reach the machine`, () => {
      requireSandbox();
      const file = join(directory, `localtls-harness-${process.pid}`);
      writeFileSync(file, "inside");
      assert.equal(readFileSync(file, "utf8"), "inside");
      assert.ok(existsSync(join(OUTSIDE, directory)));
      assert.equal(existsSync(join(OUTSIDE, file)), false);
      rmSync(file);
    });
  }

  test("a program that is taken off stays on the machine", () => {
    assert.ok(findProgram("cksum"));
    removePrograms("cksum");
    assert.equal(findProgram("cksum"), undefined);
    assert.ok(existsSync(join(OUTSIDE, "/usr/bin/cksum")));
  });

  test("the machine's own directories can be read there, and not written", () => {
    assert.match(readFileSync(join(OUTSIDE, "/etc/passwd"), "utf8"), /^root:/m);
    assert.throws(() => writeFileSync(join(OUTSIDE, "/etc/localtls-harness"), ""), /EROFS/);
  });

  test("HOME is new and its owner's alone, and nothing of the environment names a CA", () => {
    const home = process.env["HOME"] ?? "";
    assert.equal(statSync(home).mode & 0o777, 0o700);
    assert.equal(existsSync(join(OUTSIDE, home)), false);
    const names = Object.keys(process.env);
    const foreign = names.filter((name) => /CERT|CA_BUNDLE|CAINFO|PROXY|XDG_|SUDO_/i.test(name));
    assert.deepEqual(foreign, []);
    assert.deepEqual(readdirSync(freshHome()), []);
  });

  test("requireSandbox() asks the mount table, not only the environment", LIMIT, async () => {
    const module = join(ROOT, "tests/support/sandbox.ts");
    const script = `require(${JSON.stringify(module)}).requireSandbox()`;
    const check = [process.execPath, "--eval", script];
    assert.equal((await run(check)).code, 0);
    const uncovered = await run([
      ...["unshare", "--mount", "--propagation", "private", "sh", "-c"],
      `umount --lazy /etc && exec "$@"`,
      "sh",
      ...check,
    ]);
    assert.notEqual(uncovered.code, 0);
    assert.match(uncovered.stderr, /Not inside the sandbox: \/etc would be changed/);
    const unnamed = await run(check, { env: { LOCALTLS_SANDBOX: undefined } });
    assert.notEqual(unnamed.code, 0);
  });

  test("without root, and inside another one, it ends with 77 and a sentence", LIMIT, async () => {
    const directory = scratchDirectory("script");
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, "scripts"));
    const script = join(directory, "scripts/sandbox.sh");
    copyFileSync(join(ROOT, "scripts/sandbox.sh"), script);
    const nested = await run(["bash", script, "true"]);
    assert.equal(nested.code, 77);
    assert.match(nested.stderr, /^sandbox: cannot run here: this is a sandbox already\n$/);
    // The base directory is hidden from the copy, so that it gets to the question who is asking.
    writeFileSync(
      script,
      readFileSync(script, "utf8").replace("BASE=/run/localtls", "BASE=/nowhere"),
    );
    const nobody = ["setpriv", "--reuid", "65534", "--clear-groups"];
    const refused = await run([...nobody, "bash", script, "true"], { cwd: "/" });
    assert.equal(refused.code, 77);
    assert.match(refused.stderr, /^sandbox: cannot run here: root is needed [^\n]+\n$/);
    assert.equal((await run(["bash", script])).code, 2);
  });
});

describe("test network", () => {
  test("hosts reach each other on their addresses, and nothing else", LIMIT, async () => {
    const network = await createNetwork({ server: "172.16.99.32", client: "172.16.99.40" });
    const { server, client } = network.hosts;
    try {
      const directory = scratchDirectory("files");
      writeFileSync(join(directory, "hello"), "hello");
      const listener = ["python3", "-m", "http.server", "8000", "--bind", server.address];
      server.spawn(listener, { cwd: directory });
      await server.listening(8000);
      const curl = ["curl", "-sS", "--max-time", "3"];
      const answered = await client.exec([...curl, "http://172.16.99.32:8000/hello"]);
      assert.equal(answered.stdout, "hello");
      // 192.0.2.0/24 is for documentation (RFC 5737): without a route there is no attempt.
      assert.notEqual((await client.exec([...curl, "http://192.0.2.1/"])).code, 0);
      assert.equal((await run([...curl, "http://172.16.99.32:8000/hello"])).stdout, "");
    } finally {
      await network.close();
    }
    assert.equal((await server.exec(["true"])).code, 1, "the namespace has gone");
  });
});

describe("processes and disks", () => {
  test("a program that hangs is ended with all that it started", LIMIT, async () => {
    const result = await run(["sh", "-c", "sleep 301 & sleep 302"], { timeoutMs: 300 });
    assert.deepEqual([result.code, result.timedOut], [124, true]);
    const stopped = start(["sh", "-c", "trap '' TERM; sleep 303 & wait; wait"]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal((await stopped.stop()).code, 137);
    const { stdout } = await run(["ps", "-eo", "args"]);
    assert.doesNotMatch(stdout, /^sleep 30[123]$/m);
  });

  test("a small disk gets full, and read-only, and goes away", async () => {
    const mounted = await withTmpfs("64k", (directory, remount) => {
      const fill = () => writeFileSync(join(directory, "large"), new Uint8Array(65_537));
      assert.throws(fill, /ENOSPC/);
      remount("ro");
      assert.throws(() => writeFileSync(join(directory, "small"), ""), /EROFS/);
      return Promise.resolve(directory);
    });
    assert.deepEqual(readdirSync(mounted), []);
  });
});
