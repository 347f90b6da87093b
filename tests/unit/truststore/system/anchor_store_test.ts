import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LINUX_SYSTEMS } from "../../../../src/truststore/system/systems.ts";
import {
  ANCHOR_FILE,
  otherAnchor,
  peerAnchor,
  ROOT_SUBJECT_HASH,
  rootAnchor,
} from "../fixture_anchors.ts";
import {
  COREUTILS,
  discoverSystem,
  fakeSystem,
  ROOT_USER,
  systemOf,
  withoutScripts,
  writeStep,
} from "./fake_system.ts";

const ID = rootAnchor.sha256.slice(0, 16);
const DEBIAN = systemOf("debian");
const DEBIAN_FILE = `/usr/local/share/ca-certificates/localtls-${ID}.crt`;
const HASH_LINK = `/etc/ssl/certs/${ROOT_SUBJECT_HASH}.0`;

for (const system of LINUX_SYSTEMS) {
  const file = `${system.anchorDirectory}/localtls-${ID}${system.extension}`;
  const tool = `/usr/bin/${system.tool}`;

  describe(`the ${system.id} system store`, () => {
    test("as root: writes the anchor file (0644), runs the tool, and back", async () => {
      const host = fakeSystem(system, { user: ROOT_USER });
      const store = await discoverSystem(host);
      assert.equal(store.path, system.anchorDirectory);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });

      assert.deepEqual(await store.add(rootAnchor), { created: [file] });
      assert.equal(host.disk.text(file), rootAnchor.pem);
      assert.equal(host.disk.get(file)!.mode, 0o644);
      assert.deepEqual(host.commandLines, [[tool, ...system.refreshAdded.slice(1)]]);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      // In the bundle from the start, and on Debian without a link for OpenSSL.
      const other = system.hashDirectory === undefined ? "trusted" : "broken";
      assert.equal((await store.state(otherAnchor)).state, other);

      await store.remove(rootAnchor, [file]);
      assert.equal(host.disk.get(file), undefined);
      assert.deepEqual(host.commandLines.at(-1), [tool, ...system.refreshRebuild.slice(1)]);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    });

    test("through sudo: the same as single commands", async () => {
      const host = fakeSystem(system);
      const store = await discoverSystem(host);
      await store.add(rootAnchor);
      assert.equal(host.disk.text(file), rootAnchor.pem);
      await store.remove(rootAnchor, [file]);
      const sudo = ["/usr/bin/sudo", "-n", "--"];
      assert.deepEqual(withoutScripts(host.commandLines.filter((argv) => argv[2] === "--")), [
        [...sudo, ...writeStep(file, rootAnchor.pem)],
        [...sudo, tool, ...system.refreshAdded.slice(1)],
        [...sudo, "/usr/bin/rm", "-f", "--", file],
        [...sudo, tool, ...system.refreshRebuild.slice(1)],
      ]);
      assert.deepEqual(host.changedPaths, []);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    });

    test("without a way to root: NEEDS_ROOT, the exact commands, and nothing done", async () => {
      const host = fakeSystem(system, { commands: { sudo: () => 1 } });
      const store = await discoverSystem(host);
      await assert.rejects(store.add(rootAnchor), {
        code: "NEEDS_ROOT",
        hints: [
          `sudo tee ${file} < ${ANCHOR_FILE} > /dev/null`,
          `sudo chmod 0644 ${file}`,
          `sudo ${system.refreshAdded.join(" ")}`,
        ],
      });
      assert.deepEqual(host.commandLines, [["/usr/bin/sudo", "-n", "true"]]);
      assert.deepEqual(host.changedPaths, []);
    });

    test("plans the same steps without asking for root", async () => {
      const host = fakeSystem(system);
      const store = await discoverSystem(host);
      assert.deepEqual(await store.plan("add", rootAnchor), [
        { type: "write", path: file, root: true },
        { type: "run", argv: system.refreshAdded, root: true },
      ]);
      host.disk.put(file, rootAnchor.pem);
      assert.deepEqual(await store.plan("remove", rootAnchor), [
        { type: "delete", path: file, root: true },
        { type: "run", argv: system.refreshRebuild, root: true },
      ]);
      assert.deepEqual(host.log, []);
    });

    test("makes a missing directory of anchors, and takes it back", async () => {
      for (const user of [ROOT_USER, { uid: 1000, gid: 1000 }]) {
        const host = fakeSystem(system, { user });
        const store = await discoverSystem(host);
        host.disk.delete(system.anchorDirectory);
        const { created } = await store.add(rootAnchor);
        assert.deepEqual(created, [system.anchorDirectory, file]);
        assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
        await store.remove(rootAnchor, created!);
        assert.equal(host.disk.get(system.anchorDirectory), undefined);
      }
    });

    test("keeps a directory that it made once something else lives there", async () => {
      for (const user of [ROOT_USER, { uid: 1000, gid: 1000 }]) {
        const host = fakeSystem(system, { user });
        const store = await discoverSystem(host);
        await store.add(rootAnchor);
        host.disk.put(`${system.anchorDirectory}/theirs.crt`, otherAnchor.pem);
        await store.remove(rootAnchor, [system.anchorDirectory, file]);
        assert.deepEqual(host.disk.names(system.anchorDirectory), ["theirs.crt"]);
      }
    });

    test("an anchor file that the bundle was not built with is broken, and a repeat mends it", async () => {
      const host = fakeSystem(system, { user: ROOT_USER });
      const store = await discoverSystem(host);
      host.disk.put(file, rootAnchor.pem);
      const { state, reason, hint } = await store.state(rootAnchor);
      assert.equal(state, "broken");
      assert.match(reason!, /the bundle that clients read was not built with it$/);
      assert.equal(hint, system.refreshRebuild.join(" "));
      assert.deepEqual(await store.add(rootAnchor), { created: [] });
      assert.deepEqual(host.commandLines, [[tool, ...system.refreshRebuild.slice(1)]]);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    });

    test("without any bundle it is absent", async () => {
      const host = fakeSystem(system);
      for (const bundle of system.bundles) host.disk.delete(bundle);
      const store = await discoverSystem(host);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    });
  });
}

