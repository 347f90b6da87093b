/** One rule after the other: a good chain with one thing wrong, and whom the reason blames for it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PathProfile } from "../../../../src/pki/path/options.ts";
import { verifyPath } from "../../../../src/pki/path/verify_path.ts";
import { chain } from "../../../support/path_kit.ts";
import { PATH_RULES } from "../../../support/path_rules/all.ts";
import type { Expected } from "../../../support/path_rules/rule.ts";

describe("verifyPath() by rule", () => {
  for (const { title, changes, options, path, strict = path, baseline = strict } of PATH_RULES) {
    test(title, async () => {
      const query = { ...await chain(changes), ...options };
      const all: Record<PathProfile, Expected> = { path, strict, baseline };
      for (const [profile, expected] of Object.entries(all)) {
        // The good chain's common name is "leaf", which only "baseline" minds.
        if (profile === "baseline" && expected === "ok") continue;
        const result = await verifyPath({ ...query, profile: profile as PathProfile });
        const found = result.ok ? "ok" : [result.reason.code, result.reason.certificate.role];
        if (profile === "baseline" && !result.ok && expected !== "ok") {
          const codes = [result.reason, ...result.also].map(({ code }) => code);
          assert.ok(codes.includes(expected[0]), `${profile}: ${codes}`);
          continue;
        }
        assert.deepEqual(found, expected, `${profile}: ${result.ok ? "" : result.reason.message}`);
      }
    });
  }
});
