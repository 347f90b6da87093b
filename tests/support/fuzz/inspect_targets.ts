/**
 * What `inspect` and `trust --nginx` do with files of strangers, for fuzzing: the whole way, down to the report.
 *
 * @module
 */

import assert from "node:assert/strict";
import { toBytes } from "../../../src/bytes.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import { readContents } from "../../../src/inspect/contents.ts";
import { findConcerns } from "../../../src/inspect/concerns.ts";
import { inspectParts } from "../../../src/inspect/inspect_parts.ts";
import { findNginxCertificates } from "../../../src/recipes/nginx_config.ts";
import { decryptPrivateKey } from "../../../src/x509/encrypted_private_key.ts";
import { PASSWORD } from "./corpus.ts";

const NOW = new Date("2026-11-24T12:00:00Z");

/** A file, whatever it is: every text of the report is safe to show, and no key's secret is in it. */
export async function inspectFile(input: Uint8Array): Promise<void> {
  const { parts } = readContents(toBytes(input));
  const report = await inspectParts(parts.filter(({ kind }) => kind !== "pfx"), {
    now: NOW,
    own: undefined,
    openKey: async (encrypted) => {
      try {
        return await decryptPrivateKey(encrypted, PASSWORD);
      } catch (error) {
        if (error instanceof LocalTlsError) return undefined;
        throw error;
      }
    },
  });
  const { parsed, ...shown } = report;
  for (const text of textsOf(shown)) {
    assert.doesNotMatch(text, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
  for (const anchor of parsed) {
    findConcerns({ anchor, leaf: anchor, host: "a.test", now: NOW, program: "localtls" });
  }
}

/** A configuration that includes itself. */
export async function inspectNginx(input: string): Promise<void> {
  const { certificates } = await findNginxCertificates("/etc/nginx/nginx.conf", {
    read: (path) => Promise.resolve(path.endsWith("x") ? undefined : input),
    list: () => Promise.resolve(["nginx.conf", "a.conf", "x"]),
  });
  for (const { path, places } of certificates) {
    assert.match(path, /^(?:\/|[A-Za-z]:[\\/])/);
    assert.ok(places.length > 0);
  }
}

/** What such a configuration is made from. */
export const NGINX_CONFIGS = [
  'http { include *.conf; server { ssl_certificate "a b.crt"; # c\n } }\n',
  "map $a $b { default 1; } ssl_certificate /a.crt; content_by_lua_block { x = {} }\n",
];

/** Pieces that change its meaning. */
export const NGINX_WORDS = [
  "{",
  "}",
  ";",
  '"',
  "'",
  "\\",
  "#",
  "${",
  "_by_lua_block {",
  "include ",
];

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) yield* textsOf(inner);
  }
}
