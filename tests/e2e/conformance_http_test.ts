/**
 * HTTP of `localtls serve`: REDbot asks for files of every kind, again with conditions, ranges and other codings (RFC 9110,
 * 12 to 14), and reads the answers' fields (RFC 9111).
 */

import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { assertDeviations, missingSuite, printRow, suiteFile } from "../support/conformance.ts";
import { once } from "../support/once.ts";
import { mustRun } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { startServing } from "../support/serving.ts";
import { REDBOT_DEVIATIONS } from "./conformance_http_deviations.ts";

const LIMIT = { timeout: 120_000 };

/** Keep-Alive, which the runtime adds to the proxy's answers over HTTP/1.1. */
const KEEP_ALIVE = "FIELD_DEPRECATED";

const LINE = "A line that is long enough for a range in the middle of the file.\n";
/** REDbot takes a range of a file that is shorter than this for the whole. */
const SMALL = LINE.repeat(40);
/** Too large to be kept in memory. */
const LARGE = LINE.repeat(4_000);

const FULL = ["INM_304", "IMS_304", "RANGE_CORRECT", "CL_CORRECT", "CONTENT_TYPE_OPTIONS"];
const PAGE = ["CL_CORRECT", "CONTENT_SECURITY_POLICY", "CONTENT_TYPE_OPTIONS"];

/** What is asked for, and the notes that REDbot has to make of it. */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  "": FULL,
  "style.css": FULL,
  "picture.svg": FULL,
  "none": FULL,
  "large.txt": FULL,
  "both.js": [...FULL, "CONNEG_GZIP_GOOD"],
  "large-both.js": [...FULL, "CONNEG_GZIP_GOOD"],
  "both.js.gz": FULL,
  "empty.txt": ["INM_304", "IMS_304", "CL_CORRECT"],
  "sub/": PAGE,
  "sub": ["LOCATION_NOT_ABSOLUTE", "CL_CORRECT"],
  "missing": [...PAGE, "STATUS_NOT_FOUND"],
  "%zz": PAGE,
};

const scratch = makeScratch();
const endings: (() => unknown)[] = [];

after(async () => {
  for (const end of endings) await end();
});

interface Note {
  readonly note_id: string;
  readonly level: "GOOD" | "INFO" | "WARN" | "BAD";
  readonly summary: string;
}

async function lint(url: string): Promise<Note[]> {
  const argv = [suiteFile("judges", "venv/bin/redbot"), "--output-format=har", url];
  const har = JSON.parse(await mustRun(argv, { timeoutMs: 60_000 }));
  return har.log.entries[0]._red_messages;
}

const served = once(async () => {
  const site = join(scratch.work, "site");
  mkdirSync(join(site, "sub"), { recursive: true });
  const files: Readonly<Record<string, string | Uint8Array>> = {
    "index.html": `<!doctype html><title>A page</title><pre>${SMALL}</pre>`,
    "style.css": `/* ${SMALL} */`,
    "picture.svg": `<svg xmlns="http://www.w3.org/2000/svg"><!-- ${SMALL} --></svg>`,
    "none": SMALL,
    "large.txt": LARGE,
    "both.js": `/* ${SMALL} */`,
    "both.js.gz": gzipSync(`/* ${SMALL} */`),
    "large-both.js": `/* ${LARGE} */`,
    "large-both.js.gz": gzipSync(`/* ${LARGE} */`),
    "empty.txt": "",
    "sub/a.txt": "a",
  };
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(site, name), content);
    // Not of this moment: what has just changed may change again within its second.
    utimesSync(join(site, name), 1_780_000_000, 1_780_000_000);
  }
  const { process, port } = await startServing(scratch, [
    "serve",
    "site",
    "--port=0",
    "--host=127.0.0.1",
  ]);
  endings.push(() => process.stop());
  return port;
});

describe("REDbot", { skip: missingSuite("judges") }, () => {
  test("finds what files need, and warns of nothing that was not reviewed", LIMIT, async () => {
    const port = await served();
    const found = new Map<string, string>();
    let [good, warned] = [0, 0];
    for (const [path, wanted] of Object.entries(RESOURCES)) {
      const notes = await lint(`https://127.0.0.1:${port}/${path}`);
      const names = notes.map(({ note_id }) => note_id);
      const lacking = wanted.filter((name) => !names.includes(name));
      assert.deepEqual(lacking, [], `/${path}: ${names}`);
      for (const { note_id, level, summary } of notes) {
        if (level === "GOOD" || level === "INFO") good++;
        else {
          warned++;
          found.set(`${path} ${note_id}`, summary);
        }
      }
    }
    assertDeviations(found, REDBOT_DEVIATIONS);
    const resources = `${Object.keys(RESOURCES).length} resources`;
    printRow("HTTP (REDbot)", resources, `${good} notes good, ${warned} reviewed, 0 others`);
  });

  test("finds the same through the proxy", LIMIT, async () => {
    const port = await served();
    const { process, port: proxyPort } = await startServing(scratch, [
      "proxy",
      `https://127.0.0.1:${port}`,
      "--upstream-insecure",
      "--port=0",
      "--host=127.0.0.1",
    ]);
    endings.push(() => process.stop());
    // How old an answer is changes with the second.
    const others = ["CURRENT_AGE", KEEP_ALIVE];
    const namesOf = (notes: readonly Note[]) =>
      notes.map(({ note_id }) => note_id).filter((name) => !others.includes(name)).sort();
    for (const path of ["", "both.js", "large.txt", "sub/", "missing"]) {
      const [direct, proxied] = await Promise.all(
        [port, proxyPort].map((one) => lint(`https://127.0.0.1:${one}/${path}`)),
      );
      assert.deepEqual(namesOf(proxied!), namesOf(direct!), `/${path}`);
    }
  });

  test("finds a server that ignores conditions and sends another range", LIMIT, async () => {
    const server = createServer((request, response) => {
      response.setHeader("etag", '"a"').setHeader("accept-ranges", "bytes");
      response.setHeader("content-type", "text/plain").setHeader("date", new Date().toUTCString());
      const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
      if (range === null) {
        response.end(SMALL);
        return;
      }
      response.writeHead(206, { "content-range": `bytes ${range[1]}-${range[2]}/${SMALL.length}` });
      response.end("x".repeat(Number(range[2]) - Number(range[1]) + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endings.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const notes = await lint(`http://127.0.0.1:${port}/`);
    const names = notes.filter(({ level }) => level !== "GOOD").map(({ note_id }) => note_id);
    assert.ok(names.includes("RANGE_INCORRECT"), `${names}`);
    assert.ok(names.includes("INM_FULL"), `${names}`);
  });
});
