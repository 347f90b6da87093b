/**
 * The x509-limbo cases, which stand beside the checkout.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodePem } from "../../src/der/pem.ts";
import type { VerifyPathOptions } from "../../src/pki/path/options.ts";

/** Fields of a case that are used here. */
export interface LimboCase {
  readonly id: string;
  readonly features: readonly string[];
  readonly validation_kind: "SERVER" | "CLIENT";
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly expected_result: "SUCCESS" | "FAILURE";
  readonly expected_peer_name: { readonly kind: string; readonly value: string } | null;
  readonly max_chain_depth: number | null;
}

const FILE = join(import.meta.dirname!, "..", "..", "..", "shared", "data", "x509-limbo.json");

/** All cases; undefined where the file is not there, as in a lone clone. */
export function readLimbo(): LimboCase[] | undefined {
  if (!existsSync(FILE)) return undefined;
  return JSON.parse(readFileSync(FILE, "utf8")).testcases;
}

/** What a case asks. Cases without a time mean the time of the test. */
export function limboOptions(test: LimboCase): VerifyPathOptions {
  const { validation_time: time, max_chain_depth: depth } = test;
  return {
    leaf: decode(test.peer_certificate),
    intermediates: test.untrusted_intermediates.map(decode),
    anchors: test.trusted_certs.map(decode),
    name: test.expected_peer_name?.value,
    purpose: test.validation_kind === "SERVER" ? "server" : "client",
    time: time === null ? new Date() : new Date(time),
    maxIntermediates: depth ?? undefined,
  };
}

function decode(pem: string): Uint8Array {
  return decodePem(pem)[0]!.der;
}
