import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { powershellScript } from "../../../src/share/powershell_script.ts";
import { shellScript } from "../../../src/share/shell_script.ts";
import { sharedRoot } from "./shared_root.ts";

/** Position of a part that has to be there. */
function at(script: string, part: string | RegExp): number {
  const index = typeof part === "string" ? script.indexOf(part) : script.search(part);
  assert.notEqual(index, -1, String(part));
  return index;
}

describe("shellScript()", () => {
  test("compares the file with the sum before anything asks, elevates or changes", async () => {
    const root = await sharedRoot();
    const script = shellScript("install", root);
    assert.ok(script.startsWith("#!/bin/sh\n"));
    assert.match(script, /^set -eu$/m);
    const compared = at(script, '[ "$(sha256_of "$ROOT")" = "$PEM_SHA256" ] || die');
    assert.ok(compared < at(script, "printf 'Trust it? [y/N] '"));
    // The last part is what runs; all above defines.
    const steps = script.slice(compared);
    assert.ok(at(steps, "die") < at(steps, "add"));
    assert.ok(script.includes(`PEM_SHA256='${root.pemSha256}'`));
    assert.ok(script.includes(`SHA256='${root.sha256}'`));
  });

  test("fetches nothing and evaluates nothing", async () => {
    for (const action of ["install", "uninstall"] as const) {
      const script = shellScript(action, await sharedRoot());
      assert.doesNotMatch(script, /\b(?:curl|wget|fetch|eval)\b/);
      assert.doesNotMatch(script, /\r/);
    }
  });
});

// Windows PowerShell runs nowhere here: what can be told from the text.
describe("powershellScript(), by its text alone", () => {
  test("compares root.der with the sum before it asks, opens a store or changes it", async () => {
    const root = await sharedRoot();
    const script = powershellScript("install", root);
    const lines = script.split("\r\n");
    assert.ok(lines.every((line) => !line.includes("\n")), "a line ends as on Unix");
    const compared = at(script, "if ($found -ne $sha256) { throw");
    assert.ok(at(script, `$sha256 = '${root.sha256}'`) < compared);
    assert.ok(
      at(script, "[IO.File]::ReadAllBytes((Join-Path $PSScriptRoot 'root.der'))") < compared,
    );
    assert.ok(at(script, "$ErrorActionPreference = 'Stop'") < compared);
    for (const later of ["Read-Host", ".Open(", ".Add($certificate)", "X509Certificate2"]) {
      assert.ok(at(script, later) > compared, later);
    }
    // What is added is what was compared, not what a second reading gives.
    assert.equal(script.match(/ReadAllBytes|root\.der'/g)?.length, 2);
    assert.match(script, /X509Certificate2\(,\$bytes\)/);
    assert.ok(at(script, "throw 'not confirmed") < at(script, ".Add($certificate)"));
  });

  test("removes only the certificate itself, and both are read back", async () => {
    const root = await sharedRoot();
    const script = powershellScript("uninstall", root);
    assert.match(script, /\.Remove\(\$certificate\)/);
    assert.doesNotMatch(script, /\.Add\(/);
    assert.match(script, /if \(Test-Trusted\) \{ throw 'the store was changed/);
    assert.match(powershellScript("install", root), /if \(-not \(Test-Trusted\)\) \{ throw/);
    assert.doesNotMatch(script, /Invoke-|iex|DownloadString|WebClient/i);
  });
});
