import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import process from "node:process";
import { before, describe, test } from "node:test";
import { decodePem } from "../../src/der/pem.ts";
import type { TrustAnchor } from "../../src/truststore/store.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { mustRun, run, start, waitFor } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { withTmpfs } from "../support/tmpfs.ts";
import { countRows, storeAt, withDatabase } from "../unit/truststore/nss/store_fixture.ts";
import {
  askNss,
  certutil,
  logIn,
  makePki,
  makeTripleDesRow,
  missingCertutil,
  NSS_VERSIONS,
  type Pki,
} from "./nss_judge.ts";

const skip = missingCertutil();
const NICKNAME = "localtls nss test";
const PASSWORD = "secret1";

let pki: Pki;
let anchor: TrustAnchor;
let peer: TrustAnchor;
let passwordFile: string;

before(async () => {
  requireSandbox();
  pki = await makePki(NICKNAME);
  anchor = readAnchor(pki.ca, "ca");
  peer = readAnchor(pki.peer, "peer");
  passwordFile = `${pki.directory}/password`;
  writeFileSync(passwordFile, `${PASSWORD}\n`);
});

function readAnchor(file: string, role: TrustAnchor["role"]): TrustAnchor {
  const pem = readFileSync(file, "utf8");
  const { der } = decodePem(pem)[0]!;
  const sha256 = createHash("sha256").update(der).digest("hex");
  return { certificate: parseCertificate(der), pem, sha256, label: NICKNAME, role, file };
}

const contents = (directory: string) =>
  ["cert9.db", "key4.db"].map((name) => readFileSync(`${directory}/${name}`, "base64"));

/** Asks about the CA, by the server certificate that it has issued. */
const ask = (version: typeof NSS_VERSIONS[number], directory: string, password?: string) =>
  askNss(version, directory, {
    nickname: NICKNAME,
    server: pki.server,
    ...(password !== undefined && { password }),
  });

