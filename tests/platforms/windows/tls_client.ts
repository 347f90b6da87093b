/** Asks for a page over TLS: "status 200", or why not and exit code 1. Its roots: NODE_USE_SYSTEM_CA=1. */

import process from "node:process";

try {
  const response = await fetch(process.argv[2]!);
  console.log("status", response.status);
} catch (error) {
  console.log("refused", (error as { code?: unknown }).code);
  process.exitCode = 1;
}
