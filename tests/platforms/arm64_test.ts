/** Linux on arm64, emulated, with Debian's C library for it. */

import assert from "node:assert/strict";
import { environment } from "../support/environment.ts";
import { programInSandbox } from "../support/emulated.ts";
import { platformProgram } from "../support/machine.ts";
import { mustRun, run } from "../support/processes.ts";
import { assertTrustCircle } from "../support/trust_circle.ts";

const QEMU = ["/usr/bin/qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"];

environment("Linux arm64 (emulated)", (proves) => {
  proves("the whole way of trust", async () => {
    await assertTrustCircle(programInSandbox([...QEMU, platformProgram("localtls-linux-arm64")]));
  });
  proves("the file is one for arm64, and this processor does not run it", async () => {
    const file = platformProgram("localtls-linux-arm64");
    assert.match(await mustRun(["readelf", "--file-header", file]), /Machine:\s+AArch64/);
    // By a shell's exit code: Bun throws what it cannot start.
    assert.equal((await run(["sh", "-c", 'exec "$0" version', file])).code, 126);
  });
});
