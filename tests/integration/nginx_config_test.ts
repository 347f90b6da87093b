/** Our reading of nginx configurations against nginx's own: `nginx -t` opens every certificate that it finds. */

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { findNginxCertificates } from "../../src/recipes/nginx_config.ts";
import { missingNginx } from "../support/nginx.ts";
import { scratchDirectory } from "../support/sandbox.ts";

const files = {
  read: (path: string) =>
    Promise.resolve(existsSync(path) ? readFileSync(path, "utf8") : undefined),
  list: (directory: string) => Promise.resolve(existsSync(directory) ? readdirSync(directory) : []),
};

/** How a path may be written, and which file that is. Relative ones are below the configuration's directory. */
const SPELLINGS: readonly (readonly [written: string, file: string])[] = [
  ["plain.crt", "plain.crt"],
  ['"quoted name.crt"', "quoted name.crt"],
  ["'single;{}#.crt'", "single;{}#.crt"],
  [String.raw`"with \"quotes\".crt"`, 'with "quotes".crt'],
  [String.raw`'it\'s.crt'`, "it's.crt"],
  [String.raw`back\\slash.crt`, "back\\slash.crt"],
  [String.raw`other\dslash.crt`, "other\\dslash.crt"],
  ["hash#inside.crt", "hash#inside.crt"],
  ['quote"inside.crt', 'quote"inside.crt'],
  [String.raw`tab\there.crt`, "tab\there.crt"],
  ["sub/dir/../up.crt", "sub/up.crt"],
  ["ünïcode.crt", "ünïcode.crt"],
];

describe("findNginxCertificates() and nginx -t", { skip: missingNginx() }, () => {
  const directory = scratchDirectory("nginx-config");
  const [cert, key] = [join(directory, "cert"), join(directory, "key")];
  execFileSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-subj", "/CN=a", "-keyout", key, "-out", cert],
  ], { stdio: "pipe" });
  mkdirSync(join(directory, "sub", "dir"), { recursive: true });
  mkdirSync(join(directory, "sites"));
  const main = join(directory, "nginx.conf");

  const check = (http: string) => {
    writeFileSync(
      main,
      `pid ${directory}/pid; error_log stderr; events {} http { access_log off; ${http} }\n`,
    );
    return spawnSync("/usr/sbin/nginx", ["-t", "-p", directory, "-c", main, "-e", "stderr"], {
      encoding: "utf8",
    });
  };

  for (const [written, file] of SPELLINGS) {
    test(`${written} is ${JSON.stringify(file)} for both`, async () => {
      const path = join(directory, file);
      copyFileSync(cert, path);
      const http = `server { listen 127.0.0.1:18081 ssl; ssl_certificate ${written}; ` +
        `ssl_certificate_key ${key}; }`;
      const taken = check(http);
      assert.equal(taken.status, 0, taken.stderr);
      const { certificates: [found], problems } = await findNginxCertificates(main, files);
      assert.equal(found && join(found.path), path);
      assert.deepEqual(problems, []);
      rmSync(path);
      assert.notEqual(check(http).status, 0, "nginx did not open that file");
    });
  }

  test("includes are relative to the main file for both, also within an included file", async () => {
    writeFileSync(
      join(directory, "sites", "a.conf"),
      `server { listen 127.0.0.1:18082 ssl; ssl_certificate cert; ssl_certificate_key ${key}; }\n` +
        "include sites/b.inc;",
    );
    writeFileSync(
      join(directory, "sites", "b.inc"),
      `server { listen 127.0.0.1:18083 ssl; ssl_certificate sub/c.crt; ssl_certificate_key ${key}; }`,
    );
    copyFileSync(cert, join(directory, "sub", "c.crt"));
    const taken = check("include sites/*.conf; map $host $m { ssl_certificate x; default y; }");
    assert.equal(taken.status, 0, taken.stderr);
    const { certificates } = await findNginxCertificates(main, files);
    assert.deepEqual(certificates.map(({ path }) => path), [cert, join(directory, "sub", "c.crt")]);
    assert.equal(dirname(cert), directory);
  });

  for (const http of ["server {", 'server { ssl_certificate "a; }', "} {", "server { listen 1 }"]) {
    test(`${http} is refused by both`, async () => {
      assert.notEqual(check(http).status, 0);
      await assert.rejects(findNginxCertificates(main, files), { code: "FILE_READ" });
    });
  }
});
