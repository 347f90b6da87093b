import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { nssFamily } from "../../../../src/truststore/nss/family.ts";
import { parseProfilesIni } from "../../../../src/truststore/nss/profiles_ini.ts";
import type { TrustStore } from "../../../../src/truststore/store.ts";
import { withScratchDirectory } from "../../../support/scratch_directory.ts";
import { rootAnchor } from "../fixture_anchors.ts";
import { contextFor, hostWith } from "./store_fixture.ts";

/** Firefox's one store in a home, with a Firefox on PATH. */
async function firefoxIn(home: string): Promise<TrustStore> {
  const host = hostWith();
  const commands = {
    ...host.commands,
    find: (name: string) =>
      Promise.resolve(name === "firefox" ? "/opt/firefox/firefox" : undefined),
  };
  const context = contextFor(home, { host: { ...host, commands } });
  const stores = await nssFamily.discover(context);
  const found = stores.filter(({ label }) => label.startsWith("Firefox"));
  assert.equal(found.length, 1);
  return found[0]!;
}

describe("the profile for a Firefox that was never started", () => {
  test("is absent, planned, made with everything that Firefox wants, and taken back", () =>
    withScratchDirectory(async (home) => {
      const root = `${home}/.mozilla/firefox`;
      const store = await firefoxIn(home);
      assert.equal(store.label, "Firefox (profile default)");
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
      const planned = (await store.plan("add", rootAnchor)).map((step) =>
        "path" in step && step.path
      );
      const { created = [] } = await store.add(rootAnchor);
      assert.deepEqual(created, [`${home}/.mozilla`, root, store.path, ...planned]);
      assert.deepEqual(
        readdirSync(store.path).sort(),
        ["cert9.db", "compatibility.ini", "key4.db"],
      );
      const [entry] = parseProfilesIni(readFileSync(`${root}/profiles.ini`, "utf8"));
      assert.equal(`${root}/${entry?.path}`, store.path);
      assert.equal(statSync(store.path).mode & 0o777, 0o700);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      // Another run finds it in profiles.ini, and knows all the same what belongs to it.
      const later = await firefoxIn(home);
      assert.equal(later.path, store.path);
      assert.deepEqual(await later.add(rootAnchor), {});
      await later.remove(rootAnchor, created);
      assert.deepEqual(readdirSync(home), []);
    }));

  test("is absent, and made again, while profiles.ini does not name it yet", () =>
    withScratchDirectory(async (home) => {
      await (await firefoxIn(home)).add(rootAnchor);
      rmSync(`${home}/.mozilla/firefox/profiles.ini`);
      const store = await firefoxIn(home);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
      const { created } = await store.add(rootAnchor);
      assert.deepEqual(created, [`${home}/.mozilla/firefox/profiles.ini`]);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    }));

  test("stays once Firefox has taken it up, without the certificate", () =>
    withScratchDirectory(async (home) => {
      const store = await firefoxIn(home);
      const { created = [] } = await store.add(rootAnchor);
      const ini = `${home}/.mozilla/firefox/profiles.ini`;
      writeFileSync(ini, readFileSync(ini, "utf8") + "[Install3B60]\nDefault=x\n");
      for (const name of ["prefs.js", "pkcs11.txt", "compatibility.ini"]) {
        writeFileSync(`${store.path}/${name}`, "[Compatibility]\nLastVersion=153\n");
      }
      const later = await firefoxIn(home);
      assert.equal(later.path, store.path);
      await later.remove(rootAnchor, created);
      assert.deepEqual(await later.state(rootAnchor), { state: "absent" });
      assert.equal(readdirSync(store.path).length, 5);
    }));

  test("is given up, and taken back, where Firefox is started in that moment", () =>
    withScratchDirectory(async (home) => {
      const host = hostWith();
      const ini = `${home}/.mozilla/firefox/profiles.ini`;
      const racing = {
        ...host,
        commands: { ...host.commands, find: () => Promise.resolve("/opt/firefox/firefox") },
        files: {
          ...host.files,
          write: async (...args: Parameters<typeof host.files.write>) => {
            await host.files.write(...args);
            // Between our last look and our writing of profiles.ini.
            if (args[0].endsWith("compatibility.ini")) {
              mkdirSync(`${home}/.mozilla/firefox/own.default`);
              writeFileSync(ini, "[Profile0]\nIsRelative=1\nPath=own.default\n");
            }
          },
        },
      };
      const stores = await nssFamily.discover(contextFor(home, { host: racing }));
      const store = stores.at(-1)!;
      await assert.rejects(store.add(rootAnchor), { code: "STORE_UNAVAILABLE" });
      assert.match(readFileSync(ini, "utf8"), /own\.default/);
      assert.deepEqual(readdirSync(`${home}/.mozilla/firefox`).sort(), [
        "own.default",
        "profiles.ini",
      ]);
    }));
});
