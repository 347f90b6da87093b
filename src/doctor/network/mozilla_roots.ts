/**
 * Mozilla's own list of roots, as this program's runtime carries it. Firefox and Node trust it whatever the machine
 * says, and Chromium's list hardly differs.
 *
 * @module
 */

/** PEM of every root; empty where the runtime has none. */
export async function mozillaRoots(): Promise<string> {
  const { rootCertificates } = await import("node:tls");
  return (rootCertificates ?? []).join("\n");
}
