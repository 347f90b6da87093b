/** What a CA may be made to speak for: no public suffix, no public name of this machine's own, "any" only when confirmed. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodePem } from "../../src/der/pem.ts";
import { createHierarchy } from "../../src/pki/hierarchy.ts";
import { DEFAULT_PERMITTED_DOMAINS } from "../../src/pki/permitted.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { mustRun } from "../support/processes.ts";
import { makeScratch, type Scratch, snapshot } from "../support/scratch.ts";

const SLOW = { timeout: 180_000 };
const STORES = ["--stores", "nss"];
const TERMINAL = fileURLToPath(new URL("../support/terminal.py", import.meta.url));

/** A command line word that names something too wide. */
const WIDE =
  /(?:^|[\s,])(?:any|com|com\.cn|co\.uk|github\.io|ts\.net|s3\.amazonaws\.com|ck|[a-z]+\.ck|kawasaki\.jp)(?:[\s,]|$)/;

/** Words before the program that give this machine another name, for it alone. */
function named(hostName: string): readonly string[] {
  return ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', hostName];
}

/** Runs it with --json. */
async function ask(scratch: Scratch, args: readonly string[], hostName = "laptop") {
  const result = await scratch.run([...args, "--json"], {
    prefix: named(hostName),
    timeoutMs: 120_000,
  });
  return { code: result.code, document: result.json() };
}

/** A CA as an earlier version made it. */
async function withAuthority(...domains: string[]): Promise<Scratch> {
  const scratch = makeScratch();
  const { root, issuer, issuerKey } = await createHierarchy({
    description: "test",
    permitted: { any: false, domains: [...DEFAULT_PERMITTED_DOMAINS, ...domains] },
    now: new Date(),
  });
  mkdirSync(scratch.state, { recursive: true, mode: 0o700 });
  writeFileSync(join(scratch.state, "root.pem"), encodePem("CERTIFICATE", root));
  writeFileSync(join(scratch.state, "issuer.pem"), encodePem("CERTIFICATE", issuer));
  const key = encodePem("PRIVATE KEY", issuerKey);
  writeFileSync(join(scratch.state, "issuer-key.pem"), key, { mode: 0o600 });
  return scratch;
}

describe("a refused name hints at the registrable domain", () => {
  const cases: readonly (readonly [name: string, permit: string])[] = [
    ["api.foo.com.cn", "foo.com.cn"],
    ["www.bank.co.uk", "bank.co.uk"],
    ["www.ann.github.io", "ann.github.io"],
    ["host.tail1234.ts.net", "tail1234.ts.net"],
    ["a.bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com"],
    ["a.b.test.ck", "b.test.ck"],
    ["a.www.ck", "www.ck"],
    ["shop.ward.kawasaki.jp", "shop.ward.kawasaki.jp"],
    ["www.city.kawasaki.jp", "city.kawasaki.jp"],
    ["www.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"],
    ["WWW.Bank.Co.UK", "bank.co.uk"],
    ["*.bank.co.uk", "bank.co.uk"],
    ["web.pc.nolan", "pc.nolan"],
  ];
  for (const [name, permit] of cases) {
    test(`${name}: ${permit}`, SLOW, async () => {
      const scratch = makeScratch();
      for (const command of ["cert", "setup", "serve"]) {
        const args = command === "serve" ? ["serve", "--name", name] : [command, name];
        const { code, document } = await ask(scratch, args);
        assert.equal(code, 1);
        assert.equal(document.error.code, "NAME_NOT_PERMITTED");
        const [hint] = document.error.hints;
        assert.ok(hint.startsWith(`localtls setup --permit ${permit} `), hint);
      }
      assert.equal(existsSync(scratch.state), false, "a CA was made");
      const made = await withAuthority();
      const { document } = await ask(made, ["cert", name]);
      assert.deepEqual(document.error.hints, [`localtls ca permit ${permit}`]);
      const old = await made.run(["mkcert", name], { prefix: named("laptop") });
      assert.equal(old.code, 1);
      assert.match(old.stderr, new RegExp(`hint: localtls ca permit ${permit}\\n`));
    });
  }

  test("all of several names are in the one command, which works", SLOW, async () => {
    const scratch = await withAuthority();
    const names = ["www.bank.co.uk", "a.test", "ann.github.io", "*.bank.co.uk"];
    const { document } = await ask(scratch, ["cert", ...names]);
    const [hint] = document.error.hints;
    assert.equal(hint, "localtls ca permit bank.co.uk ann.github.io");
    const permitted = await ask(scratch, [...hint.split(" ").slice(1), ...STORES]);
    assert.equal(permitted.code, 0, JSON.stringify(permitted.document));
    assert.equal((await ask(scratch, ["cert", ...names])).code, 0);
    const fresh = makeScratch();
    const first = (await ask(fresh, ["setup", ...names])).document.error.hints[0];
    assert.equal(
      first,
      "localtls setup --permit bank.co.uk,ann.github.io www.bank.co.uk a.test ann.github.io " +
        "'*.bank.co.uk'",
    );
    const pasted = await fresh.run([], {
      prefix: [
        ...named("laptop"),
        "sh",
        "-c",
        `${first.replace("localtls", LOCALTLS)} --stores nss`,
      ],
      timeoutMs: 120_000,
    });
    assert.equal(pasted.code, 0, pasted.stderr);
  });

  test("lines of a list, and requests", SLOW, async () => {
    const scratch = await withAuthority();
    writeFileSync(join(scratch.work, "names"), "a.test\nwww.bank.co.uk\n*.github.io\n");
    const result = await scratch.run(["cert", "--from", "names", "--json"]);
    const lines = result.stdout.trim().split("\n").map((line) => JSON.parse(line));
    const hints = lines.flatMap((line) => line.error?.hints ?? []);
    assert.equal(hints.length, 2, result.stdout);
    assert.ok(hints.includes("localtls ca permit bank.co.uk"));
    assert.doesNotMatch(hints.join("\n"), WIDE);
  });
});

