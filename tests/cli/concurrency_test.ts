/** First runs at the same time: one CA, and every certificate verifies against it. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { makeScratch } from "../support/scratch.ts";

const openssl = promisify(execFile);

describe("first runs at once", () => {
  for (const [count, command] of [[6, "setup"], [6, "cert"], [50, "cert"]] as const) {
    test(`${count} of ${command}: all certificates verify`, { timeout: 180_000 }, async () => {
      const scratch = makeScratch();
      const stores = command === "setup" ? ["--stores", "nss"] : [];
      const results = await Promise.all(
        Array.from(
          { length: count },
          (_, i) =>
            scratch.run([command, `n${i}.test`, ...stores, "--json"], { timeoutMs: 170_000 }),
        ),
      );
      for (const { code, stdout, stderr } of results) assert.equal(code, 0, stdout + stderr);
      const root = join(scratch.state, "root.pem");
      const serials = new Set<string>();
      for (const result of results) {
        const [certificate] = result.json().certificates;
        serials.add(certificate.serial);
        const { stdout } = await openssl("openssl", [
          "verify",
          "-x509_strict",
          "-CAfile",
          root,
          "-untrusted",
          certificate.cert,
          certificate.cert,
        ]);
        assert.match(stdout, /: OK$/m);
      }
      assert.equal(serials.size, count);
    });
  }
});
