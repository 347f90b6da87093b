/**
 * devcontainer.json, which may have comments: trust by the image's own tool, once the container is made.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { DEBIAN_FAMILY, trustVariables } from "./container_trust.ts";
import { pastable, type RecipeInput, type RecipeOutput, rootOf } from "./recipe.ts";

/** Root in most images, and else somebody who may use sudo. */
const REFRESH =
  'if [ "$(id -u)" = 0 ]; then update-ca-certificates; else sudo update-ca-certificates; fi';

/** The recipe. */
export function devcontainer(input: RecipeInput): RecipeOutput {
  const { certificate, program } = input;
  const { path } = rootOf(input);
  const mounts = [bind(path, DEBIAN_FAMILY.anchor)];
  if (certificate !== undefined) {
    mounts.push(bind(certificate.cert, "/run/localtls/tls.crt"));
    mounts.push(bind(certificate.key, "/run/localtls/tls.key"));
  }
  const variables = Object.entries(trustVariables(DEBIAN_FAMILY));
  const comma = (i: number, length: number) => i === length - 1 ? "" : ",";
  const lines = [
    "// Into .devcontainer/devcontainer.json, for images of Debian, Ubuntu or Alpine with ca-certificates.",
    `// Other images: ${program} config --list`,
    "{",
    '  "mounts": [',
    ...mounts.map((mount, i) => `    ${JSON.stringify(mount)}${comma(i, mounts.length)}`),
    "  ],",
    "  // The bundle holds the public roots as well: it is what the command below makes.",
    '  "containerEnv": {',
    ...variables.map(([name, value], i) =>
      `    ${JSON.stringify(name)}: ${JSON.stringify(value)}${comma(i, variables.length)}`
    ),
    "  },",
    `  "postCreateCommand": ${JSON.stringify(REFRESH)}`,
    "}",
    "",
  ];
  return { text: lines.join("\n") };
}

/** A mount in Docker's own words, which has no way to write a comma, nor devcontainer.json a literal "${". */
function bind(source: string, target: string): string {
  if (pastable(source).includes(",") || source.includes("${") || source.includes('"')) {
    throw new LocalTlsError("USAGE", `Cannot write "${source}" as a mount: move the file`);
  }
  return `source=${source},target=${target},type=bind,readonly`;
}
