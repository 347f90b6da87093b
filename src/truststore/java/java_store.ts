/**
 * One Java trust store (cacerts), changed through keytool.
 *
 * keytool writes the file in place, so that a killed one or a full disk leaves every Java on the machine
 * without roots. Where this process may write itself, keytool works on a copy, and the copy replaces the
 * file whole.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { parentOf } from "../../host/path_text.ts";
import { quoteCommand } from "../../host/shell_words.ts";
import { checkAnchorCopy } from "../anchor_copy.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreChange,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { type JavaTrustFile, labelOf } from "./find_javas.ts";
import { findAliases } from "./keystore_reader.ts";
import { deleteCommand, importCommand, isOurAlias, listAliases, runKeytool } from "./keytool.ts";

/** Bytes. A cacerts has 0.2 MB. */
const MAX_STORE_BYTES = 16 * 1024 * 1024;

/** The trust store of one or several Javas. */
export function createJavaStore(
  { host, elevation }: DiscoverContext,
  file: JavaTrustFile,
): TrustStore {
  const { path } = file;
  const label = labelOf(file);
  const keytool = file.javas.find((java) => java.keytool !== undefined)?.keytool;

  function requireKeytool(): string {
    if (keytool !== undefined) return keytool;
    const homes = file.javas.map(({ home }) => `"${home}"`).join(", ");
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot use the trust store of ${label}: ${homes} has no keytool`,
    );
  }

  async function readStore(): Promise<Uint8Array> {
    const content = await host.files.read(path, MAX_STORE_BYTES).catch((error) => {
      throw new LocalTlsError("STORE_UNAVAILABLE", error.message, { cause: error });
    });
    if (content !== undefined) return content;
    throw new LocalTlsError("STORE_UNAVAILABLE", `Cannot read "${path}": it is gone`);
  }

  /** The aliases of the anchor, whoever chose them, and whether they stand in the clear. */
  async function look(
    anchor: TrustAnchor,
  ): Promise<{ readonly aliases: readonly string[]; readonly isClear: boolean }> {
    const found = findAliases(await readStore(), anchor.certificate.der);
    if (found !== undefined) return { aliases: found, isClear: true };
    const listed = await explained(listAliases(host, requireKeytool(), path, anchor));
    return { aliases: listed, isClear: false };
  }

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const { aliases, isClear } = await look(anchor);
    if (aliases.length === 0) return { state: "absent" };
    if (isClear) return { state: "trusted" };
    return {
      state: "trusted",
      reason: `"${path}" is encrypted: a Java sees nothing in it unless it is given the password`,
      hint: "java -Djavax.net.ssl.trustStorePassword=changeit ...",
    };
  }

  /** The commands, on the store itself or a copy of it. */
  async function commands(change: "add" | "remove", anchor: TrustAnchor, store: string) {
    const tool = requireKeytool();
    if (change === "add") return [importCommand(tool, store, anchor)];
    const { aliases } = await look(anchor);
    const chosen = anchor.onlyMarked
      ? aliases.filter((alias) => isOurAlias(alias, anchor))
      : aliases;
    return chosen.map((alias) => deleteCommand(tool, store, alias));
  }

  /** Whether the file can be replaced: that takes writing to its directory. */
  async function canReplace(): Promise<boolean> {
    const directory = parentOf(path);
    return await host.files.writable(path) && await host.files.writable(directory);
  }

  async function apply(change: "add" | "remove", anchor: TrustAnchor): Promise<StoreChange> {
    const purpose = change === "add"
      ? `add the certificate to ${label}`
      : `take the certificate out of ${label}`;
    if (change === "add") await checkAnchorCopy(host, anchor);
    if (await canReplace()) await explained(changeCopy(change, anchor, purpose));
    else await explained(elevation.run(await commands(change, anchor, path), purpose));
    return {};
  }

  async function changeCopy(
    change: "add" | "remove",
    anchor: TrustAnchor,
    purpose: string,
  ): Promise<void> {
    const info = await host.files.info(path);
    // Only root may give a file away; a user's own file stays theirs by itself.
    const isRoot = host.user?.uid === 0;
    const owner = isRoot && info !== undefined ? { uid: info.uid, gid: info.gid } : undefined;
    const copy = `${path}.localtls-${anchor.sha256.slice(0, 16)}`;
    const before = await readStore();
    try {
      await host.files.write(copy, before);
      for (const argv of await commands(change, anchor, copy)) {
        await runKeytool(host, argv, purpose);
      }
      const after = await host.files.read(copy, MAX_STORE_BYTES);
      if (after === undefined || after.length === 0) {
        throw new LocalTlsError("TOOL_FAILED", `Cannot ${purpose}: keytool left no key store`);
      }
      await host.files.write(path, after, { mode: info?.mode ?? 0o644, owner });
    } finally {
      await host.files.remove(copy);
    }
  }

  async function plan(change: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    if (keytool === undefined) return [];
    const root = !await canReplace();
    return (await commands(change, anchor, path)).map((argv) => ({ type: "run", argv, root }));
  }

  /** keytool's own words for a wrong password name neither the file nor what to do. */
  async function explained<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof LocalTlsError) || !/password was incorrect/.test(error.message)) {
        throw error;
      }
      throw new LocalTlsError(
        "TOOL_FAILED",
        `Cannot use "${path}": its password is not Java's default, "changeit"`,
        {
          hints: [quoteCommand(["keytool", "-storepasswd", "-keystore", path, "-new", "changeit"])],
          cause: error,
        },
      );
    }
  }

  return {
    kind: "java",
    label,
    path,
    state,
    plan,
    holdsMark: async (anchor) =>
      (await look(anchor)).aliases.some((alias) => isOurAlias(alias, anchor)),
    add: (anchor) => apply("add", anchor),
    remove: (anchor) => apply("remove", anchor),
  };
}
