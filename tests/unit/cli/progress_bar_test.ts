import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CliHost } from "../../../src/cli/console.ts";
import { barText, ProgressBar } from "../../../src/cli/progress_bar.ts";

describe("barText()", () => {
  test("shows the share, at every width without a line break", () => {
    assert.equal(barText(0, 10, 80), `[${".".repeat(40)}]   0%  0 of 10`);
    assert.equal(barText(5, 10, 80), `[${"#".repeat(20)}${".".repeat(20)}]  50%  5 of 10`);
    assert.equal(barText(10, 10, 80), `[${"#".repeat(40)}] 100%  10 of 10`);
    assert.equal(barText(9999, 10000, 80).includes(" 99%"), true);
    for (let columns = 1; columns < 120; columns++) {
      assert.ok(barText(5, 10, columns).length < columns || columns === 1, `${columns}`);
    }
  });

  test("of nothing is full, and never more than full", () => {
    assert.match(barText(0, 0, 80), /100%/);
    assert.match(barText(11, 10, 80), /100%/);
  });
});

describe("ProgressBar", () => {
  function draw(): { written: string[]; bar: ProgressBar; tick(ms: number): void } {
    const written: string[] = [];
    let now = 1_000_000;
    const host = {
      now: () => new Date(now),
      write: (_stream: string, text: string) => written.push(text),
    } as unknown as CliHost;
    return { written, bar: new ProgressBar(host, 80), tick: (ms) => now += ms };
  }

  test("is drawn ten times a second at most, and goes without a trace", () => {
    const { written, bar, tick } = draw();
    for (let i = 0; i < 1000; i++, tick(1)) bar.show(i, 1000);
    assert.equal(written.length, 10);
    bar.hide();
    bar.hide();
    assert.equal(written.length, 11);
    assert.equal(written.at(-1), "\r\x1b[K");
  });

  test("steps aside for what is printed, and comes back", () => {
    const { written, bar } = draw();
    bar.around(() => written.push("before\n"));
    bar.show(1, 2);
    bar.around(() => written.push("line\n"));
    assert.deepEqual(written, [
      "before\n",
      `\r\x1b[K${barText(1, 2, 80)}`,
      "\r\x1b[K",
      "line\n",
      barText(1, 2, 80),
    ]);
  });

  test("goes on when the clock is set back", () => {
    const { written, bar, tick } = draw();
    bar.show(1, 3);
    tick(-3_600_000);
    bar.show(2, 3);
    assert.equal(written.length, 2);
  });
});
