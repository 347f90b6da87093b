/** Runs a script of this directory with the pinned Bun: `node scripts/with-bun.mjs SCRIPT ARGS...`. */

import { bunPath, ensurePackages, run } from "./toolchain.mjs";

ensurePackages();
const result = run([bunPath(), ...process.argv.slice(2)], { check: false });
process.exit(result.status ?? 1);
