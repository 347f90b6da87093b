import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../../src/errors.ts";
import type { Host } from "../../../../src/host/host.ts";
import { rejectsWith, withScratchDirectory } from "../../../support/scratch_directory.ts";
import { otherAnchor, peerAnchor, rootAnchor } from "../fixture_anchors.ts";
import { TRIPLE_DES_EMPTY, TRIPLE_DES_WITH_PASSWORD } from "./fixture_databases.ts";
import { addNewColumns, countRows, hostWith, storeAt, withDatabase } from "./store_fixture.ts";

const hex = (value: unknown) => Buffer.from(value as Uint8Array).toString("hex");

const list = (directory: string) => readdirSync(directory).sort();

function contents(directory: string): string[] {
  return ["cert9.db", "key4.db"].map((name) => readFileSync(`${directory}/${name}`, "base64"));
}

describe("a database that does not exist", () => {
  test("is absent, and reading it makes nothing", () =>
    withScratchDirectory(async (home) => {
      const store = storeAt(`${home}/.pki/nssdb`);
      assert.deepEqual(await store.state(rootAnchor), { state: "absent" });
      assert.deepEqual(await store.remove(rootAnchor, []), {});
      assert.deepEqual(list(home), []);
    }));

  test("is planned, made, trusted, and gone without a trace when it is taken back", () =>
    withScratchDirectory(async (home) => {
      const directory = `${home}/.pki/nssdb`;
      const store = storeAt(directory);
      const files = [`${directory}/cert9.db`, `${directory}/key4.db`];
      assert.deepEqual(
        await store.plan("add", rootAnchor),
        files.map((path) => ({ type: "write", path, root: false })),
      );
      const { created } = await store.add(rootAnchor);
      assert.deepEqual(created, [`${home}/.pki`, directory, ...files]);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      assert.deepEqual(await store.state(otherAnchor), { state: "absent" });
      assert.deepEqual(list(directory), ["cert9.db", "key4.db"]);
      for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(directory).mode & 0o777, 0o700);
      await store.remove(rootAnchor, created ?? []);
      assert.deepEqual(list(home), []);
    }));

  test("is made once by six at the same time, with one entry for each anchor", () =>
    withScratchDirectory(async (home) => {
      const directory = `${home}/nssdb`;
      await Promise.all(
        [rootAnchor, otherAnchor, rootAnchor, otherAnchor, rootAnchor, otherAnchor]
          .map((anchor) => storeAt(directory).add(anchor)),
      );
      assert.equal((await storeAt(directory).state(rootAnchor)).state, "trusted");
      assert.equal((await storeAt(directory).state(otherAnchor)).state, "trusted");
      assert.deepEqual(await countRows(directory), { objects: 4, signatures: 14 });
    }));

  test("is made where only one of its files, or an empty one, is there", () =>
    withScratchDirectory(async (home) => {
      for (const name of ["cert9.db", "key4.db"]) {
        const directory = `${home}/${name}.only`;
        mkdirSync(directory);
        writeFileSync(`${directory}/${name}`, "");
        const store = storeAt(directory);
        assert.equal((await store.state(rootAnchor)).state, "absent");
        await store.add(rootAnchor);
        assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      }
    }));
});

