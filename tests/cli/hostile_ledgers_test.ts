/**
 * The state directory is a user's, and root reads it: what its ledgers and journals say is not believed. "ann" is that
 * user, whose ledger is written here by somebody else; root works for her as under sudo. Run by scripts/sandbox.sh.
 */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createHash, X509Certificate } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import * as tls from "node:tls";
import { mustRun } from "../support/processes.ts";
import { requireSandbox } from "../support/sandbox.ts";
import { makeScratch, type Scratch, snapshot } from "../support/scratch.ts";

requireSandbox();
mkdirSync("/var/lib/srv", { recursive: true });

const ANN = 1500;
const BOB = 1501;
const SLOW = { timeout: 180_000 };
const TIME = "2026-11-24T12:00:00.000Z";
const ANCHORS = "/usr/local/share/ca-certificates";
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const CACERTS = "/etc/ssl/certs/java/cacerts";
const AS_ANN = ["setpriv", `--reuid=${ANN}`, `--regid=${ANN}`, "--clear-groups"];

interface Ann extends Scratch {
  asAnn(args: readonly string[]): ReturnType<Scratch["run"]>;
  /** As `sudo localtls`. */
  asRoot(args: readonly string[]): ReturnType<Scratch["run"]>;
  poison(ledger: "trusted" | "issued", ...lines: readonly object[]): void;
  plant(path: string, content: string): string;
}

/** A home with a CA, and one certificate. */
async function makeAnn(): Promise<Ann> {
  const scratch = makeScratch();
  for (const path of [scratch.home, scratch.work]) chownSync(path, ANN, ANN);
  const asAnn = (args: readonly string[]) => scratch.run(args, { prefix: AS_ANN });
  const sudo = { SUDO_UID: `${ANN}`, SUDO_GID: `${ANN}`, SUDO_USER: "ann" };
  appendFileSync("/etc/passwd", `ann${Date.now()}:x:9${ANN}:9${ANN}::/nowhere:/bin/sh\n`);
  const passwd = readFileSync("/etc/passwd", "utf8").split("\n").filter((line) =>
    !line.includes(`:x:${ANN}:`)
  );
  writeFileSync(
    "/etc/passwd",
    [`ann:x:${ANN}:${ANN}::${scratch.home}:/bin/sh`, ...passwd].join("\n"),
  );
  const plant = (path: string, content: string) => {
    writeFileSync(path, content, { mode: 0o600 });
    chownSync(path, ANN, ANN);
    return path;
  };
  const made = await asAnn(["cert", "app.test"]);
  assert.equal(made.code, 0, made.stderr);
  return {
    ...scratch,
    asAnn,
    asRoot: (args) => scratch.run(args, { env: sudo }),
    plant,
    poison(ledger, ...lines) {
      const path = join(scratch.state, `${ledger}.jsonl`);
      appendFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""), {
        mode: 0o600,
      });
      chownSync(path, ANN, ANN);
    },
  };
}

/** A CA that is not localtls's. */
async function makeCa(
  name: string,
): Promise<{ pem: string; file: string; key: string; sha256: string }> {
  const directory = mkdtempSync(join(tmpdir(), "ca-"));
  chmodSync(directory, 0o755);
  const [file, key] = [join(directory, "ca.pem"), join(directory, "ca-key.pem")];
  await mustRun([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
    ],
    ...["-days", "900", "-subj", `/CN=${name}`, "-keyout", key, "-out", file],
  ]);
  const pem = readFileSync(file, "utf8");
  return { pem, file, key, sha256: fingerprint(pem) };
}

function fingerprint(pem: string): string {
  return createHash("sha256").update(new X509Certificate(pem).raw).digest("hex");
}

function added(changes: object): object {
  return {
    ...{ event: "added", time: TIME, sha256: "0".repeat(64), kind: "system", path: ANCHORS },
    ...{ label: "Debian system store", anchorLabel: "Corp", created: [], own: true },
    ...changes,
  };
}

/** Puts a certificate where the ledger's copies are: without one nothing is taken out of a store. */
function keep(ann: Ann, pem: string): void {
  const directory = join(ann.state, "anchors");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chownSync(directory, ANN, ANN);
  ann.plant(join(directory, `${fingerprint(pem)}.pem`), pem);
}

function holds(file: string, pem: string): boolean {
  const text = readFileSync(file, "utf8").replaceAll(/\s/g, "");
  return text.includes(pem.replaceAll(/-----[^-]*-----|\s/g, ""));
}

