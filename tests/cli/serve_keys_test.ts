/** `localtls serve` and `localtls proxy --route`: no private key is published, whatever its name, form or place. */

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { LOCALTLS } from "../support/localtls.ts";
import { mustRun, run, start } from "../support/processes.ts";
import { makeScratch, type Scratch } from "../support/scratch.ts";
import { type Serving, startServing } from "../support/serving.ts";

const SLOW = { timeout: 180_000 };
const LISTEN = ["--port", "0", "--host", "127.0.0.1"];

/** The status of an answer, and its body. */
async function get({ port }: Serving, path: string, ...words: string[]) {
  const argv = ["curl", "-skS", "--path-as-is", "-w", "\n%{http_code}", ...words];
  const { stdout } = await run([...argv, `https://127.0.0.1:${port}${path}`]);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
}

/** Asked for in every way that there is, none of which may say that something is there. */
async function assertWithheld(server: Serving, path: string, secret?: string) {
  const ways = [
    [],
    ["-I"],
    ["-r", "0-100"],
    ["-r", "-10"],
    ["-H", "Accept-Encoding: br, gzip"],
    ["-H", "Accept: text/html"],
    ["-H", "If-None-Match: *"],
    ["-H", "If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT"],
  ];
  for (const words of ways) {
    const answer = await get(server, path, ...words);
    assert.equal(answer.status, 404, `${path} ${words.join(" ")}: ${answer.body.slice(0, 60)}`);
    if (secret !== undefined) assert.ok(!answer.body.includes(secret), path);
  }
  const escaped = path.replaceAll(
    /[a-z.]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  assert.equal((await get(server, escaped)).status, 404, escaped);
  assert.ok([400, 404].includes((await get(server, `/./${path}`)).status));
  const cut = path.lastIndexOf("/") + 1;
  const listing = await get(server, path.slice(0, cut));
  const name = decodeURIComponent(path.slice(cut));
  assert.ok(!listing.body.includes(`./${encodeURIComponent(name)}"`), `${path} is listed`);
}

async function assertServed(server: Serving, path: string) {
  const answer = await get(server, path);
  assert.equal(answer.status, 200, path);
  const cut = path.lastIndexOf("/") + 1;
  const listing = await get(server, path.slice(0, cut));
  assert.ok(listing.body.includes(`./${path.slice(cut)}"`), `${path} is not listed`);
}

/** Private keys as other programs write them, all of mode 0600. */
async function makeKeys(directory: string): Promise<string[]> {
  const at = (name: string) => join(directory, name);
  const openssl = (...words: string[]) => mustRun(["openssl", ...words]);
  const ec = ["genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  await openssl(...ec, "-out", at("pkcs8.pem"));
  await openssl(...ec, "-outform", "DER", "-out", at("pkcs8.bin"));
  await openssl("genrsa", "-traditional", "-out", at("pkcs1.pem"), "2048");
  await openssl("rsa", "-in", at("pkcs1.pem"), "-traditional", "-outform", "DER", "-out", at("a"));
  await openssl("ec", "-in", at("pkcs8.pem"), "-out", at("sec1.pem"));
  await openssl("ec", "-in", at("pkcs8.pem"), "-outform", "DER", "-out", at("sec1.der"));
  await openssl(...ec, "-aes256", "-pass", "pass:secret", "-out", at("encrypted.pem"));
  const encrypt = ["-topk8", "-outform", "DER", "-passout", "pass:secret"];
  await openssl("pkcs8", "-in", at("pkcs8.pem"), ...encrypt, "-out", at("encrypted.dat"));
  await openssl(
    "rsa",
    "-in",
    at("pkcs1.pem"),
    "-traditional",
    "-aes128",
    "-passout",
    "pass:secret",
    "-out",
    at("old.txt"),
  );
  await openssl("genpkey", "-algorithm", "ed25519", "-out", at("ed25519.html"));
  const subject = ["-subj", "/CN=x", "-days", "2"];
  await openssl("req", "-x509", "-key", at("pkcs8.pem"), ...subject, "-out", at("x.crt"));
  const pair = ["-inkey", at("pkcs8.pem"), "-in", at("x.crt"), "-passout", "pass:secret"];
  await openssl("pkcs12", "-export", ...pair, "-out", at("photo.jpg"));
  for (const type of ["JKS", "JCEKS"]) {
    await mustRun([
      "keytool",
      "-importkeystore",
      "-srckeystore",
      at("photo.jpg"),
      "-srcstorepass",
      "secret",
      "-destkeystore",
      at(`store.${type}`),
      "-deststoretype",
      type,
      "-deststorepass",
      "secret1",
      "-noprompt",
    ]);
  }
  await mustRun(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at("id_x")]);
  const pem = readFileSync(at("pkcs8.pem"), "utf8");
  const certificate = readFileSync(at("x.crt"), "utf8");
  const wide = Buffer.from(`\ufeff${pem}`, "utf16le");
  const made: Record<string, string | Uint8Array> = {
    "one-line.pem": pem.replaceAll("\n", ""),
    "bom.pem": `\ufeff${pem}`,
    "bom.p8": Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), readFileSync(at("pkcs8.bin"))]),
    "crlf.pem": pem.replaceAll("\n", "\r\n"),
    "powershell.txt": wide,
    "led.pem": `Bag Attributes\n    friendlyName: x\n${"text ".repeat(5_000)}\n${pem}`,
    "chain.pem": certificate.repeat(30) + pem + certificate.repeat(30),
    "no-end.pem": pem.split("\n").slice(0, 3).join("\n"),
    "account.json": JSON.stringify({ type: "service_account", private_key: pem }),
    "twice.json": JSON.stringify({ inner: JSON.stringify({ private_key: pem }) }),
    "key.js": `const key = "-----BEGIN PRIVATE KEY-----\\n" +\n  "${pem.split("\n")[1]}\\n"`,
    "indented.yml": `tls:\n  key: |\n${pem.replaceAll(/^/gm, "    ")}`,
    "kube.config": `users:\n- user:\n    client-key-data: ${
      Buffer.from(readFileSync(at("sec1.pem"))).toString("base64")
    }\n`,
    "bare.b64": readFileSync(at("pkcs8.bin")).toString("base64"),
    "pair.der": Buffer.concat([
      Buffer.from(certificate.replaceAll(/-----.*-----|\n/g, ""), "base64"),
      readFileSync(at("pkcs8.bin")),
    ]),
    "putty.ppk": "PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n",
    "jwk.json": JSON.stringify({ kty: "EC", crv: "P-256", x: "x", d: "d".repeat(43) }),
    "wg0.conf": `[Interface]\nPrivateKey = ${"A".repeat(43)}=\n`,
    "packed": gzipSync(pem),
    "big.log": `${"a line of a log\n".repeat(100_000)}${pem}`,
    "huge.bin": Buffer.concat([Buffer.alloc(20_000_000, 7), Buffer.from(pem)]),
  };
  for (const [name, content] of Object.entries(made)) writeFileSync(at(name), content);
  rmSync(at("x.crt"));
  rmSync(at("id_x.pub"));
  const names = (await mustRun(["ls", directory])).trim().split("\n");
  for (const name of names) chmodSync(at(name), 0o600);
  return names;
}

