/**
 * What an image shows of one anchor: the bundles and directories that clients read, and whether it is in them.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import type { StoreState, TrustAnchor } from "../store.ts";
import { hasMarkedBlock } from "../system/bare_bundle_store.ts";
import { findAnchorFiles } from "../system/bundle.ts";
import { findEntries, hasHashLink } from "./hash_directory.ts";
import type { ImageTree } from "./image_tree.ts";
import { CLIENT_BUNDLES, type ImageLayout } from "./layouts.ts";

/** Where Nix and Guix keep what is never changed: it is named by what it was built from. */
const PACKAGE_STORE = /^\/(?:nix|gnu)\/store\//;

/** A bundle that some client reads. */
export interface Bundle {
  /** Without links. */
  readonly path: string;
  readonly text: string;
}

/** Everything of an anchor that can go, as paths in the image. */
export interface Findings {
  readonly bundles: readonly Bundle[];
  /** In hash directories. */
  readonly entries: readonly string[];
  readonly anchors: readonly string[];
  /** Anchor files that hold others as well. */
  readonly shared: readonly string[];
}

/** Looks, and changes nothing. */
export interface ImageView {
  anchorFileOf(anchor: TrustAnchor): string | undefined;
  /** The name of the anchor in hash directories. */
  pemNameOf(anchor: TrustAnchor): string;
  readBundles(): Promise<Bundle[]>;
  /** The hash directories that are there, without links and duplicates. */
  hashDirectories(): Promise<string[]>;
  state(anchor: TrustAnchor): Promise<StoreState>;
  /** With `onlyMarked`, what bears a mark of ours. */
  find(anchor: TrustAnchor): Promise<Findings>;
  holdsMark(anchor: TrustAnchor): Promise<boolean>;
}

/** The view of an image with this layout. */
export function createImageView(image: ImageTree, layout: ImageLayout): ImageView {
  const { files } = image;
  const { root } = files;
  const { anchorDirectory } = layout;
  const outside = (path: string) => root + path;
  const nameOf = ({ sha256 }: TrustAnchor) => `localtls-${sha256.slice(0, 16)}`;
  const pemNameOf = (anchor: TrustAnchor) => `${layout.linkPrefix}${nameOf(anchor)}.pem`;
  const anchorFileOf = (anchor: TrustAnchor) =>
    anchorDirectory && `${anchorDirectory}/${nameOf(anchor)}${layout.extension}`;

  async function readBundles(): Promise<Bundle[]> {
    const bundles = new Map<string, Bundle>();
    for (const name of CLIENT_BUNDLES) {
      const path = await files.realPath(name);
      if (path === undefined || bundles.has(path)) continue;
      if (PACKAGE_STORE.test(path)) {
        throw new LocalTlsError(
          "STORE_UNAVAILABLE",
          `Cannot change "${outside(path)}": it belongs to a store of packages`,
          { hints: ["Add the certificate in the configuration that the image is built from"] },
        );
      }
      const text = await image.read(path);
      if (text !== undefined) bundles.set(path, { path, text });
    }
    return [...bundles.values()];
  }

  /** The hash directories that are there, without links and duplicates. */
  async function hashDirectories(): Promise<string[]> {
    const found = new Set<string>();
    for (const name of [layout.hashDirectory, ...layout.otherHashDirectories]) {
      const path = name === undefined ? undefined : await files.realPath(name);
      if (path !== undefined && (await files.info(path))?.type === "directory") found.add(path);
    }
    return [...found];
  }

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const { der } = anchor.certificate;
    const bundles = await readBundles();
    const lacking = bundles.filter(({ text }) => findCertificateBlocks(text, der).length === 0);
    const directories = await hashDirectories();
    const unlinked: string[] = [];
    for (const path of directories) {
      if (!await hasHashLink(files, path, anchor)) unlinked.push(path);
    }
    const kept = anchorDirectory === undefined
      ? undefined
      : (await findAnchorFiles({ files }, anchorDirectory, der)).length > 0;
    const nothing = lacking.length === bundles.length && kept !== true &&
      unlinked.length === directories.length;
    if (nothing) return { state: "absent" };
    const broken = (reason: string): StoreState => ({ state: "broken", reason });
    if (bundles.length === 0) return broken(`"${root}" has no bundle of roots`);
    if (lacking.length > 0) {
      return broken(
        `"${outside(lacking[0]!.path)}" does not hold the certificate, other places do`,
      );
    }
    if (unlinked.length > 0) {
      return broken(`"${outside(unlinked[0]!)}" has no link to the certificate`);
    }
    // Clients accept it; the image's own tool would drop it at its next run.
    return kept === false ? { state: "trusted", renewable: true } : { state: "trusted" };
  }

  async function find(anchor: TrustAnchor): Promise<Findings> {
    const { der } = anchor.certificate;
    const bundles = (await readBundles()).filter(({ text }) =>
      anchor.onlyMarked ? hasMarkedBlock(text, anchor) : findCertificateBlocks(text, der).length > 0
    );
    const entries: string[] = [];
    for (const directory of await hashDirectories()) {
      entries.push(...await findEntries(files, directory, anchor, pemNameOf(anchor)));
    }
    const anchors = anchorDirectory === undefined || anchor.onlyMarked
      ? []
      : await findAnchorFiles({ files }, anchorDirectory, der);
    const paths = anchors.filter(({ shared }) => !shared).map(({ path }) => path);
    const own = anchorFileOf(anchor);
    if (own !== undefined && !paths.includes(own) && await files.info(own) !== undefined) {
      paths.push(own);
    }
    const isBundle = (path: string) => bundles.some((bundle) => bundle.path === path);
    return {
      bundles,
      entries: entries.filter((path) => !isBundle(path)),
      anchors: paths,
      shared: anchors.filter(({ shared }) => shared).map(({ path }) => path),
    };
  }

  async function holdsMark(anchor: TrustAnchor): Promise<boolean> {
    const { bundles, entries, anchors } = await find({ ...anchor, onlyMarked: true });
    return bundles.length + entries.length + anchors.length > 0;
  }

  return { anchorFileOf, pemNameOf, readBundles, hashDirectories, state, find, holdsMark };
}