for (const version of NSS_VERSIONS) {
  describe(`${version.name} and a database of its own`, { skip }, () => {
    const make = async (password?: string) => {
      const directory = scratchDirectory("nss");
      const how = password === undefined ? ["--empty-password"] : ["-f", passwordFile];
      await certutil(version, directory, "-N", ...how);
      return directory;
    };

    test("believes a new entry, and not any more when it is removed", async () => {
      const directory = await make();
      const store = storeAt(directory);
      assert.deepEqual(await ask(version, directory), { flags: undefined, valid: false });
      await store.add(anchor);
      assert.deepEqual(await store.state(anchor), { state: "trusted" });
      assert.deepEqual(await ask(version, directory), { flags: "C,,", valid: true });
      const written = contents(directory);
      await store.add(anchor);
      assert.deepEqual(contents(directory), written, "repeated: no octet is written");
      await store.remove(anchor, []);
      assert.deepEqual(await ask(version, directory), { flags: undefined, valid: false });
      assert.deepEqual(await countRows(directory), { objects: 0, signatures: 0 });
    });

    test("writes the same columns of the same kind itself", async () => {
      const [theirs, ours] = [await make(), await make()];
      await certutil(version, theirs, "-A", "-n", NICKNAME, "-t", "C,,", "-i", pki.ca);
      await storeAt(ours).add(anchor);
      const rows = (directory: string) =>
        withDatabase(
          `${directory}/cert9.db`,
          (database) =>
            database.all("SELECT * FROM nssPublic ORDER BY a0").map(({ id: _, ...row }) => row),
        );
      assert.deepEqual(await rows(ours), await rows(theirs));
      assert.deepEqual(await storeAt(theirs).state(anchor), { state: "trusted" });
    });

    test("has its own entry removed, signatures and all", async () => {
      const directory = await make();
      await certutil(version, directory, "-A", "-n", "by hand", "-t", "CT,C,C", "-i", pki.ca);
      const written = contents(directory);
      assert.deepEqual(await storeAt(directory).state(anchor), { state: "trusted" });
      await storeAt(directory).add(anchor);
      assert.deepEqual(contents(directory), written, "more trust than ours is left as it is");
      await storeAt(directory).remove(anchor, []);
      assert.deepEqual(await countRows(directory), { objects: 0, signatures: 0 });
      assert.deepEqual(await ask(version, directory), { flags: undefined, valid: false });
    });

    for (const flags of ["p,,", ",,", ",C,"]) {
      test(`has its entry with "${flags}" mended`, async () => {
        const directory = await make();
        await certutil(version, directory, "-A", "-n", NICKNAME, "-t", flags, "-i", pki.ca);
        assert.equal((await ask(version, directory)).valid, false);
        assert.equal((await storeAt(directory).state(anchor)).state, "broken");
        await storeAt(directory).add(anchor);
        assert.deepEqual(await ask(version, directory), { flags: "C,,", valid: true });
      });
    }

    for (
      const [what, sql] of [
        ["all signatures", "DELETE FROM metaData WHERE id LIKE 'sig%'"],
        [
          "one signature",
          "DELETE FROM metaData WHERE id = (SELECT min(id) FROM metaData WHERE id LIKE 'sig%')",
        ],
      ] as const
    ) {
      test(`refuses an entry without ${what}, which is seen and mended`, async () => {
        const directory = await make();
        const store = storeAt(directory);
        await store.add(anchor);
        await withDatabase(`${directory}/key4.db`, (database) => database.run(sql));
        assert.equal((await ask(version, directory)).valid, false);
        assert.equal((await store.state(anchor)).state, "broken");
        await store.add(anchor);
        assert.deepEqual(await store.state(anchor), { state: "trusted" });
        assert.deepEqual(await ask(version, directory), { flags: "C,,", valid: true });
      });
    }

    test("believes an entry after key4.db was lost and the entry signed anew", async () => {
      const directory = await make();
      await storeAt(directory).add(anchor);
      rmSync(`${directory}/key4.db`);
      const seen = await storeAt(directory).state(anchor);
      assert.deepEqual(seen, { state: "trusted", renewable: true });
      await storeAt(directory).add(anchor);
      assert.deepEqual(await ask(version, directory), { flags: "C,,", valid: true });
    });

    test("believes an entry signed under a known password, logged in or not", async () => {
      const directory = await make(PASSWORD);
      const store = storeAt(directory, { nssPassword: PASSWORD });
      assert.deepEqual((await store.add(anchor)).warnings, undefined);
      assert.deepEqual(await store.state(anchor), { state: "trusted" });
      assert.deepEqual(await storeAt(directory).state(anchor), { state: "trusted" });
      assert.deepEqual(await ask(version, directory, PASSWORD), { flags: "C,,", valid: true });
      const listed = await certutil(version, directory, "-L");
      assert.match(listed, /C,,/);
    });

    test("lists an entry under an unknown password until the login, with a warning", async () => {
      const directory = await make(PASSWORD);
      const store = storeAt(directory, { target: { users: "mozilla" } });
      const { warnings = [] } = await store.add(anchor);
      assert.deepEqual(warnings.map(({ code }) => code), ["NSS_PASSWORD_UNKNOWN"]);
      assert.match((await store.state(anchor)).reason ?? "", /until the user logs in/);
      assert.match(await certutil(version, directory, "-L"), /C,,/);
      assert.equal((await ask(version, directory, PASSWORD)).valid, false);
      const knowing = storeAt(directory, { nssPassword: PASSWORD });
      assert.equal((await knowing.state(anchor)).state, "broken");
      await knowing.add(anchor);
      assert.deepEqual(await ask(version, directory, PASSWORD), { flags: "C,,", valid: true });
    });

    test("signs our entry anew when a password is set or changed", async () => {
      const directory = await make();
      await storeAt(directory).add(anchor);
      writeFileSync(`${directory}/empty`, "\n");
      const change = ["-W", "-f", `${directory}/empty`, "-@", passwordFile];
      await certutil(version, directory, ...change);
      assert.deepEqual(await storeAt(directory).state(anchor), { state: "trusted" });
      const knowing = storeAt(directory, { nssPassword: PASSWORD });
      assert.deepEqual(await knowing.state(anchor), { state: "trusted" });
      assert.deepEqual(await ask(version, directory, PASSWORD), { flags: "C,,", valid: true });
    });

    test("opens the 3DES password row of our tests, and believes what is signed under it", async () => {
      for (const password of ["", PASSWORD]) {
        const directory = await make();
        const row = await makeTripleDesRow(password);
        await withDatabase(`${directory}/key4.db`, (database) =>
          database.run(
            "UPDATE metaData SET item1 = ?, item2 = ? WHERE id = 'password'",
            row.globalSalt,
            row.check,
          ));
        assert.equal(await logIn(version, directory, password), "accepted");
        // An empty password is not asked for.
        const wrong = password === "" ? "accepted" : "refused";
        assert.equal(await logIn(version, directory, "wrong"), wrong);
        const store = storeAt(directory, { nssPassword: password });
        await store.add(anchor);
        assert.deepEqual(await store.state(anchor), { state: "trusted" });
        assert.deepEqual(await ask(version, directory, password), { flags: "C,,", valid: true });
      }
    });

    test("keeps to one nickname for certificates with one subject", async () => {
      const directory = await make();
      const twin = await makePki(NICKNAME);
      await certutil(version, directory, "-A", "-n", "first", "-t", "C,,", "-i", twin.ca);
      await storeAt(directory).add(anchor);
      const listed = await certutil(version, directory, "-L");
      assert.equal(listed.match(/^first /gm)?.length, 2);
      await storeAt(directory).remove(anchor, []);
      assert.deepEqual(await storeAt(directory).state(readAnchor(twin.ca, "ca")), {
        state: "trusted",
      });
    });

    test("lists a peer as one, and verifies it alone", async () => {
      const directory = await make();
      await storeAt(directory).add(peer);
      const opinion = await askNss(version, directory, { nickname: NICKNAME });
      assert.deepEqual(opinion, { flags: "P,,", valid: true });
      assert.equal((await ask(version, directory)).valid, false);
      assert.deepEqual(await storeAt(directory).state(peer), { state: "trusted" });
    });

    test("lists a peer for Firefox as an authority", async () => {
      const directory = await make();
      const store = storeAt(directory, { target: { users: "mozilla" } });
      await store.add(peer);
      assert.deepEqual(await store.state(peer), { state: "trusted" });
      assert.match(await certutil(version, directory, "-L"), /C,,/);
    });
  });

  describe(`${version.name} and a database that we made`, { skip }, () => {
    test("believes it, and it is removed without a trace afterwards", async () => {
      const home = scratchDirectory("nss");
      const store = storeAt(`${home}/.pki/nssdb`);
      const { created = [] } = await store.add(anchor);
      assert.deepEqual(await ask(version, store.path), { flags: "C,,", valid: true });
      // NSS itself has opened the original for writing as well, and has left its list of modules.
      await certutil(version, store.path, "-A", "-n", "peer", "-t", ",,", "-i", pki.peer);
      await certutil(version, store.path, "-D", "-n", "peer");
      assert.ok(readdirSync(store.path).includes("pkcs11.txt"));
      await store.remove(anchor, created);
      assert.deepEqual(readdirSync(home), []);
    });
  });
}

