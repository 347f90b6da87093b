/**
 * Which system this is. A file of its own because of the one line that must name the runtime's global.
 *
 * @module
 */

import type { OperatingSystem } from "./host.ts";

/** The operating system of this process. */
export function operatingSystem(): OperatingSystem {
  // The global, not an import of node:process: builds that test another system's adapters define
  // this very expression (`bun build --define process.platform=...`).
  // deno-lint-ignore no-process-global
  const platform: string = process.platform;
  switch (platform) {
    case "linux":
    case "darwin":
    case "freebsd":
      return platform;
    case "win32":
      return "windows";
    default:
      return "other";
  }
}
