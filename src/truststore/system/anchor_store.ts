/**
 * A system store with a directory of anchors and a tool that builds the bundles: a row of systems.ts.
 *
 * State is what clients read, not what was asked for: the bundle, and on Debian OpenSSL's links by
 * subject hash, which another part of the same tool makes.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { exceptionText } from "../../input_text.ts";
import { checkAnchorCopy } from "../anchor_copy.ts";
import { rootCommands } from "../elevation.ts";
import { teeAsRoot, writeAsRoot } from "../root_file.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreChange,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import { findAnchorFiles, readPemFile } from "./bundle.ts";
import { opensslSubjectHash } from "./subject_hash.ts";
import type { LinuxSystem } from "./systems.ts";

/** Clients of every user read anchors; they hold nothing secret. */
const ANCHOR_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** Subjects with the same hash: OpenSSL numbers their links, and looks at each in turn. */
const MAX_LINKS_PER_HASH = 16;

/** The system store of a row. */
export function createAnchorStore(
  context: DiscoverContext,
  system: LinuxSystem,
  label: string,
): TrustStore {
  const { host, elevation } = context;
  const { anchorDirectory } = system;
  host.allowRoot(anchorDirectory);
  const fileOf = (anchor: TrustAnchor) =>
    `${anchorDirectory}/localtls-${anchor.sha256.slice(0, 16)}${system.extension}`;

  /** The bundle's path and text; undefined where no bundle has been built. */
  async function readBundle(): Promise<{ path: string; text: string } | undefined> {
    for (const path of system.bundles) {
      const text = await readPemFile(host, path);
      if (text !== undefined) return { path, text };
    }
    return undefined;
  }

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const { der } = anchor.certificate;
    const bundle = await readBundle().catch((error) => {
      throw new LocalTlsError(
        "STORE_UNAVAILABLE",
        `Cannot read the ${label}: ${exceptionText(error)}`,
        {
          cause: error,
        },
      );
    });
    const rebuild = async () => (await rootCommands(host, [system.refreshRebuild]))[0]!;
    if (bundle === undefined || findCertificateBlocks(bundle.text, der).length === 0) {
      if (await host.files.info(fileOf(anchor)) === undefined) return { state: "absent" };
      const reason = system.onlyCas === true && anchor.role === "peer"
        ? `"${fileOf(anchor)}" is there, and this system's tool puts only CAs into its bundles`
        : `"${fileOf(anchor)}" is there, and the bundle that clients read was not built with it`;
      return { state: "broken", reason, hint: await rebuild() };
    }
    const { hashDirectory } = system;
    if (hashDirectory !== undefined && !await hasHashLink(hashDirectory, anchor)) {
      return {
        state: "broken",
        reason: `"${bundle.path}" holds the certificate, and "${hashDirectory}" has no link to it`,
        hint: await rebuild(),
      };
    }
    return { state: "trusted" };
  }

  /** Whether a client with `-CApath` would find the certificate. */
  async function hasHashLink(directory: string, anchor: TrustAnchor): Promise<boolean> {
    const hash = await opensslSubjectHash(anchor.certificate.subject);
    for (let i = 0; i < MAX_LINKS_PER_HASH; i++) {
      const text = await readPemFile(host, `${directory}/${hash}.${i}`).catch(() => undefined);
      if (text === undefined) return false;
      if (findCertificateBlocks(text, anchor.certificate.der).length > 0) return true;
    }
    return false;
  }

  async function requireTool(): Promise<void> {
    if (await host.commands.findForRoot(system.tool) !== undefined) return;
    throw new LocalTlsError(
      "TOOL_MISSING",
      `Cannot change the ${label}: "${system.tool}" is not installed`,
    );
  }

  /** The directories down to the anchor directory that are not there, outermost first. */
  async function missingDirectories(): Promise<string[]> {
    const missing: string[] = [];
    for (let path = anchorDirectory; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
      if (await host.files.info(path) !== undefined) break;
      missing.unshift(path);
    }
    return missing;
  }

  async function add(anchor: TrustAnchor): Promise<StoreChange> {
    await requireTool();
    const file = fileOf(anchor);
    const held = await host.files.info(file);
    if (held !== undefined && held.type !== "file") {
      throw new LocalTlsError("FILE_UNSAFE", `Cannot write "${file}": it is a ${held.type}`, {
        hints: await rootCommands(host, [["rm", "--", file]]),
      });
    }
    const isBroken = (await state(anchor)).state === "broken";
    const refresh = isBroken ? system.refreshRebuild : system.refreshAdded;
    const directories = await missingDirectories();
    const purpose = `add the certificate to the ${label}`;
    if ((await elevation.prefix())?.length === 0) {
      await host.files.makeDirectory(anchorDirectory, { mode: DIRECTORY_MODE });
      await host.files.write(file, anchor.pem, { mode: ANCHOR_MODE });
      await elevation.run([refresh], purpose);
    } else {
      await checkAnchorCopy(host, anchor);
      await elevation.run([
        ...(directories.length === 0
          ? []
          : [["install", "-d", "-m", "0755", "--", anchorDirectory]]),
        writeAsRoot(file, anchor.pem, teeAsRoot(file, anchor.file)),
        refresh,
      ], purpose);
    }
    return { created: [...directories, ...(held === undefined ? [file] : [])] };
  }

  async function holdsMark(anchor: TrustAnchor): Promise<boolean> {
    return await host.files.info(fileOf(anchor)) !== undefined;
  }

  async function filesToRemove(anchor: TrustAnchor) {
    if (anchor.onlyMarked) {
      return { paths: await holdsMark(anchor) ? [fileOf(anchor)] : [], shared: [] };
    }
    const files = await findAnchorFiles(host, anchorDirectory, anchor.certificate.der);
    const own = fileOf(anchor);
    const paths = files.filter(({ shared }) => !shared).map(({ path }) => path);
    if (!paths.includes(own) && await host.files.info(own) !== undefined) paths.push(own);
    return { paths, shared: files.filter((file) => file.shared).map(({ path }) => path) };
  }

  async function remove(anchor: TrustAnchor, created: readonly string[]): Promise<StoreChange> {
    await requireTool();
    const { paths, shared } = await filesToRemove(anchor);
    // The ledger is the user's file: nothing but the anchor directory and those above it is taken from it.
    const directories = created
      .filter((path) => path === anchorDirectory || anchorDirectory.startsWith(`${path}/`))
      .sort((a, b) => b.length - a.length);
    const purpose = `take the certificate out of the ${label}`;
    if ((await elevation.prefix())?.length === 0) {
      for (const path of paths) await host.files.remove(path);
      await elevation.run([system.refreshRebuild], purpose);
      for (const path of directories) await host.files.removeDirectory(path);
    } else {
      const gone = new Set(paths);
      const empty: string[] = [];
      for (const path of directories) {
        const names = await host.files.list(path);
        if (names.some((name) => !gone.has(`${path}/${name}`))) break;
        empty.push(path);
        gone.add(path);
      }
      await elevation.run([
        ...(paths.length === 0 ? [] : [["rm", "-f", "--", ...paths]]),
        system.refreshRebuild,
        ...(empty.length === 0 ? [] : [["rmdir", "--", ...empty]]),
      ], purpose);
    }
    return {
      warnings: shared.map((path) => ({
        code: "TRUST_ELSEWHERE",
        message: `"${path}" holds the certificate beside others, and was left as it is`,
      })),
    };
  }

  async function plan(change: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    if (change === "add") {
      return [
        { type: "write", path: fileOf(anchor), root: true },
        { type: "run", argv: system.refreshAdded, root: true },
      ];
    }
    const { paths } = await filesToRemove(anchor);
    return [
      ...paths.map((path) => ({ type: "delete", path, root: true } as const)),
      { type: "run", argv: system.refreshRebuild, root: true },
    ];
  }

  return { kind: "system", label, path: anchorDirectory, state, plan, add, holdsMark, remove };
}
