/**
 * A page that tries what a browser allows: calls to an API, events, a WebSocket, and what only secure contexts have.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "./sandbox.ts";

const PAGE = `<!doctype html><title>App</title><pre id="log"></pre>
<script>
const log = (line) => document.getElementById("log").append(line + "\\n");
const api = new URLSearchParams(location.search).get("api") ?? location.origin;
const within = (promise) => Promise.race([promise, new Promise((_, no) => setTimeout(no, 8000, "late"))]);
async function step(name, work) {
  try {
    log(name + ": " + await within(work()));
  } catch {
    log(name + ": refused");
  }
}
(async () => {
  await step("api", async () => {
    const response = await fetch(api + "/api/x", { headers: { "X-Own": "1" } });
    return response.status + " " + (await response.json()).target;
  });
  await step("events", () => new Promise((yes, no) => {
    const source = new EventSource(api + "/api/events");
    const seen = [];
    source.onmessage = ({ data }) => {
      if (seen.push(data) === 3) { source.close(); yes(seen.join()); }
    };
    source.onerror = () => { source.close(); no(); };
  }));
  await step("socket", () => new Promise((yes, no) => {
    const socket = new WebSocket(api.replace(/^http/, "ws") + "/api/socket");
    socket.onopen = () => socket.send("ping");
    socket.onmessage = ({ data }) => yes(data);
    socket.onerror = no;
  }));
  await step("secure context", async () => isSecureContext);
  await step("digest", async () =>
    (await crypto.subtle.digest("SHA-256", new Uint8Array(1))).byteLength);
  await step("clipboard", async () => typeof navigator.clipboard.writeText);
  await step("worker", async () => {
    await navigator.serviceWorker.register("/worker.js");
    return (await navigator.serviceWorker.ready).active !== null;
  });
  log("done");
})();
</script>
`;

/** Writes the page, and a service worker, into a new directory. */
export function writeWebApp(): string {
  const directory = join(scratchDirectory("app"), "site");
  mkdirSync(directory);
  writeFileSync(join(directory, "index.html"), PAGE);
  writeFileSync(join(directory, "worker.js"), "self.addEventListener('fetch', () => {});\n");
  return directory;
}

/** Matches the text of the page when all has been tried. */
export const APP_DONE = /^done$/m;
