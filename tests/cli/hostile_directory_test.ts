/**
 * A compiled Bun program runs `preload` code from a bunfig.toml in the directory it is started in, and
 * reads .env there, unless it was built with the flags that turn this off: a root hole under sudo.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeScratch, type Scratch } from "../support/scratch.ts";

const BUN = join(import.meta.dirname!, "..", "..", "node_modules/.bin/bun");

function plantTraps(scratch: Scratch): string {
  const proof = join(scratch.home, "trap-was-sprung");
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(proof)}, "x");\n`;
  writeFileSync(join(scratch.work, "trap.cjs"), trap);
  writeFileSync(join(scratch.work, "bunfig.toml"), 'preload = ["./trap.cjs"]\n');
  writeFileSync(join(scratch.work, ".env"), `LOCALTLS_DIR=${join(scratch.home, "hijacked")}\n`);
  writeFileSync(join(scratch.work, "package.json"), '{"imports":{"#x":"./trap.cjs"}}');
  writeFileSync(
    join(scratch.work, "tsconfig.json"),
    '{"compilerOptions":{"paths":{"*":["./trap.cjs"]}}}',
  );
  return proof;
}

describe("started in a hostile directory", () => {
  test("neither bunfig.toml nor .env is read", { timeout: 60_000 }, async () => {
    const scratch = makeScratch();
    const proof = plantTraps(scratch);
    const result = await scratch.run(["cert", "a.test"]);
    assert.equal(result.code, 0, result.stderr);
    assert.equal(existsSync(proof), false, "code of bunfig.toml was run");
    assert.equal(existsSync(join(scratch.home, "hijacked")), false, ".env was read");
    assert.equal(existsSync(join(scratch.state, "root.pem")), true);
  });

  // The refuse twin: a trap that cannot catch anything would prove nothing.
  test("the same traps catch a program built without the flags", { timeout: 120_000 }, () => {
    const scratch = makeScratch();
    const source = join(scratch.home, "plain.ts");
    writeFileSync(source, 'console.log(process.env["LOCALTLS_DIR"] ?? "none");\n');
    const program = join(scratch.home, "plain");
    execFileSync(BUN, ["build", "--compile", source, "--outfile", program], { stdio: "ignore" });
    chmodSync(program, 0o755);
    const proof = plantTraps(scratch);
    const printed = execFileSync(program, { cwd: scratch.work, encoding: "utf8" });
    assert.ok(existsSync(proof), "bunfig.toml was not read by a plain build");
    assert.match(printed, /hijacked/);
  });
});
