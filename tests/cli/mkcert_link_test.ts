/**
 * A link called mkcert, found through PATH by scripts that know nothing of localtls.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { LOCALTLS } from "../support/localtls.ts";
import { findProgram, run } from "../support/processes.ts";
import { requireSandbox } from "../support/sandbox.ts";
import { makeScratch, modeOf, type Scratch } from "../support/scratch.ts";

const isMissing = ["curl", "openssl", "bash"].filter((name) => findProgram(name) === undefined)
  .map((name) => `no ${name}`).join(", ") || false;

/** What people have in their repositories: a certificate, a server, and a client that is shown the root. */
const SCRIPT = `
set -eu
mkcert -cert-file cert.pem -key-file key.pem app.test localhost 127.0.0.1
openssl s_server -quiet -www -accept 127.0.0.1:"$1" -cert cert.pem -cert_chain cert.pem -key key.pem &
server=$!
trap 'kill $server' EXIT
for _ in $(seq 100); do
  curl -sko /dev/null "https://127.0.0.1:$1/" && break
  sleep 0.05
done
port=$1
refused=0
curl -sS -o /dev/null --resolve "app.test:$port:127.0.0.1" "https://app.test:$port/" || refused=$?
echo "without the root: $refused"
for url in "https://app.test:$port/" "https://127.0.0.1:$port/"; do
  code=$(curl -sS -o /dev/null -w '%{http_code}' --resolve "app.test:$port:127.0.0.1" \\
    --cacert "$(mkcert -CAROOT)/rootCA.pem" "$url")
  echo "with the root: $code"
done
`;

/** A home whose PATH begins with a directory with a program called mkcert. */
function withLink(make: (target: string, path: string) => void): Scratch & { readonly env: Env } {
  requireSandbox();
  const scratch = makeScratch();
  const bin = join(scratch.home, "bin");
  mkdirSync(bin);
  make(LOCALTLS, join(bin, "mkcert"));
  const env = { HOME: scratch.home, PATH: `${bin}:${process.env["PATH"]}`, TRUST_STORES: "none" };
  return { ...scratch, env };
}

type Env = Readonly<Record<string, string>>;

/** curl's exit code for a certificate that no trusted CA issued. */
const CURL_UNTRUSTED = 60;

