/** `doctor` without a URL: states that a machine gets into, each found and, with the printed command, mended. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openNodeDatabase } from "../../src/host/node_database.ts";
import { run } from "../support/processes.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { makeScratch, type Scratch, snapshot } from "../support/scratch.ts";

const LIMIT = { timeout: 120_000 };
/** The browsers' databases: they belong to the home, so that each test has its own. */
const STORES = ["--stores", "nss"] as const;

// deno-lint-ignore no-explicit-any -- a document as scripts see it
type Json = any;

interface Diagnosis {
  readonly code: number;
  readonly document: Json;
  /** The checks with this id. */
  of(id: string): Json[];
}

async function diagnose(
  scratch: Scratch,
  env: Record<string, string> = {},
): Promise<Diagnosis> {
  const { code, json } = await scratch.run(["doctor", "--json", ...STORES], { env });
  const document = json();
  return { code, document, of: (id) => document.checks.filter((one: Json) => one.id === id) };
}

/** A home after setup, in which everything is in order. */
async function readyHome(): Promise<Scratch> {
  const scratch = makeScratch();
  const { code, stderr } = await scratch.run(["setup", "localhost", ...STORES]);
  assert.equal(code, 0, stderr);
  return scratch;
}

/** Runs a printed fix as it is, and looks again. */
async function mend(scratch: Scratch, check: Json): Promise<Diagnosis> {
  const bin = join(scratch.home, "bin");
  mkdirSync(bin, { recursive: true });
  await run(["ln", "-sf", LOCALTLS, join(bin, "localtls")]);
  const env = { HOME: scratch.home, PATH: `${bin}:${process.env["PATH"]}` };
  const { code, stdout, stderr } = await run(["bash", "-c", check.fix], { env, cwd: scratch.work });
  assert.equal(code, 0, `${check.fix}: ${stdout}${stderr}`);
  return await diagnose(scratch);
}

/** One check with the id that failed or warned. */
function only(diagnosis: Diagnosis, id: string, status: string): Json {
  const found = diagnosis.of(id).filter((one) => one.status === status);
  assert.equal(found.length, 1, JSON.stringify(diagnosis.document.checks));
  return found[0];
}

