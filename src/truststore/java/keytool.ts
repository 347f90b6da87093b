/**
 * keytool: its argument arrays, and the answers that can be read in every language.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { Host } from "../../host/host.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import type { TrustAnchor } from "../store.ts";
import { runTool, TOOL_TIMEOUT_MS } from "../tool.ts";

/** The password of every cacerts as delivered, published by every vendor: not a secret. */
const STORE_PASSWORD = "changeit";

/** keytool speaks the user's language, whatever LC_ALL says, unless the JVM is told. */
const ENGLISH = ["-J-Duser.language=en", "-J-Duser.country=US"];

/**
 * Variables through which a JVM takes options. They can load an agent or name another trust store, and
 * make the JVM talk; a tool that changes trust starts without them.
 */
const JVM_OPTION_VARIABLES = ["JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"];

/** Characters that keytool leaves in an alias as they are. */
export function aliasOf({ sha256 }: TrustAnchor): string {
  return `localtls-${sha256.slice(0, 16)}`;
}

/** Whether the alias is the one above, or what Debian's hook makes of the anchor file of the same name. */
export function isOurAlias(alias: string, anchor: TrustAnchor): boolean {
  return alias === aliasOf(anchor) || alias === `debian:${aliasOf(anchor)}.pem`;
}

/** Reads the certificate from stdin. `-keystore`, and not `-cacerts`, which Java 8 does not know. */
export function importCommand(keytool: string, store: string, anchor: TrustAnchor): string[] {
  return [
    keytool,
    ...ENGLISH,
    "-importcert",
    "-noprompt",
    ...storeArguments(store),
    "-alias",
    aliasOf(anchor),
  ];
}

/** Takes one entry out. */
export function deleteCommand(keytool: string, store: string, alias: string): string[] {
  return [keytool, ...ENGLISH, "-delete", ...storeArguments(store), "-alias", alias];
}

function storeArguments(store: string): string[] {
  return ["-keystore", store, "-storepass", STORE_PASSWORD];
}

/** Runs keytool as this user. Throws TOOL_*. */
export async function runKeytool(
  host: Host,
  argv: readonly string[],
  purpose: string,
  input?: string,
): Promise<string> {
  const { stdout } = await runTool(host, argv, {
    purpose,
    timeoutMs: TOOL_TIMEOUT_MS,
    env: cleanEnvironment(host),
    ...(input === undefined ? {} : { input }),
  });
  return new TextDecoder().decode(stdout);
}

/** Set to nothing where they are set: an empty one makes the JVM say that it was picked up, no more. */
function cleanEnvironment(host: Host): Record<string, string> {
  const set = JVM_OPTION_VARIABLES.filter((name) => host.env(name) !== undefined);
  return Object.fromEntries(set.map((name) => [name, ""]));
}

/**
 * The aliases under which keytool lists the certificate, for stores that only Java can open.
 *
 * An entry begins with a line "Alias name: X" and has its certificate as PEM. English is forced, and a
 * keytool that speaks otherwise is an error, never "not there".
 */
export async function listAliases(
  host: Host,
  keytool: string,
  store: string,
  anchor: TrustAnchor,
): Promise<string[]> {
  const argv = [keytool, ...ENGLISH, "-list", "-rfc", ...storeArguments(store)];
  const text = await runKeytool(host, argv, `read "${store}"`);
  const aliases: string[] = [];
  for (const { start } of findCertificateBlocks(text, anchor.certificate.der)) {
    const before = text.slice(0, start);
    const line = before.slice(before.lastIndexOf("\nAlias name: ") + 1).split(/\r?\n/, 1)[0]!;
    if (!line.startsWith("Alias name: ")) {
      throw new LocalTlsError(
        "TOOL_FAILED",
        `Cannot read "${store}": keytool does not say "Alias name"`,
      );
    }
    // A chain of a private key is listed as well, under one alias, and is not trusted for it.
    const entry = before.slice(before.lastIndexOf("\nAlias name: "));
    if (!entry.includes("trustedCertEntry")) continue;
    aliases.push(line.slice("Alias name: ".length));
  }
  return aliases;
}

/**
 * Everything that a store lists, certificates as PEM among other text: for a copy of its roots.
 * Throws TOOL_*.
 */
export async function listCertificates(
  host: Host,
  keytool: string,
  store: string,
): Promise<string> {
  const argv = [keytool, ...ENGLISH, "-list", "-rfc", ...storeArguments(store)];
  return await runKeytool(host, argv, `read "${store}"`);
}
