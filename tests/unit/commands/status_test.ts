/** What `status` says needs doing, on a machine in memory. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setup } from "../../../src/commands/setup.ts";
import { status } from "../../../src/commands/status.ts";
import { makeContext } from "../../support/fake_context.ts";
import { createFakeHost, type FakeHostOptions } from "../../support/fake_host.ts";

async function afterSetup(files: FakeHostOptions["files"]) {
  const { context } = makeContext(createFakeHost({ files: files ?? {} }));
  const flags = { stores: "system" };
  const first = await setup(context, { ...flags, names: ["a.test"] });
  return { first, ...await status(context, flags) };
}

describe("status on a machine whose system store cannot be used", () => {
  test("names the way out, as setup does, and ends with exit code 1", async () => {
    const { first, document, exitCode } = await afterSetup({
      "/etc/os-release": "ID=debian\nNAME=Debian\n",
    });
    assert.equal(first.exitCode, 3);
    assert.deepEqual(document.stores.map(({ outcome }) => outcome), ["unavailable"]);
    assert.deepEqual(document.todo, [{
      message: "The Debian system store cannot be used.",
      command: "apt-get install ca-certificates",
    }]);
    assert.equal(exitCode, 1);
  });

  test("has nothing to say where nobody knows a way out", async () => {
    const { first, document, exitCode } = await afterSetup({});
    assert.equal(first.exitCode, 3);
    assert.deepEqual(document.stores.map(({ outcome }) => outcome), ["unavailable"]);
    assert.deepEqual(document.todo, []);
    assert.equal(exitCode, 0);
  });
});
