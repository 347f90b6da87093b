/** A short run of scripts/fuzz.ts: the same seeds in every run. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../src/errors.ts";
import { fuzz } from "../../support/fuzz/run.ts";

/** Milliseconds for one input: a hang, and not a machine that is busy with other tests. */
const INPUT_LIMIT_MS = 10_000;
const TOTAL_LIMIT_MS = 60_000;

describe("damaged input", () => {
  for (const seed of [1, 20261124]) {
    test(
      `is read or refused with a LocalTlsError (seed ${seed})`,
      { timeout: 90_000 },
      async () => {
        const report = await fuzz({
          seed,
          inputs: 4_000,
          inputLimitMs: INPUT_LIMIT_MS,
          totalLimitMs: TOTAL_LIMIT_MS,
        });
        assert.deepEqual(report.failures, []);
        assert.ok(report.tried > 1_000, `only ${report.tried} inputs in ${report.seconds} s`);
        // Where everything is refused at the first octet, nothing is tested.
        for (
          const name of [
            "DER",
            "certificate",
            "certification path, anchor",
            "PKCS#8",
            "PKCS#12 behind its MAC",
            "requested name",
            "inspected DER",
            "nginx configuration",
          ]
        ) {
          const { tried, accepted } = report.targets.get(name)!;
          assert.ok(accepted > 0 && accepted < tried, `${name}: ${accepted} of ${tried} accepted`);
        }
      },
    );
  }

  // A fuzzer that finds nothing has to show that it could.
  test("that makes a reader throw something else, or take long, is reported", async () => {
    const make = () => "input";
    const targets = [
      { name: "throws", weight: 1, make, read: () => new Uint8Array(-1) && undefined },
      { name: "rejects", weight: 1, make, read: () => Promise.reject(new TypeError("no")) },
      {
        name: "talks of itself",
        weight: 1,
        make,
        read: () => {
          throw new LocalTlsError("INTERNAL", "Cannot go on");
        },
      },
      {
        name: "is slow",
        weight: 1,
        make,
        read: () => new Promise<void>((resolve) => setTimeout(resolve, 30)),
      },
    ];
    const limits = { inputLimitMs: 10, totalLimitMs: TOTAL_LIMIT_MS };
    const { failures } = await fuzz({ seed: 1, inputs: 100, targets, ...limits });
    for (const { name } of targets) {
      assert.ok(failures.some((failure) => failure.includes(` ${name}: `)), name);
    }
  });
});