/** Everything under it, for "nothing was changed"; the lock may be made. */
function stateOf(ann: Ann): Map<string, string> {
  const seen = snapshot(ann.state);
  for (const path of seen.keys()) if (/\/lock$/.test(path)) seen.delete(path);
  return seen;
}

describe("sudo localtls uninstall", () => {
  test(
    "leaves the administrator's CA in the system store, whatever ann's ledger says",
    SLOW,
    async () => {
      const ann = await makeAnn();
      const corp = await makeCa("Corp Root");
      copyFileSync(corp.file, join(ANCHORS, "corp.crt"));
      await mustRun(["update-ca-certificates"]);
      assert.ok(holds(BUNDLE, corp.pem));
      keep(ann, corp.pem);
      ann.poison("trusted", added({ sha256: corp.sha256 }));
      const planned = await ann.asRoot(["uninstall", "--dry-run", "--stores", "system"]);
      assert.ok(!planned.stdout.includes("corp.crt"), planned.stdout);
      const { code, stdout, stderr } = await ann.asRoot([
        "uninstall",
        "--stores",
        "system",
        "--json",
      ]);
      assert.equal(code, 0, stderr + stdout);
      assert.ok(existsSync(join(ANCHORS, "corp.crt")));
      assert.ok(holds(BUNDLE, corp.pem));
      assert.match(stdout, /localtls did not put it there/);
    },
  );

  // The accept twin.
  test("takes out what localtls trust has put there", SLOW, async () => {
    const ann = await makeAnn();
    const other = await makeCa("Other Root");
    const trusted = await ann.asRoot(["trust", other.file, "--stores", "system", "--yes"]);
    assert.equal(trusted.code, 0, trusted.stderr);
    assert.ok(holds(BUNDLE, other.pem));
    const { code, stdout } = await ann.asRoot(["uninstall", "--stores", "system", "--json"]);
    assert.equal(code, 0, stdout);
    assert.ok(!holds(BUNDLE, other.pem));
    assert.ok(!readdirSync(ANCHORS).some((name) => name.startsWith("localtls-")));
  });

  test("untrust FILE takes out what the user names, also the administrator's", SLOW, async () => {
    const ann = await makeAnn();
    const corp = await makeCa("Named Root");
    copyFileSync(corp.file, join(ANCHORS, "named.crt"));
    await mustRun(["update-ca-certificates"]);
    const { code, stderr } = await ann.asRoot(["untrust", corp.file, "--stores", "system"]);
    assert.equal(code, 0, stderr);
    assert.ok(!holds(BUNDLE, corp.pem));
  });

  const aliases = () =>
    mustRun(["keytool", "-list", "-keystore", CACERTS, "-storepass", "changeit"]);

  test(
    "leaves a public root in Java's store and in the system's bundle; so does untrust",
    SLOW,
    async () => {
      const ann = await makeAnn();
      const text = readFileSync(BUNDLE, "utf8").replaceAll("\r", "");
      const root = tls.rootCertificates.map((pem) => pem.trim() + "\n").find((pem) =>
        holds(BUNDLE, pem)
      );
      assert.ok(root !== undefined && text.length > 0);
      const before = await aliases();
      assert.match(before, /trustedCertEntry/);
      keep(ann, root);
      const sha256 = fingerprint(root);
      ann.poison(
        "trusted",
        added({ sha256, kind: "java", path: CACERTS, label: "Java" }),
        added({ sha256 }),
      );
      const removed = await ann.asRoot(["uninstall", "--stores", "java,system", "--json"]);
      assert.equal(removed.code, 0, removed.stdout);
      assert.equal(await aliases(), before);
      assert.ok(holds(BUNDLE, root));
      const named = await ann.asRoot([
        ...["untrust", join(ann.state, "anchors", `${sha256}.pem`), "--stores", "java,system"],
      ]);
      assert.equal(named.code, 0, named.stderr);
      assert.equal(await aliases(), before);
      assert.ok(holds(BUNDLE, root));
    },
  );

  test("leaves the administrator's CA in Java's store", SLOW, async () => {
    const ann = await makeAnn();
    const corp = await makeCa("Corp Java");
    const words = ["-keystore", CACERTS, "-storepass", "changeit"];
    await mustRun([
      "keytool",
      "-importcert",
      "-noprompt",
      ...words,
      "-alias",
      "corp",
      "-file",
      corp.file,
    ]);
    const before = await aliases();
    assert.match(before, /trustedCertEntry/);
    keep(ann, corp.pem);
    ann.poison(
      "trusted",
      added({ sha256: corp.sha256, kind: "java", path: CACERTS, label: "Java" }),
    );
    const { code, stdout } = await ann.asRoot(["uninstall", "--stores", "java", "--json"]);
    assert.equal(code, 0, stdout);
    assert.equal(await aliases(), before);
  });

  test("removes no directory that a line only says was made", SLOW, async () => {
    const ann = await makeAnn();
    const trusted = await ann.asRoot(["trust", "--stores", "nss"]);
    assert.equal(trusted.code, 0, trusted.stderr);
    const line = readFileSync(join(ann.state, "trusted.jsonl"), "utf8").trim().split("\n").at(-1)!;
    const entry = JSON.parse(line) as { created: string[]; path: string };
    const victims = ["/etc/somedir", "/var/lib/srv/empty", `${ann.home}/Empty`];
    for (const path of victims) mkdirSync(path, { recursive: true });
    symlinkSync("/var/lib/srv", join(ann.home, "link"));
    mkdirSync("/var/lib/srv/through");
    ann.poison("trusted", {
      ...entry,
      created: [
        ...entry.created,
        ...victims,
        `${ann.home}/link/through`,
        `${entry.path}/../../../etc/somedir`,
      ],
    });
    ann.poison("trusted", {
      ...entry,
      created: [...entry.created, ...victims, `${ann.home}/link/through`],
    });
    const { code, stdout } = await ann.asRoot(["uninstall", "--stores", "nss", "--json"]);
    assert.equal(code, 0, stdout);
    for (const path of [...victims, "/var/lib/srv/through"]) assert.ok(existsSync(path), path);
    // The accept twin: what was made goes.
    assert.ok(!existsSync(join(ann.home, ".pki")));
  });

  test("works on no NSS database outside of ann's home that her ledger names", SLOW, async () => {
    const ann = await makeAnn();
    const corp = await makeCa("Bob Root");
    const bob = mkdtempSync("/var/lib/srv/bob-");
    await mustRun(["certutil", "-N", "-d", `sql:${bob}`, "--empty-password"]);
    await mustRun([
      "certutil",
      "-A",
      "-d",
      `sql:${bob}`,
      "-n",
      "corp",
      "-t",
      "C,,",
      "-i",
      corp.file,
    ]);
    const before = snapshot(bob);
    keep(ann, corp.pem);
    ann.poison("trusted", added({ sha256: corp.sha256, kind: "nss", path: bob, label: "x" }));
    await ann.asRoot(["uninstall", "--stores", "nss", "--json"]);
    assert.deepEqual(snapshot(bob), before);
  });
});

