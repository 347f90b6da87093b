/** env and run with the built program: what real shells make of the lines, and how a command runs. */

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { TRUST_VARIABLES } from "../../src/recipes/environment.ts";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { findProgram, run, start, waitFor } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";

/** A home with a CA in a directory whose name wants to be more than a name. */
async function makeHome(directory = "state"): Promise<{ home: string; dir: string }> {
  const home = freshHome();
  const dir = join(home, directory);
  const { code, stderr } = await localtls(["cert", "localhost", "--dir", dir, "--out", home], {
    env: { HOME: home },
    cwd: home,
  });
  assert.equal(code, 0, stderr);
  return { home, dir };
}

const CLEAN = Object.fromEntries(TRUST_VARIABLES.map(({ name }) => [name, undefined]));

/** Names, but for the variables that leave themselves out where a path is too strange for their reader. */
const PLAIN = TRUST_VARIABLES.filter(({ content }) => content === "root" || content === "bundle")
  .map(({ name }) => name);

/** Prints the variables as JSON; run by what was told of them. */
const SHOW = `console.log(JSON.stringify(${
  JSON.stringify(PLAIN)
}.map((name) => process.env[name])))`;

/** Everything that any of the shells takes for more than a character. */
const HOSTILE = "a b'c\"d$HOME`id`\\e;&|<>(){}[]*?!#~%PATH%\nlast";

describe("what env prints, read by its reader", () => {
  const shells: [format: string, program: string, argv: (file: string) => string[]][] = [
    ["sh", "sh", (file) => ["-c", `. "${file}" && exec node -e "$SHOW"`]],
    ["sh", "bash", (file) => ["-c", `. "${file}" && exec node -e "$SHOW"`]],
    ["sh", "zsh", (file) => ["-c", `. "${file}" && exec node -e "$SHOW"`]],
    // The four characters that are escaped for systemd are those of sh between double quotes.
    ["systemd", "sh", (file) => ["-c", `set -a; . "${file}" && exec node -e "$SHOW"`]],
    ["fish", "fish", (file) => ["-c", `source "${file}"; and exec node -e "$SHOW"`]],
    ["powershell", "pwsh", (file) => ["-c", `. "${file}"; node -e $env:SHOW`]],
  ];
  for (const [format, program, argv] of shells) {
    const skip = findProgram(program) === undefined && `${program} is not installed`;
    test(`${format}, in ${program}: every value arrives as it is`, { skip }, async () => {
      const { home, dir } = await makeHome(HOSTILE);
      const env = { HOME: home, ...CLEAN, SHOW };
      const printed = await localtls(["env", "--shell", format, "--dir", dir], { env });
      assert.equal(printed.code, 0, printed.stderr);
      const file = join(home, "lines");
      writeFileSync(file, printed.stdout);
      const json = await localtls(["env", "--shell", "json", "--dir", dir], { env });
      const wanted = json.json();
      assert.ok(wanted.SSL_CERT_FILE.startsWith(`${dir}/`), wanted.SSL_CERT_FILE);
      assert.ok(existsSync(wanted.SSL_CERT_FILE));
      const read = await run([program, ...argv(file)], { env });
      assert.deepEqual(
        JSON.parse(read.stdout || "null"),
        PLAIN.map((name) => wanted[name]),
        read.stderr,
      );
    });
  }

  for (
    const [what, directory] of [["blanks and $", "a b$c"], ["a quote", "a'b"], ["both", "'$\n"]]
  ) {
    test(`dotenv, in Node's --env-file, with ${what}`, async () => {
      const { home, dir } = await makeHome(directory);
      const env = { HOME: home, ...CLEAN };
      const printed = await localtls(["env", "--shell", "dotenv", "--dir", dir], { env });
      assert.equal(printed.code, 0, printed.stderr);
      writeFileSync(join(home, ".env"), printed.stdout);
      const read = await run(["node", `--env-file=${join(home, ".env")}`, "-e", SHOW], { env });
      const wanted = (await localtls(["env", "--shell", "json", "--dir", dir], { env })).json();
      assert.deepEqual(JSON.parse(read.stdout), PLAIN.map((name) => wanted[name]), read.stderr);
    });
  }

  test("systemd, in systemd's own reader of such files", async (t) => {
    const generator =
      "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";
    if (!existsSync(generator)) return t.skip("systemd is not installed");
    // It expands $ besides, which EnvironmentFile= does not.
    const { home, dir } = await makeHome("a b'c\"d`id`\\e");
    const env = { HOME: home, ...CLEAN };
    const printed = await localtls(["env", "--shell", "systemd", "--dir", dir], { env });
    mkdirSync(join(home, ".config/environment.d"), { recursive: true });
    writeFileSync(join(home, ".config/environment.d/localtls.conf"), printed.stdout);
    const read = await run([generator], { env });
    // Its output is quoted for sh.
    const shown = await run(["sh", "-c", 'set -a; eval "$READ"; exec node -e "$SHOW"'], {
      env: { ...env, READ: read.stdout, SHOW },
    });
    const wanted = (await localtls(["env", "--shell", "json", "--dir", dir], { env })).json();
    assert.deepEqual(
      JSON.parse(shown.stdout || "null"),
      PLAIN.map((name) => wanted[name]),
      read.stdout,
    );
  });

  test("formats that cannot hold a path refuse it", async () => {
    const { home, dir } = await makeHome(HOSTILE);
    for (const format of ["cmd", "dotenv", "docker"]) {
      const { code, stdout, stderr } = await localtls(["env", "--shell", format, "--dir", dir], {
        env: { HOME: home, ...CLEAN },
      });
      assert.equal(code, 2, format);
      assert.equal(stdout, "");
      assert.match(stderr, /Cannot write \w+ for /);
    }
  });
});

