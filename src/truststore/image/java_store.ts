/**
 * The trust stores of the Javas in an image, changed without Java.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type {
  DiscoverContext,
  StoreChange,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { findJavaTrustFiles, labelOf } from "../java/find_javas.ts";
import { findAliases } from "../java/keystore_reader.ts";
import { addTrusted, removeTrusted } from "../java/keystore_writer.ts";
import { aliasOf } from "../java/keytool.ts";
import { linuxJavaPlaces } from "../java/places.ts";
import { explainDenied, type ImageTree } from "./image_tree.ts";

/** Bytes. A cacerts has 0.2 MB. */
const MAX_STORE_BYTES = 16 * 1024 * 1024;

/** Stores that distributions keep for every Java, also for one that comes later. */
const SHARED_STORES = ["/etc/ssl/certs/java/cacerts", "/etc/pki/ca-trust/extracted/java/cacerts"];

/** One store per cacerts file of the image. */
export async function findImageJavaStores(
  context: Pick<DiscoverContext, "host">,
  image: ImageTree,
): Promise<TrustStore[]> {
  const { files } = image;
  const search = {
    files,
    env: () => undefined,
    commands: {
      find: () => Promise.resolve(undefined),
      run: () => Promise.reject(new LocalTlsError("INTERNAL", "Cannot run a program of an image")),
    },
  };
  const found = new Map<string, string>();
  for (const file of await findJavaTrustFiles(search, { home: "/root" }, linuxJavaPlaces())) {
    found.set(file.path, labelOf(file));
  }
  for (const name of SHARED_STORES) {
    const path = await files.realPath(name);
    if (path !== undefined && !found.has(path)) found.set(path, "Java");
  }
  return [...found].map(([path, label]) =>
    createImageJavaStore(context, image, path, `${label} in ${files.root}`)
  );
}

function createImageJavaStore(
  { host }: Pick<DiscoverContext, "host">,
  image: ImageTree,
  path: string,
  label: string,
): TrustStore {
  const { root } = image.files;
  const outside = root + path;

  /** Throws STORE_UNAVAILABLE for what only keytool can open. */
  function unreadable(anchor?: TrustAnchor): LocalTlsError {
    const alias = anchor === undefined ? "ALIAS" : aliasOf(anchor);
    return new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot use "${outside}": its password or its format is not Java's default`,
      { hints: [`In the image: keytool -importcert -keystore ${path} -alias ${alias} -file FILE`] },
    );
  }

  async function read(): Promise<Uint8Array> {
    const content = await image.files.read(path, MAX_STORE_BYTES);
    if (content !== undefined) return content;
    throw new LocalTlsError("STORE_UNAVAILABLE", `Cannot read "${outside}": it is gone`);
  }

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const aliases = findAliases(await read(), anchor.certificate.der);
    if (aliases === undefined) throw unreadable(anchor);
    return { state: aliases.length > 0 ? "trusted" : "absent" };
  }

  async function replace(
    anchor: TrustAnchor,
    purpose: string,
    change: (store: Uint8Array) => Promise<Uint8Array | undefined>,
  ): Promise<StoreChange> {
    const changed = await change(await read());
    if (changed === undefined) throw unreadable(anchor);
    await explainDenied(host, `${purpose} ${label}`, () => image.replace(path, changed));
    return {};
  }

  return {
    kind: "java",
    label,
    path: outside,
    root,
    state,
    plan: () => Promise.resolve([{ type: "write", path: outside, root: false }]),
    holdsMark: async (anchor) =>
      findAliases(await read(), anchor.certificate.der)?.includes(aliasOf(anchor)) ?? false,
    add: (anchor) =>
      replace(
        anchor,
        "add the certificate to",
        (store) => addTrusted(store, aliasOf(anchor), anchor.certificate.der, host.now()),
      ),
    remove: (anchor) =>
      replace(
        anchor,
        "take the certificate out of",
        (store) =>
          removeTrusted(
            store,
            anchor.certificate.der,
            anchor.onlyMarked ? (alias) => alias === aliasOf(anchor) : undefined,
          ),
      ),
  };
}