describe("a database that several versions of NSS have used", { skip }, () => {
  test("holds the format in force alone, and is believed by the version that it is for", async (t) => {
    const [system, firefox] = NSS_VERSIONS;
    if (system === undefined || firefox === undefined) {
      return t.skip("firefox-esr, whose NSS is the newer one, is not installed");
    }
    const directory = scratchDirectory("nss");
    await certutil(firefox, directory, "-N", "--empty-password");
    // The trap: the system's certutil writes the old format even here.
    await certutil(system, directory, "-A", "-n", NICKNAME, "-t", "C,,", "-i", pki.ca);
    const store = storeAt(directory);
    assert.deepEqual(await store.state(anchor), { state: "trusted", renewable: true });
    assert.deepEqual(await ask(firefox, directory), { flags: "C,,", valid: true });
    await store.add(anchor);
    assert.deepEqual(await store.state(anchor), { state: "trusted" });
    assert.deepEqual(await countRows(directory), { objects: 2, signatures: 6 });
    assert.deepEqual(await ask(firefox, directory), { flags: "C,,", valid: true });
    await certutil(firefox, directory, "-D", "-n", NICKNAME);
    assert.deepEqual(await countRows(directory), { objects: 0, signatures: 0 });
    assert.equal((await ask(firefox, directory)).valid, false);
  });

  test("is mended after it was made with the old format and opened by the newer", async (t) => {
    const [system, firefox] = NSS_VERSIONS;
    if (system === undefined || firefox === undefined) {
      return t.skip("firefox-esr, whose NSS is the newer one, is not installed");
    }
    const directory = scratchDirectory("nss");
    const store = storeAt(directory);
    await store.add(anchor);
    assert.deepEqual(await ask(system, directory), { flags: "C,,", valid: true });
    await certutil(firefox, directory, "-A", "-n", "peer", "-t", ",,", "-i", pki.peer);
    await store.add(anchor);
    assert.deepEqual(await store.state(anchor), { state: "trusted" });
    assert.deepEqual(await ask(firefox, directory), { flags: "C,,", valid: true });
    await store.remove(anchor, []);
    assert.equal((await ask(firefox, directory)).valid, false);
    assert.equal((await ask(system, directory)).valid, false);
  });
});

