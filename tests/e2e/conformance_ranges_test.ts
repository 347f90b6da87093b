/**
 * Conditions and ranges (RFC 9110, 13 and 14) of `localtls serve`, by the tables that Go's own file server is tested with.
 */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { assertDeviations, printRow } from "../support/conformance.ts";
import {
  type ContentCase,
  type GoTables,
  missingGo,
  type RangeCase,
  readGoTables,
} from "../support/go_http_tables.ts";
import { once } from "../support/once.ts";
import { makeScratch } from "../support/scratch.ts";
import { startServing } from "../support/serving.ts";
import { GO_DEVIATIONS } from "./conformance_http_deviations.ts";

const LIMIT = { timeout: 150_000 };
const CONTENT = "0123456789\n";
/** What Go's test serves where it names no file. */
const OTHER = "<html>foo";

const scratch = makeScratch();
const site = join(scratch.work, "site");
const endings: (() => unknown)[] = [];

after(async () => {
  for (const end of endings) await end();
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const prepared = once(async () => {
  mkdirSync(site);
  writeFileSync(join(site, "file"), CONTENT);
  const tables = await readGoTables(join(scratch.work, "go"));
  // Dates of HTTP are in UTC, wherever the server is.
  process.env["TZ"] = "America/New_York";
  const options = ["--port=0", "--host=127.0.0.1"];
  const serving = await startServing(scratch, ["serve", "site", ...options]);
  endings.push(() => serving.process.stop());
  return { tables, port: serving.port, ca: readFileSync(join(scratch.state, "root.pem")) };
});

async function ask(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Answer> {
  const { port, ca } = await prepared();
  return await new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, path, method, headers, ca }, (answer) => {
      const parts: string[] = [];
      answer.setEncoding("latin1").on("data", (part) => parts.push(part)).on("error", reject);
      answer.on("end", () => {
        const { statusCode: status = 0, headers } = answer;
        resolve({ status, headers, body: parts.join("") });
      });
    });
    asking.on("error", reject).end();
  });
}

/** What is not as the table wants it. */
function compare(wanted: Readonly<Record<string, unknown>>, got: typeof wanted): string {
  return Object.entries(wanted).filter(([name, value]) => got[name] !== value)
    .map(([name, value]) => `${name}: ${got[name]} instead of ${value}`).join("; ");
}

async function judgeRange({ range, status, ranges }: RangeCase): Promise<string> {
  const got = await ask("/file", range === "" ? {} : { range });
  const [first, ...more] = ranges;
  const [start, end] = first ?? [0, CONTENT.length];
  return compare({
    status,
    ...(status === 416 || more.length > 0 ? {} : {
      body: CONTENT.slice(start, end),
      "content-range": first === undefined ? undefined : `bytes ${start}-${end - 1}/11`,
    }),
    ...(status === 416 ? { "content-range": "bytes */11" } : {}),
  }, { ...got.headers, ...got });
}

/** Puts the file of a case there. @returns its path, and its entity tag. */
async function place({ directory }: GoTables, one: ContentCase): Promise<[string, string]> {
  const name = one.file === "" ? "other.html" : basename(one.file);
  const path = join(site, one.name, name);
  mkdirSync(join(site, one.name));
  if (one.file === "") writeFileSync(path, OTHER);
  else copyFileSync(join(directory, one.file), path);
  if (one.modified !== undefined) utimesSync(path, one.modified, one.modified);
  const url = `/${one.name}/${name}`;
  const { status, headers } = await ask(url);
  assert.equal(status, 200, url);
  return [url, headers.etag ?? ""];
}

async function judgeContent(
  one: ContentCase,
  url: string,
  etag: string,
  method: string,
): Promise<string> {
  // The tag that Go's test gives the file is ours now, also where it is called weak.
  const tag = /"[^"]*"/.exec(one.etag)?.[0];
  const headers = Object.fromEntries(
    Object.entries(one.headers ?? {})
      .map(([name, value]) => [name, tag === undefined ? value : value.replaceAll(tag, etag)]),
  );
  const got = await ask(url, headers, method);
  const isDated = one.modified !== undefined && one.status !== 304 && one.status !== 412;
  return compare({
    status: one.status,
    "content-range": one.contentRange === "" ? undefined : one.contentRange,
    ...(isDated ? { "last-modified": one.lastModified } : {}),
    // The pages that tell of an error are each server's own.
    ...(one.status < 300 ? { "content-type": one.contentType } : {}),
  }, { ...got.headers, ...got });
}

describe("Go's tables", { skip: missingGo() }, () => {
  test("every case is answered as Go's file server does, or was reviewed", LIMIT, async () => {
    const { tables } = await prepared();
    assert.ok(tables.ranges.length >= 20, `${tables.ranges.length} ranges`);
    assert.ok(tables.contents.length >= 20, `${tables.contents.length} conditions`);
    const found = new Map<string, string>();
    const note = (name: string, difference: string) => {
      if (difference !== "") found.set(name, difference);
    };
    for (const one of tables.ranges) note(one.range, await judgeRange(one));
    for (const one of tables.contents) {
      const [url, etag] = await place(tables, one);
      for (const method of ["GET", "HEAD"]) {
        note(`${one.name} ${method}`, await judgeContent(one, url, etag, method));
      }
    }
    const total = tables.ranges.length + 2 * tables.contents.length;
    const differing = `${total - found.size} as Go, ${found.size} otherwise`;
    printRow("conditions, ranges (Go net/http)", `${total} cases`, differing);
    assertDeviations(found, GO_DEVIATIONS);
  });
});

/** A date that has three forms (RFC 9110, 5.6.7), and what looks like one. */
const DATES: Readonly<Record<string, readonly [same: number, rangeOf: number]>> = {
  "Sun, 06 Nov 1994 08:49:37 GMT": [304, 206],
  "Sunday, 06-Nov-94 08:49:37 GMT": [304, 206],
  "Sun Nov  6 08:49:37 1994": [304, 206],
  "Sun, 06 Nov 1994 08:49:36 GMT": [200, 200],
  "Sunday, 06-Nov-94 08:49:36 GMT": [200, 200],
  "Sun Nov  6 08:49:36 1994": [200, 200],
  "Sun, 06 Nov 1994 08:49:38 EST": [200, 200],
  "Sun, 06 Nov 1994 08:49:37": [200, 200],
  "1994-11-06T08:49:37Z": [200, 200],
};

test("dates are understood in each of their forms, and in UTC", LIMIT, async () => {
  await prepared();
  writeFileSync(join(site, "old"), CONTENT);
  utimesSync(join(site, "old"), 784_111_777, 784_111_777);
  for (const [date, [same, rangeOf]] of Object.entries(DATES)) {
    assert.equal((await ask("/old", { "if-modified-since": date })).status, same, date);
    const part = await ask("/old", { range: "bytes=0-4", "if-range": date });
    assert.equal(part.status, rangeOf, `If-Range: ${date}`);
  }
  const earlier = { "if-unmodified-since": "Sun Nov  6 08:49:36 1994" };
  assert.equal((await ask("/old", earlier)).status, 412);
});
