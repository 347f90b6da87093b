/** Rewrites the ledger of a state directory again and again, until it is killed. Run by tests as a process of its own. */

import { writeSync } from "node:fs";
import process from "node:process";
import { compactIssued } from "../../src/castore/ledger_compaction.ts";
import { openStateDirectory } from "../../src/castore/state_directory.ts";
import { createNodeHost } from "../../src/host/node_host.ts";

const [path = "", rounds = "1000000"] = process.argv.slice(2);
const host = createNodeHost();
const user = { home: path, name: "ann", isRoot: false, byRoot: false };
const state = await openStateDirectory(host, user, path);
const place = { path, byRoot: false, program: "localtls" };
writeSync(1, "ready\n");
for (let i = 0; i < Number(rounds); i++) {
  if (await compactIssued(host, place, state.issued, { minBytes: 1 })) {
    writeSync(1, "done\n");
  }
}
