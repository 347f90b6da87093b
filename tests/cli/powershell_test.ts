/**
 * What is written for PowerShell, read by tree-sitter's grammar of that language: another reader of the syntax, not
 * PowerShell. It tells a script that cannot be parsed from one that can; what the script does is not seen.
 */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Language, type Node, Parser } from "web-tree-sitter";
import { once } from "../support/once.ts";
import { makeScratch } from "../support/scratch.ts";
import { makePackage } from "../support/share_package.ts";

const LIMIT = { timeout: 60_000 };

const grammar = once(async () => {
  await Parser.init();
  const path = "tree-sitter-powershell/tree-sitter-powershell.wasm";
  return await Language.load(createRequire(import.meta.url).resolve(path));
});

async function parse(text: string): Promise<Node> {
  const language = await grammar();
  const parser = new Parser();
  parser.setLanguage(language);
  return parser.parse(text)!.rootNode;
}

/** What cannot be read, with its line. */
async function mistakes(text: string): Promise<string[]> {
  const root = await parse(text);
  const found: string[] = [];
  const visit = (node: Node | null) => {
    if (node === null) return;
    if (node.isError || node.isMissing) found.push(`${node.startPosition.row + 1}: ${node.text}`);
    else node.children.forEach(visit);
  };
  visit(root);
  assert.equal(root.hasError, found.length > 0);
  return found;
}

/** Names of the commands, as the grammar sees them. */
async function commandsIn(text: string): Promise<string[]> {
  return (await parse(text)).descendantsOfType("command_name").map((node) => node!.text);
}

const KNOWN = /^(?:ForEach-Object|Join-Path|New-Object|Read-Host|Test-Trusted)$/;

describe("what is written for PowerShell, by a grammar of it", () => {
  test("install.ps1 and uninstall.ps1 of a package", LIMIT, async () => {
    const { directory } = await makePackage();
    for (const name of ["install.ps1", "uninstall.ps1"]) {
      const text = readFileSync(join(directory, name), "utf8");
      assert.deepEqual(await mistakes(text), [], name);
      assert.match(text, /\r\n$/);
      // In ASCII: Windows PowerShell 5.1 reads a file without a byte order mark in the system's code page.
      // deno-lint-ignore no-control-regex
      assert.match(text, /^[\x00-\x7f]*$/);
      // Of Windows PowerShell 5.1 itself, or the script's own.
      const commands = await commandsIn(text);
      assert.ok(commands.includes("Test-Trusted"));
      assert.deepEqual(commands.filter((word) => !KNOWN.test(word)), []);
      // The judge itself: each of these has to be found.
      const spoilt = [
        text.replace("{ return $true }", "{ return $true"),
        text.replace("} finally {", " finally {"),
        text.replace("'Stop'", "'Stop"),
        text.replace("return $false", "return $false )"),
        text.replace("param([switch]$Yes)", "param([switch]$Yes"),
      ];
      for (const broken of spoilt) {
        assert.notEqual(broken, text);
        assert.notDeepEqual(await mistakes(broken), []);
      }
    }
  });

  test("the completions, the variables and a profile", LIMIT, async () => {
    const scratch = makeScratch();
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await scratch.run(args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.deepEqual(await mistakes(await run("completions", "powershell")), []);
    const directory = join(scratch.home, "it's ‘a’ $x `b");
    await run("cert", "a.test", "--dir", directory);
    const text = await run("env", "--shell", "powershell", "--dir", directory);
    assert.match(text, /^\$env:/m);
    assert.deepEqual(await mistakes(text), []);
    assert.notDeepEqual(await mistakes(text.replace(/'$/m, "")), []);
    const profile = join(scratch.home, ".config/powershell/profile.ps1");
    mkdirSync(join(profile, ".."), { recursive: true });
    writeFileSync(profile, "Set-Alias ll Get-ChildItem\n");
    await run("env", "--install", "--dir", directory);
    const held = readFileSync(profile, "utf8");
    assert.match(held, /localtls/);
    assert.deepEqual(await mistakes(held), []);
  });
});
