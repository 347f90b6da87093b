/**
 * Every recipe. What one consists of is loaded when it is asked for.
 *
 * @module
 */

import type { Recipe, RecipeOptions } from "./recipe.ts";
import { SERVER_RECIPES } from "./server_table.ts";

const NO_SERVER = "its text is about no server";

const options: RecipeOptions = {
  port: NO_SERVER,
  upstream: NO_SERVER,
  cors: NO_SERVER,
  mtls: NO_SERVER,
  http2: NO_SERVER,
};

/** In the order of the list. */
export const RECIPES: readonly Recipe[] = [
  ...SERVER_RECIPES,
  {
    id: "docker",
    brief: "Dockerfile lines for trust in an image of Debian or Ubuntu",
    names: "any",
    options,
    needsRoot: true,
    load: () => import("./docker.ts").then((module) => module.docker("debian")),
  },
  {
    id: "docker-alpine",
    brief: "the same for Alpine",
    names: "any",
    options,
    needsRoot: true,
    load: () => import("./docker.ts").then((module) => module.docker("alpine")),
  },
  {
    id: "docker-redhat",
    brief: "the same for Fedora, RHEL and UBI",
    names: "any",
    options,
    needsRoot: true,
    load: () => import("./docker.ts").then((module) => module.docker("redhat")),
  },
  {
    id: "docker-distroless",
    brief: "the same for images without a shell, by a stage of their own",
    names: "any",
    options,
    needsRoot: true,
    load: () => import("./docker.ts").then((module) => module.docker("distroless")),
  },
  {
    id: "compose",
    brief: "Compose: trust, and a certificate with its key as a secret",
    names: "any",
    options,
    needsRoot: true,
    load: () => import("./compose.ts").then((module) => module.compose),
  },
  {
    id: "kubernetes",
    brief: "Kubernetes: a ConfigMap for trust, a Secret for a certificate and its key",
    names: "any",
    options,
    needsRoot: true,
    embeds: true,
    load: () => import("./kubernetes.ts").then((module) => module.kubernetes),
  },
  {
    id: "devcontainer",
    brief: "devcontainer.json: trust, and a certificate with its key",
    names: "any",
    options,
    needsRoot: true,
    load: () => import("./devcontainer.ts").then((module) => module.devcontainer),
  },
];
