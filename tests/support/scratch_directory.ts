/**
 * A directory of the test's own on the real file system, and the codes of errors.
 *
 * @module
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ErrorCode, LocalTlsError } from "../../src/errors.ts";

/** Runs a test in a new directory, and removes that afterwards. */
export async function withScratchDirectory(
  test: (directory: string) => Promise<void> | void,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "localtls-test-"));
  try {
    await test(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Asserts that a promise is rejected with a code, and returns the error for a closer look. */
export async function rejectsWith(
  code: ErrorCode,
  promise: Promise<unknown>,
): Promise<LocalTlsError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    assert.ok(error instanceof LocalTlsError, `not a LocalTlsError: ${error}`);
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`expected ${code}, got ${JSON.stringify(value)}`);
}
