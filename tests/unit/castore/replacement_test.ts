import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fs from "node:fs";
import { join } from "node:path";
import { parsePlan, swapFileFor } from "../../../src/castore/replacement_plan.ts";
import { openStateDirectory } from "../../../src/castore/state_directory.ts";
import { createNodeHost } from "../../../src/host/node_host.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { makeHierarchy } from "../../support/hierarchy.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

const SHA = "ab".repeat(32);

function plan(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    request: ["ca", "rotate"],
    root: SHA,
    formerRoot: SHA,
    files: [swapFileFor("/srv/tls/a.test.pem")],
    issued: [],
    formerlyIssued: [],
    ...changes,
  });
}

describe("the journal of a replacement", () => {
  test("is read as it was written", () => {
    const read = parsePlan(plan());
    assert.deepEqual(read?.request, ["ca", "rotate"]);
    assert.equal(read?.files[0]?.place, "/srv/tls/a.test.pem");
    assert.match(read?.files[0]?.fresh ?? "", /^\/srv\/tls\/\.localtls-new-[0-9a-f]{16}$/);
    assert.match(read?.files[0]?.former ?? "", /^\/srv\/tls\/\.localtls-old-[0-9a-f]{16}$/);
  });

  test("has copies that stand beside their file, in the root directory and on Windows too", () => {
    assert.match(swapFileFor("/a.pem").fresh, /^\/\.localtls-new-/);
    assert.match(swapFileFor("C:\\tls\\a.pem").fresh, /^C:\\tls\\\.localtls-new-/);
    assert.ok(parsePlan(plan({ files: [swapFileFor("C:\\tls\\a.pem")] })));
  });

  const good = swapFileFor("/srv/a.pem");
  const copy = ".localtls-new-0011223344556677";
  const bad: [string, string][] = [
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["a root that is no fingerprint", plan({ root: "x" })],
    ["no files", plan({ files: undefined })],
    ["a relative place", plan({ files: [{ ...good, place: "a.pem" }] })],
    ["a copy elsewhere", plan({ files: [{ ...good, fresh: `/etc/${copy}` }] })],
    ["a copy below", plan({ files: [{ ...good, fresh: `/srv/sub/${copy}` }] })],
    ["a copy above", plan({ files: [{ ...good, former: `/srv/../${copy}` }] })],
    ["a copy that is another file", plan({ files: [{ ...good, former: "/srv/passwd" }] })],
    ["a copy without its digits", plan({ files: [{ ...good, fresh: "/srv/.localtls-new-" }] })],
    ["a line that is no event", plan({ issued: [{ event: "issued" }] })],
    ["a former line that is no event", plan({ formerlyIssued: [1] })],
    ["a request that is no list of words", plan({ request: [1] })],
  ];
  for (const [name, text] of bad) {
    test(`is refused: ${name}`, () => assert.equal(parsePlan(text), undefined));
  }
});

