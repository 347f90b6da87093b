/**
 * localtls of another processor, run on the sandbox's own system.
 *
 * @module
 */

import { makeScratch } from "./scratch.ts";
import { run } from "./processes.ts";
import { type CircleSubject, OPENSSL_UNKNOWN_ROOT, opensslClient } from "./trust_circle.ts";

/**
 * A home where a program runs as `localtls`.
 * @param argv The program, behind its emulator if it has one.
 */
export function programInSandbox(
  argv: readonly string[],
): CircleSubject & { readonly work: string } {
  const scratch = makeScratch();
  const env = { HOME: scratch.home, SSL_CERT_FILE: undefined, SSL_CERT_DIR: undefined };
  const [program = "", ...before] = argv;
  return {
    work: scratch.work,
    localtls: (args) => scratch.run([...before, ...args], { program, timeoutMs: 120_000 }),
    pathHere: (path) => path,
    async connect(port) {
      const { code, stdout, stderr } = await run(opensslClient(port), { env, cwd: scratch.work });
      return { ok: code === 0, text: stdout + stderr };
    },
    unknownRoot: OPENSSL_UNKNOWN_ROOT,
  };
}