describe("a line of trusted.jsonl that is none of ours is left out", () => {
  const bad: [string, object][] = [
    ["a label with a control character", { label: "a\u001b[31m" }],
    ["a label that turns the direction", { anchorLabel: "a\u202eb" }],
    ["a label without end", { label: "x".repeat(100_000) }],
    ["a path that leads up", { path: "/etc/../etc" }],
    ["a path with a line end", { path: "/etc/a\nb" }],
    ["an image that leads up", { root: "/var/lib/srv/..", path: "/var/lib/srv/../etc" }],
    ["a created path that leads up", { created: ["/home/ann/../../etc"] }],
  ];
  for (const [what, changes] of bad) {
    test(what, SLOW, async () => {
      const ann = await makeAnn();
      ann.poison("trusted", added(changes));
      const { stdout, stderr } = await ann.asAnn(["doctor", "--stores", "java", "--json"]);
      assert.match(stdout + stderr, /A line of the ledgers/);
      assert.doesNotMatch(stdout, /store-gone|former-root/);
    });
  }

  test("one in which a name is twice, or an object has a prototype", SLOW, async () => {
    const ann = await makeAnn();
    const path = join(ann.state, "issued.jsonl");
    const [line] = readFileSync(path, "utf8").split("\n");
    const cert = "/etc/ssl/victim.pem";
    const twice = line!.replace('"serial"', `"cert":"${cert}","serial"`);
    const proto = line!.replace('{"event"', `{"__proto__":{"cert":"${cert}"},"event"`);
    appendFileSync(path, `${twice}\n${proto}\n${"[".repeat(400_000)}\n`);
    const { stdout, code } = await ann.asAnn(["list", "--json"]);
    assert.equal(code, 0);
    const document = JSON.parse(stdout);
    assert.equal(document.certificates.length, 1);
    assert.ok(!stdout.includes(cert));
    assert.match(document.warnings[0].message, /^3 lines/);
  });
});

