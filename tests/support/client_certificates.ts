/**
 * Client certificates of mutual TLS, as people get them: issued by the built program, and put into browsers
 * with NSS's own pk12util.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { localtls } from "./localtls.ts";
import { findProgram, mustRun } from "./processes.ts";
import { freshHome, requireSandbox, scratchDirectory } from "./sandbox.ts";

/** A certificate (with its chain) and its key, PEM and PKCS#12. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  readonly p12: string;
  /** Of the PKCS#12 file; the program made it up. */
  readonly password: string;
}

/** Whether there is a pk12util; the reason to skip where there is none. */
export function missingPk12util(): string | false {
  return findProgram("pk12util") === undefined && "pk12util (libnss3-tools) is not installed";
}

/**
 * Runs `localtls cert --pkcs12` in a home, whose CA is made where it is not there yet.
 * @param args The names, and what else the command takes: `--client`, `--legacy`.
 */
export async function certWithPkcs12(home: string, ...args: string[]): Promise<ClientCertificate> {
  const cwd = scratchDirectory("certificates");
  const result = await localtls(["cert", "--pkcs12", "--json", ...args], {
    env: { HOME: home },
    cwd,
  });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  const { cert, key, p12, p12Password } = result.json().certificates[0];
  return { cert, key, p12, password: p12Password };
}

/**
 * A certificate of the same CA for the same name and key, with an end in the past. The program refuses to make such a
 * one, hence OpenSSL.
 * @param state The state directory with the issuer's key.
 */
export async function expired(
  { key }: ClientCertificate,
  commonName: string,
  state: string,
): Promise<Pick<ClientCertificate, "cert" | "key">> {
  const directory = scratchDirectory("expired");
  const [request, extensions, cert] = ["csr", "ext", "pem"].map((name) =>
    join(directory, name)
  ) as [
    string,
    string,
    string,
  ];
  const issuer = join(state, "issuer.pem");
  writeFileSync(extensions, "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n");
  await mustRun([
    "openssl",
    "req",
    "-new",
    "-key",
    key,
    "-subj",
    `/CN=${commonName}`,
    "-out",
    request,
  ]);
  await mustRun([
    ...["openssl", "x509", "-req", "-in", request, "-extfile", extensions, "-out", cert],
    ...["-CA", issuer, "-CAkey", join(state, "issuer-key.pem"), "-set_serial", "1", "-days", "-1"],
  ]);
  appendFileSync(cert, readFileSync(issuer));
  return { cert, key };
}

/** A copy of a home after setup, in which no browser has run, with the files imported for both of them. */
export async function homeWith(
  model: string,
  certificates: readonly ClientCertificate[],
): Promise<string> {
  const home = freshHome();
  cpSync(model, home, { recursive: true });
  for (const database of nssDatabases(home)) {
    for (const certificate of certificates) await importPkcs12(database, certificate);
    // Instead of a question: Firefox takes the first certificate that the server's list of CAs allows.
    const preference = `user_pref("security.default_personal_cert", "Select Automatically");\n`;
    writeFileSync(join(database, "user.js"), preference);
  }
  return home;
}

/** The directories of both browsers' NSS databases, as setup leaves them in a home. */
export function nssDatabases(home: string): string[] {
  const databases = readdirSync(home, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("/cert9.db"))
    .map((path) => dirname(join(home, path)));
  assert.equal(databases.length, 2, `one of Chromium and one of Firefox: ${databases}`);
  return databases;
}

/** Puts certificate, key and chain into an NSS database that has no password. */
export async function importPkcs12(
  database: string,
  { p12, password }: ClientCertificate,
): Promise<void> {
  const file = join(scratchDirectory("password"), "password");
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  await mustRun(["pk12util", "-i", p12, "-w", file, "-d", `sql:${database}`, "-K", ""]);
}

/** Has Chromium send a fitting certificate to the origin without asking, by an administrator's policy. */
export function chromiumSelectsFor(origin: string): void {
  requireSandbox();
  const directory = "/etc/chromium/policies/managed";
  mkdirSync(directory, { recursive: true });
  const rule = JSON.stringify({ pattern: origin, filter: {} });
  const policy = { AutoSelectCertificateForUrls: [rule] };
  writeFileSync(join(directory, "client_certificates.json"), JSON.stringify(policy));
}
