/**
 * THIRD-PARTY-NOTICES.txt of an archive: whose code is in the executable, and under which licence. Most of
 * them ask that their notice goes with every copy.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../toolchain.mjs";
import { bundledPackages } from "./sbom.ts";

const RULE = "=".repeat(80);

/** How packages call the file, whatever the case: LICENSE, LICENCE.md, license.txt, COPYING. */
const LICENCE_FILE = /^(?:licen[cs]e|copying)(?:\.(?:md|txt))?$/i;

/** The runtime's npm packages carry no licence file; this is what its documentation says. */
const RUNTIME = `Bun
${RULE}

The executable contains the Bun runtime, which is under the MIT licence, copyright Oven. Bun links
JavaScriptCore and WebKit's WTF statically, which are under the LGPL 2 in parts; the sources that Bun is built
from, its patches to WebKit and the notices of all that it links (BoringSSL, libuv, zlib, ICU, SQLite and others)
are published by the Bun project: https://bun.com/docs/project/license
`;

/** Data in packages that is under another licence than their code, which their own licence files do not say. */
const DATA: Readonly<Record<string, string>> = {
  tldts:
    `The public suffix list in it is by the Mozilla Foundation and its contributors, under the Mozilla Public
License 2.0 (https://mozilla.org/MPL/2.0/). Its source form: https://publicsuffix.org/list/`,
};

/**
 * The text.
 *
 * @param metafiles The bundler's metafiles: what is really in the bundle.
 * @param root Where node_modules is.
 * @throws {Error} A package says nothing of its licence, so that nobody may pass it on.
 */
export function thirdPartyNotices(metafiles: readonly string[], root: string = ROOT): string {
  const notices = bundledPackages(metafiles).map((path) => {
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const data = DATA[name] === undefined ? "" : `\n${DATA[name]}\n`;
    return `${name}\n${RULE}\n\n${licenceText(join(root, path), name)}\n${data}`;
  });
  const head = "Code of others in localtls, and the licences that it is under.\n";
  return [head, ...notices, RUNTIME].join("\n");
}

function licenceText(directory: string, name: string): string {
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const file = files.find((entry) => LICENCE_FILE.test(entry));
  if (file !== undefined) return readFileSync(join(directory, file), "utf8").trim();
  const manifest = files.includes("package.json")
    ? JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))
    : {};
  if (typeof manifest.license !== "string") {
    throw new Error(`Cannot name the licence of ${name}: it has no licence file and names none`);
  }
  const author = typeof manifest.author === "object" ? manifest.author?.name : manifest.author;
  return `${manifest.license}${author === undefined ? "" : `, by ${author}`}`;
}
