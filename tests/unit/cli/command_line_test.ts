import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rewrite, runCommandLine } from "../../../src/cli/app.ts";
import type { CliHost } from "../../../src/cli/console.ts";
import { makeStyle, printable, printableDocument } from "../../../src/cli/style.ts";
import { formatTable } from "../../../src/cli/table.ts";
import { createFakeHost } from "../../support/fake_host.ts";

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const out = { stdout: "", stderr: "" };
  const host: CliHost = Object.assign(createFakeHost({ env: { HOME: "/home/ann" } }), {
    write(stream: "stdout" | "stderr", text: string) {
      out[stream] += text;
    },
    isTerminal: () => false,
    columns: () => 80,
  });
  return { code: await runCommandLine(host, argv), ...out };
}

describe("command line", () => {
  test("prints the version", async () => {
    const { code, stdout, stderr } = await run("version");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
    assert.equal((await run("--version")).stdout, stdout);
  });

  test("prints the same document fields for --json before and after the command", async () => {
    const { stdout } = await run("version", "--json");
    const document = JSON.parse(stdout);
    assert.deepEqual([document.version, document.command, document.ok], [1, "version", true]);
    assert.deepEqual(document.warnings, []);
    assert.equal((await run("--json", "version")).stdout, stdout);
  });

  test("prints help without a command, with help, and with --help", async () => {
    const { code, stdout } = await run();
    assert.equal(code, 0);
    assert.match(stdout, /setup/);
    assert.equal((await run("help")).stdout, stdout);
    assert.equal((await run("cert", "--help")).stdout, (await run("help", "cert")).stdout);
  });

  const wrong: readonly (readonly string[])[] = [
    ["frobnicate"],
    ["cert"],
    ["cert", "--no-such-flag", "a.test"],
    ["cert", "--days", "0", "a.test"],
    ["cert", "--days", "826", "a.test"],
    ["cert", "--days", "ten", "a.test"],
    ["config", "nginx"],
    ["config", "nginx", "a.test", "--port", "65536"],
    ["status", "extra"],
    ["completions", "tcsh"],
    ["cert", "-install.test"],
  ];
  for (const argv of wrong) {
    test(`ends with 2 and a sentence for: ${argv.join(" ")}`, async () => {
      const { code, stdout, stderr } = await run(...argv);
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^localtls: error: Cannot .+/);
      assert.doesNotMatch(stderr, /\n\s+at /);
    });

    test(`ends with 2 and a document for: ${argv.join(" ")} --json`, async () => {
      const { code, stdout, stderr } = await run("--json", ...argv);
      assert.equal(code, 2);
      assert.equal(stderr, "");
      const document = JSON.parse(stdout);
      assert.deepEqual([document.version, document.ok], [1, false]);
      assert.ok(["USAGE", "NAME_INVALID"].includes(document.error.code), document.error.code);
    });
  }

  test("proposes the command that was meant", async () => {
    const { stderr } = await run("setpu");
    assert.match(stderr, /hint: localtls setup$/m);
    assert.match((await run("cert", "--day", "3", "a.test")).stderr, /hint: --days$/m);
  });

  test("proposes completions, one a line with its description", async () => {
    const { stdout } = await run("__complete", "un");
    assert.deepEqual(stdout.split("\n").map((line) => line.split("\t")[0]), [
      "untrust",
      "uninstall",
      "",
    ]);
  });
});

describe("rewrite()", () => {
  test("moves global options behind the command", () => {
    assert.deepEqual(rewrite(["--dir", "/x", "-q", "cert", "a"]), [
      "cert",
      "--dir",
      "/x",
      "-q",
      "a",
    ]);
  });
  test("turns help into --help", () => {
    assert.deepEqual(rewrite(["help", "cert"]), ["cert", "--help"]);
    assert.deepEqual(rewrite(["--json", "help"]), ["--help"]);
  });
});

describe("style", () => {
  test("writes no control sequences without colours", () => {
    assert.equal(makeStyle(false).bad("x"), "x");
    assert.equal(makeStyle(true).bad("x"), "\u001b[31mx\u001b[39m");
  });

  test("takes the terminal out of the reach of a foreign name", () => {
    assert.equal(
      printable("a\u001b]0;x\u0007b\u202ec\nd\te"),
      "a\\u001b]0;x\\u0007b\\u202ec\nd\te",
    );
    assert.deepEqual(printableDocument({ a: ["\u0000"], b: 1, c: null }), {
      a: ["\\u0000"],
      b: 1,
      c: null,
    });
  });
});

test("formatTable() lines up columns, also behind wide characters", () => {
  assert.deepEqual(formatTable([["a", "b", "c"], ["证书", "x"]]), ["  a     b  c", "  证书  x"]);
});
