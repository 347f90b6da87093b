/** Whose files `cert` and the other commands that write replace: their own, and nobody else's without a word. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeScratch, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };

function openssl(...args: string[]): Buffer {
  return execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] });
}

/** A key and a certificate of its own, as another CA's: NAME.pem, NAME-key.pem, NAME.p12. */
function foreignPair(directory: string, name: string): void {
  const [key, cert] = [join(directory, `${name}-key.pem`), join(directory, `${name}.pem`)];
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...ec, "-subj", `/CN=${name}`, "-keyout", key, "-out", cert);
  const p12 = ["-out", join(directory, `${name}.p12`), "-passout", "pass:theirs"];
  openssl("pkcs12", "-export", "-in", cert, "-inkey", key, ...p12);
}

async function must(scratch: Scratch, ...args: string[]) {
  const result = await scratch.run([...args, "--json"]);
  assert.equal(result.code, 0, `${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result.json();
}

/** Everything in the files stays, the error says why, and the first hint runs. */
async function refused(
  scratch: Scratch,
  paths: readonly string[],
  args: readonly string[],
  hint = /--force/,
): Promise<void> {
  const before = paths.map((path) => readFileSync(path));
  const result = await scratch.run([...args, "--json"]);
  const said = result.stdout + result.stderr;
  assert.equal(result.code, 1, `${args.join(" ")}: ${said}`);
  const { error } = result.json();
  assert.equal(error.code, "FILE_EXISTS", said);
  assert.match(error.message, /^Cannot replace "[^"]+": it is /);
  assert.match(error.hints.join("\n"), hint);
  paths.forEach((path, i) => assert.deepEqual(readFileSync(path), before[i], path));
}

describe("a key that is not ours is never written over", () => {
  const cases: readonly (readonly [
    what: string,
    prepare: (scratch: Scratch) => Promise<unknown> | void,
    paths: readonly string[],
    args: readonly string[],
  ])[] = [
    [
      "the key of a pending request",
      (scratch) => must(scratch, "csr", "intra.corp"),
      ["intra.corp-key.pem"],
      ["cert", "intra.corp"],
    ],
    [
      "another CA's pair",
      ({ work }) => foreignPair(work, "app.test"),
      ["app.test.pem", "app.test-key.pem"],
      ["cert", "app.test"],
    ],
    [
      "another CA's key, and --key-file",
      ({ work }) => foreignPair(work, "other"),
      ["other-key.pem"],
      ["cert", "app.test", "--key-file", "other-key.pem"],
    ],
    [
      "another CA's certificate, and --cert-file",
      ({ work }) => foreignPair(work, "other"),
      ["other.pem"],
      ["cert", "app.test", "--cert-file", "other.pem"],
    ],
    [
      "a text, and --cert-file",
      ({ work }) => writeFileSync(join(work, "notes.txt"), "remember the milk\n"),
      ["notes.txt"],
      ["cert", "app.test", "--cert-file", "notes.txt"],
    ],
    [
      "another CA's PKCS#12 file",
      ({ work }) => {
        foreignPair(work, "app.test");
        rmSync(join(work, "app.test.pem"));
        rmSync(join(work, "app.test-key.pem"));
      },
      ["app.test.p12"],
      ["cert", "app.test", "--pkcs12"],
    ],
    [
      "a PKCS#12 file that took the place of ours",
      async ({ work, ...scratch }) => {
        await must({ work, ...scratch } as Scratch, "cert", "app.test", "--pkcs12");
        foreignPair(work, "theirs");
        writeFileSync(join(work, "app.test.p12"), readFileSync(join(work, "theirs.p12")));
      },
      ["app.test.p12", "app.test.pem", "app.test-key.pem"],
      ["cert", "app.test", "--pkcs12", "--renew"],
    ],
    [
      "a key that took the place of ours",
      async (scratch) => {
        await must(scratch, "cert", "app.test");
        foreignPair(scratch.work, "theirs");
        const key = readFileSync(join(scratch.work, "theirs-key.pem"));
        writeFileSync(join(scratch.work, "app.test-key.pem"), key);
      },
      ["app.test-key.pem"],
      ["cert", "app.test"],
    ],
    [
      "the key of another certificate of this CA",
      (scratch) => must(scratch, "cert", "a.test"),
      ["a.test-key.pem", "a.test.pem"],
      ["cert", "b.test", "--key-file", "a.test-key.pem"],
    ],
    [
      "the pair of another localtls CA",
      (scratch) => must(scratch, "cert", "app.test", "--dir", join(scratch.home, "other")),
      ["app.test.pem", "app.test-key.pem"],
      ["cert", "app.test"],
    ],
    [
      "what setup finds",
      ({ work }) => foreignPair(work, "app.test"),
      ["app.test.pem", "app.test-key.pem"],
      ["setup", "app.test", "--stores", "nss"],
    ],
    [
      "a backup of a CA, by ca export --with-key",
      async (scratch) => {
        await must(scratch, "cert", "first.test");
        writeFileSync(join(scratch.work, "password"), "correct horse\n");
        foreignPair(scratch.work, "backup");
      },
      ["backup.p12"],
      ["ca", "export", "--with-key", "backup.p12", "--password-file", "password"],
    ],
    [
      "another CA's root, by ca export",
      async (scratch) => {
        await must(scratch, "cert", "first.test");
        foreignPair(scratch.work, "root");
      },
      ["root.pem"],
      ["ca", "export"],
    ],
    [
      "an archive of somebody, by share",
      async (scratch) => {
        await must(scratch, "cert", "first.test");
        writeFileSync(join(scratch.work, "localtls-share.zip"), "PK\x03\x04 of somebody else");
      },
      ["localtls-share.zip"],
      ["share"],
    ],
  ];
  for (const [what, prepare, paths, args] of cases) {
    test(what, SLOW, async () => {
      const scratch = makeScratch();
      await prepare(scratch);
      const files = paths.map((path) => join(scratch.work, path));
      await refused(scratch, files, args);
      const dry = await scratch.run([...args, "--dry-run", "--json"]);
      assert.equal(dry.code, 1, dry.stdout);
    });
  }

  test("--force and --yes replace, and say what is gone", SLOW, async () => {
    for (const answer of ["--force", "--yes"]) {
      const scratch = makeScratch();
      foreignPair(scratch.work, "app.test");
      const before = readFileSync(join(scratch.work, "app.test-key.pem"), "utf8");
      const { warnings, certificates } = await must(scratch, "cert", "app.test", answer);
      assert.ok(warnings.some(({ code }: { code: string }) => code === "FILE_REPLACED"));
      assert.equal(certificates[0].state, "issued");
      assert.notEqual(readFileSync(join(scratch.work, "app.test-key.pem"), "utf8"), before);
    }
  });

  test("the hint runs as it is", SLOW, async () => {
    const scratch = makeScratch();
    foreignPair(scratch.work, "app.test");
    const { error } = (await scratch.run(["cert", "app.test", "--days", "20", "--json"])).json();
    const [program, ...words] = error.hints[0].split(" ");
    assert.equal(program, "localtls");
    assert.deepEqual(words, ["cert", "--days", "20", "app.test", "--force"]);
    await must(scratch, ...words);
  });

  test("an empty file, as mktemp makes it, is a place to write to", SLOW, async () => {
    const scratch = makeScratch();
    writeFileSync(join(scratch.work, "tmp.1"), "");
    await must(scratch, "cert", "app.test", "--cert-file", "tmp.1");
  });

  test(
    "so is a word of text in a .pem file, and nothing that a key would fit into",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const key = join(scratch.work, "app.test-key.pem");
      writeFileSync(key, "to be made\n");
      await must(scratch, "cert", "app.test");
      for (
        const text of [
          "A".repeat(44),
          '{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}',
        ]
      ) {
        writeFileSync(key, text);
        await refused(scratch, [key], ["cert", "app.test"]);
      }
    },
  );

  test("no answer lets the files of the CA be written over", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "app.test");
    const key = join(scratch.state, "issuer-key.pem");
    const before = readFileSync(key);
    const args = ["cert", "b.test", "--key-file", key, "--force", "--yes", "--json"];
    const result = await scratch.run(args);
    assert.equal(result.code, 1, result.stdout);
    assert.deepEqual(readFileSync(key), before);
  });

  test("in a list it is the error of its line, and stops no other", SLOW, async () => {
    const scratch = makeScratch();
    foreignPair(scratch.work, "b.test");
    writeFileSync(join(scratch.work, "list"), "a.test\nb.test\nc.test\n");
    const key = readFileSync(join(scratch.work, "b.test-key.pem"));
    const { code, stdout } = await scratch.run(["cert", "--from", "list", "--json"]);
    assert.equal(code, 3, stdout);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(lines[1].error.code, "FILE_EXISTS");
    assert.deepEqual(readFileSync(join(scratch.work, "b.test-key.pem")), key);
    assert.ok(existsSync(join(scratch.work, "c.test-key.pem")));
    const again = await scratch.run(["cert", "--from", "list", "--json"]);
    assert.equal(again.code, 3, again.stdout);
    assert.equal(JSON.parse(again.stdout.trim().split("\n").at(-1)!).kept, 2);
  });

  test("csr writes over no file that is not a request for its key", SLOW, async () => {
    const scratch = makeScratch();
    foreignPair(scratch.work, "other");
    const path = join(scratch.work, "other-key.pem");
    const args = ["csr", "app.test", "--csr-file", "other-key.pem"];
    await refused(scratch, [path], args, /--csr-file/);
    await must(scratch, "csr", "app.test");
    await must(scratch, "csr", "app.test", "--reuse-key");
  });

  test("accept writes over no certificate for another key", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "csr", "app.test");
    const { certificates } = await must(scratch, "cert", "--csr", "app.test.csr", "--out", ".");
    const answer = readFileSync(certificates[0].cert);
    writeFileSync(join(scratch.work, "answer.pem"), answer);
    foreignPair(scratch.work, "theirs");
    const cert = join(scratch.work, "app.test.pem");
    writeFileSync(cert, readFileSync(join(scratch.work, "theirs.pem")));
    const args = ["accept", "answer.pem", "--chain", join(scratch.state, "issuer.pem")];
    await refused(scratch, [cert], args);
    await must(scratch, ...args, "--force");
    await must(scratch, ...args);
  });
});

describe("a certificate that is still good is kept", () => {
  test("with its key, and says so; --renew makes both anew", SLOW, async () => {
    const scratch = makeScratch();
    const first = (await must(scratch, "cert", "app.test", "10.1.2.3")).certificates[0];
    const key = readFileSync(first.key);
    const again = (await must(scratch, "cert", "app.test", "10.1.2.3")).certificates[0];
    assert.equal(again.kept, true);
    assert.equal(again.state, "kept");
    assert.equal(again.sha256, first.sha256);
    assert.deepEqual(readFileSync(first.key), key);
    assert.match((await scratch.run(["cert", "app.test", "10.1.2.3"])).stdout, /Kept.*--renew/);
    const dry = await must(scratch, "cert", "app.test", "10.1.2.3", "--dry-run");
    assert.deepEqual(dry.planned, []);
    const renewed =
      (await must(scratch, "cert", "app.test", "10.1.2.3", "--renew")).certificates[0];
    assert.equal(renewed.kept, undefined);
    assert.notEqual(renewed.sha256, first.sha256);
    assert.notDeepEqual(readFileSync(first.key), key);
  });

  test("but not where something else was asked for", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "app.test");
    let last = "";
    const others = [["--key", "p384"], ["--days", "20"], ["--pkcs12"], ["--key", "rsa2048"], []];
    for (const words of others) {
      const { kept, sha256 } = (await must(scratch, "cert", "app.test", ...words)).certificates[0];
      assert.equal(kept, undefined, words.join(" "));
      assert.notEqual(sha256, last);
      last = sha256;
    }
    await must(scratch, "cert", "a.test", "--cert-file", "s.pem", "--key-file", "s-key.pem");
    const files = ["--cert-file", "s.pem", "--key-file", "s-key.pem"];
    const other = (await must(scratch, "cert", "b.test", ...files)).certificates[0];
    assert.equal(other.kept, undefined);
  });

  test("with PKCS#12, unless it has another password", SLOW, async () => {
    const scratch = makeScratch();
    writeFileSync(join(scratch.work, "one"), "correct horse\n");
    writeFileSync(join(scratch.work, "two"), "battery staple\n");
    const args = ["cert", "app.test", "--pkcs12"];
    await must(scratch, ...args, "--password-file", "one");
    const kept = async (...words: string[]) =>
      (await must(scratch, ...args, ...words)).certificates[0].kept;
    assert.equal(await kept("--password-file", "one"), true);
    assert.equal(await kept("--password-file", "two"), undefined);
    assert.equal(await kept(), undefined, "a password that nobody knows is no use");
    assert.equal(await kept("--password-file", "two"), undefined);
    assert.equal(await kept("--legacy", "--password-file", "two"), undefined);
    assert.equal(await kept("--legacy", "--password-file", "two"), true);
  });

  test("also one that answers a request", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "csr", "app.test");
    await must(scratch, "cert", "--csr", "app.test.csr");
    const args = ["cert", "--csr", "app.test.csr"];
    assert.equal((await must(scratch, ...args)).certificates[0].kept, true);
  });
});

describe("mkcert's command line issues each time", () => {
  const run = (scratch: Scratch, ...args: string[]) => scratch.run(["mkcert", ...args]);

  test("over its own files, and over no other", SLOW, async () => {
    const scratch = makeScratch();
    const pair = ["app.test"];
    const single = ["-cert-file", "one.pem", "-key-file", "one.pem", "app.test"];
    const pfx = ["-pkcs12", "app.test"];
    for (const args of [pair, single, pfx]) {
      for (let i = 0; i < 2; i++) {
        const { code, stderr } = await run(scratch, ...args);
        assert.equal(code, 0, stderr);
      }
    }
    foreignPair(scratch.work, "db.test");
    await must(scratch, "csr", "lone.test");
    const theirs = (name: string) => readFileSync(join(scratch.work, name));
    for (
      const [file, args] of [
        ["db.test-key.pem", ["db.test"]],
        ["db.test.p12", ["-pkcs12", "db.test"]],
        ["lone.test-key.pem", ["lone.test"]],
        ["db.test-key.pem", ["-cert-file", "x.pem", "-key-file", "db.test-key.pem", "x.test"]],
        ["db.test-key.pem", [
          "-cert-file",
          "db.test-key.pem",
          "-key-file",
          "db.test-key.pem",
          "x.test",
        ]],
      ] as const
    ) {
      const before = theirs(file);
      const { code, stderr } = await run(scratch, ...args);
      assert.equal(code, 1, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, /Cannot replace/);
      assert.deepEqual(theirs(file), before);
    }
  });
});

describe("renew writes over nothing that came to the place of its files", () => {
  test("a PKCS#12 file", SLOW, async () => {
    const scratch = makeScratch();
    writeFileSync(join(scratch.work, "one"), "correct horse\n");
    const args = ["--password-file", "one"];
    await must(scratch, "cert", "app.test", "--pkcs12", ...args);
    await must(scratch, "renew", "--all", ...args);
    foreignPair(scratch.work, "theirs");
    const p12 = join(scratch.work, "app.test.p12");
    writeFileSync(p12, readFileSync(join(scratch.work, "theirs.p12")));
    const before = readFileSync(p12);
    const { code, stdout } = await scratch.run(["renew", "--all", ...args, "--json"]);
    // The pair is renewed; that file is left, and said to be.
    assert.equal(code, 0, stdout);
    assert.match(stdout, /"PKCS12_NOT_RENEWED"/);
    assert.deepEqual(readFileSync(p12), before);
  });

  test("a directory of a server is guarded too", SLOW, async () => {
    const scratch = makeScratch();
    const out = join(scratch.work, "tls");
    mkdirSync(out);
    await must(scratch, "cert", "first.test");
    const { certificates } = await must(
      scratch,
      "setup",
      "--stores",
      "nss",
      "--out",
      out,
      "--dry-run",
    )
      .then(({ planned }) => ({ certificates: planned }));
    const key = certificates.map(({ path }: { path?: string }) => path)
      .find((path: string | undefined) => path?.endsWith("-key.pem"));
    assert.ok(key !== undefined);
    foreignPair(scratch.work, "theirs");
    writeFileSync(key, readFileSync(join(scratch.work, "theirs-key.pem")));
    const before = readFileSync(key);
    const { code, stderr } = await scratch.run(["serve", ".", "--out", out, "--port", "0"]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Cannot replace/);
    assert.deepEqual(readFileSync(key), before);
  });
});
