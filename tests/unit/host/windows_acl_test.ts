import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createWindowsAccessLists } from "../../../src/host/windows_acl.ts";
import type { FakeCommand, FakeResult } from "../../support/fake_host.ts";
import { createFakeWindows, onDisk, WINDOWS_ENV } from "../../support/fake_windows.ts";

const ANN = "S-1-5-21-1643835476-1616584234-1346609752-1001";
const DIRECTORY = "C:\\Users\\Änn Lee\\AppData\\Local\\localtls";
const SYSTEM = "C:\\WINDOWS\\System32";

/** As icacls writes it: UTF-16, the name, the descriptor. */
function saved(descriptor: string, name = "localtls", mark = false): Uint8Array {
  const text = `${mark ? "\ufeff" : ""}${name}\r\n${descriptor}\r\n`;
  const bytes = new Uint8Array(text.length * 2);
  [...text].forEach((character, i) => {
    bytes[2 * i] = character.charCodeAt(0) & 0xff;
    bytes[2 * i + 1] = character.charCodeAt(0) >> 8;
  });
  return bytes;
}

function start(
  content: Uint8Array | string | undefined,
  options: { readonly whoami?: FakeResult; readonly icacls?: FakeResult } = {},
) {
  const icacls: FakeCommand = (argv, _input, host) => {
    const at = argv.indexOf("/save");
    if (at !== -1 && content !== undefined) {
      host.disk.put(onDisk(argv[at + 1]!), { content, uid: 1000, gid: 1000 });
    }
    return options.icacls ?? 0;
  };
  const host = createFakeWindows({
    commands: {
      [`${SYSTEM}\\icacls.exe`]: icacls,
      [`${SYSTEM}\\whoami.exe`]: () => options.whoami ?? { stdout: `"m\\ann","${ANN}"\r\n` },
    },
  });
  return { host, lists: createWindowsAccessLists(host.commands, host.files, host.env) };
}

const PRIVATE = `D:PAI(A;OICI;FA;;;${ANN})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)`;

