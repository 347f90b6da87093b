/**
 * The page of a directory.
 *
 * @module
 */

import { escapeHtml, renderPage } from "../page.ts";

/** What a line of the page shows. */
export interface Entry {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
  readonly modified: Date;
}

/**
 * Makes the page.
 *
 * @param names The directory as it is in the URL.
 * @param entries Sorted.
 * @param total How many there are, if they are not all shown.
 */
export function renderListing(
  names: readonly string[],
  entries: readonly Entry[],
  total: number | undefined,
): string {
  const up = names.length === 0 ? [] : [`<li><a href="../">../</a></li>`];
  const lines = [
    `<h1>${breadcrumbs(names)}</h1>`,
    ...(total === undefined ? [] : [
      `<p class="soft">This listing is cut: ${entries.length} of ${total} entries are shown.</p>`,
    ]),
    "<ul>",
    ...up,
    ...entries.map(renderEntry),
    "</ul>",
    ...(entries.length === 0 ? [`<p class="soft">Nothing here</p>`] : []),
    `<footer>${summary(entries)}</footer>`,
  ];
  return renderPage(`/${names.join("/")}`, lines.join("\n"));
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
