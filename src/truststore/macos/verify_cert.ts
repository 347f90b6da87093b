/**
 * Asking macOS's own verifier, which Safari and every program on Security.framework use: `security verify-cert`.
 *
 * Always without fetching anything (-L) and by the policy of TLS; its exit code alone decides.
 *
 * @module
 */

import type { RunResult } from "../../host/host.ts";
import type { Verification } from "../store.ts";
import { READ_TIMEOUT_MS, type SecurityTool } from "./security_tool.ts";

/** Whether a CA (or a server's own certificate) is accepted by itself; a sentence where it is not. */
export async function verifyAlone(
  tool: SecurityTool,
  file: string,
  role: "ca" | "peer",
): Promise<string | undefined> {
  // -l: a CA at the place of the leaf is an error otherwise.
  const leaf = role === "ca" ? ["-l"] : [];
  const result = await tool.run(["verify-cert", "-c", file, ...leaf, "-L", "-p", "ssl"], {
    timeoutMs: READ_TIMEOUT_MS,
  });
  return isAccepted(result) ? undefined : describeRefusal(result);
}

/**
 * Whether a server's certificate is accepted for a name.
 *
 * A refusal is looked at more closely. What refuses the issuer too is not about the certificate; else `-v` names
 * what is wrong with each, by keys that are in no language ("[NameConstraints]"). Versions without -v end with a
 * usage message, and leave the reason open.
 *
 * @param files Paths, leaf first, without the root.
 */
export async function verifyChain(
  tool: SecurityTool,
  files: readonly string[],
  name: string,
): Promise<Verification> {
  const chain = files.flatMap((file) => ["-c", file]);
  const words = [...chain, "-L", "-p", "ssl", "-s", name];
  const result = await tool.run(["verify-cert", ...words], { timeoutMs: READ_TIMEOUT_MS });
  if (isAccepted(result)) return { accepted: true };
  const reason = describeRefusal(result);
  if (result.outcome !== "exited") return { accepted: false, cause: "other", reason };
  const issuer = files[1];
  if (issuer !== undefined) {
    const refused = await verifyAlone(tool, issuer, "ca");
    if (refused !== undefined) {
      return {
        accepted: false,
        cause: "other",
        reason: `the issuer is refused as well: ${refused}`,
      };
    }
  }
  const detail = await tool.run(["verify-cert", "-v", ...words], { timeoutMs: READ_TIMEOUT_MS });
  const keys = findErrorKeys(detail);
  if (keys.includes("NameConstraints")) {
    return { accepted: false, cause: "name-constraints", reason };
  }
  if (keys.length === 0) return { accepted: false, cause: "unknown", reason };
  return { accepted: false, cause: "other", reason: `${reason}: ${keys.join(", ")}` };
}

function isAccepted({ outcome, code }: RunResult): boolean {
  return outcome === "exited" && code === 0;
}

function describeRefusal(result: RunResult): string {
  if (result.outcome === "timed-out") return '"security verify-cert" did not end';
  if (result.outcome !== "exited") return '"security verify-cert" does not run';
  const said = `${result.stderr}\n${new TextDecoder().decode(result.stdout)}`;
  const status = /^Cert Verify Result: ([\x20-\x7e]{1,120})$/m.exec(said)?.[1];
  return status ?? `"security verify-cert" ended with exit code ${result.code}`;
}

/** The keys in the list "Certificate errors": "    Certificate violates ... [NameConstraints]". */
function findErrorKeys({ stdout, stderr }: RunResult): string[] {
  const text = `${new TextDecoder().decode(stdout)}\n${stderr}`;
  // At the end of a line, which may go on in colour.
  // deno-lint-ignore no-control-regex
  const found = text.matchAll(/\[([A-Z][A-Za-z]{2,40})\](?:\u001b\[\d*m)?[ \t\r]*$/gm);
  const keys = [...found].map((match) => match[1]!);
  return [...new Set(keys)];
}
