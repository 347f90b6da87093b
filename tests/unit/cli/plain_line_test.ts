/** The short way through the command line does what the long one does, wherever it is taken. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { runCommandLine } from "../../../src/cli/app.ts";
import type { CliHost } from "../../../src/cli/console.ts";
import { readPlainLine, runPlainLine } from "../../../src/cli/plain_line.ts";
import { createFakeHost } from "../../support/fake_host.ts";

/** What came of a command line, without what is new in every certificate. */
async function outcome(
  way: (host: CliHost, argv: readonly string[]) => Promise<number | undefined>,
  argv: readonly string[],
) {
  const out = { stdout: "", stderr: "" };
  const fake = createFakeHost({
    env: { HOME: "/home/ann" },
    workingDirectory: "/site",
    files: { "/site": { type: "directory" }, "/site/certs": { type: "directory" } },
  });
  const host: CliHost = Object.assign(fake, {
    write: (stream: "stdout" | "stderr", text: string) => void (out[stream] += text),
    isTerminal: () => false,
    columns: () => 80,
  });
  const code = await way(host, argv);
  const same = (text: string) =>
    text.replaceAll(/"(serial|sha256)": "[0-9a-f]+"/g, '"$1": ""').replaceAll(
      /\.(?:new|localtls)-[0-9a-f]+/g,
      ".new",
    );
  const changed = fake.changedPaths.map((path) => same(String(path)));
  return { code, stdout: same(out.stdout), stderr: same(out.stderr), changed };
}

describe("readPlainLine()", () => {
  const plain: readonly (readonly string[])[] = [
    [],
    ["--help"],
    ["help"],
    ["version"],
    ["version", "--json"],
    ["--quiet", "version"],
    ["cert", "app.test"],
    ["cert", "app.test", "127.0.0.1", "::1", "*.app.test"],
    ["--dir", "/state", "cert", "app.test", "--json"],
    ["cert", "--out", "certs", "app.test", "--yes"],
    ["cert", "--cert-file", "a.pem", "--key-file", "b.pem", "app.test"],
    ["cert", "version"],
    // Nothing listens there.
    ["doctor", "https://127.0.0.1:1"],
    ["doctor", "127.0.0.1:1", "--json"],
    ["doctor", "ftp://app.test"],
    ["doctor", ""],
  ];
  for (const argv of plain) {
    test(`reads: localtls ${argv.join(" ")}`, async () => {
      assert.notEqual(readPlainLine(argv), undefined);
      assert.deepEqual(await outcome(runPlainLine, argv), await outcome(runCommandLine, argv));
    });
  }

  const others: readonly (readonly string[])[] = [
    ["cert"],
    ["cert", "--help"],
    ["cert", "help"].toReversed(),
    ["help", "--json"],
    ["--version"],
    ["-V"],
    ["version", "app.test"],
    ["doctor"],
    ["doctor", "https://app.test", "https://b.test"],
    ["doctor", "https://app.test", "--probe"],
    ["doctor", "https://app.test", "--out", "x"],
    ["version", "--out", "x"],
    ["cert", "app.test", "--dry-run"],
    ["cert", "app.test", "--client"],
    ["cert", "app.test", "--days", "3"],
    ["cert", "--json", "--json", "app.test"],
    ["cert", "--out", "a", "--out", "b", "app.test"],
    ["cert", "app.test", "--out"],
    ["cert", "--out", "--json", "app.test"],
    ["cert", "--out=certs", "app.test"],
    ["cert", "--certFile", "a.pem", "app.test"],
    ["cert", "-q", "app.test"],
    ["cert", "--", "app.test"],
    ["--out", "certs", "cert", "app.test"],
    ["--", "cert", "app.test"],
    ["cert", "--constructor", "app.test"],
    ["mkcert", "app.test"],
    ["status"],
  ];
  for (const argv of others) {
    test(`leaves to others: localtls ${argv.join(" ")}`, () => {
      assert.equal(readPlainLine(argv), undefined);
    });
  }

  test("for every line that it takes, the outcome is that of the long way", async () => {
    const word = fc.constantFrom(
      ...["cert", "cert", "version", "help", "app.test", "10.0.0.1", "a_b", "b.test", ""],
      ...[
        "--json",
        "--quiet",
        "--yes",
        "--dir",
        "/state",
        "--out",
        "certs",
        "--cert-file",
        "c.pem",
      ],
      ...["--key-file", "k.pem", "--", "--help", "--client", "mkcert"],
    );
    const line = fc.array(word, { maxLength: 7 }).filter((argv) =>
      readPlainLine(argv) !== undefined
    );
    await fc.assert(
      fc.asyncProperty(line, async (argv) => {
        assert.deepEqual(await outcome(runPlainLine, argv), await outcome(runCommandLine, argv));
      }),
      { seed: 20261125, numRuns: 150 },
    );
  });
});
