/** Input that costs much, shows as something else, or would be another line of what is written: as the program meets it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { describe, test } from "node:test";
import { integer, nullValue, octetString, oid, sequence } from "../../src/der/encode.ts";
import { OID } from "../../src/der/oids.ts";
import { sealPfx } from "../support/craft_pfx.ts";
import { makeScratch } from "../support/scratch.ts";

/** Milliseconds: 0.03 s here, and 13 and 27 s before there was a limit that held. */
const SOON_MS = 5_000;

describe("a PKCS#12 file of a hundred octets", () => {
  for (
    const [name, hash, iterations, length] of [
      ["SHA-256", OID.sha256, 9_999_999, 32],
      ["SHA-512", OID.sha512, 999_999, 64],
    ] as const
  ) {
    test(`costs no seconds, with a MAC of ${name}`, { timeout: 60_000 }, async () => {
      const scratch = makeScratch();
      const digest = sequence(
        sequence(oid(hash), nullValue()),
        octetString(new Uint8Array(length)),
      );
      const mac = sequence(digest, octetString(new Uint8Array(64)), integer(iterations));
      const pfx = await sealPfx(sequence(), { mac });
      assert.ok(pfx.length < 200);
      writeFileSync(join(scratch.work, "a.p12"), pfx);
      writeFileSync(join(scratch.work, "password"), "secret\n");
      for (
        const [argv, message] of [
          [["inspect", "a.p12"], /it needs a password/],
          [["inspect", "a.p12", "--password-file", "password"], /would take too long/],
          [["ca", "import", "a.p12", "--password-file", "password"], /would take too long/],
        ] as const
      ) {
        const started = performance.now();
        const result = await scratch.run([...argv]);
        assert.equal(result.code, 1, result.stderr);
        assert.match(result.stderr, message);
        assert.ok(performance.now() - started < SOON_MS, argv.join(" "));
      }
      const refused = await scratch.run(["inspect", "a.p12", "--password-file", "password"]);
      assert.match(refused.stderr, /hint: Convert it: openssl pkcs12 -legacy -in .*a\.p12/);
    });
  }

  // The accept twin.
  test("is read with the most iterations that real tools write", { timeout: 60_000 }, async () => {
    const scratch = makeScratch();
    const openssl = (...words: string[]) =>
      execFileSync("openssl", words, { cwd: scratch.work, stdio: "pipe" });
    openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-subj", "/CN=x.test", "-keyout", "key.pem", "-out", "cert.pem"],
    );
    openssl(
      ...["pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-iter", "2000000"],
      ...["-passout", "pass:secret", "-out", "a.p12"],
    );
    openssl(
      ...["pkcs8", "-topk8", "-in", "key.pem", "-iter", "2000000"],
      ...["-passout", "pass:secret", "-out", "encrypted.pem"],
    );
    writeFileSync(join(scratch.work, "password"), "secret\n");
    for (const file of ["a.p12", "encrypted.pem"]) {
      const read = await scratch.run(["inspect", file, "--password-file", "password", "--json"]);
      assert.equal(read.json().keys[0].keyType, "P-256", read.stdout);
    }
  });
});

/** Marks that turn text around, and others that do not show. */
const INVISIBLE = [
  ...["\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e"],
  ...["\u2066", "\u2067", "\u2068", "\u2069", "\u200b", "\u2060", "\ufeff", "\u00ad", "\u2028"],
  ...["\u0085", "\u009b", "\u{e0041}", "\u180e", "\u3164"],
];

describe("characters that do not show", () => {
  test("are escaped in JSON, and in what people see", { timeout: 60_000 }, async () => {
    const scratch = makeScratch();
    for (const character of INVISIBLE) {
      const name = `a${character}b.pem`;
      for (const argv of [["inspect", name], ["trust", name, "--yes"], ["ca", "import", name]]) {
        for (const form of [[], ["--json"]]) {
          const { stdout, stderr } = await scratch.run([...argv, ...form]);
          assert.ok(
            !`${stdout}${stderr}`.includes(character),
            JSON.stringify([argv, stdout, stderr]),
          );
          const code = character.charCodeAt(0).toString(16).padStart(4, "0");
          const said = form.length > 0 ? stdout : stderr;
          assert.ok(said.includes(`\\u${code}`), said);
          // As JSON it is the same value.
          if (form.length > 0) assert.ok(JSON.parse(stdout).error.message.includes(character));
        }
      }
    }
  });

  test("leave lines, tabs and words of every language alone", async () => {
    const scratch = makeScratch();
    const { stderr } = await scratch.run(["inspect", "Grüße 日本 שלום.pem"]);
    assert.match(stderr, /Grüße 日本 שלום\.pem/);
  });
});

