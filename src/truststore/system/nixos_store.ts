/**
 * NixOS: the system store is built from the configuration, which is the user's own program text. It is
 * read like any other; for a change the user gets the lines to paste.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { rootCommands } from "../elevation.ts";
import type { DiscoverContext, TrustAnchor, TrustStore } from "../store.ts";
import { findCertificateBlocks } from "../pem_search.ts";
import { readPemFile } from "./bundle.ts";

/** The bundle that clients on NixOS read; the second is the same under Red Hat's name. */
const BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-bundle.crt"];

/** The system store of NixOS. */
export function createNixosStore({ host }: DiscoverContext): TrustStore {
  const path = "/etc/nixos";
  const refuse = async (message: string, lines: string): Promise<never> => {
    const rebuild = await rootCommands(host, [["nixos-rebuild", "switch"]]);
    throw new LocalTlsError("NEEDS_ROOT", message, { hints: [lines, ...rebuild] });
  };
  return {
    kind: "system",
    label: "NixOS system store",
    path,
    async state({ certificate }) {
      for (const bundle of BUNDLES) {
        const text = await readPemFile(host, bundle).catch(() => undefined);
        if (text === undefined) continue;
        const found = findCertificateBlocks(text, certificate.der).length > 0;
        return { state: found ? "trusted" : "absent" };
      }
      return { state: "absent" };
    },
    plan: () => Promise.resolve([]),
    add: (anchor) =>
      refuse(
        `Cannot change the NixOS system store: the lines belong into "${path}/configuration.nix"`,
        nixSnippet(anchor),
      ),
    remove: (anchor) =>
      refuse(
        `Cannot change the NixOS system store: take the lines out of "${path}/configuration.nix"`,
        nixSnippet(anchor),
      ),
  };
}

/** The line of configuration.nix, with the PEM in an indented string, which Nix takes as it is. */
export function nixSnippet({ pem }: TrustAnchor): string {
  return `security.pki.certificates = [ ''\n${pem}'' ];`;
}