describe("an entry", () => {
  test("is written once: repeating it changes no octet", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      const before = contents(directory);
      assert.deepEqual(await store.add(rootAnchor), {});
      assert.deepEqual(await store.plan("add", rootAnchor), []);
      assert.deepEqual(contents(directory), before);
    }));

  test("has a nickname of its own, with a number where another certificate has it", () =>
    withScratchDirectory(async (directory) => {
      await storeAt(directory).add(rootAnchor);
      await storeAt(directory).add(otherAnchor);
      const labels = await withDatabase(
        `${directory}/cert9.db`,
        (db) =>
          db.all("SELECT CAST(a3 AS TEXT) AS label FROM nssPublic WHERE a0 = x'00000001'")
            .map((row) => row.label).sort(),
      );
      assert.deepEqual(labels, ["localtls test", "localtls test #2"]);
    }));

  test("has an integer id, and the old format where no newer NSS has been", () =>
    withScratchDirectory(async (directory) => {
      await storeAt(directory).add(rootAnchor);
      const rows = await withDatabase(
        `${directory}/cert9.db`,
        (db) => db.all("SELECT typeof(id) AS type, a0, ace536358 FROM nssPublic ORDER BY a0"),
      );
      assert.deepEqual(rows.map(({ type }) => type), ["integer", "integer"]);
      assert.deepEqual(rows.map(({ a0 }) => hex(a0)), ["00000001", "ce534353"]);
      assert.equal(hex(rows[1]?.ace536358), "ce534352");
    }));

  test("has the new format alone where a newer NSS has been, and an old row is dropped", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      await addNewColumns(directory);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted", renewable: true });
      assert.equal((await store.plan("add", rootAnchor)).length, 2);
      await store.add(rootAnchor);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      const classes = await withDatabase(
        `${directory}/cert9.db`,
        (db) => db.all("SELECT a0 FROM nssPublic ORDER BY a0").map(({ a0 }) => hex(a0)),
      );
      assert.deepEqual(classes, ["00000001", "0000000b"]);
      assert.deepEqual(await countRows(directory), { objects: 2, signatures: 6 });
      await store.remove(rootAnchor, []);
      assert.deepEqual(await countRows(directory), { objects: 0, signatures: 0 });
    }));

  test("in the old format beside one in the new is no obstacle, and is dropped", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      await addNewColumns(directory);
      await store.add(rootAnchor);
      await withDatabase(`${directory}/cert9.db`, (db) =>
        db.run(
          "INSERT INTO nssPublic (id, a0, a81, a82, ace536358) " +
            "SELECT 77, x'ce534353', a81, a82, x'ce53435a' FROM nssPublic WHERE a0 = x'0000000b'",
        ));
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted", renewable: true });
      await store.add(rootAnchor);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      assert.deepEqual(await countRows(directory), { objects: 2, signatures: 6 });
    }));

  test("in the new format counts for nothing where it says no, whatever the old one says", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      await addNewColumns(directory);
      await withDatabase(`${directory}/cert9.db`, (db) =>
        db.run(
          "INSERT INTO nssPublic (id, a0, a81, a82, a8c, a635, a62c) " +
            "SELECT 77, x'0000000b', a81, a82, x'00000250', ?, x'00000003' FROM nssPublic " +
            "WHERE a0 = x'ce534353'",
          Buffer.from(rootAnchor.sha256, "hex"),
        ));
      const seen = await store.state(rootAnchor);
      assert.equal(seen.state, "broken");
      assert.match(seen.reason ?? "", /marked as not trusted/);
      await store.add(rootAnchor);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    }));

  test("of a peer trusts it as itself", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(peerAnchor);
      assert.deepEqual(await store.state(peerAnchor), { state: "trusted" });
      const [row] = await withDatabase(
        `${directory}/cert9.db`,
        (db) => db.all("SELECT ace536358 FROM nssPublic WHERE a0 = x'ce534353'"),
      );
      assert.equal(hex(row?.ace536358), "ce534351");
    }));

  test("of a peer that Firefox refuses anyway is not written for it", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory, { target: { users: "mozilla" } });
      const error = await rejectsWith("STORE_UNAVAILABLE", store.add(peerAnchor));
      assert.match(error.message, /subjectAltName/);
      assert.deepEqual(list(directory), []);
    }));

  test("leaves others alone when it is removed", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      const { created = [] } = await store.add(rootAnchor);
      await store.add(otherAnchor);
      await store.remove(rootAnchor, created);
      assert.equal((await store.state(rootAnchor)).state, "absent");
      assert.equal((await store.state(otherAnchor)).state, "trusted");
      assert.deepEqual(await countRows(directory), { objects: 2, signatures: 7 });
    }));
});