/** Files that are no keys, all of mode 0600: served, whatever they talk of. */
const PUBLIC: Readonly<Record<string, string | Uint8Array>> = {
  "index.txt": "hello",
  "jose.js":
    `if(e.indexOf("-----BEGIN PRIVATE KEY-----")!==0)throw new TypeError('"pkcs8" must be PKCS#8')`,
  "manual.html":
    "<pre>-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----</pre>, PRIVATE KEY",
  "photo.png": Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]),
  "sequence.bin": Buffer.from([0x30, 0x06, 2, 1, 5, 2, 1, 7]),
  "empty.bin": "",
};

async function makeServed(scratch: Scratch, words: readonly string[]): Promise<Serving> {
  return await startServing(scratch, [...words, ...LISTEN]);
}

describe("keys by what is in them", () => {
  const scratch = makeScratch();
  const site = join(scratch.work, "site");
  let names: string[];
  const servers: [string, Serving][] = [];

  before(async () => {
    mkdirSync(site);
    names = await makeKeys(site);
    mkdirSync(join(site, "sub/deep"), { recursive: true });
    copyFileSync(join(site, "pkcs8.pem"), join(site, "sub/deep/other.name"));
    for (const [name, content] of Object.entries(PUBLIC)) {
      writeFileSync(join(site, name), content, { mode: 0o600 });
    }
    servers.push(["serve", await makeServed(scratch, ["serve", "site"])]);
    servers.push(["serve --spa", await makeServed(scratch, ["serve", "site", "--spa"])]);
    servers.push(["proxy", await makeServed(scratch, ["proxy", "--route", "/=./site"])]);
  }, SLOW);
  after(() => Promise.all(servers.map(([, server]) => server.process.stop())));

  test("every form is 404 and not listed, in every way to ask", SLOW, async () => {
    assert.ok(names.length > 30, names.join());
    for (const [which, server] of servers) {
      for (const name of [...names, "sub/deep/other.name"]) {
        await assertWithheld(server, `/${name}`, "PRIVATE").catch((error) => {
          throw new Error(`${which}: ${error.message}`);
        });
      }
    }
  });

  test("what only talks of keys is served", SLOW, async () => {
    for (const [, server] of servers) {
      for (const name of Object.keys(PUBLIC)) await assertServed(server, `/${name}`);
    }
  });

  test("it is said once, with the count and some names", () => {
    for (const [, server] of servers) {
      const { withheld } = server.document;
      assert.equal(withheld.count, names.length + 1);
      assert.equal(withheld.complete, true);
      assert.ok(withheld.files.includes(join(site, "photo.jpg")));
    }
  });

  test("a key through a link, a hard link, and as the index of a directory", SLOW, async () => {
    symlinkSync("pkcs8.pem", join(site, "link.txt"));
    linkSync(join(site, "pkcs8.pem"), join(site, "hard.txt"));
    mkdirSync(join(site, "indexed"));
    linkSync(join(site, "pkcs8.pem"), join(site, "indexed/index.html"));
    writeFileSync(join(site, "app.js"), "public");
    for (const suffix of [".br", ".gz"]) {
      symlinkSync("pkcs8.pem", join(site, `app.js${suffix}`));
      // Another file, which holds nothing: its name says what it is of.
      writeFileSync(join(site, `pkcs8.pem${suffix}`), "x");
    }
    for (const [, server] of servers) {
      for (const name of ["link.txt", "hard.txt", "app.js.br", "app.js.gz"]) {
        await assertWithheld(server, `/${name}`);
      }
      for (const name of ["pkcs8.pem.gz", "pkcs8.pem.br"]) await assertWithheld(server, `/${name}`);
      const index = await get(server, "/indexed/", "-H", "Accept: text/html");
      assert.ok(!index.body.includes("PRIVATE KEY"));
      const script = await get(server, "/app.js", "-H", "Accept-Encoding: br, gzip");
      assert.equal(script.body, "public");
    }
  });

  test(
    "what is in memory is not given out once it is another file's, or another mode's",
    SLOW,
    async () => {
      const key = readFileSync(join(site, "pkcs8.pem"));
      for (const [, server] of servers) {
        const file = join(site, "turning.txt");
        writeFileSync(file, "public", { mode: 0o644 });
        assert.equal((await get(server, "/turning.txt")).body, "public");
        writeFileSync(join(site, "next"), key, { mode: 0o600 });
        renameSync(join(site, "next"), file);
        assert.equal((await get(server, "/turning.txt")).status, 404);
        rmSync(file);
        // All may read it: it is no secret on this machine, and the start would have warned of it.
        writeFileSync(file, key, { mode: 0o644 });
        const answer = await get(server, "/turning.txt", "-D", "-");
        assert.equal(answer.status, 200);
        const etag = /etag: (.*)\r/i.exec(answer.body)![1]!;
        chmodSync(file, 0o640);
        assert.equal((await get(server, "/turning.txt")).status, 404);
        assert.equal(
          (await get(server, "/turning.txt", "-H", `If-None-Match: ${etag}`)).status,
          404,
        );
        // Written into, in place.
        chmodSync(file, 0o644);
        writeFileSync(file, "public");
        chmodSync(file, 0o600);
        assert.equal((await get(server, "/turning.txt")).body, "public");
        appendFileSync(file, key);
        await assertWithheld(server, "/turning.txt");
        rmSync(file);
      }
    },
  );

  test("a directory that others cannot enter makes a key in it private", SLOW, async () => {
    const room = join(site, "room");
    mkdirSync(join(room, "inner"), { recursive: true });
    copyFileSync(join(site, "pkcs8.pem"), join(room, "inner/k.pem"));
    chmodSync(join(room, "inner/k.pem"), 0o644);
    const [, server] = servers[0]!;
    await assertServed(server, "/room/inner/k.pem");
    chmodSync(room, 0o750);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await assertWithheld(server, "/room/inner/k.pem");
  });
});

