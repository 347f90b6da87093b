/**
 * The page of a directory.
 *
 * @module
 */

import * as fs from "node:fs";
import { join } from "node:path";
import { escapeHtml, renderPage } from "../page.ts";
import type { FileStore } from "./file_store.ts";
import { isHidden } from "./request_path.ts";

/** A page of more is of no use, and takes a browser long. */
const MAX_ENTRIES = 5_000;

interface Entry {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  readonly modified: Date;
}

/**
 * Makes the page.
 *
 * @param path The directory, found by the store.
 * @param names The same as it is in the URL.
 */
export async function renderListing(
  store: FileStore,
  path: string,
  names: readonly string[],
): Promise<string> {
  const found = (await fs.promises.readdir(path)).filter((name) => !isHidden([...names, name]));
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  const shown = found.sort(compare).slice(0, MAX_ENTRIES);
  const entries: Entry[] = [];
  for (const name of shown) {
    const entry = await describe(store, path, names, name);
    if (entry !== undefined) entries.push(entry);
  }
  entries.sort((a, b) => Number(b.directory) - Number(a.directory) || compare(a.name, b.name));
  const up = names.length === 0 ? [] : [`<li><a href="../">../</a></li>`];
  const rest = found.length - shown.length;
  const lines = [
    `<h1>${breadcrumbs(names)}</h1>`,
    "<ul>",
    ...up,
    ...entries.map(renderEntry),
    "</ul>",
    ...(entries.length === 0 ? [`<p class="soft">Nothing here</p>`] : []),
    ...(rest > 0 ? [`<p class="soft">And ${rest} more</p>`] : []),
    `<footer>${summary(entries)}</footer>`,
  ];
  return renderPage(`/${names.join("/")}`, lines.join("\n"));
}

/** A symlink counts as what it leads to; one that leads out of the directory is not there. */
async function describe(
  store: FileStore,
  path: string,
  names: readonly string[],
  name: string,
): Promise<Entry | undefined> {
  const place = await store.find([...names, name], []);
  if (place.kind === "missing") return undefined;
  if (place.kind === "file") {
    const { size, modifiedMs } = place.file;
    return { name, directory: false, size, modified: new Date(modifiedMs) };
  }
  try {
    const { mtime } = await fs.promises.stat(join(path, name));
    return { name, directory: true, size: 0, modified: mtime };
  } catch {
    return undefined;
  }
}

function renderEntry({ name, directory, size, modified }: Entry): string {
  const slash = directory ? "/" : "";
  const href = `./${encodeURIComponent(name)}${slash}`;
  const iso = modified.toISOString();
  const when = `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
  return `<li><a href="${escapeHtml(href)}">${escapeHtml(name)}${slash}</a>` +
    `<span>${directory ? "" : formatSize(size)}</span><time datetime="${iso}">${when}</time></li>`;
}

function breadcrumbs(names: readonly string[]): string {
  const parts = names.map((name, i) => {
    const text = escapeHtml(name);
    const depth = names.length - 1 - i;
    return depth === 0 ? text : `<a href="./${"../".repeat(depth)}">${text}</a>`;
  });
  const root = names.length === 0 ? "/" : `<a href="./${"../".repeat(names.length)}">/</a>`;
  return [root, parts.join(" / ")].join(names.length === 0 ? "" : " ");
}

function summary(entries: readonly Entry[]): string {
  const files = entries.filter(({ directory }) => !directory);
  const directories = entries.length - files.length;
  const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return `${count(directories, "directory", "directories")}, ${
    count(files.length, "file", "files")
  }` +
    (files.length > 0 ? `, ${formatSize(size)}` : "") + "; times are UTC";
}

/** As people read it: 1.4 kB. */
export function formatSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