describe("doctor on this machine", () => {
  test("without a CA: says setup, and after setup all is in order", LIMIT, async () => {
    const scratch = makeScratch();
    const before = await diagnose(scratch);
    assert.equal(before.code, 1);
    assert.equal(before.document.verdict, "PROBLEMS");
    assert.match(only(before, "ca-files", "fail").fix, /^localtls setup$/);
    const ready = await diagnose(await readyHome());
    assert.equal(ready.code, 0, JSON.stringify(ready.document.checks));
    assert.equal(ready.document.verdict, "OK");
    assert.equal(ready.document.target, "this machine");
    assert.equal(ready.of("store-nss").length >= 1, true);
    assert.equal(ready.of("store-nss").every((one) => one.status === "pass"), true);
    for (const id of ["ca-files", "ca-dates", "ca-constraints", "certificates", "clock"]) {
      only(ready, id, "pass");
    }
  });

  test("it changes nothing", LIMIT, async () => {
    const scratch = await readyHome();
    const before = snapshot(scratch.home);
    await diagnose(scratch);
    assert.deepEqual(snapshot(scratch.home), before);
  });

  test("a key that others can read", LIMIT, async () => {
    const scratch = await readyHome();
    chmodSync(join(scratch.state, "issuer-key.pem"), 0o644);
    const found = await diagnose(scratch);
    assert.equal(found.code, 1);
    const check = only(found, "ca-files", "fail");
    assert.match(check.fix, /^chmod /);
    assert.equal((await mend(scratch, check)).code, 0);
  });

  test("a CA of which a file is missing", LIMIT, async () => {
    const scratch = await readyHome();
    rmSync(join(scratch.state, "issuer.pem"));
    const found = await diagnose(scratch);
    assert.equal(found.code, 1);
    assert.match(only(found, "ca-files", "fail").message, /"issuer.pem" is missing/);
  });

  test("rows of a browser's database whose signatures are gone", LIMIT, async () => {
    const scratch = await readyHome();
    const database = await openNodeDatabase(join(scratch.home, ".pki/nssdb/key4.db"), {
      busyTimeoutMs: 1_000,
    });
    assert.ok(database.run("DELETE FROM metaData WHERE id LIKE 'sig_cert_%'") > 0);
    database.close();
    const found = await diagnose(scratch);
    assert.equal(found.code, 1);
    const check = only(found, "store-nss", "fail");
    assert.match(check.message, /signature/);
    const mended = await mend(scratch, check);
    assert.equal(mended.code, 0, JSON.stringify(mended.document.checks));
  });

  test("a database that hides the one with the CA in it", LIMIT, async () => {
    const scratch = await readyHome();
    const xdg = join(scratch.home, ".local/share/pki");
    mkdirSync(xdg, { recursive: true });
    renameSync(join(scratch.home, ".pki/nssdb"), join(xdg, "nssdb"));
    assert.equal((await diagnose(scratch)).code, 0, "Chromium reads it there");
    mkdirSync(join(scratch.home, ".pki/nssdb"), { recursive: true });
    const found = await diagnose(scratch);
    assert.equal(found.code, 1);
    only(found, "store-nss", "fail");
    const check = only(found, "nss-shadowed", "warn");
    assert.match(check.message, /which is empty/);
    assert.equal((await mend(scratch, check)).code, 0);
  });

  test("a certificate that has ended, by the clock of the machine", LIMIT, async () => {
    const scratch = await readyHome();
    const ledger = join(scratch.state, "issued.jsonl");
    // What the ledger says of a certificate is what a look at its file confirms: the file has to be an old one.
    const { cert, key } = JSON.parse(readFileSync(ledger, "utf8").trim().split("\n").at(-1)!);
    const state = scratch.state;
    const extensions = join(scratch.work, "ext");
    writeFileSync(extensions, "subjectAltName=DNS:localhost\n");
    const request = join(scratch.work, "old.csr");
    const openssl = async (...argv: string[]) => {
      const result = await run(["openssl", ...argv]);
      assert.equal(result.code, 0, result.stderr);
    };
    await openssl("req", "-new", "-key", key, "-subj", "/CN=localhost", "-out", request);
    await openssl(
      ...["x509", "-req", "-in", request, "-extfile", extensions, "-out", cert, "-days", "-1"],
      ...[
        "-CA",
        join(state, "issuer.pem"),
        "-CAkey",
        join(state, "issuer-key.pem"),
        "-set_serial",
        "7",
      ],
    );
    const found = await diagnose(scratch);
    assert.equal(found.code, 1, JSON.stringify(found.document.checks));
    const check = only(found, "certificate-expired", "fail");
    const mended = await mend(scratch, check);
    assert.equal(mended.code, 0, JSON.stringify(mended.document.checks));
  });

  test("a private key of a certificate that others can read", LIMIT, async () => {
    const scratch = await readyHome();
    chmodSync(join(scratch.work, "localhost-key.pem"), 0o644);
    const found = await diagnose(scratch);
    assert.equal(found.code, 0, "nobody is refused for it");
    const check = only(found, "certificate-key-mode", "warn");
    assert.deepEqual((await mend(scratch, check)).of("certificate-key-mode"), []);
  });

  test("what a killed run leaves", LIMIT, async () => {
    const scratch = await readyHome();
    const left = join(scratch.state, ".localtls-0123456789abcdef");
    writeFileSync(left, "half", { mode: 0o600 });
    assert.deepEqual((await diagnose(scratch)).of("ca-leftovers"), [], "it may be in use");
    const hour = new Date(Date.now() - 3_600_000);
    utimesSync(left, hour, hour);
    const check = only(await diagnose(scratch), "ca-leftovers", "warn");
    assert.deepEqual((await mend(scratch, check)).of("ca-leftovers"), []);
  });

  test("a replacement of the CA that was interrupted", LIMIT, async () => {
    const scratch = await readyHome();
    const staged = join(scratch.state, ".replacing");
    mkdirSync(staged, { mode: 0o700 });
    const plan = {
      request: ["ca", "rotate"],
      root: "a".repeat(64),
      formerRoot: "b".repeat(64),
      files: [],
      issued: [],
      formerlyIssued: [],
    };
    writeFileSync(join(staged, "preparing.json"), JSON.stringify(plan), { mode: 0o600 });
    const found = await diagnose(scratch);
    assert.equal(found.code, 1);
    assert.equal(only(found, "ca-interrupted", "fail").fix, "localtls ca rotate");
    assert.equal((await mend(scratch, only(found, "ca-interrupted", "fail"))).code, 0);
  });

  test("a former root that is still trusted", LIMIT, async () => {
    const scratch = await readyHome();
    const root = readFileSync(join(scratch.state, "root.pem"));
    for (const name of ["root.pem", "issuer.pem", "issuer-key.pem"]) {
      rmSync(join(scratch.state, name));
    }
    const { code, stderr } = await scratch.run(["setup", "localhost", ...STORES]);
    assert.equal(code, 0, stderr);
    assert.notDeepEqual(readFileSync(join(scratch.state, "root.pem")), root);
    const found = await diagnose(scratch);
    assert.equal(found.code, 1);
    const check = only(found, "store-former-root", "fail");
    assert.match(check.message, /still trusted by .*Chromium/);
    const mended = await mend(scratch, check);
    assert.deepEqual(mended.of("store-former-root"), []);
  });

  test("lines of the ledger that are damaged", LIMIT, async () => {
    const scratch = await readyHome();
    appendFileSync(join(scratch.state, "issued.jsonl"), "{half a line\n");
    only(await diagnose(scratch), "ca-ledger", "warn");
  });

  test("a clock that was set back", LIMIT, async () => {
    const scratch = await readyHome();
    const ledger = join(scratch.state, "issued.jsonl");
    const lines = readFileSync(ledger, "utf8").replaceAll(
      /"time":"[^"]+"/g,
      `"time":"${new Date(Date.now() + 90 * 86_400_000).toISOString()}"`,
    );
    writeFileSync(ledger, lines);
    const check = only(await diagnose(scratch), "clock", "fail");
    assert.match(check.message, /set back/);
    assert.equal(check.fix, "timedatectl");
  });

  test("variables that name files which are not there", LIMIT, async () => {
    const scratch = await readyHome();
    const found = await diagnose(scratch, {
      SSL_CERT_FILE: "/nowhere/bundle.pem",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    });
    assert.equal(found.code, 1);
    assert.equal(only(found, "environment", "fail").fix, "unset SSL_CERT_FILE");
    assert.equal(only(found, "environment", "warn").fix, "unset NODE_TLS_REJECT_UNAUTHORIZED");
  });

  test("a URL is needed for --origin and --probe", LIMIT, async () => {
    const scratch = makeScratch();
    const { code, stderr } = await scratch.run(["doctor", "--probe"]);
    assert.equal(code, 2);
    assert.match(stderr, /there is no URL/);
    for (const url of ["ftp://a.test", "https://", "https://user:pw@a.test"]) {
      assert.equal((await scratch.run(["doctor", url])).code, 2, url);
    }
  });
});
