/** Whole commands on a Windows in memory: which documents, exit codes and ledgers its stores lead to. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setup } from "../../../src/commands/setup.ts";
import { status } from "../../../src/commands/status.ts";
import { uninstall } from "../../../src/commands/uninstall.ts";
import { makeContext } from "../../support/fake_context.ts";
import {
  createFakeWindows,
  type FakeWindowsOptions,
  onDisk,
  WINDOWS_ENV,
} from "../../support/fake_windows.ts";
import { createFakeCertutil, type FakeCertutil } from "../truststore/windows/fake_certutil.ts";

const CERTUTIL = "C:\\WINDOWS\\system32\\certutil.exe";
const STATE = `${WINDOWS_ENV.LOCALAPPDATA}\\localtls`;
const USER = "Cert:\\CurrentUser\\Root";
const MACHINE = "Cert:\\LocalMachine\\Root";

function start(set: (fake: FakeCertutil) => void = () => {}, options: FakeWindowsOptions = {}) {
  const fake = createFakeCertutil(onDisk);
  set(fake);
  const host = createFakeWindows({
    ...options,
    files: { [CERTUTIL]: "MZ" },
    commands: { [CERTUTIL]: fake.certutil, "C:\\WINDOWS\\System32\\reg.exe": fake.reg },
  });
  const { context, warnings } = makeContext(host);
  const outcomes = (stores: readonly { readonly path: string; readonly outcome: string }[]) =>
    stores.map(({ path, outcome }) => `${path} ${outcome}`);
  const ledger = () => host.disk.text(onDisk(`${STATE}\\trusted.jsonl`))!.trim().split("\n").length;
  return { host, fake, context, warnings, outcomes, ledger };
}

const NAMES = { names: ["localhost"] };

describe("setup on Windows", () => {
  test("makes everything with paths of Windows, and says it", async () => {
    const { context, host, fake, outcomes } = start();
    const { document, exitCode } = await setup(context, NAMES);
    assert.equal(exitCode, 0);
    assert.deepEqual(outcomes(document.stores), [`${USER} added`]);
    assert.equal(document.ca!.root, `${STATE}\\root.pem`);
    const [certificate] = document.certificates!;
    assert.equal(certificate!.cert, "C:\\work\\localhost.pem");
    assert.equal(certificate!.key, "C:\\work\\localhost-key.pem");
    assert.equal(fake.user.size, 1);
    // No name that a mixture of separators would have made.
    assert.ok(host.disk.paths().every((path) => !path.includes("\\")));
  });

  test("changes nothing when it is repeated, and the ledger is understood", async () => {
    const { context, outcomes, ledger, warnings } = start();
    await setup(context, NAMES);
    const lines = ledger();
    const again = await setup(context, NAMES);
    assert.deepEqual(outcomes(again.document.stores), [`${USER} unchanged`]);
    assert.equal(again.document.certificates![0]!.state, "kept");
    assert.equal(ledger(), lines);
    assert.deepEqual((await status(context, {})).document.todo, []);
    assert.deepEqual(warnings.filter((warning) => warning.startsWith("LEDGER")), []);
  });

  test("warns once where the system does not say who may read the key", async () => {
    const accessLists = {
      protect: () => Promise.resolve(),
      others: () => Promise.resolve(undefined),
    };
    const { context, warnings } = start(undefined, { accessLists });
    await setup(context, NAMES);
    await setup(context, NAMES);
    const said = warnings.filter((warning) => warning.startsWith("STATE_ACCESS_UNCONFIRMED"));
    assert.equal(said.length, 1);
    assert.ok(said[0]!.includes(STATE));
  });

  for (
    const [what, set] of [
      ["a tool that lies", (fake: FakeCertutil) => (fake.lies = "always")],
      ["a warning that is answered with No", (fake: FakeCertutil) => (fake.warning = "no")],
      ["a warning that nobody answers", (fake: FakeCertutil) => (fake.warning = "unanswered")],
    ] as const
  ) {
    test(`is done in part with ${what}: the certificate is there`, async () => {
      const { context, host, outcomes } = start(set);
      const { document, exitCode } = await setup(context, NAMES);
      assert.equal(exitCode, 3);
      assert.deepEqual(outcomes(document.stores), [`${USER} failed`]);
      assert.ok(host.disk.text(onDisk("C:\\work\\localhost.pem"))!.includes("BEGIN CERTIFICATE"));
      assert.equal((await status(context, {})).exitCode, 1);
    });
  }
});

describe("uninstall on Windows", () => {
  test("takes back the machine's store without being told of it, and first", async () => {
    const { context, fake, outcomes } = start((fake) => (fake.elevated = true));
    await setup(context, { ...NAMES, machine: true });
    fake.warning = "no";
    const { document, exitCode } = await uninstall(context, {});
    assert.deepEqual(outcomes(document.stores), [`${MACHINE} removed`, `${USER} removed`]);
    assert.equal(exitCode, 0);
    assert.equal(fake.machine.size, 0);
  });

  test("keeps the CA and says who has to help where an administrator is needed", async () => {
    const { context, fake, host, outcomes } = start((fake) => (fake.elevated = true));
    await setup(context, { ...NAMES, machine: true });
    fake.elevated = false;
    const { context: yes } = makeContext(host, { yes: true });
    const { document, exitCode } = await uninstall(yes, { purge: true });
    assert.equal(exitCode, 3);
    assert.deepEqual(outcomes(document.stores), [`${MACHINE} needs-root`, `${USER} needs-root`]);
    assert.deepEqual(document.purged, []);
    assert.notEqual(host.disk.get(onDisk(`${STATE}\\root.pem`)), undefined);
    fake.elevated = true;
    assert.equal((await uninstall(context, {})).exitCode, 0);
  });

  test("with --purge leaves nothing of its own", async () => {
    const { context, host } = start();
    await setup(context, NAMES);
    const { context: yes } = makeContext(host, { yes: true });
    const { exitCode } = await uninstall(yes, { purge: true });
    assert.equal(exitCode, 0);
    assert.equal(host.disk.get(onDisk(STATE)), undefined);
    assert.deepEqual(host.disk.names(onDisk(WINDOWS_ENV.TEMP)), []);
  });
});
