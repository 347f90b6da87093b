/**
 * A process that uses a state directory, for tests of several at once and of killed ones:
 * `castore_program.ts create|hold|issue DIR`.
 *
 * @module
 */

import { withLock } from "../../src/castore/lock.ts";
import { openStateDirectory } from "../../src/castore/state_directory.ts";
import { createNodeHost } from "../../src/host/node_host.ts";
import { findTargetUser } from "../../src/host/target_user.ts";
import { parseRequestedName } from "../../src/pki/requested_name.ts";
import { issueServerCertificate } from "../../src/pki/issue.ts";
import { sha256Hex } from "../../src/x509/fingerprint.ts";
import { makeHierarchy } from "./hierarchy.ts";

const host = createNodeHost();
const [mode, directory = ""] = host.argv;
const say = (text: string) => host.write("stdout", `${text}\n`);

try {
  const state = await openStateDirectory(host, await findTargetUser(host), directory);
  if (mode === "hold") {
    const place = { path: directory, byRoot: false, program: "localtls" };
    await withLock(host, place, {}, async () => {
      say("held");
      await host.sleep(600_000);
    });
  }
  say("ready");
  const { authority, created } = await state.createAuthority(() => makeHierarchy(host.now()));
  say(`ca ${authority.rootSha256} ${created}`);
  if (mode === "issue") {
    const { name } = parseRequestedName("localhost");
    const issued = await issueServerCertificate(authority, { names: [name], now: host.now() });
    const cert = `${directory}/${issued.serial}.pem`;
    await host.files.write(cert, issued.fullchainPem);
    const { serial, names, keyType } = issued;
    await state.issued.append({
      event: "issued",
      time: host.now().toISOString(),
      names,
      cert,
      key: cert,
      serial,
      sha256: await issued.sha256(),
      notBefore: issued.notBefore.toISOString(),
      notAfter: issued.notAfter.toISOString(),
      keyType,
      usage: "server",
      issuer: await sha256Hex(authority.issuer.der),
    });
    say(`cert ${cert}`);
  }
  host.exit(0);
} catch (error) {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  say(`error ${code} ${message}`);
  host.exit(1);
}
