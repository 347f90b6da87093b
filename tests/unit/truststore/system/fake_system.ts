/**
 * Fake distributions: which file is written and which command run, never whether anybody trusts it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { createElevation } from "../../../../src/truststore/elevation.ts";
import type { TrustStore } from "../../../../src/truststore/store.ts";
import { systemFamily } from "../../../../src/truststore/system/family.ts";
import { LINUX_SYSTEMS, type LinuxSystem } from "../../../../src/truststore/system/systems.ts";
import {
  createFakeHost,
  type FakeCommand,
  type FakeHost,
  type FakeHostOptions,
  fakeSudo,
} from "../../../support/fake_host.ts";
import { ANCHOR_FILE, otherAnchor, ROOT_SUBJECT_HASH, rootAnchor } from "../fixture_anchors.ts";

export const ROOT_USER = { uid: 0, gid: 0 };

/** The coreutils that the adapters use through sudo. */
export const COREUTILS: Record<string, FakeCommand> = {
  sudo: fakeSudo,
  true: () => 0,
  install: (argv, _input, host) => {
    assert.equal(argv[1], "-d");
    host.disk.put(argv.at(-1)!, { type: "directory" });
    return 0;
  },
  // root_file.ts, whose script is tested with a real shell.
  sh: (argv, input, host) => {
    const [path = "", length] = argv.slice(4);
    if (String(new TextEncoder().encode(input).length) !== length) return 1;
    host.disk.put(path, input);
    return 0;
  },
  rm: (argv, _input, host) => {
    for (const path of argv.slice(argv.indexOf("--") + 1)) host.disk.delete(path);
    return 0;
  },
  rmdir: (argv, _input, host) => {
    for (const path of argv.slice(2)) {
      if (host.disk.names(path).length > 0) return 1;
      host.disk.delete(path);
    }
    return 0;
  },
};

/** The step by which root writes a file: its script is left out. */
export function writeStep(path: string, content: string): string[] {
  return ["/bin/sh", "-c", "...", "sh", path, String(new TextEncoder().encode(content).length)];
}

/** Command lines without the scripts in them. */
export function withoutScripts(commandLines: readonly (readonly string[])[]): string[][] {
  return commandLines.map((argv) => argv.map((word, i) => argv[i - 1] === "-c" ? "..." : word));
}

/** The tool of a row: builds the bundle, and Debian's links, from the directory of anchors. */
export function fakeRefresh(system: LinuxSystem): FakeCommand {
  return (_argv, _input, host) => {
    let bundle = otherAnchor.pem;
    const directory = system.anchorDirectory;
    for (const name of host.disk.names(directory)) {
      bundle += host.disk.text(`${directory}/${name}`) ?? "";
    }
    host.disk.put(system.bundles[0]!, bundle);
    if (system.hashDirectory !== undefined) {
      const link = `${system.hashDirectory}/${ROOT_SUBJECT_HASH}.0`;
      host.disk.delete(link);
      if (bundle.includes(rootAnchor.pem)) host.disk.put(link, rootAnchor.pem);
    }
    return 0;
  };
}

export const systemOf = (id: string) => LINUX_SYSTEMS.find((system) => system.id === id)!;

/** A machine of a row, with its tool and an empty directory of anchors. */
export function fakeSystem(system: LinuxSystem, options: FakeHostOptions = {}): FakeHost {
  return createFakeHost({
    ...options,
    files: {
      "/etc/os-release": `NAME="Test Linux"\nID=${system.osIds[0]}\n`,
      [system.anchorDirectory]: { type: "directory" },
      [system.bundles[0]!]: otherAnchor.pem,
      [ANCHOR_FILE]: rootAnchor.pem,
      ...options.files,
    },
    commands: { ...COREUTILS, [system.tool]: fakeRefresh(system), ...options.commands },
  });
}

/** The one system store of a machine. */
export async function discoverSystem(host: FakeHost): Promise<TrustStore> {
  const user = await findTargetUser(host);
  const stores = await systemFamily.discover({ host, user, elevation: createElevation(host) });
  return stores[0]!;
}
