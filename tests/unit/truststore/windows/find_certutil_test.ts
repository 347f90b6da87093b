import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { findNativeTools } from "../../../../src/truststore/windows/native_tools.ts";
import { createFakeWindows, WINDOWS_ENV } from "../../../support/fake_windows.ts";

const SYSTEM = "C:\\WINDOWS\\System32\\certutil.exe";
const NSS = "MZ...nss3.dll\0smime3.dll\0libnspr4.dll";
const ON_CRYPT32 = "MZ...KERNEL32.dll\0CRYPT32.dll\0";

async function find(PATH: string | undefined, files: Record<string, string>, rest = {}) {
  const { PATH: _, ...others } = WINDOWS_ENV;
  const env = PATH === undefined ? { ...others, ...rest } : { ...others, ...rest, PATH };
  const host = createFakeWindows({ env, files });
  return (await findNativeTools(host, await findTargetUser(host)))?.certutil;
}

describe("Microsoft's certutil.exe", () => {
  test("is the one of Windows where PATH has no other", async () => {
    const path = "C:\\Windows\\system32;C:\\tools";
    const found = await find(path, { "C:\\Windows\\system32\\certutil.exe": "MZ", [SYSTEM]: "MZ" });
    assert.equal(found, "C:\\Windows\\system32\\certutil.exe");
  });
  test("is not NSS's, which stands first on PATH", async () => {
    const files = { "C:\\nss\\bin\\certutil.exe": NSS, [SYSTEM]: "MZ" };
    assert.equal(await find("C:\\nss\\bin;C:\\WINDOWS\\System32", files), SYSTEM);
  });
  test("can be another one on crypt32 that somebody put first", async () => {
    const files = { "C:\\tools\\certutil.exe": ON_CRYPT32, [SYSTEM]: "MZ" };
    assert.equal(await find("C:\\tools;C:\\WINDOWS\\System32", files), "C:\\tools\\certutil.exe");
    assert.equal(await find("C:\\WINDOWS\\System32;C:\\tools", files), SYSTEM);
  });
  test("is looked for past NSS's for the next one", async () => {
    const files = {
      "C:\\nss\\certutil.exe": NSS,
      "D:\\t\\certutil.exe": ON_CRYPT32,
      [SYSTEM]: "MZ",
    };
    assert.equal(await find('"C:\\nss";"D:\\t"', files), "D:\\t\\certutil.exe");
  });
  test("is found without a PATH, and where SystemRoot is not set", async () => {
    assert.equal(await find(undefined, { [SYSTEM]: "MZ" }), SYSTEM);
    const usual = "C:\\Windows\\System32\\certutil.exe";
    for (const SystemRoot of ["", "Windows", "..\\x"]) {
      assert.equal(await find("", { [usual]: "MZ" }, { SystemRoot }), usual);
    }
  });
  test("never comes from the current directory, or from one that is relative", async () => {
    const files = {
      "C:\\work\\certutil.exe": ON_CRYPT32,
      "C:\\work\\bin\\certutil.exe": ON_CRYPT32,
    };
    assert.equal(await find(".;bin;;\\work;C:work", files), undefined);
  });
  test("is no directory, and nothing that cannot be read", async () => {
    const files = { "C:\\t\\certutil.exe\\x": "", "C:\\u\\certutil.exe": "" };
    assert.equal(await find("C:\\t;C:\\u;C:\\missing", files), undefined);
  });
});
