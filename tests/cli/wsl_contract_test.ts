/**
 * The built program in what looks like WSL: a kernel's name, an interop handler, wslpath, and a certutil.exe with a
 * memory, all made of shell. A contract of commands and paths; whether Windows then trusts is for Windows.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeScratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };
const ENTER = fileURLToPath(new URL("../support/fake_wsl/enter.sh", import.meta.url));

/** A home, and what the Windows around it holds. */
function makeWsl(files: Readonly<Record<string, string>> = { interop: "enabled\n" }) {
  const scratch = makeScratch();
  const setup = join(scratch.home, "setup");
  const windows = join(setup, "windows");
  mkdirSync(windows, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(setup, name), content);
  return {
    ...scratch,
    set: (name: string, content: string) => writeFileSync(join(windows, name), content),
    roots: (location: "user" | "machine") => readdirSync(join(windows, location)),
    calls: () => readFileSync(join(windows, "calls"), "utf8").trim().split("\n"),
    windows,
    run: async (...args: string[]) =>
      await scratch.run([...args, "--stores", "windows"], {
        prefix: ["unshare", "--mount", "--propagation", "private", "bash", ENTER, setup],
        // Of its own: in WSL the programs of Windows stand on PATH, under sudo they do not.
        env: { WSL_DISTRO_NAME: "Test" },
        timeoutMs: 60_000,
      }),
  };
}

function derOf(pem: string): string {
  return execFileSync("openssl", ["x509", "-in", pem, "-outform", "DER"]).toString("base64");
}

describe("WSL: command contract, not Windows", SLOW, () => {
  test(
    "setup trusts in Windows too, repeated it changes nothing, uninstall takes it back",
    SLOW,
    async () => {
      const wsl = makeWsl();
      const first = await wsl.run("setup", "localhost", "--json");
      assert.equal(first.code, 0, first.stderr);
      assert.deepEqual(first.json().stores, [{
        kind: "windows",
        label: "Windows (user Root store)",
        path: "Cert:\\CurrentUser\\Root",
        outcome: "added",
      }]);
      const [held, ...others] = wsl.roots("user");
      assert.deepEqual(others, []);
      assert.equal(
        readFileSync(join(wsl.windows, "user", held!)).toString("base64"),
        derOf(join(wsl.state, "root.pem")),
      );
      assert.deepEqual(wsl.roots("machine"), []);

      const again = await wsl.run("setup", "localhost", "--json");
      assert.equal(again.json().stores[0].outcome, "unchanged");
      assert.equal((await wsl.run("status", "--json")).json().stores[0].outcome, "trusted");

      const undone = await wsl.run("uninstall", "--json");
      assert.equal(undone.code, 0, undone.stderr);
      assert.equal(undone.json().stores[0].outcome, "removed");
      assert.deepEqual(wsl.roots("user"), []);
      const changes = wsl.calls().filter((line) => !line.includes("-store "));
      assert.equal(changes.length, 2, changes.join("\n"));
      assert.match(changes[0]!, /^-user -addstore -f Root /);
      assert.match(changes[1]!, /^-user -delstore Root [0-9a-f]{40} $/);
    },
  );

  test("a warning that is answered with No is partial, and named", SLOW, async () => {
    const wsl = makeWsl();
    wsl.set("answer", "no");
    const result = await wsl.run("setup", "localhost", "--json");
    assert.equal(result.code, 3);
    assert.match(result.json().stores[0].reason, /not answered with Yes/);
    assert.deepEqual(wsl.roots("user"), []);
    wsl.set("answer", "yes");
    const trusted = await wsl.run("trust");
    assert.equal(trusted.code, 0, trusted.stderr);
    assert.match(
      trusted.stderr,
      /Windows asks in a window .* thumbprint [0-9A-F]{8}(?: [0-9A-F]{8}){4}/,
    );
    wsl.set("answer", "no");
    assert.equal((await wsl.run("uninstall", "--json")).code, 3);
    assert.equal(wsl.roots("user").length, 1);
  });

  test("a warning that nobody answers is not waited for without end", SLOW, async () => {
    const wsl = makeWsl();
    wsl.set("answer", "hang");
    const began = Date.now();
    const result = await wsl.run("setup", "localhost", "--json");
    assert.ok(Date.now() - began < 50_000);
    assert.equal(result.code, 3);
    assert.match(result.json().stores[0].reason, /nobody answered/);
  });

  test("a program that says yes and does nothing is not believed", SLOW, async () => {
    const wsl = makeWsl();
    wsl.set("answer", "stub");
    const result = await wsl.run("setup", "localhost", "--json");
    assert.equal(result.code, 3);
    assert.equal(result.json().stores[0].outcome, "failed");
    assert.match(result.json().stores[0].reason, /reported no error/);
  });

  test(
    "--machine needs an administrator of Windows, and uninstall finds that store, too",
    SLOW,
    async () => {
      const wsl = makeWsl();
      const refused = await wsl.run("setup", "localhost", "--machine", "--json");
      assert.equal(refused.code, 3);
      assert.equal(refused.json().stores[0].outcome, "needs-root");
      assert.match(
        refused.json().stores[0].hint,
        /^certutil\.exe -addstore -f Root \\\\wsl\.localhost\\Test\\/,
      );
      wsl.set("elevated", "");
      assert.equal(
        (await wsl.run("trust", "--machine", "--json")).json().stores[0].outcome,
        "added",
      );
      assert.equal(wsl.roots("machine").length, 1);
      const undone = await wsl.run("uninstall", "--json");
      const outcomes = undone.json().stores.map((store: { path: string; outcome: string }) =>
        `${store.path} ${store.outcome}`
      );
      assert.deepEqual(outcomes, [
        "Cert:\\LocalMachine\\Root removed",
        "Cert:\\CurrentUser\\Root removed",
      ]);
      assert.equal(undone.code, 0);
      assert.deepEqual(wsl.roots("machine"), []);
    },
  );

  test(
    "a new CA takes the old one's place in the machine's store, and opens no window",
    SLOW,
    async () => {
      const wsl = makeWsl();
      wsl.set("elevated", "");
      await wsl.run("setup", "localhost", "--machine");
      const [former] = wsl.roots("machine");
      wsl.set("answer", "no");
      const permitted = await wsl.run("ca", "permit", "example.com", "--json");
      assert.equal(permitted.code, 0, permitted.stdout + permitted.stderr);
      assert.deepEqual(wsl.roots("user"), []);
      const roots = wsl.roots("machine");
      assert.equal(roots.length, 1);
      assert.notEqual(roots[0], former);
    },
  );

  test("what cannot be reached is said, with what to do", SLOW, async () => {
    const wsl = makeWsl({ "wsl.conf": "[interop]\nenabled=false\n" });
    const result = await wsl.run("setup", "localhost", "--json");
    assert.equal(result.code, 3);
    const [store] = result.json().stores;
    assert.equal(store.outcome, "unavailable");
    assert.match(store.reason, /turned off in \/etc\/wsl\.conf/);
    assert.match(store.hint, /wsl\.exe --shutdown/);
  });

  test("dry run names the command and changes nothing", SLOW, async () => {
    const wsl = makeWsl();
    const result = await wsl.run("setup", "localhost", "--dry-run");
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /certutil\.exe -user -addstore -f Root/);
    assert.deepEqual(wsl.roots("user"), []);
  });
});

test("elsewhere there is no Windows to trust in", SLOW, async () => {
  const result = await makeScratch().run(["setup", "localhost", "--stores", "windows", "--json"]);
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(result.json().stores, []);
});
