import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TargetUser } from "../../../../src/host/target_user.ts";
import { nssFamily, openRecordedNssStore } from "../../../../src/truststore/nss/family.ts";
import { createFakeHost, type FakeHost, type FakeHostOptions } from "../../../support/fake_host.ts";
import { rejectsWith } from "../../../support/scratch_directory.ts";
import { rootAnchor } from "../fixture_anchors.ts";
import { contextFor } from "./store_fixture.ts";

const HOME = "/home/ann";
const DIRECTORY = { type: "directory" } as const;
const INI = (path: string, name = "default-release") =>
  `[Profile0]\nName=${name}\nIsRelative=1\nPath=${path}\n`;
const CHROMIUM = { "/usr/bin/true": "" };

async function discover(
  options: FakeHostOptions & { readonly target?: Partial<TargetUser> } = {},
): Promise<{ host: FakeHost; found: Record<string, string> }> {
  const host = createFakeHost(options);
  const user = options.target ?? {};
  const stores = await nssFamily.discover(contextFor(HOME, { host, user }));
  assert.deepEqual(host.changedPaths, [], "looking changes nothing");
  assert.deepEqual(host.commandLines, [], "looking runs nothing");
  return { host, found: Object.fromEntries(stores.map(({ path, label }) => [path, label])) };
}

describe("Chromium's database", () => {
  const PKI = `${HOME}/.pki/nssdb`;
  const XDG = `${HOME}/.local/share/pki/nssdb`;
  const LABEL = "Chromium, Chrome, Edge, Brave (NSS)";

  test("is ~/.pki/nssdb where there is none", async () => {
    assert.deepEqual((await discover()).found, { [PKI]: LABEL });
  });

  test("is the XDG one where that alone exists", async () => {
    const { found } = await discover({ files: { [XDG]: DIRECTORY } });
    assert.deepEqual(found, { [XDG]: LABEL });
  });

  test("is ~/.pki/nssdb alone where both exist, even if it is empty", async () => {
    const { found } = await discover({
      files: { [PKI]: DIRECTORY, [`${XDG}/cert9.db`]: "x" },
    });
    assert.deepEqual(found, { [PKI]: LABEL });
  });

  test("is looked for where XDG_DATA_HOME says", async () => {
    const env = { HOME, XDG_DATA_HOME: "/data/ann/" };
    const { found } = await discover({ env, files: { "/data/ann/pki/nssdb": DIRECTORY } });
    assert.deepEqual(found, { "/data/ann/pki/nssdb": LABEL });
  });

  for (const [what, value] of [["relative", "data"], ["empty", ""]] as const) {
    test(`is not looked for in a ${what} XDG_DATA_HOME`, async () => {
      const env = { HOME, XDG_DATA_HOME: value };
      assert.deepEqual((await discover({ env, files: { [XDG]: DIRECTORY } })).found, {
        [XDG]: LABEL,
      });
    });
  }

  test("is not looked for where root's XDG_DATA_HOME says while root works for a user", async () => {
    const env = { HOME, XDG_DATA_HOME: "/root/.local/share" };
    const { found } = await discover({
      env,
      user: { uid: 0, gid: 0 },
      target: { isRoot: true, byRoot: true },
      files: { "/root/.local/share/pki/nssdb": DIRECTORY, [XDG]: DIRECTORY },
    });
    assert.deepEqual(found, { [XDG]: LABEL });
  });

  test("is also that of snaps and Flatpaks that have one, by the same rule", async () => {
    const { found } = await discover({
      files: {
        [`${HOME}/snap/chromium/2900/.pki/nssdb`]: DIRECTORY,
        [`${HOME}/snap/chromium/current`]: { target: `${HOME}/snap/chromium/2900` },
        [`${HOME}/snap/vlc/current`]: DIRECTORY,
        [`${HOME}/.var/app/com.google.Chrome/data/pki/nssdb`]: DIRECTORY,
        [`${HOME}/.var/app/com.brave.Browser/data/pki/nssdb`]: DIRECTORY,
        [`${HOME}/.var/app/com.brave.Browser/.pki/nssdb`]: DIRECTORY,
        [`${HOME}/.var/app/org.gimp.GIMP/data`]: DIRECTORY,
      },
    });
    assert.deepEqual(found, {
      [PKI]: LABEL,
      [`${HOME}/snap/chromium/current/.pki/nssdb`]: "chromium snap (NSS)",
      [`${HOME}/.var/app/com.brave.Browser/.pki/nssdb`]: "com.brave.Browser Flatpak (NSS)",
      [`${HOME}/.var/app/com.google.Chrome/data/pki/nssdb`]: "com.google.Chrome Flatpak (NSS)",
    });
  });

  test("of the whole machine is used where it exists, by root alone", async () => {
    const host = createFakeHost({ files: { "/etc/pki/nssdb": DIRECTORY } });
    const stores = await nssFamily.discover(contextFor(HOME, { host }));
    const store = stores.find(({ path }) => path === "/etc/pki/nssdb");
    await rejectsWith("NEEDS_ROOT", store!.add(rootAnchor));
    assert.deepEqual(host.changedPaths, []);
  });
});

