/**
 * Files with secrets in them, given to every command that reads one: no 16 characters in a row of a secret come out,
 * on stdout or stderr, for people or as JSON, in what a server logs.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { findLeaks, makeSecret, type Secret, shapesOf } from "../support/fuzz/secret_shapes.ts";
import { inParallel } from "../support/in_parallel.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { run } from "../support/processes.ts";
import { makeScratch, type Scratch } from "../support/scratch.ts";

/** Runs at the same time: a run takes a tenth of a second, most of it to start. */
const AT_ONCE = 4;

/** Milliseconds for a run: one that reads a wrong file ends at once, and a server that does not is stopped. */
const RUN_MS = 8_000;

/** A command line, with FILE for the file of a shape. */
interface Reader {
  readonly argv: readonly string[];
  /** Given on stdin. */
  readonly stdin?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Where the file has to be, in the home of the run; FILE is that. */
  readonly at?: string;
  /** Every so manieth shape: the command works for a second whatever it reads. */
  readonly every?: number;
}

const STORES = ["--stores", "none", "--yes"];

const READERS: readonly Reader[] = [
  { argv: ["inspect", "FILE"] },
  { argv: ["inspect", "FILE", "--password-file", "FILE"] },
  { argv: ["inspect", "CERT", "--password-file", "FILE"] },
  { argv: ["inspect", "PFX", "--password-file", "FILE"] },
  { argv: ["inspect", "-"], stdin: true },
  { argv: ["serve", ".", "--port", "0", "--cert-file", "CERT", "--key-file", "FILE"] },
  { argv: ["serve", ".", "--port", "0", "--cert-file", "FILE", "--key-file", "KEY"] },
  { argv: ["serve", ".", "--port", "0", "--cert-file", "FILE", "--key-file", "FILE"] },
  { argv: ["serve", ".", "--port", "0", "--require-client-cert", "FILE"] },
  { argv: ["proxy", "3000", "--port", "0", "--cert-file", "FILE", "--key-file", "FILE"] },
  {
    argv: [
      ...["proxy", "https://127.0.0.1:1", "--port", "0"],
      ...["--client-cert", "CERT", "--client-key", "FILE"],
    ],
  },
  { argv: ["ca", "import", "FILE"] },
  { argv: ["ca", "import", "CERT", "--key", "FILE"] },
  { argv: ["ca", "import", "FILE", "--key", "FILE", "--password-file", "FILE"] },
  { argv: ["ca", "import", "PFX", "--password-file", "FILE"] },
  { argv: ["ca", "import"], env: { CAROOT: "DIR" }, at: "rootCA-key.pem" },
  { argv: ["trust", "FILE", ...STORES] },
  { argv: ["trust", "-", ...STORES], stdin: true },
  { argv: ["trust", "--nginx", "FILE", ...STORES] },
  { argv: ["untrust", "FILE", ...STORES] },
  { argv: ["cert", "--csr", "FILE"] },
  { argv: ["cert", "--csr", "-"], stdin: true },
  { argv: ["cert", "--from", "FILE"] },
  { argv: ["cert", "--from", "-"], stdin: true },
  { argv: ["cert", "--client", "--from", "FILE"] },
  { argv: ["cert", "--from", "FILE", "--dry-run"] },
  { argv: ["cert", "a.test", "--pkcs12", "--password-file", "FILE"] },
  { argv: ["cert", "a.test", "--pkcs12", "--password-file", "FILE", "--dry-run"] },
  { argv: ["cert", "a.test"], env: { LOCALTLS_PASSWORD_FILE: "FILE" } },
  { argv: ["csr", "a.test", "--reuse-key", "--key-file", "FILE"] },
  { argv: ["accept", "FILE"] },
  { argv: ["accept", "CERT", "--csr", "FILE"] },
  { argv: ["accept", "CERT", "--csr", "REQUEST", "--key-file", "FILE"] },
  { argv: ["accept", "CERT", "--csr", "REQUEST", "--chain", "FILE"] },
  { argv: ["ca", "encrypt", "--password-file", "FILE", "--dry-run"] },
  { argv: ["ca", "export", "--password-file", "FILE", "--out", "OUT"] },
  { argv: ["list"], at: ".local/share/localtls/issued.jsonl" },
  { argv: ["status", "--stores", "none"], at: ".local/share/localtls/trusted.jsonl" },
  { argv: ["ca", "show"], at: ".local/share/localtls/issuer-key.pem" },
  { argv: ["ca", "show"], at: ".local/share/localtls/root.pem" },
  { argv: ["doctor"], at: ".local/share/localtls/issuer.pem" },
  { argv: ["cert", "a.test"], at: ".local/share/localtls/issuer-key.pem" },
  { argv: ["renew", "--all"], at: ".local/share/localtls/issued.jsonl" },
  { argv: ["uninstall", "--dry-run"], at: ".local/share/localtls/trusted.jsonl" },
  { argv: ["mkcert", "a.test"], env: { CAROOT: "DIR" }, at: "rootCA-key.pem" },
  { argv: ["mkcert", "-csr", "FILE"] },
  {
    argv: ["env", "--shell", "sh"],
    env: { SSL_CERT_FILE: "FILE", NODE_EXTRA_CA_CERTS: "FILE" },
    every: 6,
  },
  { argv: ["env", "--install"], at: ".profile", every: 6 },
  { argv: ["doctor"], env: { SSL_CERT_FILE: "FILE", NODE_EXTRA_CA_CERTS: "FILE" } },
  { argv: ["doctor"], at: ".mozilla/firefox/profiles.ini" },
  { argv: ["config", "nginx"], at: ".local/share/localtls/issued.jsonl" },
  { argv: ["share"], at: ".local/share/localtls/root.pem" },
  { argv: ["renew", "--all", "--exec", "cat FILE"] },
  { argv: ["renew", "--all", "--exec", "sh -c 'cat FILE >&2; exit 3'"] },
  { argv: ["cert", "a.test"], env: { LOCALTLS_PASSWORD_COMMAND: "sh -c 'cat FILE >&2; exit 3'" } },
  { argv: ["setup", "a.test", "--dry-run", "--nss-password-file", "FILE"] },
];

