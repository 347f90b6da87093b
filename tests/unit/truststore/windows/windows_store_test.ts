import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { encodePem } from "../../../../src/der/pem.ts";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { applyChange } from "../../../../src/truststore/change.ts";
import { createElevation } from "../../../../src/truststore/elevation.ts";
import { openRecordedStore, storeFamilies } from "../../../../src/truststore/families.ts";
import type { TrustAnchor } from "../../../../src/truststore/store.ts";
import type { FakeHostOptions } from "../../../support/fake_host.ts";
import { createFakeWindows, onDisk, WINDOWS_ENV } from "../../../support/fake_windows.ts";
import { otherAnchor, rootAnchor } from "../fixture_anchors.ts";
import { createFakeCertutil, type FakeCertutil } from "./fake_certutil.ts";

const CERTUTIL = "C:\\WINDOWS\\system32\\certutil.exe";
const FILE = "C:\\Users\\Änn Lee\\AppData\\Local\\localtls\\anchors\\root.pem";
const anchor: TrustAnchor = { ...rootAnchor, file: FILE };
const sha1 = createHash("sha1").update(rootAnchor.certificate.der).digest("hex");

interface Machine extends FakeHostOptions {
  readonly machine?: boolean;
  readonly set?: (fake: FakeCertutil) => void;
}

async function start({ machine, set, ...options }: Machine = {}) {
  const fake = createFakeCertutil(onDisk);
  set?.(fake);
  const host = createFakeWindows({
    ...options,
    files: { [CERTUTIL]: "MZ", [FILE]: anchor.pem, ...options.files },
    commands: {
      [CERTUTIL]: fake.certutil,
      "C:\\WINDOWS\\System32\\reg.exe": fake.reg,
      ...options.commands,
    },
  });
  const said: string[] = [];
  const context = {
    host,
    user: await findTargetUser(host),
    elevation: createElevation(host),
    machine,
    announce: (message: string) => said.push(message),
  };
  const [store] = await storeFamilies("windows", ["system"])[0]!.discover(context);
  const warnings: string[] = [];
  const change = async (what: "add" | "remove", of: TrustAnchor = anchor) => {
    const [result] = await applyChange({
      change: what,
      stores: [store!],
      anchor: of,
      createdBy: () => [],
      recordAdded: () => Promise.resolve(),
      recordRemoved: () => Promise.resolve(),
      warn: ({ code, message }) => warnings.push(`${code} ${message}`),
    });
    return result!;
  };
  return { host, fake, store: store!, context, said, warnings, change };
}

/** The commands that changed something, without the program. */
function changes(host: { readonly commandLines: string[][] }): string[] {
  return host.commandLines.map((argv) => argv.slice(1).join(" "))
    .filter((line) => /-(?:add|del)store/.test(line));
}

