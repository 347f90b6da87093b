/**
 * A named group of tests on one machine, which says at the end what it has proven.
 *
 * @module
 */

import { after, describe, test } from "node:test";

/** Milliseconds: emulated programs and a busy machine take their time. */
const SLOW = { timeout: 170_000 };

/**
 * Declares the tests of one environment. At the end a line of the table that `npm test` shows is printed:
 * the titles of those that passed, and of those that did not.
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
      const missing = titles.filter((title) => !passed.includes(title));
      const failed = missing.map((title) => `NOT PROVEN: ${title}`);
      console.log(`| ${name} | ${[...passed, ...failed].join("; ")} |`);
    });
  });
}
