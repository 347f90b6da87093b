/**
 * Lines of a Dockerfile, one text for each family of distributions: pasted whole, none of it is to be deleted again.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import {
  type ContainerFamily,
  DEBIAN_FAMILY,
  REDHAT_FAMILY,
  ROOT_FILE,
  trustVariables,
} from "./container_trust.ts";
import { pastable, type RecipeInput, type RecipeOutput, rootOf } from "./recipe.ts";

/** What the lines are for. */
export type DockerFamily = "debian" | "alpine" | "redhat" | "distroless";

const DEBIAN_RUN = [
  "RUN if ! command -v update-ca-certificates > /dev/null; then \\",
  "        apt-get update && apt-get install -y --no-install-recommends ca-certificates \\",
  "        && rm -rf /var/lib/apt/lists/*; \\",
  "    fi \\",
  "    && update-ca-certificates",
];

const LINES: Readonly<Record<DockerFamily, () => readonly string[]>> = {
  debian: () => [...copyInto(DEBIAN_FAMILY), ...DEBIAN_RUN, ...variables(DEBIAN_FAMILY)],
  alpine: () => [
    ...copyInto(DEBIAN_FAMILY),
    "RUN command -v update-ca-certificates > /dev/null || apk add --no-cache ca-certificates; \\",
    "    update-ca-certificates",
    ...variables(DEBIAN_FAMILY),
  ],
  redhat: () => [
    ...copyInto(REDHAT_FAMILY),
    "RUN update-ca-trust extract",
    ...variables(REDHAT_FAMILY),
  ],
  distroless: () => [
    "# Before the first FROM: a stage that builds the bundle.",
    "FROM debian:bookworm-slim AS localtls-roots",
    ...copyInto(DEBIAN_FAMILY),
    ...DEBIAN_RUN,
    "",
    "# Into the stage that is shipped:",
    "# (your own image in place of scratch)",
    "FROM scratch",
    `COPY --from=localtls-roots ${DEBIAN_FAMILY.bundle} ${DEBIAN_FAMILY.bundle}`,
    `COPY --from=localtls-roots ${DEBIAN_FAMILY.anchor} ${DEBIAN_FAMILY.anchor}`,
    ...variables(DEBIAN_FAMILY),
  ],
};

const OTHERS = "docker, docker-alpine, docker-redhat, docker-distroless";

/** The recipe of a family. */
export function docker(family: DockerFamily): (input: RecipeInput) => RecipeOutput {
  return (input) => {
    const { path, sha256 } = rootOf(input);
    const { certificate, program } = input;
    const lines = [
      `# Trust in the CA of localtls, SHA-256 ${sha256}.`,
      "# First, beside the Dockerfile (the certificate of the CA; its key stays where it is):",
      `#   cp ${quoteArgument(pastable(path))} ${ROOT_FILE}`,
      `# An image that is unpacked already: ${program} trust --root DIR`,
      `# For other images: ${program} config with ${OTHERS}`,
      "",
      ...LINES[family](),
    ];
    if (certificate !== undefined) {
      const mount = (from: string, to: string) =>
        `-v ${quoteArgument(`${pastable(from)}:${to}:ro`)}`;
      lines.push(
        "",
        "# A key does not belong into an image, whose layers everybody can read who has it. With the container:",
        `#   docker run ${mount(certificate.cert, "/run/localtls/tls.crt")} \\`,
        `#     ${mount(certificate.key, "/run/localtls/tls.key")} IMAGE`,
      );
    }
    return { text: [...lines, ""].join("\n") };
  };
}

function copyInto({ anchor }: ContainerFamily): string[] {
  return [`COPY ${ROOT_FILE} ${anchor}`];
}

function variables(family: ContainerFamily): string[] {
  const words = Object.entries(trustVariables(family)).map(([name, value]) => `${name}=${value}`);
  return words.map((word, i) =>
    `${i === 0 ? "ENV " : "    "}${word}${i === words.length - 1 ? "" : " \\"}`
  );
}
