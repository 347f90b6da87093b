/**
 * The recipes for containers, read back by parsers that were not written here: YAML, JSON with comments, Dockerfile, and
 * Kubernetes by the JSON schemas of its API.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DockerfileParser } from "dockerfile-ast";
import { parse as parseJsonc, type ParseError } from "jsonc-parser";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Pod } from "kubernetes-models/v1/Pod";
import { Secret } from "kubernetes-models/v1/Secret";
import { parse as parseYaml, parseAllDocuments } from "yaml";
import { compose } from "../../../src/recipes/compose.ts";
import { devcontainer } from "../../../src/recipes/devcontainer.ts";
import { docker } from "../../../src/recipes/docker.ts";
import { kubernetes } from "../../../src/recipes/kubernetes.ts";
import type { RecipeInput } from "../../../src/recipes/recipe.ts";
import { RECIPES } from "../../../src/recipes/table.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";

const TRUST: RecipeInput = {
  names: [],
  certificate: undefined,
  root: { path: "/home/ann/it's $here/root.pem", pem: PEM, sha256: "ab".repeat(32) },
  port: 443,
  upstream: "http://127.0.0.1:8080",
  cors: undefined,
  mtls: false,
  http2: false,
  program: "localtls",
};

const SERVED: RecipeInput = {
  ...TRUST,
  names: [{ value: "*.foo.test", isIp: false }, { value: "fd00::1", isIp: true }],
  certificate: { cert: "/srv/a.pem", key: "/srv/a-key.pem", certPem: PEM, keyPem: KEY },
};

const USAGE = { code: "USAGE" };

/** A text with a path in it that could end a line or a string must not be written. */
function refuses(write: (input: RecipeInput) => unknown, path: string): void {
  assert.throws(() => write({ ...TRUST, root: { ...TRUST.root!, path } }), USAGE, path);
  assert.throws(
    () => write({ ...SERVED, certificate: { ...SERVED.certificate!, key: path } }),
    USAGE,
    path,
  );
}

