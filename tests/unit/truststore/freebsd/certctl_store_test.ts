/**
 * FreeBSD by contract: two stand-ins for certctl that keep what its two programs keep, as far as their source says: which
 * directories they search, what they pass over, and what they take over from the last time. Trust itself is not judged.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { applyChange, type StoreResult } from "../../../../src/truststore/change.ts";
import { createElevation } from "../../../../src/truststore/elevation.ts";
import { discoverStores } from "../../../../src/truststore/families.ts";
import { findJavaTrustFiles } from "../../../../src/truststore/java/find_javas.ts";
import { freebsdJavaPlaces } from "../../../../src/truststore/java/places.ts";
import type { TrustAnchor } from "../../../../src/truststore/store.ts";
import {
  createFakeHost,
  type FakeCommand,
  type FakeHost,
  type FakeHostOptions,
} from "../../../support/fake_host.ts";
import {
  ANCHOR_FILE,
  OTHER_SUBJECT_HASH,
  otherAnchor,
  ROOT_SUBJECT_HASH,
  rootAnchor,
} from "../fixture_anchors.ts";
import { COREUTILS, ROOT_USER } from "../system/fake_system.ts";

const ANCHORS = "/usr/local/share/certs";
const FILE = `${ANCHORS}/localtls-${rootAnchor.sha256.slice(0, 16)}.crt`;
const LINK = `/etc/ssl/certs/${ROOT_SUBJECT_HASH}.0`;
const SOURCES = ["/usr/share/certs/trusted", ANCHORS];

const hashOf = (pem: string) => pem === rootAnchor.pem ? ROOT_SUBJECT_HASH : OTHER_SUBJECT_HASH;
const pemsIn = (text: string) => text.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g) ?? [];

function texts(host: FakeHost, directory: string): string[] {
  return host.disk.names(directory).map((name) => host.disk.text(`${directory}/${name}`) ?? "");
}

function build(host: FakeHost, pems: ReadonlySet<string>): void {
  for (const name of host.disk.names("/etc/ssl/certs")) host.disk.delete(`/etc/ssl/certs/${name}`);
  for (const pem of pems) host.disk.put(`/etc/ssl/certs/${hashOf(pem)}.0`, pem);
}

function trust(host: FakeHost, path: string): void {
  const [pem] = pemsIn(host.disk.text(path) ?? "");
  for (const name of host.disk.names("/etc/ssl/untrusted")) {
    const entry = `/etc/ssl/untrusted/${name}`;
    if (host.disk.text(entry) === pem) host.disk.delete(entry);
  }
}

/** Up to FreeBSD 14: empties the directory first, and passes over files without the line. */
const script: FakeCommand = (argv, _input, host) => {
  const [, verb, file] = argv;
  if (verb === "trust") trust(host, file!);
  else if (verb !== "rehash") return 64;
  const untrusted = new Set(texts(host, "/etc/ssl/untrusted"));
  const found = SOURCES.flatMap((directory) => texts(host, directory))
    .filter((text) => /^Certificate:$/m.test(text)).flatMap(pemsIn);
  if (verb === "rehash") build(host, new Set(found.filter((pem) => !untrusted.has(pem))));
  return 0;
};

/** From FreeBSD 15: what was built before is a source as well, and a bundle is built. */
const program: FakeCommand = (argv, _input, host) => {
  const [, verb, file] = argv;
  if (verb === "trust") trust(host, file!);
  else if (verb !== "rehash") return 1;
  const untrusted = new Set(texts(host, "/etc/ssl/untrusted"));
  const found = [...SOURCES, "/etc/ssl/certs"].flatMap((directory) => texts(host, directory))
    .flatMap(pemsIn);
  const pems = new Set(found.filter((pem) => !untrusted.has(pem)));
  build(host, pems);
  host.disk.put("/etc/ssl/cert.pem", [...pems].join(""));
  return 0;
};

function makeHost(certctl: FakeCommand | undefined, options: FakeHostOptions = {}): FakeHost {
  return createFakeHost({
    os: "freebsd",
    user: ROOT_USER,
    ...options,
    files: {
      "/usr/share/certs/trusted/other.pem": `Certificate:\n${otherAnchor.pem}`,
      [`/etc/ssl/certs/${OTHER_SUBJECT_HASH}.0`]: otherAnchor.pem,
      "/etc/ssl/untrusted": { type: "directory" },
      "/usr/local/share": { type: "directory" },
      [ANCHOR_FILE]: rootAnchor.pem,
      ...options.files,
    },
    commands: { ...COREUTILS, ...(certctl === undefined ? {} : { certctl }) },
  });
}

async function systemStores(host: FakeHost) {
  const user = await findTargetUser(host);
  return await discoverStores({ host, user, elevation: createElevation(host) }, ["system"]);
}