describe("the user's Root store of Windows", () => {
  test("is trusted with certutil -user, and looked at before and after", async () => {
    const { host, store, fake, change, said } = await start();
    assert.equal(store.path, "Cert:\\CurrentUser\\Root");
    assert.deepEqual(await change("add"), {
      kind: "system",
      label: "Windows (user Root store)",
      path: "Cert:\\CurrentUser\\Root",
      outcome: "added",
    });
    assert.deepEqual(changes(host), [`-user -addstore -f Root ${FILE}`]);
    assert.deepEqual([...fake.user.keys()], [sha1]);
    assert.equal(fake.machine.size, 0);
    assert.match(said[0]!, /window/);
    assert.ok(said[0]!.includes(sha1.slice(0, 8).toUpperCase()), "the thumbprint to compare");
    assert.equal((await change("add")).outcome, "unchanged");
    assert.equal(changes(host).length, 1);
  });

  test("is left again, and nothing but the certificate goes", async () => {
    const { host, fake, change } = await start();
    fake.user.set("00".repeat(20), otherAnchor.certificate.der);
    await change("add");
    assert.equal((await change("remove")).outcome, "removed");
    assert.deepEqual(changes(host).slice(1), [`-user -delstore Root ${sha1}`]);
    assert.deepEqual([...fake.user.keys()], ["00".repeat(20)]);
    assert.equal((await change("remove")).outcome, "absent");
  });

  test("leaves nothing in the temporary directory", async () => {
    const { host, change } = await start();
    await change("add");
    await change("remove");
    assert.deepEqual(host.disk.names(onDisk(WINDOWS_ENV.TEMP)), []);
  });

  test("understands exit codes of which the lowest octet has arrived", async () => {
    const { fake, change } = await start({ set: (fake) => (fake.cutsCodes = true) });
    assert.equal((await change("add")).outcome, "added");
    fake.warning = "no";
    assert.equal((await change("remove")).outcome, "failed");
    fake.warning = "yes";
    assert.equal((await change("remove")).outcome, "removed");
  });

  test("a Security Warning that is answered with No is told as such", async () => {
    const { change, fake } = await start({ set: (fake) => (fake.warning = "no") });
    const result = await change("add");
    assert.equal(result.outcome, "failed");
    assert.match(result.reason!, /not answered with Yes/);
    assert.equal(fake.user.size, 0);
  });

  for (const [interactive, seconds] of [[true, 120], [false, 20]] as const) {
    const who = interactive ? "somebody" : "nobody";
    test(`an unanswered warning ends after ${seconds} s where ${who} can be asked`, async () => {
      const { change, fake } = await start({
        interactive,
        set: (fake) => (fake.warning = "unanswered"),
      });
      const result = await change("add");
      assert.equal(result.outcome, "failed");
      assert.match(result.reason!, new RegExp(`within ${seconds} s`));
      assert.equal(fake.lastTimeoutMs, seconds * 1000);
      // What opens no window is advised only where nobody sees one.
      assert.equal(/certutil\.exe -user/.test(result.hint!), interactive);
      assert.match(result.hint!, /-addstore -f Root "C:\\Users\\Änn Lee\\.*root\.pem"$/);
    });
  }

  test("a session without a desktop is told of an administrator's way", async () => {
    const { change } = await start({ set: (fake) => (fake.warning = "no desktop") });
    const result = await change("add");
    assert.equal(result.outcome, "needs-root");
    assert.match(result.reason!, /cannot show its Security Warning/);
    assert.equal(result.hint, `${CERTUTIL} -addstore -f Root "${FILE}"`);
  });

  test("a removal that cannot be asked about is not for an administrator: the entry is the user's", async () => {
    const { change, fake } = await start();
    await change("add");
    for (const warning of ["no desktop", "unanswered"] as const) {
      fake.warning = warning;
      const result = await change("remove");
      assert.equal(result.outcome, "failed");
      assert.equal(result.hint, `${CERTUTIL} -user -delstore Root ${sha1}`);
      assert.ok(!/administrator/.test(result.reason!));
    }
    assert.equal(fake.user.size, 1);
  });

  test("a tool that says yes and does nothing is not believed", async () => {
    for (const lies of ["always", "in changes"] as const) {
      const { change, fake } = await start({ set: (fake) => (fake.lies = lies) });
      const result = await change("add");
      assert.equal(result.outcome, "failed", lies);
      assert.match(result.reason!, /reported no error/);
      assert.equal(fake.user.size, 0);
    }
    const { store } = await start({ set: (fake) => (fake.lies = "always") });
    await assert.rejects(store.state(anchor), { code: "TRUST_NOT_CONFIRMED" });
  });

  test("a lying removal is an error, never done", async () => {
    const { change, fake } = await start();
    await change("add");
    fake.lies = "in changes";
    const result = await change("remove");
    assert.equal(result.outcome, "failed");
    assert.match(result.reason!, /still holds the certificate/);
  });

  test("another certificate than was asked for is no trust", async () => {
    const { store, fake } = await start();
    fake.user.set(sha1, otherAnchor.certificate.der);
    await assert.rejects(store.state(anchor), { code: "TOOL_FAILED", message: /another/ });
  });

  test("an empty export is no trust; one in PEM is read", async () => {
    const { store, fake, change } = await start();
    await change("add");
    fake.exports = () => "";
    await assert.rejects(store.state(anchor), { code: "TOOL_FAILED" });
    fake.exports = (der) => encodePem("CERTIFICATE", der).replaceAll("\n", "\r\n");
    assert.deepEqual(await store.state(anchor), { state: "trusted" });
  });

  test("a failure that is not 'not found' is no absence", async () => {
    for (const code of [1, 2, 0x80070057, 0x57, 0x80092003, 255, -1, -2146893808]) {
      const { store } = await start({ commands: { [CERTUTIL]: () => code } });
      await assert.rejects(store.state(anchor), { code: "TOOL_FAILED" }, `${code}`);
    }
    for (const code of [0x80090011, -2146893807, 0x11]) {
      const { store } = await start({ commands: { [CERTUTIL]: () => code } });
      assert.deepEqual(await store.state(anchor), { state: "absent" }, `${code}`);
    }
  });

  test("what Windows must not trust counts more", async () => {
    const { change, fake, store } = await start();
    await change("add");
    fake.disallowed.set(sha1, anchor.certificate.der);
    const { state, hint } = await store.state(anchor);
    assert.equal(state, "broken");
    assert.equal(hint, `${CERTUTIL} -user -delstore Disallowed ${sha1}`);
    assert.equal((await change("add")).outcome, "failed");
  });

  test("a file that holds another certificate is not handed to the tool", async () => {
    const { change, host } = await start({ files: { [FILE]: otherAnchor.pem } });
    assert.equal((await change("add")).outcome, "failed");
    assert.deepEqual(changes(host), []);
  });

  test("a certificate that is not self-signed is refused: Windows ends no path at it", async () => {
    const certificate = { ...anchor.certificate, selfIssued: false };
    const { change, host } = await start();
    const result = await change("add", { ...anchor, certificate });
    assert.equal(result.outcome, "unavailable");
    assert.match(result.reason!, /self-signed/);
    assert.deepEqual(changes(host), []);
  });

  test("git is named where it has roots of its own, and only then", async () => {
    const git = (answer: string, code: number) => ({
      git: () => ({ stdout: answer, code }),
    });
    for (
      const [commands, told] of [
        [git("", 1), true],
        [git("openssl\n", 0), true],
        [git("schannel\n", 0), false],
        [git("", 128), false],
        [{}, false],
      ] as const
    ) {
      const { change, warnings } = await start({ commands });
      await change("add");
      assert.equal(warnings.length, told ? 1 : 0);
      if (told) assert.match(warnings[0]!, /git config --global http\.sslBackend schannel$/);
      await change("add");
      assert.equal(warnings.length, told ? 1 : 0, "said once, when something was added");
    }
  });
});

