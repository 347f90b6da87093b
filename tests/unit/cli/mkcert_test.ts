import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runCommandLine } from "../../../src/cli/app.ts";
import type { CliHost } from "../../../src/cli/console.ts";
import {
  chooseAction,
  chooseStores,
  mkcertDays,
  readWords,
  typedBase,
} from "../../../src/cli/mkcert/arguments.ts";
import { runMkcert } from "../../../src/cli/mkcert/run.ts";
import { createFakeHost } from "../../support/fake_host.ts";

const HOME = { HOME: "/home/ann" };

function collectingHost(env: Record<string, string> = HOME) {
  const out = { stdout: "", stderr: "" };
  const fake = createFakeHost({ env });
  const host: CliHost = Object.assign(fake, {
    write(stream: "stdout" | "stderr", text: string) {
      out[stream] += text;
    },
    isTerminal: () => false,
    columns: () => 80,
  });
  return { host, out, files: fake.files };
}

async function run(argv: readonly string[], env?: Record<string, string>) {
  const { host, out, files } = collectingHost(env);
  return { code: await runMkcert(host, argv, "mkcert"), ...out, host, files };
}

function words(...argv: string[]) {
  const read = readWords(argv);
  if (read === "-h") return read;
  return { on: [...read.on], values: Object.fromEntries(read.values), names: read.names };
}

describe("mkcert's flags are read as Go reads them", () => {
  const read: readonly [argv: string[], expected: unknown][] = [
    [["-install"], { on: ["install"], values: {}, names: [] }],
    [["--install"], { on: ["install"], values: {}, names: [] }],
    [["-ecdsa=true", "a.test"], { on: ["ecdsa"], values: {}, names: ["a.test"] }],
    [["-ecdsa=T", "-client=1"], { on: ["ecdsa", "client"], values: {}, names: [] }],
    [["-ecdsa", "-ecdsa=false", "a.test"], { on: [], values: {}, names: ["a.test"] }],
    [["-cert-file", "a", "b"], { on: [], values: { "cert-file": "a" }, names: ["b"] }],
    [["-cert-file=a=b", "c"], { on: [], values: { "cert-file": "a=b" }, names: ["c"] }],
    [["-cert-file=", "c"], { on: [], values: { "cert-file": "" }, names: ["c"] }],
    [["-cert-file", "-ecdsa"], { on: [], values: { "cert-file": "-ecdsa" }, names: [] }],
    [["-cert-file", "--", "x"], { on: [], values: { "cert-file": "--" }, names: ["x"] }],
    [["-csr", "a", "--csr=b"], { on: [], values: { csr: "b" }, names: [] }],
    [["localhost", "-ecdsa"], { on: [], values: {}, names: ["localhost", "-ecdsa"] }],
    [["--", "-ecdsa"], { on: [], values: {}, names: ["-ecdsa"] }],
    [["--"], { on: [], values: {}, names: [] }],
    [["-"], { on: [], values: {}, names: ["-"] }],
    [["", "-ecdsa"], { on: [], values: {}, names: ["", "-ecdsa"] }],
    [["-h", "a"], "-h"],
    [["--h"], "-h"],
    [["-ecdsa", "-h", "-nope"], "-h"],
  ];
  for (const [argv, expected] of read) {
    test(`reads ${JSON.stringify(argv)}`, () => assert.deepEqual(words(...argv), expected));
  }

  const unreadable: readonly string[][] = [
    ["-nope"],
    ["--nope=x"],
    ["-=x"],
    ["--=x"],
    ["---install"],
    ["-cert-file"],
    ["-install", "-p12-file"],
    ["-ecdsa=maybe"],
    ["-ecdsa=yes", "a.test"],
    ["-ecdsa=", "a.test"],
    ["-caroot"],
    ["-Install"],
    ["-\n"],
    ["-nope", "-h"],
  ];
  for (const argv of unreadable) {
    test(`cannot read ${JSON.stringify(argv)}, and ends with 2`, async () => {
      assert.throws(() => readWords(argv), { code: "USAGE" });
      const { code, stdout, stderr } = await run(argv);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        /^ERROR: Cannot read the command line: .*\nUsage: mkcert .*\nMore: mkcert -help\n$/s,
      );
    });
  }
});

