/**
 * The stores of a system that does not run.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { DiscoverContext, StoreKind, TrustStore } from "../store.ts";
import { readOsRelease } from "../system/os_release.ts";
import { createImageStore } from "./image_store.ts";
import { createImageTree } from "./image_tree.ts";
import { findImageJavaStores } from "./java_store.ts";
import { chooseLayout } from "./layouts.ts";

/** Without any of these a directory is no root of a system, but a typing error. */
const ROOT_EVIDENCE = ["/etc", "/usr", "/bin"] as const;

/**
 * The stores of the system whose root directory this is.
 *
 * @param root A path on this machine.
 * Throws FILE_NOT_FOUND, FILE_UNSAFE (also for what is no root of a system), and USAGE for this machine's own root.
 */
export async function discoverImageStores(
  context: DiscoverContext,
  root: string,
  kinds: readonly StoreKind[],
): Promise<TrustStore[]> {
  const files = await context.host.openImage(root);
  const there = async (path: string) => await files.realPath(path) !== undefined;
  const isSystem = (await Promise.all(ROOT_EVIDENCE.map(there))).includes(true);
  const os = await readOsRelease({ files });
  if (!isSystem) {
    throw new LocalTlsError(
      "FILE_UNSAFE",
      `Cannot use "${files.root}" as a root: it has neither ${ROOT_EVIDENCE.join(" nor ")}`,
      { hints: ["Unpack or mount the image, and give the directory that its / is in"] },
    );
  }
  const label = `${os.name} system store in ${files.root}`;
  const image = createImageTree(context.host, files);
  const stores: TrustStore[] = [];
  if (kinds.includes("system")) {
    stores.push(createImageStore(context, image, await chooseLayout(os, there), label));
  }
  if (kinds.includes("java")) stores.push(...await findImageJavaStores(context, image));
  return stores;
}