describe("a program called mkcert", { skip: isMissing }, () => {
  test("serves a script that reads $(mkcert -CAROOT)/rootCA.pem", async () => {
    const { env, work } = withLink(symlinkSync);
    const port = String(20_000 + Math.floor(Math.random() * 10_000));
    const { code, stdout, stderr } = await run(["bash", "-c", SCRIPT, "script", port], {
      cwd: work,
      env,
      timeoutMs: 60_000,
    });
    assert.equal(code, 0, stderr);
    const lines = stdout.split("\n").filter((line) => line.includes("the root"));
    assert.deepEqual(lines, [
      `without the root: ${CURL_UNTRUSTED}`,
      "with the root: 200",
      "with the root: 200",
    ]);
  });

  test("is trusted by curl after -install, and no more after -uninstall", async () => {
    const { env: base, work } = withLink(symlinkSync);
    const env = { ...base, TRUST_STORES: "system" };
    const probe = `${SCRIPT.split("refused=0")[0]}
      answer=0; curl -sS -o /dev/null "https://localhost:$port/" || answer=$?; echo "answer: $answer"`;
    const answer = async () => {
      const port = String(20_000 + Math.floor(Math.random() * 10_000));
      const { stdout } = await run(["bash", "-c", probe, "probe", port], { cwd: work, env });
      return Number(/answer: (\d+)/.exec(stdout)?.[1]);
    };
    assert.equal(await answer(), CURL_UNTRUSTED);
    for (const [flag, expected] of [["-install", 0], ["-uninstall", CURL_UNTRUSTED]] as const) {
      const { code, stderr } = await run(["mkcert", flag], { cwd: work, env });
      assert.equal(code, 0, stderr);
      assert.equal(await answer(), expected, flag);
    }
  });

  const kinds: readonly [string, (target: string, path: string) => void][] = [
    ["a symbolic link", symlinkSync],
    ["a symbolic link to a symbolic link", (target, path) => {
      symlinkSync(target, `${path}-1.4.4`);
      symlinkSync(`${path}-1.4.4`, path);
    }],
    ["a copy", (target, path) => {
      copyFileSync(target, path);
      chmodSync(path, 0o755);
    }],
    ["a hard link", (target, path) => {
      copyFileSync(target, `${path}-file`);
      chmodSync(`${path}-file`, 0o755);
      linkSync(`${path}-file`, path);
    }],
  ];
  for (const [kind, make] of kinds) {
    test(`speaks mkcert's language as ${kind}, by PATH and by its path`, async () => {
      const { env, home, work } = withLink(make);
      for (const program of ["mkcert", join(home, "bin/mkcert"), "../bin/mkcert"]) {
        const { code, stdout } = await run([program, "--version"], { cwd: work, env });
        assert.equal(code, 0);
        assert.match(stdout, /^1\.4\.4\+localtls\./);
        assert.equal((await run([program, "-nope"], { cwd: work, env })).code, 2);
      }
    });
  }

  test("keeps rootCA.pem with the CA, for everybody to read, and no rootCA-key.pem", async () => {
    const { env, state, work } = withLink(symlinkSync);
    assert.equal((await run(["mkcert", "a.test"], { cwd: work, env })).code, 0);
    assert.equal((await run(["mkcert", "-CAROOT"], { cwd: work, env })).stdout, `${state}\n`);
    assert.deepEqual(
      readFileSync(join(state, "rootCA.pem")),
      readFileSync(join(state, "root.pem")),
    );
    assert.equal(modeOf(join(state, "rootCA.pem")), 0o644);
    assert.ok(!existsSync(join(state, "rootCA-key.pem")));
  });

  test("brings rootCA.pem up to date after the CA was replaced", async () => {
    const { env, state, work } = withLink(symlinkSync);
    assert.equal((await run(["mkcert", "a.test"], { cwd: work, env })).code, 0);
    const old = readFileSync(join(state, "rootCA.pem"), "utf8");
    const rotated = await run([LOCALTLS, "ca", "rotate", "--stores", "nss"], { cwd: work, env });
    assert.equal(rotated.code, 0, rotated.stderr);
    const { code, stdout } = await run(["mkcert", "-CAROOT"], { cwd: work, env });
    assert.equal(code, 0);
    const copy = readFileSync(join(stdout.trim(), "rootCA.pem"), "utf8");
    assert.notEqual(copy, old);
    assert.equal(copy, readFileSync(join(state, "root.pem"), "utf8"));
  });

  test("goes away with the CA: --purge leaves nothing", async () => {
    const { env, state, work } = withLink(symlinkSync);
    assert.equal((await run(["mkcert", "a.test"], { cwd: work, env })).code, 0);
    const options = { cwd: work, env };
    const purged = await run(
      [LOCALTLS, "uninstall", "--purge", "--yes", "--stores", "nss"],
      options,
    );
    assert.equal(purged.code, 0, purged.stderr);
    assert.ok(!existsSync(state));
  });

  test("a CA of mkcert in $CAROOT is left as it is, and can be adopted as the hint says", {
    skip: findProgram("mkcert") === undefined ? "no mkcert" : false,
  }, async () => {
    const { env: base, work } = withLink(symlinkSync);
    const directory = join(work, "ca");
    const env = { ...base, CAROOT: directory };
    const mkcert = await run([findProgram("mkcert")!, "old.test"], { cwd: work, env });
    assert.equal(mkcert.code, 0, mkcert.stderr);
    const held = readdirSync(directory).map((name) => readFileSync(join(directory, name), "utf8"));
    const refused = await run(["mkcert", "new.test"], { cwd: work, env });
    assert.equal(refused.code, 1);
    const hint = /hint: (localtls .* ca import --mkcert .*)/.exec(refused.stderr)?.[1];
    assert.ok(hint, refused.stderr);
    assert.deepEqual(
      readdirSync(directory).map((name) => readFileSync(join(directory, name), "utf8")),
      held,
    );
    const adopt = await run(["bash", "-c", hint.replace(/^localtls/, `"${LOCALTLS}"`)], {
      cwd: work,
      env,
    });
    assert.equal(adopt.code, 0, adopt.stderr);
    assert.match(adopt.stderr, /ca rotate/);
    assert.equal((await run(["mkcert", "new.test"], { cwd: work, env })).code, 0);
    const verify = ["openssl", "verify", "-CAfile", join(directory, "rootCA.pem"), "new.test.pem"];
    assert.equal((await run(verify, { cwd: work })).code, 0);
  });

  test("other words before mkcert are refused, and none of them is lost in silence", async () => {
    const { run: localtls, work } = makeScratch();
    const { code, stderr } = await localtls(["--dry-run", "mkcert", "a.test"]);
    assert.equal(code, 2);
    assert.match(stderr, /CAROOT=DIR localtls mkcert/);
    assert.deepEqual(readdirSync(work), []);
  });

  test("a rootCA.pem that is a link is refused, and what it leads to stays", async () => {
    const { env, state, work } = withLink(symlinkSync);
    assert.equal((await run(["mkcert", "a.test"], { cwd: work, env })).code, 0);
    writeFileSync(join(work, "victim"), "precious");
    unlinkSync(join(state, "rootCA.pem"));
    symlinkSync(join(work, "victim"), join(state, "rootCA.pem"));
    assert.equal((await run(["mkcert", "b.test"], { cwd: work, env })).code, 1);
    assert.equal(readFileSync(join(work, "victim"), "utf8"), "precious");
  });
});
