/**
 * The program: arguments in, exit code out. The only file that ends the process.
 *
 * @module
 */

import { runPlainLine } from "./cli/plain_line.ts";
import { LocalTlsError } from "./errors.ts";
import { exceptionText } from "./input_text.ts";
import { createNodeHost } from "./host/node_host.ts";
import { hastenLongRuns } from "./host/tier_up.ts";

hastenLongRuns();
const host = createNodeHost();
try {
  // A link called mkcert is mkcert, so that what calls it works unchanged.
  host.exit(
    host.programName.toLowerCase() === "mkcert"
      ? await (await import("./cli/mkcert/run.ts")).runMkcert(host, host.argv, "mkcert")
      : await runPlainLine(host, host.argv) ??
        await (await import("./cli/app.ts")).runCommandLine(host, host.argv),
  );
} catch (error) {
  // Nothing may reach the runtime: its own report of an uncaught error prints a page of the bundle.
  const message = error instanceof LocalTlsError
    ? error.message
    : `Cannot go on: ${exceptionText(error)}`;
  host.write("stderr", `localtls: error: ${message}\n`);
  host.exit(1);
}
