/** What `trust` says of somebody's certificate before it is trusted: the matrix, with certificates of openssl's making. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodePem, encodePem } from "../../src/der/pem.ts";
import { makeMaterial } from "../support/inspect_material.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { makeScratch, snapshot } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };
const SAN = "subjectAltName=DNS:a.test,IP:10.0.0.1";
const LEAF = "basicConstraints=critical,CA:FALSE";
const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

const scratch = makeScratch();
let count = 0;

/** Makes a self-signed certificate. @param options Extensions, or further options of `openssl req`. */
function make(options: readonly string[], key: readonly string[] = EC): string {
  const file = join(scratch.work, `${++count}.pem`);
  execFileSync("openssl", [
    ...["req", "-x509", "-nodes", "-subj", "/CN=a.test", ...key],
    ...["-keyout", join(scratch.work, "key.pem"), "-out", file, "-days", "30"],
    ...options.flatMap((one) => one.startsWith("-") ? [one] : ["-addext", one]),
  ], { stdio: "pipe" });
  return file;
}

/** A certificate with dates of its own: openssl's small CA takes them. */
function makeDated(start: string, end: string): string {
  const request = join(scratch.work, "dated.csr");
  const file = join(scratch.work, `${++count}.pem`);
  const key = join(scratch.work, "dated.key");
  const config = join(scratch.work, "ca.cnf");
  const database = join(scratch.work, `index-${count}`);
  writeFileSync(database, "");
  writeFileSync(
    config,
    `[ca]\ndefault_ca=c\n[c]\ndatabase=${database}\nnew_certs_dir=${scratch.work}\nrand_serial=yes\n` +
      `default_md=sha256\npolicy=p\nx509_extensions=x\nunique_subject=no\n[p]\ncommonName=supplied\n` +
      `[x]\n${SAN}\n${LEAF}\n`,
  );
  const run = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  run("req", "-new", "-nodes", ...EC, "-subj", "/CN=a.test", "-keyout", key, "-out", request);
  run(
    ...["ca", "-batch", "-selfsign", "-config", config, "-keyfile", key, "-in", request],
    ...["-out", file, "-notext", "-startdate", start, "-enddate", end],
  );
  return file;
}