describe("Firefox's profiles", () => {
  for (
    const root of [
      `${HOME}/.mozilla/firefox`,
      `${HOME}/.config/mozilla/firefox`,
      `${HOME}/snap/firefox/common/.mozilla/firefox`,
      `${HOME}/snap/firefox/common/.config/mozilla/firefox`,
      `${HOME}/.var/app/org.mozilla.firefox/.mozilla/firefox`,
      `${HOME}/.var/app/org.mozilla.firefox/.config/mozilla/firefox`,
      `${HOME}/.var/app/org.mozilla.firefox/config/mozilla/firefox`,
    ]
  ) {
    test(`are found in ${root}`, async () => {
      const { found } = await discover({
        files: { [`${root}/profiles.ini`]: INI("abc.x"), [`${root}/abc.x/cert9.db`]: "" },
      });
      const packaging = root.includes("/snap/")
        ? " snap"
        : root.includes("/.var/")
        ? " Flatpak"
        : "";
      assert.equal(found[`${root}/abc.x`], `Firefox${packaging} (profile default-release)`);
    });
  }

  for (
    const [product, root] of [
      ["Thunderbird", `${HOME}/.thunderbird`],
      ["Thunderbird", `${HOME}/.var/app/org.mozilla.Thunderbird/.thunderbird`],
      ["LibreWolf", `${HOME}/.librewolf`],
      ["LibreWolf", `${HOME}/.config/librewolf/librewolf`],
      ["Waterfox", `${HOME}/.waterfox`],
      ["Zen", `${HOME}/.zen`],
    ] as const
  ) {
    test(`are told from those of ${product} in ${root}`, async () => {
      const { found } = await discover({
        files: { [`${root}/profiles.ini`]: INI("abc.x"), [`${root}/abc.x`]: DIRECTORY },
      });
      assert.match(
        found[`${root}/abc.x`] ?? "",
        new RegExp(`^${product}.* \\(profile default-rel`),
      );
    });
  }

  test("are those whose directory exists, with a database or without", async () => {
    const root = `${HOME}/.mozilla/firefox`;
    const ini = INI("a.one", "one") + INI("b.two", "two").replace("0", "1") +
      INI("c.gone", "gone").replace("0", "2") + INI("d.file", "file").replace("0", "3");
    const { found } = await discover({
      files: {
        [`${root}/profiles.ini`]: ini,
        [`${root}/a.one/cert9.db`]: "",
        [`${root}/b.two/times.json`]: "{}",
        [`${root}/d.file`]: "",
        [`${root}/Crash Reports/InstallTime`]: "",
      },
    });
    assert.deepEqual(Object.values(found).slice(1), [
      "Firefox (profile one)",
      "Firefox (profile two)",
    ]);
  });

  test("are also those with a database that profiles.ini does not name", async () => {
    const root = `${HOME}/.mozilla/firefox`;
    const { found } = await discover({ files: { [`${root}/0a1b2c3d.Work/cert9.db`]: "" } });
    assert.equal(found[`${root}/0a1b2c3d.Work`], "Firefox (profile Work)");
  });

  test("outside the root count, and two ways to one directory once", async () => {
    const root = `${HOME}/.mozilla/firefox`;
    const ini = `[Profile0]\nName=a\nIsRelative=0\nPath=/srv/ann/profile\n\n` +
      `[Profile1]\nName=b\nIsRelative=1\nPath=link\n`;
    const { found } = await discover({
      files: {
        [`${root}/profiles.ini`]: ini,
        "/srv/ann/profile": DIRECTORY,
        [`${root}/link`]: { target: "/srv/ann/profile" },
      },
    });
    assert.deepEqual(Object.values(found).slice(1), ["Firefox (profile a)"]);
  });

  test("are none where profiles.ini is a directory, or too large", async () => {
    const root = `${HOME}/.mozilla/firefox`;
    for (const entry of [DIRECTORY, INI("a") + "#".repeat(1024 * 1024)]) {
      const { found } = await discover({
        files: { [`${root}/profiles.ini`]: entry, [`${root}/a`]: DIRECTORY },
      });
      assert.equal(Object.keys(found).length, 1);
    }
  });
});

