/** What the program does at a terminal, and what it does in a pipe. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { LOCALTLS } from "../support/localtls.ts";
import { makeScratch } from "../support/scratch.ts";

const SLOW = { timeout: 60_000 };
const ESCAPE = "\u001b[";

/** Runs the program at a pseudo-terminal of util-linux's `script`. */
function atTerminal(line: string, env: Record<string, string>, input = ""): string {
  return execFileSync("script", ["-qec", line, "/dev/null"], {
    env: { PATH: "/usr/bin:/bin", TERM: "xterm-256color", ...env },
    encoding: "utf8",
    input,
    timeout: 50_000,
  });
}

describe("output", () => {
  test("has colours at a terminal, and none with NO_COLOR or TERM=dumb", SLOW, () => {
    const { home, work } = makeScratch();
    const line = `cd ${work} && ${LOCALTLS} status; true`;
    assert.ok(atTerminal(line, { HOME: home }).includes(ESCAPE));
    assert.ok(!atTerminal(line, { HOME: home, NO_COLOR: "1" }).includes(ESCAPE));
    assert.ok(!atTerminal(line, { HOME: home, TERM: "dumb" }).includes(ESCAPE));
  });

  test("marks the bad line of a list in colour, and shows no broken control sequence", SLOW, () => {
    const { home, work } = makeScratch();
    const line = `cd ${work} && printf 'a.test\\n-bad-\\n' | ${LOCALTLS} cert --from -; true`;
    const printed = atTerminal(line, { HOME: home });
    assert.ok(
      printed.includes(`${ESCAPE}31merror:${ESCAPE}39m line 2: Cannot`),
      JSON.stringify(printed),
    );
    assert.ok(!printed.includes("\ufffd"), JSON.stringify(printed));
  });

  test("has no control sequence in a pipe", SLOW, async () => {
    const scratch = makeScratch();
    for (const args of [["status"], ["cert", "a.test"], ["nonsense"], ["help"], ["setup", "-n"]]) {
      const { stdout, stderr } = await scratch.run(args);
      assert.ok(!`${stdout}${stderr}`.includes("\u001b"), args.join(" "));
    }
  });

  test("goes to stdout as results and to stderr as everything else", SLOW, async () => {
    const scratch = makeScratch();
    const { stdout, stderr } = await scratch.run(["cert", "a.test"]);
    assert.match(stdout, /^Certificate for a\.test, until /);
    assert.match(stderr, /^localtls: making the CA$/m);
    assert.match(stderr, /^localtls: warning: nothing on this machine trusts the CA yet/m);
    assert.equal((await scratch.run(["trust", "--stores", "nss"])).code, 0);
    const quiet = await scratch.run(["cert", "b.test", "--quiet"]);
    assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, "", ""]);
  });

  test("a reader that goes away early ends the program without a word", SLOW, () => {
    const { home } = makeScratch();
    const shell =
      `"${LOCALTLS}" help; "${LOCALTLS}" completions bash | head -c 1 >/dev/null; echo "$?"`;
    const result = spawnSync("bash", ["-c", shell], { env: { HOME: home, PATH: "/usr/bin:/bin" } });
    assert.equal(result.stderr.toString(), "");
  });

  test("CI has nobody to ask, and no bar", SLOW, () => {
    const { home, work } = makeScratch();
    const issue = `cd ${work} && printf 'a.test\\nb.test\\n' > l && ${LOCALTLS} cert --from l`;
    assert.match(atTerminal(issue, { HOME: home }), /2 of 2|1 of 2/);
    assert.doesNotMatch(atTerminal(issue, { HOME: home, CI: "true" }), /\d of 2/);
    const encrypt = `${LOCALTLS} ca encrypt; echo "code $?"`;
    assert.match(atTerminal(encrypt, { HOME: home, CI: "true" }), /code 1/);
  });

  test("a question at a terminal takes no for an answer", SLOW, async () => {
    const scratch = makeScratch();
    assert.equal((await scratch.run(["cert", "a.test"])).code, 0);
    const line = `cd ${scratch.work} && ${LOCALTLS} uninstall --purge --stores nss; echo "code $?"`;
    const printed = atTerminal(line, { HOME: scratch.home }, "n\n");
    assert.match(printed, /Remove the CA and its key\?/);
    assert.match(printed, /not confirmed/);
    assert.match(printed, /code 1/);
    assert.equal((await scratch.run(["cert", "b.test"])).code, 0, "the CA is gone");
  });

  test("a password is asked for twice when it is set, and once when it is used", SLOW, async () => {
    const scratch = makeScratch();
    assert.equal((await scratch.run(["cert", "a.test"])).code, 0);
    const at = (command: string, input: string) =>
      atTerminal(
        `cd ${scratch.work} && ${LOCALTLS} ${command}; echo "code $?"`,
        { HOME: scratch.home },
        input,
      );
    const differing = at("ca encrypt", "secret\nsecrets\n");
    assert.match(differing, /not the same/);
    assert.match(differing, /code 1/);
    const set = at("ca encrypt", "secret\nsecret\n");
    assert.match(set, /New password[^]*The same again[^]*code 0/);
    const used = at("cert b.test", "secret\n");
    assert.match(used, /Password of the CA's key: [^]*code 0/);
    assert.doesNotMatch(used.slice(used.indexOf("Password of")), /secret/, "it is echoed");
    assert.match(at("cert c.test", "guess\n"), /wrong[^]*code 1/);
    assert.match(at("ca rotate --stores nss", "secret\n"), /Password of[^]*code 0/);
    assert.match(at("ca decrypt", "secret\n"), /code 0/);
    assert.equal((await scratch.run(["cert", "d.test"])).code, 0);
  });
});