describe("the keys of the ledger", () => {
  const scratch = makeScratch();
  let server: Serving;
  before(async () => {
    const password = join(scratch.work, "password");
    writeFileSync(password, "secret12", { mode: 0o600 });
    assert.equal((await scratch.run(["cert", "app.test"])).code, 0);
    const words = ["cert", "p.test", "--pkcs12", "--password-file", "password"];
    assert.equal((await scratch.run(words)).code, 0);
    server = await makeServed(scratch, ["serve", "."]);
  }, SLOW);
  after(() => server?.process.stop());

  test("a key and a PKCS#12 file are 404, the certificate is served", SLOW, async () => {
    for (const name of ["app.test-key.pem", "p.test-key.pem", "p.test.p12"]) {
      await assertWithheld(server, `/${name}`);
    }
    await assertServed(server, "/app.test.pem");
    const { count, files } = server.document.withheld;
    assert.equal(count, 3);
    assert.deepEqual(
      files.map((file: string) => basename(file)),
      ["app.test-key.pem", "p.test-key.pem", "p.test.p12"],
    );
  });

  test("also when all may read them, under another name, and compressed", SLOW, async () => {
    for (const name of ["app.test-key.pem", "p.test.p12"]) {
      chmodSync(join(scratch.work, name), 0o644);
      linkSync(join(scratch.work, name), join(scratch.work, `${name}.txt`));
      symlinkSync(name, join(scratch.work, `${name}.link`));
      writeFileSync(join(scratch.work, `${name}.gz`), "x", { mode: 0o644 });
      // The inodes are collected every two seconds.
      await new Promise((resolve) => setTimeout(resolve, 2_300));
      for (const end of ["", ".txt", ".link", ".gz"]) {
        await assertWithheld(server, `/${name}${end}`);
      }
    }
  });

  test("a key that is made meanwhile is 404, even if all may read it", SLOW, async () => {
    assert.equal((await scratch.run(["cert", "later.test"])).code, 0);
    await assertWithheld(server, "/later.test-key.pem");
    chmodSync(join(scratch.work, "later.test-key.pem"), 0o644);
    await assertWithheld(server, "/later.test-key.pem");
    await assertServed(server, "/later.test.pem");
  });

  test("people are told of it on stderr, also with --quiet", SLOW, async () => {
    for (const words of [[], ["--quiet"]]) {
      const child = start([LOCALTLS, "serve", ".", ...words, ...LISTEN], {
        cwd: scratch.work,
        env: { HOME: scratch.home },
      });
      for (let i = 0; i < 100 && !/https:/.test(child.output()); i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await child.stop();
      assert.match(
        child.output(),
        /localtls: \d+ files with private keys are not served: "app\.test-key\.pem", .* and \d+ more/,
      );
    }
  });
});

test("a key that all users may read is served, and warned of", SLOW, async () => {
  const scratch = makeScratch();
  const key = join(scratch.work, "open.pem");
  await mustRun(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key]);
  chmodSync(key, 0o644);
  const server = await makeServed(scratch, ["serve", "."]);
  try {
    await assertServed(server, "/open.pem");
    assert.equal(server.document.withheld, undefined);
    const { message } = server.document.warnings.find(({ code }: { code: string }) =>
      code === "KEY_SERVED"
    );
    assert.match(message, /open\.pem" contains a private key and is served/);
    const command = /chmod 600 \S+/.exec(message)![0];
    await mustRun(command.split(" "));
    await assertWithheld(server, "/open.pem");
  } finally {
    await server.process.stop();
  }
});

test("a key file that the server itself uses is never served", SLOW, async () => {
  const scratch = makeScratch();
  const { work } = scratch;
  const subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes"];
  const out = ["-keyout", join(work, "k.pem"), "-out", join(work, "c.pem")];
  await mustRun(["openssl", "req", "-x509", "-newkey", "rsa:2048", ...subject, ...out]);
  chmodSync(join(work, "k.pem"), 0o644);
  const words = ["serve", ".", "--cert-file", "c.pem", "--key-file", "k.pem"];
  const server = await makeServed(scratch, words);
  try {
    await assertServed(server, "/c.pem");
    await assertWithheld(server, "/k.pem");
  } finally {
    await server.process.stop();
  }
});

describe("the state directory", () => {
  test("in DIR, reached by a link, a hard link, or made later: nothing of it", SLOW, async () => {
    const scratch = makeScratch();
    const state = join(scratch.work, "state");
    const withState = ["--dir", state];
    const site = scratch.work;
    const running = await makeServed(scratch, [...withState, "serve", "."]);
    try {
      symlinkSync("state", join(site, "door"));
      mkdirSync(join(site, "sub"));
      linkSync(join(state, "issuer-key.pem"), join(site, "sub/a.txt"));
      linkSync(join(state, "root.pem"), join(site, "sub/b.txt"));
      chmodSync(state, 0o755);
      await new Promise((resolve) => setTimeout(resolve, 2_300));
      for (const name of ["root.pem", "issuer.pem", "issuer-key.pem", "issued.jsonl", ""]) {
        for (const way of ["state", "door", "STATE/../state"]) {
          const { status } = await get(running, `/${way}/${name}`);
          assert.ok(status === 404 || status === 400, `/${way}/${name}: ${status}`);
        }
      }
      assert.equal((await get(running, "/state")).status, 404);
      await assertWithheld(running, "/sub/a.txt");
      await assertWithheld(running, "/sub/b.txt");
      const { body } = await get(running, "/");
      assert.doesNotMatch(body, /"\.\/(?:state|door)/);
      assert.ok(running.document.withheld.files.includes(`${state}/`));
    } finally {
      await running.process.stop();
    }
  });

  test("as DIR, or DIR in it, under whatever name: refused", SLOW, async () => {
    const scratch = makeScratch();
    assert.equal((await scratch.run(["cert", "x.test"])).code, 0);
    mkdirSync(join(scratch.state, "inner"));
    symlinkSync(scratch.state, join(scratch.work, "other"));
    for (const directory of [scratch.state, join(scratch.state, "inner"), "other", "other/inner"]) {
      for (
        const words of [
          ["serve", directory],
          ["serve", directory, "--dry-run"],
          ["proxy", "--route", `/=${directory.startsWith("/") ? "" : "./"}${directory}`],
        ]
      ) {
        const result = await scratch.run([...words, ...LISTEN, "--json"]);
        assert.equal(result.code, 1, result.stdout + result.stderr);
        const { error } = result.json();
        assert.equal(error.code, "FILE_UNSAFE");
        assert.match(error.message, /Cannot serve ".*": it is in the state directory/);
      }
    }
  });
});
