/**
 * The system store of an image. Nothing of it can be run, so what its own tool would build is built here: the anchor file,
 * so that a later run of that tool keeps the certificate; the bundles, whichever the image has; OpenSSL's links.
 *
 * @module
 */

import type { DiscoverContext, PlannedStep, StoreChange } from "../store.ts";
import type { TrustAnchor, TrustStore } from "../store.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import { markedBlock, withoutAnchor } from "../system/bare_bundle_store.ts";
import { addHashLink, hasHashLink, removeEntries } from "./hash_directory.ts";
import { explainDenied, type ImageTree, parentOf } from "./image_tree.ts";
import { createImageView } from "./image_view.ts";
import { type ImageLayout, LEFT_ALONE } from "./layouts.ts";

/** The system store of an image with this layout. */
export function createImageStore(
  { host }: Pick<DiscoverContext, "host">,
  image: ImageTree,
  layout: ImageLayout,
  label: string,
): TrustStore {
  const { files } = image;
  const { root } = files;
  const { anchorDirectory } = layout;
  const outside = (path: string) => root + path;
  const view = createImageView(image, layout);
  const { anchorFileOf, pemNameOf, readBundles, hashDirectories } = view;
  async function add(anchor: TrustAnchor): Promise<StoreChange> {
    return await explainDenied(host, `add the certificate to the ${label}`, async () => {
      const created: string[] = [];
      const file = anchorFileOf(anchor);
      if (file !== undefined) {
        created.push(...await image.makeDirectory(parentOf(file)));
        if (await files.info(file) === undefined) created.push(file);
        await image.write(file, anchor.pem);
      }
      const warnings = await addToBundles(anchor, created);
      if (layout.hashDirectory !== undefined) {
        created.push(...await image.makeDirectory(layout.hashDirectory));
      }
      for (const directory of await hashDirectories()) {
        created.push(...await addToDirectory(directory, file, anchor));
      }
      if (layout.onlyCas && anchor.role === "peer") {
        const message =
          `the image's own tool puts only CAs into its bundles: its next run drops it`;
        warnings.push({ code: "IMAGE_ONLY_CAS", message });
      }
      for (const path of LEFT_ALONE) {
        if (await files.info(path) === undefined) continue;
        const message = `"${outside(path)}" is left as it is: the image's own tool makes it`;
        warnings.push({ code: "IMAGE_NOT_DONE", message });
      }
      return { created: created.map(outside), warnings };
    });
  }

  async function addToBundles(anchor: TrustAnchor, created: string[]) {
    const bundles = await readBundles();
    for (const { path, text } of bundles) {
      if (findCertificateBlocks(text, anchor.certificate.der).length > 0) continue;
      await image.write(path, text + markedBlock(text, anchor));
    }
    if (bundles.length > 0) return [];
    const { bundle, bundleLinks } = layout;
    created.push(...await image.makeDirectory(parentOf(bundle)));
    await image.write(bundle, markedBlock("", anchor));
    created.push(bundle);
    for (const link of bundleLinks) {
      if (await files.info(link) !== undefined) continue;
      created.push(...await image.makeDirectory(parentOf(link)));
      await files.makeLink(link, bundle);
      created.push(link);
    }
    const message = `"${outside(bundle)}" was made with this certificate alone: ` +
      "the image has no public roots, and connections to public servers fail in it as before";
    return [{ code: "IMAGE_WITHOUT_ROOTS", message }];
  }

  /** As Debian's tool: `localtls-X.pem` leads to the anchor file, and the link by hash to that. */
  async function addToDirectory(
    directory: string,
    anchorFile: string | undefined,
    anchor: TrustAnchor,
  ): Promise<string[]> {
    if (await hasHashLink(files, directory, anchor)) return [];
    const name = pemNameOf(anchor);
    const path = `${directory}/${name}`;
    const created: string[] = [];
    if (await files.info(path) === undefined) {
      const linked = anchorFile !== undefined && directory === await realHashDirectory();
      if (linked) await files.makeLink(path, anchorFile);
      else await image.write(path, anchor.pem);
      created.push(path);
    }
    created.push(...await addHashLink(files, directory, name, anchor));
    return created;
  }

  async function realHashDirectory(): Promise<string | undefined> {
    const { hashDirectory } = layout;
    return hashDirectory === undefined ? undefined : await files.realPath(hashDirectory);
  }

  async function remove(anchor: TrustAnchor, created: readonly string[]): Promise<StoreChange> {
    const ours = new Set(
      created.filter((path) => path.startsWith(`${root}/`)).map((path) => path.slice(root.length)),
    );
    return await explainDenied(host, `take the certificate out of the ${label}`, async () => {
      const { bundles, entries, anchors, shared } = await view.find(anchor);
      for (const { path, text } of bundles) {
        const rest = withoutAnchor(text, anchor);
        if (rest === "" && ours.has(path)) await files.remove(path);
        else await image.write(path, rest);
      }
      await removeEntries(files, entries, image.ownerFor);
      // Last: until it is gone, a removal that was cut short finds what is left by it.
      for (const path of anchors) await files.remove(path);
      await removeCreated(ours);
      return {
        warnings: shared.map((path) => ({
          code: "TRUST_ELSEWHERE",
          message: `"${outside(path)}" holds the certificate beside others, and was left as it is`,
        })),
      };
    });
  }

  /** The ledger is the user's file: nothing but what add() can make is taken from it. */
  async function removeCreated(ours: ReadonlySet<string>): Promise<void> {
    for (const link of layout.bundleLinks) {
      if (!ours.has(link) || await files.realPath(layout.bundle) !== undefined) continue;
      if (await files.readLink(link) === layout.bundle) await files.remove(link);
    }
    const made = [anchorDirectory, layout.hashDirectory, layout.bundle, ...layout.bundleLinks];
    const directories = [...ours]
      .filter((path) => made.some((place) => place === path || place?.startsWith(`${path}/`)))
      .sort((a, b) => b.length - a.length);
    for (const path of directories) {
      if ((await files.info(path))?.type === "directory") await files.removeDirectory(path);
    }
  }

  async function plan(change: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    const step = (type: "write" | "delete") => (path: string): PlannedStep => ({
      type,
      path: outside(path),
      root: false,
    });
    if (change === "remove") {
      const { bundles, entries, anchors } = await view.find(anchor);
      return [
        ...bundles.map(({ path }) => path).map(step("write")),
        ...[...entries, ...anchors].map(step("delete")),
      ];
    }
    const file = anchorFileOf(anchor);
    const bundles = (await readBundles()).map(({ path }) => path);
    const directories = new Set(await hashDirectories());
    if (directories.size === 0 && layout.hashDirectory) directories.add(layout.hashDirectory);
    return [
      ...(file === undefined ? [] : [file]),
      ...(bundles.length > 0 ? bundles : [layout.bundle, ...layout.bundleLinks]),
      ...[...directories].map((directory) => `${directory}/${pemNameOf(anchor)}`),
    ].map(step("write"));
  }

  const path = outside(anchorDirectory ?? layout.bundle);
  return {
    kind: "system",
    label,
    path,
    root,
    state: view.state,
    plan,
    add,
    holdsMark: view.holdsMark,
    remove,
  };
}
