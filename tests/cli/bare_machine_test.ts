/**
 * The built program where something is missing that every machine has: each command ends by itself, with an exit code of
 * ours and a sentence, never with a page of the bundle or the runtime's own words.
 *
 * @module
 */

import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { LOCALTLS } from "../support/localtls.ts";
import { once } from "../support/once.ts";
import { mustRun, type ProcessResult, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";

requireSandbox();

/** A user id that no database knows. */
const STRANGER = 54321;
const NOBODY = 65534;

/** Every command, as somebody without a terminal runs it. */
const COMMANDS: readonly (readonly string[])[] = [
  ["version"],
  ["help"],
  ["status"],
  ["setup", "a.test"],
  ["cert", "a.test"],
  ["list"],
  ["renew"],
  ["inspect", "a.test.pem"],
  ["trust"],
  ["untrust"],
  ["config", "nginx", "a.test"],
  ["config", "docker"],
  ["config", "--list"],
  ["ca", "show"],
  ["completions", "bash"],
  ["uninstall"],
  ["mkcert", "-CAROOT"],
];

/** What the runtime says where it should have been us. */
const RUNTIME =
  /panic|[Bb]un has|[Bb]un v\d|\$bunfs|\bat .+:\d+:\d+|[A-Z][a-z]*Error:|undefined|\[object /;

/** How a bare machine starts the program. */
interface Machine {
  readonly name: string;
  /** Words before the program. */
  readonly prefix: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A file mode of the working directory, once the program stands in it. */
  readonly shell?: string;
}

/** A directory that everybody may enter, with a working directory of that user. */
function place(uid = 0): string {
  const directory = scratchDirectory("bare");
  mkdirSync(join(directory, "work"));
  chmodSync(directory, 0o777);
  chmodSync(join(directory, "work"), uid === 0 ? 0o755 : 0o777);
  return directory;
}

/** The program where every user can start it; a copy for all tests, which lies in memory. */
const program = once(() => {
  const path = join(place(), "localtls");
  cpSync(LOCALTLS, path);
  return Promise.resolve(path);
});

const as = (uid: number) => ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];

const MACHINES: readonly Machine[] = [
  { name: "an empty environment", prefix: [] },
  { name: "a user that no database knows, without HOME", prefix: as(STRANGER) },
  { name: "nobody", prefix: as(NOBODY) },
  { name: "HOME is a file", prefix: [], env: { HOME: "/etc/passwd" } },
  { name: "HOME is a device", prefix: [], env: { HOME: "/dev/null" } },
  { name: "HOME is relative", prefix: [], env: { HOME: "here" } },
  { name: "HOME cannot be made", prefix: [], env: { HOME: "/proc/none" } },
  { name: "PATH is empty", prefix: [], env: { HOME: "WORK", PATH: "" } },
  {
    name: "a language that does not exist",
    prefix: [],
    env: { HOME: "WORK", LANG: "xx_YY.FOO", LC_ALL: "tlh@klingon", TZ: "Mars/Olympus" },
  },
  {
    name: "a working directory that cannot be read",
    prefix: as(STRANGER),
    env: { HOME: "WORK" },
    shell: 'cd "$(mktemp -d ./shut-XXXXXX)"; chmod 0 .; exec "$@"',
  },
  { name: "stdin is closed", prefix: [], env: { HOME: "WORK" }, shell: 'exec "$@" <&-' },
  { name: "stderr is closed", prefix: [], env: { HOME: "WORK" }, shell: 'exec "$@" 2>&-' },
  { name: "stdout is full", prefix: [], env: { HOME: "WORK" }, shell: 'exec "$@" > /dev/full' },
  {
    name: "everything is read-only",
    prefix: ["unshare", "--mount"],
    env: { HOME: "WORK" },
    shell: 'mount --bind . . && mount -o remount,bind,ro . && cd "$PWD" && exec "$@"',
  },
  {
    name: "there is no /tmp",
    prefix: ["unshare", "--mount"],
    env: { HOME: "WORK" },
    shell: 'mount -t tmpfs -o ro,size=4k none /tmp && exec "$@"',
  },
];

/** Runs a command on such a machine. The program's own environment is exactly `env`. */
async function runOn(
  { prefix, env = {}, shell }: Machine,
  directory: string,
  args: readonly string[],
): Promise<ProcessResult> {
  const work = join(directory, "work");
  const given = Object.entries(env).map(([name, value]) =>
    `${name}=${value === "WORK" ? work : value}`
  );
  const inner = ["/usr/bin/env", "-i", ...given, await program(), ...args];
  const around = shell === undefined ? [] : ["/bin/sh", "-c", shell, "sh"];
  return await run([...prefix, ...around, ...inner], { cwd: work, timeoutMs: 60_000 });
}

/** Ended by itself, with one of our codes, in our words. */
function assertClear(result: ProcessResult, what: string): void {
  const said = `${what}: ${result.code}\n${result.stdout}${result.stderr}`;
  assert.equal(result.timedOut, false, said);
  assert.ok([0, 1, 2, 3].includes(result.code), said);
  // The text of a recipe or a completion script may hold any word.
  assert.doesNotMatch(result.stderr, RUNTIME, said);
  for (const line of result.stderr.split("\n")) {
    // As mkcert, it says "ERROR: " as mkcert does.
    if (line !== "") assert.match(line, /^localtls: |^(?:ERROR|hint): |^ {2}/, said);
  }
}

describe("a bare machine", () => {
  for (const machine of MACHINES) {
    test(`${machine.name}: every command ends with a sentence`, async () => {
      const directory = place(machine.prefix[0] === "setpriv" ? STRANGER : 0);
      for (const args of COMMANDS) {
        const result = await runOn(machine, directory, args);
        assertClear(result, `${machine.name}: ${args.join(" ")}`);
        const isQuiet = /stderr is closed/.test(machine.name);
        if (result.code !== 0 && !isQuiet && args[0] !== "status") {
          const failed = /error: Cannot |ERROR: Cannot |cannot be changed|needs root|failed/;
          assert.match(result.stderr + result.stdout, failed, args.join(" "));
        }
      }
    });
  }

  const only = (name: string) => MACHINES.find((machine) => machine.name === name)!;
  const cases: readonly [machine: string, args: string[], code: number, stderr: RegExp][] = [
    [
      "a user that no database knows, without HOME",
      ["cert", "a.test"],
      1,
      /HOME is not set\n.*HOME=/,
    ],
    ["HOME is a file", ["cert", "a.test"], 1, /"\/etc\/passwd\/\.local\/share\/localtls": /],
    ["HOME is relative", ["cert", "a.test"], 1, /"here" is not an absolute path/],
    ["everything is read-only", ["cert", "a.test"], 1, /Read-only file system/],
    ["stdout is full", ["version"], 1, /^localtls: error: Cannot write the answer: No space left/],
    ["stdout is full", ["status", "--json"], 1, /Cannot write the answer: No space left/],
    ["PATH is empty", ["cert", "a.test"], 0, /making the CA/],
    ["a language that does not exist", ["cert", "a.test"], 0, /making the CA/],
    ["there is no /tmp", ["cert", "a.test"], 0, /making the CA/],
    ["stdin is closed", ["trust", "-"], 1, /error: Cannot /],
  ];
  for (const [name, args, code, stderr] of cases) {
    test(`${name}: ${args.join(" ")} ends with ${code}`, async () => {
      const directory = place(name.startsWith("a user") ? STRANGER : 0);
      const result = await runOn(only(name), directory, args);
      assert.equal(result.code, code, result.stdout + result.stderr);
      assert.match(result.stderr, stderr);
    });
  }

  test("with closed descriptors nothing that is printed ends up in a key", async () => {
    for (const closed of ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"]) {
      const directory = place();
      const machine = {
        name: closed,
        prefix: [],
        env: { HOME: "WORK" },
        shell: `exec "$@" ${closed}`,
      };
      const { code } = await runOn(machine, directory, ["cert", "a.test"]);
      assert.equal(code, 0, closed);
      const work = join(directory, "work");
      const state = join(work, ".local/share/localtls");
      const pem = /^(?:-----BEGIN [A-Z ]+-----\n[A-Za-z0-9+/=\n]+-----END [A-Z ]+-----\n)+$/;
      for (
        const file of ["a.test.pem", "a.test-key.pem"].map((name) => join(work, name)).concat(
          ["root.pem", "issuer.pem", "issuer-key.pem"].map((name) => join(state, name)),
        )
      ) assert.match(readFileSync(file, "utf8"), pem, `${closed} ${file}`);
      for (const line of readFileSync(join(state, "issued.jsonl"), "utf8").trim().split("\n")) {
        assert.equal(JSON.parse(line).event, "issued");
      }
    }
  });

  test("a removed working directory is said, by whoever notices", async () => {
    const directory = place();
    const shell = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"';
    const machine = { name: "gone", prefix: [], env: { HOME: "WORK" }, shell };
    for (const args of [["version"], ["cert", "a.test"]]) {
      const { code, stderr } = await runOn(machine, directory, args);
      assert.equal(code, 1);
      // Before the program's first line: the runtime asks for its working directory.
      assert.match(stderr, /working directory was deleted|working directory: it has been removed/);
    }
  });
});

describe("a root directory with the program and its libraries, and nothing else", () => {
  /** Makes it; /proc is an empty directory. */
  async function makeRoot(): Promise<string> {
    const root = join(scratchDirectory("root"), "root");
    for (const path of ["proc", "work"]) mkdirSync(join(root, path), { recursive: true });
    cpSync(LOCALTLS, join(root, "localtls"));
    for (const [library] of (await mustRun(["ldd", LOCALTLS])).matchAll(/\/\S+/g)) {
      mkdirSync(dirname(root + library), { recursive: true });
      cpSync(library, root + library, { dereference: true });
    }
    return root;
  }

  const withProc = 'mount -t proc proc "$1/proc" && shift && exec "$@"';
  const inRoot = (root: string, proc: boolean, ...args: string[]) =>
    run([
      ...(proc ? ["unshare", "--mount", "/bin/sh", "-c", withProc, "sh", root] : []),
      ...["chroot", root, "/localtls", ...args],
    ], { env: { HOME: "/work", LC_ALL: undefined, LANG: undefined }, timeoutMs: 60_000 });

  test("with /proc: every command ends with a sentence, and certificates are made", async () => {
    const root = await makeRoot();
    for (const args of COMMANDS) assertClear(await inRoot(root, true, ...args), args.join(" "));
    const made = await inRoot(root, true, "cert", "a.test");
    assert.equal(made.code, 0, made.stderr);
    const setup = await inRoot(root, true, "setup", "b.test");
    assert.equal(setup.code, 3, setup.stderr);
    assert.match(setup.stdout, /no bundle of roots and no tool that makes one/);
    const leaf = join(root, "b.test.pem");
    const answer = await run([
      ...["openssl", "verify", "-CAfile", join(root, "work/.local/share/localtls/root.pem")],
      ...["-untrusted", leaf, leaf],
    ]);
    assert.equal(answer.code, 0, answer.stderr);
  });

  test("without /proc the runtime does not start: from outside, --root does it", async () => {
    const root = await makeRoot();
    // JavaScriptCore looks for its stack in /proc/self/maps before any line of ours; when a later
    // runtime can do without, this test says so.
    const { code, stderr } = await inRoot(root, false, "version");
    assert.ok(code >= 128, `ended by a signal: ${stderr}`);
    mkdirSync(join(root, "etc"));
    const home = scratchDirectory("home");
    await run([LOCALTLS, "cert", "a.test"], { env: { HOME: home }, cwd: home });
    const trusted = await run([LOCALTLS, "trust", "--root", root], { env: { HOME: home } });
    assert.equal(trusted.code, 0, trusted.stderr);
    // The one file of /proc that it needs is enough.
    mkdirSync(join(root, "proc/self"));
    const stack = "7ffc00000000-7fffffffe000 rw-p 00000000 00:00 0 [stack]\n";
    writeFileSync(join(root, "proc/self/maps"), stack);
    assert.equal((await inRoot(root, false, "version")).code, 0);
  });
});
