/**
 * Images of every layout, in a directory of the test's own: what is made, what is left alone, what is taken back. Whether
 * clients trust is for the integration tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { openNodeImage } from "../../../../src/host/node_image_files.ts";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { applyChange, type StoreResult } from "../../../../src/truststore/change.ts";
import { createElevation } from "../../../../src/truststore/elevation.ts";
import { discoverImageStores } from "../../../../src/truststore/image/family.ts";
import { chooseLayout } from "../../../../src/truststore/image/layouts.ts";
import type { TrustAnchor } from "../../../../src/truststore/store.ts";
import { parseOsRelease } from "../../../../src/truststore/system/os_release.ts";
import { createFakeHost } from "../../../support/fake_host.ts";
import { treeOf } from "../../../support/file_tree.ts";
import { withScratchDirectory } from "../../../support/scratch_directory.ts";
import { otherAnchor, peerAnchor, ROOT_SUBJECT_HASH, rootAnchor } from "../fixture_anchors.ts";

const NAME = `localtls-${rootAnchor.sha256.slice(0, 16)}`;

/** A real directory, worked on by a fake host: whoever the user is, nothing may be given away. */
async function change(
  root: string,
  what: "add" | "remove",
  created: readonly string[] = [],
  anchor: TrustAnchor = rootAnchor,
): Promise<{ result: StoreResult; created: string[]; warnings: string[] }> {
  const host = {
    ...createFakeHost(),
    openImage: (path: string) => Promise.resolve(openNodeImage(path)),
  };
  const user = await findTargetUser(host);
  const context = { host, user, elevation: createElevation(host) };
  const made: string[] = [];
  const warnings: string[] = [];
  const [result] = await applyChange({
    change: what,
    stores: await discoverImageStores(context, root, ["system"]),
    anchor,
    createdBy: () => created,
    recordAdded: (_store, paths) => Promise.resolve(void made.push(...paths)),
    recordRemoved: () => Promise.resolve(),
    warn: ({ code }) => warnings.push(code),
  });
  assert.deepEqual(host.commandLines, [], "nothing is run");
  return { result: result!, created: made, warnings };
}

/** Makes files, directories (a trailing slash) and links (["target"]). */
function lay(root: string, entries: Record<string, string | readonly [string]>): void {
  for (const [path, content] of Object.entries(entries)) {
    const place = join(root, path);
    mkdirSync(path.endsWith("/") ? place : dirname(place), { recursive: true });
    if (typeof content !== "string") symlinkSync(content[0], place);
    else if (!path.endsWith("/")) writeFileSync(place, content);
  }
}

async function withImage(
  entries: Record<string, string | readonly [string]>,
  work: (root: string) => Promise<void>,
): Promise<void> {
  await withScratchDirectory(async (scratch) => {
    const root = join(scratch, "image");
    mkdirSync(root);
    lay(root, entries);
    await work(root);
  });
}

describe("the layout of an image", () => {
  const cases: [name: string, osRelease: string, there: string[], layout: string][] = [
    ["Debian with its package", "ID=debian", ["/etc/ca-certificates.conf"], "debian"],
    ["Debian without it", "ID=debian", [], "debian"],
    ["Ubuntu's derivative", 'ID=linuxmint\nID_LIKE="ubuntu debian"', [], "debian"],
    ["Alpine", "ID=alpine", ["/etc/alpine-release", "/usr/local/share/ca-certificates"], "alpine"],
    ["UBI", 'ID="rhel"\nID_LIKE="fedora"', ["/etc/pki/ca-trust/source"], "redhat"],
    ["UBI micro", 'ID="rhel"', [], "redhat"],
    ["Tumbleweed", 'ID="opensuse-tumbleweed"', ["/etc/pki/trust"], "suse"],
    ["Arch", "ID=arch", ["/etc/ca-certificates/trust-source"], "arch"],
    ["distroless, which says Debian", "ID=debian", [], "debian"],
    ["no os-release, Red Hat's directories", "", ["/etc/pki/ca-trust/source"], "redhat"],
    ["says Debian, looks like Red Hat", "ID=debian", ["/etc/pki/ca-trust/source"], "redhat"],
    ["nothing known", "ID=void", [], "plain"],
    ["nothing at all", "", [], "plain"],
  ];
  for (const [name, osRelease, there, layout] of cases) {
    test(name, async () => {
      const chosen = await chooseLayout(
        parseOsRelease(osRelease),
        (path) => Promise.resolve(there.includes(path)),
      );
      assert.equal(chosen.id, layout);
    });
  }
});

