/** `doctor URL` with a kind of store that there is not: found out after the look at the server has begun, and nobody waits for that. */

import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { makeScratch } from "../support/scratch.ts";

const LIMIT = { timeout: 120_000 };

describe("doctor URL --stores", () => {
  test(
    "a store that there is not is a usage error, while the server says nothing",
    LIMIT,
    async () => {
      const scratch = makeScratch();
      const sockets: Socket[] = [];
      const server = createServer((socket) => {
        sockets.push(socket.on("error", () => {}));
        socket.resume();
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const bound = server.address();
      assert.ok(typeof bound === "object" && bound !== null);
      const url = `https://127.0.0.1:${bound.port}`;
      try {
        const begun = performance.now();
        const result = await scratch.run(["doctor", url, "--stores", "nonsense"], {
          timeoutMs: 60_000,
        });
        const took = performance.now() - begun;
        assert.equal(result.code, 2, result.stdout + result.stderr);
        assert.match(result.stderr, /looking at [^]*error: Cannot use "nonsense"/);
        assert.doesNotMatch(result.stderr, /rejection|at .*:\d+:\d+/);
        // A silent server is waited for longer than this.
        assert.ok(took < 8_000, `${took} ms`);
      } finally {
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    },
  );

  test("and where nobody listens", LIMIT, async () => {
    const scratch = makeScratch();
    const args = ["doctor", "https://127.0.0.1:1", "--stores", "nonsense", "--json"];
    const result = await scratch.run(args);
    assert.equal(result.code, 2, result.stdout + result.stderr);
    assert.equal(result.json().error.code, "USAGE");
    assert.doesNotMatch(result.stderr, /rejection/);
  });
});
