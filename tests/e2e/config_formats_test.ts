/**
 * `localtls config`: the commands that stand in its comments do what they say; and the lines for servers that are no
 * packages here are read by parsers of their formats, which say the paths again.
 */

import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { commentedCommands } from "../support/config_servers.ts";
import { ADDRESS, closeSite, person, prepared } from "../support/config_site.ts";
import { localtls } from "../support/localtls.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { scratchDirectory } from "../support/sandbox.ts";
import { modeOf } from "../support/scratch.ts";
import { formatTable } from "../support/text_table.ts";

const LIMIT = { timeout: 120_000 };

const table: Record<string, Record<string, string>> = {};

after(async () => {
  await closeSite();
  const lines = formatTable(table).split("\n").map((line) => `| ${line}`);
  console.log(`\n${lines.join("\n")}`);
});

/** What `config` prints for ann's certificate. */
async function print(...args: string[]): Promise<string> {
  const { ann } = await prepared();
  const { code, stdout, stderr } = await localtls(["config", ...args], { env: { HOME: ann.home } });
  assert.equal(code, 0, stderr);
  return stdout;
}

describe("the commands in the comments", () => {
  for (const [id, account] of [["postgresql", "postgres"], ["redis", "redis"]] as const) {
    const missing = findProgram("sudo") === undefined && "sudo is not installed";
    test(`make copies for the service of ${id}, the key its own and closed`, {
      ...LIMIT,
      skip: missing,
    }, async () => {
      const { ann } = await prepared();
      if ((await run(["id", account])).code !== 0) await mustRun(["useradd", "--system", account]);
      const commands = commentedCommands(await print(id, "app.test", "--mtls"));
      for (const command of commands) await mustRun(["sh", "-c", command]);
      const copy = (name: string) => commands.join(" ").match(`\\S+/${name}`)![0];
      assert.equal(readFileSync(copy("root\\.pem"), "utf8"), readFileSync(ann.root, "utf8"));
      assert.match(readFileSync(copy("cert\\.pem"), "utf8"), /BEGIN CERTIFICATE/);
      const key = copy("key\\.pem(?!\\S)");
      assert.match(readFileSync(key, "utf8"), /BEGIN PRIVATE KEY/);
      assert.equal(modeOf(key), 0o600);
      const uid = Number(await mustRun(["id", "-u", account]));
      assert.equal(statSync(key).uid, uid);
    });
  }

  test(
    "make HAProxy's file of certificate and key, closed even where it was open",
    LIMIT,
    async () => {
      const [command = ""] = commentedCommands(await print("haproxy", ADDRESS));
      const { ann } = await prepared();
      const file = join(ann.work, `${ADDRESS}+2-haproxy.pem`);
      writeFileSync(file, "old", { mode: 0o644 });
      await mustRun(["sh", "-c", command]);
      assert.equal(modeOf(file), 0o600);
      assert.match(readFileSync(file, "utf8"), /^-----BEGIN CERT[^]*PRIVATE KEY-----\n$/);
    },
  );
});

describe("servers that are no packages here, by parsers of their formats", () => {
  const parsed = (title: string, proof: string, cells: Record<string, string> = {}) => {
    const written = { TLS: "written", "HTTP/2": "written", CORS: "written", mTLS: "written" };
    table[title] = { proof, ...written, ...cells };
  };
  parsed("Traefik", "parser only: YAML (unit test)");
  parsed(".NET Kestrel", "parser only: JSON with comments (unit test)", { CORS: "refused" });

  const defaults = findProgram("my_print_defaults") === undefined &&
    "my_print_defaults is not installed";
  test("MySQL: the reader of option files gives the paths", {
    ...LIMIT,
    skip: defaults,
  }, async () => {
    const name = "it's a hard näme; # \\ %41";
    const ann = await person(name);
    const printed = await localtls(["config", "mysql", "app.test", "--mtls"], {
      env: { HOME: ann.home },
    });
    assert.equal(printed.code, 0, printed.stderr);
    const file = join(scratchDirectory("mysql"), "my.cnf");
    writeFileSync(file, printed.stdout);
    const output = await mustRun(["my_print_defaults", `--defaults-file=${file}`, "mysqld"]);
    const options = output.split("\n");
    assert.ok(options.includes(`--ssl-cert=${join(ann.work, `${ADDRESS}+2.pem`)}`), output);
    assert.ok(options.includes(`--ssl-key=${join(ann.work, `${ADDRESS}+2-key.pem`)}`), output);
    assert.ok(options.includes(`--ssl-ca=${ann.root}`), output);
    const refused = { "HTTP/2": "refused", CORS: "refused" };
    parsed("MySQL", "parser only: MariaDB's my_print_defaults", refused);
  });
});
