/** The page of a run: what is met, what is not, and what is said about the machine. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Report, toMarkdown } from "../../../../scripts/bench/markdown.ts";
import { compareRows, type Row } from "../../../../scripts/bench/results.ts";

const ours: Row = {
  name: "ours | cert",
  unit: "ms",
  values: [10, 11, 30],
  race: 0,
  cpu: [9, 9, 9],
};
const theirs: Row = { name: "theirs", unit: "ms", values: [20, 22, 24], race: 0 };

function report(overrides: Partial<Report> = {}): Report {
  return {
    date: "2026-01-02T03:04Z",
    quick: false,
    machine: { cores: 2, processor: "a processor", memory: "8 GiB", kernel: "linux 6 x64" },
    load: [0.1, 1.2],
    versions: { mkcert: "1.4.4" },
    missing: [],
    parts: [{
      part: "cert",
      title: "A certificate",
      rows: [ours, theirs],
      comparisons: [
        compareRows(ours, theirs, "values", { atMost: 0.5 }),
        compareRows(ours, theirs, "values", { atMost: 0.4 }),
      ],
      notes: ["it\n  broke"],
      seconds: 3,
    }],
    left: [],
    seconds: 3,
    ...overrides,
  };
}

describe("toMarkdown()", () => {
  test("counts targets, and says of each whether it is met", () => {
    const page = toMarkdown(report());
    assert.match(page, /^## Targets: 1 of 2 met$/m);
    assert.match(page, /\| theirs \| 0\.500 \(0\.500 to 1\.25\) \| +\| at most 0\.5 \| met \|/);
    assert.match(
      page,
      /\| theirs \| 0\.500 \(0\.500 to 1\.25\) \| +\| at most 0\.4 \| \*\*not met\*\* \|/,
    );
  });

  test("shows median, lowest, highest and rounds; a pipe ends no cell", () => {
    const line = "| ours \\| cert | 11.0 (10.0 to 30.0) ms | 9.00 ms |  | 3 |";
    assert.ok(toMarkdown(report()).split("\n").includes(line));
  });

  test("says whether the machine was at rest", () => {
    assert.match(toMarkdown(report()), /The machine was at rest/);
    assert.match(toMarkdown(report({ load: [3, 1] })), /\*\*Others were using the machine/);
  });

  test("says what is missing, and that a quick run is no record", () => {
    const page = toMarkdown(report({ missing: ["minica"], quick: true }));
    assert.match(page, /not compared: minica/);
    assert.match(page, /no record/);
  });

  test("says of a run that was ended early what it lacks", () => {
    assert.doesNotMatch(toMarkdown(report()), /Ended early/);
    assert.match(toMarkdown(report({ left: ["size"] })), /Ended early.*: size$/m);
  });

  test("a note is one line of a list", () => assert.match(toMarkdown(report()), /^- it broke$/m));
});
