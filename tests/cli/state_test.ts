/** The state directory, attacked and damaged (facts/abuse-cases.md). */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodePem } from "../../src/der/pem.ts";
import { createHierarchy } from "../../src/pki/hierarchy.ts";
import { makeScratch, modeOf, type Scratch, snapshot } from "../support/scratch.ts";

const SLOW = { timeout: 60_000 };

async function withAuthority(): Promise<Scratch> {
  const scratch = makeScratch();
  const { code, stderr } = await scratch.run(["cert", "a.test"]);
  assert.equal(code, 0, stderr);
  return scratch;
}

async function refuses(scratch: Scratch, code: string, hint?: RegExp): Promise<void> {
  const before = snapshot(scratch.home);
  for (const command of ["cert", "setup"]) {
    const args = command === "setup" ? ["--stores", "java"] : [];
    const result = await scratch.run([command, "b.test", ...args, "--json"]);
    assert.equal(result.code, 1, result.stdout + result.stderr);
    const { error } = result.json();
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^Cannot /);
    if (hint !== undefined) assert.match(error.hints.join("\n"), hint);
  }
  assert.deepEqual(
    withoutLock(snapshot(scratch.home)),
    withoutLock(before),
    "something was changed",
  );
}

/** The lock is no state: an empty database that is made on the way to every refusal. */
function withoutLock(files: Map<string, string>): Map<string, string> {
  return new Map([...files].filter(([path]) => !path.endsWith("/lock")));
}

describe("a CA that is not whole is refused and left as it is", () => {
  for (const name of ["root.pem", "issuer.pem", "issuer-key.pem"]) {
    test(`${name} missing`, SLOW, async () => {
      const scratch = await withAuthority();
      rmSync(join(scratch.state, name));
      await refuses(scratch, "CA_INCOMPLETE", /uninstall --purge/);
    });

    test(`${name} empty`, SLOW, async () => {
      const scratch = await withAuthority();
      truncateSync(join(scratch.state, name), 0);
      const result = await scratch.run(["cert", "b.test", "--json"]);
      assert.equal(result.code, 1);
      assert.match(result.json().error.message, new RegExp(name.replace(".", "\\.")));
    });

    test(`${name} cut in the middle`, SLOW, async () => {
      const scratch = await withAuthority();
      truncateSync(join(scratch.state, name), 120);
      const result = await scratch.run(["cert", "b.test", "--json"]);
      assert.equal(result.code, 1);
      assert.notEqual(result.json().error.code, "INTERNAL");
    });

    test(`${name} of another CA`, SLOW, async () => {
      const scratch = await withAuthority();
      const other = await withAuthority();
      renameSync(join(other.state, name), join(scratch.state, name));
      await refuses(scratch, "CA_MISMATCH");
    });
  }

  test("a root that is no CA", SLOW, async () => {
    const scratch = await withAuthority();
    const leaf = readFileSync(join(scratch.work, "a.test.pem"), "utf8").split("-----END")[0];
    writeFileSync(join(scratch.state, "root.pem"), `${leaf}-----END CERTIFICATE-----\n`);
    await refuses(scratch, "CA_MISMATCH");
  });

  test("an expired CA", SLOW, async () => {
    const scratch = makeScratch();
    const made = await createHierarchy({
      description: "test",
      permitted: { any: false, domains: ["test"] },
      now: new Date("2014-01-01T00:00:00Z"),
    });
    mkdirSync(scratch.state, { recursive: true, mode: 0o700 });
    writeFileSync(join(scratch.state, "root.pem"), encodePem("CERTIFICATE", made.root));
    writeFileSync(join(scratch.state, "issuer.pem"), encodePem("CERTIFICATE", made.issuer));
    const key = encodePem("PRIVATE KEY", made.issuerKey);
    writeFileSync(join(scratch.state, "issuer-key.pem"), key, { mode: 0o600 });
    const result = await scratch.run(["cert", "b.test", "--json"]);
    assert.equal(result.code, 1);
    assert.equal(result.json().error.code, "CA_EXPIRED");
  });

  test("CRLF and a byte order mark are fine", SLOW, async () => {
    const scratch = await withAuthority();
    for (const name of ["root.pem", "issuer.pem", "issuer-key.pem"]) {
      const path = join(scratch.state, name);
      writeFileSync(path, `\ufeff${readFileSync(path, "utf8").replaceAll("\n", "\r\n")}`);
    }
    assert.equal((await scratch.run(["cert", "b.test"])).code, 0);
  });
});