/** What is a line end, or the like, to systemd, a shell, a YAML reader or a person. */
const CONTROLS = ["\r", "\n", "\t", "\u001b", "\u0085", "\u2028", "\u202e"];

describe("a control character in a path", () => {
  for (const control of CONTROLS) {
    const shown = JSON.stringify(control);
    test(
      `is written into no unit, start file or configuration: ${shown}`,
      { timeout: 60_000 },
      async () => {
        const scratch = makeScratch();
        const evil = `x${control}ExecStartPre=`;
        const state = join(scratch.home, evil);
        mkdirSync(state, { mode: 0o700 });
        mkdirSync(join(scratch.work, evil));
        writeFileSync(join(scratch.home, ".profile"), "# mine\n");
        const at = ["--dir", state];
        const made = await scratch.run(["cert", "a.test", "--out", evil, ...at]);
        assert.equal(made.code, 0, made.stderr);
        const bin = join(scratch.home, "bin");
        mkdirSync(bin);
        symlinkSync("/bin/true", join(bin, "systemctl"));
        const env = { PATH: `${bin}:${process.env["PATH"]}` };
        for (
          const argv of [
            ["renew", "--install-timer", ...at],
            ["renew", "--install-timer", "--password-file", evil],
            ["renew", "--install-timer", "--exec", `echo '${evil}'`],
            ["env", "--install", ...at],
            // A line end between quotes is one of the value there: env_test.ts reads it back.
            ...control === "\n"
              ? []
              : [["env", "--shell", "sh", ...at], ["env", "--shell", "systemd", ...at]],
            ...["nginx", "apache", "caddy", "haproxy", "traefik", "node", "python", "postgresql"]
              .map((
                server,
              ) => ["config", server, "a.test", ...at]),
            ...["docker", "compose", "devcontainer"].map((kind) => ["config", kind, ...at]),
          ]
        ) {
          const result = await scratch.run(argv, { env });
          const isProfile = argv[1] === "--install";
          assert.equal(result.code, isProfile ? result.code : 2, `${argv}: ${result.stderr}`);
          assert.notEqual(result.code, 0, `${argv}`);
          assert.match(result.stdout + result.stderr, /control character/, `${argv}`);
        }
        assert.equal(readFileSync(join(scratch.home, ".profile"), "utf8"), "# mine\n");
        assert.throws(() =>
          readFileSync(join(scratch.home, ".config/systemd/user/localtls-renew.service"))
        );
      },
    );
  }
});

describe("an nginx configuration that includes everything", () => {
  const trust = async (text: string, files: readonly string[] = []) => {
    const scratch = makeScratch();
    for (const file of files) writeFileSync(join(scratch.work, file), "");
    writeFileSync(join(scratch.work, "nginx.conf"), text);
    const started = performance.now();
    const result = await scratch.run(["trust", "--nginx", "nginx.conf", "--yes"]);
    assert.equal(result.code, 1, result.stderr);
    assert.ok(performance.now() - started < 20_000);
    return result.stderr;
  };

  for (const pattern of ["/*/*/*/*/*", "/*/*/*/*", "/usr/*/*/*/*", "*/*/*/*/*"]) {
    test(`${pattern} is not followed`, { timeout: 60_000 }, async () => {
      const said = await trust(`include ${pattern};\n`);
      assert.match(said, /nginx\.conf:1: the include .* is not followed: it stands for too many/);
    });
  }

  test("a pattern that a matcher could spend hours on", { timeout: 60_000 }, async () => {
    await trust(`include ${"*a".repeat(40)}*b;\n`, ["a".repeat(250)]);
  });

  test("a certificate that is named by 100,000 lines", { timeout: 60_000 }, async () => {
    await trust("ssl_certificate a;\n".repeat(100_000));
  });
});

/** What a URL has in front of its "@" is a secret, and a log is no place for it. */
test("a password in a URL is not repeated", { timeout: 60_000 }, async () => {
  const scratch = makeScratch();
  const url = "http://ann:hunter2secret@127.0.0.1:1/";
  for (
    const argv of [
      ["proxy", url],
      ["proxy", "--route", `/=${url}?x`],
      ["trust", url, "--yes"],
      ["trust", url.replace("http", "https"), "--yes"],
      ["inspect", url.replace("http", "https")],
      ["doctor", url.replace("http", "ftp")],
      ["doctor", url],
      ["cert", url],
      ["config", "nginx", "a.test", "--upstream", url],
      ["config", "nginx", "a.test", "--cors", url],
    ]
  ) {
    for (const form of [[], ["--json"]]) {
      const { code, stdout, stderr } = await scratch.run([...argv, ...form]);
      assert.notEqual(code, 0, `${argv}`);
      assert.ok(!`${stdout}${stderr}`.includes("hunter2"), `${argv}: ${stdout}${stderr}`);
    }
  }
});
