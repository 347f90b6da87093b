/**
 * Recipes of servers: what is printed, how paths are written, and what is refused. That servers take the lines is proven
 * with real ones in tests/e2e.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse as parseJsonc, type ParseError } from "jsonc-parser";
import { parseAllDocuments } from "yaml";
import {
  apacheString,
  caddyString,
  escapedString,
  fileUrl,
  haproxyString,
  jsonString,
  lighttpdString,
  optionFileString,
  postgresqlString,
  restOfLine,
  traefikString,
} from "../../../src/recipes/quoting.ts";
import type { Recipe, RecipeInput } from "../../../src/recipes/recipe.ts";
import { SERVER_RECIPES } from "../../../src/recipes/server_table.ts";

const HARD = 'it\'s a "hard" näme; # \\ %41 \u200c\u00a0';
const USAGE = { code: "USAGE" };

/** What begins another line for somebody, drives a terminal, or turns text around. */
const CONTROLS = [
  ...["\n", "\r", "\t", "\0", "\u001b", "\u007f", "\u0085", "\u009b", "\u2028", "\u2029"],
  ...["\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff"],
];

const BASE: RecipeInput = {
  names: [{ value: "172.16.99.32", isIp: true }],
  certificate: { cert: "/srv/a.pem", key: "/srv/a-key.pem" },
  root: { path: "/home/ann/root.pem", pem: "", sha256: "ab".repeat(32) },
  port: 1043,
  upstream: "http://127.0.0.1:8080",
  cors: undefined,
  mtls: false,
  http2: false,
  program: "localtls",
};

const HARD_FILES = { cert: `/srv/${HARD}/a.pem`, key: `/srv/${HARD}/a-key.pem` };

async function write(id: string, input: Partial<RecipeInput> = {}): Promise<string> {
  const recipe = SERVER_RECIPES.find((one) => one.id === id);
  assert.ok(recipe !== undefined, id);
  return (await recipe.load())({ ...BASE, ...input }).text;
}

function honoured({ options }: Recipe): Partial<RecipeInput> {
  return {
    ...(options.cors === true ? { cors: "http://172.16.99.40:8000" } : {}),
    mtls: options.mtls === true,
    http2: options.http2 === true,
  };
}

describe("every server recipe", () => {
  for (const recipe of SERVER_RECIPES) {
    test(`${recipe.id} names the files, the port, and what was asked for`, async () => {
      const text = await write(recipe.id, honoured(recipe));
      assert.match(text, /a(-haproxy)?\.pem/);
      assert.match(text, /a-key\.pem/);
      assert.match(text, /1043/);
      assert.ok(text.endsWith("\n") && !text.endsWith("\n\n"), "ends with one line feed");
      assert.equal(text.includes("172.16.99.40"), recipe.options.cors === true);
      // Kestrel's clients are checked with the trust store of the system.
      const namesRoot = recipe.options.mtls === true && recipe.id !== "kestrel";
      assert.equal(text.includes("/home/ann/root.pem"), namesRoot);
      const without = await write(recipe.id, { ...honoured(recipe), mtls: false });
      assert.equal(without.includes("/home/ann/root.pem"), recipe.needsRoot === true);
    });

    test(`${recipe.id} changes with every option that it honours`, async () => {
      // HTTP/2 is there without being asked for.
      const always = ["caddy", "traefik", "deno", "vite"];
      const plain = await write(recipe.id);
      if (recipe.options.cors === true) {
        assert.notEqual(await write(recipe.id, { cors: "http://172.16.99.40:8000" }), plain);
      }
      if (recipe.options.mtls === true) {
        assert.notEqual(await write(recipe.id, { mtls: true }), plain);
      }
      if (recipe.options.http2 === true && !always.includes(recipe.id)) {
        assert.notEqual(await write(recipe.id, { http2: true }), plain);
      }
    });

    test(`${recipe.id} refuses paths with line feeds, and every other control character`, async () => {
      const load = await recipe.load();
      for (const field of ["cert", "key"] as const) {
        for (const control of CONTROLS) {
          const path = `/srv/a${control}port 80${control}.pem`;
          const certificate = { ...BASE.certificate!, [field]: path };
          const error = { code: "USAGE", message: /it has the control character/ };
          assert.throws(() => load({ ...BASE, certificate }), error, JSON.stringify(control));
        }
      }
    });

    test(`${recipe.id} takes nothing for an origin that is none`, async () => {
      const load = await recipe.load();
      if (recipe.options.cors !== true) return assert.equal(typeof recipe.options.cors, "string");
      for (const cors of ["http://a.test/x", 'http://a"b', "*", "null"]) {
        assert.throws(() => load({ ...BASE, cors }), USAGE, cors);
      }
    });
  }

  test("says that browsers send no certificate with a preflight", async () => {
    const nginx = await SERVER_RECIPES[0]!.load();
    const { warnings } = nginx({ ...BASE, cors: "http://a.test", mtls: true });
    assert.deepEqual(warnings?.map(({ code }) => code), ["CORS_PREFLIGHT_WITHOUT_CERTIFICATE"]);
    assert.deepEqual(nginx({ ...BASE, mtls: true }).warnings, []);
  });
});

