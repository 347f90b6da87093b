import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { expandPattern } from "../../../src/recipes/glob.ts";
import {
  findNginxCertificates,
  nginxDirectives,
  type NginxFiles,
} from "../../../src/recipes/nginx_config.ts";

/** Files in memory. */
function tree(files: Readonly<Record<string, string>>): NginxFiles {
  return {
    read: (path) => Promise.resolve(files[path]),
    list: (directory) => {
      const inside = Object.keys(files).filter((path) => path.startsWith(`${directory}/`));
      const names = inside.map((path) => path.slice(directory.length + 1).split("/")[0]!);
      return Promise.resolve([...new Set(names)].sort());
    },
  };
}

async function found(files: Readonly<Record<string, string>>) {
  const { certificates, problems } = await findNginxCertificates(
    "/etc/nginx/nginx.conf",
    tree(files),
  );
  return {
    paths: certificates.map(({ path }) => path),
    places: certificates.map(({ places }) => places.map(({ file, line }) => `${file}:${line}`)),
    problems: problems.map(({ file, line, message }) => `${file}:${line}: ${message}`),
  };
}

const main = (text: string) => ({ "/etc/nginx/nginx.conf": text });

describe("findNginxCertificates()", () => {
  test("follows includes by glob and by name, relative to the main file", async () => {
    const { paths, places, problems } = await found({
      ...main("http {\n include conf.d/*.conf;\n include /srv/[ab].conf; include more;\n}"),
      "/etc/nginx/conf.d/1.conf": "server { ssl_certificate tls/1.crt; }",
      "/etc/nginx/conf.d/2.conf": "server {\n\n ssl_certificate /abs/2.crt;\n}",
      "/etc/nginx/conf.d/.hidden.conf": "server { ssl_certificate hidden.crt; }",
      "/etc/nginx/conf.d/3.off": "server { ssl_certificate off.crt; }",
      "/srv/a.conf": "ssl_certificate a.crt;",
      "/srv/c.conf": "ssl_certificate c.crt;",
      "/etc/nginx/more": "include conf.d/../deep;",
      "/etc/nginx/conf.d/../deep": "ssl_certificate deep.crt;",
    });
    assert.deepEqual(paths, [
      "/etc/nginx/tls/1.crt",
      "/abs/2.crt",
      "/etc/nginx/a.crt",
      "/etc/nginx/deep.crt",
    ]);
    assert.deepEqual(places[1], ["/etc/nginx/conf.d/2.conf:3"]);
    assert.deepEqual(problems, []);
  });

  const texts: readonly (readonly [what: string, text: string, paths: readonly string[]])[] = [
    ["quotes with spaces, semicolons and braces", `ssl_certificate "/a b;{}.crt";`, [
      "/a b;{}.crt",
    ]],
    ["single quotes and escapes", String.raw`ssl_certificate '/it\'s.crt';`, ["/it's.crt"]],
    ["an escaped space", String.raw`ssl_certificate /a\ b.crt;`, [String.raw`/a\ b.crt`]],
    [
      "comments",
      "# ssl_certificate /no.crt;\nssl_certificate /a.crt; # ssl_certificate /no2.crt;",
      [
        "/a.crt",
      ],
    ],
    ["a # within a word", "ssl_certificate /a#b.crt;", ["/a#b.crt"]],
    ["a directive over several lines", "ssl_certificate\n\n  /a.crt\n;", ["/a.crt"]],
    ["nested blocks", "http{server{if ($a){return 1;}location / {}ssl_certificate /a.crt;}}", [
      "/a.crt",
    ]],
    ["two kinds of key in one server", "ssl_certificate /rsa; ssl_certificate /ec;", [
      "/rsa",
      "/ec",
    ]],
    ["a map whose values look like directives", "map $a $b { ssl_certificate /no.crt; }", []],
    ["directives whose names begin alike", "ssl_certificate_key /k; proxy_ssl_certificate /p;", []],
    [
      "Lua with braces, quotes and comments",
      "content_by_lua_block {\n local a = { b = \"it's\" } -- don't\n}\nssl_certificate /a.crt;",
      ["/a.crt"],
    ],
    ["a variable with braces", 'log_format x "${a}"; set $c ${b}x; ssl_certificate /a.crt;', [
      "/a.crt",
    ]],
    ["a byte order mark and CRLF", "\ufeffssl_certificate /a.crt;\r\n", ["/a.crt"]],
    ["nothing at all", "", []],
  ];
  for (const [what, text, paths] of texts) {
    test(`reads ${what}`, async () => {
      assert.deepEqual((await found(main(text))).paths, paths);
    });
  }

  test("one file that many sites name is one certificate with many places", async () => {
    const { paths, places } = await found(main("ssl_certificate a;\nssl_certificate a;"));
    assert.deepEqual(paths, ["/etc/nginx/a"]);
    assert.deepEqual(places, [["/etc/nginx/nginx.conf:1", "/etc/nginx/nginx.conf:2"]]);
  });

  test("reports what cannot be followed, and goes on", async () => {
    const { paths, problems } = await found(main([
      "include $missing.conf;",
      "include gone.conf;",
      "include none/*.conf;",
      "ssl_certificate /certs/$ssl_server_name.crt;",
      "ssl_certificate data:$pem;",
      "ssl_certificate /good.crt;",
    ].join("\n")));
    assert.deepEqual(paths, ["/good.crt"]);
    assert.equal(problems.length, 4);
    assert.match(problems[0]!, /nginx\.conf:1: .*variable/);
    assert.match(problems[1]!, /nginx\.conf:2: .*gone\.conf.*does not exist/);
    assert.match(problems[2]!, /nginx\.conf:4: .*depends on the request/);
    assert.match(problems[3]!, /nginx\.conf:5: .*variable/);
  });

  test("includes that go round end", async () => {
    const { paths } = await found({
      ...main("include a; ssl_certificate /x;"),
      "/etc/nginx/a": "include nginx.conf; include a; ssl_certificate /y;",
    });
    assert.deepEqual(paths, ["/y", "/x"]);
  });

  test("includes that go ever deeper are given up with a sentence", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`/etc/nginx/${i}`, `include ${i + 1};`]),
    );
    const { problems } = await found({ ...main("include 0;"), ...files });
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /too many includes/);
  });

  const broken: readonly (readonly [text: string, says: RegExp])[] = [
    ['ssl_certificate "a', /line 1: a quoted text has no end/],
    ["http {\n server {", /has no end/],
    ["}", /line 1: "}" closes nothing/],
    ["a;\nb", /line 2: "b" has no end/],
    ["server { a }", /missing before "}"/],
    [";", /stands without a directive/],
  ];
  for (const [text, says] of broken) {
    test(`refuses ${JSON.stringify(text)}`, async () => {
      await assert.rejects(found(main(text)), says);
    });
  }

  test("says where the configuration is not", async () => {
    await assert.rejects(found({}), { code: "FILE_NOT_FOUND" });
  });

  test("a megabyte of opening braces does not exhaust anything", () => {
    assert.throws(() => [...nginxDirectives("a{".repeat(500_000))], /has no end/);
  });
});