describe("config docker", () => {
  for (const family of ["debian", "alpine", "redhat", "distroless"] as const) {
    test(`${family}: a Dockerfile whose instructions all exist`, () => {
      const { text } = docker(family)(TRUST);
      const source = family === "distroless" ? text : `FROM scratch\n${text}`;
      const file = DockerfileParser.parse(source);
      const words = file.getInstructions().map((instruction) => instruction.getKeyword());
      assert.deepEqual([...new Set(words)].sort(), ["COPY", "ENV", "FROM", "RUN"]);
      for (const copy of file.getCOPYs()) assert.equal(copy.getArguments().length, 2);
      const variables = new Map(
        file.getENVs().flatMap((env) => env.getProperties()).map((one) => [
          one.getName(),
          one.getValue(),
        ]),
      );
      const anchor = variables.get("NODE_EXTRA_CA_CERTS");
      const target = file.getCOPYs()[0]!.getArguments()[1]!.getValue();
      assert.equal(target, anchor, "what Node reads is what was copied");
      // Whatever replaces a client's roots is never the anchor alone.
      for (const name of ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"]) {
        assert.match(variables.get(name)!, /ca-certificates\.crt$|ca-bundle\.crt$/);
      }
      assert.doesNotMatch(text, /key\.pem/);
    });
  }

  test("a key is mounted, and never copied", () => {
    const { text } = docker("debian")(SERVED);
    const file = DockerfileParser.parse(`FROM scratch\n${text}`);
    for (const copy of file.getCOPYs()) assert.doesNotMatch(copy.toString(), /a-key/);
    assert.match(text, /^# +-v \/srv\/a-key\.pem:\/run\/localtls\/tls\.key:ro IMAGE$/m);
    for (const line of text.split("\n")) {
      if (line.includes("a-key.pem")) assert.match(line, /^#/);
    }
  });

  test("a path that would end a comment is refused", () => {
    refuses(docker("debian"), "/srv/a\nRUN evil");
  });
});

describe("config compose", () => {
  test("only trust: the root as a config", () => {
    const file = parseYaml(compose(TRUST).text);
    assert.deepEqual(Object.keys(file), ["services", "configs"]);
    // Compose reads "$$" as one dollar sign.
    assert.equal(file.configs.localtls_root.file, "/home/ann/it's $$here/root.pem");
    const [root] = file.services.app.configs;
    assert.equal(root.source, "localtls_root");
    assert.equal(file.services.app.environment.NODE_EXTRA_CA_CERTS, root.target);
    assert.equal(file.services.app.environment.SSL_CERT_FILE, undefined, "would replace");
  });

  test("with a certificate: the key is a secret", () => {
    const file = parseYaml(compose(SERVED).text);
    assert.equal(file.secrets.localtls_key.file, "/srv/a-key.pem");
    assert.equal(file.configs.localtls_cert.file, "/srv/a.pem");
    assert.deepEqual(file.services.app.secrets, [
      { source: "localtls_key", target: "/run/localtls/tls.key" },
    ]);
    for (const { source } of file.services.app.configs) assert.ok(source in file.configs, source);
  });

  test("quotes, colons and hashes of a path stay in it; line ends are refused", () => {
    const path = `/srv/a "b": #c \\d/é.pem`;
    const file = parseYaml(compose({ ...TRUST, root: { ...TRUST.root!, path } }).text);
    assert.equal(file.configs.localtls_root.file, path);
    refuses(compose, "/srv/a\n  evil: true");
  });
});

describe("config kubernetes", () => {
  test("only trust: a ConfigMap that the API's schema takes", () => {
    const documents = parseAllDocuments(kubernetes(TRUST).text);
    assert.equal(documents.length, 1);
    const map = documents[0]!.toJS();
    new ConfigMap(map).validate();
    assert.equal(map.data["localtls-root.pem"], PEM);
    assert.equal(kubernetes(TRUST).warnings, undefined);
  });

  test("with a certificate: a Secret of type kubernetes.io/tls, and a warning", () => {
    const { text, warnings } = kubernetes(SERVED);
    const [, secret] = parseAllDocuments(text).map((document) => document.toJS());
    new Secret(secret).validate();
    assert.equal(secret.type, "kubernetes.io/tls");
    assert.equal(secret.metadata.name, "localtls-wildcard.foo.test");
    assert.deepEqual(Object.keys(secret.data), ["tls.crt", "tls.key"]);
    assert.equal(atob(secret.data["tls.crt"]), PEM);
    assert.equal(atob(secret.data["tls.key"]), KEY);
    assert.deepEqual(warnings?.map(({ code }) => code), ["KEY_IN_TEXT"]);
  });

  test("names of every kind become names that Kubernetes takes", () => {
    for (const value of ["fd00::1", "172.16.99.32", "*.a.test", `${"a".repeat(60)}.test`, "::1"]) {
      const { text } = kubernetes({ ...SERVED, names: [{ value, isIp: false }] });
      const { name } = parseAllDocuments(text)[1]!.toJS().metadata;
      assert.match(
        name,
        /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
        value,
      );
      assert.ok(name.length <= 253);
    }
  });

  test("the lines for the Pod are a Pod, and mount what is there", () => {
    const { text } = kubernetes(SERVED);
    const lines = text.split("\n");
    const start = lines.indexOf("# spec:");
    const example = lines.slice(start).map((line) => line.replace(/^# /, "")).join("\n");
    const { spec } = parseYaml(example);
    const containers = spec.containers.map((one: object) => ({ ...one, image: "app" }));
    new Pod({ metadata: { name: "app" }, spec: { ...spec, containers } }).validate();
    const [map, secret] = parseAllDocuments(text).map((document) => document.toJS().metadata.name);
    assert.equal(spec.volumes[0].configMap.name, map);
    assert.equal(spec.volumes[1].secret.secretName, secret);
    for (const mount of spec.containers[0].volumeMounts) assert.equal(mount.readOnly, true);
  });

  test("what is no manifest is refused by the schema: the check can fail", () => {
    const [, secret] = parseAllDocuments(kubernetes(SERVED).text).map((one) => one.toJS());
    assert.throws(() => new Secret({ ...secret, data: { "tls.key": 7 } }).validate());
  });
});

describe("config devcontainer", () => {
  const parse = (text: string) => {
    const errors: ParseError[] = [];
    const value = parseJsonc(text, errors, { disallowComments: false });
    assert.deepEqual(errors, []);
    return value;
  };

  test("JSON with comments: read-only mounts, variables, the image's own tool", () => {
    const file = parse(
      devcontainer({ ...SERVED, root: { ...TRUST.root!, path: "/ca/root.pem" } }).text,
    );
    assert.deepEqual(file.mounts, [
      "source=/ca/root.pem,target=/usr/local/share/ca-certificates/localtls-root.crt,type=bind,readonly",
      "source=/srv/a.pem,target=/run/localtls/tls.crt,type=bind,readonly",
      "source=/srv/a-key.pem,target=/run/localtls/tls.key,type=bind,readonly",
    ]);
    assert.equal(file.containerEnv.SSL_CERT_FILE, "/etc/ssl/certs/ca-certificates.crt");
    assert.match(file.postCreateCommand, /update-ca-certificates/);
  });

  test("what a mount cannot say is refused", () => {
    for (const path of ["/srv/a,readonly=false", "/srv/${localEnv:HOME}", '/srv/"', "/srv/\n"]) {
      refuses(devcontainer, path);
    }
  });
});

describe("the table of recipes", () => {
  test("every row loads, has a word of its own, and a brief that says something", async () => {
    assert.equal(new Set(RECIPES.map(({ id }) => id)).size, RECIPES.length);
    for (const { id, brief, load } of RECIPES) {
      assert.match(id, /^[a-z][a-z0-9-]*$/);
      assert.ok(brief.length > 12);
      assert.equal(typeof await load(), "function", id);
    }
  });
});
