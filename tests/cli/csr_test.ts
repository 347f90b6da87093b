/** csr and accept with the built program; OpenSSL is the other CA. */

import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { localtls, type LocaltlsResult } from "../support/localtls.ts";
import { mustRun } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";

/** A directory of work, and a CA of two levels that is OpenSSL's. */
class Desk {
  readonly home = freshHome();

  path(name: string): string {
    return join(this.home, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  run(...args: string[]): Promise<LocaltlsResult> {
    return localtls(args, { env: { HOME: this.home }, cwd: this.home });
  }

  openssl(...args: string[]): Promise<string> {
    return mustRun(["openssl", ...args], { cwd: this.home });
  }

  /** @param from, to Its issuer's time, where that is to be another than a month from now. */
  async makeCa(from?: string, to?: string): Promise<void> {
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    await this.openssl(
      ...["req", "-x509", ...ec, "-days", "30", "-subj", "/CN=Their root"],
      ...["-keyout", "root.key", "-out", "root.crt"],
    );
    await this.openssl(
      ...["req", ...ec, "-subj", "/CN=Their issuer", "-keyout", "ca.key", "-out", "ca.req"],
    );
    writeFileSync(this.path("ca.ext"), "basicConstraints=critical,CA:TRUE\n");
    if (from !== undefined && to !== undefined) {
      await this.#sign("root", "ca.req", "ca.crt", from, to, ["-extfile", "ca.ext"]);
      return;
    }
    await this.openssl(
      ...["x509", "-req", "-in", "ca.req", "-CA", "root.crt", "-CAkey", "root.key"],
      ...["-days", "30", "-extfile", "ca.ext", "-out", "ca.crt"],
    );
  }

  /** As {@link answer}, for a time of its own. */
  async answerBetween(request: string, out: string, from: string, to: string): Promise<void> {
    await this.#sign("ca", request, out, from, to, []);
  }

  /** `openssl x509` can give no dates, only `openssl ca` can. */
  async #sign(
    ca: string,
    request: string,
    out: string,
    from: string,
    to: string,
    more: readonly string[],
  ): Promise<void> {
    const config = "[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\nrand_serial=yes\n" +
      "default_md=sha256\npolicy=p\ncopy_extensions=copyall\nunique_subject=no\n" +
      "[p]\ncommonName=optional\n";
    writeFileSync(this.path("ca.cnf"), config);
    writeFileSync(this.path("index.txt"), "");
    await this.openssl(
      ...["ca", "-batch", "-notext", "-config", "ca.cnf", "-in", request, "-out", out],
      ...["-cert", `${ca}.crt`, "-keyfile", `${ca}.key`, "-outdir", "."],
      ...["-startdate", from, "-enddate", to, ...more],
    );
  }

  /** Answers a request as the CA would; `names` as openssl writes them, else those that were asked for. */
  async answer(request: string, out: string, names?: string): Promise<void> {
    const extensions = names === undefined
      ? ["-copy_extensions", "copyall"]
      : ["-extfile", "leaf.ext"];
    if (names !== undefined) writeFileSync(this.path("leaf.ext"), `subjectAltName=${names}\n`);
    await this.openssl(
      ...["x509", "-req", "-in", request, "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "20"],
      ...[...extensions, "-out", out],
    );
  }
}

async function deskWithRequest(): Promise<Desk> {
  const desk = new Desk();
  await desk.makeCa();
  const { code, stderr } = await desk.run("csr", "intranet.example.com", "172.16.99.32");
  assert.equal(code, 0, stderr);
  return desk;
}

const BASE = "intranet.example.com+1";

/** Refused with these words; nothing was written. */
async function refuses(desk: Desk, words: RegExp, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await desk.run("accept", ...args);
  assert.equal(code, 1, stdout + stderr);
  assert.match(stderr, words);
  assert.equal(existsSync(desk.path(`${BASE}.pem`)), false);
}

describe("csr", () => {
  test("writes a request that OpenSSL verifies, and a key for its owner alone", async () => {
    const desk = await deskWithRequest();
    const text = await desk.openssl("req", "-in", `${BASE}.csr`, "-verify", "-noout", "-text");
    assert.match(text, /Subject: CN = intranet\.example\.com/);
    assert.match(text, /DNS:intranet\.example\.com, IP Address:172\.16\.99\.32/);
    assert.equal(statSync(desk.path(`${BASE}-key.pem`)).mode & 0o777, 0o600);
    const [ofKey, ofRequest] = [
      await desk.openssl("pkey", "-in", `${BASE}-key.pem`, "-pubout"),
      await desk.openssl("req", "-in", `${BASE}.csr`, "-pubkey", "-noout"),
    ];
    assert.equal(ofKey, ofRequest);
    assert.doesNotMatch(desk.read(`${BASE}.csr`), /PRIVATE/);
  });

  test("makes every type of key, and no CA", async () => {
    const desk = new Desk();
    for (const [type, words] of [["p384", /P-384/], ["rsa3072", /3072 bit/]] as const) {
      const result = await desk.run("csr", `${type}.example.com`, "--key", type, "--json");
      assert.equal(result.json().keyType, type);
      assert.match(await desk.openssl("req", "-in", `${type}.example.com.csr`, "-text"), words);
    }
    assert.equal(existsSync(desk.path(".local/share/localtls")), false);
  });

  test("never replaces a key: --reuse-key asks for the one that is there", async () => {
    const desk = await deskWithRequest();
    const key = desk.read(`${BASE}-key.pem`);
    const again = await desk.run("csr", "intranet.example.com", "172.16.99.32");
    assert.equal(again.code, 1);
    assert.match(again.stderr, /it exists, and a server may be using it/);
    const names = ["intranet.example.com", "172.16.99.32"];
    const reused = await desk.run("csr", "--reuse-key", ...names);
    assert.equal(reused.code, 0, reused.stderr);
    assert.equal(desk.read(`${BASE}-key.pem`), key);
    await desk.openssl("req", "-in", `${BASE}.csr`, "-verify", "-noout");
    const both = await desk.run("csr", "--reuse-key", "--key", "p384", ...names);
    assert.equal(both.code, 2);
  });

  test("--client asks for a user, an address and both sides, and not for more", async () => {
    const desk = new Desk();
    const text = async (base: string, ...names: string[]) => {
      const { code, stderr } = await desk.run("csr", "--client", ...names);
      assert.equal(code, 0, stderr);
      return await desk.openssl("req", "-in", `${base}.csr`, "-verify", "-noout", "-text");
    };
    const user = await text("ann-client", "ann");
    assert.match(user, /Subject: CN = ann\n/);
    assert.match(user, /Extended Key Usage: \n +TLS Web Client Authentication\n/);
    assert.doesNotMatch(user, /Alternative Name/);
    const address = await text("ann@example.com-client", "ann@example.com");
    assert.match(address, /email:ann@example\.com/);
    assert.match(address, /: \n +TLS Web Client Authentication\n/);
    const both = await text("ci.example.com+1-client", "ci.example.com", "ci");
    assert.match(both, /Subject: CN = ci\n/);
    assert.match(both, /DNS:ci\.example\.com\n/);
    assert.match(both, /TLS Web Server Authentication, TLS Web Client Authentication\n/);
    assert.equal((await desk.run("csr", "ann@example.com")).code, 2);
    const two = await desk.run("csr", "--client", "ann", "ben");
    assert.equal(two.code, 2, two.stderr);
    const again = await desk.run("csr", "--client", "ann");
    assert.match(again.stderr, /csr --client --reuse-key ann/);
  });

  test("--dry-run writes nothing; a bad name is a wrong command line", async () => {
    const desk = new Desk();
    assert.equal((await desk.run("csr", "a.example.com", "--dry-run")).code, 0);
    assert.equal(existsSync(desk.path("a.example.com.csr")), false);
    assert.equal((await desk.run("csr", "127.1")).code, 2);
    assert.equal((await desk.run("csr")).code, 2);
  });
});

describe("accept", () => {
  test("writes leaf and issuer in order, without the root, from PEM in any order", async () => {
    const desk = await deskWithRequest();
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    writeFileSync(
      desk.path("answer.pem"),
      ["root.crt", "ca.crt", "leaf.crt"].map((name) => desk.read(name)).join(""),
    );
    const { code, stdout, stderr } = await desk.run("accept", "answer.pem");
    assert.equal(code, 0, stdout + stderr);
    const blocks = desk.read(`${BASE}.pem`).match(/-----BEGIN/g);
    assert.equal(blocks?.length, 2);
    await desk.openssl(
      ...["verify", "-CAfile", "root.crt", "-untrusted", `${BASE}.pem`, `${BASE}.pem`],
    );
    assert.match(stdout, /CN=Their issuer/);
  });

  test("takes PKCS#7 and DER, with the issuers from another file", async () => {
    const desk = await deskWithRequest();
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    await desk.openssl(
      ...["crl2pkcs7", "-nocrl", "-certfile", "leaf.crt", "-certfile", "ca.crt"],
      ...["-out", "answer.p7b", "-outform", "DER"],
    );
    assert.equal((await desk.run("accept", "answer.p7b")).code, 0);
    await desk.openssl("x509", "-in", "leaf.crt", "-outform", "DER", "-out", "answer.cer");
    const alone = await desk.run("accept", "answer.cer", "--cert-file", "other.pem");
    assert.equal(alone.code, 1);
    assert.match(alone.stderr, /"CN=Their issuer" is not there.*\n.*--chain/);
    const args = ["accept", "answer.cer", "--chain", "ca.crt", "--cert-file", "other.pem"];
    assert.equal((await desk.run(...args)).code, 0);
    assert.equal(desk.read("other.pem"), desk.read(`${BASE}.pem`));
  });

  test("refuses an answer for another key, and a key that is not that of the request", async () => {
    const desk = await deskWithRequest();
    await desk.run("csr", "other.example.com");
    await desk.answer("other.example.com.csr", "leaf.crt");
    await refuses(desk, /another key/, "leaf.crt", "--chain", "ca.crt", "--csr", `${BASE}.csr`);
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    const key = ["--key-file", "other.example.com-key.pem"];
    await refuses(desk, /another key, .* is not its key/, "leaf.crt", "--chain", "ca.crt", ...key);
    const elsewhere = new Desk();
    writeFileSync(elsewhere.path("leaf.crt"), desk.read("leaf.crt"));
    await refuses(elsewhere, /no request in .* is for its key/, "leaf.crt");
  });

  test("refuses a chain that does not hold", async () => {
    const desk = await deskWithRequest();
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    // Another CA of the same name.
    const other = new Desk();
    await other.makeCa();
    writeFileSync(desk.path("false.crt"), other.read("ca.crt"));
    await refuses(
      desk,
      /has no signature by "CN=Their issuer"/,
      "leaf.crt",
      "--chain",
      "false.crt",
    );
    // An issuer that is no CA.
    await desk.openssl(
      ...["x509", "-req", "-in", "ca.req", "-CA", "root.crt", "-CAkey", "root.key"],
      ...["-days", "30", "-out", "no-ca.crt"],
    );
    await refuses(desk, /is no CA/, "leaf.crt", "--chain", "no-ca.crt");
    // Nobody but the key itself.
    await desk.openssl(
      ...["req", "-x509", "-key", `${BASE}-key.pem`, "-in", `${BASE}.csr`, "-days", "5"],
      ...["-out", "self.crt"],
    );
    await refuses(desk, /signed with its own key/, "self.crt");
  });

  test("refuses an answer that leaves names out; names that were added are told", async () => {
    const desk = await deskWithRequest();
    const chain = ["--chain", "ca.crt"];
    await desk.answer(`${BASE}.csr`, "less.crt", "DNS:intranet.example.com");
    await refuses(desk, /it is not for "172\.16\.99\.32"/, "less.crt", ...chain);
    await desk.answer(`${BASE}.csr`, "none.crt", "DNS:other.example.com");
    await refuses(desk, /it is not for "intranet\.example\.com", "172/, "none.crt", ...chain);
    const names = "DNS:Intranet.example.com,IP:172.16.99.32,DNS:www.example.com";
    await desk.answer(`${BASE}.csr`, "more.crt", names);
    const more = await desk.run("accept", "more.crt", ...chain);
    assert.equal(more.code, 0, more.stderr);
    assert.match(more.stderr, /added names .* www\.example\.com/);
  });

  test("refuses an answer that has ended, and says when one has not begun", async () => {
    const desk = await deskWithRequest();
    const chain = ["--chain", "ca.crt"];
    await desk.answerBetween(`${BASE}.csr`, "leaf.crt", "20200101000000Z", "20210101000000Z");
    await refuses(desk, /ended/, "leaf.crt", ...chain);
    // An issuer that has ended.
    const ended = new Desk();
    await ended.makeCa("20200101000000Z", "20210101000000Z");
    writeFileSync(ended.path("app.csr"), desk.read(`${BASE}.csr`));
    await ended.answer("app.csr", "leaf.crt");
    for (const name of ["leaf.crt", "ca.crt"]) writeFileSync(desk.path(name), ended.read(name));
    await refuses(desk, /ended/, "leaf.crt", ...chain);
    // One for later may be put in place: the old one is still there for somebody to keep.
    const later = await deskWithRequest();
    await later.answerBetween(`${BASE}.csr`, "leaf.crt", "20480101000000Z", "20490101000000Z");
    const { code, stderr } = await later.run("accept", "leaf.crt", ...chain, "--dry-run");
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning: .* valid from 2048-01-01/);
  });

  test("refuses a chain of which the issuer is missing, and one of another CA", async () => {
    const desk = await deskWithRequest();
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    await refuses(desk, /Their issuer/, "leaf.crt");
    await refuses(desk, /Their issuer/, "leaf.crt", "--chain", "root.crt");
    // With the CA that it is from, it is taken.
    assert.equal((await desk.run("accept", "leaf.crt", "--chain", "ca.crt")).code, 0);
  });

  test("says when others can read the key, and takes the answer", async () => {
    const desk = await deskWithRequest();
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    const args = ["accept", "leaf.crt", "--chain", "ca.crt", "--json"];
    assert.deepEqual((await desk.run(...args)).json().warnings, []);
    chmodSync(desk.path(`${BASE}-key.pem`), 0o644);
    const { code, stdout } = await desk.run(...args);
    assert.equal(code, 0, stdout);
    const [warning] = JSON.parse(stdout).warnings;
    assert.equal(warning.code, "KEY_READABLE");
    assert.match(warning.message, /chmod 600 /);
    // It is its owner's file: it is told, not changed.
    assert.equal(statSync(desk.path(`${BASE}-key.pem`)).mode & 0o777, 0o644);
  });

  test("follows no link at the place of the certificate, and writes over neither key nor request", async () => {
    const desk = await deskWithRequest();
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    writeFileSync(desk.path("victim"), "a victim\n");
    symlinkSync(desk.path("victim"), desk.path("link.pem"));
    const args = ["accept", "leaf.crt", "--chain", "ca.crt", "--cert-file"];
    await desk.run(...args, "link.pem");
    assert.equal(desk.read("victim"), "a victim\n");
    const key = desk.read(`${BASE}-key.pem`);
    const request = desk.read(`${BASE}.csr`);
    for (const name of [`${BASE}-key.pem`, `${BASE}.csr`]) {
      assert.equal((await desk.run(...args, name)).code, 2);
    }
    assert.deepEqual([desk.read(`${BASE}-key.pem`), desk.read(`${BASE}.csr`)], [key, request]);
  });

  test("leaves the certificate that is there when the new one is refused or cannot be written", async () => {
    const desk = await deskWithRequest();
    writeFileSync(desk.path(`${BASE}.pem`), "what is there\n");
    await desk.answer(`${BASE}.csr`, "leaf.crt");
    assert.equal((await desk.run("accept", "leaf.crt")).code, 1);
    assert.equal(desk.read(`${BASE}.pem`), "what is there\n");
    const dry = await desk.run("accept", "leaf.crt", "--chain", "ca.crt", "--dry-run");
    assert.equal(dry.code, 0, dry.stderr);
    assert.equal(desk.read(`${BASE}.pem`), "what is there\n");
    chmodSync(desk.path(`${BASE}-key.pem`), 0o600);
    assert.equal((await desk.run("accept", "leaf.crt", "--chain", "ca.crt")).code, 0);
    assert.match(desk.read(`${BASE}.pem`), /^-----BEGIN CERTIFICATE/);
  });

  test("the answer of another localtls is taken as well", async () => {
    const desk = new Desk();
    assert.equal((await desk.run("csr", "app.test")).code, 0);
    const issuer = await desk.run("cert", "--csr", "app.test.csr", "--cert-file", "answer.pem");
    assert.equal(issuer.code, 0, issuer.stderr);
    const { code, stderr } = await desk.run("accept", "answer.pem");
    assert.equal(code, 0, stderr);
    assert.equal(desk.read("app.test.pem"), desk.read("answer.pem"));
  });

  test("a user's certificate: for that user, and refused for another", async () => {
    const desk = new Desk();
    await desk.makeCa();
    await desk.run("csr", "--client", "ann");
    await desk.answer("ann-client.csr", "ann.crt");
    // Same key, another subject.
    await desk.openssl(
      ...["req", "-new", "-key", "ann-client-key.pem", "-subj", "/CN=ben", "-out", "ben.req"],
    );
    await desk.answer("ben.req", "ben.crt");
    const other = await desk.run(
      "accept",
      "ben.crt",
      "--chain",
      "ca.crt",
      "--csr",
      "ann-client.csr",
    );
    assert.equal(other.code, 1, other.stdout);
    assert.match(other.stderr, /it is not for "ann"/);
    assert.equal(existsSync(desk.path("ann-client.pem")), false);
    const mine = await desk.run("accept", "ann.crt", "--chain", "ca.crt", "--json");
    assert.equal(mine.code, 0, mine.stderr);
    assert.deepEqual(mine.json().names, ["ann"]);
    const again = await desk.run("accept", "ann.crt", "--chain", "ca.crt");
    assert.match(again.stdout, /ask that CA again: .*csr --client --reuse-key ann$/m);
    assert.equal(mine.json().key, desk.path("ann-client-key.pem"));
    const judge = (purpose: string) =>
      desk.openssl(
        ...["verify", "-purpose", purpose, "-CAfile", "root.crt", "-untrusted", "ann-client.pem"],
        "ann-client.pem",
      );
    await judge("sslclient");
    await assert.rejects(judge("sslserver"), /unsuitable certificate purpose/);
  });
});