describe("a state directory that others can read or replace is refused", () => {
  test("a key with mode 0644", SLOW, async () => {
    const scratch = await withAuthority();
    chmodSync(join(scratch.state, "issuer-key.pem"), 0o644);
    await refuses(scratch, "STATE_UNSAFE", /^chmod 600 /m);
  });

  test("a directory with mode 0777", SLOW, async () => {
    const scratch = await withAuthority();
    chmodSync(scratch.state, 0o777);
    await refuses(scratch, "STATE_UNSAFE", /^chmod 700 /m);
  });

  test("a key that is a symlink: the victim is not touched", SLOW, async () => {
    const scratch = makeScratch();
    const victim = join(scratch.home, "victim");
    writeFileSync(victim, "precious");
    mkdirSync(scratch.state, { recursive: true, mode: 0o700 });
    symlinkSync(victim, join(scratch.state, "issuer-key.pem"));
    const result = await scratch.run(["cert", "b.test", "--json"]);
    assert.equal(result.code, 1);
    assert.equal(readFileSync(victim, "utf8"), "precious");
  });

  test("everything that is written there is for its owner alone", SLOW, async () => {
    const scratch = await withAuthority();
    assert.equal(modeOf(scratch.state), 0o700);
    assert.equal(modeOf(join(scratch.state, "issuer-key.pem")), 0o600);
    assert.equal(modeOf(join(scratch.state, "issued.jsonl")), 0o600);
  });

  test("the root's key is nowhere", SLOW, async () => {
    const scratch = await withAuthority();
    const keys = [...snapshot(scratch.state)].filter(([, value]) =>
      Buffer.from(value.split(" ")[1] ?? "", "base64").includes("PRIVATE KEY")
    );
    assert.deepEqual(keys.map(([path]) => path), [join(scratch.state, "issuer-key.pem")]);
  });
});

describe("a home that is not there or not ours", () => {
  test(
    "HOME unset: the password database says where home is, or a sentence says what to do",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const result = await scratch.run(["cert", "b.test", "--json", "--dry-run"], {
        env: { HOME: "" },
      });
      if (result.code === 0) assert.match(result.stdout, /\/root\/\.local\/share\/localtls/);
      else assert.equal(result.json().error.code, "HOME_MISSING");
    },
  );

  test("HOME unset and no entry for the user", SLOW, async () => {
    const scratch = makeScratch();
    const result = await scratch.run(["cert", "b.test", "--json"], {
      env: { HOME: "" },
      prefix: ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"],
    });
    assert.equal(result.code, 1, result.stdout + result.stderr);
    assert.equal(result.json().error.code, "HOME_MISSING");
  });

  test("sudo with another HOME: the state is the invoker's, and theirs to own", SLOW, async () => {
    const scratch = makeScratch();
    const ann = join(scratch.home, "ann");
    mkdirSync(ann);
    chownSync(ann, 4711, 4712);
    // Other tests may have worked for root; this one must not.
    const roots = () => existsSync("/root/.local") ? snapshot("/root/.local") : undefined;
    const before = roots();
    const passwd = readFileSync("/etc/passwd", "utf8");
    writeFileSync("/etc/passwd", `${passwd}ann:x:4711:4712::${ann}:/bin/sh\n`);
    try {
      const sudo = { SUDO_UID: "4711", SUDO_GID: "4712", SUDO_USER: "ann", HOME: "/root" };
      const result = await scratch.run(["cert", "b.test"], { env: sudo });
      assert.equal(result.code, 0, result.stderr);
      const { lstatSync } = await import("node:fs");
      const paths = [".local", ".local/share/localtls", ".local/share/localtls/issuer-key.pem"];
      for (
        const path of paths.map((path) => join(ann, path))
      ) {
        assert.deepEqual([lstatSync(path).uid, lstatSync(path).gid], [4711, 4712], path);
      }
      // In a directory that only root controls, and has asked for, the file is root's.
      const own = lstatSync(join(scratch.work, "b.test.pem"));
      assert.deepEqual([own.uid, own.gid], [0, 0]);
      assert.deepEqual(roots(), before);
    } finally {
      writeFileSync("/etc/passwd", passwd);
    }
  });
});
