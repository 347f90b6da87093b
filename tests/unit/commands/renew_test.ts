import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cert } from "../../../src/commands/cert.ts";
import { openWorkplace } from "../../../src/commands/context.ts";
import { list } from "../../../src/commands/list.ts";
import { renew, type RenewFlags } from "../../../src/commands/renew.ts";
import { parseExec } from "../../../src/commands/renew_exec.ts";
import { watchRenewals } from "../../../src/commands/renew_watch.ts";
import { decodePem } from "../../../src/der/pem.ts";
import { status } from "../../../src/commands/status.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { createFakeHost, type FakeHost, type FakeHostOptions } from "../../support/fake_host.ts";
import { makeContext } from "../../support/fake_context.ts";

const DAY = 86_400_000;
const NONE: RenewFlags = { certificates: [] };
/** A machine with a certificate for each entry, `days` long. */
async function machine(
  certificates: Readonly<Record<string, number | undefined>>,
  options: FakeHostOptions = {},
) {
  const host = createFakeHost(options);
  const fake = makeContext(host);
  for (const [name, days] of Object.entries(certificates)) {
    await cert(fake.context, { names: [name], days });
  }
  fake.warnings.length = 0;
  fake.events.length = 0;
  host.log.length = 0;
  return { host, ...fake };
}

async function read(host: FakeHost, path: string): Promise<string> {
  return new TextDecoder().decode(await host.files.read(path));
}

async function serialOf(host: FakeHost, name: string): Promise<string> {
  const [leaf] = decodePem(await read(host, `/home/ann/${name}.pem`));
  return parseCertificate(leaf!.der).serialNumber.join();
}

const states = (documents: readonly { names: readonly string[]; state?: string }[]) =>
  Object.fromEntries(documents.map(({ names, state }) => [names[0], state]));

describe("what is due", () => {
  const cases: readonly (readonly [string, number | undefined, number, number?])[] = [
    ["not a certificate of today", undefined, 0],
    ["not 31 days before the end", 397, 365],
    ["30 days before the end", 397, 368],
    ["after the end", 397, 400],
    ["not in the first two thirds of a short life", 9, 5],
    ["in the last third of a short life", 9, 7],
    ["not 8 days before the end with --due 7d", 397, 388, 7],
    ["7 days before the end with --due 7d", 397, 391, 7],
    ["everything that ends within --due, however new", 60, 0, 90],
  ];
  for (const [what, days, later, due] of cases) {
    test(what, async () => {
      const { host, context } = await machine({ "a.test": days });
      const before = await serialOf(host, "a.test");
      await host.sleep(later * DAY);
      const flags = { ...NONE, ...(due === undefined ? {} : { due: due * DAY }) };
      const { document, exitCode } = await renew(context, flags);
      assert.equal(exitCode, 0);
      const [certificate] = document.certificates;
      const expected = what.startsWith("not") ? "kept" : "renewed";
      assert.equal(certificate?.state, expected);
      assert.equal(await serialOf(host, "a.test") === before, expected === "kept");
      // The lock, the files, the ledger: nothing at all is touched when nothing is due.
      if (expected === "kept") assert.deepEqual(host.log, []);
    });
  }

  test("--all leaves the dates out of account, names choose among them", async () => {
    const { context } = await machine({ "a.test": 90, "b.test": 90 });
    const one = await renew(context, { certificates: ["b.TEST"], all: true });
    assert.deepEqual(states(one.document.certificates), { "b.test": "renewed" });
    const files = ["/home/ann/a.test.pem", "b.test-key.pem"];
    const two = await renew(context, { certificates: files, all: true });
    assert.deepEqual(states(two.document.certificates), {
      "a.test": "renewed",
      "b.test": "renewed",
    });
  });

  test("not what would end at the same time again, because its CA ends", async () => {
    const { host, context, warnings } = await machine({ "a.test": undefined });
    // In steps: a clock that is ten years ahead at once is not believed.
    for (const days of [700, 700, 700, 700, 440]) {
      await host.sleep(days * DAY);
      assert.equal((await renew(context, NONE)).document.renewed, 1);
    }
    await host.sleep(400 * DAY);
    assert.equal((await renew(context, NONE)).document.renewed, 1);
    await host.sleep(9 * DAY);
    const again = await renew(context, NONE);
    assert.equal(again.document.certificates[0]?.state, "kept");
    assert.match(warnings.join("\n"), /CA_ENDS: .* ends with its CA/);
  });
});

