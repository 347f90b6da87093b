/** share --serve with the built program: what phones get, and nothing else. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { once } from "../support/once.ts";
import { mustRun, type RunningProcess, start, waitFor } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";

const home = freshHome();
const env = { HOME: home, NO_COLOR: "1" };
const TEST_URL = "https://172.16.99.32:1043/?a=1&b=2";
let running: RunningProcess | undefined;

/** Starts a server on any port of the loopback, and finds out which. */
async function serve(...flags: string[]): Promise<{ server: RunningProcess; url: string }> {
  const args = ["share", "--serve", "127.0.0.1:0", ...flags];
  const server = start([LOCALTLS, ...args], { env, cwd: home, timeoutMs: 60_000 });
  const url = await waitFor(
    "the page",
    () => /the root is at (http:\S+)/.exec(server.output())?.[1],
    20_000,
  );
  return { server, url };
}

const page = once(async () => {
  const { code, stderr } = await localtls(["cert", "app.test"], { env, cwd: home });
  assert.equal(code, 0, stderr);
  // Nothing that is handed out has need of it.
  rmSync(join(home, ".local/share/localtls/issuer-key.pem"));
  const { server, url } = await serve("--test", TEST_URL);
  running = server;
  return url;
});

after(async () => {
  await running?.stop();
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const sha256Of = (pem: string) =>
  sha256(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64"));

/** A raw request: fetch() would tidy the path up. */
async function ask(request: string): Promise<string> {
  const { hostname, port } = new URL(await page());
  return await new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(request));
    socket.setEncoding("latin1").on("data", (part) => text += part);
    socket.on("end", () => resolve(text)).on("error", reject);
  });
}