describe("state() is broken, and add() mends it,", () => {
  const damages: Readonly<Record<string, { file: string; sql: string; reason: RegExp }>> = {
    "when all signatures are missing": {
      file: "key4.db",
      sql: "DELETE FROM metaData WHERE id LIKE 'sig%'",
      reason: /signature .* missing/,
    },
    "when one signature is missing": {
      file: "key4.db",
      sql: "DELETE FROM metaData WHERE id LIKE 'sig%ce53635a'",
      reason: /signature .* missing/,
    },
    "when a signature is another's": {
      file: "key4.db",
      sql:
        "UPDATE metaData SET item1 = (SELECT item1 FROM metaData WHERE id LIKE 'sig%ce53635a') " +
        "WHERE id LIKE 'sig%ce536358'",
      reason: /not valid/,
    },
    "when a signature is no DER": {
      file: "key4.db",
      sql: "UPDATE metaData SET item1 = x'00' WHERE id LIKE 'sig%ce536358'",
      reason: /not valid/,
    },
    "when the trust is missing": {
      file: "cert9.db",
      sql: "DELETE FROM nssPublic WHERE a0 = x'ce534353'",
      reason: /nothing says that it is trusted/,
    },
    "when the certificate is missing": {
      file: "cert9.db",
      sql: "DELETE FROM nssPublic WHERE a0 = x'00000001'",
      reason: /certificate .* is not/,
    },
    "when it is marked as not trusted": {
      file: "cert9.db",
      sql: "UPDATE nssPublic SET ace536358 = x'ce53435a' WHERE a0 = x'ce534353'",
      reason: /marked as not trusted/,
    },
    "when it has to be verified": {
      file: "cert9.db",
      sql: "UPDATE nssPublic SET ace536358 = x'ce534353' WHERE a0 = x'ce534353'",
      reason: /not marked as trusted for servers/,
    },
    "when the trust names another certificate": {
      file: "cert9.db",
      sql: "UPDATE nssPublic SET ace5363b4 = zeroblob(20) WHERE a0 = x'ce534353'",
      reason: /another certificate/,
    },
    "when the trust has no digest": {
      file: "cert9.db",
      sql: "UPDATE nssPublic SET ace5363b5 = NULL WHERE a0 = x'ce534353'",
      reason: /another certificate/,
    },
    "when there are two entries": {
      file: "cert9.db",
      sql: "INSERT INTO nssPublic (id, a0, a81, a82, ace536358) SELECT 77, a0, a81, a82, " +
        "x'ce53435a' FROM nssPublic WHERE a0 = x'ce534353'",
      reason: /more than one/,
    },
  };
  for (const [name, { file, sql, reason }] of Object.entries(damages)) {
    test(name, () =>
      withScratchDirectory(async (directory) => {
        const store = storeAt(directory);
        await store.add(rootAnchor);
        await withDatabase(`${directory}/${file}`, (db) => assert.ok(db.run(sql) > 0));
        const seen = await store.state(rootAnchor);
        assert.equal(seen.state, "broken");
        assert.match(seen.reason ?? "", reason);
        await store.add(rootAnchor);
        assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
        const { objects } = await countRows(directory);
        assert.equal(objects, 2);
        await store.remove(rootAnchor, []);
        // Of an object that was deleted by hand the signatures are left: nothing says whose they are.
        const signatures = name === "when the trust is missing" ? 7 : 0;
        assert.deepEqual(await countRows(directory), { objects: 0, signatures });
      }));
  }
});

describe("a password row", () => {
  const setPassword = (directory: string, row: typeof TRIPLE_DES_EMPTY) =>
    withDatabase(`${directory}/key4.db`, (db) =>
      db.run(
        "UPDATE metaData SET item1 = ?, item2 = ? WHERE id = 'password'",
        row.globalSalt,
        row.check,
      ));

  test("of the 3DES scheme signs", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(otherAnchor);
      await setPassword(directory, TRIPLE_DES_EMPTY);
      await store.add(rootAnchor);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      assert.equal((await store.state(otherAnchor)).state, "broken"); // signed under another key
    }));

  test("that is unknown is a reservation, not an error, and nothing is written twice", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory, { target: { users: "mozilla" } });
      await store.add(otherAnchor);
      await setPassword(directory, TRIPLE_DES_WITH_PASSWORD);
      const { warnings = [] } = await store.add(rootAnchor);
      assert.deepEqual(warnings.map(({ code }) => code), ["NSS_PASSWORD_UNKNOWN"]);
      const seen = await store.state(rootAnchor);
      assert.equal(seen.state, "trusted");
      assert.match(seen.reason ?? "", /until the user logs in/);
      assert.match(seen.hint ?? "", /--nss-password-file/);
      const before = contents(directory);
      assert.deepEqual(await store.add(rootAnchor), {});
      assert.deepEqual(contents(directory), before);
      assert.equal((await store.state(otherAnchor)).reason, undefined); // signed, by whomever
      await store.remove(rootAnchor, []);
      assert.equal((await store.state(rootAnchor)).state, "absent");
    }));

  test("that is given signs what was not signed before", () =>
    withScratchDirectory(async (directory) => {
      await storeAt(directory).add(otherAnchor);
      await setPassword(directory, TRIPLE_DES_WITH_PASSWORD);
      await storeAt(directory).add(rootAnchor);
      const wrong = storeAt(directory, { nssPassword: "wrong" });
      assert.match((await wrong.state(rootAnchor)).reason ?? "", /another primary password/);
      const right = storeAt(directory, { nssPassword: "secret1" });
      assert.equal((await right.state(rootAnchor)).state, "broken");
      await right.add(rootAnchor);
      assert.deepEqual(await right.state(rootAnchor), { state: "trusted" });
      assert.deepEqual(await storeAt(directory).state(rootAnchor), { state: "trusted" });
    }));

  test("that is missing is made, and the entry signed", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      rmSync(`${directory}/key4.db`);
      // NSS verifies nothing, until it makes a password row of its own.
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted", renewable: true });
      const { created } = await store.add(rootAnchor);
      assert.deepEqual(created, [`${directory}/key4.db`]);
      assert.deepEqual(await countRows(directory), { objects: 2, signatures: 7 });
    }));

  test("that is damaged makes the store unavailable", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      await withDatabase(
        `${directory}/key4.db`,
        (db) => db.run("UPDATE metaData SET item2 = x'3003020101' WHERE id = 'password'"),
      );
      const error = await rejectsWith("STORE_UNAVAILABLE", store.state(rootAnchor));
      assert.match(error.message, /damaged/);
    }));
});