describe("processes of their own", { skip }, () => {
  const program = (directory: string, ...args: string[]) => [
    process.execPath,
    `${import.meta.dirname}/nss_program.ts`,
    directory,
    pki.ca,
    ...args,
  ];

  test("make one database, with one entry, at the same time", async () => {
    const directory = `${scratchDirectory("nss")}/.pki/nssdb`;
    const results = await Promise.all(Array.from({ length: 5 }, () => run(program(directory))));
    for (const { code, stderr } of results) assert.equal(code, 0, stderr);
    assert.deepEqual(await countRows(directory), { objects: 2, signatures: 7 });
    const [version] = NSS_VERSIONS;
    assert.deepEqual(await ask(version!, directory), { flags: "C,,", valid: true });
  });

  test("killed in the middle of a change leave both files as they were", async () => {
    for (const existing of [true, false]) {
      const directory = scratchDirectory("nss");
      if (existing) await storeAt(directory).add(peer);
      const killed = start(program(directory, "hang"), { timeoutMs: 30_000 });
      await waitFor("the change", () => killed.output().includes("written, not committed"));
      process.kill(killed.pid, "SIGKILL");
      await killed.ended;
      assert.ok(readdirSync(directory).includes("cert9.db-journal"));
      const store = storeAt(directory);
      assert.deepEqual(await store.state(anchor), { state: "absent" });
      if (existing) assert.deepEqual(await store.state(peer), { state: "trusted" });
      await store.add(anchor);
      assert.deepEqual(readdirSync(directory).sort(), ["cert9.db", "key4.db"]);
      const expected = existing ? { objects: 4, signatures: 14 } : { objects: 2, signatures: 7 };
      assert.deepEqual(await countRows(directory), expected);
      const [version] = NSS_VERSIONS;
      assert.equal((await ask(version!, directory)).valid, true);
    }
  });

  test("killed between the two files leave nothing that is trusted, and the next run mends it", async () => {
    for (const existing of [true, false]) {
      const directory = scratchDirectory("nss");
      if (existing) await storeAt(directory).add(peer);
      const killed = start(program(directory, "between"), { timeoutMs: 30_000 });
      await waitFor("the change", () => killed.output().includes("written, not committed"));
      process.kill(killed.pid, "SIGKILL");
      await killed.ended;
      const store = storeAt(directory);
      assert.notEqual((await store.state(anchor)).state, "trusted");
      if (existing) assert.deepEqual(await store.state(peer), { state: "trusted" });
      await store.add(anchor);
      assert.deepEqual(await store.state(anchor), { state: "trusted" });
      const [version] = NSS_VERSIONS;
      assert.equal((await ask(version!, directory)).valid, true);
    }
  });
});

