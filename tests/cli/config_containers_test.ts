/**
 * `config` for containers with the built program; the Debian lines are carried out in a real Debian, whose OpenSSL judges.
 *
 * @module
 */

import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { DockerfileParser } from "dockerfile-ast";
import { parseAllDocuments } from "yaml";
import { debianImage, inImage } from "../support/debian_image.ts";
import { mustRun } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { makeScratch } from "../support/scratch.ts";

requireSandbox();

describe("config for containers", () => {
  test("the Dockerfile lines for Debian, carried out: its OpenSSL refuses before and accepts after", async (t) => {
    const image = await debianImage();
    if (typeof image !== "string") return t.skip(image.missing);
    const scratch = makeScratch();
    await scratch.run(["cert", "localhost"]);
    const { code, stdout, stderr } = await scratch.run(["config", "docker"]);
    assert.equal(code, 0, stderr);
    const first = /^# +(cp .*)$/m.exec(stdout)?.[1];
    assert.ok(first !== undefined, stdout);
    const context = scratchDirectory("context");
    await mustRun(["sh", "-c", first], { cwd: context });

    cpSync(join(scratch.work, "localhost.pem"), join(image, "root/leaf.pem"));
    const accepts = async (bundle?: string) => {
      const file = bundle === undefined ? [] : ["-no-CApath", "-no-CAstore", "-CAfile", bundle];
      const leaf = ["-untrusted", "/root/leaf.pem", "/root/leaf.pem"];
      return (await inImage(image, "openssl", "verify", ...file, ...leaf)).code === 0;
    };
    assert.equal(await accepts(), false);
    const file = DockerfileParser.parse(`FROM scratch\n${stdout}`);
    for (const copy of file.getCOPYs()) {
      const [from, to] = copy.getArguments().map((word) => word.getValue());
      cpSync(join(context, from!), join(image, to!));
    }
    for (const instruction of file.getInstructions()) {
      if (instruction.getKeyword() !== "RUN") continue;
      const ran = await inImage(image, "/bin/sh", "-c", instruction.getArgumentsContent()!);
      assert.equal(ran.code, 0, ran.stderr);
    }
    assert.equal(await accepts(), true);
    const variables = file.getENVs().flatMap((env) => env.getProperties());
    const bundle = variables.find((one) => one.getName() === "SSL_CERT_FILE")?.getValue();
    assert.equal(await accepts(bundle!), true, "the bundle of SSL_CERT_FILE holds the CA");
    const size = readFileSync(join(image, bundle!), "utf8").split("BEGIN CERTIFICATE").length;
    assert.ok(size > 50, "beside the public roots");
  });

  test("a Secret holds the key that belongs to the certificate", async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "a.test", "b.test"]);
    const { code, stdout, stderr } = await scratch.run([
      "config",
      "kubernetes",
      "b.test",
      "a.test",
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /warning: the text holds the private key/);
    const [map, secret] = parseAllDocuments(stdout).map((document) => document.toJS());
    assert.equal(
      map.data["localtls-root.pem"],
      readFileSync(join(scratch.state, "root.pem"), "utf8"),
    );
    const key = atob(secret.data["tls.key"]);
    assert.equal(key, readFileSync(join(scratch.work, "a.test+1-key.pem"), "utf8"));
    assert.equal(
      atob(secret.data["tls.crt"]),
      readFileSync(join(scratch.work, "a.test+1.pem"), "utf8"),
    );
    const trust = await scratch.run(["config", "kubernetes"]);
    assert.doesNotMatch(trust.stdout, /kind: Secret|tls\.key/);
    assert.equal(trust.stderr, "");
  });

  test("--json names the files, and the list names every recipe", async () => {
    const scratch = makeScratch();
    await scratch.run(["cert", "a.test"]);
    const compose = (await scratch.run(["config", "compose", "a.test", "--json"])).json();
    assert.equal(compose.server, "compose");
    assert.equal(compose.cert, join(scratch.work, "a.test.pem"));
    assert.equal(dirname(compose.root), scratch.state);
    const list = (await scratch.run(["config", "--list", "--json"])).json();
    const ids = list.recipes.map(({ id }: { id: string }) => id);
    for (const id of ["nginx", "docker", "compose", "kubernetes", "devcontainer"]) {
      assert.ok(ids.includes(id), id);
    }
  });

  test("what cannot be written is said, with what to type", async () => {
    const scratch = makeScratch();
    const cases: [string[], number, RegExp][] = [
      [["config"], 2, /say for which server\n.*hint: localtls config --list/],
      [["config", "nginx"], 2, /the name is missing\n.*hint: localtls config nginx NAME/],
      [["config", "nginx", "a.test", "b.test"], 2, /takes one name/],
      [["config", "nosuch"], 2, /"nosuch": it is not known\n.*hint: localtls config --list/],
      [["config", "docker"], 1, /Cannot find a CA in .*\n.*hint: localtls setup/],
      [
        ["config", "compose", "a.test"],
        1,
        /certificate for "a\.test"\n.*hint: localtls cert a\.test/,
      ],
      [["config", "compose", "a..test"], 2, /a\.\.test/],
    ];
    for (const [args, code, message] of cases) {
      const result = await scratch.run(args);
      assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
      assert.match(result.stderr, message);
      assert.equal(result.stdout, "");
    }
  });
});