describe("a store is unavailable, and left as it is,", () => {
  const cases: Readonly<Record<string, { make: (d: string) => unknown; message: RegExp }>> = {
    "when cert9.db is no database": {
      make: (d) => writeFileSync(`${d}/cert9.db`, "not a database, and long enough".repeat(100)),
      message: /cert9\.db": file is not a database/,
    },
    "when key4.db is no database": {
      make: async (d) => {
        await storeAt(d).add(otherAnchor);
        writeFileSync(`${d}/key4.db`, "not a database, and long enough".repeat(100));
      },
      message: /key4\.db": file is not a database/,
    },
    "when cert9.db is a database of something else": {
      make: (d) => withDatabase(`${d}/cert9.db`, (db) => db.exec("CREATE TABLE cookies (a)")),
      message: /no NSS database/,
    },
    "when cert9.db is a directory": {
      make: (d) => mkdirSync(`${d}/cert9.db`),
      message: /no plain file/,
    },
    "when cert9.db is a link to nothing": {
      make: (d) => symlinkSync(`${d}/nowhere`, `${d}/cert9.db`),
      message: /symbolic link to nothing/,
    },
    "when its journal is a link": {
      make: (d) => {
        writeFileSync(`${d}/victim`, "");
        writeFileSync(`${d}/cert9.db`, "");
        symlinkSync(`${d}/victim`, `${d}/cert9.db-journal`);
      },
      message: /journal" is a symbolic link/,
    },
  };
  for (const [name, { make, message }] of Object.entries(cases)) {
    test(name, () =>
      withScratchDirectory(async (directory) => {
        await make(directory);
        const before = list(directory);
        const store = storeAt(directory);
        for (
          const action of [
            () => store.state(rootAnchor),
            () => store.add(rootAnchor),
            () => store.remove(rootAnchor, []),
          ]
        ) {
          const error = await rejectsWith("STORE_UNAVAILABLE", action());
          assert.match(error.message, message);
        }
        assert.deepEqual(list(directory), before);
      }));
  }

  test("when it has the format of cert8.db", () =>
    withScratchDirectory(async (directory) => {
      writeFileSync(`${directory}/cert8.db`, "");
      const store = storeAt(directory);
      assert.equal((await store.state(rootAnchor)).state, "absent");
      const error = await rejectsWith("STORE_UNAVAILABLE", store.add(rootAnchor));
      assert.match(error.message, /old format of "cert8\.db"/);
      assert.deepEqual(list(directory), ["cert8.db"]);
    }));

  test("when its directory is a file", () =>
    withScratchDirectory(async (home) => {
      writeFileSync(`${home}/nssdb`, "");
      await rejectsWith("STORE_UNAVAILABLE", storeAt(`${home}/nssdb`).add(rootAnchor));
    }));
});