describe("a Firefox that was never started", () => {
  const firefox = { commands: { firefox: () => 0 }, files: { "/usr/bin/firefox": "\x7fELF" } };
  const pathOf = (found: Record<string, string>) =>
    Object.keys(found).find((path) => found[path]?.startsWith("Firefox"));

  test("gets a first profile, under a name that is the same in every run", async () => {
    const first = pathOf((await discover(firefox)).found);
    assert.match(first ?? "", /^\/home\/ann\/\.mozilla\/firefox\/[a-z0-9]{8}\.default$/);
    assert.equal(pathOf((await discover(firefox)).found), first);
    const files = { ...firefox.files, "/etc/machine-id": "0123456789abcdef\n" };
    const other = pathOf((await discover({ ...firefox, files })).found);
    assert.notEqual(other, first, "nobody who knows the user's name alone can guess it");
  });

  test("gets it where its XDG root is, if that one exists alone", async () => {
    const root = `${HOME}/.config/mozilla/firefox`;
    const files = { ...firefox.files, [`${root}/Crash Reports`]: DIRECTORY };
    const { found } = await discover({ ...firefox, files });
    assert.equal(pathOf(found)?.startsWith(`${root}/`), true);
  });

  test("gets none where none is installed", async () => {
    assert.equal(pathOf((await discover({ files: CHROMIUM })).found), undefined);
  });

  test("gets none where another one has profiles", async () => {
    const root = `${HOME}/snap/firefox/common/.mozilla/firefox`;
    const files = {
      ...firefox.files,
      [`${root}/profiles.ini`]: INI("a.b"),
      [`${root}/a.b`]: DIRECTORY,
    };
    const { found } = await discover({ ...firefox, files });
    assert.equal(pathOf(found), `${root}/a.b`);
  });

  const unusable: Readonly<Record<string, FakeHostOptions>> = {
    "is a snap": {
      commands: { "/snap/bin/firefox": () => 0, firefox: () => 0 },
      files: {
        "/usr/bin/snap": "\x7fELF",
        "/usr/bin/firefox": { target: "/usr/bin/snap" },
      },
    },
    "is Ubuntu's script that starts a snap": {
      commands: { firefox: () => 0 },
      files: { "/usr/bin/firefox": '#!/bin/sh\nexec /snap/bin/firefox "$@"\n' },
    },
    "has lost all its profiles": {
      commands: { firefox: () => 0 },
      files: { ...firefox.files, [`${HOME}/.mozilla/firefox/profiles.ini`]: INI("gone") },
    },
  };
  for (const [what, options] of Object.entries(unusable)) {
    test(`that ${what} is to be started once by its user`, async () => {
      const host = createFakeHost(options);
      const stores = await nssFamily.discover(contextFor(HOME, { host }));
      const store = stores.at(-1);
      assert.equal(store?.label, "Firefox (not started yet)");
      const error = await rejectsWith("STORE_UNAVAILABLE", store.state(rootAnchor));
      assert.match(error.hints[0] ?? "", /Start Firefox once/);
      await rejectsWith("STORE_UNAVAILABLE", store.add(rootAnchor));
      assert.deepEqual(host.changedPaths, []);
    });
  }
});

test("a database that only the ledger knows can be opened", async () => {
  const host = createFakeHost();
  const context = contextFor(HOME, { host });
  const store = openRecordedNssStore(context, `${HOME}/.local/share/pki/nssdb`);
  assert.equal(store.path, `${HOME}/.local/share/pki/nssdb`);
  assert.equal(store.kind, "nss");
  assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
});
