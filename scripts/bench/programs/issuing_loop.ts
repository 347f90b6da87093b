/** Certificates without files: the engine, as the library has it. `issuing_loop COUNT`. */

import process from "node:process";
import { createHierarchy } from "../../../src/pki/hierarchy.ts";
import { openAuthority } from "../../../src/pki/authority.ts";
import { issueServerCertificate } from "../../../src/pki/issue.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";
import { runLoop } from "./loop.ts";

const now = new Date();
const permitted = { any: false, domains: ["test"] };
const hierarchy = await createHierarchy({ description: "ann@laptop", permitted, now });
const authority = await openAuthority(hierarchy);

await runLoop(Number(process.argv[2]), async (index) => {
  const { name } = parseRequestedName(`host-${index}.test`);
  await issueServerCertificate(authority, { names: [name], now });
});
