/**
 * A directory for the clients of `--probe`: new profiles, so that no user's own is touched. The user's home stays the
 * user's: there stands what they trust.
 *
 * @module
 */

import { toHex } from "../bytes.ts";
import type { Host } from "../host/host.ts";
import { JAVA_PROBE, probeClients, type ProbeReport } from "./probe_clients.ts";

/** Runs the probes and takes everything away that they left. */
export async function probeInScratch(host: Host, url: string): Promise<ProbeReport[]> {
  const base = host.env("TMPDIR") ?? "/tmp";
  const mark = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const scratch = `${base.replace(/(?<=.)\/+$/, "")}/localtls-doctor-${mark}`;
  await host.files.makeDirectory(scratch);
  try {
    await host.files.makeDirectory(`${scratch}/java`);
    await host.files.write(`${scratch}/java/Probe.java`, JAVA_PROBE);
    return await probeClients(host, url, scratch);
  } finally {
    await removeTree(host, scratch);
  }
}

/** Removes a directory that this run made. Symlinks are removed, never followed. */
async function removeTree(host: Host, path: string): Promise<void> {
  const info = await host.files.info(path);
  if (info === undefined) return;
  if (info.type !== "directory") {
    await host.files.remove(path).catch(() => false);
    return;
  }
  for (const name of await host.files.list(path)) await removeTree(host, `${path}/${name}`);
  await host.files.removeDirectory(path).catch(() => false);
}