describe("issued.jsonl names somebody else's files", () => {
  let event: Record<string, unknown>;
  let ann: Ann;
  before(async () => {
    ann = await makeAnn();
    event = JSON.parse(readFileSync(join(ann.state, "issued.jsonl"), "utf8").split("\n")[0]!);
  });

  test(
    "a server's pair of another CA is neither renewed nor issued again, as root and as ann",
    SLOW,
    async () => {
      const corp = await makeCa("site.test");
      const [cert, key] = ["/etc/ssl/site.pem", "/etc/ssl/site-key.pem"];
      copyFileSync(corp.file, cert);
      copyFileSync(corp.key, key);
      const own = [join(ann.work, "own.pem"), join(ann.work, "own-key.pem")] as const;
      ann.plant(own[0], corp.pem);
      ann.plant(own[1], readFileSync(corp.key, "utf8"));
      for (const issuer of [event["issuer"], "1".repeat(64)]) {
        ann.poison(
          "issued",
          { ...event, cert, key, sha256: corp.sha256, issuer },
          { ...event, cert: own[0], key: own[1], sha256: corp.sha256, issuer },
        );
        const before = [cert, key, ...own].map((path) => readFileSync(path, "utf8"));
        for (const run of [ann.asRoot, ann.asAnn]) {
          const planned = await run(["renew", "--all", "--dry-run"]);
          assert.ok(
            ![cert, key, ...own].some((path) => planned.stdout.includes(`${path}\n`)),
            planned.stdout,
          );
          await run(["renew", "--all"]);
          await run(["ca", "rotate", "--stores", "java"]);
          assert.deepEqual([cert, key, ...own].map((path) => readFileSync(path, "utf8")), before);
        }
        event = JSON.parse(
          readFileSync(join(ann.state, "issued.jsonl"), "utf8").trim().split("\n")
            .filter((line) => line.includes(join(ann.work, "app.test.pem"))).at(-1)!,
        );
      }
    },
  );

  test("a key of root's under ann's own certificate for it is not replaced", SLOW, async () => {
    const key = "/etc/ssl/victim-key.pem";
    // ann's CA certifies the victim's public key: the pair fits, and the line says the truth about it.
    copyFileSync(join(ann.work, "app.test-key.pem"), key);
    chownSync(key, 0, 0);
    const before = readFileSync(key, "utf8");
    ann.poison("issued", { ...event, key });
    const { stdout } = await ann.asRoot(["renew", "--all", "--json"]);
    assert.equal(readFileSync(key, "utf8"), before);
    assert.match(stdout, /belongs to another user/);
  });

  test("a file that is no PKCS#12 file of ours is not written over", SLOW, async () => {
    const fresh = await makeAnn();
    const line = JSON.parse(
      readFileSync(join(fresh.state, "issued.jsonl"), "utf8").split("\n")[0]!,
    );
    const password = fresh.plant(join(fresh.work, "password"), "correct horse\n");
    const thesis = fresh.plant(join(fresh.work, "thesis.txt"), "ten years of work");
    fresh.poison("issued", { ...line, p12: thesis });
    const asAnn = await fresh.asAnn(["renew", "--all", "--password-file", password, "--json"]);
    assert.match(asAnn.stdout, /PKCS12_NOT_RENEWED/);
    assert.equal(readFileSync(thesis, "utf8"), "ten years of work");
    fresh.poison("issued", {
      ...JSON.parse(
        readFileSync(join(fresh.state, "issued.jsonl"), "utf8").trim().split("\n").at(-1)!,
      ),
      p12: "/etc/cron.d/new",
    });
    await fresh.asRoot(["renew", "--all", "--password-file", password]);
    assert.ok(!existsSync("/etc/cron.d/new"));
  });
});

