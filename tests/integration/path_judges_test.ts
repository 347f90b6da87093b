/**
 * verifyPath and validators that were not written here, on the same chains: where one of them refuses, so does
 * verifyPath, but for the exceptions in path_judges_exceptions.ts; and not everything is refused.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PathResult, VerifyPathOptions } from "../../src/pki/path/options.ts";
import { verifyPath } from "../../src/pki/path/verify_path.ts";
import { randomNumbers } from "../support/mutations.ts";
import { chain, type ChainChanges } from "../support/path_kit.ts";
import { findJudges } from "../support/path_judges.ts";
import { PATH_RULES } from "../support/path_rules/all.ts";
import { withScratchDirectory } from "../support/scratch_directory.ts";
import { JUDGE_EXCEPTIONS } from "./path_judges_exceptions.ts";

interface Variation {
  readonly title: string;
  readonly options: VerifyPathOptions;
  readonly result: PathResult;
}

/** Pairs of rules besides each rule alone: what two faults or two oddities do together. */
const PAIRS = 300;

// Inputs that the judges have no word for are left out: policies, limits, a chain without a name asked for, names that
// have to be brought into form first.
const RULES = PATH_RULES.filter(({ options = {} }) =>
  options.policies === undefined && options.maxIntermediates === undefined &&
  (!("name" in options) || /^[ -~]*[^.]$/.test(options.name ?? ""))
);

function merge(a: ChainChanges = {}, b: ChainChanges = {}): ChainChanges {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof ChainChanges>;
  return Object.fromEntries([...keys].map((key) => [key, { ...a[key], ...b[key] }]));
}

/** The same in every run, but for keys. */
function* variations(): Generator<{ title: string; changes: ChainChanges; options: object }> {
  for (const { title, changes = {}, options = {} } of RULES) yield { title, changes, options };
  const random = randomNumbers(20261125);
  const pick = () => RULES[Math.floor(random() * RULES.length)]!;
  for (let i = 0; i < PAIRS; i++) {
    const [a, b] = [pick(), pick()];
    yield {
      title: `${a.title} + ${b.title}`,
      changes: merge(a.changes, b.changes),
      options: { ...a.options, ...b.options },
    };
  }
}

async function makeVariations(): Promise<Variation[]> {
  const made: Variation[] = [];
  for (const { title, changes, options } of variations()) {
    const query: VerifyPathOptions = { ...await chain(changes), ...options };
    made.push({ title, options: query, result: await verifyPath({ ...query, profile: "strict" }) });
  }
  return made;
}

const judges = await findJudges();
const all = await makeVariations();

describe("verifyPath() beside others", () => {
  test("there are some hundred chains, of which many are accepted and many refused", () => {
    const accepted = all.filter(({ result }) => result.ok).length;
    assert.ok(all.length > 400, String(all.length));
    assert.ok(accepted > 50 && accepted < all.length - 100, `${accepted} of ${all.length}`);
  });

  for (const [name, judge] of Object.entries(judges)) {
    test(
      `accepts nothing that ${name} refuses`,
      { skip: judge === undefined, timeout: 170_000 },
      async () => {
        await withScratchDirectory(async (directory) => {
          const answers = await judge!.judge(all.map(({ options }) => options), directory);
          assert.equal(answers.length, all.length);
          const exceptions = JUDGE_EXCEPTIONS[name] ?? [];
          const used = new Set<number>();
          const wrong: string[] = [];
          for (const [i, { title, result }] of all.entries()) {
            const answer = answers[i]!;
            if (answer === "" || !result.ok) continue;
            const exception = exceptions.findIndex(({ of, says }) =>
              of.test(title) && says.test(answer)
            );
            if (exception >= 0) used.add(exception);
            else wrong.push(`${title}: ${answer}`);
          }
          assert.deepEqual(wrong, []);
          assert.equal(used.size, exceptions.length, "an exception that is not needed any more");
          // A judge that refuses all, or takes all, would prove nothing.
          const both = all.filter(({ result }, i) => result.ok && answers[i] === "").length;
          const neither = all.filter(({ result }, i) => !result.ok && answers[i] !== "").length;
          assert.ok(both > 30, `accepted by both: ${both}`);
          assert.ok(neither > 100, `refused by both: ${neither}`);
          console.error(
            `${name}: ${both} accepted by both, ${neither} refused by both, of ${all.length}`,
          );
        });
      },
    );
  }
});
