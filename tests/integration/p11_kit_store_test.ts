/**
 * The rows of Red Hat, Arch and openSUSE with the real p11-kit that all three stand on. Their own wrappers
 * are a few lines around it, and are written here as they are there; the rest is what their users run.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { describe } from "node:test";
import { LINUX_SYSTEMS, type LinuxSystem } from "../../src/truststore/system/systems.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { requireSandbox } from "../support/sandbox.ts";
import { change, findStores, makeCa, outcomes, readAnchor, testWith } from "./store_machine.ts";

requireSandbox();

const MODULE = "/usr/share/p11-kit/modules/p11-kit-trust.module";
const test = testWith(findProgram("trust") === undefined ? "p11-kit is not installed" : undefined);

/** Makes this machine look like one of the row's. */
async function become(system: LinuxSystem): Promise<string> {
  const source = system.anchorDirectory.replace(/\/anchors$/, "");
  const bundle = system.bundles[0]!;
  mkdirSync(system.anchorDirectory, { recursive: true });
  mkdirSync(bundle.slice(0, bundle.lastIndexOf("/")), { recursive: true });
  writeFileSync("/etc/os-release", `NAME="Test Linux"\nID=${system.osIds[0]}\n`);
  writeFileSync(
    MODULE,
    `module: p11-kit-trust.so\ntrust-policy: yes\nx-init-reserved: paths='${source}'\n`,
  );
  const extract = "exec trust extract --format=pem-bundle --filter=ca-anchors --overwrite " +
    `--comment --purpose server-auth ${bundle}`;
  const script = system.tool === "trust" ? await compatScript() : `/usr/sbin/${system.tool}`;
  writeFileSync(script, `#!/bin/sh\n${extract}\n`, { mode: 0o755 });
  await mustRun(["sh", script]);
  return bundle;
}

/** What `trust extract-compat` runs; where it stands is fixed when p11-kit is built. */
async function compatScript(): Promise<string> {
  const { stderr } = await run(["strace", "-f", "-e", "trace=execve", "trust", "extract-compat"]);
  const path = /execve\("([^"]*trust-extract-compat)"/.exec(stderr)?.[1];
  assert.ok(path !== undefined, "p11-kit does not say where its script stands");
  mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  return path;
}

describe("p11-kit's system stores, really", () => {
  for (const system of LINUX_SYSTEMS.filter(({ onlyCas }) => onlyCas === true)) {
    test(`${system.id}: refused before, accepted after, refused again`, async (t) => {
      if (system.tool === "trust" && findProgram("strace") === undefined) {
        return t.skip("strace is not installed");
      }
      const bundle = await become(system);
      try {
        const { anchor, leaf } = await makeCa(`p11-kit ${system.id}`);
        const stores = await findStores(["system"]);
        assert.deepEqual(stores.map(({ path }) => path), [system.anchorDirectory]);
        const accepts = async () =>
          (await run(["openssl", "verify", "-no-CApath", "-CAfile", bundle, leaf])).code === 0;
        assert.equal(await accepts(), false);
        assert.deepEqual(await outcomes("add", stores, anchor), ["added"]);
        assert.equal(await accepts(), true);
        assert.deepEqual(await outcomes("remove", stores, anchor), ["removed"]);
        assert.equal(await accepts(), false);
        assert.deepEqual(readdirSync(system.anchorDirectory), []);
      } finally {
        rmSync(system.anchorDirectory.replace(/\/anchors$/, ""), { recursive: true });
      }
    });

    test(`${system.id}: an end-entity certificate is not taken, and the reason said`, async (t) => {
      if (system.tool === "trust" && findProgram("strace") === undefined) {
        return t.skip("strace is not installed");
      }
      await become(system);
      try {
        const { anchor, leaf } = await makeCa(`p11-kit peer ${system.id}`);
        const peer = { ...await readAnchor(leaf), role: "peer" as const };
        writeFileSync(leaf, peer.pem);
        assert.notEqual(peer.sha256, anchor.sha256);
        const { results } = await change("add", await findStores(["system"]), peer);
        assert.equal(results[0]!.outcome, "failed");
        assert.match(results[0]!.reason!, /puts only CAs into its bundles/);
      } finally {
        rmSync(system.anchorDirectory.replace(/\/anchors$/, ""), { recursive: true });
      }
    });
  }
});
