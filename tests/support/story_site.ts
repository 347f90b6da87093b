/**
 * The two programs of the story: a back end that knows nothing of TLS and CORS, and a page from another
 * origin that calls it.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NetworkHost } from "./netns.ts";
import { scratchDirectory } from "./sandbox.ts";

/** The port of the back end, on the loopback address of its host. */
export const BACK_END_PORT = 8080;

/** What the back end answers to GET /answer. */
export const ANSWER = "forty-two";

const BACK_END = `
import http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/answer":
            self.answer(200, {"answer": "${ANSWER}"})
        else:
            self.answer(404, {"answer": "nothing here"})

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(201, {"answer": [sent, self.headers["X-Story"]]})

http.server.ThreadingHTTPServer(("127.0.0.1", ${BACK_END_PORT}), Handler).serve_forever()
`;

/**
 * A plain GET, one that ends in an error status, and a request that a browser asks permission for first
 * (Fetch, 4.8: a JSON body and a header of one's own).
 */
function page(api: string): string {
  return `<!doctype html><title>Story</title><pre id="log"></pre>
<script>
const log = (line) => document.getElementById("log").append(line + "\\n");
async function ask(what, path, init) {
  try {
    const response = await fetch("${api}" + path, init);
    log(what + ": " + response.status + " " + JSON.stringify((await response.json()).answer));
  } catch (error) {
    log(what + ": refused");
  }
}
(async () => {
  await ask("plain", "/answer");
  await ask("missing", "/nowhere");
  await ask("preflighted", "/echo", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Story": "told" },
    body: JSON.stringify({ n: 1 }),
  });
  log("done");
})();
</script>
`;
}

/** Matches the page's text once all its requests have ended. */
export const PAGE_DONE = /^done$/m;

/** The page's text when everything works. */
export const ANSWERED = [
  `plain: 200 "${ANSWER}"`,
  'missing: 404 "nothing here"',
  'preflighted: 201 [{"n":1},"told"]',
  "done",
].join("\n");

/** The page's text when the browser forbids every request. */
export const REFUSED = ["plain: refused", "missing: refused", "preflighted: refused", "done"]
  .join("\n");

/** Starts the back end and waits for it. */
export async function startBackEnd(host: NetworkHost): Promise<void> {
  const file = join(scratchDirectory("back-end"), "back_end.py");
  writeFileSync(file, BACK_END);
  host.spawn(["python3", file]);
  await host.listening(BACK_END_PORT, "127.0.0.1");
}

/** Serves the page on the host's address, on every port given: each is an origin of its own. */
export async function startPageServer(
  host: NetworkHost,
  ports: readonly number[],
  api: string,
): Promise<void> {
  const directory = scratchDirectory("page");
  writeFileSync(join(directory, "index.html"), page(api));
  for (const port of ports) {
    const address = ["--bind", host.address];
    host.spawn(["python3", "-m", "http.server", String(port), ...address], { cwd: directory });
  }
  for (const port of ports) await host.listening(port);
}