describe("renew keeps", () => {
  test("names, lifetime, files and modes, and makes a new key", async () => {
    const { host, context } = await machine({ "a.test": 90 });
    const key = await read(host, "/home/ann/a.test-key.pem");
    const info = await host.files.info("/home/ann/a.test-key.pem");
    host.disk.put("/home/ann/a.test-key.pem", {
      content: key,
      mode: 0o640,
      uid: info!.uid,
      gid: info!.gid,
    });
    const { document } = await renew(context, { ...NONE, all: true });
    const [renewed] = document.certificates;
    assert.deepEqual(renewed?.names, ["a.test"]);
    assert.equal(
      Math.round((Date.parse(renewed!.notAfter) - Date.parse(renewed!.notBefore)) / DAY),
      90,
    );
    assert.equal((await host.files.info("/home/ann/a.test-key.pem"))?.mode, 0o640);
    assert.notEqual(await read(host, "/home/ann/a.test-key.pem"), key);
  });

  test("the key with --reuse-key", async () => {
    const { host, context } = await machine({ "a.test": 90 });
    const key = await read(host, "/home/ann/a.test-key.pem");
    const serial = await serialOf(host, "a.test");
    await renew(context, { ...NONE, all: true, reuseKey: true });
    assert.equal(await read(host, "/home/ann/a.test-key.pem"), key);
    assert.notEqual(await serialOf(host, "a.test"), serial);
  });
});

describe("renew leaves alone", () => {
  test("a certificate that was changed by hand, and warns", async () => {
    const { host, context, warnings } = await machine({ "a.test": 90, "b.test": 90 });
    const other = await read(host, "/home/ann/b.test.pem");
    await host.files.write("/home/ann/a.test.pem", other, { mode: 0o644 });
    const { document, exitCode } = await renew(context, { ...NONE, all: true });
    assert.deepEqual(states(document.certificates), { "a.test": "kept", "b.test": "renewed" });
    assert.equal(exitCode, 0);
    assert.match(
      warnings.join("\n"),
      /CHANGED_BY_HAND: "\/home\/ann\/a\.test\.pem" is not renewed/,
    );
    assert.equal(await read(host, "/home/ann/a.test.pem"), other);
  });

  test("one whose key was changed by hand", async () => {
    const { host, context } = await machine({ "a.test": 90, "b.test": 90 });
    const key = await read(host, "/home/ann/b.test-key.pem");
    await host.files.write("/home/ann/a.test-key.pem", key);
    await renew(context, { certificates: ["a.test"], all: true });
    assert.equal(await read(host, "/home/ann/a.test-key.pem"), key);
  });

  test("one that was deleted: it is not made again", async () => {
    const { host, context } = await machine({ "a.test": 90 });
    await host.files.remove("/home/ann/a.test.pem");
    const { document } = await renew(context, { ...NONE, all: true });
    assert.equal(document.certificates[0]?.state, "kept");
    assert.equal(await host.files.info("/home/ann/a.test.pem"), undefined);
  });

  test("nothing that was written and not noted: it is recognized by its issuer and names", async () => {
    const { host, context, warnings } = await machine({ "a.test": 90 });
    host.beforeChange = (change, path) => {
      if (change === "append" && path.endsWith("issued.jsonl")) {
        throw Object.assign(new Error("full"), { code: "ENOSPC" });
      }
    };
    await renew(context, { ...NONE, all: true });
    assert.match(warnings.join(), /LEDGER_NOT_WRITTEN/);
    host.beforeChange = () => {};
    const { document } = await list(context, {});
    assert.equal(document.certificates[0]?.state, "valid");
    assert.equal((await renew(context, { ...NONE, all: true })).document.renewed, 1);
  });
});

