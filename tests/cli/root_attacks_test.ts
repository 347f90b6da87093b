/**
 * Root that works for a user who attacks it: programs on the user's PATH, links in the user's directories, files that are
 * exchanged in between, the runtime's own switches. Each was once a way to be root.
 */

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  LOCALTLS,
  localtls,
  type LocaltlsOptions,
  type LocaltlsResult,
} from "../support/localtls.ts";
import { asAccount, makeAccount } from "../support/own_files.ts";
import { mustRun, run, start, waitFor } from "../support/processes.ts";
import { scratchDirectory } from "../support/sandbox.ts";

const SLOW = { timeout: 170_000 };
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const SECRET = "root:$6$this-is-only-for-root$:19000:0:99999:7:::";

let accounts = 0;

/** An unprivileged user with a home of theirs. */
interface Attacker {
  readonly name: string;
  readonly home: string;
  readonly uid: number;
  readonly gid: number;
  /** The user's own programs. */
  readonly bin: string;
  readonly state: string;
  /** As the user. */
  run(args: readonly string[], options?: LocaltlsOptions): Promise<LocaltlsResult>;
  /** As root that sudo made of the user. */
  sudo(args: readonly string[], options?: LocaltlsOptions): Promise<LocaltlsResult>;
  /** As root with the user's HOME (su without "-"). */
  root(args: readonly string[], options?: LocaltlsOptions): Promise<LocaltlsResult>;
  /** Something that the user does in a shell. */
  does(script: string): Promise<void>;
}

async function makeAttacker(): Promise<Attacker> {
  const name = `ann${++accounts}`;
  const home = await makeAccount(name);
  const { uid, gid } = lstatSync(home);
  const bin = join(home, ".local/bin");
  const prefix = asAccount(name);
  const does = async (script: string) => {
    await mustRun([...prefix, "/bin/sh", "-euc", script], { env: { HOME: home, PATH } });
  };
  await does('mkdir -p "$HOME/.local/bin" "$HOME/.local/share"');
  const call = (args: readonly string[], options: LocaltlsOptions, env: Record<string, string>) =>
    localtls(args, { cwd: home, ...options, env: { PATH, ...env, ...options.env } });
  return {
    name,
    home,
    uid,
    gid,
    bin,
    state: join(home, ".local/share/localtls"),
    run: (args, options = {}) => call(args, { prefix, ...options }, { HOME: home, USER: name }),
    sudo: (args, options = {}) =>
      call(args, options, {
        HOME: "/root",
        USER: "root",
        SUDO_UID: String(uid),
        SUDO_GID: String(gid),
        SUDO_USER: name,
      }),
    root: (args, options = {}) => call(args, options, { HOME: home, USER: "root" }),
    does,
  };
}

