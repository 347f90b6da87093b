/**
 * Which system store this Linux machine has.
 *
 * @module
 */

import { rootCommands } from "../elevation.ts";
import type { DiscoverContext, TrustStore, TrustStoreFamily } from "../store.ts";
import { createUnavailableStore } from "../unavailable_store.ts";
import { createAnchorStore } from "./anchor_store.ts";
import { createBareBundleStore } from "./bare_bundle_store.ts";
import { createNixosStore } from "./nixos_store.ts";
import { type OsRelease, readOsRelease } from "./os_release.ts";
import { BARE_BUNDLES, INSTALL_COMMANDS, LINUX_SYSTEMS, type LinuxSystem } from "./systems.ts";

/** The system store of Linux distributions: always exactly one. */
export const systemFamily: TrustStoreFamily = {
  kind: "system",
  async discover(context) {
    return [await findSystemStore(context)];
  },
};

async function findSystemStore(context: DiscoverContext): Promise<TrustStore> {
  const { host } = context;
  const os = await readOsRelease(host);
  if (os.id === "nixos" || await host.files.info("/etc/NIXOS") !== undefined) {
    return createNixosStore(context);
  }
  const label = `${os.name} system store`;
  const fitting: LinuxSystem[] = [];
  for (const system of LINUX_SYSTEMS) {
    if (await fits(context, system)) fitting.push(system);
  }
  const chosen = [os.id, ...os.idLike]
    .map((id) => fitting.find(({ osIds }) => isNamed(osIds, id)))
    .find((system) => system !== undefined) ?? fitting[0];
  if (chosen !== undefined) return createAnchorStore(context, chosen, label);
  for (const path of BARE_BUNDLES) {
    // A link leads to what a package or a store of packages owns: not a file to append to.
    const info = await host.files.info(path);
    if (info?.type === "file") return createBareBundleStore(context, path, label);
  }
  return createUnavailableStore({
    kind: "system",
    label,
    path: "/etc/ssl/certs",
    message: `Cannot use the ${label}: there is no bundle of roots and no tool that makes one`,
    hints: await installHint(context, os),
  });
}

async function fits({ host }: DiscoverContext, system: LinuxSystem): Promise<boolean> {
  if (await host.commands.findForRoot(system.tool) === undefined) return false;
  for (const path of system.evidence) {
    if (await host.files.info(path) !== undefined) return true;
  }
  return false;
}

async function installHint({ host }: DiscoverContext, os: OsRelease): Promise<string[]> {
  const found = [os.id, ...os.idLike]
    .map((id) => INSTALL_COMMANDS.find(({ osIds }) => isNamed(osIds, id)))
    .find((entry) => entry !== undefined);
  return found === undefined ? [] : await rootCommands(host, [found.command]);
}

/** openSUSE's IDs carry its edition: "opensuse-tumbleweed", "opensuse-leap". */
function isNamed(osIds: readonly string[], id: string): boolean {
  return osIds.includes(id) || osIds.includes(id.split("-")[0]!);
}
