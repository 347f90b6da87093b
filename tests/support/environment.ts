/**
 * A named group of tests on one machine, which says at the end what it has proven.
 *
 * @module
 */

import { after, describe, test } from "node:test";

/** Milliseconds: emulated programs and a busy machine take their time. */
const SLOW = { timeout: 170_000 };

/**
 * Declares the tests of one environment. At the end its lines of the table that `npm test` shows are
 * printed: what was proven, and what was not.
 */
export function environment(
  name: string,
  declare: (proves: (title: string, body: () => Promise<void>) => void) => void,
): void {
  const passed: string[] = [];
  const titles: string[] = [];
  describe(name, () => {
    declare((title, body) => {
      titles.push(title);
      test(title, SLOW, async () => {
        await body();
        passed.push(title);
      });
    });
    after(() => {
      for (const title of titles) {
        console.log(`| ${name} | ${passed.includes(title) ? "" : "NOT PROVEN: "}${title} |`);
      }
    });
  });
}
