/**
 * What `share` makes, as somebody else has it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { localtls } from "./localtls.ts";
import { mustRun } from "./processes.ts";
import { freshHome } from "./sandbox.ts";

/** A CA, a certificate of it, and the package as somebody else unpacks it. */
export async function makePackage(...flags: string[]) {
  const home = freshHome();
  const env = { HOME: home };
  const made = await localtls(["cert", "app.test"], { env, cwd: home });
  assert.equal(made.code, 0, made.stderr);
  const shared = await localtls(["share", "--json", "--out", "p.zip", ...flags], {
    env,
    cwd: home,
  });
  assert.equal(shared.code, 0, shared.stdout + shared.stderr);
  await mustRun(["python3", "-m", "zipfile", "-e", "p.zip", "."], { cwd: home });
  const document = shared.json();
  const directory = join(home, `localtls-${document.sha256.slice(0, 8)}`);
  return { home, env, directory, document, state: join(home, ".local/share/localtls") };
}