describe("mkcert's flags together", () => {
  const kinds: readonly [argv: string[], type: string][] = [
    [[], "usage"],
    [["-help", "x"], "usage"],
    [["-help", "-version"], "usage"],
    [["-version", "-CAROOT"], "version"],
    [["-CAROOT", "-version"], "version"],
    [["-install", "-version"], "version"],
    [["-CAROOT", "x"], "caroot"],
    [["-uninstall", "x"], "uninstall"],
    [["-csr", "x", "-uninstall"], "uninstall"],
    [["-install"], "work"],
    [["-ecdsa"], "usage"],
    [["--"], "usage"],
    [["-help=false"], "usage"],
    [["-csr=", "a.test"], "work"],
    [["-csr", "x", "-install", "-cert-file", "y"], "work"],
    [["-csr", "x", "-key-file", "y"], "work"],
  ];
  for (const [argv, type] of kinds) {
    test(`${JSON.stringify(argv)} means ${type}`, () => {
      assert.equal(chooseAction(argv).type, type);
    });
  }

  const refused: readonly string[][] = [
    ["-install", "-uninstall"],
    ["-install", "-CAROOT"],
    ["-uninstall", "-CAROOT"],
    ["-csr", "x", "-client"],
    ["-csr", "x", "-ecdsa"],
    ["-csr", "x", "-pkcs12"],
    ["-csr", "x", "a.test"],
  ];
  for (const argv of refused) {
    test(`${JSON.stringify(argv)} is refused with 1, and makes nothing`, async () => {
      assert.equal(chooseAction(argv).type, "refuse");
      const { code, stdout, stderr, files } = await run(argv);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^ERROR: /);
      assert.equal(await files.info("/home/ann/.local"), undefined);
    });
  }
});

describe("file names as mkcert makes them", () => {
  const bases: readonly [names: string[], client: boolean, base: string | undefined][] = [
    [["localhost"], false, "localhost"],
    [["LocalHost", "b.test"], false, "LocalHost+1"],
    [["a.test", "a.test"], false, "a.test+1"],
    [["*.a.test"], false, "_wildcard.a.test"],
    [["::1"], false, undefined],
    [["0:0:0:0:0:0:0:1"], false, "0_0_0_0_0_0_0_1"],
    [["ann@a.test", "a.test"], true, "ann@a.test+1-client"],
    [["https://a.test/x"], false, undefined],
    [["bücher.test"], false, undefined],
    [["../x"], false, undefined],
    [["/etc/x"], false, undefined],
    [["..\\x"], false, undefined],
    [["a\nb"], false, undefined],
    [["-x"], false, undefined],
    [[""], false, undefined],
    [["*"], false, undefined],
    [[], false, undefined],
    [["a".repeat(300)], false, undefined],
  ];
  for (const [names, client, base] of bases) {
    test(`${JSON.stringify(names).slice(0, 40)} is ${base ?? "left to localtls"}`, () => {
      const issue = { names, client, ecdsa: false, pkcs12: false };
      assert.equal(typedBase(issue), base);
    });
  }
});

describe("what mkcert's environment and its dates mean", () => {
  test("TRUST_STORES chooses stores, and unknown words are named", () => {
    assert.deepEqual(chooseStores(undefined), { list: undefined, unknown: [] });
    assert.deepEqual(chooseStores(""), { list: undefined, unknown: [] });
    assert.deepEqual(chooseStores("system,nss"), { list: "system,nss", unknown: [] });
    assert.deepEqual(chooseStores("nss,firefox"), { list: "nss", unknown: ["firefox"] });
    assert.deepEqual(chooseStores("System"), { list: "", unknown: ["System"] });
    assert.deepEqual(chooseStores(" nss"), { list: "", unknown: [" nss"] });
  });

  test("two years and three months are at most 823 days", () => {
    for (let day = 0; day < 1600; day++) {
      const days = mkcertDays(new Date(Date.UTC(2026, 0, 1 + day, 23, 59, 59)));
      assert.ok(days >= 819 && days <= 823, `${days} on day ${day}`);
    }
    assert.equal(mkcertDays(new Date("2026-11-24T03:26:26Z")), 823);
  });
});