describe("a certificate that cannot be renewed", () => {
  test("stops no other: exit code 3, and 1 where none could", async () => {
    const { host, context, warnings } = await machine({ "a.test": 90, "b.test": 90 });
    host.beforeChange = (_change, path) => {
      if (path.includes("a.test")) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    const some = await renew(context, { ...NONE, all: true });
    assert.deepEqual(states(some.document.certificates), {
      "a.test": "failed",
      "b.test": "renewed",
    });
    assert.equal(some.exitCode, 3);
    assert.match(warnings.join("\n"), /a\.test/);
    const none = await renew(context, { certificates: ["a.test"], all: true });
    assert.equal(none.exitCode, 1);
  });

  const refused: readonly (readonly [string, Partial<RenewFlags>, string])[] = [
    ["an unknown name", { certificates: ["z.test"] }, "FILE_NOT_FOUND"],
    ["an empty word", { certificates: [""] }, "USAGE"],
    ["--all with --due", { all: true, due: DAY }, "USAGE"],
    ["--shell alone", { shell: true }, "USAGE"],
    ["--legacy alone", { legacy: true }, "USAGE"],
    ["an open quote", { exec: '"nginx' }, "USAGE"],
    ["an empty command", { exec: " " }, "USAGE"],
    ["a password file that is not there", { passwordFile: "nothing" }, "FILE_NOT_FOUND"],
  ];
  for (const [what, flags, code] of refused) {
    test(`is not even tried for ${what}`, async () => {
      const { host, context } = await machine({ "a.test": 90 });
      await assert.rejects(renew(context, { ...NONE, ...flags }), { code });
      assert.deepEqual(host.log, []);
    });
  }

  test("is none without a CA", async () => {
    const { context } = makeContext(createFakeHost());
    await assert.rejects(renew(context, NONE), { code: "CA_MISSING" });
  });
});

describe("two renewals at once", () => {
  test("renew each certificate once", async () => {
    const { host, context } = await machine({ "a.test": 90, "b.test": 90 });
    // The waiting for the lock has to take time: making keys does.
    Object.assign(host, { sleep: () => new Promise((resolve) => setTimeout(resolve, 2)) });
    const flags = { ...NONE, all: true };
    const [first, second] = await Promise.all([renew(context, flags), renew(context, flags)]);
    assert.equal(first.document.renewed + second.document.renewed, 2);
    const { state } = await openWorkplace(context);
    assert.equal((await state.issued.read()).events.length, 4);
    const { document } = await list(context, {});
    assert.deepEqual(states(document.certificates), { "a.test": "valid", "b.test": "valid" });
  });
});

describe("--exec", () => {
  const words: readonly (readonly [string, string[]])[] = [
    ["nginx -s reload", ["nginx", "-s", "reload"]],
    ["  a   b\t\nc ", ["a", "b", "c"]],
    [`a 'b c' "d e" f\\ g`, ["a", "b c", "d e", "f g"]],
    [`a '' "" 'it'"'"'s'`, ["a", "", "", "it's"]],
    [`a "\\"x\\" \\n"`, ["a", '"x" \\n']],
    ["echo $HOME *.pem ~ `id` $(id) ; rm -rf / | x > y", [
      ...[
        "echo",
        "$HOME",
        "*.pem",
        "~",
        "`id`",
        "$(id)",
        ";",
        "rm",
        "-rf",
        "/",
        "|",
        "x",
        ">",
        "y",
      ],
    ]],
    ["./reload now", ["/home/ann/reload", "now"]],
  ];
  for (const [text, expected] of words) {
    test(`splits ${JSON.stringify(text)} and expands nothing`, async () => {
      const { context } = makeContext(createFakeHost());
      assert.deepEqual(await parseExec(context, text, false), expected);
    });
  }

  test("goes through a shell only with --shell", async () => {
    const { context } = makeContext(createFakeHost({ commands: { sh: () => 0 } }));
    assert.deepEqual(await parseExec(context, "a | b", true), ["sh", "-c", "a | b"]);
  });

  test("runs once for all that was renewed, and not at all for nothing", async () => {
    const { host, context } = await machine({ "a.test": 90, "b.test": 90 }, {
      commands: { reload: () => 0 },
    });
    const exec = "reload 'the server'";
    await renew(context, { ...NONE, exec });
    assert.deepEqual(host.commandLines, []);
    const { exitCode, document } = await renew(context, { ...NONE, all: true, exec });
    assert.deepEqual([exitCode, document.exec?.code], [0, 0]);
    assert.deepEqual(host.commandLines, [["reload", "the server"]]);
  });

  const failures: readonly (readonly [string, FakeHostOptions["commands"], RegExp])[] = [
    [
      "ends with another code",
      { reload: () => ({ code: 7, stderr: "no luck" }) },
      /code 7\nno luck/,
    ],
    ["is not there", {}, /it is not there/],
    ["hangs", { reload: () => "timed-out" }, /did not end within 10 minutes/],
    ["cannot be started", { reload: () => "not-started" }, /cannot be started/],
    ["is killed", { reload: () => -1 }, /a signal ended it/],
  ];
  for (const [what, commands, message] of failures) {
    test(`that ${what} is exit code 1 with EXEC_FAILED, and the certificates are renewed`, async () => {
      const { context, warnings } = await machine({ "a.test": 90 }, { commands: commands ?? {} });
      const { exitCode, document } = await renew(context, { ...NONE, all: true, exec: "reload" });
      assert.deepEqual([exitCode, document.ok, document.renewed], [1, false, 1]);
      assert.match(warnings.join("\n"), /^EXEC_FAILED: the certificates are renewed, but reload/);
      assert.match(warnings.join("\n"), message);
    });
  }
});

describe("--watch", () => {
  test("renews at the due moment, tells each, runs the command, and ends when asked to", async () => {
    const start = new Date("2026-11-24T12:00:00Z");
    const stopAt = new Date(start.getTime() + 60 * DAY);
    const { host, context, events } = await machine({ "a.test": 90, "b.test": 9 }, {
      now: start,
      stopAt,
      commands: { reload: () => 0 },
    });
    const { exitCode, document } = await watchRenewals(context, { ...NONE, exec: "reload" });
    assert.equal(exitCode, 0);
    assert.equal(host.now().getTime(), stopAt.getTime());
    const parts = events.flatMap((event) => event.type === "part" ? [event.document] : []);
    const times = parts.flatMap((part) =>
      part.command === "renew"
        ? [[part.certificate.names[0], Math.floor((Date.parse(part.time) - start.getTime()) / DAY)]]
        : []
    );
    // Nine days less an hour, renewed with three days left; 90 days with 30 left: a day 59 and 23 hours.
    assert.deepEqual(times.filter(([name]) => name === "a.test"), [["a.test", 59]]);
    const short = times.filter(([name]) => name === "b.test");
    assert.deepEqual(short.map(([, day]) => day), [5, 11, 17, 23, 29, 35, 41, 47, 53, 59]);
    assert.equal(document.renewed, parts.length);
    assert.equal(
      host.commandLines.length,
      new Set(parts.map((part) => "time" in part && part.time)).size,
    );
  });

  test("does not renew a short certificate in every round with a longer --due", async () => {
    const { context } = await machine({ "a.test": 9 }, {
      stopAt: new Date("2026-11-26T12:00:00Z"),
    });
    const { document } = await watchRenewals(context, { ...NONE, due: 30 * DAY });
    assert.equal(document.renewed, 0);
  });

  test("says what is wrong once, and goes on", async () => {
    const { host, context, warnings } = await machine({ "a.test": 9 }, {
      stopAt: new Date("2026-12-02T12:00:00Z"),
    });
    host.beforeChange = (change, path) => {
      if (path.includes("a.test")) {
        throw Object.assign(new Error(`${change}: full`), { code: "ENOSPC" });
      }
    };
    const { exitCode, document } = await watchRenewals(context, NONE);
    assert.deepEqual([exitCode, document.renewed], [0, 0]);
    assert.equal(warnings.length, 1, warnings.join("\n"));
  });

  test("does not begin with --all, or without a CA", async () => {
    const { context } = await machine({ "a.test": 9 });
    await assert.rejects(watchRenewals(context, { ...NONE, all: true }), { code: "USAGE" });
    const empty = makeContext(createFakeHost());
    await assert.rejects(watchRenewals(empty.context, NONE), { code: "CA_MISSING" });
  });
});

describe("list and status", () => {
  test("mark what is expired, due, missing, changed and superseded", async () => {
    const { host, context } = await machine({
      "old.test": 10,
      "due.test": 40,
      "gone.test": 90,
      "odd.test": 90,
      "good.test": 90,
    });
    await host.files.remove("/home/ann/gone.test.pem");
    await host.files.write("/home/ann/odd.test.pem", "mine now\n");
    await host.sleep(35 * DAY);
    await renew(context, { certificates: ["good.test"], all: true });
    const now = await list(context, {});
    assert.deepEqual(states(now.document.certificates), {
      "old.test": "expired",
      "due.test": "due",
      "gone.test": "missing",
      "odd.test": "changed",
      "good.test": "valid",
    });
    const all = await list(context, { all: true });
    assert.equal(all.document.certificates.length, 6);
    assert.equal(all.document.certificates.filter(({ state }) => state === "superseded").length, 1);
    const seen = await status(context, {});
    const commands = seen.document.todo.map(({ command }) => command);
    assert.ok(commands.includes("localtls renew /home/ann/old.test.pem"), commands.join("\n"));
    assert.ok(commands.includes("localtls renew /home/ann/due.test.pem"), commands.join("\n"));
  });
});
