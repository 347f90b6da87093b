/** Runs the pinned Deno: `node scripts/with-deno.mjs ARGS...`. */

import { denoPath, ensurePackages, run } from "./toolchain.mjs";

ensurePackages();
const result = run([denoPath(), ...process.argv.slice(2)], { check: false });
process.exit(result.status ?? 1);