/** A program that notes whose it was when it ran, and does what the real one does. */
function trap(path: string, log: string, real = "true"): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "$(id -u) $0" >> '${log}'\nexec ${real} "$@"\n`, {
    mode: 0o755,
  });
}

/** Who ran which trap: "UID PATH". */
function trapped(log: string): string[] {
  return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
}

function openLog(directory: string): string {
  const log = join(directory, "ran");
  writeFileSync(log, "", { mode: 0o666 });
  chmodSync(log, 0o666);
  return log;
}

/** Every file below a directory, with owner, mode and content: what root may not have been led to change. */
function contents(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const { uid, mode } = lstatSync(path);
    const what = `${path} ${uid} ${mode.toString(8)}`;
    if (entry.isDirectory()) return [what, ...contents(path)];
    return [entry.isFile() ? `${what} ${readFileSync(path, "base64")}` : what];
  });
}

/** The machine's own JDK is root's: its cacerts, for a link of the user's to lead to. */
const CACERTS = "/etc/ssl/certs/java/cacerts";

describe("what root runs", () => {
  test("is not looked for on a user's PATH: update-ca-certificates, with sudo", SLOW, async () => {
    const ann = await makeAttacker();
    const log = openLog(scratchDirectory("log"));
    writeFileSync(`/etc/sudoers.d/${ann.name}`, `${ann.name} ALL=(ALL) NOPASSWD: ALL\n`, {
      mode: 0o440,
    });
    try {
      for (
        const name of ["update-ca-certificates", "install", "rm", "sh", "tee", "sudo", "keytool"]
      ) {
        trap(join(ann.bin, name), log, `/usr/bin/env PATH=${PATH} ${name}`);
      }
      const env = { PATH: `${ann.bin}:${PATH}` };
      const result = await ann.run(["setup", "a.test", "--stores", "system,java", "--json"], {
        env,
        timeoutMs: 120_000,
      });
      assert.equal(result.code, 0, result.stdout + result.stderr);
      const outcomes = result.json().stores.map((store: { outcome: string }) => store.outcome);
      assert.ok(outcomes.every((outcome: string) => outcome === "added"), outcomes.join(" "));
      const undone = await ann.run(["uninstall", "--json"], { env, timeoutMs: 120_000 });
      assert.equal(undone.code, 0, undone.stdout + undone.stderr);
      assert.equal(
        trapped(log).filter((line) => line.startsWith("0 ")).length,
        0,
        "root ran ann's program",
      );
    } finally {
      rmSync(`/etc/sudoers.d/${ann.name}`);
    }
  });

  test("nobody else can change: a program of the user's in root's own PATH", SLOW, async () => {
    const ann = await makeAttacker();
    const log = openLog(scratchDirectory("log"));
    for (const name of ["update-ca-certificates", "getent", "git", "java", "keytool", "firefox"]) {
      trap(join(ann.bin, name), log);
    }
    for (const call of [ann.sudo, ann.root]) {
      const env = { PATH: `${ann.bin}:${PATH}` };
      await call(["setup", "a.test", "--json"], { env, timeoutMs: 120_000 });
      await call(["status"], { env });
      await call(["doctor"], { env });
      await call(["env"], { env });
      await call(["uninstall", "--purge", "--yes"], { env, timeoutMs: 120_000 });
      assert.deepEqual(trapped(log).filter((line) => line.startsWith("0 ")), []);
    }
  });

  const JAVA_COMMANDS = [["status"], ["doctor"], ["setup", "a.test"], ["env"], ["uninstall"]];
  for (const place of [".jdks/x", "jdk through JAVA_HOME"]) {
    test(`is no keytool of a user's Java (${place})`, SLOW, async () => {
      const ann = await makeAttacker();
      const log = openLog(scratchDirectory("log"));
      const home = join(ann.home, place.startsWith(".") ? place : "jdk");
      mkdirSync(join(home, "lib/security"), { recursive: true });
      trap(join(home, "bin/keytool"), log);
      trap(join(home, "bin/java"), log);
      // Of no form that is known: only a keytool could read it.
      writeFileSync(join(home, "lib/security/cacerts"), "not a key store of any kind");
      await mustRun(["chown", "-R", `${ann.uid}:${ann.gid}`, ann.home]);
      for (const call of [ann.sudo, ann.root]) {
        for (const words of JAVA_COMMANDS) {
          await call([...words, "--json"], { env: { JAVA_HOME: home }, timeoutMs: 120_000 });
        }
      }
      assert.deepEqual(trapped(log).filter((line) => line.startsWith("0 ")), []);
      const own = { HOME: "/root", JAVA_HOME: home, PATH };
      await localtls(["status", "--dir", join(scratchDirectory("state"), "s")], { env: own });
      assert.deepEqual(trapped(log).filter((line) => line.startsWith("0 ")), [], "root for itself");
    });
  }
});