describe("journals", () => {
  const READING: readonly (readonly string[])[] = [
    ["list"],
    ["status", "--stores", "java"],
    ["doctor", "--stores", "java"],
    ["inspect", "root.pem"],
    ["ca", "show"],
    ["env", "--print"],
    ["config", "nginx", "app.test"],
    ["cert", "b.test", "--dry-run"],
    ["renew", "--dry-run"],
    ["uninstall", "--dry-run", "--stores", "java"],
    ["uninstall", "--purge", "--dry-run", "--stores", "java"],
    ["setup", "--dry-run", "--stores", "java"],
    ["ca", "rotate", "--dry-run", "--stores", "java"],
  ];

  test(
    "a creation is finished by no command of root's that only looks, and by none with --dry-run",
    SLOW,
    async () => {
      const ann = await makeAnn();
      copyFileSync(join(ann.state, "root.pem"), join(ann.work, "root.pem"));
      const creating = join(ann.state, ".creating");
      mkdirSync(creating, { mode: 0o700 });
      chownSync(creating, ANN, ANN);
      for (const name of ["root.pem", "issuer.pem", "issuer-key.pem"]) {
        renameSync(join(ann.state, name), join(creating, name));
      }
      const before = stateOf(ann);
      for (const words of READING) {
        const { stderr } = await ann.asRoot(words);
        assert.deepEqual(stateOf(ann), before, `${words.join(" ")}: ${stderr}`);
        if (!words.includes("--dry-run")) continue;
        await ann.asAnn(words);
        assert.deepEqual(stateOf(ann), before, `${words.join(" ")}, as ann`);
      }
      // It is seen all the same.
      assert.match((await ann.asRoot(["list", "--json"])).stdout, /"state": "valid"/);
      // The accept twin: ann's own command completes it.
      assert.equal(
        (await ann.asAnn(["setup", "--stores", "java"])).stderr.includes("making the CA"),
        false,
      );
      assert.ok(!existsSync(creating) && existsSync(join(ann.state, "root.pem")));
    },
  );

  test(
    "a replacement renames nothing of others, and looking as root nothing at all",
    SLOW,
    async () => {
      const ann = await makeAnn();
      const corp = await makeCa("victim.test");
      const event = JSON.parse(
        readFileSync(join(ann.state, "issued.jsonl"), "utf8").split("\n")[0]!,
      );
      // Like /tmp: everybody may make files, and nobody replace another's; but for root.
      mkdirSync("/var/lib/srv/shared");
      chmodSync("/var/lib/srv/shared", 0o1777);
      const [cert, key] = [
        "/var/lib/srv/shared/victim.pem",
        "/var/lib/srv/shared/.localtls-new-0011223344556677",
      ];
      copyFileSync(corp.file, cert);
      chownSync(cert, BOB, BOB);
      ann.plant(key, readFileSync(join(ann.work, "app.test.pem"), "utf8"));
      const other = "/var/lib/srv/shared/notes.txt";
      writeFileSync(other, "bob's");
      const staged = join(ann.state, ".replacing");
      mkdirSync(staged, { mode: 0o700 });
      chownSync(staged, ANN, ANN);
      const swap = (place: string, n: number) => ({
        place,
        fresh: `/var/lib/srv/shared/.localtls-new-00112233445566${n}`,
        former: `/var/lib/srv/shared/.localtls-old-00112233445566${n}`,
      });
      ann.plant("/var/lib/srv/shared/.localtls-new-0011223344556678", "planted");
      const sha256 = fingerprint(readFileSync(join(ann.state, "root.pem"), "utf8"));
      ann.plant(
        join(staged, "swapping.json"),
        JSON.stringify({
          ...{ request: ["ca", "rotate"], root: sha256, formerRoot: sha256 },
          files: [swap(cert, 77), swap(other, 78)],
          issued: [{ ...event, cert }, { ...event, cert: other }],
          formerlyIssued: [{ ...event, cert, sha256: corp.sha256 }, { ...event, cert: other }],
        }),
      );
      const [before, shared] = [stateOf(ann), snapshot("/var/lib/srv/shared")];
      for (const words of READING) {
        await ann.asRoot(words);
        assert.deepEqual(stateOf(ann), before, words.join(" "));
        assert.deepEqual(snapshot("/var/lib/srv/shared"), shared, words.join(" "));
      }
      const rotated = await ann.asRoot(["ca", "rotate", "--stores", "java"]);
      assert.equal(rotated.code, 0, rotated.stderr);
      assert.equal(readFileSync(cert, "utf8"), corp.pem);
      assert.equal(readFileSync(other, "utf8"), "bob's");
      assert.ok(!existsSync(staged));
    },
  );
});
