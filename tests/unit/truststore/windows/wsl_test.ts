import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { applyChange, readStates } from "../../../../src/truststore/change.ts";
import { createElevation } from "../../../../src/truststore/elevation.ts";
import { openRecordedStore } from "../../../../src/truststore/families.ts";
import type { TrustAnchor } from "../../../../src/truststore/store.ts";
import { windowsFromWslFamily } from "../../../../src/truststore/windows/family.ts";
import { createFakeHost, type FakeHostOptions } from "../../../support/fake_host.ts";
import { ANCHOR_FILE, rootAnchor } from "../fixture_anchors.ts";
import { createFakeCertutil } from "./fake_certutil.ts";

const VERSION = "Linux version 6.6.87.2-microsoft-standard-WSL2 (root@x) (gcc) #1 SMP";
const HANDLER = "/proc/sys/fs/binfmt_misc/WSLInterop";
const SYSTEM = "/mnt/c/Windows/System32";
const SHARE = "\\\\wsl.localhost\\Debian";
const anchor: TrustAnchor = rootAnchor;
const sha1 = createHash("sha1").update(anchor.certificate.der).digest("hex");

/** Where the paths that Windows is told of stand in this Linux. */
function place(path: string): string {
  assert.ok(path.startsWith(SHARE), `"${path}" is no path of Windows`);
  return path.slice(SHARE.length).replaceAll("\\", "/");
}

interface Machine extends FakeHostOptions {
  readonly machine?: boolean;
  readonly system?: string;
  readonly without?: readonly string[];
}