describe("what nothing can be permitted for is refused with another way", () => {
  for (const name of ["com.cn", "github.io", "*.co.uk", "*.github.io", "com", "kawasaki.jp"]) {
    test(name, SLOW, async () => {
      for (const scratch of [makeScratch(), await withAuthority()]) {
        const { code, document } = await ask(scratch, ["cert", name]);
        assert.equal(code, 1);
        assert.equal(document.error.code, "NAME_NOT_PERMITTED");
        assert.equal(document.error.hints.length, 1);
        assert.doesNotMatch(document.error.hints[0], WIDE);
        assert.match(document.error.hints[0], /as in "?(?:\*\.)?example\./);
        assert.deepEqual(readdirSync(scratch.work), []);
      }
    });
  }
  for (const name of ["8.8.8.8", "2606:4700::1"]) {
    test(name, SLOW, async () => {
      for (const scratch of [makeScratch(), await withAuthority()]) {
        // Whatever stands before it: no command helps.
        for (const args of [["cert", name], ["cert", "www.bank.co.uk", name], ["setup", name]]) {
          const { code, document } = await ask(scratch, args);
          assert.equal(code, 1);
          assert.equal(document.error.code, "NAME_NOT_PERMITTED");
          assert.match(document.error.message, /private, loopback/);
          assert.match(document.error.hints.join("\n"), /^Public addresses are not issued for: /);
          assert.doesNotMatch(document.error.hints.join("\n"), WIDE);
        }
      }
    });
  }

  test("a wildcard right below a suffix that an earlier version permitted", SLOW, async () => {
    const scratch = await withAuthority("github.io", "co.uk");
    for (const name of ["*.github.io", "*.co.uk"]) {
      const { document } = await ask(scratch, ["cert", name]);
      assert.equal(document.error.code, "NAME_NOT_PERMITTED");
    }
    assert.equal((await ask(scratch, ["cert", "*.ann.github.io"])).code, 0);
  });
});

describe("a suffix is not permitted", () => {
  const words = [
    "com.cn",
    "co.uk",
    "github.io",
    "ts.net",
    "s3.amazonaws.com",
    "CO.UK",
    "co.uk.",
    "*.co.uk",
    ".co.uk",
    "ck",
    "test.ck",
    "kawasaki.jp",
    "公司.cn",
    "xn--55qx5d.cn",
    "中国",
    "za",
    "com",
  ];
  for (const word of words) {
    test(word, SLOW, async () => {
      const scratch = await withAuthority();
      const before = snapshot(scratch.home);
      const fresh = makeScratch();
      for (
        const [where, args] of [
          [scratch, ["ca", "permit", word]],
          [scratch, ["ca", "permit", "example.com", word, "--yes"]],
          [fresh, ["setup", "--permit", word]],
          [fresh, ["setup", "--permit", `example.com,${word}`, "--yes"]],
        ] as const
      ) {
        const { code, document } = await ask(where, [...args, ...STORES]);
        assert.equal(code, 2, JSON.stringify(document));
        assert.equal(document.error.code, "NAME_INVALID");
        assert.match(document.error.message, /is a public (?:suffix|top-level domain)/);
        assert.doesNotMatch(document.error.hints.join("\n"), WIDE);
      }
      assert.deepEqual(snapshot(scratch.home), before);
      assert.equal(existsSync(fresh.state), false);
    });
  }

  test("what stands below one is, and is issued for", SLOW, async () => {
    const scratch = await withAuthority();
    const domains = ["bank.co.uk", "ann.github.io", "www.ck", "city.kawasaki.jp", "nas"];
    assert.equal((await ask(scratch, ["ca", "permit", ...domains, ...STORES])).code, 0);
    const names = [...domains, ...domains.map((domain) => `www.${domain}`), "*.bank.co.uk"];
    assert.equal((await ask(scratch, ["cert", ...names])).code, 0);
    const status = await ask(scratch, ["status", ...STORES]);
    assert.doesNotMatch(JSON.stringify(status.document.todo), /suffix/);
  });
});

describe("a CA that may speak for a suffix already", () => {
  test("is named by status, doctor and ca show; ca rotate narrows it", SLOW, async () => {
    const scratch = await withAuthority("com.cn", "github.io", "example.com");
    assert.equal((await ask(scratch, ["cert", "www.bank.com.cn", "*.shop.com.cn"])).code, 0);
    const status = await ask(scratch, ["status", ...STORES]);
    const todo = status.document.todo.find((one: { message: string }) =>
      /suffixes com\.cn, github\.io/.test(one.message)
    );
    assert.equal(todo?.command, "localtls ca rotate");
    assert.equal(status.code, 1);
    const shown = await ask(scratch, ["ca", "show"]);
    assert.equal(shown.document.warnings[0]?.code, "CA_PERMITS_SUFFIX");
    assert.match(shown.document.warnings[0].message, /localtls ca rotate$/);
    const doctor = await ask(scratch, ["doctor", ...STORES]);
    const check = doctor.document.checks.find(({ id }: { id: string }) => id === "ca-constraints");
    assert.deepEqual([check.status, check.fix], ["warn", "localtls ca rotate"]);

    const rotated = await ask(scratch, ["ca", "rotate", ...STORES]);
    assert.equal(rotated.code, 0, JSON.stringify(rotated.document));
    assert.deepEqual(rotated.document.ca.permitted, [
      ...DEFAULT_PERMITTED_DOMAINS,
      "example.com",
      "bank.com.cn",
      "shop.com.cn",
    ]);
    const codes = rotated.document.warnings.map(({ code }: { code: string }) => code);
    assert.ok(codes.includes("SUFFIX_NOT_PERMITTED"), codes.join());
    assert.equal(rotated.document.certificates.length, 1);
    assert.equal((await ask(scratch, ["cert", "www.bank.com.cn"])).code, 0);
    assert.equal((await ask(scratch, ["cert", "www.other.com.cn"])).code, 1);
    assert.deepEqual((await ask(scratch, ["ca", "show"])).document.warnings, []);
  });

  test("hands no suffix on by ca permit either", SLOW, async () => {
    const scratch = await withAuthority("com.cn");
    const { code, document } = await ask(scratch, ["ca", "permit", "example.com", ...STORES]);
    assert.equal(code, 0);
    assert.deepEqual(document.ca.permitted, [...DEFAULT_PERMITTED_DOMAINS, "example.com"]);
  });

  test("cannot keep a certificate for the suffix itself, and says so", SLOW, async () => {
    const scratch = await withAuthority("github.io");
    assert.equal((await ask(scratch, ["cert", "github.io"])).code, 0);
    const { code, document } = await ask(scratch, ["ca", "rotate", ...STORES]);
    assert.equal(code, 1);
    assert.equal(document.error.code, "NAME_NOT_PERMITTED");
    assert.match(document.error.hints.join(), /^Remove that certificate first/);
  });

  test("is imported with a warning that has the way out", SLOW, async () => {
    const from = await withAuthority("co.uk");
    const scratch = makeScratch();
    const pem = ["root.pem", "issuer.pem", "issuer-key.pem"]
      .map((name) => readFileSync(join(from.state, name), "utf8")).join("");
    writeFileSync(join(scratch.work, "ca.pem"), pem, { mode: 0o600 });
    const { code, document } = await ask(scratch, ["ca", "import", "ca.pem"]);
    assert.equal(code, 0, JSON.stringify(document));
    const warning = document.warnings.find(({ code }: { code: string }) =>
      code === "CA_PERMITS_SUFFIX"
    );
    assert.match(warning?.message, /the public suffix co\.uk.*: localtls ca rotate$/);
  });
});

describe('"any"', () => {
  const isUnlimited = (document: { ca: { permitted: string[] } }) =>
    document.ca.permitted.join() === "any";

  test("is refused where nobody can be asked, with what it gives up", SLOW, async () => {
    const scratch = await withAuthority();
    const before = snapshot(scratch.home);
    const fresh = makeScratch();
    for (
      const [where, args] of [
        [scratch, ["ca", "permit", "any", ...STORES]],
        [scratch, ["ca", "permit", "example.com", "any", ...STORES]],
        [fresh, ["setup", "--permit", "any", ...STORES]],
        [fresh, ["setup", "--permit", "example.com,any", "www.google.com", ...STORES]],
      ] as const
    ) {
      const { code, document } = await ask(where, args);
      assert.equal(code, 1, JSON.stringify(document));
      assert.equal(document.error.code, "CONFIRMATION_NEEDED");
      assert.match(document.error.message, /can impersonate any web site/);
      const [better, command] = document.error.hints;
      assert.match(better, /^Permit the domains that you use/);
      assert.match(command, /^localtls (?:ca permit|setup) .*any.* --yes$/);
    }
    assert.deepEqual(snapshot(scratch.home), before);
    assert.equal(existsSync(fresh.state), false);
    assert.equal((await ask(scratch, ["ca", "permit", "any", "--dry-run", ...STORES])).code, 0);
    assert.equal((await ask(fresh, ["setup", "--permit", "any", "-n", ...STORES])).code, 0);
    assert.deepEqual(snapshot(scratch.home), before);
  });

  test("is taken with --yes, once", SLOW, async () => {
    const scratch = await withAuthority();
    const taken = await ask(scratch, ["ca", "permit", "any", "--yes", ...STORES]);
    assert.ok(taken.code === 0 && isUnlimited(taken.document), JSON.stringify(taken));
    assert.equal(taken.document.warnings[0].code, "CA_UNCONSTRAINED");
    const again = await ask(scratch, ["ca", "permit", "any", ...STORES]);
    assert.deepEqual([again.code, again.document.changed], [0, false]);
    // The same list again is no new wish.
    assert.equal((await ask(scratch, ["ca", "rotate", ...STORES])).code, 0);
    const fresh = makeScratch();
    const setup = await ask(fresh, ["setup", "--permit", "any", "--yes", "8.8.8.8", ...STORES]);
    assert.ok(setup.code === 0 && isUnlimited(setup.document), JSON.stringify(setup));
    assert.equal((await ask(fresh, ["setup", "--permit", "any", "a.test", ...STORES])).code, 0);
  });

  for (
    const [answer, expected] of [["y", true], ["yes", true], ["n", false], ["", false]] as const
  ) {
    test(`is asked for on a terminal: "${answer}"`, SLOW, async () => {
      const scratch = makeScratch();
      const steps = JSON.stringify([["[y/N] ", `${answer}\n`]]);
      const command = [LOCALTLS, "setup", "--permit", "any", "a.test", ...STORES];
      const output = await mustRun(["python3", TERMINAL, steps, ...command], {
        cwd: scratch.work,
        env: { HOME: scratch.home, PATH: "/usr/bin:/bin" },
        timeoutMs: 60_000,
      });
      const { shown, code } = JSON.parse(output);
      assert.match(shown, /may issue for every name: whoever gets hold of its key[^]*\[y\/N\] /);
      assert.equal(code === 0, expected, shown);
      assert.equal(existsSync(scratch.state), expected);
    });
  }
});

describe("this machine's own name", () => {
  const publicNames = [
    "google.com",
    "laptop.example.com",
    "web01.office.example.co.uk",
    "laptop.tail1234.ts.net",
    "ann.github.io",
    "Host.Example.DEV",
    "fritz.box",
  ];
  for (const hostName of publicNames) {
    test(`${hostName} is permitted by nobody but the user`, SLOW, async () => {
      const name = hostName.toLowerCase();
      const issuing = makeScratch();
      for (const wanted of [name, `www.${name}`]) {
        const { code, document } = await ask(issuing, ["cert", wanted], hostName);
        assert.equal(code, 1, JSON.stringify(document));
        assert.equal(document.error.code, "NAME_NOT_PERMITTED");
      }
      const old = await issuing.run(["mkcert", `www.${name}`], { prefix: named(hostName) });
      assert.equal(old.code, 1);
      assert.match(old.stderr, /hint: localtls .*permit/);
      const made = await issuing.run(["cert", "a.test"], { prefix: named(hostName) });
      assert.equal(made.code, 0);
      assert.equal((await ask(issuing, ["cert", `www.${name}`], hostName)).code, 1);

      // Not even --yes does.
      for (const yes of [[], ["--yes"]]) {
        const scratch = makeScratch();
        const setup = await ask(scratch, ["setup", ...yes, ...STORES], hostName);
        assert.equal(setup.code, 0, JSON.stringify(setup.document));
        assert.deepEqual(setup.document.ca.permitted, DEFAULT_PERMITTED_DOMAINS);
        assert.ok(!setup.document.certificates[0].names.includes(name));
        const warning = setup.document.warnings.find(({ code }: { code: string }) =>
          code === "HOST_NAME_LEFT_OUT"
        );
        const command = /(localtls ca permit \S+)$/.exec(warning?.message)?.[1];
        assert.equal(
          command,
          `localtls ca permit ${name}`,
          JSON.stringify(setup.document.warnings),
        );
        const permitted = await ask(
          scratch,
          [...command!.split(" ").slice(1), ...STORES],
          hostName,
        );
        assert.equal(permitted.code, 0);
        const again = await ask(scratch, ["setup", ...STORES], hostName);
        assert.ok(again.document.certificates[0].names.includes(name));
        assert.doesNotMatch(JSON.stringify(again.document.warnings), /HOST_NAME_LEFT_OUT/);
      }
    });
  }

  test(
    "of which the suffix or top-level domain is the whole is left out, without a command",
    SLOW,
    async () => {
      for (const hostName of ["dev", "co.uk", "github.io"]) {
        const scratch = makeScratch();
        const { code, document } = await ask(scratch, ["setup", ...STORES], hostName);
        assert.equal(code, 0);
        assert.deepEqual(document.ca.permitted, DEFAULT_PERMITTED_DOMAINS);
        const warning = document.warnings.find(({ code }: { code: string }) =>
          code === "HOST_NAME_LEFT_OUT"
        );
        assert.match(warning?.message, /public (?:suffix|top-level domain)$/);
      }
    },
  );

  for (
    const hostName of [
      "laptop",
      "Anns-Laptop",
      "nas.local",
      "web.corp",
      "db01.internal",
      "pc.lan",
      "pc.home.arpa",
    ]
  ) {
    test(`${hostName} is taken without a word`, SLOW, async () => {
      const scratch = makeScratch();
      const { code, document } = await ask(scratch, ["setup", ...STORES], hostName);
      assert.equal(code, 0, JSON.stringify(document));
      assert.ok(document.certificates[0].names.includes(hostName.toLowerCase()));
      assert.doesNotMatch(JSON.stringify(document.warnings), /HOST_NAME_LEFT_OUT/);
    });
  }

  test(
    "is said by a dry run as setup takes it, and by names that were given not at all",
    SLOW,
    async () => {
      const scratch = makeScratch();
      const dry = await ask(scratch, ["setup", "--dry-run", ...STORES], "pc.example.com");
      assert.match(
        JSON.stringify(dry.document.warnings),
        /localtls setup --permit pc\.example\.com"/,
      );
      const given = await ask(scratch, ["setup", "a.test", ...STORES], "pc.example.com");
      assert.equal(given.code, 0);
      assert.doesNotMatch(JSON.stringify(given.document.warnings), /HOST_NAME_LEFT_OUT/);
      const other = makeScratch();
      const args = ["setup", "--permit", "pc.example.com", ...STORES];
      const asked = await ask(other, args, "pc.example.com");
      assert.ok(asked.document.certificates[0].names.includes("pc.example.com"));
    },
  );

  test("is not served either, and serve says so", SLOW, async () => {
    const scratch = makeScratch();
    const args = ["serve", "--port", "0", "--host", "127.0.0.1"];
    const { stderr, stdout } = await scratch.run(args, {
      prefix: [...named("google.com"), "timeout", "8"],
    });
    assert.match(stderr, /"google\.com", is left out: .*: localtls ca permit google\.com/);
    assert.doesNotMatch(stdout, /google\.com/);
  });
});
