/** `localtls serve` of a directory with very many files. */

import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { run } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 240_000 };
const FILES = 200_000;
const AT_ONCE = 40;
/** Seconds for all of them, and the longest that somebody else waits for a small file meanwhile. */
const MOST_ALL = 15;
const MOST_OTHER = 4;

const scratch = makeScratch();
const site = join(scratch.work, "site");
let server: Serving;

before(async () => {
  mkdirSync(join(site, "many"), { recursive: true });
  mkdirSync(join(site, "few"));
  for (let i = 0; i < FILES; i++) closeSync(openSync(join(site, "many", `file-${i}.txt`), "w"));
  writeFileSync(join(site, "small.txt"), "small");
  const words = ["serve", "site", "--port", "0", "--host", "127.0.0.1", "--quiet"];
  server = await startServing(scratch, words);
}, SLOW);
after(() => server?.process.stop());

async function get(path: string, ...words: string[]) {
  const argv = ["curl", "-skS", "-m", "100", ...words];
  return (await run([...argv, `https://127.0.0.1:${server.port}${path}`], { timeoutMs: 120_000 }))
    .stdout;
}

describe("200,000 files", () => {
  test("40 listings at once keep nobody else waiting", SLOW, async (t) => {
    const began = performance.now();
    const listings = Promise.all(Array.from({ length: AT_ONCE }, () => get("/many/")));
    let isOver = false;
    listings.then(() => isOver = true);
    let longest = 0;
    while (!isOver) {
      const start = performance.now();
      assert.equal(await get("/small.txt"), "small");
      longest = Math.max(longest, (performance.now() - start) / 1000);
    }
    const all = (performance.now() - began) / 1000;
    t.diagnostic(`${all.toFixed(1)} s for all, ${longest.toFixed(1)} s for another`);
    for (const page of await listings) {
      assert.match(page, /This listing is cut: 5000 of 200000 entries are shown\./);
      assert.equal(page.match(/<li>/g)!.length, 5_001);
    }
    assert.ok(all < MOST_ALL, `${all} s`);
    assert.ok(longest < MOST_OTHER, `${longest} s`);
  });

  test("each is in the listing that it is linked from, and can be had", SLOW, async () => {
    const page = await get("/many/");
    const names = [...page.matchAll(/href="\.\/(file-\d+\.txt)"/g)].map(([, name]) => name!);
    const byNumber = (name: string) => Number(/\d+/.exec(name)![0]);
    assert.deepEqual(names, [...names].sort((a, b) => byNumber(a) - byNumber(b)));
    assert.equal(await get(`/many/${names[17]}`, "-o", "/dev/null", "-w", "%{http_code}"), "200");
  });
});

test("a listing is as new as the directory", SLOW, async () => {
  assert.match(await get("/few/"), /Nothing here/);
  for (let i = 0; i < 20; i++) {
    writeFileSync(join(site, "few", `${i}.txt`), "x");
    const page = await get("/few/");
    assert.match(page, new RegExp(`"\\./${i}\\.txt"`));
    assert.doesNotMatch(page, /cut/);
  }
  rmSync(join(site, "few/3.txt"));
  assert.doesNotMatch(await get("/few/"), /"\.\/3\.txt"/);
});
