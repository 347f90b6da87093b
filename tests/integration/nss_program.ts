/**
 * A process of its own that adds an anchor to an NSS database: `bun nss_program.ts DIRECTORY PEM [MODE]`.
 * With "add" or "remove" it does so for the user whose HOME it has, and says what the database then holds and what was
 * made for it, or the error's code.
 * With "hang" it stops before either file is committed, with "between" after the first of the two; it says so, and
 * waits to be killed.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import process from "node:process";
import type { Database, Host } from "../../src/host/host.ts";
import { decodePem } from "../../src/der/pem.ts";
import { LocalTlsError } from "../../src/errors.ts";
import { createNodeHost } from "../../src/host/node_host.ts";
import { findTargetUser } from "../../src/host/target_user.ts";
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
/** Connections that write, in the order of opening. */
const writing: Database[] = [];
let commits = 0;

function hang(): void {
  console.log("written, not committed");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Everything into the file, as a large change would have it, and the journal hot. */
function spill(database: Database): void {
  database.exec("PRAGMA cache_size = 1");
  database.exec("PRAGMA cache_spill = 1");
  database.exec("CREATE TABLE filler (a)");
  for (let i = 0; i < 200; i++) database.exec("INSERT INTO filler VALUES (zeroblob(4000))");
}

const hanging: Host = {
  ...real,
  openDatabase: async (path, options) => {
    const database = await real.openDatabase(path, options);
    const wrapped: Database = {
      ...database,
      exec(sql) {
        if (sql === "BEGIN IMMEDIATE") writing.push(database);
        if (sql === "COMMIT" && options.readOnly !== true) {
          commits++;
          if (commits === 1 && mode === "hang") {
            for (const each of writing) spill(each);
            hang();
          }
          if (commits === 2 && mode === "between") hang();
        }
        database.exec(sql);
      },
    };
    return wrapped;
  },
};

if (mode === "add" || mode === "remove") {
  const user = await findTargetUser(real);
  const store = storeAt(directory, { host: real, user });
  try {
    const { created } = mode === "add"
      ? await store.add(anchor)
      : await store.remove(anchor, JSON.parse(process.argv[5] ?? "[]"));
    console.log(JSON.stringify({ state: (await store.state(anchor)).state, created }));
  } catch (error) {
    if (!(error instanceof LocalTlsError)) throw error;
    console.log(JSON.stringify({ code: error.code }));
  }
} else {
  await storeAt(directory, { host: mode === undefined ? real : hanging }).add(anchor);
}
