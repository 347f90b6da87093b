import assert from "node:assert/strict";
import { test } from "node:test";
import { CIPHER_LIST } from "../../../src/recipes/tls_profile.ts";
import { CIPHER_SUITES } from "../../../src/server/cipher_suites.ts";

test("the servers take the cipher suites that the recipes write for others", () => {
  assert.equal(CIPHER_SUITES, CIPHER_LIST);
});
