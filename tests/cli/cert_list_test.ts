/** `cert --from`: good and bad lines, and what ten thousand of them cost. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { LOCALTLS } from "../support/localtls.ts";
import { mustRun, run, start } from "../support/processes.ts";
import { makeScratch, modeOf, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };
const TERMINAL = fileURLToPath(new URL("../support/terminal.py", import.meta.url));

const LIST = `# our servers
app1.test, 127.0.0.1

  app2.test\tapi2.test   # the second
google.com
app1.test ::1
../evil.test
https://app3.test/x,app3.test
*.test
`;

function list(scratch: Scratch, content: string): string {
  const path = join(scratch.home, "names.txt");
  writeFileSync(path, content);
  return path;
}

/** The documents on the lines of stdout. */
// deno-lint-ignore no-explicit-any
function lines(stdout: string): any[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

const GOOD = ["app1.test+1", "app2.test+1", "app3.test"];

describe("cert --from", () => {
  test("issues for good lines, names bad ones, and ends with 3", SLOW, async () => {
    const scratch = makeScratch();
    const { code, stdout, stderr } = await scratch.run(["cert", "--from", list(scratch, LIST)]);
    assert.equal(code, 3);
    assert.equal(
      stdout,
      `app1.test, 127.0.0.1: ${scratch.work}/app1.test+1.pem\n` +
        `app2.test, api2.test: ${scratch.work}/app2.test+1.pem\n` +
        `app3.test: ${scratch.work}/app3.test.pem\n3 certificates issued\n4 lines failed\n`,
    );
    assert.match(stderr, /error: line 5: Cannot issue for "google\.com"/);
    assert.match(stderr, /error: line 6: Cannot write ".*app1\.test\+1\.pem": line 2 did\n/);
    assert.match(stderr, /error: line 7: Cannot use the name "\.\.\/evil\.test"/);
    assert.match(stderr, /warning: line 8: "https:\/\/app3\.test\/x" is a URL/);
    assert.match(stderr, /error: line 9: Cannot use the name "\*\.test"/);
    const files = GOOD.flatMap((name) => [`${name}-key.pem`, `${name}.pem`]);
    assert.deepEqual(readdirSync(scratch.work).sort(), files.sort());
    for (const name of GOOD) {
      const cert = join(scratch.work, `${name}.pem`);
      const root = ["-CAfile", join(scratch.state, "root.pem"), "-untrusted", cert];
      assert.match(await mustRun(["openssl", "verify", ...root, cert]), /: OK/);
      assert.equal(modeOf(join(scratch.work, `${name}-key.pem`)), 0o600);
    }
    const ledger = readFileSync(join(scratch.state, "issued.jsonl"), "utf8");
    assert.deepEqual(lines(ledger).map(({ names }) => names[0]), [
      "app1.test",
      "app2.test",
      "app3.test",
    ]);
  });

  test("--json is a document a line, in the order of the list, from stdin too", SLOW, async () => {
    const scratch = makeScratch();
    const input = `\ufeff${LIST.replaceAll("\n", "\r\n")}`;
    const args = ["cert", "--from", "-", "--json", "--out", "."];
    const { code, stdout, stderr } = await scratch.run(args, { input });
    assert.equal(code, 3);
    assert.equal(stderr, "");
    const documents = lines(stdout);
    const summary = documents.pop();
    assert.deepEqual(documents.map(({ line }) => line), [2, 4, 5, 6, 7, 8, 9]);
    for (const document of [...documents, summary]) {
      assert.deepEqual([document.version, document.command], [1, "cert"]);
      assert.ok(Array.isArray(document.warnings));
    }
    const [first, , publicName, twice, path, url, wildcard] = documents;
    assert.equal(first.ok, true);
    assert.deepEqual(first.certificate.names, ["app1.test", "127.0.0.1"]);
    assert.equal(existsSync(first.certificate.key), true);
    assert.deepEqual(
      [publicName, twice, path, wildcard].map(({ ok, error }) => [ok, error.code]),
      [
        [false, "NAME_NOT_PERMITTED"],
        [false, "USAGE"],
        [false, "NAME_INVALID"],
        [false, "NAME_INVALID"],
      ],
    );
    assert.equal(url.warnings[0].code, "NAME_FROM_URL");
    assert.deepEqual([summary.ok, summary.issued, summary.failed], [false, 3, 4]);
  });

  test("--dry-run says every file, and writes none", SLOW, async () => {
    const scratch = makeScratch();
    const args = ["cert", "--from", list(scratch, LIST), "--dry-run", "--json"];
    const { code, stdout } = await scratch.run(args);
    assert.equal(code, 3);
    const documents = lines(stdout);
    const planned = documents.at(-1).planned.map(({ path }: { path: string }) => path);
    for (const name of GOOD) assert.ok(planned.includes(join(scratch.work, `${name}.pem`)), name);
    assert.equal(planned.length, new Set(planned).size);
    assert.deepEqual(readdirSync(scratch.work), []);
    assert.equal(existsSync(scratch.state), false);
  });

  test("clients and PKCS#12, with one password for all", SLOW, async () => {
    const scratch = makeScratch();
    const path = list(scratch, "ann ann@example.com\nbob\n\nann\n");
    const args = ["cert", "--from", path, "--client", "--pkcs12", "--key", "p384", "--json"];
    const { code, stdout } = await scratch.run(args);
    assert.equal(code, 0, stdout);
    const certificates = lines(stdout).slice(0, -1).map(({ certificate }) => certificate);
    assert.deepEqual(
      certificates.map(({ p12 }) => p12),
      ["ann+1-client", "bob-client", "ann-client"].map((name) => join(scratch.work, `${name}.p12`)),
    );
    const [password, ...others] = new Set(certificates.map(({ p12Password }) => p12Password));
    assert.deepEqual(others, []);
    for (const { p12 } of certificates) {
      assert.equal(modeOf(p12), 0o600);
      const pass = ["-passin", `pass:${password}`];
      await mustRun(["openssl", "pkcs12", "-in", p12, ...pass, "-noout"]);
    }
  });

  test("names that only differ in case are one file somewhere, and refused", SLOW, async () => {
    const scratch = makeScratch();
    const path = list(scratch, "ann\nAnn\n");
    const { code, stderr } = await scratch.run(["cert", "--client", "--from", path]);
    assert.equal(code, 3);
    assert.match(stderr, /line 2: Cannot write .*Ann-client\.pem": line 1 did/);
  });

  test("only bad lines end with 1, none at all with 0, a missing list with 1", SLOW, async () => {
    const scratch = makeScratch();
    const bad = await scratch.run([
      "cert",
      "--from",
      list(scratch, "a_b.test\n\ufffd\n"),
      "--quiet",
    ]);
    assert.deepEqual([bad.code, bad.stdout], [1, ""]);
    assert.match(bad.stderr, /line 1: .*\n(?:.*\n)*.*line 2: /);
    const none = await scratch.run(["cert", "--from", list(scratch, "# nothing\n\n")]);
    assert.deepEqual([none.code, none.stdout], [0, "0 certificates issued\n"]);
    const missing = await scratch.run(["cert", "--from", "none.txt", "--json"]);
    assert.equal(missing.code, 1);
    assert.equal(lines(missing.stdout)[0].error.code, "FILE_NOT_FOUND");
    assert.deepEqual(readdirSync(scratch.work), []);
  });

  test("a file in the way costs its own line alone", SLOW, async () => {
    const scratch = makeScratch();
    mkdirSync(join(scratch.work, "b.test.pem"));
    const path = list(scratch, "a.test\nb.test\nc.test\n");
    const { code, stderr } = await scratch.run(["cert", "--from", path]);
    assert.equal(code, 3);
    assert.match(stderr, /line 2: Cannot write .*b\.test\.pem": it is a directory/);
    assert.deepEqual(readdirSync(scratch.work).sort(), [
      ...["a.test-key.pem", "a.test.pem", "b.test.pem", "c.test-key.pem", "c.test.pem"],
    ]);
  });

  test("a ledger that cannot be written is a warning, not a loss", SLOW, async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "x.test"]);
    rmSync(join(scratch.state, "issued.jsonl"));
    mkdirSync(join(scratch.state, "issued.jsonl"));
    const path = list(scratch, "a.test\nb.test\n");
    const { code, stderr } = await scratch.run(["cert", "--from", path]);
    assert.equal(code, 0);
    assert.match(stderr, /warning: .*not noted for status and renewal/);
    assert.ok(existsSync(join(scratch.work, "b.test.pem")));
  });

  test("stopped with Ctrl-C it leaves whole certificates, all of them noted", SLOW, async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "warm.test"]);
    rmSync(join(scratch.state, "issued.jsonl"));
    const path = list(scratch, Array.from({ length: 50_000 }, (_, i) => `a${i}.test\n`).join(""));
    const out = join(scratch.home, "out");
    mkdirSync(out);
    const running = start([LOCALTLS, "cert", "--from", path, "--out", out, "--json"], {
      cwd: scratch.work,
      env: { HOME: scratch.home },
    });
    const deadline = Date.now() + 20_000;
    while (readdirSync(out).length < 500 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    process.kill(running.pid, "SIGINT");
    const { code, stdout } = await running.ended;
    assert.equal(code, 1);
    const last = lines(stdout).at(-1);
    assert.equal(last.error.code, "CANCELLED");
    const certificates = readdirSync(out).filter((name) => !name.endsWith("-key.pem"));
    assert.deepEqual(certificates.filter((name) => !/^a\d+\.test\.pem$/.test(name)), []);
    assert.ok(certificates.length >= 250 && certificates.length < 50_000);
    assert.equal(readdirSync(out).length, 2 * certificates.length);
    const noted = lines(readFileSync(join(scratch.state, "issued.jsonl"), "utf8"));
    assert.equal(noted.length, certificates.length);
    assert.equal(lines(stdout).length, certificates.length + 1);
  });

  test("draws a bar on a terminal, and leaves none behind", SLOW, async () => {
    const scratch = makeScratch();
    const path = list(scratch, Array.from({ length: 300 }, (_, i) => `a${i}.test\n`).join(""));
    const env = { HOME: scratch.home, TERM: "xterm" };
    const show = async (...options: string[]) => {
      const argv = ["python3", TERMINAL, "[]", LOCALTLS, "cert", "--from", path, ...options];
      return JSON.parse((await run(argv, { cwd: scratch.work, env })).stdout);
    };
    const shown = JSON.stringify(await show());
    assert.match(shown, /\[#*\.+\] +\d+% +\d+ of 300/);
    const end = shown.slice(shown.lastIndexOf("of 300"));
    assert.match(end, /\\r\\u001b\[K.*300 certificates issued/);
    assert.doesNotMatch(JSON.stringify(await show("--quiet")), /of 300/);
    assert.doesNotMatch(JSON.stringify(await show("--json")), /of 300/);
  });
});

/** What a run needed: its memory at most, and the time of all processors. */
interface Cost {
  readonly count: number;
  readonly kilobytes: number;
  readonly milliseconds: number;
}

/** Milliseconds of a clock tick in /proc/PID/stat (USER_HZ is 100 on every Linux). */
const TICK_MS = 10;

/** One run of so many certificates. */
async function measure(count: number): Promise<Cost> {
  const scratch = makeScratch();
  await scratch.run(["cert", "warm.test"]);
  const names = Array.from({ length: count }, (_, i) => `app${i}.test api${i}.test 10.0.0.1\n`);
  const path = list(scratch, names.join(""));
  const running = start([LOCALTLS, "cert", "--from", path, "--quiet"], {
    cwd: scratch.work,
    env: { HOME: scratch.home },
  });
  // The kernel's own figures; the last look before the end is at most 10 ms old.
  let kilobytes = 0;
  let milliseconds = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${running.pid}/status`, "utf8");
      kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? kilobytes);
      const stat = readFileSync(`/proc/${running.pid}/stat`, "utf8");
      // Fields 14 and 15, after the name in parentheses, which is field 2.
      const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
      milliseconds = (Number(user) + Number(system)) * TICK_MS;
    } catch {
      // It has ended.
    }
  }, 10);
  const { code, stderr } = await running.ended;
  clearInterval(timer);
  assert.equal(code, 0, stderr);
  assert.equal(readdirSync(scratch.work).length, 2 * count + 2);
  const ledger = readFileSync(join(scratch.state, "issued.jsonl"), "utf8");
  assert.equal(ledger.split("\n").length, count + 2);
  rmSync(scratch.home, { recursive: true });
  return { count, kilobytes, milliseconds };
}

// As many as are asked for: scripts/sandbox.sh env LOCALTLS_LIST=10000 ...; fewer in the ordinary run.
const LARGEST = Number(process.env["LOCALTLS_LIST"] ?? 3000);

test("memory does not grow with the list, nor the cost of a certificate", SLOW, async () => {
  const results: Cost[] = [];
  for (const count of [100, 1000, LARGEST]) {
    const cost = await measure(count);
    const each = (cost.milliseconds / count).toFixed(2);
    console.log(`${count} certificates: peak ${cost.kilobytes} KB, ${each} ms of CPU each`);
    results.push(cost);
  }
  const [, middle, last] = results;
  assert.ok(last!.kilobytes < 1.6 * middle!.kilobytes, JSON.stringify(results));
  const perOne = ({ milliseconds, count }: Cost) => milliseconds / count;
  assert.ok(perOne(last!) < 1.5 * perOne(middle!), JSON.stringify(results));
});
