/** Which group a module of the bundle belongs to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleGroups } from "../../../../scripts/bench/bundle.ts";

test("bundleGroups() sums rooms and packages over all chunks, the largest first", () => {
  const inputs = (sizes: Record<string, number>) => ({
    bytes: 0,
    inputs: Object.fromEntries(
      Object.entries(sizes).map(([file, bytesInOutput]) => [file, { bytesInOutput }]),
    ),
  });
  const outputs = {
    "./a.js": inputs({ "src/der/oids.ts": 5, "src/main.ts": 1, "src/doctor/tls/x.ts": 7 }),
    "./b.js": inputs({
      "src/der/tags.ts": 4,
      "node_modules/@peculiar/x509/build/index.js": 20,
      "node_modules/@peculiar/x509/node_modules/tslib/tslib.js": 2,
      "src/pki/unused.ts": 0,
    }),
  };
  assert.deepEqual(bundleGroups({ outputs }), [
    ["npm @peculiar/x509", 20],
    ["src/der", 9],
    ["src/doctor", 7],
    ["npm tslib", 2],
    ["src/*.ts", 1],
  ]);
});
