/**
 * FreeBSD's system store: `certctl rehash` builds from directories of certificates what OpenSSL reads, /etc/ssl/certs (by
 * subject hash) and, from FreeBSD 15, the bundle /etc/ssl/cert.pem.
 *
 * There are two programs of this name, and what is done here is what both agree on: the shell script up to FreeBSD 14,
 * and the one in C after it. Both search /usr/local/share/certs, which Go reads by itself too. Read from their source;
 * not run here.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { checkAnchorCopy } from "../anchor_copy.ts";
import { rootCommands, type RootStep } from "../elevation.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreChange,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { writeAsRoot } from "../root_file.ts";
import { findAnchorFiles, readPemFile } from "../system/bundle.ts";
import { opensslSubjectHash } from "../system/subject_hash.ts";

const ANCHORS = "/usr/local/share/certs";
/** What certctl builds. */
const HASHED = "/etc/ssl/certs";
const BUNDLE = "/etc/ssl/cert.pem";
/** What it leaves out, whatever the anchors say. */
const DISTRUSTED = "/etc/ssl/untrusted";

/**
 * The script takes a file for one certificate that has this line, as those of `openssl x509 -text` do, and passes over
 * every other; for everybody else it is text before a PEM block.
 */
const HEADING = "Certificate:";

const REHASH = ["certctl", "rehash"];
/** For the user to paste: the shell that sudo starts reads what the user's own has opened. */
const INSTALL = `{ echo "${HEADING}"; cat; } > "$1" && chmod 0644 "$1"`;

/** Subjects with the same hash: OpenSSL looks at each in turn. */
const MAX_LINKS_PER_HASH = 16;

