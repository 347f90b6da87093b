/**
 * Questions on a real terminal.
 *
 * @module
 */

import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findProgram, mustRun } from "../support/processes.ts";

const MODULE = new URL("../../src/host/node_host.ts", import.meta.url).href;
const DRIVER = fileURLToPath(new URL("../support/terminal.py", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUNTIME = "Deno" in globalThis
  ? [process.execPath, "eval", "--ext=ts"]
  : [process.execPath, "-e"];
const PRELUDE = `import { createNodeHost } from "${MODULE}"; const host = createNodeHost();
const say = (text) => host.write("stdout", text + "\\n");
const attempt = async (work) => {
  try { say("<" + await work() + ">"); } catch (error) { say(error.code); host.exit(9); }
};`;
const options = findProgram("python3") === undefined ? { skip: "python3 is not installed" } : {};

async function onTerminal(
  code: string,
  steps: readonly (readonly [string, string])[],
): Promise<{ shown: string; code: number }> {
  const argv = ["python3", DRIVER, JSON.stringify(steps), ...RUNTIME, `${PRELUDE}${code}`];
  const output = await mustRun(argv, { cwd: ROOT, timeoutMs: 40_000 });
  const { shown, code: exit } = JSON.parse(output);
  return { shown: shown.replaceAll("\r\n", "\n"), code: exit };
}

const ASK = 'await attempt(() => host.terminal.ask("Name? "));';
const SECRET = 'await attempt(() => host.terminal.askSecret("Secret? "));';
const CHILD = `await attempt(async () => {
  const script = 'echo Child? >&2; read x; echo "$x"; stty -a | grep -o "[-]*echo "';
  const run = { timeoutMs: 10000, interactive: true };
  const { stdout } = await host.commands.run(["sh", "-c", script], run);
  return new TextDecoder().decode(stdout).trim().replace("\\n", " ");
});`;

describe("questions on a terminal", options, () => {
  test("take an edited line, echoed", async () => {
    const { shown, code } = await onTerminal(ASK, [["Name? ", "annx\x7f ü\n"]]);
    assert.match(shown, /^Name\? annx.*ü\n<ann ü>\n$/s);
    assert.equal(code, 0);
  });

  test("take a secret without showing it, with the editing keys", async () => {
    const typed = "wrong\x15pä\x7fass wörd\r";
    const { shown } = await onTerminal(SECRET, [["Secret? ", typed]]);
    assert.equal(shown, "Secret? \n<pass wörd>\n");
  });

  test("leave the terminal to the programs that ask next, with echo", async () => {
    const { shown } = await onTerminal(ASK + SECRET + CHILD + ASK, [
      ["Name? ", "one\n"],
      ["Secret? ", "two\r"],
      ["Child?", "three\n"],
      ["Name? ", "four\n"],
    ]);
    assert.match(
      shown,
      /<one>\nSecret\? \n<two>\nChild\?\nthree\n<three echo>\nName\? four\n<four>\n$/,
    );
  });

  for (const [key, octet] of [["Ctrl-C", "\x03"], ["Ctrl-D", "\x04"]] as const) {
    test(`are given up by ${key}`, async () => {
      for (const [code, question] of [[ASK, "Name? "], [SECRET, "Secret? "]] as const) {
        const result = await onTerminal(code, [[question, octet]]);
        assert.match(result.shown, /CANCELLED\n$/);
        assert.equal(result.code, 9);
      }
    });
  }

  test("are possible: stdin and stderr are terminals, and have a width", async () => {
    const { shown } = await onTerminal(
      'say([host.terminal.interactive, host.isTerminal("stdout"), host.columns()].join());',
      [],
    );
    assert.match(shown, /^true,true,[1-9]\d*\n$/);
  });
});
