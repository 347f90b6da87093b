/**
 * The package for other machines, as files and as a ZIP archive.
 *
 * @module
 */

import { type Zippable, zipSync } from "fflate";
import { toBytes, toHex } from "../bytes.ts";
import { configurationProfile } from "../recipes/mobileconfig.ts";
import { powershellScript } from "./powershell_script.ts";
import { readme } from "./readme.ts";
import type { SharedRoot } from "./root.ts";
import { shellScript } from "./shell_script.ts";

/** A file of the package. */
export interface PackageFile {
  /** With "/" between directories. */
  readonly name: string;
  readonly content: Uint8Array<ArrayBuffer>;
  readonly executable?: boolean;
}

/** The files, SHA256SUMS last. @param more Programs to carry along. */
export async function packageFiles(
  root: SharedRoot,
  more: readonly PackageFile[] = [],
): Promise<PackageFile[]> {
  const { der, pem, base64, sha256, label } = root;
  const text = (name: string, content: string, executable = false): PackageFile => ({
    name,
    content: toBytes(new TextEncoder().encode(content)),
    executable,
  });
  const files = [
    text("README.txt", readme(root)),
    text("root.pem", pem),
    text("root.crt", pem),
    { name: "root.der", content: der },
    text("localtls.mobileconfig", configurationProfile({ base64, sha256, name: label })),
    ...(["install", "uninstall"] as const).flatMap((action) => [
      text(`${action}.sh`, shellScript(action, root), true),
      text(`${action}.ps1`, powershellScript(action, root)),
    ]),
    ...more,
  ];
  const sums = await Promise.all(files.map(async ({ name, content }) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
    return `${toHex(digest)}  ${name}\n`;
  }));
  return [...files, text("SHA256SUMS", sums.join(""))];
}

/** ZIP's number for Unix, which makes readers look at the permissions. */
const MADE_ON_UNIX = 3;

/** What is compressed already only costs time. */
const COMPRESSED = /\.(?:zip|gz|xz|zst|tgz)$/;

/** One archive with everything in one directory. */
export function zipPackage(
  directory: string,
  files: readonly PackageFile[],
  modified: Date,
): Uint8Array<ArrayBuffer> {
  const entries: Zippable = {};
  for (const { name, content, executable } of files) {
    entries[`${directory}/${name}`] = [content, {
      mtime: modified,
      os: MADE_ON_UNIX,
      attrs: (0o100000 | (executable ? 0o755 : 0o644)) << 16,
      level: COMPRESSED.test(name) ? 0 : 6,
    }];
  }
  return toBytes(zipSync(entries));
}
