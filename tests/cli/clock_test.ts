/** A clock that is wrong, for a moment or for good: what is issued by it, and what becomes of that. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { makeScratch, type Scratch } from "../support/scratch.ts";

const SLOW = { timeout: 120_000 };

const LIBRARY = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
  .map((machine) => `/usr/lib/${machine}/faketime/libfaketime.so.1`).find(existsSync);

/** Runs the program at a time of its own. */
async function at(scratch: Scratch, day: string, args: string[], env: Record<string, string> = {}) {
  const clock = { LD_PRELOAD: LIBRARY!, FAKETIME: `@${day} 00:00:00` };
  return await scratch.run([...args, "--json"], { env: { ...clock, ...env }, timeoutMs: 60_000 });
}

/** A year and some months ahead: near enough to be believed. */
function ahead(): string {
  return new Date(Date.now() + 460 * 86_400_000).toISOString().slice(0, 10);
}

async function must(scratch: Scratch, ...args: string[]) {
  const result = await scratch.run([...args, "--json"]);
  assert.equal(result.code, 0, `${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result.json();
}

describe("a clock that was ahead for a moment", { skip: LIBRARY === undefined }, () => {
  async function renewedAhead(): Promise<Scratch> {
    const scratch = makeScratch();
    await must(scratch, "cert", "app.test");
    const result = await at(scratch, ahead(), ["renew"]);
    assert.equal(result.code, 0, result.stdout);
    assert.equal(result.json().renewed, 1);
    return scratch;
  }

  test("list, status and doctor say that the certificate is not valid yet", SLOW, async () => {
    const scratch = await renewedAhead();
    const { certificates: [listed] } = await must(scratch, "list");
    assert.equal(listed.state, "not-yet-valid");
    const status = (await scratch.run(["status", "--stores", "nss", "--json"])).json();
    assert.equal(status.certificates[0].state, "not-yet-valid");
    const todo = status.todo.find(({ command }: { command: string }) => / renew /.test(command));
    assert.match(todo?.message ?? "", /only valid from/);
    const { checks } = (await scratch.run(["doctor", "--stores", "nss", "--json"])).json();
    const check = checks.find(({ id }: { id: string }) => id === "certificate-not-yet-valid");
    assert.equal(check?.status, "fail");
    const inspected = (await scratch.run(["inspect", "app.test.pem", "--json"])).stdout;
    assert.match(inspected, /not-yet-valid/);
  });

  for (
    const [what, args] of [
      ["renew", ["renew"]],
      ["cert", ["cert", "app.test"]],
      ["setup", ["setup", "app.test", "--stores", "nss"]],
    ] as const
  ) {
    test(`${what} issues it again, once`, SLOW, async () => {
      const scratch = await renewedAhead();
      const [renewed] = (await must(scratch, ...args)).certificates;
      assert.ok(Date.parse(renewed.notBefore) <= Date.now(), renewed.notBefore);
      const [kept] = (await must(scratch, ...args)).certificates;
      assert.equal(kept.state, "kept");
      assert.equal((await must(scratch, "list")).certificates[0].state, "valid");
    });
  }

  test("a CA of that clock issues nothing, and ca rotate mends it", SLOW, async () => {
    const scratch = makeScratch();
    const first = await at(scratch, ahead(), ["setup", "--stores", "nss"]);
    assert.ok([0, 3].includes(first.code), first.stdout + first.stderr);
    // The CA is of that clock too: nothing can be issued, and it is said what to do.
    const { code, stdout } = await scratch.run(["cert", "app.test", "--json"]);
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).error.code, "CA_EXPIRED");
    const status = (await scratch.run(["status", "--stores", "nss", "--json"])).json();
    assert.match(status.todo[0].message, /The CA is only valid from/);
    await must(scratch, "ca", "rotate", "--stores", "nss", "--yes");
    await must(scratch, "cert", "app.test");
  });

  test("a certificate of the user's own is presented with a warning", SLOW, async () => {
    const scratch = await renewedAhead();
    const { stderr } = await scratch.run(
      [
        "serve",
        ".",
        "--port",
        "0",
        "--cert-file",
        "app.test.pem",
        "--key-file",
        "app.test-key.pem",
      ],
      { timeoutMs: 4000 },
    );
    assert.match(stderr, /app\.test\.pem" is only valid from .*: clients refuse it/);
  });
});

describe("a clock that cannot be right", { skip: LIBRARY === undefined }, () => {
  const issuing = [
    ["cert", "b.test"],
    ["cert", "app.test", "--renew"],
    ["setup", "b.test", "--stores", "nss"],
    ["ca", "rotate", "--stores", "nss", "--yes"],
  ];
  for (const day of ["1970-01-02", "2020-01-01", "2035-01-01", "9999-12-31"]) {
    test(`${day}: refused with the way out, and nothing is written`, SLOW, async () => {
      const scratch = makeScratch();
      await must(scratch, "cert", "app.test");
      const before = readFileSync(join(scratch.work, "app.test-key.pem"));
      for (const args of issuing) {
        const result = await at(scratch, day, args);
        assert.equal(result.code, 1, result.stdout);
        const { error } = result.json();
        assert.equal(error.code, "CLOCK_WRONG", `${args.join(" ")}: ${error.message}`);
        assert.ok(error.message.includes(day), error.message);
        assert.match(error.hints.join("\n"), /LOCALTLS_TRUST_CLOCK=1/);
      }
      const renewed = await at(scratch, day, ["renew", "--all"]);
      assert.equal(renewed.code, 1, renewed.stdout);
      assert.deepEqual(readFileSync(join(scratch.work, "app.test-key.pem")), before);
      assert.equal(existsSync(join(scratch.work, "b.test.pem")), false);
      for (const args of [["list"], ["status", "--stores", "nss"], ["doctor", "--stores", "nss"]]) {
        const shown = await at(scratch, day, args);
        assert.ok([0, 1].includes(shown.code), shown.stderr);
        assert.doesNotMatch(shown.stdout, /INTERNAL/);
      }
    });

    test(`${day}: no CA is made`, SLOW, async () => {
      const scratch = makeScratch();
      const result = await at(scratch, day, ["cert", "app.test"]);
      assert.equal(result.json().error.code, "CLOCK_WRONG", result.stdout);
      assert.equal(existsSync(scratch.state), false);
    });
  }

  test("who knows better says so once", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "app.test");
    const day = `${new Date().getUTCFullYear() + 4}-01-01`;
    const override = { LOCALTLS_TRUST_CLOCK: "1" };
    const result = await at(scratch, day, ["cert", "b.test"], override);
    assert.equal(result.code, 0, result.stdout);
    assert.ok(
      result.json().warnings.some(({ code }: { code: string }) => code === "CLOCK_DOUBTED"),
    );
    assert.equal((await at(scratch, day, ["cert", "c.test"])).code, 0);
  });

  test("no certificate ends after the year 9999", SLOW, async () => {
    const scratch = makeScratch();
    const override = { LOCALTLS_TRUST_CLOCK: "1" };
    const result = await at(scratch, "9999-06-01", ["cert", "app.test"], override);
    assert.equal(result.code, 0, result.stdout);
    const shown = execFileSync("openssl", ["x509", "-noout", "-enddate"], {
      input: readFileSync(join(scratch.state, "root.pem")),
      encoding: "utf8",
    });
    assert.equal(shown, "notAfter=Dec 31 23:59:59 9999 GMT\n");
  });

  test("a machine that was off for a year is believed", SLOW, async () => {
    const scratch = makeScratch();
    await must(scratch, "cert", "app.test");
    const day = new Date(Date.now() + 700 * 86_400_000).toISOString().slice(0, 10);
    assert.equal((await at(scratch, day, ["cert", "b.test"])).code, 0);
  });
});