describe("a link in a user's directory", () => {
  let victim: string;
  let seen: string[];
  before(() => {
    victim = join("/etc", "localtls-victim");
    mkdirSync(victim, { mode: 0o755 });
    writeFileSync(join(victim, "kept"), "as it was", { mode: 0o644 });
    seen = contents(victim);
  });
  after(() => rmSync(victim, { recursive: true }));

  const CASES: readonly (readonly [
    name: string,
    link: string,
    commands: readonly (readonly string[])[],
  ])[] = [
    ["environment/php", ".local/share/localtls/environment/php", [["env"]]],
    ["environment", ".local/share/localtls/environment", [["env"]]],
    ["the state directory's parent", ".local/share", [["setup", "a.test", "--stores", "nss"]]],
    ["anchors", ".local/share/localtls/anchors", [["setup", "a.test", "--stores", "system"]]],
    ["systemd units", ".config/systemd/user", [["renew", "--install-timer"]]],
    ["systemd", ".config/systemd", [["renew", "--install-timer"]]],
    ["fish's start files", ".config/fish/conf.d", [["env", "--install"]]],
    [".config", ".config", [["env", "--install"], ["renew", "--install-timer"]]],
    ["NSS of Chromium", ".pki/nssdb", [["setup", "a.test", "--stores", "nss"]]],
    ["NSS of Chromium, above", ".pki", [["setup", "a.test", "--stores", "nss"]]],
    ["Firefox's profiles", ".mozilla", [["setup", "a.test", "--stores", "nss"]]],
    ["the output directory", "certs", [
      ["cert", "b.test", "--out", "certs"],
      ["csr", "c.test", "--out", "certs"],
      ["ca", "export", "--out", "certs"],
      ["share", "--out", "certs/share.zip"],
    ]],
    ["a Java", ".jdks/x/lib/security", [["setup", "a.test", "--stores", "java"]]],
  ];
  for (const [name, link, commands] of CASES) {
    test(`leads root nowhere: ${name}`, SLOW, async () => {
      for (const way of ["sudo", "root"] as const) {
        const ann = await makeAttacker();
        const made = await ann.run(["cert", "own.test"]);
        assert.equal(made.code, 0, made.stderr);
        await ann.does(`rm -rf "$HOME/${link}"; mkdir -p "$HOME/${dirname(link)}"
          ln -s '${victim}' "$HOME/${link}"`);
        for (const words of commands) {
          await ann[way]([...words, "--json"], {
            env: { SHELL: "/usr/bin/fish" },
            timeoutMs: 90_000,
          });
          assert.deepEqual(contents(victim), seen, `${way} ${words.join(" ")}`);
        }
      }
    });
  }

  test("to a key store of the system's adds nobody's CA to it", SLOW, async () => {
    const ann = await makeAttacker();
    const store = "/etc/localtls-application.jks";
    writeFileSync(store, readFileSync(CACERTS));
    const kept = readFileSync(store);
    try {
      await ann.does(`mkdir -p "$HOME/.jdks/x/lib/security" "$HOME/.jdks/x/bin"
        ln -s '${store}' "$HOME/.jdks/x/lib/security/cacerts"
        ln -s /usr/bin/java "$HOME/.jdks/x/bin/java"; ln -s /usr/bin/keytool "$HOME/.jdks/x/bin/keytool"`);
      for (const call of [ann.sudo, ann.root]) {
        await call(["setup", "a.test", "--stores", "java"], { timeoutMs: 90_000 });
        assert.ok(readFileSync(store).equals(kept));
        await call(["uninstall"], { timeoutMs: 90_000 });
        assert.ok(readFileSync(store).equals(kept));
      }
    } finally {
      rmSync(store);
    }
  });

  test("to an image is not taken for one", SLOW, async () => {
    const ann = await makeAttacker();
    const image = "/var/lib/localtls-image";
    mkdirSync(join(image, "etc/ssl/certs"), { recursive: true });
    mkdirSync(join(image, "usr"), { recursive: true });
    writeFileSync(join(image, "etc/ssl/certs/ca-certificates.crt"), "");
    const kept = contents(image);
    try {
      await ann.run(["cert", "own.test"]);
      await ann.does(`ln -s '${image}' "$HOME/image"`);
      for (const call of [ann.sudo, ann.root]) {
        const result = await call(["trust", "--root", join(ann.home, "image"), "--json"]);
        assert.equal(result.code, 1, result.stdout);
        assert.equal(result.json().error.code, "FILE_UNSAFE");
        assert.deepEqual(contents(image), kept);
      }
    } finally {
      rmSync(image, { recursive: true });
    }
  });
});