describe("names", () => {
  const NAMED = { names: [{ value: "app.test", isIp: false }] };
  const WILDCARD = { names: [{ value: "*.app.test", isIp: false }] };
  const IPV6 = { names: [{ value: "fd00::1", isIp: true }] };

  test("a name listens on every address, an address on just that one", async () => {
    assert.match(await write("apache", NAMED), /^Listen 1043\n<VirtualHost \*:1043>/m);
    assert.match(
      await write("apache", IPV6),
      /^Listen \[fd00::1\]:1043\n<VirtualHost \[fd00::1\]/m,
    );
    assert.match(await write("haproxy", NAMED), /bind :::1043 v4v6 /);
    assert.match(await write("haproxy", IPV6), /bind fd00::1:1043 /);
    assert.match(await write("lighttpd", IPV6), /"\[fd00::1\]:1043"/);
    assert.match(await write("caddy", IPV6), /^https:\/\/:1043 \{\n\tbind fd00::1$/m);
    assert.match(await write("python", IPV6), /AF_INET6[^]*\("fd00::1", 1043\)/);
    assert.match(await write("gunicorn", IPV6), /bind = "\[fd00::1\]:1043"/);
    assert.match(await write("redis", NAMED), /^bind \* -::\*$/m);
  });

  test("Caddy lets requests without a server name in on the listener of an address alone", async () => {
    const relaxed = await write("caddy", { ...IPV6, mtls: true });
    assert.match(relaxed, /^\tservers \[fd00::1\]:1043 \{\n\t\tstrict_sni_host insecure_off$/m);
    for (const input of [IPV6, { ...NAMED, mtls: true }]) {
      assert.doesNotMatch(await write("caddy", input), /insecure/);
    }
  });

  test("a wildcard is written as each server knows it", async () => {
    assert.match(
      await write("apache", WILDCARD),
      /ServerName app\.test\n +ServerAlias \*\.app\.test/,
    );
    assert.match(await write("vite", WILDCARD), /allowedHosts: \["\.app\.test"\]/);
    assert.match(await write("traefik", WILDCARD), /HostRegexp/);
  });

  test("Debian's ports.conf has a Listen for port 443 already", async () => {
    assert.match(await write("apache", { port: 443 }), /^#Listen 172\.16\.99\.32:443$/m);
  });
});

describe("back ends", () => {
  for (const id of ["haproxy", "lighttpd", "caddy"]) {
    test(`${id} refuses what its lines cannot reach`, async () => {
      const load = await SERVER_RECIPES.find((one) => one.id === id)!.load();
      assert.throws(() => load({ ...BASE, upstream: "http://127.0.0.1:8080/app" }), USAGE);
      if (id === "caddy") return;
      assert.throws(() => load({ ...BASE, upstream: "https://127.0.0.1:8080" }), USAGE);
    });
  }
});

describe("read by parsers of their formats, with a path that has everything", () => {
  const input = { certificate: HARD_FILES, mtls: true, http2: true };

  test("Traefik: two documents of YAML", async () => {
    const text = await write("traefik", { ...input, cors: "http://172.16.99.40:8000" });
    const [fixed, dynamic] = parseAllDocuments(text).map((document) => {
      assert.deepEqual(document.errors, []);
      return document.toJS();
    });
    assert.equal(fixed.entryPoints.localtls.address, "172.16.99.32:1043");
    const { certFile, keyFile } = dynamic.tls.stores.default.defaultCertificate;
    assert.deepEqual({ cert: certFile, key: keyFile }, HARD_FILES);
    assert.deepEqual(dynamic.tls.options.default.clientAuth, {
      clientAuthType: "RequireAndVerifyClientCert",
      caFiles: ["/home/ann/root.pem"],
    });
    assert.equal(dynamic.http.routers.localtls.rule, "Host(`172.16.99.32`)");
    const { headers } = dynamic.http.middlewares["localtls-cors"];
    assert.deepEqual(headers.accessControlAllowOriginList, ["http://172.16.99.40:8000"]);
    assert.ok(headers.accessControlAllowMethods.includes("PUT"));
  });

  test("the Docker registry: YAML", async () => {
    const text = await write("registry", { ...input, cors: "http://172.16.99.40:8000" });
    const [document] = parseAllDocuments(text);
    assert.deepEqual(document?.errors, []);
    const { http } = document?.toJS();
    const { certificate, key, clientcas, minimumtls } = http.tls;
    assert.deepEqual({ cert: certificate, key }, HARD_FILES);
    assert.deepEqual([clientcas, minimumtls], [["/home/ann/root.pem"], "tls1.2"]);
    assert.deepEqual(http.headers["Access-Control-Allow-Origin"], ["http://172.16.99.40:8000"]);
    assert.equal(http.http2, undefined);
    const [plain] = parseAllDocuments(await write("registry"));
    assert.deepEqual(plain?.toJS().http.http2, { disabled: true });
  });

  test("Kestrel: JSON with comments", async () => {
    const errors: ParseError[] = [];
    const { Kestrel } = parseJsonc(await write("kestrel", input), errors);
    assert.deepEqual(errors, []);
    const { Https } = Kestrel.Endpoints;
    assert.deepEqual({ cert: Https.Certificate.Path, key: Https.Certificate.KeyPath }, HARD_FILES);
    assert.equal(Https.Url, "https://172.16.99.32:1043");
    assert.equal(Https.Protocols, "Http1AndHttp2");
    assert.equal(Https.ClientCertificateMode, "RequireCertificate");
  });
});

describe("paths", () => {
  test("line ends that only YAML would see are refused, what JSON writes is read back", () => {
    for (const path of ["\u2028", "\u0085"]) assert.throws(() => jsonString(path), USAGE);
    assert.equal(JSON.parse(jsonString(HARD)), HARD);
  });

  const cases: [string, (path: string) => string, string, string][] = [
    ["Redis", escapedString, 'a "b" \\', '"a \\"b\\" \\\\"'],
    ["Apache", apacheString, "$HOME 'x'", "\"$HOME 'x'\""],
    ["Caddy", caddyString, "it's", '"it\'s"'],
    ["Caddy, with what double quotes cannot hold", caddyString, 'a\\"b', '`a\\"b`'],
    ["HAProxy", haproxyString, "it's $HOME", "'it'\\''s $HOME'"],
    ["lighttpd", lighttpdString, 'a\\"b', '"a\\\\"b"'],
    ["PostgreSQL", postgresqlString, "it's \\n", "'it''s \\\\n'"],
    ["option files", optionFileString, "it's \\n", '"it\'s \\\\n"'],
    ["option files, double quotes", optionFileString, 'a "b"', "'a \"b\"'"],
    ["Mosquitto", restOfLine, "a # b", "a # b"],
    ["Spring", fileUrl, "/a b/ä%+$.pem", "file:///a%20b/%C3%A4%25%2B%24.pem"],
    ["Spring on Windows", fileUrl, "C:\\a b\\c.pem", "file:///C:/a%20b/c.pem"],
  ];
  for (const [format, quote, path, expected] of cases) {
    test(`${format}: ${path}`, () => assert.equal(quote(path), expected));
  }

  const refused: [string, (path: string) => string, string][] = [
    ["Apache", apacheString, "/${HOME}/a.pem"],
    ["Caddy", caddyString, "/{env.HOME}/a.pem"],
    ["Caddy", caddyString, '/`"/a.pem'],
    ["lighttpd", lighttpdString, "/a.pem\\"],
    ["option files", optionFileString, "/'\"/a.pem"],
    ["Mosquitto", restOfLine, "/a.pem "],
    ["Traefik", traefikString, "/{{ env }}/a.pem"],
  ];
  for (const [format, quote, path] of refused) {
    test(`${format} cannot hold ${path}`, () => assert.throws(() => quote(path), USAGE));
  }
});