describe("run", () => {
  test("has our stdin, stdout and stderr, and its exit code is ours", async () => {
    const { home, dir } = await makeHome();
    const script = 'cat; echo "$SSL_CERT_FILE"; echo problem >&2; exit 7';
    const result = await localtls(["run", "--dir", dir, "--", "sh", "-c", script], {
      env: { HOME: home, ...CLEAN },
      input: "given\n",
    });
    assert.equal(result.code, 7);
    assert.equal(result.stdout, `given\n${dir}/environment/bundle.pem\n`);
    assert.match(result.stderr, /(^|\n)problem\n$/);
  });

  test("passes signals on, and ends as the command does", async () => {
    const { home, dir } = await makeHome();
    for (const signal of ["TERM", "INT", "HUP", "USR1"] as const) {
      const script = `trap 'echo got ${signal}; exit 5' ${signal}; echo ready; ` +
        "while :; do sleep 0.05; done";
      const running = start([LOCALTLS, "run", "--dir", dir, "--", "sh", "-c", script], {
        env: { HOME: home, ...CLEAN },
        timeoutMs: 30_000,
      });
      await waitFor("the command", () => running.output().includes("ready"));
      process.kill(running.pid, `SIG${signal}`);
      const { code, stdout } = await running.ended;
      assert.equal(code, 5, signal);
      assert.equal(stdout, `ready\ngot ${signal}\n`);
    }
  });

  test("at a terminal Ctrl-C reaches the command once, and the command is at the terminal", async () => {
    const { home, dir } = await makeHome();
    const script = "trap 'n=$((n+1))' INT; [ -t 0 ] && [ -t 1 ] && echo ready; i=0; " +
      'while [ $i -lt 15 ]; do sleep 0.1; i=$((i+1)); done; echo "count $n"; exit 3';
    const terminal = fileURLToPath(new URL("../support/terminal.py", import.meta.url));
    const keys = JSON.stringify([["ready", "\u0003"]]);
    const command = [LOCALTLS, "run", "--dir", dir, "--", "sh", "-c", script];
    const { stdout } = await run(["python3", terminal, keys, ...command], {
      env: { HOME: home, ...CLEAN },
    });
    const { shown, code } = JSON.parse(stdout);
    assert.match(shown, /count 1\r?\n/);
    assert.equal(code, 3);
  });

  test("a command that a signal ends is 128 and its number; none is 127, no program 126", async () => {
    const { home, dir } = await makeHome();
    const plain = join(home, "plain");
    writeFileSync(plain, "\u0000no program\n", { mode: 0o755 });
    const cases: [argv: string[], code: number][] = [
      [["sh", "-c", "kill -KILL $$"], 137],
      [["no-such-program"], 127],
      [[plain], 126],
    ];
    for (const [argv, code] of cases) {
      const result = await localtls(["run", "--dir", dir, "--", ...argv], {
        env: { HOME: home, ...CLEAN },
        cwd: home,
      });
      assert.equal(result.code, code, `${argv}: ${result.stderr}`);
      assert.equal(result.stdout, "");
      if (code < 128) assert.match(result.stderr, /Cannot run "/);
    }
  });

  test("runs nothing without a CA, and nothing with --dry-run", async () => {
    const home = freshHome();
    const words = ["--", "touch", join(home, "touched")];
    const without = await localtls(["run", ...words], { env: { HOME: home, ...CLEAN } });
    assert.equal(without.code, 1);
    assert.match(without.stderr, /there is no CA/);
    const { dir } = await makeHome();
    const dry = await localtls(["run", "--dry-run", "--dir", dir, ...words], {
      env: { HOME: home, ...CLEAN },
    });
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /run {5}touch/);
    assert.equal(existsSync(join(home, "touched")), false);
    assert.equal(existsSync(join(dir, "environment")), false);
  });

  test("a run within a run adds nothing, and the user's own file is kept", async () => {
    const { home, dir } = await makeHome();
    const own = join(home, "own.pem");
    writeFileSync(own, await otherRoot());
    const env = { HOME: home, ...CLEAN, NODE_EXTRA_CA_CERTS: own, CURL_CA_BUNDLE: own };
    const inner = ["sh", "-c", 'echo "$NODE_EXTRA_CA_CERTS"; echo "$REQUESTS_CA_BUNDLE"'];
    const once = await localtls(["run", "--dir", dir, "--", ...inner], { env });
    const again = ["run", "--dir", dir, "--", LOCALTLS, "run", "--dir", dir, "--", ...inner];
    assert.equal((await localtls(again, { env })).stdout, once.stdout);
    const root = readFileSync(join(dir, "root.pem"), "utf8");
    for (const path of once.stdout.trim().split("\n")) {
      const text = readFileSync(path, "utf8");
      assert.ok(text.includes(await otherRoot()), path);
      assert.ok(text.includes(root), path);
      assert.doesNotMatch(text, /PRIVATE KEY/);
    }
  });
});

