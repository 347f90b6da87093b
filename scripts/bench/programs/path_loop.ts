/**
 * Validating certification paths of three certificates, one after the other: every leaf is another, the root and
 * the issuer are the same, as for a server that judges its clients. `path_loop COUNT`.
 */

import process from "node:process";
import { createHierarchy } from "../../../src/pki/hierarchy.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { issueServerCertificate } from "../../../src/pki/issue.ts";
import { verifyPath } from "../../../src/pki/path/verify_path.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";
import { runLoop } from "./loop.ts";

const count = Number(process.argv[2]);
const now = new Date();
const permitted = { any: false, domains: ["test"] };
const hierarchy = await createHierarchy({ description: "ann@laptop", permitted, now });
const authority = await openAuthority(hierarchy);
const nameOf = (index: number) => `host-${index}.test`;
// One for each turn, those of the warming-up as well: none is met a second time.
const leaves = await Promise.all(
  Array.from({ length: count + Math.ceil(count / 10) }, async (_, index) => {
    const names = [parseRequestedName(nameOf(index)).name];
    return (await issueServerCertificate(authority, { names, now })).certificate.der;
  }),
);

await runLoop(count, async (index) => {
  const result = await verifyPath({
    leaf: leaves[index]!,
    intermediates: [hierarchy.issuer],
    anchors: [hierarchy.root],
    purpose: "server",
    name: nameOf(index),
    time: now,
  });
  if (!result.ok) throw new Error(`Refused: ${result.reason.code}`);
}, 1);