const LAYOUTS: Record<string, {
  readonly image: Record<string, string | readonly [string]>;
  /** A place that must hold the certificate afterwards. */
  readonly holds: readonly string[];
  readonly links: Record<string, string>;
}> = {
  "Debian as Debian does it": {
    image: {
      "etc/os-release": "ID=debian",
      "etc/ca-certificates.conf": "",
      "etc/ssl/certs/ca-certificates.crt": otherAnchor.pem,
      "usr/local/share/ca-certificates/": "",
    },
    holds: [`usr/local/share/ca-certificates/${NAME}.crt`, "etc/ssl/certs/ca-certificates.crt"],
    links: {
      [`etc/ssl/certs/${NAME}.pem`]: `/usr/local/share/ca-certificates/${NAME}.crt`,
      [`etc/ssl/certs/${ROOT_SUBJECT_HASH}.0`]: `${NAME}.pem`,
    },
  },
  "UBI micro, without any bundle": {
    image: { "etc/os-release": 'ID="rhel"', "etc/pki/": "" },
    holds: [
      `etc/pki/ca-trust/source/anchors/${NAME}.pem`,
      "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ],
    links: {
      "etc/pki/tls/certs/ca-bundle.crt": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
      "etc/pki/tls/cert.pem": "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    },
  },
  "Fedora with a directory by hash": {
    image: {
      "etc/os-release": "ID=fedora",
      "etc/pki/ca-trust/source/anchors/": "",
      "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem": otherAnchor.pem,
      "etc/pki/ca-trust/extracted/pem/directory-hash/": "",
      "etc/pki/tls/certs/ca-bundle.crt": ["/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"],
    },
    holds: [
      "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
      `etc/pki/ca-trust/extracted/pem/directory-hash/${NAME}.pem`,
    ],
    links: {
      [`etc/pki/ca-trust/extracted/pem/directory-hash/${ROOT_SUBJECT_HASH}.0`]: `${NAME}.pem`,
    },
  },
  "openSUSE": {
    image: {
      "etc/os-release": 'ID="opensuse-leap"\nID_LIKE="suse opensuse"',
      "etc/pki/trust/anchors/": "",
      "var/lib/ca-certificates/ca-bundle.pem": otherAnchor.pem,
      "var/lib/ca-certificates/openssl/": "",
      "etc/ssl/ca-bundle.pem": ["/var/lib/ca-certificates/ca-bundle.pem"],
    },
    holds: [`etc/pki/trust/anchors/${NAME}.pem`, "var/lib/ca-certificates/ca-bundle.pem"],
    links: { [`var/lib/ca-certificates/openssl/${ROOT_SUBJECT_HASH}.0`]: `${NAME}.pem` },
  },
  "Arch": {
    image: {
      "etc/os-release": "ID=arch",
      "etc/ca-certificates/trust-source/anchors/": "",
      "etc/ca-certificates/extracted/tls-ca-bundle.pem": otherAnchor.pem,
      "etc/ca-certificates/extracted/cadir/": "",
      "etc/ssl/certs/ca-certificates.crt": ["../../ca-certificates/extracted/tls-ca-bundle.pem"],
    },
    holds: [
      `etc/ca-certificates/trust-source/anchors/${NAME}.crt`,
      "etc/ca-certificates/extracted/tls-ca-bundle.pem",
    ],
    links: {
      [`etc/ca-certificates/extracted/cadir/${ROOT_SUBJECT_HASH}.0`]: `${NAME}.pem`,
      [`etc/ssl/certs/${ROOT_SUBJECT_HASH}.0`]: `${NAME}.pem`,
    },
  },
};

describe("the store of an image", () => {
  for (const [name, { image, holds, links }] of Object.entries(LAYOUTS)) {
    test(`${name}: made, unchanged a second time, taken back to the byte`, async () => {
      await withImage(image, async (root) => {
        const before = treeOf(root);
        const added = await change(root, "add");
        assert.equal(added.result.outcome, "added", added.result.reason ?? "");
        for (const path of holds) {
          assert.ok(readFileSync(join(root, path), "utf8").includes(rootAnchor.pem), path);
        }
        for (const [path, target] of Object.entries(links)) {
          assert.equal(readlinkSync(join(root, path)), target, path);
        }
        const again = treeOf(root);
        assert.equal((await change(root, "add")).result.outcome, "unchanged");
        assert.deepEqual(treeOf(root), again);
        const removed = await change(root, "remove", added.created);
        assert.equal(removed.result.outcome, "removed", removed.result.reason ?? "");
        assert.deepEqual(treeOf(root), before);
      });
    });
  }

  test("says where there were no public roots, and what it did not do", async () => {
    await withImage({ "etc/os-release": "ID=debian" }, async (root) => {
      assert.deepEqual((await change(root, "add")).warnings, ["IMAGE_WITHOUT_ROOTS"]);
    });
    const image = {
      "etc/os-release": "ID=fedora",
      "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem": otherAnchor.pem,
      "etc/pki/ca-trust/extracted/edk2/cacerts.bin": "roots",
    };
    await withImage(image, async (root) => {
      assert.deepEqual((await change(root, "add", [], peerAnchor)).warnings, [
        "IMAGE_ONLY_CAS",
        "IMAGE_NOT_DONE",
      ]);
    });
  });

  test("an image in which something is missing is broken, and mended", async () => {
    await withImage(LAYOUTS["Debian as Debian does it"]!.image, async (root) => {
      const { created } = await change(root, "add");
      const bundle = join(root, "etc/ssl/certs/ca-certificates.crt");
      writeFileSync(bundle, otherAnchor.pem);
      assert.equal((await change(root, "add")).result.outcome, "added");
      assert.ok(readFileSync(bundle, "utf8").includes(rootAnchor.pem));
      await change(root, "remove", created);
      assert.equal(readFileSync(bundle, "utf8"), otherAnchor.pem);
    });
  });

  test("a certificate that somebody appended is taken over, and taken out", async () => {
    const image = {
      ...LAYOUTS["Debian as Debian does it"]!.image,
      "etc/ssl/certs/ca-certificates.crt": otherAnchor.pem + rootAnchor.pem,
    };
    await withImage(image, async (root) => {
      assert.equal((await change(root, "add")).result.outcome, "added");
      await change(root, "remove");
      assert.equal(
        readFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), "utf8"),
        otherAnchor.pem,
      );
    });
  });

  test("what Nix built is left as it is", async () => {
    const image = {
      "nix/store/abc-nss-cacert/ca-bundle.crt": otherAnchor.pem,
      "etc/ssl/certs/ca-certificates.crt": ["/nix/store/abc-nss-cacert/ca-bundle.crt"] as const,
    };
    await withImage(image, async (root) => {
      const before = treeOf(root);
      const { result } = await change(root, "add");
      assert.equal(result.outcome, "unavailable");
      assert.match(result.reason!, /belongs to a store of packages/);
      assert.deepEqual(treeOf(root), before);
    });
  });

  test("a bundle that is a directory is said, and nothing of it is replaced", async () => {
    await withImage({ "etc/ssl/certs/ca-certificates.crt/": "" }, async (root) => {
      const before = treeOf(root);
      const { result } = await change(root, "add");
      assert.equal(result.outcome, "failed");
      assert.match(result.reason!, /ca-certificates\.crt": it is a directory/);
      assert.deepEqual(treeOf(root), before);
    });
  });

  test("a ledger that names other files takes none of them away", async () => {
    const image = { ...LAYOUTS["Debian as Debian does it"]!.image, "etc/passwd": "root:x:0:0" };
    await withImage(image, async (root) => {
      await change(root, "add");
      const victim = join(dirname(root), "victim");
      mkdirSync(victim);
      mkdirSync(join(root, "srv"));
      const forged = [join(root, "etc/passwd"), victim, join(root, "../victim"), join(root, "srv")];
      await change(root, "remove", forged);
      assert.ok(existsSync(join(root, "etc/passwd")) && existsSync(join(root, "srv")));
      assert.ok(lstatSync(victim).isDirectory());
    });
  });

  test("others with the same subject move up when one before them goes", async () => {
    const directory = "etc/ssl/certs";
    await withImage(LAYOUTS["Debian as Debian does it"]!.image, async (root) => {
      await change(root, "add");
      symlinkSync("ca-certificates.crt", join(root, directory, `${ROOT_SUBJECT_HASH}.1`));
      writeFileSync(join(root, directory, `${ROOT_SUBJECT_HASH}.2`), otherAnchor.pem);
      await change(root, "remove");
      const left = readdirSync(join(root, directory)).sort().filter((name) =>
        name.startsWith(ROOT_SUBJECT_HASH)
      );
      assert.deepEqual(left, [`${ROOT_SUBJECT_HASH}.0`, `${ROOT_SUBJECT_HASH}.1`]);
      assert.equal(
        readFileSync(join(root, directory, `${ROOT_SUBJECT_HASH}.1`), "utf8"),
        otherAnchor.pem,
      );
    });
  });
});
