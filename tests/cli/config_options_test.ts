/**
 * `config` with the built program: which options a server honours, and that one it cannot is refused with what to type.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { SERVER_RECIPES } from "../../src/recipes/server_table.ts";
import { requireSandbox } from "../support/sandbox.ts";
import { makeScratch } from "../support/scratch.ts";

requireSandbox();

const OPTIONS = {
  cors: ["--cors", "http://172.16.99.40:8000"],
  mtls: ["--mtls"],
  http2: ["--http2"],
  upstream: ["--upstream", "http://127.0.0.1:3000"],
} as const;

test("every server prints lines with every option that it honours, and refuses the others", async () => {
  const scratch = makeScratch();
  await scratch.run(["cert", "app.test"]);
  for (const { id, options, port } of SERVER_RECIPES) {
    const plain = await scratch.run(["config", id, "app.test"]);
    assert.equal(plain.code, 0, plain.stderr);
    assert.ok(plain.stdout.includes(String(port)), `${id} has a port of its own`);
    assert.ok(plain.stdout.includes(join(scratch.work, "app.test-key.pem")), id);
    for (const [option, words] of Object.entries(OPTIONS)) {
      const reason = options[option as keyof typeof OPTIONS];
      const { code, stdout, stderr } = await scratch.run(["config", id, "app.test", ...words]);
      if (reason === true) {
        assert.equal(code, 0, stderr);
        continue;
      }
      assert.equal(code, 2, `${id} --${option}`);
      assert.equal(stdout, "");
      assert.ok(stderr.includes(`Cannot use --${option} with ${id}: ${reason}`), stderr);
      const hints = [...stderr.matchAll(/hint: localtls (.*)/g)].map(([, words]) => words!);
      assert.ok(hints.length > 0, stderr);
      for (const hint of hints) {
        const pasted = await scratch.run(hint.split(" "));
        assert.equal(pasted.code, 0, `${hint}: ${pasted.stderr}`);
      }
    }
  }
});

test("the hint keeps what the server can do", async () => {
  const scratch = makeScratch();
  const words = ["--cors", "http://a.test", "--mtls", "--port", "9000"];
  const { code, stderr } = await scratch.run(["config", "redis", "app.test", ...words]);
  assert.equal(code, 2);
  assert.match(stderr, /hint: localtls config redis app\.test --mtls --port 9000$/m);
  const docker = await scratch.run(["config", "docker", "--port", "9000"]);
  assert.equal(docker.code, 2);
  assert.match(docker.stderr, /Cannot use --port with docker: its text is about no server/);
});

test("client certificates need a CA", async () => {
  const scratch = makeScratch();
  const { code, stderr } = await scratch.run(["config", "nginx", "app.test", "--mtls"]);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot find a (CA|certificate)[^]*hint: localtls (setup|cert app\.test)/);
});
