import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { installTimer, removeTimer, uninstallTimer } from "../../../src/commands/timer.ts";
import { MARKER, quote, serviceUnit } from "../../../src/commands/timer_units.ts";
import { findTargetUser } from "../../../src/host/target_user.ts";
import { createFakeHost, type FakeHost, type FakeHostOptions } from "../../support/fake_host.ts";
import { makeContext } from "../../support/fake_context.ts";

const UNITS = "/home/ann/.config/systemd/user";
const SERVICE = `${UNITS}/localtls-renew.service`;
const TIMER = `${UNITS}/localtls-renew.timer`;
const NONE = { certificates: [] };

function machine(options: FakeHostOptions = {}): FakeHost {
  return createFakeHost({ commands: { systemctl: () => 0 }, ...options });
}

async function text(host: FakeHost, path: string): Promise<string> {
  const content = await host.files.read(path);
  return content === undefined ? "" : new TextDecoder().decode(content);
}

describe("installTimer()", () => {
  test("writes both units and has the user's manager start the timer", async () => {
    const host = machine();
    const { context } = makeContext(host);
    const { exitCode, document } = await installTimer(context, NONE);
    assert.equal(exitCode, 0);
    assert.equal(document.timer.action, "installed");
    assert.deepEqual(document.timer.files, [SERVICE, TIMER]);
    assert.deepEqual(host.commandLines, [
      ["systemctl", "--user", "daemon-reload"],
      ["systemctl", "--user", "enable", "--now", "localtls-renew.timer"],
    ]);
    const service = await text(host, SERVICE);
    assert.ok(service.startsWith(MARKER));
    assert.ok(
      service.includes(
        'ExecStart="/usr/local/bin/localtls" "renew" "--quiet" "--dir" "/home/ann/.local/share/localtls"\n',
      ),
    );
    const timer = await text(host, TIMER);
    for (const line of ["OnCalendar=daily", "Persistent=true", "WantedBy=timers.target"]) {
      assert.ok(timer.includes(`${line}\n`), line);
    }
    assert.match(timer, /RandomizedDelaySec=\d+h\n/);
    assert.equal((await host.files.info(SERVICE))?.mode, 0o644);
    assert.equal((await installTimer(context, NONE)).document.timer.action, "unchanged");
  });

  test("takes over what renew is to do, with absolute paths", async () => {
    const host = machine({
      env: { HOME: "/home/ann", LOCALTLS_PASSWORD_FILE: "secret", TOKEN: "nobody's business" },
    });
    await installTimer(makeContext(host).context, {
      ...NONE,
      dueText: "2w",
      reuseKey: true,
      passwordFile: "p12 password",
      exec: "./reload 'my server' 100%",
    });
    const service = await text(host, SERVICE);
    assert.ok(service.includes('"--due" "2w" "--reuse-key"'), service);
    assert.ok(service.includes('"--password-file" "/home/ann/p12 password"'), service);
    assert.ok(service.includes(`"--exec" "/home/ann/reload 'my server' 100%%"`), service);
    assert.ok(service.includes('Environment="LOCALTLS_PASSWORD_FILE=/home/ann/secret"'), service);
    assert.ok(!service.includes("business"));
  });

  const unreachable: readonly (readonly [string, FakeHostOptions, number])[] = [
    ["no manager answers", { commands: { systemctl: () => 1 } }, 1],
    ["it does not answer in time", { commands: { systemctl: () => "timed-out" } }, 1],
    ["it is root's", {
      user: { uid: 0, gid: 0 },
      env: { HOME: "/root", SUDO_UID: "1000" },
      files: { "/etc/passwd": "ann:x:1000:1000::/home/ann:/bin/sh\n" },
    }, 0],
  ];
  for (const [what, options, runs] of unreachable) {
    test(`leaves the commands to the user, with exit code 3, when ${what}`, async () => {
      const host = machine(options);
      const { context, warnings } = makeContext(host);
      const { exitCode, document } = await installTimer(context, NONE);
      assert.equal(exitCode, 3);
      assert.equal(document.ok, false);
      assert.deepEqual(document.timer.commands, [
        "systemctl --user daemon-reload",
        "systemctl --user enable --now localtls-renew.timer",
      ]);
      assert.match(warnings.join(), /TIMER_NOT_STARTED/);
      assert.equal(host.commandLines.length, runs);
      assert.equal((await host.files.info(SERVICE))?.uid, 1000);
    });
  }

  const refused: readonly (readonly [string, FakeHostOptions, object, string])[] = [
    ["there is no systemd", { commands: {} }, {}, "TOOL_MISSING"],
    ["a runtime runs the program", { programPath: null }, {}, "USAGE"],
    ["certificates are named", {}, { certificates: ["a.test"] }, "USAGE"],
    ["--all is given", {}, { all: true }, "USAGE"],
    ["--shell has no command", {}, { shell: true }, "USAGE"],
    ["the command has an open quote", {}, { exec: "reload 'x" }, "USAGE"],
    ["somebody else's unit is there", { files: { [SERVICE]: "[Unit]\n" } }, {}, "FILE_UNSAFE"],
  ];
  for (const [what, options, flags, code] of refused) {
    test(`refuses and writes nothing when ${what}`, async () => {
      const host = machine(options);
      const { context } = makeContext(host);
      await assert.rejects(installTimer(context, { ...NONE, ...flags }), { code });
      assert.deepEqual(host.log, []);
    });
  }

  test("--dry-run says what would be written and run", async () => {
    const host = machine();
    const { context } = makeContext(host, { dryRun: true });
    const { document } = await installTimer(context, NONE);
    assert.equal(document.planned?.length, 4);
    assert.deepEqual(host.log, []);
  });
});