/** mkcert's own command line has no --json. */
const FORMS: readonly (readonly string[])[] = [[], ["--json"]];

let secret: Secret;
let template: Scratch;
let shapes: ReturnType<typeof shapesOf>;

/** A home with a CA, a certificate and a request, which every run gets a copy of. */
before(async () => {
  secret = await makeSecret();
  template = makeScratch();
  const { home, work } = template;
  writeFileSync(join(home, "password"), `${secret.password}\n`);
  for (
    const argv of [
      ["cert", "known.test", "--pkcs12", "--p12-file", "known.p12"],
      ["csr", "asked.test"],
    ]
  ) {
    const made = await template.run([...argv, "--yes"]);
    assert.equal(made.code, 0, made.stderr);
  }
  const der = join(home, "key.der");
  writeFileSync(der, secret.pkcs8);
  const openssl = (...words: string[]) => execFileSync("openssl", words, { cwd: home });
  openssl("pkey", "-inform", "DER", "-in", der, "-out", "key.pem");
  openssl("req", "-x509", "-key", "key.pem", "-subj", "/CN=own.test", "-out", "own.pem");
  openssl(
    ...["pkcs12", "-export", "-inkey", "key.pem", "-in", "own.pem"],
    ...["-passout", "file:password", "-out", "own.p12"],
  );
  openssl(
    ...["pkcs8", "-topk8", "-in", "key.pem", "-outform", "DER"],
    ...["-passout", "file:password", "-out", "encrypted.der"],
  );
  const bytes = (path: string) => new Uint8Array(readFileSync(path));
  shapes = shapesOf(secret, {
    pfx: bytes(join(home, "own.p12")),
    encrypted: bytes(join(home, "encrypted.der")),
    certificate: readFileSync(join(home, "own.pem"), "utf8"),
  });
  assert.ok(work.length > 0);
});

/** All that one run says. */
async function say(reader: Reader, form: readonly string[], content: Uint8Array): Promise<string> {
  const root = mkdtempSync(join(template.home, "../run-"));
  execFileSync("cp", ["-a", `${template.home}/.`, root]);
  const file = reader.at === undefined ? join(root, "given") : join(root, reader.at);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, content, { mode: 0o600 });
  const work = join(root, "work");
  if (reader.at === "rootCA-key.pem") {
    execFileSync("cp", [join(root, "own.pem"), join(root, "rootCA.pem")]);
  }
  const places: Record<string, string> = {
    FILE: file,
    DIR: root,
    CERT: join(work, "known.test.pem"),
    KEY: join(work, "known.test-key.pem"),
    PFX: join(root, "own.p12"),
    REQUEST: join(work, "asked.test.csr"),
    OUT: join(work, "out.p12"),
  };
  const fill = (text: string) =>
    text.replaceAll(/\b(?:FILE|DIR|CERT|KEY|PFX|REQUEST|OUT)\b/g, (word) => places[word]!);
  const env: Record<string, string> = { HOME: root };
  for (const [name, value] of Object.entries(reader.env ?? {})) env[name] = fill(value);
  const argv = [LOCALTLS, ...reader.argv.map(fill), ...reader.argv[0] === "mkcert" ? [] : form];
  const { stdout, stderr } = await run(argv, {
    cwd: work,
    env,
    timeoutMs: RUN_MS,
    ...(reader.stdin ? { input: content } : {}),
  });
  execFileSync("rm", ["-rf", root]);
  return `${stdout}\n${stderr}`;
}

describe("a secret in a file", () => {
  for (const reader of READERS) {
    const words = [...Object.keys(reader.env ?? {}), "localtls", ...reader.argv].join(" ");
    const place = reader.at === undefined ? "" : ` (${reader.at})`;
    test(`is not repeated by ${words}${place}`, { timeout: 180_000 }, async () => {
      const found: string[] = [];
      const chosen = shapes.filter((_, i) => i % (reader.every ?? 1) === 0);
      await inParallel(
        AT_ONCE,
        chosen.flatMap((shape) => FORMS.map((form) => ({ shape, form }))),
        async ({ shape, form }) => {
          const said = await say(reader, form, shape.content);
          const [leak] = findLeaks(said, secret);
          if (leak !== undefined) found.push(`${form.join("")} ${shape.name}: ${leak}: ${said}`);
        },
      );
      assert.deepEqual(found, []);
    });
  }

  // The program is run, and says something; a search that finds nothing has to show that it could.
  test("would be found", async () => {
    const shape = shapes.find(({ name }) => name === "one line")!;
    const said = await say({ argv: ["inspect", "FILE"] }, [], shape.content);
    assert.match(said, /Cannot inspect ".*given": block \(\d+ characters\) of line 1 has no end/);
    assert.notDeepEqual(findLeaks(said + new TextDecoder().decode(shape.content), secret), []);
  });
});