describe("the page", () => {
  test("shows the fingerprint, a QR code and every download, in two languages", async () => {
    const url = await page();
    const response = await fetch(url);
    const text = await response.text();
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(response.headers.get("content-security-policy")!, /default-src 'none'/);
    const root = readFileSync(join(home, ".local/share/localtls/root.pem"), "utf8");
    const shown = await mustRun(["openssl", "x509", "-noout", "-fingerprint", "-sha256"], {
      input: root,
    });
    const lines = [...text.matchAll(/<li>([0-9A-F:]{23})<\/li>/g)].map(([, line]) => line);
    assert.equal(lines.join(":"), shown.trim().split("=")[1]);
    assert.match(text, /<svg/);
    const chinese = await (await fetch(url, { headers: { "accept-language": "zh-CN,en;q=0.5" } }))
      .text();
    assert.match(chinese, /<html lang="zh-Hans">[^]*指纹/);
    assert.doesNotMatch(text, /指纹/);
    assert.match(await (await fetch(`${url}?lang=zh`)).text(), /指纹/);
    const phone = await (await fetch(url, { headers: { "user-agent": "Mozilla/5.0 (iPhone)" } }))
      .text();
    assert.match(phone, /On this device: iPhone and iPad/);
    assert.ok(text.includes(TEST_URL.replaceAll("&", "&amp;")));
    for (const [, path = ""] of text.matchAll(/href="(\/[^"]+)"/g)) {
      assert.equal((await fetch(new URL(path, url))).status, 200, path);
    }
  });

  test("gives each file with the type that its system opens", async () => {
    const url = await page();
    const types: Record<string, [type: string, saved: boolean]> = {
      "localtls.mobileconfig": ["application/x-apple-aspen-config", false],
      "root.crt": ["application/x-x509-ca-cert", true],
      "root.der": ["application/x-x509-ca-cert", true],
      "root.pem": ["application/x-pem-file", true],
      "install.sh": ["text/plain; charset=utf-8", false],
      "localtls-share.zip": ["application/zip", true],
    };
    const sums = await (await fetch(`${url}SHA256SUMS`)).text();
    for (const [name, [type, saved]] of Object.entries(types)) {
      const response = await fetch(url + name);
      const content = new Uint8Array(await response.arrayBuffer());
      assert.equal(response.headers.get("content-type"), type, name);
      assert.equal(response.headers.get("x-content-type-options"), "nosniff");
      const disposition = response.headers.get("content-disposition");
      assert.equal(disposition, saved ? `attachment; filename="${name}"` : null, name);
      if (name.endsWith(".zip")) assert.equal(content[0], 0x50);
      else assert.ok(sums.includes(`${sha256(content)}  ${name}\n`), name);
      assert.doesNotMatch(new TextDecoder("latin1").decode(content), /PRIVATE KEY/);
    }
  });

  test("has no way from a request to a file, and reads no body", async () => {
    await page();
    const paths = [
      "/../issuer-key.pem",
      "/%2e%2e/root.pem",
      "//root.pem",
      "/root.pem/",
      "/etc/passwd",
      "/__proto__",
      "/constructor",
    ];
    for (const path of paths) {
      const answer = await ask(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 40[04] /, path);
    }
    const post =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
    assert.match(await ask(post), /^HTTP\/1\.1 405 /);
    const head = await ask("HEAD /root.pem HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(head, /^HTTP\/1\.1 200 /);
    assert.match(head, /\r\n\r\n$/);
  });

  test("tells who came, and ends with 0 when it is asked to", async () => {
    const url = await page();
    const { server, url: other } = await serve();
    assert.notEqual(other, url);
    await fetch(`${other}root.crt`);
    await fetch(`${other}nothing`);
    await waitFor("the log", () => /127\.0\.0\.1 \(.+\) \/root\.crt 200/.test(server.output()));
    assert.equal(server.output().match(/127\.0\.0\.1 \(/g)?.length, 1);
    assert.match(server.output(), /the page has no test: Cannot /);
    // A QR code for the terminal.
    assert.match(server.output(), /[▀▄█]{5}/);
    process.kill(server.pid, "SIGTERM");
    const { code, stdout } = await server.ended;
    assert.equal(code, 0);
    assert.match(stdout, /1 visitors 127\.0\.0\.1/);
    await assert.rejects(fetch(other));
  });

  test("trusts from another machine in one line, and refuses another fingerprint", async () => {
    const url = await page();
    const other = { HOME: freshHome(), NO_COLOR: "1" };
    const wrong = await localtls(["trust", url, "--fingerprint", "ab".repeat(32), "--json"], {
      env: other,
      cwd: other.HOME,
    });
    assert.equal(wrong.code, 1, wrong.stderr);
    assert.equal(JSON.parse(wrong.stdout).error.code, "FINGERPRINT_MISMATCH");
    const unasked = await localtls(["trust", url, "--json"], { env: other, cwd: other.HOME });
    assert.equal(JSON.parse(unasked.stdout).error.code, "CONFIRMATION_NEEDED");
    const pem = readFileSync(join(home, ".local/share/localtls/root.pem"), "utf8");
    const sha256 = sha256Of(pem);
    const right = await localtls(["trust", url, "--fingerprint", sha256, "--dry-run", "--json"], {
      env: other,
      cwd: other.HOME,
    });
    assert.equal(right.code, 0, right.stderr + right.stdout);
    assert.equal(JSON.parse(right.stdout).anchor.sha256, sha256);
    const missing = await localtls(["trust", `${url}nothing`, "--json"], { env: other, cwd: home });
    assert.equal(JSON.parse(missing.stdout).error.code, "NETWORK");
  });

  test("ends when its time is up", async () => {
    await page();
    const begun = Date.now();
    const { server, url } = await serve("--for", "2s");
    assert.equal((await fetch(url)).status, 200);
    const { code } = await server.ended;
    assert.equal(code, 0);
    assert.ok(Date.now() - begun < 30_000);
  });

  test("is refused for what cannot be meant, and where another program listens", async () => {
    const { port } = new URL(await page());
    const cases: [args: string[], code: number][] = [
      [["--serve", "a:b:c"], 2],
      [["--serve", "127.0.0.1:70000"], 2],
      [["--serve", "127.0.0.1:0", "--for", "3w"], 2],
      [["--serve", "127.0.0.1:0", "--for", "99h"], 2],
      [["--serve", "127.0.0.1:0", "--test", "http://a.test/"], 2],
      [["--serve", "127.0.0.1:0", "--out", "a.zip"], 2],
      [["--for", "3m"], 2],
      [["--serve", `127.0.0.1:${port}`], 1],
      [["--serve", "203.0.113.7:0"], 1],
    ];
    for (const [args, code] of cases) {
      const result = await localtls(["share", ...args], { env, cwd: home, timeoutMs: 10_000 });
      assert.equal(result.code, code, `${args}: ${result.stderr}`);
      assert.match(result.stderr, /error: Cannot /);
    }
  });
});