describe("uninstallTimer()", () => {
  test("stops the timer and removes the units", async () => {
    const host = machine();
    const { context } = makeContext(host);
    await installTimer(context, NONE);
    host.log.length = 0;
    const { document, exitCode } = await uninstallTimer(context);
    assert.equal(exitCode, 0);
    assert.deepEqual([...document.timer.files].sort(), [SERVICE, TIMER]);
    assert.deepEqual(host.commandLines.map((argv) => argv[2]), ["disable", "daemon-reload"]);
    assert.deepEqual(await host.files.list(UNITS), []);
    assert.equal((await uninstallTimer(context)).document.timer.action, "absent");
  });

  test("removes them, and the link that enables them, without a manager too", async () => {
    const host = machine({ commands: { systemctl: () => 1 } });
    const { context } = makeContext(host);
    await installTimer(context, NONE);
    const link = `${UNITS}/timers.target.wants/localtls-renew.timer`;
    host.disk.put(link, { type: "symlink", target: TIMER, uid: 1000, gid: 1000 });
    const { document, exitCode } = await uninstallTimer(context);
    assert.equal(exitCode, 0);
    assert.deepEqual(document.timer.files, [link, TIMER, SERVICE]);
    assert.equal(await host.files.info(link), undefined);
  });

  test("leaves the units of somebody else alone, and runs nothing", async () => {
    const host = machine({ files: { [SERVICE]: "[Unit]\n", [TIMER]: "[Unit]\n" } });
    const { document } = await uninstallTimer(makeContext(host).context);
    assert.equal(document.timer.action, "absent");
    assert.deepEqual(host.log, []);
  });

  test("uninstall of another state directory leaves the timer alone", async () => {
    const host = machine();
    const { context } = makeContext(host);
    await installTimer(context, NONE);
    const user = await findTargetUser(host);
    assert.equal((await removeTimer(context, user, "/srv/other")).action, "absent");
    const own = await removeTimer(context, user, "/home/ann/.local/share/localtls");
    assert.equal(own.action, "removed");
  });
});

describe("words for systemd", () => {
  test("keep quotes, backslashes, percent and dollar signs", () => {
    assert.equal(quote('a "b" \\ 100%'), '"a \\"b\\" \\\\ 100%%"');
    const unit = serviceUnit({ argv: ["/x y/localtls", "$HOME"], environment: {} });
    assert.ok(unit.includes('ExecStart="/x y/localtls" "$$HOME"\n'), unit);
  });

  // systemd ends a line at a CR as well, in quotes too: the rest would be a line of the unit.
  for (
    const character of ["\n", "\r", "\t", "\0", "\u001b", "\u0085", "\u2028", "\u202e", "\u2066"]
  ) {
    test(`refuse ${JSON.stringify(character)}`, () => {
      const evil = `/x${character}ExecStartPre=/bin/evil`;
      const refused = (make: () => string) =>
        assert.throws(make, { code: "USAGE", message: /control character \\u[0-9a-f]{4}$/ });
      refused(() => serviceUnit({ argv: [evil], environment: {} }));
      refused(() => serviceUnit({ argv: ["/x", "--dir", evil], environment: {} }));
      refused(() => serviceUnit({ argv: ["/x"], environment: { LOCALTLS_PASSWORD_FILE: evil } }));
    });
  }
});
