import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { checkFile, checkTree } from "../../../scripts/layers.ts";

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["x509 importing pki", "x509/a.ts", 'import { b } from "../pki/b.ts";'],
  ["der importing x509", "der/a.ts", 'import type { B } from "../x509/b.ts";'],
  [
    "truststore importing castore",
    "truststore/nss/a.ts",
    'import { b } from "../../castore/b.ts";',
  ],
  ["commands importing cli", "commands/a.ts", 'import { b } from "../cli/b.ts";'],
  ["host importing commands", "host/a.ts", 'export { b } from "../commands/b.ts";'],
  ["a lazy upward import", "pki/a.ts", 'const b = await import("../castore/b.ts");'],
  ["a side-effect upward import", "der/a.ts", 'import "../pki/b.ts";'],
  ["the engine on node:", "pki/a.ts", 'import { createHash } from "node:crypto";'],
  ["doctor outside its probes on node:", "doctor/a.ts", 'import { connect } from "node:net";'],
  ["a room with a similar name", "doctor/networking/a.ts", 'import { connect } from "node:net";'],
  ["a command on node:", "commands/a.ts", 'const fs = await import("node:fs");'],
  ["the engine on Deno", "der/a.ts", 'const x = Deno.readTextFileSync("x");'],
  ["a store on Bun", "truststore/a.ts", 'const x = Bun.file("x");'],
  ["a command on process", "commands/a.ts", "process.exit(1);"],
  ["the servers on Bun", "server/a.ts", "const x = Bun.serve({});"],
  ["the servers on Bun, if it is there", "server/a.ts", "const x = runtime.Bun?.serve;"],
  ["a test for Bun", "server/a.ts", 'if ("Bun" in globalThis) start();'],
  ["the adapter without a test", "server/http1/bare_tls.ts", "Bun.listen({});"],
  ["the servers importing the CA", "server/a.ts", 'import { b } from "../castore/b.ts";'],
  ["the host on Deno", "host/a.ts", "const x = Deno.uid();"],
  ["an unknown package", "pki/a.ts", 'import x from "left-pad";'],
  ["a package in the wrong room", "commands/a.ts", 'import { run } from "@stricli/core";'],
  ["a shared file importing a room", "errors.ts", 'import { b } from "./der/b.ts";'],
  ["an import out of src", "cli/a.ts", 'import { b } from "../../scripts/b.ts";'],
  ["printing from the depths", "castore/a.ts", 'console.error("x");'],
  ["an exception's own words", "commands/a.ts", "const x = String(error);"],
  [
    "an exception's own words, perhaps",
    "castore/a.ts",
    'const x = error instanceof Error ? error.message : "";',
  ],
  ["a room without a rule", "attic/a.ts", 'import { b } from "../der/b.ts";'],
];

describe("layer check refuses", () => {
  for (const [what, path, content] of REFUSED) {
    test(what, () => {
      assert.notDeepEqual(checkFile(path, content), [], `${path}: ${content}`);
    });
  }
});

const ACCEPTED: readonly (readonly [string, string, string])[] = [
  ["a downward import", "pki/a.ts", 'import { b } from "../x509/b.ts";'],
  ["an import within a room", "truststore/nss/a.ts", 'import { b } from "../store.ts";'],
  ["errors everywhere", "der/a.ts", 'import { LocalTlsError } from "../errors.ts";'],
  ["node: in the probes of doctor", "doctor/network/a.ts", 'import { connect } from "node:net";'],
  ["node: in the host", "host/a.ts", 'import { open } from "node:fs";'],
  ["node: in the servers", "server/a.ts", 'import { createServer } from "node:https";'],
  ["Bun where it is there", "server/http1/bare_tls.ts", "const x = runtime.Bun?.listen;"],
  ["a runtime's name in a comment", "der/a.ts", "// Deno.readFile would do it\n/** Bun.write */"],
  ["a runtime's name in a text", "cli/a.ts", 'const hint = "Deno.serve(...)";'],
  ["a text that speaks of an import", "commands/a.ts", 'throw new Error("read from \\"x\\"");'],
  ["an exception, reduced", "commands/a.ts", "const x = exceptionText(error);"],
  ["a word that ends like one", "pki/a.ts", "const reprocess = { x: 1 }; reprocess.x;"],
];

describe("layer check accepts", () => {
  for (const [what, path, content] of ACCEPTED) {
    test(what, () => assert.deepEqual(checkFile(path, content), []));
  }

  test("the tree as it is", () => {
    const { files, findings } = checkTree(join(import.meta.dirname!, "..", "..", "..", "src"));
    assert.ok(files > 50, `only ${files} files were read`);
    assert.deepEqual(findings, []);
  });
});
