/**
 * An executable without the languages of ICU against Bun, that has them all: Unicode is the same, whatever language the
 * machine is set to; German is not there.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { compile } from "../../scripts/build/bun_compile.ts";
import { BUN, ROOT } from "../support/build_runs.ts";
import { once } from "../support/once.ts";

const WORK = join(ROOT, ".cache", "icu-data-test");
const ENTRY = "tests/support/icu_program.ts";
const LIMIT = { timeout: 120_000 };

after(() => rmSync(WORK, { recursive: true, force: true }));

const compiled = once(async () => {
  const path = join(WORK, "program");
  mkdirSync(WORK, { recursive: true });
  await compile({ name: "icu", directory: WORK, entry: ENTRY }, (fresh) => renameSync(fresh, path));
  return path;
});

function say(argv: readonly string[], locale: string): { asked: object; german: string } {
  const env = { PATH: process.env["PATH"]!, TZ: "Europe/Berlin", LANG: locale, LC_ALL: locale };
  return JSON.parse(execFileSync(argv[0]!, argv.slice(1), { encoding: "utf8", env, cwd: ROOT }));
}

describe("an executable without the languages of ICU", () => {
  for (const locale of ["C", "en_GB.UTF-8", "tr_TR.UTF-8", "ja_JP.UTF-8"]) {
    test(
      `makes of Unicode and English what Bun does, where the language is ${locale}`,
      LIMIT,
      async () => {
        const { asked } = say([await compiled()], locale);
        const expected = say([BUN, ENTRY], locale).asked;
        // The name of a time zone is in the language of the machine.
        const zone = (text: unknown) => JSON.parse(JSON.stringify(text).replace(/ \([^)]*\)/, ""));
        assert.deepEqual(zone(asked), zone(expected));
      },
    );
  }

  test("answers in English who asks for German, which Bun knows", LIMIT, async () => {
    assert.equal(say([BUN, ENTRY], "C").german, "Donnerstag, 1. Januar 1970");
    assert.equal(say([await compiled()], "C").german, "Thursday, January 1, 1970");
  });
});
