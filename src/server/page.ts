/**
 * The look of every page that the servers make themselves: directory listings and errors. One file without
 * scripts, pictures or anything from elsewhere, in the colours that the reader's system asks for.
 *
 * @module
 */

import { type Fields, send, type WebRequest, type WebResponse } from "./exchange.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

const STYLE = `
:root { color-scheme: light dark; --text: #1a1c20; --soft: #5c6270; --line: #e3e5ea; --back: #fff;
  --mark: #f3f5f9; --link: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8ec; --soft: #9aa1ae; --line: #31353d;
  --back: #16181c; --mark: #22262d; --link: #8ab4f8 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { max-width: 54rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0 0 1rem; overflow-wrap: anywhere }
h1 a { color: inherit; text-decoration-color: var(--line) }
p { margin: .5rem 0; overflow-wrap: anywhere }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px }
.soft, footer { color: var(--soft) }
footer { margin-top: 2rem; font-size: .875rem }
ul { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line) }
li { display: grid; grid-template-columns: minmax(0, 1fr) 5.5rem 9.5rem; gap: 0 1rem; align-items: baseline;
  border-bottom: 1px solid var(--line); padding: 0 .5rem }
li:hover { background: var(--mark) }
li a { padding: .5rem 0; overflow-wrap: anywhere }
li span, li time { color: var(--soft); font-size: .875rem; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums }
@media (max-width: 36rem) {
  li { grid-template-columns: minmax(0, 1fr) auto; padding: .25rem .25rem .5rem }
  li a { grid-column: 1 / -1; padding: .375rem 0 0; min-height: 2rem }
  li span { grid-column: 1; grid-row: 2; text-align: left }
  li time { grid-column: 2; grid-row: 2 }
}
`;

/** Fields of pages made here. Whatever a file name smuggles in, nothing runs and nothing is loaded. */
export const PAGE_FIELDS: Readonly<Fields> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** A page. @param title Plain text. @param body HTML. */
export function renderPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<main>
${body}
</main>
</html>
`;
}

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad request",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  408: "Request timeout",
  412: "Precondition failed",
  413: "Too large",
  416: "Range not satisfiable",
  421: "Misdirected request",
  431: "Header fields too large",
  500: "Internal error",
  502: "Bad gateway",
  503: "Busy",
  504: "Gateway timeout",
};

/** Answers with an error page. @param explanation A sentence in plain text. */
export function sendError(
  request: WebRequest,
  response: WebResponse,
  status: number,
  explanation: string,
  fields: Fields = {},
): void {
  const title = `${status} ${REASONS[status] ?? "Error"}`;
  const body = `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(explanation)}</p>`;
  send(request, response, status, { ...PAGE_FIELDS, ...fields }, renderPage(title, body));
}
