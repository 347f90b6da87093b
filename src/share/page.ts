/**
 * The page on which other machines and phones find the root.
 *
 * @module
 */

import { renderSVG, renderUnicodeCompact } from "uqr";
import type { PackageFile } from "./package.ts";
import { type Steps, stepsFor } from "./page_steps.ts";
import { PAGE_STYLE } from "./page_style.ts";
import { type PageTexts, TEXTS } from "./page_texts.ts";
import type { SharedRoot } from "./root.ts";
import type { PageLanguage, VisitorSystem } from "./visitor.ts";

/** What the page is made of. */
export interface PageOptions {
  readonly root: SharedRoot;
  /** Where the page is. */
  readonly url: string;
  /** A server with a certificate of this CA, to try. */
  readonly testUrl?: string | undefined;
}

/** A download of the page, as src/server wants it. */
export interface Download {
  readonly type: string;
  readonly content: Uint8Array;
  readonly download?: string;
}

/**
 * Types by name. Apple's systems open a profile by its type, Android a certificate; scripts are text, so that they
 * can be read before they are run.
 */
const TYPES: Readonly<Record<string, string>> = {
  "localtls.mobileconfig": "application/x-apple-aspen-config",
  "root.crt": "application/x-x509-ca-cert",
  "root.der": "application/x-x509-ca-cert",
  "root.pem": "application/x-pem-file",
};

/** The downloads by path: every file of the package, and the whole as an archive. */
export function downloads(
  files: readonly PackageFile[],
  archive: Uint8Array,
): Map<string, Download> {
  const pages = new Map<string, Download>();
  for (const { name, content } of files) {
    const type = TYPES[name] ?? (name.startsWith("bin/") ? "application/octet-stream" : undefined);
    pages.set(`/${name}`, {
      type: type ?? "text/plain; charset=utf-8",
      content,
      // A profile that is saved is not offered for installation.
      ...(type === undefined || name.endsWith(".mobileconfig")
        ? {}
        : { download: name.slice(name.lastIndexOf("/") + 1) }),
    });
  }
  pages.set("/localtls-share.zip", {
    type: "application/zip",
    content: archive,
    download: "localtls-share.zip",
  });
  return pages;
}

/** The address as a QR code for a terminal. */
export function terminalCode(url: string): string {
  return renderUnicodeCompact(url, { border: 2 });
}

/** The page in a visitor's language, with the steps of the visitor's system first. */
export function sharePage(
  options: PageOptions,
  language: PageLanguage,
  system?: VisitorSystem,
): string {
  const { root, testUrl } = options;
  const text = TEXTS[language];
  const url = escapeHtml(options.url);
  const label = escapeHtml(root.label);
  const steps = stepsFor(language, url, root.sha256);
  const own = steps.find((one) => one.system === system);
  return `<!doctype html>
<html lang="${text.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${label}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>${label}</h1>
<nav aria-label="${text.language}">${text.other}</nav>
</header>
<main>
<p>${text.purpose}</p>
<section class="card" aria-labelledby="compare">
<h2 id="compare">${text.compare}</h2>
<p>${text.compareHow}</p>
<p class="soft">SHA-256</p>
<ul class="fingerprint">
${fingerprintLines(root.sha256).map((line) => `<li>${line}</li>`).join("\n")}
</ul>
</section>
${own === undefined ? "" : ownPart(own, text)}
<section aria-labelledby="others">
<h2 id="others">${own === undefined ? text.systems : text.others}</h2>
${steps.filter((one) => one !== own).map(foldedPart).join("\n")}
<p>${text.everything}<a href="/localtls-share.zip">localtls-share.zip</a>,
<a href="/README.txt">README.txt</a></p>
</section>
${testUrl === undefined ? "" : testPart(escapeHtml(testUrl), text)}
<section aria-labelledby="code">
<h2 id="code">${text.code}</h2>
${renderSVG(options.url).replace("<svg", `<svg role="img" aria-label="${text.codeLabel} ${url}"`)}
<p><code>${url}</code></p>
</section>
</main>
</body>
</html>
`;
}

/** Eight octets a line, so that two can be compared line by line; with colons, as browsers and OpenSSL show them. */
function fingerprintLines(sha256: string): string[] {
  const lines = sha256.toUpperCase().match(/.{16}/g) ?? [];
  return lines.map((line) => line.replace(/..(?=.)/g, "$&:"));
}

function ownPart({ title, steps }: Steps, text: PageTexts): string {
  return `<section aria-labelledby="own">
<h2 id="own">${text.own}${title}</h2>
${listOf(steps)}
</section>`;
}

function foldedPart({ title, steps }: Steps): string {
  return `<details>
<summary>${title}</summary>
${listOf(steps)}
</details>`;
}

function listOf(steps: readonly string[]): string {
  return `<ol class="steps">\n${steps.map((step) => `<li>${step}</li>`).join("\n")}\n</ol>`;
}

/**
 * The link does without a script. With one, the page says by itself: a fetch from a plain page to an HTTPS server
 * succeeds, even without CORS, only where its certificate is trusted.
 */
function testPart(shown: string, text: PageTexts): string {
  return `<section aria-labelledby="test">
<h2 id="test">${text.test}</h2>
<p>${text.testHow}</p>
<p><a class="button" href="${shown}" id="link">${text.testLink}</a>
<strong id="result" role="status"></strong></p>
<script>
const result = document.getElementById("result");
fetch(document.getElementById("link").href, { mode: "no-cors", cache: "no-store" }).then(
  () => result.textContent = "${text.trusted}",
  () => result.textContent = "${text.untrusted}",
);
</script>
</section>`;
}

/** What the HTTPS server of the test says: whoever reads it without a warning trusts the root. */
export function testPage(label: string, language: PageLanguage): string {
  const text = TEXTS[language];
  return `<!doctype html>
<html lang="${text.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text.works}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main class="card">
<h1>${text.works}</h1>
<p>${text.worksHow}</p>
<p class="soft">${escapeHtml(label)}</p>
</main>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