describe("runs of the command line", () => {
  test("-help, -h and no words at all show the help where mkcert shows it", async () => {
    const help = await run(["-help"]);
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(help.stdout, /-p12-file FILE/);
    const short = await run(["-h"]);
    assert.deepEqual([short.code, short.stdout], [0, ""]);
    assert.match(short.stderr, /mkcert -install/);
    const bare = await run([]);
    assert.deepEqual([bare.code, bare.stderr], [0, ""]);
    assert.match(bare.stdout, /mkcert -install/);
  });

  test("localtls mkcert hands its words over unread", async () => {
    const { host, out } = collectingHost();
    assert.equal(await runCommandLine(host, ["mkcert", "-version"]), 0);
    assert.match(out.stdout, /^1\.4\.4\+localtls\.\d+\.\d+\.\d+\n$/);
    const help = collectingHost();
    assert.equal(await runCommandLine(help.host, ["help", "mkcert"]), 0);
    assert.match(help.out.stdout, /^Usage: localtls mkcert /);
    const before = collectingHost();
    assert.equal(await runCommandLine(before.host, ["--dir", "x", "mkcert", "-version"]), 2);
    assert.match(before.out.stderr, /CAROOT=DIR localtls mkcert/);
  });

  test("-CAROOT prints the directory, makes nothing, and brings rootCA.pem up to date", async () => {
    const { host, out, files } = collectingHost();
    assert.equal(await runMkcert(host, ["-CAROOT"], "mkcert"), 0);
    assert.equal(out.stdout, "/home/ann/.local/share/localtls\n");
    assert.equal(await files.info("/home/ann/.local"), undefined);

    assert.equal(
      await runMkcert(host, ["-cert-file=/tmp/a", "-key-file=/tmp/b", "a.test"], "m"),
      0,
    );
    const directory = "/home/ann/.local/share/localtls";
    const root = await files.read(`${directory}/root.pem`);
    assert.deepEqual(await files.read(`${directory}/rootCA.pem`), root);
    await files.remove(`${directory}/rootCA.pem`);
    assert.equal(await runMkcert(host, ["-CAROOT"], "mkcert"), 0);
    assert.deepEqual(await files.read(`${directory}/rootCA.pem`), root);
    assert.equal(await files.info(`${directory}/rootCA-key.pem`), undefined);
  });

  test("$CAROOT is printed as it was given", async () => {
    const { code, stdout } = await run(["-CAROOT"], { ...HOME, CAROOT: "some/where" });
    assert.deepEqual([code, stdout], [0, "some/where\n"]);
  });

  test("a directory with the CA of mkcert is left as it is, and the way to adopt it is shown", async () => {
    for (const name of ["rootCA.pem", "rootCA-key.pem"]) {
      for (const argv of [["a.test"], ["-install"], ["-pkcs12", "a.test"]]) {
        const { host, out, files } = collectingHost({ ...HOME, CAROOT: "/home/ann/ca" });
        await files.makeDirectory("/home/ann/ca");
        await files.write(`/home/ann/ca/${name}`, "what mkcert wrote");
        assert.equal(await runMkcert(host, argv, "mkcert"), 1);
        assert.match(out.stderr, /ERROR: Cannot use "\/home\/ann\/ca" for a CA of localtls/);
        assert.deepEqual(await files.list("/home/ann/ca"), [name]);
        assert.equal(out.stderr.includes("ca import --mkcert"), name === "rootCA-key.pem");
      }
    }
  });

  test("a bad name ends with 1, as with mkcert, and writes nothing", async () => {
    for (const name of ["a b", "*", "../x", "localhost:80", "", "google.com", "-ecdsa"]) {
      const { code, stderr, files } = await run(["--", name]);
      assert.equal(code, 1, name);
      assert.match(stderr, /^ERROR: /m);
      assert.equal(await files.info("/home/ann/.local/share/localtls/root.pem"), undefined);
    }
  });

  test("control characters of a name do not reach the terminal", async () => {
    const { stderr } = await run(["\u001b[31ma.test"]);
    assert.ok(!stderr.includes("\u001b"));
  });

  test("-uninstall without a CA makes none", async () => {
    const { code, stderr, files } = await run(["-uninstall"]);
    assert.equal(code, 0);
    assert.match(stderr, /no local CA/);
    assert.equal(await files.info("/home/ann/.local"), undefined);
  });
});