describe("a directory that the user exchanges for a link meanwhile", () => {
  /** Puts a link in a directory's place and back, until it is told to stop. */
  const SWAP = `while :; do
    mv "$1" "$1.real" 2>/dev/null && ln -s "$2" "$1" && rm "$1" && mv "$1.real" "$1"
  done`;

  for (const way of ["sudo", "root"] as const) {
    test(`leads root nowhere, with the attacker running (${way})`, SLOW, async () => {
      const ann = await makeAttacker();
      const victim = "/etc/localtls-race";
      mkdirSync(victim);
      try {
        await ann.run(["cert", "own.test"]);
        const targets = ["out", ".pki/nssdb", ".local/share/localtls/environment"];
        await ann.does(targets.map((target) => `mkdir -p "$HOME/${target}"`).join("\n"));
        const attackers = targets.map((target) =>
          start([
            ...asAccount(ann.name),
            ...["/bin/sh", "-c", SWAP, "sh", join(ann.home, target), victim],
          ], { env: { HOME: ann.home, PATH } })
        );
        try {
          const end = Date.now() + 8_000;
          for (let i = 0; Date.now() < end; i++) {
            await ann[way](["cert", `n${i}.test`, "--out", "out"]);
            await ann[way](["setup", "a.test", "--stores", "nss", "--out", "out"]);
            await ann[way](["env"]);
            assert.deepEqual(readdirSync(victim), []);
          }
        } finally {
          for (const attacker of attackers) await attacker.stop();
        }
      } finally {
        rmSync(victim, { recursive: true });
      }
    });
  }
});