describe("while root works for a user,", () => {
  const uid = process.getuid?.() ?? 0;
  const user = { isRoot: true, byRoot: true };
  const foreign: Host = Object.create(hostWith(), {
    user: { value: { uid: uid + 1, gid: uid + 1 } },
  });

  test("files of that user are used, also through links", () =>
    withScratchDirectory(async (home) => {
      mkdirSync(`${home}/elsewhere`);
      symlinkSync(`${home}/elsewhere`, `${home}/nssdb`);
      const store = storeAt(`${home}/nssdb`, { user });
      await store.add(rootAnchor);
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    }));

  test("files of others are not", () =>
    withScratchDirectory(async (home) => {
      await storeAt(`${home}/nssdb`).add(otherAnchor);
      const before = contents(`${home}/nssdb`);
      for (const directory of [`${home}/nssdb`, `${home}/new/nssdb`]) {
        const store = storeAt(directory, { user, host: foreign });
        const error = await rejectsWith("STORE_UNAVAILABLE", store.add(rootAnchor));
        assert.match(error.message, /belongs to another user/);
        await rejectsWith("STORE_UNAVAILABLE", store.state(rootAnchor));
        await rejectsWith("STORE_UNAVAILABLE", store.remove(rootAnchor, []));
      }
      assert.ok(!existsSync(`${home}/new`));
      assert.deepEqual(contents(`${home}/nssdb`), before);
    }));
});

describe("a system-wide database", () => {
  test("needs root", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory, { target: { system: true } });
      assert.deepEqual((await store.plan("add", rootAnchor)).map(({ root }) => root), [true, true]);
      const error = await rejectsWith("NEEDS_ROOT", store.add(rootAnchor));
      assert.deepEqual(error.hints, ["sudo localtls setup --stores nss"]);
      assert.deepEqual(list(directory), []);
    }));
});

describe("a database that another program", () => {
  const lock = async (directory: string, mode: string, work: () => Promise<void>) => {
    await withDatabase(`${directory}/cert9.db`, async (db) => {
      db.exec(`BEGIN ${mode}`);
      await work();
      db.exec("ROLLBACK");
    });
  };

  test("is writing can be read", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      await lock(directory, "IMMEDIATE", async () => {
        assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
      });
    }));

  test("has locked altogether is waited for, and then named", () =>
    withScratchDirectory(async (directory) => {
      let waited = 0;
      const sleep = (milliseconds: number) => Promise.resolve(void (waited += milliseconds));
      const store = storeAt(directory, { host: { ...hostWith(), sleep } });
      await store.add(rootAnchor);
      await lock(directory, "EXCLUSIVE", async () => {
        const error = await rejectsWith("STORE_LOCKED", store.state(rootAnchor));
        assert.match(error.message, /cert9\.db/);
        assert.match(error.hints[0] ?? "", /Close the browser/);
        assert.ok(waited >= 4_000, `${waited} ms`); // browsers were seen to take 3 s
        const before = waited;
        await rejectsWith("STORE_LOCKED", store.add(otherAnchor));
        assert.ok(waited - before <= 20_000, `${waited} ms`);
      });
      assert.deepEqual(await store.state(rootAnchor), { state: "trusted" });
    }));

  test("is reading is waited for", () =>
    withScratchDirectory(async (directory) => {
      await storeAt(directory).add(otherAnchor);
      await withDatabase(`${directory}/cert9.db`, async (db) => {
        db.exec("BEGIN");
        db.all("SELECT id FROM nssPublic");
        const added = storeAt(directory).add(rootAnchor);
        await new Promise((resolve) => setTimeout(resolve, 100));
        db.exec("COMMIT");
        await added;
      });
      assert.deepEqual(await storeAt(directory).state(rootAnchor), { state: "trusted" });
    }));

  test("was writing when it was killed is as it was before", () =>
    withScratchDirectory(async (directory) => {
      const store = storeAt(directory);
      await store.add(rootAnchor);
      const crashed = `${directory}/crashed`;
      mkdirSync(crashed);
      await withDatabase(`${directory}/cert9.db`, (db) => {
        db.exec("PRAGMA cache_size = 5; BEGIN IMMEDIATE; DELETE FROM nssPublic");
        // Large enough to be written out before the transaction ends.
        for (let i = 0; i < 500; i++) {
          db.run("INSERT INTO nssPublic (id, a11) VALUES (?, zeroblob(4000))", BigInt(i + 1));
        }
        for (const name of readdirSync(directory).filter((name) => name.includes(".db"))) {
          copyFileSync(`${directory}/${name}`, `${crashed}/${name}`);
        }
        db.exec("ROLLBACK");
      });
      assert.ok(existsSync(`${crashed}/cert9.db-journal`));
      assert.deepEqual(await storeAt(crashed).state(rootAnchor), { state: "trusted" });
      assert.deepEqual(await countRows(crashed), { objects: 2, signatures: 7 });
    }));
});

