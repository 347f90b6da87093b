import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { installNotes } from "../../../../scripts/build/install_notes.ts";
import { TARGETS } from "../../../../scripts/build/targets.ts";

const NOTES = new Map(TARGETS.map((target) => [target.name, installNotes(target, "1.2.3")]));

describe("installNotes()", () => {
  for (const [name, notes] of NOTES) {
    test(`name the version and fit a terminal, for ${name}`, () => {
      assert.match(notes, /^localtls 1\.2\.3 for (?:Linux|macOS|Windows) /);
      assert.doesNotMatch(notes, /undefined|TARGET/);
      for (const line of notes.split(/\r?\n/)) assert.ok(line.length <= 120, line);
    });

    const has = (pattern: RegExp) => pattern.test(notes);
    test(`speak of what stands in the way there and of nothing else, for ${name}`, () => {
      assert.equal(has(/com\.apple\.quarantine/), name.startsWith("darwin"));
      assert.equal(has(/SmartScreen/), name.startsWith("windows"));
      assert.equal(has(/libstdc\+\+/), name.endsWith("-musl"));
      assert.equal(has(/\r\n/), name.startsWith("windows"));
      assert.equal(has(/glibc/), /^linux-[^-]+$/.test(name));
    });
  }
});