async function start({ machine, system = SYSTEM, without = [], ...options }: Machine = {}) {
  const fake = createFakeCertutil(place);
  fake.cutsCodes = true;
  const files: Record<string, string> = {
    "/proc/version": VERSION,
    [HANDLER]: "enabled\ninterpreter /init\nflags: P\n",
    [`${system}/certutil.exe`]: "MZ",
    [ANCHOR_FILE]: anchor.pem,
  };
  for (const path of without) delete files[path];
  const host = createFakeHost({
    env: {
      HOME: "/home/ann",
      PATH: `/usr/bin:${SYSTEM}:/mnt/c/Program Files/x`,
      WSL_DISTRO_NAME: "Debian",
    },
    ...options,
    files: { ...files, ...options.files },
    commands: {
      [`${system}/certutil.exe`]: fake.certutil,
      [`${system}/reg.exe`]: fake.reg,
      wslpath: ([, , path], _input, { disk }) =>
        disk.get(path!) === undefined
          ? { code: 1, stderr: `wslpath: ${path}` }
          : { stdout: `${SHARE}${path!.replaceAll("/", "\\")}\n` },
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
  const stores = await windowsFromWslFamily.discover(context);
  const change = async (what: "add" | "remove") => {
    const [result] = await applyChange({
      change: what,
      stores,
      anchor,
      createdBy: () => [],
      recordAdded: () => Promise.resolve(),
      recordRemoved: () => Promise.resolve(),
    });
    return result!;
  };
  return { host, fake, stores, context, said, change };
}

describe("Windows around a Linux in WSL", () => {
  test("is trusted by its own certutil.exe, with paths that it understands, and left again", async () => {
    const { host, fake, change, said } = await start();
    assert.deepEqual(await change("add"), {
      kind: "windows",
      label: "Windows (user Root store)",
      path: "Cert:\\CurrentUser\\Root",
      outcome: "added",
    });
    const added = host.commandLines.find((argv) => argv.includes("-addstore"));
    assert.deepEqual(added, [
      `${SYSTEM}/certutil.exe`,
      "-user",
      "-addstore",
      "-f",
      "Root",
      `${SHARE}${ANCHOR_FILE.replaceAll("/", "\\")}`,
    ]);
    assert.deepEqual([...fake.user.keys()], [sha1]);
    assert.equal(said.length, 1);
    assert.equal((await change("remove")).outcome, "removed");
    assert.equal(fake.user.size, 0);
    assert.deepEqual(host.disk.names("/tmp"), []);
  });

  test("under sudo is given files that its ordinary user may read", async () => {
    const { host, change } = await start({
      user: { uid: 0, gid: 0 },
      env: { HOME: "/root", SUDO_UID: "1000", PATH: "/usr/bin" },
      files: { "/etc/passwd": "ann:x:1000:1000::/home/ann:/bin/sh\n" },
    });
    const owners: number[] = [];
    host.beforeChange = (kind, path) => {
      if (kind === "rmdir") owners.push(host.disk.get(path)!.uid);
    };
    assert.equal((await change("add")).outcome, "added");
    assert.ok(owners.length > 0);
    assert.deepEqual([...new Set(owners)], [1000]);
  });

  test("is found where its drives are mounted elsewhere, and without the PATH of Windows", async () => {
    const system = "/win/c/Windows/System32";
    const { change } = await start({
      system,
      env: { HOME: "/home/ann", PATH: "/usr/bin", WSL_DISTRO_NAME: "Debian" },
      files: { "/etc/wsl.conf": '[boot]\nsystemd=true\n\n[automount]\nroot = "/win/"\n' },
    });
    assert.equal((await change("add")).outcome, "added");
  });

  test("is known by the later name of the handler, and by wslpath alone", async () => {
    const { stores } = await start({
      env: { HOME: "/home/ann", PATH: SYSTEM },
      without: [HANDLER],
      files: { [`${HANDLER}-late`]: "enabled\n" },
    });
    assert.equal(stores[0]!.label, "Windows (user Root store)");
    assert.deepEqual(await stores[0]!.state(anchor), { state: "absent" });
  });

  test("needs an administrator for the machine's store, told in words for a prompt of Windows", async () => {
    const { change } = await start({ machine: true });
    const result = await change("add");
    assert.equal(result.outcome, "needs-root");
    const file = `${SHARE}${ANCHOR_FILE.replaceAll("/", "\\")}`;
    assert.equal(result.hint, `certutil.exe -addstore -f Root ${file}`);
  });

  test("is found again by the ledger's path", async () => {
    const { context } = await start();
    const store = await openRecordedStore(context, "windows", "Cert:\\LocalMachine\\Root");
    assert.deepEqual([store?.kind, store?.label], ["windows", "Windows (machine Root store)"]);
    assert.equal(await openRecordedStore(context, "windows", "Cert:\\CurrentUser\\My"), undefined);
  });

  test("that starts none of its programs after all is an error with its reason", async () => {
    for (
      const [outcome, wanted] of [["not-started", "failed"], ["missing", "unavailable"]] as const
    ) {
      const { stores } = await start({
        commands: { [`${SYSTEM}/certutil.exe`]: () => outcome },
      });
      const [result] = await readStates(stores, anchor);
      assert.equal(result!.outcome, wanted);
      assert.match(result!.reason!, /certutil\.exe/);
    }
  });

  const unreachable: [string, Machine, RegExp, RegExp][] = [
    [
      "interop is turned off",
      { without: [HANDLER], files: { "/etc/wsl.conf": "[interop]\nenabled = False # safe\n" } },
      /turned off in \/etc\/wsl\.conf/,
      /enabled=true under \[interop\]/,
    ],
    [
      "interop is registered, and disabled",
      { files: { [HANDLER]: "disabled\n" } },
      /does not start programs of Windows/,
      /wsl\.exe --shutdown/,
    ],
    [
      "no handler is registered",
      { without: [HANDLER], files: { "/etc/wsl.conf": "[automount]\nenabled=false\n" } },
      /does not start programs of Windows/,
      /wsl\.exe --shutdown/,
    ],
    [
      "its drives are not mounted",
      { without: [`${SYSTEM}/certutil.exe`] },
      /no "certutil\.exe"/,
      /\[automount\]/,
    ],
    [
      "the only certutil.exe is NSS's",
      {
        without: [`${SYSTEM}/certutil.exe`],
        files: { "/mnt/c/Program Files/x/certutil.exe": "MZ nss3.dll" },
      },
      /no "certutil\.exe"/,
      /\[automount\]/,
    ],
    [
      "paths cannot be translated",
      { commands: { wslpath: () => 1 } },
      /wslpath does not translate/,
      /^$/,
    ],
    [
      "wslpath answers with something else",
      { commands: { wslpath: () => ({ stdout: "/tmp/x\n" }) } },
      /wslpath does not translate/,
      /^$/,
    ],
  ];
  for (const [what, machine, reason, hint] of unreachable) {
    test(`is one store that says why when ${what}`, async () => {
      const { host, change, stores } = await start(machine);
      assert.equal(stores.length, 1);
      const result = await change("add");
      assert.equal(result.outcome, "unavailable");
      assert.match(result.reason!, reason);
      assert.match(result.hint ?? "", hint);
      assert.ok(!host.commandLines.some((argv) => argv.includes("-addstore")));
    });
  }

  const elsewhere: [string, Machine][] = [
    ["another Linux", { files: { "/proc/version": "Linux version 6.1.0-37-amd64 (debian)" } }],
    ["a Linux without /proc", { without: ["/proc/version"] }],
  ];
  for (const [what, machine] of elsewhere) {
    test(`is not looked for on ${what}`, async () => {
      const { host, stores } = await start(machine);
      assert.deepEqual(stores, []);
      assert.deepEqual(host.commandLines, []);
    });
  }
  test("is not looked for in a container on WSL's kernel", async () => {
    const host = createFakeHost({
      files: { "/proc/version": VERSION },
      commands: {},
    });
    const user = await findTargetUser(host);
    const context = { host, user, elevation: createElevation(host) };
    assert.deepEqual(await windowsFromWslFamily.discover(context), []);
  });
});
