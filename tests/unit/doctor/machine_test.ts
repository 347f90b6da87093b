/** The checks of a machine, state by state. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TrustedEvent } from "../../../src/castore/ledger.ts";
import { certificateChecks, type HeldFacts } from "../../../src/doctor/machine/certificates.ts";
import {
  browserCheck,
  clockCheck,
  variableChecks,
} from "../../../src/doctor/machine/environment.ts";
import {
  ledgerChecks,
  shadowedDatabases,
  storeChecks,
} from "../../../src/doctor/machine/stores.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import type { StoreState, TrustAnchor, TrustStore } from "../../../src/truststore/store.ts";
import { createFakeHost } from "../../support/fake_host.ts";

/** Only handed through to the stores. */
const ANCHOR = { sha256: "a".repeat(64) } as TrustAnchor;

function store(state: StoreState | LocalTlsError, label = "A store"): TrustStore {
  const never = () => Promise.reject(new Error("doctor changes nothing"));
  return {
    kind: "nss",
    label,
    path: "/home/ann/.pki/nssdb",
    state: () => state instanceof LocalTlsError ? Promise.reject(state) : Promise.resolve(state),
    plan: never,
    add: never,
    remove: never,
  };
}

describe("storeChecks()", () => {
  const check = async (state: StoreState | LocalTlsError) =>
    await storeChecks("localtls", [store(state)], ANCHOR);

  test("a store that trusts, does not, or holds what is not believed", async () => {
    assert.deepEqual((await check({ state: "trusted" })).map(({ status }) => status), ["pass"]);
    const [absent] = await check({ state: "absent" });
    assert.deepEqual([absent?.status, absent?.fix], ["fail", "localtls trust --stores nss"]);
    const [broken] = await check({
      state: "broken",
      reason: "A signature is missing",
      hint: "mend",
    });
    assert.deepEqual([broken?.status, broken?.fix], ["fail", "mend"]);
    assert.match(broken?.message ?? "", /A signature is missing\.$/);
  });

  test("a primary password, and rows in an older form", async () => {
    const [reserved] = await check({
      state: "trusted",
      reason: "It has a primary password",
      hint: "x",
    });
    assert.deepEqual([reserved?.status, reserved?.fix], ["warn", "x"]);
    const outdated = await check({ state: "trusted", renewable: true });
    assert.deepEqual(outdated.map(({ id, status }) => `${id} ${status}`), [
      "store-nss pass",
      "store-outdated warn",
    ]);
  });

  test("a store that cannot be read is no verdict", async () => {
    const error = new LocalTlsError("STORE_UNAVAILABLE", "Cannot read it: no", { hints: ["ls"] });
    const [skipped] = await check(error);
    assert.deepEqual([skipped?.status, skipped?.fix], ["skip", "ls"]);
  });
});

describe("ledgerChecks()", () => {
  const entry = (changes: Partial<TrustedEvent>): TrustedEvent => ({
    event: "added",
    time: "2026-11-01T00:00:00Z",
    sha256: "a".repeat(64),
    kind: "nss",
    path: "/home/ann/.pki/nssdb",
    label: "Chromium",
    anchorLabel: "localtls root",
    created: [],
    ...changes,
  });
  const facts = {
    program: "localtls",
    current: "a".repeat(64),
    stores: [store({ state: "trusted" })],
  };

  test("a former root names the stores that still hold it", async () => {
    const host = createFakeHost({ files: { "/home/ann/.pki/nssdb/cert9.db": "x" } });
    const held = [entry({ sha256: "b".repeat(64), own: true }), entry({ own: true })];
    const checks = await ledgerChecks(host, {
      ...facts,
      held,
      readAnchor: () => Promise.resolve(ANCHOR),
    });
    assert.deepEqual(checks.map(({ id, status }) => `${id} ${status}`), ["store-former-root fail"]);
    assert.match(checks[0]?.message ?? "", /still trusted by A store/);
    assert.equal(checks[0]?.fix, `localtls untrust ${"b".repeat(64)}`);
  });

  test("a store that is gone, unless it never was a file", async () => {
    const host = createFakeHost();
    const readAnchor = () => Promise.resolve(undefined);
    const gone = await ledgerChecks(host, { ...facts, held: [entry({})], readAnchor });
    assert.deepEqual(gone.map(({ id }) => id), ["store-gone"]);
    const held = [entry({ path: "CurrentUser\\Root" })];
    assert.deepEqual(await ledgerChecks(host, { ...facts, held, readAnchor }), []);
  });
});

