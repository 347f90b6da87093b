/**
 * `npm start -- NAME...`: everything from a fresh clone to a certificate that this machine trusts.
 * Installs the packages, builds dist/localtls, runs `localtls setup NAME...`.
 */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { bunPath, ensurePackages, ROOT, run } from "./toolchain.mjs";

const args = process.argv.slice(2);
const binary = join(ROOT, "dist", process.platform === "win32" ? "localtls.exe" : "localtls");

ensurePackages();
if (!isFresh()) run([bunPath(), "scripts/build.ts", "--quiet"]);

const given = args.length > 0 && !args[0].startsWith("-") ? args.join(" ") : "this machine's names";
console.error(`
localtls: about to run "localtls setup": it makes a CA of your own in ~/.local/share/localtls, lets this
localtls: machine's system store, browsers and Java trust it, and writes a certificate for ${given} here.
localtls: To see every file and command first: npm start -- --dry-run. To undo: dist/localtls uninstall
`);
process.exit(run([binary, "setup", ...args], { check: false }).status ?? 1);

/** Whether the binary is newer than everything it is built from. */
function isFresh() {
  if (!existsSync(binary)) return false;
  const built = statSync(binary).mtimeMs;
  const sources = [
    "package-lock.json",
    "scripts/build.ts",
    ...filesBelow("scripts/build"),
    ...filesBelow("src"),
  ];
  return sources.every((path) => statSync(join(ROOT, path)).mtimeMs < built);
}

function filesBelow(directory) {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