describe("a CA that is replaced", () => {
  test("is in the files that a running shell names, and the former one is not", async () => {
    const { home, dir } = await makeHome();
    const own = join(home, "own.pem");
    writeFileSync(own, await otherRoot());
    const env = { HOME: home, ...CLEAN, CURL_CA_BUNDLE: own, NODE_EXTRA_CA_CERTS: own };
    const values = (await localtls(["env", "--shell", "json", "--dir", dir], { env })).json();
    const paths: string[] = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "DENO_CERT"]
      .map((name) => values[name]);
    const holds = (pem: string) => paths.map((path) => readFileSync(path, "utf8").includes(pem));
    const former = readFileSync(join(dir, "root.pem"), "utf8");
    assert.deepEqual(holds(former), paths.map(() => true));
    const args = ["ca", "permit", "example.com", "--yes", "--stores", "java", "--dir", dir];
    const replaced = await localtls(args, { env, timeoutMs: 60_000 });
    assert.equal(replaced.code, 0, replaced.stderr);
    const root = readFileSync(join(dir, "root.pem"), "utf8");
    assert.notEqual(root, former);
    assert.deepEqual(holds(root), paths.map(() => true));
    assert.deepEqual(holds(former), paths.map(() => false));
    const store = /trustStore=(\S+)/.exec(values.JAVA_TOOL_OPTIONS ?? "")?.[1];
    if (store === undefined) return;
    const argv = ["openssl", "pkcs12", "-in", store, "-nokeys", "-passin", "pass:changeit"];
    const listed = (await run(argv)).stdout;
    assert.deepEqual([listed.includes(root.trim()), listed.includes(former.trim())], [true, false]);
  });
});

