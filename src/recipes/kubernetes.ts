/**
 * Kubernetes: the root as a ConfigMap, the certificate and its key as a Secret of the type that Ingress and Gateway take.
 *
 * @module
 */

import { addingVariables, ROOT_FILE } from "./container_trust.ts";
import { pastable, type RecipeInput, type RecipeOutput, rootOf } from "./recipe.ts";

const MOUNT = "/run/localtls";
/** RFC 1123 subdomain, as Kubernetes names objects. */
const MAX_NAME_LENGTH = 253;

/** The recipe. */
export function kubernetes(input: RecipeInput): RecipeOutput {
  const { pem, sha256 } = rootOf(input);
  const { certificate, names, program } = input;
  const secret = secretName(names[0]?.value ?? "");
  const lines = [
    "# kubectl apply -f FILE, into the namespace of the program that is to trust the CA, or to serve.",
    `# The CA of localtls, SHA-256 ${sha256}: public, and no secret.`,
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata:",
    "  name: localtls-root",
    "data:",
    `  ${ROOT_FILE}: |`,
    ...pem.trimEnd().split("\n").map((line) => `    ${line}`),
  ];
  if (certificate !== undefined) {
    lines.push(
      "---",
      "# HOLDS THE PRIVATE KEY: keep this file out of version control; base64 hides nothing.",
      `# For ${names.map(({ value }) => value).join(", ")}`,
      `# From ${pastable(certificate.cert)}`,
      "apiVersion: v1",
      "kind: Secret",
      "metadata:",
      `  name: ${secret}`,
      "type: kubernetes.io/tls",
      "data:",
      `  tls.crt: ${base64(certificate.certPem ?? "")}`,
      `  tls.key: ${base64(certificate.keyPem ?? "")}`,
    );
  }
  lines.push(
    "# Into the Pod of your Deployment (the Secret also does for an Ingress: spec.tls[].secretName).",
    "# Clients that read the bundle of the image (curl, Python, Go) trust it once the image does:",
    `#   ${program} config docker`,
    ...podExample(certificate === undefined ? undefined : secret).map((line) => `# ${line}`),
    "",
  );
  return {
    text: lines.join("\n"),
    ...(certificate === undefined ? {} : {
      warnings: [{
        code: "KEY_IN_TEXT",
        message: "the text holds the private key: keep it out of version control and logs",
      }],
    }),
  };
}

function podExample(secret: string | undefined): string[] {
  const root = `${MOUNT}/root`;
  return [
    "spec:",
    "  containers:",
    "    - name: app",
    "      env:",
    ...Object.entries(addingVariables(`${root}/${ROOT_FILE}`))
      .flatMap(([name, value]) => [`        - name: ${name}`, `          value: ${value}`]),
    "      volumeMounts:",
    ...mount("localtls-root", root),
    ...(secret === undefined ? [] : mount("localtls-tls", `${MOUNT}/tls`)),
    "  volumes:",
    "    - name: localtls-root",
    "      configMap:",
    "        name: localtls-root",
    ...(secret === undefined ? [] : [
      "    - name: localtls-tls",
      "      secret:",
      `        secretName: ${secret}`,
    ]),
  ];
}

function mount(name: string, path: string): string[] {
  return [`        - name: ${name}`, `          mountPath: ${path}`, "          readOnly: true"];
}

/** "localtls-172.16.99.32", "localtls-wildcard.foo.test": letters, digits, dots and dashes, dots never beside them. */
function secretName(name: string): string {
  const plain = name.replace("*", "wildcard").replaceAll(/[^a-z0-9.-]+/g, "-").replaceAll(
    /^-+|-+$/g,
    "",
  );
  return `localtls-${plain || "certificate"}`.slice(0, MAX_NAME_LENGTH).replace(/[.-]+$/, "");
}

/** Of ASCII text. */
function base64(text: string): string {
  return btoa(text);
}