describe("the Debian system store", () => {
  test("is broken while OpenSSL's directory has no link, although the bundle has it", async () => {
    const host = fakeSystem(DEBIAN, { user: ROOT_USER });
    const store = await discoverSystem(host);
    await store.add(rootAnchor);
    host.disk.delete(HASH_LINK);
    const { state, reason, hint } = await store.state(rootAnchor);
    assert.equal(state, "broken");
    assert.match(reason!, /"\/etc\/ssl\/certs" has no link to it/);
    assert.equal(hint, "update-ca-certificates --fresh");
    await store.add(rootAnchor);
    assert.deepEqual(host.commandLines.at(-1), ["/usr/bin/update-ca-certificates", "--fresh"]);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
  });

  test("finds its link behind another subject with the same hash", async () => {
    const host = fakeSystem(DEBIAN, { user: ROOT_USER });
    const store = await discoverSystem(host);
    await store.add(rootAnchor);
    host.disk.put(HASH_LINK, otherAnchor.pem);
    assert.equal((await store.state(rootAnchor)).state, "broken");
    host.disk.put(HASH_LINK.replace(/0$/, "1"), rootAnchor.pem);
    assert.equal((await store.state(rootAnchor)).state, "trusted");
  });

  test("does not write through a symlink where its anchor file goes", async () => {
    const host = fakeSystem(DEBIAN, {
      user: ROOT_USER,
      files: { [DEBIAN_FILE]: { target: "/etc/shadow" }, "/etc/shadow": "secret" },
    });
    const store = await discoverSystem(host);
    await assert.rejects(store.add(rootAnchor), {
      code: "FILE_UNSAFE",
      hints: [`rm -- ${DEBIAN_FILE}`],
    });
    assert.equal(host.disk.text("/etc/shadow"), "secret");
    assert.deepEqual(host.log, []);
  });

  for (
    const [name, content] of [["another certificate", otherAnchor.pem], ["nothing", ""]] as const
  ) {
    test(`does not let root install a copy that holds ${name}`, async () => {
      const host = fakeSystem(DEBIAN, { files: { [ANCHOR_FILE]: content } });
      const store = await discoverSystem(host);
      await assert.rejects(store.add(rootAnchor), { code: "FILE_UNSAFE" });
      assert.equal(host.disk.get(DEBIAN_FILE), undefined);
    });

    test(`as root takes nothing from a copy that holds ${name}`, async () => {
      const host = fakeSystem(DEBIAN, { user: ROOT_USER, files: { [ANCHOR_FILE]: content } });
      const store = await discoverSystem(host);
      await store.add(rootAnchor);
      assert.equal(host.disk.text(DEBIAN_FILE), rootAnchor.pem);
      assert.ok(host.commandLines.flat().every((word) => word !== ANCHOR_FILE));
    });
  }

  test("takes out the same certificate under every name, and leaves the others", async () => {
    const directory = DEBIAN.anchorDirectory;
    const host = fakeSystem(DEBIAN, {
      user: ROOT_USER,
      files: {
        [`${directory}/by hand.crt`]: rootAnchor.pem.replaceAll("\n", "\r\n"),
        [`${directory}/team/root.crt`]: rootAnchor.pem,
        [`${directory}/team/other.crt`]: otherAnchor.pem,
      },
    });
    const store = await discoverSystem(host);
    await store.add(rootAnchor);
    await store.remove(rootAnchor, []);
    assert.deepEqual(host.disk.names(directory), ["team"]);
    assert.deepEqual(host.disk.names(`${directory}/team`), ["other.crt"]);
  });

  test("leaves a file that holds other certificates too, and says so", async () => {
    const shared = `${DEBIAN.anchorDirectory}/both.crt`;
    const host = fakeSystem(DEBIAN, {
      user: ROOT_USER,
      files: { [shared]: rootAnchor.pem + otherAnchor.pem },
    });
    const store = await discoverSystem(host);
    const { warnings } = await store.remove(rootAnchor, []);
    assert.equal(host.disk.text(shared), rootAnchor.pem + otherAnchor.pem);
    assert.deepEqual(warnings!.map(({ code }) => code), ["TRUST_ELSEWHERE"]);
  });

  test("takes nothing from a ledger but its own directories", async () => {
    const host = fakeSystem(DEBIAN, {
      user: ROOT_USER,
      files: { "/etc/empty": { type: "directory" }, "/etc/passwd": "x" },
    });
    const store = await discoverSystem(host);
    await store.remove(rootAnchor, ["/etc/empty", "/etc/passwd", "/"]);
    assert.notEqual(host.disk.get("/etc/empty"), undefined);
    assert.notEqual(host.disk.get("/etc/passwd"), undefined);
  });

  const failures: [string, "timed-out" | "missing" | 1, string][] = [
    ["hangs", "timed-out", "TOOL_TIMEOUT"],
    ["does not start", "missing", "TOOL_MISSING"],
    ["fails", 1, "TOOL_FAILED"],
  ];
  for (const [name, result, code] of failures) {
    test(`names a tool that ${name}`, async () => {
      const host = fakeSystem(DEBIAN, {
        user: ROOT_USER,
        commands: { "update-ca-certificates": () => result },
      });
      const store = await discoverSystem(host);
      await assert.rejects(store.add(rootAnchor), { code, message: /"update-ca-certificates"/ });
    });
  }

  test("a tool that answers 0 and does nothing leaves a store that says so", async () => {
    const host = fakeSystem(DEBIAN, {
      user: ROOT_USER,
      commands: { "update-ca-certificates": () => 0 },
    });
    const store = await discoverSystem(host);
    await store.add(rootAnchor);
    assert.equal((await store.state(rootAnchor)).state, "broken");
  });

  test("a bundle that is too large or not to be read makes the store unavailable", async () => {
    const bundle = DEBIAN.bundles[0]!;
    for (
      const entry of [
        { content: new Uint8Array(17 * 1024 * 1024) },
        { content: "x", mode: 0o600 },
        { type: "directory" as const },
      ]
    ) {
      const store = await discoverSystem(fakeSystem(DEBIAN, { files: { [bundle]: entry } }));
      await assert.rejects(store.state(rootAnchor), { code: "STORE_UNAVAILABLE" });
    }
  });
});

test("p11-kit's bundles take no end-entity certificate: the reason says so", async () => {
  const system = systemOf("redhat");
  const host = fakeSystem(system, {
    user: ROOT_USER,
    commands: { ...COREUTILS, "update-ca-trust": () => 0 },
  });
  const store = await discoverSystem(host);
  await store.add(peerAnchor);
  const { state, reason } = await store.state(peerAnchor);
  assert.equal(state, "broken");
  assert.match(reason!, /puts only CAs into its bundles$/);
});
