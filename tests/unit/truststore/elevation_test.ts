import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LocalTlsError } from "../../../src/errors.ts";
import { createElevation, rootCommands } from "../../../src/truststore/elevation.ts";
import {
  createFakeHost,
  type FakeCommand,
  type FakeHostOptions,
  fakeSudo,
} from "../../support/fake_host.ts";
import { createFakeWindows } from "../../support/fake_windows.ts";

const STEPS = [["install", "-m", "0644", "--", "/home/ann/my ca.pem", "/etc/x.crt"], ["refresh"]];
const TOOLS: Record<string, FakeCommand> = { install: () => 0, refresh: () => 0, true: () => 0 };
const ROOT = { uid: 0, gid: 0 };

const refuse: FakeCommand = () => ({ code: 1, stderr: "sudo: a password is required\n" });

async function failureOf(options: FakeHostOptions): Promise<LocalTlsError> {
  const elevation = createElevation(createFakeHost(options));
  return await elevation.run(STEPS, "add it").then(
    () => assert.fail("nothing was thrown"),
    (error) => error,
  );
}

describe("elevation", () => {
  const cases: [string, FakeHostOptions, readonly string[] | undefined][] = [
    ["root needs nothing in front", { user: ROOT, commands: { sudo: fakeSudo } }, []],
    ["a terminal and sudo", { interactive: true, commands: { ...TOOLS, sudo: fakeSudo } }, [
      "/usr/bin/sudo",
      "--",
    ]],
    ["a terminal and doas alone", { interactive: true, commands: { doas: fakeSudo } }, [
      "/usr/bin/doas",
      "--",
    ]],
    ["sudo before doas", { interactive: true, commands: { doas: fakeSudo, sudo: fakeSudo } }, [
      "/usr/bin/sudo",
      "--",
    ]],
    ["no terminal, sudo without a password", { commands: { ...TOOLS, sudo: fakeSudo } }, [
      "/usr/bin/sudo",
      "-n",
      "--",
    ]],
    ["no terminal, sudo with a password", { commands: { sudo: refuse } }, undefined],
    ["no terminal, sudo that hangs", { commands: { sudo: () => "timed-out" } }, undefined],
    ["a terminal and neither", { interactive: true }, undefined],
    ["no terminal and neither", {}, undefined],
    ["pkexec is not asked", { interactive: true, commands: { pkexec: fakeSudo } }, undefined],
  ];
  for (const [name, options, expected] of cases) {
    test(`prefix() with ${name}`, async () => {
      assert.deepEqual(await createElevation(createFakeHost(options)).prefix(), expected);
    });
  }

  test("prefix() probes once per run", async () => {
    const host = createFakeHost({ commands: { ...TOOLS, sudo: fakeSudo } });
    const elevation = createElevation(host);
    await Promise.all([elevation.prefix(), elevation.prefix()]);
    await elevation.prefix();
    assert.deepEqual(host.commandLines, [["/usr/bin/sudo", "-n", "true"]]);
  });

  test("run() as root runs the steps in order, by absolute path", async () => {
    const host = createFakeHost({ user: ROOT, commands: TOOLS });
    await createElevation(host).run(STEPS, "add it");
    assert.deepEqual(host.commandLines, [
      ["/usr/bin/install", ...STEPS[0]!.slice(1)],
      ["/usr/bin/refresh"],
    ]);
  });

  test("run() at a terminal says why, asks once, and then runs each step", async () => {
    const host = createFakeHost({ interactive: true, commands: { ...TOOLS, sudo: fakeSudo } });
    const said: string[] = [];
    const elevation = createElevation(host, { announce: (message) => said.push(message) });
    await elevation.run(STEPS, "add it");
    await elevation.run([["refresh"]], "add more");
    assert.deepEqual(said, ["root is needed to add it: asking sudo"]);
    assert.deepEqual(host.commandLines.map((argv) => argv.slice(0, 3)), [
      ["/usr/bin/sudo", "--", "true"],
      ["/usr/bin/sudo", "--", "/usr/bin/install"],
      ["/usr/bin/sudo", "--", "/usr/bin/refresh"],
      ["/usr/bin/sudo", "--", "/usr/bin/refresh"],
    ]);
    assert.ok(host.log.every((action) => action.type === "run" && action.interactive));
  });

  test("run() keeps what a step complains of where sudo may ask, with the time it is given", async () => {
    const limits: number[] = [];
    const sh: FakeCommand = (argv, _input, _host, { timeoutMs }) => {
      limits.push(timeoutMs);
      return { code: 1, stdout: `${argv.slice(4).join(" ")}: no\n` };
    };
    const sudo: FakeCommand = (argv, input, host, options) =>
      argv[2] === "/bin/sh" ? sh(argv.slice(2), input, host, options) : 0;
    const host = createFakeHost({ interactive: true, commands: { ...TOOLS, sudo } });
    const options = { timeoutMs: 1_000, keepComplaints: true };
    await assert.rejects(createElevation(host).run([["refresh", "-x"]], "add it", options), {
      code: "TOOL_FAILED",
      message: 'Cannot add it: "sudo" ended with exit code 1: /usr/bin/refresh -x: no',
      hints: ["sudo refresh -x"],
    });
    assert.deepEqual(limits, [301_000]);
    const quiet = createFakeHost({ commands: { ...TOOLS, sudo: fakeSudo } });
    await createElevation(quiet).run([["refresh"]], "add it", options);
    assert.deepEqual(quiet.commandLines.at(-1), ["/usr/bin/sudo", "-n", "--", "/usr/bin/refresh"]);
  });

  test("run() without a terminal never talks to the user", async () => {
    const host = createFakeHost({ commands: { ...TOOLS, sudo: fakeSudo } });
    await createElevation(host, { announce: () => assert.fail("announced") }).run(STEPS, "add it");
    assert.ok(host.log.every((action) => action.type === "run" && !action.interactive));
  });

  test("run() without a way is NEEDS_ROOT with commands to paste, and runs nothing", async () => {
    const host = createFakeHost();
    await assert.rejects(createElevation(host).run(STEPS, "add it"), {
      code: "NEEDS_ROOT",
      message: "Cannot add it: root is needed",
      hints: ["install -m 0644 -- '/home/ann/my ca.pem' /etc/x.crt", "refresh"],
    });
    assert.deepEqual(host.log, []);
  });

  test("run() with a refused password is NEEDS_ROOT, and does not ask for the next store", async () => {
    const host = createFakeHost({ interactive: true, commands: { ...TOOLS, sudo: refuse } });
    const elevation = createElevation(host);
    for (let i = 0; i < 2; i++) {
      await assert.rejects(elevation.run(STEPS, "add it"), {
        code: "NEEDS_ROOT",
        message: "Cannot add it: sudo was refused",
        hints: ["sudo install -m 0644 -- '/home/ann/my ca.pem' /etc/x.crt", "sudo refresh"],
      });
    }
    assert.deepEqual(host.commandLines, [["/usr/bin/sudo", "--", "true"]]);
  });

  test("run() with a password that nobody types is NEEDS_ROOT", async () => {
    const error = await failureOf({ interactive: true, commands: { sudo: () => "timed-out" } });
    assert.equal(error.code, "NEEDS_ROOT");
  });

  test("run() stops at the first step that fails, with the tool's own words", async () => {
    const host = createFakeHost({
      user: ROOT,
      commands: {
        install: () => ({ code: 1, stderr: "install: cannot create: \u001b[31mRead-only\n\n" }),
        refresh: () => assert.fail("went on"),
      },
    });
    await assert.rejects(createElevation(host).run(STEPS, "add it"), {
      code: "TOOL_FAILED",
      message: 'Cannot add it: "install" ended with exit code 1: install: cannot create: Read-only',
    });
  });

  test("run() names a tool that hangs", async () => {
    const error = await failureOf({
      user: ROOT,
      commands: { ...TOOLS, refresh: () => "timed-out" },
    });
    assert.equal(error.code, "TOOL_TIMEOUT");
    assert.equal(error.message, 'Cannot add it: "refresh" did not end within 60 s');
  });

  test("run() names a tool that is missing", async () => {
    const error = await failureOf({ user: ROOT, commands: { install: () => 0 } });
    assert.equal(error.code, "TOOL_MISSING");
    assert.match(error.message, /"refresh" is not installed/);
  });

  test("run() refuses a tool of the system's that somebody else can change, and runs nothing", async () => {
    const host = createFakeHost({
      user: ROOT,
      commands: { "/opt/ann/install": () => assert.fail("was run") },
      files: {
        "/opt/ann/install": { mode: 0o755, uid: 1000 },
        "/opt/ann": { type: "directory", uid: 1000 },
      },
    });
    await assert.rejects(createElevation(host).run([["/opt/ann/install", "x"]], "add it"), {
      code: "FILE_UNSAFE",
      message: 'Cannot add it: root does not run "/opt/ann/install", which others can change',
    });
    assert.deepEqual(host.commandLines, []);
  });

  test("run() gives content to stdin, and shows what the user can paste in its place", async () => {
    const step = {
      argv: ["install", "/dev/stdin", "/etc/x"],
      input: "content",
      shown: [{ argv: ["tee", "/etc/x"], stdin: "/home/ann/it's here" }],
    };
    const host = createFakeHost({ user: ROOT, commands: TOOLS });
    await createElevation(host).run([step], "add it");
    assert.deepEqual(host.log.map((action) => action.type === "run" && action.input), ["content"]);
    await assert.rejects(createElevation(createFakeHost()).run([step], "add it"), {
      code: "NEEDS_ROOT",
      hints: [`tee /etc/x < '/home/ann/it'\\''s here' > /dev/null`],
    });
  });

  test("run() gives a step no more than its time, and more where a password may be typed", async () => {
    for (const interactive of [false, true]) {
      const limits: number[] = [];
      const host = createFakeHost({
        interactive,
        commands: {
          ...TOOLS,
          sudo: (_argv, _input, _host, { timeoutMs }) => {
            limits.push(timeoutMs);
            return 0;
          },
        },
      });
      await createElevation(host, { stepTimeoutMs: 7 }).run([["refresh"]], "add it");
      assert.deepEqual(limits, interactive ? [300_000, 300_007] : [5_000, 7]);
    }
  });

  test("rootCommands() quotes for a shell, and uses doas where only that exists", async () => {
    const host = createFakeHost({ commands: { doas: fakeSudo } });
    assert.deepEqual(await rootCommands(host, [["rm", "--", "/a b/it's;$HOME"]]), [
      `doas rm -- '/a b/it'\\''s;$HOME'`,
    ]);
  });
});

test("on Windows there is no root: the bare commands, for an administrator's prompt", async () => {
  const host = createFakeWindows({
    interactive: true,
    // Windows has a sudo of its own, which is off by default and works otherwise.
    commands: { ...TOOLS, sudo: fakeSudo },
  });
  const elevation = createElevation(host);
  assert.equal(await elevation.prefix(), undefined);
  await assert.rejects(elevation.run(STEPS, "add it"), {
    code: "NEEDS_ROOT",
    message: /administrator is needed .*Run as administrator/,
    hints: ["install -m 0644 -- '/home/ann/my ca.pem' /etc/x.crt", "refresh"],
  });
  assert.deepEqual(host.commandLines, []);
});
