/**
 * A bundle that no tool builds (Alpine without its ca-certificates package, small images): the
 * certificate is appended between two comment lines, which PEM readers pass over, and taken out again
 * to the byte.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreChange,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import { checkAnchorCopy } from "../anchor_copy.ts";
import type { ShownCommand } from "../elevation.ts";
import { writeAsRoot } from "../root_file.ts";
import { readPemFile } from "./bundle.ts";

/**
 * The store of a bundle without a tool.
 *
 * @param changed as root: the system's own. as its owner: a user's, which is written by nobody else.
 */
export function createBareBundleStore(
  { host, elevation }: DiscoverContext,
  path: string,
  label: string,
  changed: "as root" | "as its owner" = "as root",
): TrustStore {
  if (changed === "as root") host.allowRoot(path);

  async function read(): Promise<string> {
    const text = await readPemFile(host, path).catch((error) => {
      throw new LocalTlsError("STORE_UNAVAILABLE", `Cannot read the ${label}: ${error.message}`, {
        cause: error,
      });
    });
    return text ?? "";
  }

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const blocks = findCertificateBlocks(await read(), anchor.certificate.der);
    return { state: blocks.length === 0 ? "absent" : "trusted" };
  }

  /** Replaces the bundle whole, keeping mode and owner; a killed process leaves the old one. */
  async function replace(text: string): Promise<void> {
    const info = await host.files.info(path);
    await host.files.write(path, text, {
      mode: info?.mode ?? 0o644,
      owner: info === undefined ? undefined : { uid: info.uid, gid: info.gid },
    });
  }

  /** Whether this process may replace the file, which takes writing to its directory. */
  async function mayReplace(): Promise<boolean> {
    if (changed === "as root") return (await elevation.prefix())?.length === 0;
    const directory = path.slice(0, path.lastIndexOf("/"));
    if (await host.files.writable(path) && await host.files.writable(directory)) return true;
    throw new LocalTlsError(
      "STORE_UNAVAILABLE",
      `Cannot change the bundle of ${label}: "${path}" belongs to another user`,
    );
  }

  async function add(anchor: TrustAnchor): Promise<StoreChange> {
    const text = await read();
    if (findCertificateBlocks(text, anchor.certificate.der).length > 0) return {};
    if (await mayReplace()) await replace(text + markedBlock(text, anchor));
    else {
      await checkAnchorCopy(host, anchor);
      const shown = [appendCommand(text, anchor, path)];
      await elevation.run(
        [writeAsRoot(path, text + markedBlock(text, anchor), shown)],
        `add the certificate to the ${label}`,
      );
    }
    return {};
  }

  async function holdsMark(anchor: TrustAnchor): Promise<boolean> {
    return hasMarkedBlock(await read(), anchor);
  }

  async function remove(anchor: TrustAnchor): Promise<StoreChange> {
    if (await mayReplace()) await replace(withoutAnchor(await read(), anchor));
    else {
      await elevation.run(
        [["sed", "-i", sedScript(anchor), path]],
        `take the certificate out of the ${label}`,
      );
    }
    return {};
  }

  function plan(): Promise<PlannedStep[]> {
    return Promise.resolve([{ type: "write", path, root: changed === "as root" }]);
  }

  return { kind: "system", label, path, state, plan, add, holdsMark, remove };
}

function markers({ sha256 }: TrustAnchor): { begin: string; end: string } {
  const id = sha256.slice(0, 16);
  return { begin: `# localtls-${id} begin`, end: `# localtls-${id} end` };
}

/** Remembers a line end that the bundle did not have, so that it can go again. */
const AFTER_LINE_END = ", after a line end";

/** What is appended to a bundle: the certificate between two comment lines. */
export function markedBlock(text: string, anchor: TrustAnchor): string {
  const { begin, end } = markers(anchor);
  const start = endsLine(text) ? begin : `\n${begin}${AFTER_LINE_END}`;
  return `${start}\n${anchor.pem}${end}\n`;
}

function endsLine(text: string): boolean {
  return text === "" || text.endsWith("\n");
}

/** Whether a block of ours is there, with the anchor in it. */
export function hasMarkedBlock(text: string, anchor: TrustAnchor): boolean {
  return withoutAnchor(text, { ...anchor, onlyMarked: true }) !== text;
}

/** The text without the anchor: our blocks to the byte, and (not with `onlyMarked`) bare ones that others appended. */
export function withoutAnchor(text: string, anchor: TrustAnchor): string {
  const { begin, end } = markers(anchor);
  let rest = text;
  for (let passedOver = 0;;) {
    const places = findCertificateBlocks(rest, anchor.certificate.der);
    const place = places[passedOver];
    if (place === undefined) return rest;
    let before = rest.slice(0, place.start);
    let after = rest.slice(place.end);
    if (after.startsWith(`${end}\n`)) after = after.slice(end.length + 1);
    const joined = `\n${begin}${AFTER_LINE_END}\n`;
    if (before.endsWith(joined)) before = before.slice(0, -joined.length);
    else if (before === `${begin}\n` || before.endsWith(`\n${begin}\n`)) {
      before = before.slice(0, -`${begin}\n`.length);
    } else if (anchor.onlyMarked) {
      passedOver++;
      continue;
    }
    rest = before + after;
  }
}

/** For the user to paste: appends the marked block. The script is constant; what it works on are its arguments. */
function appendCommand(text: string, anchor: TrustAnchor, path: string): ShownCommand {
  const { begin, end } = markers(anchor);
  const script = '{ echo "$1"; cat; echo "$2"; } >> "$3"';
  const argv = endsLine(text)
    ? ["sh", "-c", script, "sh", begin, end, path]
    : ["sh", "-c", `echo >> "$3"; ${script}`, "sh", begin + AFTER_LINE_END, end, path];
  return { argv, stdin: anchor.file };
}

/** Deletes our marked block; the digits of a SHA-256 mean nothing else in a pattern. */
function sedScript(anchor: TrustAnchor): string {
  const { begin, end } = markers(anchor);
  return `/^${begin}/,/^${end}$/d`;
}