describe("others()", () => {
  test("sees nobody in a directory that is the user's alone, and cleans up", async () => {
    for (const mark of [false, true]) {
      const { host, lists } = start(saved(PRIVATE, "localtls", mark));
      assert.deepEqual(await lists.others(DIRECTORY), []);
      assert.deepEqual(host.disk.names(onDisk(WINDOWS_ENV.TEMP)), []);
      const [icacls] = host.commandLines.filter(([program]) => program!.endsWith("icacls.exe"));
      assert.deepEqual(icacls!.slice(1, 3), [DIRECTORY, "/save"]);
    }
  });

  const mine = `(A;OICI;FA;;;${ANN})`;
  const trusted = [
    "SY",
    "BA",
    "LA",
    "DA",
    "EA",
    "CO",
    "OW",
    "S-1-5-18",
    "S-1-5-32-544",
    "S-1-5-21-1-2-3-500",
    "S-1-5-21-1-2-3-512",
  ];
  for (const account of trusted) {
    test(`takes ${account} for nobody else: it may do everything anyway`, async () => {
      const { lists } = start(saved(`D:P${mine}(A;OICI;FA;;;${account})`));
      assert.deepEqual(await lists.others(DIRECTORY), []);
    });
  }

  const [reads, writes, both] = [
    { reads: true, writes: false, inheritableRead: false },
    { reads: false, writes: true, inheritableRead: false },
    { reads: true, writes: true, inheritableRead: false },
  ];
  const everyone = { sid: "S-1-1-0", name: "Everyone" };
  const seen: [string, string, unknown][] = [
    ["everyone reads", "(A;;FR;;;WD)", { ...everyone, ...reads }],
    ["everyone, by the SID", "(A;;FR;;;S-1-1-0)", { ...everyone, ...reads }],
    ["users read", "(A;;0x1200a9;;;BU)", { sid: "S-1-5-32-545", name: "Users", ...reads }],
    ["authenticated users change", "(A;;0x1301bf;;;AU)", {
      sid: "S-1-5-11",
      name: "Authenticated Users",
      ...both,
    }],
    ["everyone adds files", "(A;;DC;;;WD)", { ...everyone, ...writes }],
    ["everyone deletes what is inside", "(A;;DT;;;WD)", { ...everyone, ...writes }],
    ["everyone may change the list", "(A;;WD;;;WD)", { ...everyone, ...both }],
    ["everyone may take ownership", "(A;;WO;;;WD)", { ...everyone, ...both }],
    ["another user of the machine", "(A;;FA;;;S-1-5-21-1643835476-1616584234-1346609752-1002)", {
      sid: "S-1-5-21-1643835476-1616584234-1346609752-1002",
      ...both,
    }],
    ["a user whose SID only begins like this one's", `(A;;FR;;;${ANN}9)`, {
      sid: `${ANN}9`,
      ...reads,
    }],
    ["an account with the RID of administrators elsewhere", "(A;;FR;;;S-1-5-32-500)", {
      sid: "S-1-5-32-500",
      ...reads,
    }],
    ["what will be made there can be read", "(A;OICIIO;GR;;;WD)", {
      ...everyone,
      reads: false,
      writes: false,
      inheritableRead: true,
    }],
  ];
  for (const [what, entry, wanted] of seen) {
    test(`sees that ${what}`, async () => {
      const { lists } = start(saved(`D:AI${mine}${entry}`));
      assert.deepEqual(await lists.others(DIRECTORY), [wanted]);
    });
  }
  test("passes over who may only look at the attributes or go through", async () => {
    const { lists } = start(saved(`D:${mine}(A;;0x1200a0;;;WD)(A;;RCLO;;;BU)`));
    assert.deepEqual(await lists.others(DIRECTORY), []);
  });

  const unknown: [string, Parameters<typeof start>][] = [
    ["a stub that writes nothing", [undefined]],
    ["a tool that fails", [saved(PRIVATE), { icacls: 5 }]],
    ["a tool that is not there", [undefined, { icacls: "missing" }]],
    ["a tool that hangs", [saved(PRIVATE), { icacls: "timed-out" }]],
    ["an empty file", [""]],
    ["a descriptor that cannot be read", [saved("D:(A;;ZZ;;;SY)")]],
    ["more than one object", [saved(`${PRIVATE}\r\nother\r\n${PRIVATE}`)]],
    ["a name alone", [saved("")]],
    ["a user without a SID", [saved(PRIVATE), { whoami: { stdout: "ann\r\n" } }]],
    ["a whoami that fails", [saved(PRIVATE), { whoami: 1 }]],
  ];
  for (const [what, given] of unknown) {
    test(`has no answer for ${what}`, async () => {
      const { host, lists } = start(...given);
      assert.equal(await lists.others(DIRECTORY), undefined);
      assert.deepEqual(host.disk.names(onDisk(WINDOWS_ENV.TEMP)), []);
    });
  }
  test("reads the SID from the table that some versions print whatever they are asked for", async () => {
    const stdout = `\r\nUSER INFORMATION\r\n\r\nUser Name SID\r\nm\\S-1-5-9 ${ANN}\r\n`;
    const { lists } = start(saved(PRIVATE), { whoami: { stdout } });
    assert.deepEqual(await lists.others(DIRECTORY), []);
  });
});

describe("protect()", () => {
  test("leaves the directory to the user, the system and administrators, all by SID", async () => {
    const { host, lists } = start(undefined);
    await lists.protect(DIRECTORY);
    assert.deepEqual(host.commandLines.at(-1), [
      `${SYSTEM}\\icacls.exe`,
      DIRECTORY,
      "/inheritance:r",
      "/grant:r",
      `*${ANN}:(OI)(CI)F`,
      "*S-1-5-18:(OI)(CI)F",
      "*S-1-5-32-544:(OI)(CI)F",
      "/q",
    ]);
  });
  test("takes nothing away where the user is not known: nobody would be left", async () => {
    const { host, lists } = start(undefined, { whoami: 1 });
    await lists.protect(DIRECTORY);
    assert.deepEqual(host.commandLines.map(([program]) => program), [`${SYSTEM}\\whoami.exe`]);
  });
});