describe("expandPattern()", () => {
  const list = (directory: string) =>
    Promise.resolve(
      ({ "/d": ["a1", "a2", "b1", ".a", "a.b", "[x]"], "/": ["d", "e"] } as Record<
        string,
        string[]
      >)[
        directory
      ] ?? [],
    );
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["/d/a?", ["/d/a1", "/d/a2"]],
    ["/d/[!b]*1", ["/d/a1"]],
    ["/d/*.b", ["/d/a.b"]],
    ["/d/.*", ["/d/.a"]],
    [`/d/${"*".repeat(200)}1`, ["/d/a1", "/d/b1"]],
    ["/*/b1", ["/d/b1", "/e/b1"]],
    ["/d/[z-a]", []],
    ["/d/[[]x]", ["/d/[x]"]],
    ["/nowhere/*", []],
  ];
  for (const [pattern, paths] of cases) {
    test(pattern, async () => assert.deepEqual(await expandPattern(pattern, list), paths));
  }
});

describe("a hostile configuration", () => {
  /** A file system in which every directory has so many names, each of them a directory as well. */
  function endless(width: number, text: string) {
    let listings = 0;
    let reads = 0;
    const names = Array.from({ length: width }, (_, i) => `d${i}`);
    const files: NginxFiles = {
      list: () => Promise.resolve(++listings > 0 ? names : []),
      read: (path) => {
        reads++;
        return Promise.resolve(path === "/etc/nginx/nginx.conf" ? text : "");
      },
    };
    return { files, counts: () => ({ listings, reads }) };
  }

  const cases: [name: string, width: number, text: string][] = [
    ["a pattern of five names", 20, "include /*/*/*/*/*;"],
    ["a pattern of three names in a wide tree", 1000, "include /*/*/*;"],
    ["a thousand patterns", 50, "include /*/*;\n".repeat(1000)],
    ["ten thousand includes that are not there", 1, "include a;\n".repeat(10_000)],
  ];
  for (const [name, width, text] of cases) {
    test(`${name} ends soon`, { timeout: 30_000 }, async () => {
      const { files, counts } = endless(width, text);
      const started = performance.now();
      const { problems } = await findNginxCertificates("/etc/nginx/nginx.conf", files);
      const { listings, reads } = counts();
      assert.ok(listings <= 2_000, `${listings} directories were listed`);
      assert.ok(reads <= 20_001, `${reads} files were read`);
      assert.ok(performance.now() - started < 15_000);
      assert.ok(problems.length <= 101, `${problems.length} problems`);
      if (width > 1) assert.match(problems[0]!.message, /stands for too many files$/);
    });
  }

  // With a matcher that tries every split, a minute for one name.
  test("a name with many stars costs no more than its length", { timeout: 10_000 }, async () => {
    const pattern = `/x/${"*a".repeat(60)}*b`;
    const list = () => Promise.resolve(["a".repeat(250)]);
    const started = performance.now();
    assert.deepEqual(await expandPattern(pattern, list), []);
    assert.ok(performance.now() - started < 1_000);
    assert.equal(await expandPattern(`/x/*${"a".repeat(300)}`, list), undefined);
  });

  test("100,000 lines that name one certificate, and many", { timeout: 30_000 }, async () => {
    const one = "ssl_certificate a;\n".repeat(100_000);
    const many = Array.from({ length: 10_000 }, (_, i) => `ssl_certificate c${i};\n`).join("");
    const started = performance.now();
    const { certificates } = await findNginxCertificates(
      "/etc/nginx/nginx.conf",
      tree(main(one + many)),
    );
    assert.ok(performance.now() - started < 10_000);
    assert.equal(certificates[0]!.places.length, 100_000);
    assert.equal(certificates.length, 5_000);
  });
});