describe("what root takes from the user", () => {
  test("is no file of root's that a link was put in the anchor's place for", SLOW, async () => {
    const ann = await makeAttacker();
    const secret = "/etc/localtls-secret";
    writeFileSync(secret, SECRET, { mode: 0o600 });
    try {
      const anchors = join(ann.state, "anchors");
      await ann.does(`mkdir -p -m 700 '${ann.state}' '${anchors}'`);
      // Every copy is now what it was, now a link to root's file.
      const attacker = start([
        ...asAccount(ann.name),
        ...[
          "/bin/sh",
          "-c",
          `while :; do
          for f in "$1"/*.pem; do
            [ -f "$f.good" ] || cp "$f" "$f.good" 2>/dev/null || continue
            ln -sf "$2" "$f.link"; mv -f "$f.link" "$f"
            cp "$f.good" "$f.new"; mv -f "$f.new" "$f"
          done
        done`,
        ],
        ...["sh", anchors, secret],
      ], { env: { HOME: ann.home, PATH } });
      try {
        for (let i = 0; i < 8; i++) {
          const file = join(ann.home, `ca${i}.pem`);
          await ann.does(`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
            -keyout /dev/null -out '${file}' -subj /CN=ca${i} -days 30 2>/dev/null`);
          // By sudo that the program runs for a step, and in one that was started by sudo.
          const call = i % 4 === 3 ? ann.sudo : ann.run;
          await call(["trust", file, "--stores", "system", "--yes"], { timeoutMs: 90_000 });
          for (const directory of ["/usr/local/share/ca-certificates", "/etc/ssl/certs"]) {
            for (const name of readdirSync(directory)) {
              const path = join(directory, name);
              if (!existsSync(path) || !lstatSync(path).isFile()) continue;
              assert.ok(!readFileSync(path, "latin1").includes(SECRET), path);
            }
          }
        }
      } finally {
        await attacker.stop();
      }
      await ann.sudo(["uninstall", "--stores", "system"], { timeoutMs: 90_000 });
    } finally {
      rmSync(secret);
      await mustRun([
        "/bin/sh",
        "-c",
        "rm -f /usr/local/share/ca-certificates/localtls-*; update-ca-certificates",
      ]);
    }
  });

  test("a root's own file named by the administrator still works", SLOW, async () => {
    const ann = await makeAttacker();
    const directory = "/etc/localtls-own";
    mkdirSync(directory, { mode: 0o700 });
    try {
      const issued = await ann.sudo(["cert", "a.test", "--out", directory]);
      assert.equal(issued.code, 0, issued.stderr);
      const key = join(directory, "a.test-key.pem");
      // In a directory of root's, the file is root's.
      assert.deepEqual([lstatSync(key).uid, lstatSync(key).mode & 0o777], [0, 0o600]);
      const renewed = await ann.sudo(["renew", "--all", "--json"]);
      assert.equal(renewed.code, 0, renewed.stderr);
      assert.equal(renewed.json().certificates[0].cert, join(directory, "a.test.pem"));
      assert.equal(renewed.json().certificates[0].state, "renewed");
      assert.equal(lstatSync(key).uid, 0);
      const looked = await ann.sudo(["inspect", key]);
      assert.equal(looked.code, 0, looked.stderr);
      const refused = await ann.run(["inspect", key]);
      assert.notEqual(refused.code, 0);
      // What belongs to the user stays the user's.
      assert.equal(lstatSync(ann.state).uid, ann.uid);
      assert.equal(lstatSync(join(ann.state, "issuer-key.pem")).uid, ann.uid);
      const again = await ann.run(["cert", "b.test"]);
      assert.equal(again.code, 0, again.stderr);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("the runtime's own switches", () => {
  test("run nothing, write nothing, and make localtls nothing else", SLOW, async () => {
    const directory = scratchDirectory("switches");
    const script = join(directory, "preload.js");
    const mark = join(directory, "mark");
    writeFileSync(script, `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "ran");`);
    const out = join(directory, "out");
    const environments: Record<string, string>[] = [
      { BUN_OPTIONS: `--preload=${script}` },
      { BUN_OPTIONS: `--require ${script}` },
      { BUN_INSPECT_PRELOAD: script },
      { NODE_OPTIONS: `--require ${script}` },
      { BUN_BE_BUN: "1" },
      { BUN_BYTECODE_ORDER_OUT: out },
      { BUN_BYTECODE_ORDER_NAMES_OUT: out },
      { BUN_BYTECODE_DIGEST_OUT: out },
    ];
    for (const env of environments) {
      const { code, stdout } = await localtls(["version"], { env });
      const { stdout: plain } = await localtls(["version"]);
      assert.deepEqual([code, stdout], [0, plain], JSON.stringify(env));
      assert.equal(existsSync(mark), false, JSON.stringify(env));
      assert.equal(existsSync(out), false, JSON.stringify(env));
    }
    const asBun = await localtls([script], { env: { BUN_BE_BUN: "1" } });
    assert.equal(asBun.code, 2, asBun.stdout);
    assert.equal(existsSync(mark), false);
  });
});

describe("a server that root starts on a port of root's", () => {
  test("gives root's rights up once it listens, for good", SLOW, async () => {
    const ann = await makeAttacker();
    const site = join(ann.home, "site");
    await ann.does('mkdir "$HOME/site"; echo hello > "$HOME/site/page"');
    // Root could read it; the user cannot.
    writeFileSync(join(site, "roots"), "for root", { mode: 0o600 });
    const made = await ann.run(["cert", "localhost", "127.0.0.1"]);
    assert.equal(made.code, 0, made.stderr);
    const env = {
      ...{ PATH, HOME: "/root", USER: "root", SUDO_USER: ann.name },
      ...{ SUDO_UID: String(ann.uid), SUDO_GID: String(ann.gid) },
    };
    const argv = [LOCALTLS, "serve", site, "--port", "843", "--http-redirect", "880"];
    const server = start([...argv, "--host", "127.0.0.1"], { env, cwd: ann.home });
    try {
      const curl = async (path: string) =>
        (await run(["curl", "-sk", "-w", "%{http_code}", `https://localhost:843${path}`], {}))
          .stdout;
      await waitFor("the page", async () => (await curl("/page")).startsWith("hello"), 20_000);
      const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
      const ids = (name: string) =>
        new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1]?.split("\t");
      assert.deepEqual(ids("Uid"), Array(4).fill(String(ann.uid)));
      assert.deepEqual(ids("Gid"), Array(4).fill(String(ann.gid)));
      assert.equal(ids("Groups")?.join().trim(), String(ann.gid));
      assert.equal(ids("CapEff")?.join(), "0000000000000000");
      assert.doesNotMatch(await curl("/roots"), /for root/);
    } finally {
      await server.stop();
    }
  });
});
