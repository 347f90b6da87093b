/** The completion scripts, in the shells they are for. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LOCALTLS } from "../support/localtls.ts";
import { makeScratch } from "../support/scratch.ts";

const SLOW = { timeout: 60_000 };

async function prepare(shell: string): Promise<{ script: string; env: Record<string, string> }> {
  const scratch = makeScratch();
  symlinkSync(LOCALTLS, join(scratch.home, "localtls"));
  const { code, stdout } = await scratch.run(["completions", shell]);
  assert.equal(code, 0);
  const script = join(scratch.home, `completions.${shell}`);
  writeFileSync(script, stdout);
  return {
    script,
    env: { HOME: scratch.home, PATH: `${scratch.home}:/usr/bin:/bin`, TERM: "xterm" },
  };
}

function has(shell: string): string | false {
  return existsSync(`/usr/bin/${shell}`) ? false : `${shell} is not installed`;
}

describe("completions", () => {
  test("bash proposes commands, options and values", SLOW, async () => {
    const { script, env } = await prepare("bash");
    const ask = (words: string[]) =>
      execFileSync("bash", [
        "-c",
        `. "$0"; COMP_WORDS=(localtls "$@"); COMP_CWORD=$#; _localtls; printf '%s\\n' "\${COMPREPLY[@]}"`,
        script,
        ...words,
      ], { env, encoding: "utf8" }).trim().split("\n");
    assert.deepEqual(ask(["unin"]), ["uninstall"]);
    assert.ok(ask(["cert", "--"]).includes("--cert-file"));
    assert.deepEqual(ask(["completions", "z"]), ["zsh"]);
    assert.deepEqual(ask(["nothing-like-this"]), [""]);
  });

  test(
    "fish proposes commands with their descriptions",
    { ...SLOW, skip: has("fish") },
    async () => {
      const { script, env } = await prepare("fish");
      const printed = execFileSync("fish", [
        "--no-config",
        "-c",
        `source ${script}; complete --do-complete "localtls unin"`,
      ], { env, encoding: "utf8" });
      assert.match(printed, /^uninstall\t\S+/m);
    },
  );

  test("zsh loads the script and proposes commands", { ...SLOW, skip: has("zsh") }, async () => {
    const { script, env } = await prepare("zsh");
    // zsh only completes in an interactive line editor: zpty gives it one.
    const driver = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=READY; autoload -Uz compinit; compinit -u -D; source ${script}"
zpty -r z line '*READY*'
zpty -w -n z $'localtls unin\\t'
sleep 2
zpty -w z ""
zpty -r z line '*uninstall*' && print -r -- "$line"
zpty -d z
`;
    const printed = execFileSync("zsh", ["-f", "-c", driver], {
      env,
      encoding: "utf8",
      timeout: 30_000,
    });
    assert.match(printed, /uninstall/);
  });

  test("PowerShell's script registers a completer of the same program", SLOW, async () => {
    const scratch = makeScratch();
    const { code, stdout } = await scratch.run(["completions", "powershell"]);
    assert.equal(code, 0);
    assert.match(stdout, /Register-ArgumentCompleter -Native -CommandName localtls/);
    assert.equal((await scratch.run(["completions", "pwsh"])).stdout, stdout);
  });
});
