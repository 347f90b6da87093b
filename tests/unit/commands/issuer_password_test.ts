import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CommandContext } from "../../../src/commands/context.ts";
import { issuerPassword, newIssuerPassword } from "../../../src/commands/issuer_password.ts";
import { createFakeHost, type FakeHost, type FakeHostOptions } from "../../support/fake_host.ts";

function contextOn(options: FakeHostOptions): CommandContext & { readonly host: FakeHost } {
  return {
    host: createFakeHost(options),
    options: { json: false, quiet: true, yes: false, dryRun: false },
    program: "localtls",
    report: () => {},
  };
}

const HOME = { HOME: "/home/ann" };

describe("issuerPassword()", () => {
  test("asks nothing before it is called, and then once", async () => {
    const context = contextOn({ interactive: true, answers: ["secret"] });
    const password = issuerPassword(context);
    assert.deepEqual(context.host.questions, []);
    assert.equal(await password(), "secret");
    assert.equal(await password(), "secret");
    assert.equal(context.host.questions.length, 1);
  });

  test("prefers the file on the command line, then that of the environment, then the command", async () => {
    const files = { "/a": "from a\r\nmore\n", "/b": "from b" };
    const env = { ...HOME, LOCALTLS_PASSWORD_FILE: "/b", LOCALTLS_PASSWORD_COMMAND: "tool" };
    const commands = { tool: () => ({ stdout: "from tool\n" }) };
    assert.equal(await issuerPassword(contextOn({ files, env, commands }), "/a")(), "from a");
    assert.equal(await issuerPassword(contextOn({ files, env, commands }))(), "from b");
    const { LOCALTLS_PASSWORD_FILE: _, ...rest } = env;
    const context = contextOn({ env: rest, commands });
    assert.equal(await issuerPassword(context)(), "from tool");
  });

  test("runs the command's words as they are, without a shell", async () => {
    const env = { ...HOME, LOCALTLS_PASSWORD_COMMAND: "tool 'a b' $x; id" };
    const context = contextOn({ env, commands: { tool: () => ({ stdout: "x" }) } });
    await issuerPassword(context)();
    assert.deepEqual(context.host.commandLines, [["tool", "a b", "$x;", "id"]]);
  });

  const failures: [string, FakeHostOptions, string][] = [
    ["nobody to ask", {}, "CONFIRMATION_NEEDED"],
    [
      "a file that is missing",
      { env: { ...HOME, LOCALTLS_PASSWORD_FILE: "/x" } },
      "FILE_NOT_FOUND",
    ],
    ["a command that is missing", {
      env: { ...HOME, LOCALTLS_PASSWORD_COMMAND: "nothing" },
    }, "TOOL_MISSING"],
    ["a command that fails", {
      env: { ...HOME, LOCALTLS_PASSWORD_COMMAND: "tool" },
      commands: { tool: () => ({ code: 1, stderr: "no key ring\n" }) },
    }, "TOOL_FAILED"],
    ["a command that hangs", {
      env: { ...HOME, LOCALTLS_PASSWORD_COMMAND: "tool" },
      commands: { tool: () => "timed-out" },
    }, "TOOL_TIMEOUT"],
    ["a command of blanks", { env: { ...HOME, LOCALTLS_PASSWORD_COMMAND: "  " } }, "USAGE"],
    ["quotes that do not match", {
      env: { ...HOME, LOCALTLS_PASSWORD_COMMAND: "cat 'x" },
    }, "USAGE"],
  ];
  for (const [name, options, code] of failures) {
    test(`refuses: ${name}`, async () => {
      await assert.rejects(issuerPassword(contextOn(options))(), { code });
    });
  }
});

describe("newIssuerPassword()", () => {
  test("asks twice", async () => {
    const context = contextOn({ interactive: true, answers: ["one", "one"] });
    assert.equal(await newIssuerPassword(context), "one");
  });
  const bad: [string, string[]][] = [["that differ", ["one", "two"]], ["that are empty", [""]]];
  for (const [name, answers] of bad) {
    test(`refuses passwords ${name}`, async () => {
      const context = contextOn({ interactive: true, answers });
      await assert.rejects(newIssuerPassword(context), { code: "PASSWORD_INVALID" });
    });
  }
  test("refuses an empty file", async () => {
    const context = contextOn({ files: { "/a": "\nsecret\n" } });
    await assert.rejects(newIssuerPassword(context, "/a"), { code: "PASSWORD_INVALID" });
  });
});
