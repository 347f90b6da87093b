/**
 * One Java trust store (cacerts).
 *
 * Changed without Java where that can be (keystore_writer.ts): no program of a Java that a user may have put there is
 * run, and the file is replaced whole. What only keytool can write (a store under a password that encrypts) it changes in a
 * copy, which then replaces the file; as root only a keytool that nobody but root can change.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { parentOf } from "../../host/path_text.ts";
import { quoteCommand } from "../../host/shell_words.ts";
import { checkAnchorCopy } from "../anchor_copy.ts";
import type { RootStep, ShownCommand } from "../elevation.ts";
import { writeAsRoot } from "../root_file.ts";
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
import { addTrusted, removeTrusted } from "./keystore_writer.ts";
import {
  aliasOf,
  deleteCommand,
  importCommand,
  isOurAlias,
  listAliases,
  runKeytool,
} from "./keytool.ts";

/** Bytes. A cacerts has 0.2 MB. */
const MAX_STORE_BYTES = 16 * 1024 * 1024;

/** The trust store of one or several Javas. */
export function createJavaStore(
  { host, elevation }: DiscoverContext,
  file: JavaTrustFile,
): TrustStore {
  const { path } = file;
  if (file.isRoots) host.allowRoot(parentOf(path));
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

  /** Whether the file can be replaced: that takes writing to its directory. */
  async function canReplace(): Promise<boolean> {
    const directory = parentOf(path);
    return await host.files.writable(path) && await host.files.writable(directory);
  }

  /** The store with the change made; undefined where only keytool can make it. */
  async function changed(change: "add" | "remove", anchor: TrustAnchor) {
    const { certificate: { der } } = anchor;
    const store = await readStore();
    if (change === "remove") {
      return await removeTrusted(store, der, anchor.onlyMarked ? isOurs(anchor) : undefined);
    }
    // Under another alias it is trusted already.
    if ((findAliases(store, der) ?? []).length > 0) return undefined;
    return await addTrusted(store, aliasOf(anchor), der, host.now());
  }

  async function apply(change: "add" | "remove", anchor: TrustAnchor): Promise<StoreChange> {
    const purpose = change === "add"
      ? `add the certificate to ${label}`
      : `take the certificate out of ${label}`;
    const content = await changed(change, anchor);
    if (await canReplace()) {
      if (content === undefined) await explained(changeCopy(change, anchor, purpose));
      else await replace(content);
    } else await explained(changeAsRoot(change, anchor, purpose, content));
    return {};
  }

  /** The file whole, with the mode and owner that it has. */
  async function replace(content: Uint8Array): Promise<void> {
    const info = await host.files.info(path);
    // Only root may give a file away; a user's own file stays theirs by itself.
    const owner = host.isRoot && info !== undefined ? { uid: info.uid, gid: info.gid } : undefined;
    await host.files.write(path, content, { mode: info?.mode ?? 0o644, owner });
  }

  async function changeAsRoot(
    change: "add" | "remove",
    anchor: TrustAnchor,
    purpose: string,
    content: Uint8Array | undefined,
  ): Promise<void> {
    if (!file.isRoots) {
      throw new LocalTlsError(
        "STORE_UNAVAILABLE",
        `Cannot ${purpose}: "${path}" belongs to another user, and so does the way to it`,
        { hints: [quoteCommand(["ls", "-ld", parentOf(path), path])] },
      );
    }
    if (content === undefined) requireKeytool();
    if (change === "add" && !host.isRoot) await checkAnchorCopy(host, anchor);
    const shown = await shownCommands(change, anchor);
    const steps: RootStep[] = content !== undefined
      ? [writeAsRoot(path, content, shown)]
      : shown.map(({ argv, stdin }) =>
        stdin === undefined ? argv : { argv, input: anchor.pem, shown: [{ argv, stdin }] }
      );
    await elevation.run(steps, purpose);
  }

  const isOurs = (anchor: TrustAnchor) => (alias: string) => isOurAlias(alias, anchor);

  /** The aliases that a removal takes out. */
  async function chosenAliases(anchor: TrustAnchor): Promise<readonly string[]> {
    const { aliases } = await look(anchor);
    return anchor.onlyMarked ? aliases.filter(isOurs(anchor)) : aliases;
  }

  /** For the user to paste: with keytool, and for a Java without one as this program does it. */
  async function shownCommands(
    change: "add" | "remove",
    anchor: TrustAnchor,
  ): Promise<ShownCommand[]> {
    if (keytool === undefined) {
      const verb = change === "add" ? "setup" : "uninstall";
      return [{ argv: ["localtls", verb, "--stores", "java"] }];
    }
    if (change === "add") {
      const argv = importCommand(keytool, path, anchor);
      // The two shells of Windows open files otherwise; and there is no root to be led astray.
      return [
        host.user === undefined
          ? { argv: [...argv, "-file", anchor.file] }
          : { argv, stdin: anchor.file },
      ];
    }
    const aliases = await chosenAliases(anchor);
    return aliases.map((alias) => ({ argv: deleteCommand(keytool, path, alias) }));
  }

  async function changeCopy(
    change: "add" | "remove",
    anchor: TrustAnchor,
    purpose: string,
  ): Promise<void> {
    const tool = requireKeytool();
    const copy = `${path}.localtls-${anchor.sha256.slice(0, 16)}`;
    const before = await readStore();
    try {
      await host.files.write(copy, before);
      if (change === "add") {
        await runKeytool(host, importCommand(tool, copy, anchor), purpose, anchor.pem);
      } else {
        for (const alias of await chosenAliases(anchor)) {
          await runKeytool(host, deleteCommand(tool, copy, alias), purpose);
        }
      }
      const after = await host.files.read(copy, MAX_STORE_BYTES);
      if (after === undefined || after.length === 0) {
        throw new LocalTlsError("TOOL_FAILED", `Cannot ${purpose}: keytool left no key store`);
      }
      await replace(after);
    } finally {
      await host.files.remove(copy);
    }
  }

  async function plan(change: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    if (change === "remove" && (await chosenAliases(anchor)).length === 0) return [];
    return [{ type: "write", path, root: !await canReplace() }];
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