describe("root for a user", { skip: process.getuid?.() !== 0 && "root is needed" }, () => {
  const owner = { uid: 12345, gid: 12346 };
  const makeHome = () => {
    const home = scratchDirectory("home");
    chownSync(home, owner.uid, owner.gid);
    return home;
  };
  const everything = (directory: string): string[] =>
    readdirSync(directory, { recursive: true }).map((name) => `${directory}/${name}`);
  /** In a process of its own: a process that works for somebody does so to its end. */
  const asRootFor = async (
    home: string,
    directory: string,
    { file }: TrustAnchor,
    ...words: string[]
  ) => {
    const argv = [
      process.execPath,
      `${import.meta.dirname}/nss_program.ts`,
      directory,
      file,
      ...words,
    ];
    // Bun's cache would be in that home.
    const env = { HOME: home, BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" };
    const answer = await mustRun(argv, { env, timeoutMs: 60_000 });
    return JSON.parse(answer) as { code?: string; state?: string; created?: string[] };
  };

  before(() =>
    appendFileSync("/etc/passwd", `ann:x:${owner.uid}:${owner.gid}::/nowhere:/bin/sh\n`)
  );

  test("leaves nothing that is root's", async () => {
    const home = makeHome();
    const directory = `${home}/.pki/nssdb`;
    const { state, created } = await asRootFor(home, directory, anchor, "add");
    assert.equal(state, "trusted");
    assert.equal(everything(home).length, 4);
    for (const path of everything(home)) {
      const { uid, gid } = statSync(path);
      assert.deepEqual({ uid, gid }, owner, path);
    }
    await asRootFor(home, directory, anchor, "remove", JSON.stringify(created));
    assert.deepEqual(everything(home), []);
  });

  for (
    const [what, plant] of [
      ["cert9.db", (d: string, victim: string) => symlinkSync(victim, `${d}/cert9.db`)],
      ["key4.db", (d: string, victim: string) => symlinkSync(victim, `${d}/key4.db`)],
      ["a hard link", (d: string, victim: string) => linkSync(victim, `${d}/cert9.db`)],
      ["a journal", (d: string, victim: string) => symlinkSync(victim, `${d}/cert9.db-journal`)],
    ] as const
  ) {
    test(`does not follow what the user has planted: ${what}`, async () => {
      const home = makeHome();
      const victim = `${scratchDirectory("root")}/victim`;
      await storeAt(victim).add(peer); // a database of root's: nothing about it is wrong but its owner
      const target = `${victim}/cert9.db`;
      const before = readFileSync(target, "base64");
      const directory = `${home}/nssdb`;
      mkdirSync(directory);
      chownSync(directory, owner.uid, owner.gid);
      plant(directory, target);
      for (const [change, what] of [["add", anchor], ["remove", peer]] as const) {
        const { code } = await asRootFor(home, directory, what, change);
        assert.equal(code, "STORE_UNAVAILABLE", change);
      }
      assert.equal(readFileSync(target, "base64"), before);
      assert.equal(statSync(target).uid, 0);
    });
  }

  test("does not follow a directory to where root's things are", async () => {
    const home = makeHome();
    const target = scratchDirectory("root");
    symlinkSync(target, `${home}/.pki`);
    lchownSync(`${home}/.pki`, owner.uid, owner.gid);
    const { code } = await asRootFor(home, `${home}/.pki/nssdb`, anchor, "add");
    assert.equal(code, "STORE_UNAVAILABLE");
    assert.deepEqual(readdirSync(target), []);
  });
});

describe("a disk", { skip: process.getuid?.() !== 0 && "root is needed" }, () => {
  test("that is full gets an error, and nothing is left on it", async () => {
    await withTmpfs("40k", async (directory) => {
      const store = storeAt(`${directory}/.pki/nssdb`);
      await assert.rejects(store.add(anchor), { message: /full/ });
      assert.deepEqual(readdirSync(directory), []);
    });
  });

  test("that is full leaves an existing database as it was", async () => {
    await withTmpfs("128k", async (directory) => {
      const store = storeAt(`${directory}/nssdb`);
      await store.add(peer);
      writeFileSync(`${directory}/filler`, "");
      fillUp(`${directory}/filler`);
      await assert.rejects(store.add(anchor), { message: /full/ });
      assert.deepEqual(await store.state(peer), { state: "trusted" });
      assert.deepEqual(await store.state(anchor), { state: "absent" });
      rmSync(`${directory}/filler`);
      await store.add(anchor);
      assert.deepEqual(await store.state(anchor), { state: "trusted" });
    });
  });

  test("that is read-only can be read, and gets an error", async () => {
    await withTmpfs("256k", async (directory, remount) => {
      const store = storeAt(`${directory}/nssdb`);
      await store.add(peer);
      remount("ro");
      assert.deepEqual(await store.state(peer), { state: "trusted" });
      await assert.rejects(store.add(anchor), { code: "STORE_UNAVAILABLE" });
      await assert.rejects(store.remove(peer, []), { code: "STORE_UNAVAILABLE" });
    });
  });

  function fillUp(file: string): void {
    for (let size = 65536; size >= 1; size >>= 1) {
      try {
        for (;;) appendFileSync(file, new Uint8Array(size));
      } catch {
        // Smaller pieces.
      }
    }
  }
});