const MATRIX: readonly (readonly [what: string, file: () => string, codes: readonly string[]])[] = [
  ["a server's own certificate with names", () => make([SAN, LEAF]), ["PEER_CERTIFICATE"]],
  ["the same without names", () => make([LEAF]), ["PEER_CERTIFICATE", "NAME_MISSING"]],
  ["what openssl makes by itself: a CA", () => make([]), ["CA_UNCONSTRAINED"]],
  ["a CA with constraints", () => make(["nameConstraints=critical,permitted;DNS:a.test"]), []],
  [
    "a CA that is constrained for addresses alone",
    () => make(["nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0"]),
    ["CA_UNCONSTRAINED"],
  ],
  [
    "a CA with an exclusion alone",
    () => make(["nameConstraints=critical,excluded;DNS:b.test"]),
    ["CA_UNCONSTRAINED"],
  ],
  [
    "an expired one",
    () => makeDated("20200101000000Z", "20210101000000Z"),
    ["PEER_CERTIFICATE", "CERTIFICATE_EXPIRED"],
  ],
  [
    "one that begins later",
    () => makeDated("20990101000000Z", "20991231000000Z"),
    ["PEER_CERTIFICATE", "CERTIFICATE_NOT_YET_VALID"],
  ],
  ["RSA of 1024 bits", () => make([SAN, LEAF], ["-newkey", "rsa:1024"]), [
    "PEER_CERTIFICATE",
    "KEY_WEAK",
  ]],
  ["Ed25519", () => make([SAN, LEAF], ["-newkey", "ed25519"]), ["PEER_CERTIFICATE", "KEY_UNUSUAL"]],
  [
    "P-521",
    () => make([SAN, LEAF], ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521"]),
    ["PEER_CERTIFICATE", "KEY_UNUSUAL"],
  ],
  ["SHA-1", () => make([SAN, LEAF, "-sha1"]), ["PEER_CERTIFICATE", "SIGNATURE_WEAK"]],
];

describe("trust warns", () => {
  for (const [what, file, codes] of MATRIX) {
    test(`of ${what}: ${codes.join(", ") || "nothing"}`, SLOW, async () => {
      const words = ["trust", file(), "--stores", "system", "--json", "--dry-run"];
      const result = await scratch.run(words);
      assert.equal(result.code, 0, result.stdout);
      const { warnings } = result.json();
      assert.deepEqual(warnings.map(({ code }: { code: string }) => code), codes);
      for (const { message } of warnings) assert.match(message, /^[^\n]{10,}[^.\n]$/);
    });
  }

  test("of one that a CA issued", SLOW, async () => {
    await scratch.run(["cert", "a.test"]);
    const [leaf] = decodePem(execFileSync("cat", [join(scratch.work, "a.test.pem")], {
      encoding: "utf8",
    }));
    const file = join(scratch.work, "leaf.pem");
    writeFileSync(file, encodePem("CERTIFICATE", leaf!.der));
    const result = await scratch.run(["trust", file, "--json", "--dry-run", "--stores", "system"]);
    assert.deepEqual(result.json().warnings.map(({ code }: { code: string }) => code), [
      "NOT_SELF_SIGNED",
    ]);
  });

  test("of an intermediate CA", SLOW, async () => {
    await scratch.run(["cert", "a.test"]);
    const file = join(scratch.state, "issuer.pem");
    const result = await scratch.run(["trust", file, "--json", "--dry-run", "--stores", "system"]);
    assert.deepEqual(result.json().warnings.map(({ code }: { code: string }) => code), [
      "NOT_SELF_SIGNED",
    ]);
  });

  test("in the text on stderr, once each, and before the refusal", SLOW, async () => {
    const result = await scratch.run(["trust", make([LEAF]), "--stores", "system"]);
    assert.equal(result.code, 1);
    assert.equal(result.stderr.match(/warning: /g)?.length, 2);
    assert.match(result.stderr, /no subjectAltName.*\n[^]*error: Cannot trust "CN=a\.test"/);
    assert.match(result.stderr, /hint: localtls trust \S+ --fingerprint [0-9a-f]{64}/);
  });
});

/** Controls but for line ends, and marks that turn the direction. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const DRIVES_A_TERMINAL = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e]/;

/** Runs `trust` at a pseudo-terminal, and answers. */
const ask = (answer: string, file: string) =>
  spawnSync("script", [
    "-qec",
    `${LOCALTLS} trust ${file} --stores nss`,
    "/dev/null",
  ], {
    cwd: scratch.work,
    env: { HOME: scratch.home, PATH: "/usr/bin:/bin", TERM: "xterm" },
    input: answer,
    encoding: "utf8",
    timeout: 60_000,
  });

describe("what a stranger wrote into a certificate", () => {
  test("cannot drive the terminal or forge a line of the question", SLOW, () => {
    const { stdout } = ask("n\n", makeMaterial().hostile);
    // deno-lint-ignore no-control-regex -- the colours of warnings are ours
    const shown = stdout.replaceAll(/\u001b\[\d+m/g, "");
    assert.doesNotMatch(shown, DRIVES_A_TERMINAL);
    assert.doesNotMatch(shown, /^\s*(?:localtls: )?SHA-256 +forged/m);
    assert.match(shown, /\\1b\[31m/);
  });
});

describe("trust asks at a terminal", () => {
  test(
    "showing names, validity and fingerprint; no changes nothing, yes is taken back",
    SLOW,
    async () => {
      const file = make([SAN, LEAF]);
      const printed = execFileSync("openssl", [
        "x509",
        "-in",
        file,
        "-noout",
        "-fingerprint",
        "-sha256",
      ]);
      const hex = printed.toString().split("=")[1]!.trim();
      const before = snapshot(scratch.home);
      const no = ask("n\n", file);
      assert.notEqual(no.status, 0);
      assert.ok(
        no.stdout.includes(hex.slice(0, 47)) && no.stdout.includes(hex.slice(48)),
        no.stdout,
      );
      assert.match(no.stdout, /a\.test, 10\.0\.0\.1/);
      assert.match(no.stdout, /ends in 29 days/);
      assert.match(no.stdout, /not confirmed/);
      assert.deepEqual(snapshot(scratch.home), before);
      const yes = ask("y\n", file);
      assert.equal(yes.status, 0, yes.stdout);
      const gone = await scratch.run(["untrust", hex.replaceAll(":", ""), "--json"]);
      assert.equal(gone.code, 0, gone.stdout);
      assert.ok(
        gone.json().stores.some(({ outcome }: { outcome: string }) => outcome === "removed"),
      );
    },
  );
});

describe("trust refuses with one sentence", () => {
  const put = (name: string, text: string) => {
    writeFileSync(join(scratch.work, name), text);
    return name;
  };
  const cases:
    readonly (readonly [what: string, words: () => string[], code: number, says: RegExp])[] = [
      ["an SSH key", () => [put("k.pub", "ssh-rsa AAAA me\n")], 1, /it is an SSH public key/],
      ["an HTML page", () => [put("p.pem", "<html></html>")], 1, /it is an HTML page/],
      ["an empty file", () => [put("e.pem", "")], 1, /it is empty/],
      ["a key", () => ["key.pem"], 1, /Cannot find a certificate/],
      ["a file and --nginx at once", () => ["a.pem", "--nginx", "n.conf"], 2, /give one of them/],
      ["an nginx configuration that is not there", () => ["--nginx", "none"], 1, /does not exist/],
      ["one without a certificate", () => ["--nginx", put("n1", "events {}")], 1, /it names none/],
      ["one that is cut off", () => ["--nginx", put("n2", "http {")], 1, /line 1: .* has no end/],
      [
        "one whose files are missing",
        () => ["--nginx", put("n3", "ssl_certificate gone;")],
        1,
        /none of its/,
      ],
      [
        "a fingerprint that is none",
        () => [make([LEAF]), "--fingerprint", "abc"],
        2,
        /"abc" as a SHA-256/,
      ],
    ];
  for (const [what, words, code, says] of cases) {
    test(what, SLOW, async () => {
      const result = await scratch.run(["trust", ...words(), "--stores", "system", "--json"]);
      assert.equal(result.code, code, result.stdout);
      assert.match(result.json().error.message, says);
      assert.match(result.json().error.message, /^Cannot [^\n]+[^.]$/);
      assert.notEqual(result.json().error.code, "INTERNAL");
    });
  }
});