async function change(
  host: FakeHost,
  what: "add" | "remove",
  created: readonly string[] = [],
  anchor: TrustAnchor = rootAnchor,
): Promise<{ result: StoreResult; created: string[] }> {
  const made: string[] = [];
  const [result] = await applyChange({
    change: what,
    stores: await systemStores(host),
    anchor,
    createdBy: () => created,
    recordAdded: (_store, paths) => Promise.resolve(void made.push(...paths)),
    recordRemoved: () => Promise.resolve(),
  });
  return { result: result!, created: made };
}

for (const [name, certctl] of [["the script", script], ["the program in C", program]] as const) {
  describe(`certctl, ${name}`, () => {
    test("is given an anchor that it takes, and everything is taken back", async () => {
      const host = makeHost(certctl);
      const added = await change(host, "add");
      assert.equal(added.result.outcome, "added", added.result.reason ?? "");
      assert.equal(host.disk.text(LINK), rootAnchor.pem);
      assert.deepEqual(added.created, [ANCHORS, FILE]);
      assert.equal((await change(host, "add")).result.outcome, "unchanged");
      const removed = await change(host, "remove", added.created);
      assert.equal(removed.result.outcome, "removed", removed.result.reason ?? "");
      assert.equal(host.disk.text(LINK), undefined);
      assert.deepEqual(host.disk.names("/usr/local/share"), []);
      assert.equal(host.disk.text(`/etc/ssl/certs/${OTHER_SUBJECT_HASH}.0`), otherAnchor.pem);
      assert.ok(!(host.disk.text("/etc/ssl/cert.pem") ?? "").includes(rootAnchor.pem));
      assert.deepEqual(host.disk.names("/etc/ssl/untrusted"), [], "no distrust is left behind");
    });

    test("a certificate that was distrusted by hand is trusted again", async () => {
      const host = makeHost(certctl, {
        files: { [`/etc/ssl/untrusted/${ROOT_SUBJECT_HASH}.0`]: rootAnchor.pem },
      });
      const { result } = await change(host, "add");
      assert.equal(result.outcome, "added", result.reason ?? "");
      assert.ok(
        host.commandLines.some(([tool, verb]) => tool?.endsWith("certctl") && verb === "trust"),
      );
    });

    test("an ordinary user gets the commands", async () => {
      const host = makeHost(certctl, { user: { uid: 1000, gid: 1000 } });
      const { result } = await change(host, "add");
      assert.equal(result.outcome, "added", result.reason ?? "");
      const bare = createFakeHost({
        os: "freebsd",
        files: { [ANCHOR_FILE]: rootAnchor.pem, [ANCHORS]: { type: "directory" } },
        commands: { certctl },
      });
      const refused = (await change(bare, "add")).result;
      assert.equal(refused.outcome, "needs-root");
      assert.match(refused.hints!.at(-1)!, /^certctl rehash$/);
      assert.ok(refused.hints![0]!.includes(FILE));
    });
  });
}

describe("FreeBSD's system store", () => {
  test("a certctl that answers 0 and does nothing is not believed", async () => {
    const { result } = await change(makeHost(() => 0), "add");
    assert.equal(result.outcome, "failed");
    assert.match(result.reason!, /was not built with the certificate/);
    assert.equal(result.hint, "certctl rehash");
  });

  test("without certctl nothing is changed", async () => {
    const host = makeHost(undefined);
    const { result } = await change(host, "add");
    assert.equal(result.outcome, "failed");
    assert.match(result.reason!, /"certctl" is not installed/);
    assert.deepEqual(host.changedPaths, []);
  });

  test("a bundle that lacks the certificate is broken, and mended", async () => {
    const host = makeHost(program);
    await change(host, "add");
    host.disk.put("/etc/ssl/cert.pem", otherAnchor.pem);
    const [store] = await systemStores(host);
    assert.equal((await store!.state(rootAnchor)).state, "broken");
    assert.equal((await change(host, "add")).result.outcome, "added");
    assert.ok(host.disk.text("/etc/ssl/cert.pem")!.includes(rootAnchor.pem));
  });

  test("a link in the anchor's place is not written through", async () => {
    const host = makeHost(script, { files: { [FILE]: { target: "/etc/passwd" } } });
    const { result } = await change(host, "add");
    assert.equal(result.outcome, "failed");
    assert.match(result.reason!, /it is a symlink/);
  });
});

test("Javas of FreeBSD's packages are found", async () => {
  const host = createFakeHost({
    os: "freebsd",
    files: {
      "/usr/local/openjdk17/release":
        'JAVA_VERSION="17.0.15"\nIMPLEMENTOR="OpenJDK BSD Porting Team"\n',
      "/usr/local/openjdk17/lib/security/cacerts": "store",
      "/usr/local/openjdk8-jre/lib/security/cacerts": "store",
      "/usr/local/etc/lib/security/cacerts": "no Java",
    },
  });
  const found = await findJavaTrustFiles(host, await findTargetUser(host), freebsdJavaPlaces());
  assert.deepEqual(found.map(({ path }) => path), [
    "/usr/local/openjdk17/lib/security/cacerts",
    "/usr/local/openjdk8-jre/lib/security/cacerts",
  ]);
});