describe("what was made is not taken back", () => {
  const cases: Readonly<Record<string, (directory: string) => unknown>> = {
    "from a directory that something else lives in and NSS has opened": (d) => {
      writeFileSync(`${d}/pkcs11.txt`, "library=\nname=NSS Internal PKCS #11 Module\n");
      writeFileSync(`${d}/prefs.js`, "");
    },
    "when a smart card's module was added": (d) =>
      writeFileSync(`${d}/pkcs11.txt`, "library=\n\nlibrary=/usr/lib/opensc-pkcs11.so\n"),
    "when another certificate was added": (d) => storeAt(d).add(otherAnchor),
    "when a key was added": (d) =>
      withDatabase(`${d}/key4.db`, (db) => db.exec("INSERT INTO nssPrivate (id) VALUES (1)")),
    "when a password was set": (d) =>
      withDatabase(`${d}/key4.db`, (db) =>
        db.run(
          "UPDATE metaData SET item1 = ?, item2 = ?",
          TRIPLE_DES_WITH_PASSWORD.globalSalt,
          TRIPLE_DES_WITH_PASSWORD.check,
        )),
  };
  for (const [name, change] of Object.entries(cases)) {
    test(name, () =>
      withScratchDirectory(async (home) => {
        const directory = `${home}/nssdb`;
        const store = storeAt(directory);
        const { created = [] } = await store.add(rootAnchor);
        await change(directory);
        const before = list(directory);
        await store.remove(rootAnchor, created);
        assert.equal((await store.state(rootAnchor)).state, "absent");
        assert.deepEqual(list(directory), before);
      }));
  }

  test("when it was there before", () =>
    withScratchDirectory(async (home) => {
      const directory = `${home}/nssdb`;
      mkdirSync(directory);
      const { created } = await storeAt(directory).add(rootAnchor);
      assert.deepEqual(created, [`${directory}/cert9.db`, `${directory}/key4.db`]);
      await storeAt(directory).remove(rootAnchor, created ?? []);
      assert.deepEqual(list(home), ["nssdb"]);
      assert.deepEqual(list(directory), []);
    }));

  test("when NSS has opened it, and it is: its list of modules goes too", () =>
    withScratchDirectory(async (home) => {
      const store = storeAt(`${home}/nssdb`);
      const { created = [] } = await store.add(rootAnchor);
      writeFileSync(`${home}/nssdb/pkcs11.txt`, "library=\nname=NSS Internal PKCS #11 Module\n");
      await store.remove(rootAnchor, created);
      assert.deepEqual(list(home), []);
    }));

  test("when the change failed, and it is: nothing is left", () =>
    withScratchDirectory(async (home) => {
      const real = hostWith();
      const host: Host = {
        ...real,
        openDatabase: (path, options) =>
          path.endsWith("cert9.db") && options.create !== undefined
            ? Promise.reject(new LocalTlsError("FILE_WRITE", `Cannot write "${path}": no space`))
            : real.openDatabase(path, options),
      };
      await rejectsWith("FILE_WRITE", storeAt(`${home}/a/nssdb`, { host }).add(rootAnchor));
      assert.deepEqual(list(home), []);
    }));
});

describe("a running browser", () => {
  test("is to be restarted after a change, and after no change not", () =>
    withScratchDirectory(async (directory) => {
      symlinkSync("127.0.0.1:+1234", `${directory}/lock`);
      const store = storeAt(directory, { target: { locks: [`${directory}/lock`] } });
      const codes = async (change: Promise<{ warnings?: readonly { code: string }[] }>) =>
        (await change).warnings?.map(({ code }) => code) ?? [];
      assert.deepEqual(await codes(store.add(rootAnchor)), ["BROWSER_RUNNING"]);
      assert.deepEqual(await codes(store.add(rootAnchor)), []);
      assert.deepEqual(await codes(store.remove(rootAnchor, [])), ["BROWSER_RUNNING"]);
      assert.deepEqual(await codes(store.remove(rootAnchor, [])), []);
    }));
});
