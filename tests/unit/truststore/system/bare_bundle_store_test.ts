import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { withoutAnchor } from "../../../../src/truststore/system/bare_bundle_store.ts";
import { createFakeHost, type FakeHost, type FakeHostOptions } from "../../../support/fake_host.ts";
import { ANCHOR_FILE, otherAnchor, peerAnchor, rootAnchor } from "../fixture_anchors.ts";
import { COREUTILS, discoverSystem, ROOT_USER } from "./fake_system.ts";

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const ID = rootAnchor.sha256.slice(0, 16);

function machine(text: string, options: FakeHostOptions = {}): FakeHost {
  return createFakeHost({
    user: ROOT_USER,
    ...options,
    files: {
      "/etc/os-release": "ID=alpine",
      [BUNDLE]: text,
      [ANCHOR_FILE]: rootAnchor.pem,
      ...options.files,
    },
  });
}

describe("a bundle without a tool", () => {
  const texts: [string, string][] = [
    ["as usual", otherAnchor.pem + peerAnchor.pem],
    ["without a line end at its end", otherAnchor.pem.trimEnd()],
    ["with CRLF line ends", otherAnchor.pem.replaceAll("\n", "\r\n")],
    ["that is empty", ""],
    ["with comments", `# Other\n${otherAnchor.pem}# end`],
  ];
  for (const [name, text] of texts) {
    test(`${name}: the certificate is appended, and taken out to the byte`, async () => {
      const host = machine(text);
      const store = await discoverSystem(host);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
      await store.add(rootAnchor);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      assert.ok(host.disk.text(BUNDLE)!.startsWith(text));
      assert.ok(host.disk.text(BUNDLE)!.endsWith(`${rootAnchor.pem}# localtls-${ID} end\n`));
      assert.equal(host.disk.get(BUNDLE)!.mode, 0o644);
      await store.remove(rootAnchor, []);
      assert.equal(host.disk.text(BUNDLE), text);
    });
  }

  test("keeps what was appended after it", async () => {
    const host = machine(otherAnchor.pem);
    const store = await discoverSystem(host);
    await store.add(rootAnchor);
    host.disk.put(BUNDLE, host.disk.text(BUNDLE)! + peerAnchor.pem);
    await store.remove(rootAnchor, []);
    assert.equal(host.disk.text(BUNDLE), otherAnchor.pem + peerAnchor.pem);
  });

  test("takes out what somebody appended by hand, as often as it is there", () => {
    const text = rootAnchor.pem + otherAnchor.pem + rootAnchor.pem + peerAnchor.pem;
    assert.equal(withoutAnchor(text, rootAnchor), otherAnchor.pem + peerAnchor.pem);
  });

  test("is not added twice", async () => {
    const host = machine(otherAnchor.pem);
    const store = await discoverSystem(host);
    await store.add(rootAnchor);
    const text = host.disk.text(BUNDLE);
    await store.add(rootAnchor);
    assert.equal(host.disk.text(BUNDLE), text);
  });

  test("without a way to root: NEEDS_ROOT with one line to paste, and nothing done", async () => {
    const host = machine(otherAnchor.pem, { user: { uid: 1000, gid: 1000 } });
    const store = await discoverSystem(host);
    await assert.rejects(store.add(rootAnchor), {
      code: "NEEDS_ROOT",
      hints: [
        `sh -c '{ echo "$1"; cat; echo "$2"; } >> "$3"' sh '# localtls-${ID} begin' ` +
        `'# localtls-${ID} end' ${BUNDLE} < ${ANCHOR_FILE} > /dev/null`,
      ],
    });
    await assert.rejects(store.remove(rootAnchor, []), {
      code: "NEEDS_ROOT",
      hints: [`sed -i '/^# localtls-${ID} begin/,/^# localtls-${ID} end$/d' ${BUNDLE}`],
    });
    assert.deepEqual(host.log, []);
  });

  test("does not let root append a copy that holds another certificate", async () => {
    const host = machine("", {
      user: { uid: 1000, gid: 1000 },
      files: { [ANCHOR_FILE]: otherAnchor.pem },
      commands: { ...COREUTILS, sh: () => assert.fail("ran") },
    });
    await assert.rejects((await discoverSystem(host)).add(rootAnchor), { code: "FILE_UNSAFE" });
  });

  test("through sudo root gets the whole bundle by a pipe", async () => {
    const host = machine(otherAnchor.pem, {
      user: { uid: 1000, gid: 1000 },
      commands: COREUTILS,
    });
    await (await discoverSystem(host)).add(rootAnchor);
    assert.equal(
      host.disk.text(BUNDLE),
      `${otherAnchor.pem}# localtls-${ID} begin\n${rootAnchor.pem}# localtls-${ID} end\n`,
    );
    assert.ok(host.commandLines.flat().every((word) => word !== ANCHOR_FILE));
  });

  test("a full disk leaves the bundle as it was", async () => {
    const host = machine(otherAnchor.pem);
    const store = await discoverSystem(host);
    host.beforeChange = () => {
      throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    };
    await assert.rejects(store.add(rootAnchor));
    assert.equal(host.disk.text(BUNDLE), otherAnchor.pem);
  });
});
