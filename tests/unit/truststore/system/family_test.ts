import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createFakeHost, type FakeHostOptions } from "../../../support/fake_host.ts";
import { otherAnchor, rootAnchor } from "../fixture_anchors.ts";
import { discoverSystem } from "./fake_system.ts";

const OK = () => 0;
const DIRECTORY = { type: "directory" } as const;
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

describe("systemFamily.discover()", () => {
  const cases: [string, FakeHostOptions, string, string][] = [
    [
      "Debian",
      {
        files: {
          "/etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\n',
          "/usr/local/share/ca-certificates": DIRECTORY,
        },
        commands: { "update-ca-certificates": OK },
      },
      "Debian system store",
      "/usr/local/share/ca-certificates",
    ],
    [
      "Debian whose directory of anchors is not there yet",
      { files: { "/etc/ca-certificates.conf": "x" }, commands: { "update-ca-certificates": OK } },
      "Linux system store",
      "/usr/local/share/ca-certificates",
    ],
    [
      "openSUSE, whose tool has Debian's name",
      {
        files: {
          "/etc/os-release": 'NAME="openSUSE Tumbleweed"\nID="opensuse-tumbleweed"\n',
          "/etc/pki/trust/anchors": DIRECTORY,
          "/usr/local/share/ca-certificates": DIRECTORY,
        },
        commands: { "update-ca-certificates": OK },
      },
      "openSUSE Tumbleweed system store",
      "/etc/pki/trust/anchors",
    ],
    [
      "a Fedora that has Arch's tool as well (p11-kit)",
      {
        files: {
          "/etc/os-release": 'NAME="Fedora Linux"\nID=fedora\n',
          "/etc/pki/ca-trust/source/anchors": DIRECTORY,
        },
        commands: { "update-ca-trust": OK, trust: OK },
      },
      "Fedora system store",
      "/etc/pki/ca-trust/source/anchors",
    ],
    [
      "an Arch that has Red Hat's directory as well: os-release breaks the tie",
      {
        files: {
          "/etc/os-release": 'NAME="Arch Linux"\nID=arch\n',
          "/etc/ca-certificates/trust-source/anchors": DIRECTORY,
          "/etc/pki/ca-trust/source/anchors": DIRECTORY,
        },
        commands: { "update-ca-trust": OK, trust: OK },
      },
      "Arch system store",
      "/etc/ca-certificates/trust-source/anchors",
    ],
    [
      "a derivative, by ID_LIKE",
      {
        files: {
          "/etc/os-release": 'NAME="Manjaro Linux"\nID=manjaro\nID_LIKE=arch\n',
          "/etc/ca-certificates/trust-source/anchors": DIRECTORY,
          "/etc/pki/ca-trust/source/anchors": DIRECTORY,
        },
        commands: { "update-ca-trust": OK, trust: OK },
      },
      "Manjaro system store",
      "/etc/ca-certificates/trust-source/anchors",
    ],
    [
      "Alpine without its package",
      {
        files: { "/etc/os-release": 'NAME="Alpine Linux"\nID=alpine\n', [BUNDLE]: otherAnchor.pem },
      },
      "Alpine system store",
      BUNDLE,
    ],
    [
      "Arch's tool without Arch's directories (Debian's p11-kit package)",
      { files: { [BUNDLE]: otherAnchor.pem }, commands: { trust: OK } },
      "Linux system store",
      BUNDLE,
    ],
    [
      "NixOS by its file",
      { files: { "/etc/NIXOS": "", [BUNDLE]: otherAnchor.pem } },
      "NixOS system store",
      "/etc/nixos",
    ],
    [
      "NixOS by its name, whatever tools there are",
      {
        files: {
          "/etc/os-release": "NAME=NixOS\nID=nixos\n",
          "/usr/local/share/ca-certificates": DIRECTORY,
        },
        commands: { "update-ca-certificates": OK },
      },
      "NixOS system store",
      "/etc/nixos",
    ],
  ];
  for (const [name, options, label, path] of cases) {
    test(`knows ${name}`, async () => {
      const store = await discoverSystem(createFakeHost(options));
      assert.equal(store.label, label);
      assert.equal(store.path, path);
    });
  }

  const installs: [string, readonly string[]][] = [
    ["ID=debian", ["apt-get install ca-certificates"]],
    ["ID=linuxmint\nID_LIKE=ubuntu", ["apt-get install ca-certificates"]],
    ["ID=alpine", ["apk add ca-certificates"]],
    ["ID=opensuse-leap", ["zypper install ca-certificates"]],
    ["ID=unheard-of", []],
  ];
  for (const [text, hints] of installs) {
    test(`says how to get a store where there is none (${text.split("\n")[0]})`, async () => {
      const store = await discoverSystem(createFakeHost({ files: { "/etc/os-release": text } }));
      for (
        const use of [store.state(rootAnchor), store.add(rootAnchor), store.remove(rootAnchor, [])]
      ) {
        await assert.rejects(use, { code: "STORE_UNAVAILABLE", hints });
      }
    });
  }

  test("does not append to a bundle that is a link into a package", async () => {
    const host = createFakeHost({
      files: { [BUNDLE]: { target: "/gnu/store/x.crt" }, "/gnu/store/x.crt": otherAnchor.pem },
    });
    await assert.rejects((await discoverSystem(host)).state(rootAnchor), {
      code: "STORE_UNAVAILABLE",
    });
  });
});

describe("the NixOS system store", () => {
  test("gives the lines to paste, and changes nothing", async () => {
    const host = createFakeHost({
      files: { "/etc/NIXOS": "", [BUNDLE]: otherAnchor.pem },
      commands: { sudo: () => 0 },
    });
    const store = await discoverSystem(host);
    assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
    await assert.rejects(store.add(rootAnchor), {
      code: "NEEDS_ROOT",
      hints: [
        `security.pki.certificates = [ ''\n${rootAnchor.pem}'' ];`,
        "sudo nixos-rebuild switch",
      ],
    });
    assert.deepEqual(host.log, []);
  });

  test("reads the bundle as it is built", async () => {
    const host = createFakeHost({
      files: {
        "/etc/NIXOS": "",
        [BUNDLE]: { target: "/nix/store/x" },
        "/nix/store/x": rootAnchor.pem,
      },
    });
    const store = await discoverSystem(host);
    assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    await assert.rejects(store.remove(rootAnchor, []), { message: /take the lines out/ });
  });
});
