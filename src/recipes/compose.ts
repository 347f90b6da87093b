/**
 * Compose: the root and the chain as configs, the key as a secret, all of them files that stay where they are.
 *
 * @module
 */

import { addingVariables } from "./container_trust.ts";
import { pastable, type RecipeInput, type RecipeOutput, rootOf } from "./recipe.ts";

const ROOT = "/run/localtls/root.pem";

/** The recipe. */
export function compose(input: RecipeInput): RecipeOutput {
  const { certificate, program } = input;
  const { path } = rootOf(input);
  const has = certificate !== undefined;
  const lines = [
    '# Into compose.yaml; "app" stands for the service that is yours.',
    "# Clients that read the bundle of the image (curl, Python, Go) trust it once the image does:",
    `#   ${program} config docker`,
    "services:",
    "  app:",
    "    environment:",
    ...Object.entries(addingVariables(ROOT)).map(([name, value]) => `      ${name}: ${value}`),
    "    configs:",
    ...mounted("localtls_root", ROOT),
    ...(has
      ? [
        ...mounted("localtls_cert", "/run/localtls/tls.crt"),
        "    # The file keeps its owner and mode (0600): the service runs as its owner, or as root.",
        "    secrets:",
        ...mounted("localtls_key", "/run/localtls/tls.key"),
      ]
      : []),
    "configs:",
    ...fromFile("localtls_root", path),
    ...(has
      ? [
        ...fromFile("localtls_cert", certificate.cert),
        "secrets:",
        ...fromFile("localtls_key", certificate.key),
      ]
      : []),
    "",
  ];
  return { text: lines.join("\n") };
}

function mounted(source: string, target: string): string[] {
  return [`      - source: ${source}`, `        target: ${target}`];
}

function fromFile(name: string, path: string): string[] {
  // Compose takes a dollar sign for the beginning of a variable; two are one.
  const literal = JSON.stringify(pastable(path)).replaceAll("$", "$$$$");
  return [`  ${name}:`, `    file: ${literal}`];
}
