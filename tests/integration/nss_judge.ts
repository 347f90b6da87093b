/**
 * What real NSS says about a database that localtls has written, with two versions of it: the system's,
 * which knows the old trust format alone, and the one that Firefox brings along.
 *
 * @module
 */

import { createHash, createHmac, randomBytes } from "node:crypto";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { integer, octetString, oid, sequence } from "../../src/der/encode.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { scratchDirectory } from "../support/sandbox.ts";

/** Firefox's own NSS libraries (Debian). */
const FIREFOX_LIBRARIES = "/usr/lib/firefox-esr";

/** A version of NSS that certutil can be run on. */
export interface NssVersion {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The versions on this machine. */
export const NSS_VERSIONS: readonly NssVersion[] = [
  { name: "the system's NSS", env: {} },
  ...existsSync(`${FIREFOX_LIBRARIES}/libnss3.so`)
    ? [{ name: "Firefox's NSS", env: { LD_LIBRARY_PATH: FIREFOX_LIBRARIES } }]
    : [],
];

/** The reason to skip where NSS's tools are missing. */
export function missingCertutil(): string | false {
  return findProgram("certutil") === undefined && "certutil (libnss3-tools) is not installed";
}

/** Runs certutil on a database and throws unless it succeeds. */
export async function certutil(
  version: NssVersion,
  directory: string,
  ...args: string[]
): Promise<string> {
  return await mustRun(["certutil", ...args, "-d", `sql:${directory}`], { env: version.env });
}

/** What NSS answers to a password: it lists the private keys only to who has it. Asked about a copy. */
export async function logIn(
  version: NssVersion,
  directory: string,
  password: string,
): Promise<"accepted" | "refused"> {
  const copy = copyDatabase(directory);
  writeFileSync(`${copy}/password`, `${password}\n`);
  const { stdout, stderr } = await run(
    ["certutil", "-K", "-d", `sql:${copy}`, "-f", `${copy}/password`],
    { env: version.env },
  );
  return /no keys found/.test(stdout + stderr) ? "accepted" : "refused";
}

/** A test's certificates, made by OpenSSL. */
export interface Pki {
  readonly directory: string;
  /** PEM files: a CA, a server certificate of it for localhost and loopback, a self-signed one. */
  readonly ca: string;
  readonly server: string;
  readonly serverKey: string;
  readonly peer: string;
  readonly peerKey: string;
}

const NAMES = "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1,IP:127.0.0.2,IP:127.0.0.3";

/** Makes a CA and what it issues. */
export async function makePki(name: string): Promise<Pki> {
  const directory = scratchDirectory("pki");
  const at = (file: string) => `${directory}/${file}`;
  const openssl = (...args: string[]) => mustRun(["openssl", ...args], { cwd: directory });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
  const constraints = (ca: boolean) => `basicConstraints=critical,CA:${ca ? "TRUE" : "FALSE"}`;
  await openssl(
    ...["req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", `/CN=${name}`],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  );
  await openssl(
    ...["req", "-x509", ...key, "-keyout", "peer.key", "-out", "peer.pem"],
    ...["-subj", `/CN=${name} peer`, "-addext", NAMES, "-addext", constraints(false)],
  );
  await openssl(
    ...["req", "-x509", ...key, "-keyout", "server.key", "-out", "server.pem"],
    ...["-subj", `/CN=${name} server`, "-addext", NAMES, "-addext", constraints(false)],
    ...["-addext", "extendedKeyUsage=serverAuth", "-CA", "ca.pem", "-CAkey", "ca.key"],
  );
  return {
    directory,
    ca: at("ca.pem"),
    server: at("server.pem"),
    serverKey: at("server.key"),
    peer: at("peer.pem"),
    peerKey: at("peer.key"),
  };
}

/** An opinion of NSS. */
export interface Opinion {
  /** certutil's three columns of trust ("C,,"), or undefined where it lists no such nickname. */
  readonly flags: string | undefined;
  /** Whether the server certificate is valid for a TLS server. */
  readonly valid: boolean;
}

/**
 * Asks NSS about a copy of a database, so that the question changes nothing.
 * @param nickname Of the anchor.
 * @param server PEM file of the certificate that is to be verified; without it, that is the anchor itself.
 * @param password With it, NSS is logged in when it verifies.
 */
export async function askNss(
  version: NssVersion,
  directory: string,
  { nickname, server, password }: {
    readonly nickname: string;
    readonly server?: string;
    readonly password?: string;
  },
): Promise<Opinion> {
  const copy = copyDatabase(directory);
  const login: string[] = [];
  if (password !== undefined) {
    writeFileSync(`${copy}/password`, `${password}\n`);
    login.push("-f", `${copy}/password`);
  }
  const listed = await certutil(version, copy, "-L", ...login);
  const line = listed.split("\n").find((text) => text.startsWith(`${nickname}  `));
  if (server !== undefined) {
    await certutil(version, copy, "-A", "-n", "asked", "-t", ",,", "-i", server, ...login);
  }
  const asked = server === undefined ? nickname : "asked";
  const { code } = await run(
    ["certutil", "-V", "-u", "V", "-e", "-n", asked, "-d", `sql:${copy}`, ...login],
    { env: version.env },
  );
  return { flags: line?.trim().split(/\s+/).at(-1), valid: code === 0 };
}

/** A copy of a database directory. */
function copyDatabase(directory: string): string {
  const copy = scratchDirectory("nss-copy");
  cpSync(directory, copy, { recursive: true });
  return copy;
}

/**
 * A password row as NSS before 3.49 wrote it, which certutil cannot be made to write any more. Derived
 * here by node:crypto and encrypted by OpenSSL, so that it judges the code that opens such rows.
 */
export async function makeTripleDesRow(
  password: string,
): Promise<{ globalSalt: Uint8Array; check: Uint8Array }> {
  const [globalSalt, entrySalt] = [randomBytes(20), randomBytes(20)];
  const sha1 = (...parts: Uint8Array[]) => createHash("sha1").update(Buffer.concat(parts)).digest();
  const chp = sha1(sha1(globalSalt, Buffer.from(password)), entrySalt);
  const hmac = (...parts: Uint8Array[]) =>
    createHmac("sha1", chp).update(Buffer.concat(parts)).digest();
  // The entry salt has 20 octets, so that padding it to 20 changes nothing.
  const derived = Buffer.concat([
    hmac(entrySalt, entrySalt),
    hmac(hmac(entrySalt), entrySalt),
  ]);
  const [key, iv] = [derived.subarray(0, 24), derived.subarray(32, 40)];
  const encrypted = await mustRun(
    ["openssl", "enc", "-des-ede3-cbc", "-K", key.toString("hex"), "-iv", iv.toString("hex"), "-a"],
    { input: "password-check" },
  );
  const check = sequence(
    sequence(
      oid("1.2.840.113549.1.12.5.1.3"),
      sequence(octetString(entrySalt), integer(1)),
    ),
    octetString(Buffer.from(encrypted, "base64")),
  );
  return { globalSalt, check };
}
