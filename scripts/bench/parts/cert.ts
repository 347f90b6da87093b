/**
 * A certificate from a CA that is there, as a whole process, with files on the disk. localtls calls fsync for each of
 * them, the others for none. Both CAs are trusted where the sandbox allows that, as they are in use.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { compileProgram } from "../compiled.ts";
import { measure } from "../measure.ts";
import { type Part, type PartRun, PEAK_RUNS, type Runner } from "../part.ts";
import { LOCALTLS, type Place } from "../place.ts";

const NAMES = {
  ours: "localtls cert",
  rsa: "localtls cert --key rsa2048",
  least: "generateKey and one file",
  mkcert: "mkcert -ecdsa",
  mkcertBlind: "mkcert -ecdsa, TRUST_STORES=none",
  mkcertRsa: "mkcert (RSA 2048)",
  minica: "minica (RSA 2048)",
  openssl: "openssl, 3 commands (P-256)",
  opensslRsa: "openssl, 3 commands (RSA 2048)",
} as const;

/** What people paste: key, request, certificate. */
function opensslScript(key: string): string {
  return `set -e
openssl genpkey ${key} -out openssl-key.pem
openssl req -new -key openssl-key.pem -subj /CN=app.test -addext subjectAltName=DNS:app.test -out openssl.csr
openssl x509 -req -in openssl.csr -CA ca.pem -CAkey ca-key.pem -copy_extensions copy -days 397 -out openssl.pem`;
}

const OPENSSL_CA = `set -e
openssl ecparam -name prime256v1 -genkey -noout -out ca-key.pem
openssl req -x509 -new -key ca-key.pem -subj /CN=root -days 3650 -out ca.pem`;

export const cert: Part = {
  title: "A certificate from an existing CA",
  budget: 55,
  async measure(run) {
    const place = run.place("cert");
    prepare(run, place);
    await run.race(await runners(place), { rounds: 41, peaks: PEAK_RUNS });
    run.compare(NAMES.ours, NAMES.mkcert, { atMost: 0.45 });
    run.compare(NAMES.ours, NAMES.mkcertBlind, { atMost: 1 });
    run.compare(NAMES.ours, NAMES.mkcertRsa, { atMost: 0.06 });
    run.compare(NAMES.rsa, NAMES.mkcertRsa);
    run.compare(NAMES.rsa, NAMES.minica);
    run.compare(NAMES.ours, NAMES.openssl);
    run.compare(NAMES.rsa, NAMES.opensslRsa);
    run.compare(NAMES.ours, NAMES.least);
    run.compare(NAMES.ours, NAMES.least, { atMost: 1.3 }, "peak");
    run.note(
      "RSA keys are found by chance: the time for one differs by a factor of five from run to run.",
    );
  },
};

function prepare(run: PartRun, place: Place): void {
  measure(place.command([LOCALTLS, "cert", "app.test"]));
  measure(place.command(["sh", "-c", OPENSSL_CA]));
  measure(place.command(["minica", "app.test"]));
  if (process.env["LOCALTLS_SANDBOX"] !== "1") {
    run.note("No sandbox: the CAs are not trusted.");
    return;
  }
  const database = join(place.home, ".pki", "nssdb");
  mkdirSync(database, { recursive: true });
  measure(place.command(["certutil", "-N", "-d", `sql:${database}`, "--empty-password"]));
  measure(place.command([LOCALTLS, "trust", "--stores", "system,nss", "--yes"]));
  measure(place.command(["mkcert", "-install"]));
}

async function runners(place: Place): Promise<Runner[]> {
  const shell = (name: string, script: string) => ({
    name,
    command: place.command(["sh", "-c", script]),
  });
  return [
    { name: NAMES.ours, command: place.command([LOCALTLS, "cert", "app.test"]) },
    { name: NAMES.mkcert, command: place.command(["mkcert", "-ecdsa", "app.test"]) },
    {
      name: NAMES.mkcertBlind,
      command: place.command(["mkcert", "-ecdsa", "app.test"], { env: { TRUST_STORES: "none" } }),
    },
    { name: NAMES.mkcertRsa, command: place.command(["mkcert", "app.test"]) },
    {
      name: NAMES.rsa,
      command: place.command([LOCALTLS, "cert", "--key", "rsa2048", "app.test"]),
    },
    { name: NAMES.minica, command: place.command(["minica", "app.test"]) },
    shell(NAMES.openssl, opensslScript("-algorithm EC -pkeyopt ec_paramgen_curve:P-256")),
    shell(NAMES.opensslRsa, opensslScript("-algorithm RSA -pkeyopt rsa_keygen_bits:2048")),
    {
      name: NAMES.least,
      command: place.command([await compileProgram("key_and_file"), join(place.work, "least.key")]),
    },
  ];
}
