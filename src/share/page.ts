/**
 * The page on which other machines and phones find the root.
 *
 * @module
 */

import { renderSVG, renderUnicodeCompact } from "uqr";
import type { PackageFile } from "./package.ts";
import type { SharedRoot } from "./root.ts";

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

/** The page, in English and Chinese. */
export function sharePage({ root, url, testUrl }: PageOptions): string {
  const fingerprint = root.sha256.toUpperCase().replace(/..(?=.)/g, "$&:");
  const label = escapeHtml(root.label);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${label}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff; }
code { word-break: break-all; background: #eee; padding: .1em .3em; }
svg { width: 12rem; height: 12rem; }
.button { display: inline-block; padding: .5em 1em; margin: .2em 0; background: #14508c; color: #fff;
  border-radius: .3em; text-decoration: none; }
@media (prefers-color-scheme: dark) {
  body { color: #eee; background: #181818; } code { background: #333; } a { color: #9cf; }
}
</style>
<h1>${label}</h1>
<p>Compare before you trust it, over another way than this page
<span lang="zh">（信任之前，请通过其他途径核对指纹）</span>:</p>
<p>SHA-256 <code>${fingerprint}</code></p>
<h2>iPhone, iPad, Mac</h2>
<p><a class="button" href="/localtls.mobileconfig">localtls.mobileconfig</a></p>
<p>Settings &gt; General &gt; VPN &amp; Device Management: install. Then, on iPhone and iPad, General &gt; About &gt;
Certificate Trust Settings: switch it on.</p>
<p lang="zh">设置 &gt; 通用 &gt; VPN 与设备管理：安装。然后在“关于本机 &gt; 证书信任设置”中启用。</p>
<h2>Android</h2>
<p><a class="button" href="/root.crt">root.crt</a></p>
<p>Settings &gt; Security &gt; Install from storage &gt; CA certificate.</p>
<p lang="zh">设置 &gt; 安全 &gt; 从存储设备安装 &gt; CA 证书。</p>
<h2>Linux, FreeBSD, macOS, Windows</h2>
<p><a class="button" href="/localtls-share.zip">localtls-share.zip</a></p>
<p>Unpack it and run <code>sh install.sh</code>, on Windows
<code>powershell -ExecutionPolicy Bypass -File install.ps1</code>. <a href="/README.txt">README.txt</a></p>
<p lang="zh">解压后运行 <code>sh install.sh</code>，Windows 上运行 <code>install.ps1</code>。</p>
<h2>Firefox</h2>
<p><a href="/root.pem">root.pem</a>: Settings &gt; Privacy &amp; Security &gt; View Certificates &gt; Authorities &gt; Import.</p>
${testUrl === undefined ? "" : testPart(testUrl)}
<h2>Other devices <span lang="zh">其他设备</span></h2>
<p>${renderSVG(url)}</p>
<p><code>${escapeHtml(url)}</code></p>
</html>
`;
}

/** A fetch from a plain page to an HTTPS server succeeds, even without CORS, only where its certificate is trusted. */
function testPart(testUrl: string): string {
  const shown = escapeHtml(testUrl);
  return `<h2>Test <span lang="zh">测试</span></h2>
<p><a href="${shown}">${shown}</a> <strong id="result"></strong></p>
<script>
const result = document.getElementById("result");
const link = result.previousElementSibling.href;
fetch(link, { mode: "no-cors", cache: "no-store" }).then(
  () => result.textContent = "trusted on this device / 已信任",
  () => result.textContent = "not trusted yet, or not reachable / 尚未信任或无法访问",
);
</script>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}
