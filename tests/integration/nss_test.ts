import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import { decodePem } from "../../src/der/pem.ts";
import type { TrustAnchor } from "../../src/truststore/store.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
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
