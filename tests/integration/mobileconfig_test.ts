/**
 * The configuration profile, judged by a property-list parser that was not written here: Python's plistlib; and its
 * certificate by OpenSSL.
 *
 * @module
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { encodeBase64 } from "../../src/der/pem.ts";
import { configurationProfile } from "../../src/recipes/mobileconfig.ts";
import { sha256Hex } from "../../src/x509/fingerprint.ts";
import { makeHierarchy } from "../support/hierarchy.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { withScratchDirectory } from "../support/scratch_directory.ts";

/** Prints the profile as JSON, and writes the certificate beside it. */
const READER = `
import json, plistlib, sys, uuid
with open(sys.argv[1], "rb") as file:
    profile = plistlib.load(file, fmt=plistlib.FMT_XML)
payload = profile["PayloadContent"][0]
with open(sys.argv[2], "wb") as file:
    file.write(payload.pop("PayloadContent"))
for part in (profile, payload):
    assert uuid.UUID(part["PayloadUUID"]).version == 8
    assert uuid.UUID(part["PayloadUUID"]).variant == uuid.RFC_4122
print(json.dumps(profile))
`;

describe("a configuration profile", () => {
  test("is read by plistlib, and its certificate by OpenSSL", async (t) => {
    const python = findProgram("python3");
    if (python === undefined) return t.skip("python3 is not installed");
    const { root } = await makeHierarchy();
    const sha256 = await sha256Hex(root);
    const name = 'Ann & "Bob" <a@b> Grüße';
    await withScratchDirectory(async (directory) => {
      const file = join(directory, "x.mobileconfig");
      const certificate = join(directory, "root.cer");
      const text = configurationProfile({ base64: encodeBase64(root), sha256, name });
      writeFileSync(file, text);
      const profile = JSON.parse(await mustRun([python, "-c", READER, file, certificate]));
      assert.equal(profile.PayloadDisplayName, name);
      assert.equal(profile.PayloadType, "Configuration");
      assert.equal(profile.PayloadContent[0].PayloadType, "com.apple.security.root");
      const fingerprint = await mustRun([
        ...["openssl", "x509", "-inform", "DER", "-in", certificate],
        ...["-noout", "-fingerprint", "-sha256"],
      ]);
      assert.equal(fingerprint.split("=")[1]!.trim().replaceAll(":", "").toLowerCase(), sha256);

      // The judge does judge: a profile that was cut short is none.
      writeFileSync(file, text.slice(0, -20));
      assert.notEqual((await run([python, "-c", READER, file, certificate])).code, 0);
    });
  });
});
