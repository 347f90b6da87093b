/** Appends lines for twenty certificates to a ledger, one by one, and says after each that it is there. Run by tests as a process of its own. */

import { writeSync } from "node:fs";
import process from "node:process";
import { createNodeFiles } from "../../src/host/node_files.ts";

const [path = "", name = "", count = "0"] = process.argv.slice(2);
const files = createNodeFiles();
for (let i = 0; i < Number(count); i++) {
  const event = {
    ...{ event: "issued", time: new Date().toISOString(), names: [name] },
    ...{ cert: `/srv/${name}-${i % 20}.pem`, key: `/srv/${name}.key`, serial: String(i) },
    ...{ sha256: "a".repeat(64), issuer: "b".repeat(64), keyType: "p256", usage: "server" },
    ...{ notBefore: "2026-11-24T12:00:00.000Z", notAfter: "2027-11-24T12:00:00.000Z" },
  };
  // In memory a thousand lines are written in the time of one rewriting.
  if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await files.appendLines(path, [JSON.stringify(event)]);
  writeSync(1, `${event.cert} ${i}\n`);
}