/** The system store of FreeBSD. */
export function createCertctlStore({ host, elevation }: DiscoverContext): TrustStore {
  const label = "FreeBSD system store";
  const fileOf = ({ sha256 }: TrustAnchor) => `${ANCHORS}/localtls-${sha256.slice(0, 16)}.crt`;

  /** The entries of a directory by hash that hold the anchor. */
  async function entries(directory: string, anchor: TrustAnchor): Promise<string[]> {
    const hash = await opensslSubjectHash(anchor.certificate.subject);
    const found: string[] = [];
    for (let i = 0; i < MAX_LINKS_PER_HASH; i++) {
      const path = `${directory}/${hash}.${i}`;
      if (await holds(path, anchor)) found.push(path);
    }
    return found;
  }

  async function holds(path: string, { certificate }: TrustAnchor): Promise<boolean> {
    const text = await readPemFile(host, path).catch(() => undefined);
    return text !== undefined && findCertificateBlocks(text, certificate.der).length > 0;
  }

  /** The script builds none: there the file is a link to the one of a package, or not there. */
  async function lacksBundle(anchor: TrustAnchor): Promise<boolean> {
    const info = await host.files.info(BUNDLE);
    return info?.type === "file" && !await holds(BUNDLE, anchor);
  }

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const hint = async (argv: readonly string[]) => (await rootCommands(host, [argv]))[0]!;
    const isHashed = (await entries(HASHED, anchor)).length > 0;
    const isKept = await host.files.info(fileOf(anchor)) !== undefined;
    if ((await entries(DISTRUSTED, anchor)).length > 0) {
      if (!isHashed && !isKept) return { state: "absent" };
      return {
        state: "broken",
        reason: `"${DISTRUSTED}" holds the certificate: it was distrusted by hand`,
        hint: await hint(["certctl", "trust", fileOf(anchor)]),
      };
    }
    if (isHashed && !await lacksBundle(anchor)) return { state: "trusted" };
    if (!isHashed && !isKept && !await holds(BUNDLE, anchor)) return { state: "absent" };
    const reason = isHashed
      ? `"${HASHED}" holds the certificate, and "${BUNDLE}" does not`
      : `"${HASHED}" was not built with the certificate`;
    return { state: "broken", reason, hint: await hint(REHASH) };
  }

  async function requireTool(): Promise<void> {
    if (await host.commands.findForRoot("certctl") !== undefined) return;
    throw new LocalTlsError(
      "TOOL_MISSING",
      `Cannot change the ${label}: "certctl" is not installed`,
    );
  }

  async function missingDirectories(): Promise<string[]> {
    const missing: string[] = [];
    for (let path = ANCHORS; path !== ""; path = path.slice(0, path.lastIndexOf("/"))) {
      if (await host.files.info(path) !== undefined) break;
      missing.unshift(path);
    }
    return missing;
  }

  async function addSteps(anchor: TrustAnchor): Promise<RootStep[]> {
    const file = fileOf(anchor);
    const directories = await missingDirectories();
    const isDistrusted = (await entries(DISTRUSTED, anchor)).length > 0;
    return [
      ...(directories.length === 0 ? [] : [["install", "-d", "-m", "0755", ANCHORS]]),
      writeAsRoot(file, `${HEADING}\n${anchor.pem}`, [
        { argv: ["sh", "-c", INSTALL, "sh", file], stdin: anchor.file },
      ]),
      ...(isDistrusted ? [["certctl", "trust", file]] : []),
      REHASH,
    ];
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
    if (!host.isRoot) await checkAnchorCopy(host, anchor);
    const directories = await missingDirectories();
    await elevation.run(await addSteps(anchor), `add the certificate to the ${label}`);
    return { created: [...directories, ...(held === undefined ? [file] : [])] };
  }

  async function holdsMark(anchor: TrustAnchor): Promise<boolean> {
    return await host.files.info(fileOf(anchor)) !== undefined;
  }

  async function filesToRemove(anchor: TrustAnchor) {
    if (anchor.onlyMarked) {
      const own = await holdsMark(anchor) ? [fileOf(anchor)] : [];
      // Of a public root, what is built may come from the system's own copy.
      const built = own.length === 0 || anchor.isPublic ? [] : await entries(HASHED, anchor);
      return { paths: [...own, ...built], shared: [] };
    }
    const files = await findAnchorFiles(host, ANCHORS, anchor.certificate.der);
    const own = fileOf(anchor);
    const paths = files.filter(({ shared }) => !shared).map(({ path }) => path);
    if (!paths.includes(own) && await host.files.info(own) !== undefined) paths.push(own);
    // The program in C takes what it has built before for a source: without this it would stay.
    paths.push(...await entries(HASHED, anchor));
    return { paths, shared: files.filter((file) => file.shared).map(({ path }) => path) };
  }

  async function remove(anchor: TrustAnchor, created: readonly string[]): Promise<StoreChange> {
    await requireTool();
    const { paths, shared } = await filesToRemove(anchor);
    const gone = new Set(paths);
    // The ledger is the user's file: nothing but the anchor directory and those above it is taken from it.
    const empty: string[] = [];
    for (
      const path of created.filter((path) => path === ANCHORS || ANCHORS.startsWith(`${path}/`))
        .sort((a, b) => b.length - a.length)
    ) {
      const names = await host.files.list(path);
      if (names.some((name) => !gone.has(`${path}/${name}`))) break;
      empty.push(path);
      gone.add(path);
    }
    await elevation.run([
      ...(paths.length === 0 ? [] : [["rm", "-f", "--", ...paths]]),
      REHASH,
      ...(empty.length === 0 ? [] : [["rmdir", "--", ...empty]]),
    ], `take the certificate out of the ${label}`);
    return {
      warnings: shared.map((path) => ({
        code: "TRUST_ELSEWHERE",
        message: `"${path}" holds the certificate beside others, and was left as it is`,
      })),
    };
  }

  async function plan(change: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    const rehash: PlannedStep = { type: "run", argv: REHASH, root: true };
    if (change === "add") return [{ type: "write", path: fileOf(anchor), root: true }, rehash];
    const { paths } = await filesToRemove(anchor);
    return [...paths.map((path) => ({ type: "delete", path, root: true } as const)), rehash];
  }

  return { kind: "system", label, path: ANCHORS, state, plan, add, holdsMark, remove };
}