test("shadowedDatabases() looks at both places of Chromium", async () => {
  const [home, data] = ["/home/ann", "/home/ann/.local/share"];
  const look = (files: Record<string, string>) =>
    shadowedDatabases(createFakeHost({ files }), home, data);
  assert.deepEqual(await look({}), []);
  assert.deepEqual(await look({ [`${home}/.pki/nssdb/cert9.db`]: "x" }), []);
  const [check] = await look({
    [`${home}/.pki/nssdb/cert9.db`]: "x",
    [`${data}/pki/nssdb/cert9.db`]: "x",
  });
  assert.equal(check?.id, "nss-shadowed");
  assert.match(check?.fix ?? "", /^mv \/home\/ann\/\.local/);
});

describe("clockCheck()", () => {
  const at = (iso: string, past: { what: string; ms: number }[] = []) =>
    clockCheck(new Date(iso), past).status;

  test("right, past, far in the future, set back", () => {
    assert.equal(at("2026-11-25T12:00:00Z"), "pass");
    assert.equal(at("2040-01-01T00:00:00Z"), "pass");
    assert.equal(at("1970-01-01T00:00:00Z"), "fail");
    assert.equal(at("2099-01-01T00:00:00Z"), "fail");
    const made = { what: "the CA was made", ms: Date.parse("2027-01-01T00:00:00Z") };
    assert.equal(at("2026-12-01T00:00:00Z", [made]), "fail");
    assert.equal(at("2027-01-01T00:00:00Z", [made]), "pass");
    assert.equal(at("2026-12-31T23:00:00Z", [made]), "pass", "an hour is slack");
  });
});

describe("certificateChecks()", () => {
  const held = (changes: Partial<HeldFacts>): HeldFacts => ({
    names: ["app.test"],
    cert: "/srv/app.test.pem",
    key: undefined,
    notBefore: "2026-11-01T00:00:00.000Z",
    notAfter: "2027-01-01T00:00:00Z",
    state: "valid",
    ...changes,
  });
  const statesOf = async (...certificates: HeldFacts[]) =>
    (await certificateChecks(createFakeHost(), "localtls", certificates))
      .map(({ id, status }) => `${id} ${status}`);

  test("every state", async () => {
    assert.deepEqual(await statesOf(), ["certificates pass"]);
    assert.deepEqual(await statesOf(held({})), ["certificates pass"]);
    assert.deepEqual(await statesOf(held({ state: "expired" })), ["certificate-expired fail"]);
    assert.deepEqual(await statesOf(held({ state: "due" })), ["certificate-due warn"]);
    assert.deepEqual(await statesOf(held({ state: "foreign" })), ["certificate-foreign fail"]);
    assert.deepEqual(await statesOf(held({ state: "missing" })), ["certificate-missing warn"]);
    assert.deepEqual(await statesOf(held({ state: "changed" }), held({})), [
      "certificates pass",
      "certificate-changed warn",
    ]);
  });

  test("a machine that has moved, with the command that follows it", async () => {
    const moved = {
      message: "This machine is not at 10.0.0.1 any more",
      command: "localtls cert 10.0.0.2",
    };
    const [check] = await certificateChecks(createFakeHost(), "localtls", [held({ moved })]);
    assert.deepEqual([check?.id, check?.status, check?.fix], [
      "certificate-address",
      "fail",
      moved.command,
    ]);
  });

  test("a key for everybody to read", async () => {
    const files = { "/srv/key.pem": { content: "x", mode: 0o644 } };
    const checks = await certificateChecks(createFakeHost({ files }), "localtls", [
      held({ key: "/srv/key.pem" }),
    ]);
    assert.equal(
      checks.find(({ id }) => id === "certificate-key-mode")?.fix,
      "chmod 600 /srv/key.pem",
    );
  });
});

test("browserCheck() and variableChecks() look at what is there", async () => {
  const host = createFakeHost({
    commands: { "firefox-esr": () => 1, chromium: () => 1 },
    files: { "/usr/lib/firefox-esr/application.ini": "[App]\nVersion=153.7.0\n" },
    env: { HOME: "/home/ann", CURL_CA_BUNDLE: "/nowhere", NODE_EXTRA_CA_CERTS: "/tmp" },
  });
  assert.equal((await browserCheck(host)).message, "Found: Chromium, Firefox 153.7.0.");
  assert.deepEqual(host.commandLines, [], "no browser is started");
  assert.deepEqual((await variableChecks(host)).map(({ fix }) => fix), ["unset CURL_CA_BUNDLE"]);
  assert.equal((await browserCheck(createFakeHost())).status, "warn");
});
