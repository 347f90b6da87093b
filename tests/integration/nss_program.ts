/**
 * A process of its own that adds an anchor to an NSS database: `bun nss_program.ts DIRECTORY PEM [hang]`.
 * With "hang" it stops before the transaction is committed, says so, and waits to be killed.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { Host } from "../../src/host/host.ts";
import { decodePem } from "../../src/der/pem.ts";
import { createNodeHost } from "../../src/host/node_host.ts";
import { parseCertificate } from "../../src/x509/certificate.ts";
import { storeAt } from "../unit/truststore/nss/store_fixture.ts";

const [, , directory = "", file = "", mode] = process.argv;
const pem = readFileSync(file, "utf8");
const certificate = parseCertificate(decodePem(pem)[0]!.der);
const anchor = {
  certificate,
  pem,
  sha256: "",
  label: "localtls nss test",
  role: "ca",
  file,
} as const;

const real = createNodeHost();
const hanging: Host = {
  ...real,
  openDatabase: async (path, options) => {
    const database = await real.openDatabase(path, options);
    return {
      ...database,
      exec(sql) {
        if (sql === "COMMIT" && options.readOnly !== true) {
          // Everything into the file, as a large change would have it, and the journal hot.
          for (const schema of ["main", "keys"]) {
            database.exec(`PRAGMA ${schema}.cache_size = 1`);
            database.exec(`PRAGMA ${schema}.cache_spill = 1`);
          }
          database.exec("CREATE TABLE main.filler (a); CREATE TABLE keys.filler (a)");
          for (const schema of ["main", "keys"]) {
            for (let i = 0; i < 200; i++) {
              database.exec(`INSERT INTO ${schema}.filler VALUES (zeroblob(4000))`);
            }
          }
          console.log("written, not committed");
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        }
        database.exec(sql);
      },
    };
  },
};

await storeAt(directory, { host: mode === "hang" ? hanging : real }).add(anchor);