describe("a CA in a state directory", () => {
  const user = (directory: string) => ({
    home: directory,
    name: "ann",
    isRoot: false,
    byRoot: false,
  });
  const open = (directory: string, answer?: string) => {
    const asked: string[] = [];
    const password = answer === undefined ? undefined : () => {
      asked.push(answer);
      return Promise.resolve(answer);
    };
    const host = createNodeHost();
    const state = openStateDirectory(host, user(directory), join(directory, "state"), password);
    return { state, asked };
  };

  test("with an encrypted key is loaded without its password, and signs with it", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory).state;
      await state.createAuthority(makeHierarchy);
      await state.changeAuthority(async ({ readKey, writeKey }) => {
        await writeKey((await readKey()).pkcs8, "secret");
      });
      assert.equal(fs.lstatSync(state.issuerKeyFile).mode & 0o777, 0o600);
      const right = open(directory, "secret");
      const { issuerKey } = (await (await right.state).loadAuthority())!;
      assert.deepEqual(right.asked, []);
      assert.ok(typeof issuerKey === "function");
      assert.equal((await issuerKey()).extractable, false);
      await issuerKey();
      assert.equal(right.asked.length, 1, "it is asked for more than once");

      const wrong = (await (await open(directory, "guess").state).loadAuthority())!.issuerKey;
      assert.ok(typeof wrong === "function");
      await rejectsWith("PASSWORD_WRONG", wrong());
      const nobody = (await (await open(directory).state).loadAuthority())!.issuerKey;
      assert.ok(typeof nobody === "function");
      await rejectsWith("CONFIRMATION_NEEDED", nobody());
    }));

  test("with another CA's encrypted key is found out when that is used", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory).state;
      await state.createAuthority(makeHierarchy);
      const other = await makeHierarchy();
      await state.changeAuthority(({ writeKey }) => writeKey(other.issuerKey, "secret"));
      const { issuerKey } = (await (await open(directory, "secret").state).loadAuthority())!;
      assert.ok(typeof issuerKey === "function");
      await rejectsWith("CA_MISMATCH", issuerKey());
    }));

  test("is not changed where there is none, and nothing is made", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory).state;
      await rejectsWith("CA_MISSING", state.changeAuthority(() => Promise.resolve()));
      assert.deepEqual(fs.readdirSync(directory), []);
    }));

  test("that is about to be replaced is the old one, until the files are swapped", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory).state;
      const { authority: old } = await state.createAuthority(makeHierarchy);
      const hierarchy = await makeHierarchy();
      const next = await openAuthority(hierarchy);
      const empty = { files: [], issued: [], formerlyIssued: [] };
      const plan = {
        request: ["ca", "rotate"],
        root: next.rootSha256,
        formerRoot: old.rootSha256,
        ...empty,
      };
      const loaded = async () => (await (await open(directory).state).loadAuthority())?.rootSha256;
      await state.changeAuthority(async (change) => {
        await change.stage(hierarchy, undefined, plan);
        assert.equal(await loaded(), old.rootSha256);
        await change.prepare(plan, []);
        assert.equal(await loaded(), old.rootSha256);
      });
      assert.deepEqual(await state.interruptedChange(), ["ca", "rotate"]);
      await state.changeAuthority((change) => change.swap(change.left!));
      assert.equal(await loaded(), next.rootSha256);
      assert.deepEqual(fs.readdirSync(state.path).sort(), [
        ...["issuer-key.pem", "issuer.pem", "lock", "root.pem"],
      ]);
    }));

  test("whose replacement was interrupted is purged with it, also with a damaged journal", async () => {
    for (const damage of [false, true]) {
      await withScratchDirectory(async (directory) => {
        const state = await open(directory).state;
        const { authority } = await state.createAuthority(makeHierarchy);
        const place = join(directory, "a.pem");
        const file = swapFileFor(place);
        fs.writeFileSync(file.fresh, "new");
        const sha256 = authority.rootSha256;
        const plan = {
          request: ["ca", "rotate"],
          ...{ root: sha256, formerRoot: sha256, files: [file], issued: [], formerlyIssued: [] },
        };
        await state.changeAuthority(async (change) => {
          await change.stage(await makeHierarchy(), undefined, plan);
        });
        const journal = join(state.path, ".replacing/preparing.json");
        if (damage) fs.writeFileSync(journal, "{");
        await state.purge();
        assert.equal(fs.existsSync(state.path), false);
        assert.equal(fs.existsSync(file.fresh), damage);
      });
    }
  });

  test("is not replaced by a journal that others could have written", () =>
    withScratchDirectory(async (directory) => {
      const state = await open(directory).state;
      await state.createAuthority(makeHierarchy);
      const staged = join(state.path, ".replacing");
      fs.mkdirSync(staged, { mode: 0o700 });
      fs.writeFileSync(join(staged, "swapping.json"), plan(), { mode: 0o600 });
      fs.chmodSync(join(staged, "swapping.json"), 0o666);
      await rejectsWith("STATE_UNSAFE", state.loadAuthority());
      fs.chmodSync(join(staged, "swapping.json"), 0o600);
      fs.chmodSync(staged, 0o777);
      await rejectsWith("STATE_UNSAFE", state.loadAuthority());
    }));
});