describe("a root that stands in the machine's store", () => {
  test("is trusted by the user, too: nothing is added", async () => {
    const { change, fake, host } = await start();
    fake.machine.set(sha1, anchor.certificate.der);
    assert.equal((await change("add")).outcome, "unchanged");
    assert.deepEqual(changes(host), []);
  });

  test("is not taken out by way of the user's store, and said to be there still", async () => {
    for (const elevated of [false, true]) {
      const { change, fake, host } = await start({ set: (fake) => (fake.elevated = elevated) });
      fake.machine.set(sha1, anchor.certificate.der);
      const result = await change("remove");
      assert.equal(result.outcome, "needs-root");
      assert.match(result.reason!, /machine's Root store/);
      assert.equal(result.hint, `${CERTUTIL} -delstore Root ${sha1}`);
      assert.deepEqual(changes(host), []);
      assert.equal(fake.machine.size, 1);
    }
  });

  test("is taken out of the user's own store first where it stands in both", async () => {
    const { change, fake } = await start();
    fake.machine.set(sha1, anchor.certificate.der);
    fake.user.set(sha1, anchor.certificate.der);
    assert.equal((await change("remove")).outcome, "needs-root");
    assert.equal(fake.user.size, 0);
    assert.equal(fake.machine.size, 1);
  });

  test("a registry that cannot be read is an error, not a guess", async () => {
    const { change, fake } = await start({
      commands: { "C:\\WINDOWS\\System32\\reg.exe": () => "timed-out" },
    });
    fake.machine.set(sha1, anchor.certificate.der);
    fake.user.set(sha1, anchor.certificate.der);
    assert.equal((await change("remove")).outcome, "failed");
    assert.equal(fake.user.size, 1);
  });
});

describe("the machine's Root store of Windows", () => {
  test("is changed by an administrator, without a window", async () => {
    const { host, change, fake, said } = await start({
      machine: true,
      set: (fake) => Object.assign(fake, { elevated: true, warning: "unanswered" }),
    });
    const result = await change("add");
    assert.equal(result.outcome, "added");
    assert.equal(result.path, "Cert:\\LocalMachine\\Root");
    assert.deepEqual([...fake.machine.keys()], [sha1]);
    assert.equal(fake.user.size, 0);
    assert.equal((await change("remove")).outcome, "removed");
    assert.deepEqual(changes(host), [`-addstore -f Root ${FILE}`, `-delstore Root ${sha1}`]);
    assert.deepEqual(said, []);
  });

  test("needs an administrator, and says what to paste", async () => {
    for (const cutsCodes of [false, true]) {
      const { change, fake } = await start({
        machine: true,
        set: (fake) => (fake.cutsCodes = cutsCodes),
      });
      const result = await change("add");
      assert.equal(result.outcome, "needs-root");
      assert.match(result.reason!, /Run as administrator/);
      assert.equal(result.hint, `${CERTUTIL} -addstore -f Root "${FILE}"`);
      assert.equal(fake.machine.size, 0);
    }
  });

  test("is found again by the ledger's path, and nothing else is", async () => {
    const { context } = await start();
    const open = (path: string) => openRecordedStore(context, "system", path);
    assert.equal((await open("Cert:\\LocalMachine\\Root"))?.label, "Windows (machine Root store)");
    assert.equal((await open("Cert:\\CurrentUser\\Root"))?.label, "Windows (user Root store)");
    for (const path of ["Cert:\\LocalMachine\\My", "LocalMachine\\Root", "/etc/ssl/certs", ""]) {
      assert.equal(await open(path), undefined);
    }
  });

  test("a plan says the command, and that it needs an administrator", async () => {
    for (const machine of [true, false]) {
      const { store } = await start({ machine });
      const [step] = await store.plan("add", anchor);
      assert.deepEqual(step, {
        type: "run",
        argv: [CERTUTIL, ...(machine ? [] : ["-user"]), "-addstore", "-f", "Root", FILE],
        root: machine,
      });
    }
  });
});
