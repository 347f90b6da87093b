import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CLOSED_SWITCHES, closeSwitches } from "../../../../scripts/build/runtime_switches.ts";

const RUNTIME = `code\0${CLOSED_SWITCHES.join("\0")}\0(${CLOSED_SWITCHES[0]}) in a help text`;

describe("closeSwitches()", () => {
  test("leaves no name that the runtime could look up, and moves nothing", () => {
    const executable = Buffer.from(RUNTIME);
    closeSwitches(executable);
    assert.equal(executable.length, RUNTIME.length);
    for (const name of CLOSED_SWITCHES) assert.equal(executable.indexOf(`${name}\0`), -1, name);
    assert.match(executable.toString(), /^code\0+\(BUN_OPTIONS\) in a help text$/);
  });

  test("leaves the one that a run of the build needs", () => {
    const executable = Buffer.from(RUNTIME);
    closeSwitches(executable, "BUN_BYTECODE_ORDER_OUT");
    assert.notEqual(executable.indexOf("BUN_BYTECODE_ORDER_OUT\0"), -1);
    assert.equal(executable.indexOf("BUN_OPTIONS\0"), -1);
  });

  for (const name of CLOSED_SWITCHES) {
    test(`refuses a runtime without ${name}, or with two`, () => {
      assert.throws(
        () => closeSwitches(Buffer.from(RUNTIME.replace(`${name}\0`, "\0"))),
        new RegExp(`Cannot close "${name}"`),
      );
      assert.throws(
        () => closeSwitches(Buffer.from(`${RUNTIME}\0${name}\0`)),
        new RegExp(`Cannot close "${name}"`),
      );
    });
  }
});