describe("env --install", () => {
  const files = {
    ".profile": "export A=profile\n",
    ".bashrc": "export B=bashrc", // without a line end
    ".zshrc": "",
    ".config/fish/config.fish": "set -gx D fish\n",
  };

  async function prepare() {
    const made = await makeHome("it's here");
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(made.home, name, ".."), { recursive: true });
      writeFileSync(join(made.home, name), content);
    }
    return {
      ...made,
      env: {
        HOME: made.home,
        ...CLEAN,
        SHELL: "/bin/bash",
        XDG_CONFIG_HOME: undefined,
        ZDOTDIR: undefined,
      },
    };
  }

  test("every shell has the variables from then on; uninstall leaves the files as they were", async () => {
    const { home, dir, env } = await prepare();
    // A link, as of those who keep their files in a repository.
    mkdirSync(join(home, "dotfiles"));
    writeFileSync(join(home, "dotfiles/bash_profile"), ". ~/.profile\n", { mode: 0o600 });
    symlinkSync("dotfiles/bash_profile", join(home, ".bash_profile"));
    const shells: [program: string, words: string[]][] = [
      ["sh", ["-lc"]],
      ["bash", ["-lc"]],
      ["bash", ["-ic"]],
      ["zsh", ["-c"]],
      ["fish", ["-c"]],
    ];
    const value = async ([program, words]: [string, string[]]) =>
      (await run([program, ...words, 'echo "V=$SSL_CERT_FILE"'], { env })).stdout.trim();
    const here = shells.filter(([program]) => findProgram(program) !== undefined);
    for (const shell of here) assert.equal(await value(shell), "V=", `${shell}`);
    for (let times = 0; times < 2; times++) {
      const { code, stderr, stdout } = await localtls(["env", "--install", "--dir", dir], { env });
      assert.equal(code, 0, stdout + stderr);
    }
    for (const shell of here) {
      assert.equal(await value(shell), `V=${dir}/environment/bundle.pem`, `${shell}`);
    }
    assert.ok(lstatSync(join(home, ".bash_profile")).isSymbolicLink());
    assert.equal(statSync(join(home, "dotfiles/bash_profile")).mode & 0o777, 0o600);
    // With everything else that localtls has done.
    const { code, stderr } = await localtls(["uninstall", "--purge", "--yes", "--dir", dir], {
      env,
    });
    assert.equal(code, 0, stderr);
    for (const shell of here) assert.equal(await value(shell), "V=", `${shell}`);
    for (const [name, content] of Object.entries(files)) {
      assert.equal(readFileSync(join(home, name), "utf8"), content, name);
    }
    assert.equal(readFileSync(join(home, "dotfiles/bash_profile"), "utf8"), ". ~/.profile\n");
    assert.equal(existsSync(join(home, ".zshenv")), false);
    assert.equal(existsSync(join(home, ".config/fish/conf.d/localtls.fish")), false);
    assert.equal(existsSync(dir), false);
  });

  test("a file that is read-only is left alone and named, the others are written: exit code 3", async () => {
    const { home, dir, env } = await prepare();
    chmodSync(join(home, ".profile"), 0o444);
    const { code, stdout } = await localtls(["env", "--install", "--dir", dir, "--json"], { env });
    assert.equal(code, 3);
    assert.equal(readFileSync(join(home, ".profile"), "utf8"), files[".profile"]);
    const { profiles } = JSON.parse(stdout);
    const outcomes = Object.fromEntries(
      profiles.map(({ path, outcome }: { path: string; outcome: string }) => [path, outcome]),
    );
    assert.equal(outcomes[join(home, ".profile")], "failed");
    assert.equal(outcomes[join(home, ".bashrc")], "added");
    const failed = profiles.find(({ outcome }: { outcome: string }) => outcome === "failed");
    assert.match(failed.reason, /read-only/);
    assert.match(failed.hint, /env --quiet --dir .*--shell sh/);
    assert.deepEqual(readdirSync(home).filter((name) => name.startsWith(".localtls")), []);
  });

  test("--dry-run writes nothing; --uninstall takes out a block of any state directory", async () => {
    const { home, dir, env } = await prepare();
    const dry = await localtls(["env", "--install", "--dry-run", "--dir", dir], { env });
    assert.match(dry.stdout, /write {3}.*\.bashrc/);
    assert.equal(readFileSync(join(home, ".bashrc"), "utf8"), files[".bashrc"]);
    await localtls(["env", "--install", "--dir", dir], { env });
    assert.match(readFileSync(join(home, ".bashrc"), "utf8"), /localtls env/);
    // Another CA's uninstall is none of its business; the command that is about the files is.
    const other = await makeHome();
    await localtls(["uninstall", "--dir", other.dir], { env });
    assert.match(readFileSync(join(home, ".bashrc"), "utf8"), /localtls env/);
    const out = await localtls(["env", "--uninstall", "--dir", other.dir], { env });
    assert.equal(out.code, 0, out.stderr);
    assert.equal(readFileSync(join(home, ".bashrc"), "utf8"), files[".bashrc"]);
  });

  test("a shell whose localtls has gone starts as before", async () => {
    const { home, dir, env } = await prepare();
    await localtls(["env", "--install", "--dir", dir], { env });
    const file = join(home, ".profile");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(LOCALTLS, "/gone/localtls"));
    const { code, stdout, stderr } = await run(["sh", "-lc", "echo $A"], { env });
    assert.deepEqual([code, stdout, stderr], [0, "profile\n", ""]);
  });
});

describe("env", () => {
  test("without a CA is refused with the command that makes one", async () => {
    const home = freshHome();
    const { code, stdout, stderr } = await localtls(["env"], { env: { HOME: home, ...CLEAN } });
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /hint: localtls setup/);
  });

  test("--explain says of every variable whether it adds or replaces", async () => {
    const { home, dir } = await makeHome();
    const env = { HOME: home, ...CLEAN };
    const { stdout } = await localtls(["env", "--explain", "--dir", dir], { env });
    assert.match(stdout, /^NODE_EXTRA_CA_CERTS\n {2}Node.*\n {2}adds/m);
    assert.match(stdout, /^SSL_CERT_FILE\n {2}OpenSSL.*\n {2}replaces .* made of \/etc\/ssl/m);
    assert.match(stdout, /PGSSLROOTCERT/);
    const document = (await localtls(["env", "--json", "--dir", dir], { env })).json();
    assert.equal(document.command, "env");
    for (const { name, effect, base } of document.variables) {
      assert.ok(effect === "adds" || base !== undefined, name);
    }
  });
});

let root: Promise<string> | undefined;

/** A root of somebody else's. */
function otherRoot(): Promise<string> {
  return root ??= makeHome().then(({ dir }) => readFileSync(join(dir, "root.pem"), "utf8"));
}
