/**
 * The real update-ca-certificates, judged by OpenSSL, curl and GnuTLS. Run by scripts/sandbox.sh.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { describe } from "node:test";
import { opensslSubjectHash } from "../../src/truststore/system/subject_hash.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { requireSandbox } from "../support/sandbox.ts";
import {
  asUser,
  asUserAtTerminal,
  change,
  findStores,
  makeCa,
  opensslAccepts,
  outcomes,
  shadow,
  testWith,
} from "./store_machine.ts";

requireSandbox();

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const ANCHORS = "/usr/local/share/ca-certificates";
const TOOL = "/usr/sbin/update-ca-certificates";
const NOBODY = 65534;
const missing = existsSync(TOOL) ? undefined : "update-ca-certificates is not installed";
const test = testWith(missing);

describe("the Debian system store, really", () => {
  test("clients refuse before, accept after, refuse again, and the bundle is the same to the byte", async () => {
    const { anchor, leaf } = await makeCa("Stores before and after");
    const stores = await findStores(["system"]);
    const before = readFileSync(BUNDLE);
    const names = readdirSync("/etc/ssl/certs").sort();
    assert.deepEqual(await opensslAccepts(leaf), { file: false, path: false });
    assert.deepEqual(await outcomes("state", stores, anchor), ["untrusted"]);

    const added = await change("add", stores, anchor);
    assert.deepEqual(added.results.map(({ outcome }) => outcome), ["added"]);
    assert.deepEqual(await opensslAccepts(leaf), { file: true, path: true });
    assert.deepEqual(await outcomes("state", stores, anchor), ["trusted"]);
    assert.deepEqual(await outcomes("add", stores, anchor), ["unchanged"]);
    const file = `${ANCHORS}/localtls-${anchor.sha256.slice(0, 16)}.crt`;
    assert.deepEqual(added.created, [file]);
    assert.equal(lstatSync(file).mode & 0o7777, 0o644);

    const removed = await change("remove", stores, anchor, added.created);
    assert.deepEqual(removed.results.map(({ outcome }) => outcome), ["removed"]);
    assert.deepEqual(await opensslAccepts(leaf), { file: false, path: false });
    assert.deepEqual(readFileSync(BUNDLE), before);
    assert.deepEqual(readdirSync("/etc/ssl/certs").sort(), names);
    assert.equal(existsSync(file), false);
    assert.deepEqual(await outcomes("remove", stores, anchor), ["absent"]);
  });

  test("an umask of 077 leaves nothing that other users cannot read", async () => {
    const { anchor } = await makeCa("Stores umask");
    const old = process.umask(0o077);
    try {
      assert.deepEqual(await outcomes("add", await findStores(["system"]), anchor), ["added"]);
    } finally {
      process.umask(old);
    }
    const seen = await asUser(NOBODY, "state", ["system"], anchor);
    assert.deepEqual(seen.map(({ outcome }) => outcome), ["trusted"]);
    await outcomes("remove", await findStores(["system"]), anchor);
  });

  test("a bundle without OpenSSL's link is broken, and mended by a repeat", async () => {
    const { anchor, leaf } = await makeCa("Stores without link");
    const stores = await findStores(["system"]);
    await change("add", stores, anchor);
    rmSync(`/etc/ssl/certs/${await opensslSubjectHash(anchor.certificate.subject)}.0`);
    assert.deepEqual(await opensslAccepts(leaf), { file: true, path: false });
    assert.deepEqual(await outcomes("state", stores, anchor), ["untrusted"]);
    assert.deepEqual(await outcomes("add", stores, anchor), ["added"]);
    assert.deepEqual(await opensslAccepts(leaf), { file: true, path: true });
    await change("remove", stores, anchor);
  });

  test("what somebody else installed under another name is found and taken out", async () => {
    const { anchor, leaf } = await makeCa("Stores by hand");
    writeFileSync(`${ANCHORS}/by hand (1).crt`, anchor.pem);
    await mustRun([TOOL]);
    const stores = await findStores(["system"]);
    assert.deepEqual(await outcomes("add", stores, anchor), ["unchanged"]);
    assert.deepEqual(await outcomes("remove", stores, anchor), ["removed"]);
    assert.deepEqual(await opensslAccepts(leaf), { file: false, path: false });
  });

  test("a tool that answers 0 and does nothing is found out", async () => {
    const { anchor, leaf } = await makeCa("Stores liar");
    const restore = shadow(TOOL, "exit 0");
    try {
      const { results } = await change("add", await findStores(["system"]), anchor);
      assert.equal(results[0]!.outcome, "failed");
      assert.match(
        results[0]!.reason!,
        /"update-ca-certificates" reported no error, and the store does not/,
      );
      assert.deepEqual(await opensslAccepts(leaf), { file: false, path: false });
    } finally {
      restore();
    }
    assert.deepEqual(await outcomes("remove", await findStores(["system"]), anchor), ["removed"]);
  });

  test("a tool that hangs is ended with its children, and named", async () => {
    const { anchor } = await makeCa("Stores hang");
    const restore = shadow(TOOL, "sleep 987 & sleep 987");
    try {
      const started = Date.now();
      const { results } = await change("add", await findStores(["system"], 1_000), anchor);
      assert.ok(Date.now() - started < 10_000);
      assert.equal(results[0]!.outcome, "failed");
      assert.match(results[0]!.reason!, /"update-ca-certificates" did not end within 1 s/);
      assert.equal((await run(["pgrep", "-f", "sleep 987"])).stdout, "");
    } finally {
      restore();
    }
    assert.deepEqual(await outcomes("remove", await findStores(["system"]), anchor), ["removed"]);
  });

  test("a tool that fails is named with its own words", async () => {
    const { anchor } = await makeCa("Stores failure");
    const restore = shadow(TOOL, "echo 'E: disk is on fire' >&2; exit 3");
    try {
      const { results } = await change("add", await findStores(["system"]), anchor);
      assert.match(results[0]!.reason!, /ended with exit code 3: E: disk is on fire$/);
    } finally {
      restore();
    }
    assert.deepEqual(await outcomes("remove", await findStores(["system"]), anchor), ["removed"]);
  });

  test("without the tool the bundle itself is used, and restored to the byte", async () => {
    const { anchor, leaf } = await makeCa("Stores without tool");
    const before = readFileSync(BUNDLE);
    const tool = readFileSync(TOOL);
    rmSync(TOOL);
    try {
      const stores = await findStores(["system"]);
      assert.deepEqual(stores.map(({ path }) => path), [BUNDLE]);
      assert.deepEqual(await outcomes("add", stores, anchor), ["added"]);
      assert.equal((await opensslAccepts(leaf)).file, true);
      assert.deepEqual(await outcomes("remove", stores, anchor), ["removed"]);
      assert.deepEqual(readFileSync(BUNDLE), before);
    } finally {
      writeFileSync(TOOL, tool, { mode: 0o755 });
    }
  });

  test("another user without sudo gets the commands, and pasted by root they do it", async () => {
    const { anchor, leaf } = await makeCa("Stores needs root");
    const restore = hideSudo();
    try {
      for (const what of ["add", "remove"] as const) {
        const [result] = await asUser(NOBODY, what, ["system"], anchor);
        assert.equal(result!.outcome, "needs-root");
        assert.match(result!.reason!, /: root is needed$/);
        await mustRun(["sh", "-c", result!.hint!]);
        const wanted = what === "add" ? "trusted" : "untrusted";
        const seen = await asUser(NOBODY, "state", ["system"], anchor);
        assert.deepEqual(seen.map(({ outcome }) => outcome), [wanted]);
        const accepted = what === "add";
        assert.deepEqual(await opensslAccepts(leaf), { file: accepted, path: accepted });
      }
    } finally {
      restore();
    }
  });

  test("another user with sudo and no password needs nothing else", async (t) => {
    if (findProgram("sudo") === undefined) return t.skip("sudo is not installed");
    const { anchor, leaf } = await makeCa("Stores sudo");
    writeFileSync("/etc/sudoers.d/localtls", "nobody ALL=(ALL) NOPASSWD: ALL\n", { mode: 0o440 });
    try {
      const added = await asUser(NOBODY, "add", ["system"], anchor);
      assert.deepEqual(added.map(({ outcome, reason }) => [outcome, reason]), [[
        "added",
        undefined,
      ]]);
      assert.deepEqual(await opensslAccepts(leaf), { file: true, path: true });
      const removed = await asUser(NOBODY, "remove", ["system"], anchor);
      assert.deepEqual(removed.map(({ outcome }) => outcome), ["removed"]);
      assert.deepEqual(await opensslAccepts(leaf), { file: false, path: false });
    } finally {
      rmSync("/etc/sudoers.d/localtls");
    }
  });

  test("at a terminal sudo asks once, for the steps that need root alone", async (t) => {
    if (findProgram("sudo") === undefined) return t.skip("sudo is not installed");
    if (findProgram("python3") === undefined) return t.skip("python3 is not installed");
    const { anchor, leaf } = await makeCa("Stores terminal");
    await mustRun(["chpasswd"], { input: "nobody:right horse\n" });
    writeFileSync("/etc/sudoers.d/localtls", "nobody ALL=(ALL) ALL\n", { mode: 0o440 });
    try {
      const wrong = await asUserAtTerminal(NOBODY, "add", ["system"], anchor, "wrong horse");
      assert.equal(wrong.results[0]!.outcome, "needs-root");
      assert.match(wrong.results[0]!.reason!, /: sudo was refused$/);
      assert.match(
        wrong.results[0]!.hint!,
        /^sudo tee \S+ < \S+ > \/dev\/null && sudo chmod 0644 \S+ && sudo update-ca-certificates$/,
      );
      assert.deepEqual(await opensslAccepts(leaf), { file: false, path: false });

      const right = await asUserAtTerminal(NOBODY, "add", ["system"], anchor, "right horse");
      assert.equal(right.results[0]!.outcome, "added", right.screen);
      assert.equal(right.screen.match(/password for nobody/g)?.length, 1);
      assert.deepEqual(await opensslAccepts(leaf), { file: true, path: true });
      await outcomes("remove", await findStores(["system"]), anchor);
    } finally {
      rmSync("/etc/sudoers.d/localtls");
    }
  });
});

/** Takes sudo and doas off PATH. */
function hideSudo(): () => void {
  const hidden = ["sudo", "doas"].flatMap((name) => {
    const path = findProgram(name);
    return path === undefined ? [] : [{ path, mode: lstatSync(path).mode }];
  });
  for (const { path } of hidden) chmodSync(path, 0);
  return () => {
    for (const { path, mode } of hidden) chmodSync(path, mode & 0o7777);
  };
}
