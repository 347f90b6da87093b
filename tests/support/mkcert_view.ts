/**
 * What a run of mkcert, or of `localtls mkcert`, left behind, as other programs read it: flat, so that two runs
 * can be compared field by field.
 *
 * @module
 */

import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ProcessResult, run } from "./processes.ts";
import { modeOf } from "./scratch.ts";

/** Fields and their values. */
export type View = Map<string, string>;

/** Every file below a directory, by its relative path. */
export function filesBelow(directory: string, prefix = ""): string[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true }).flatMap((entry) => {
    const path = join(prefix, entry.name);
    return entry.isDirectory() ? filesBelow(directory, path) : [path];
  }).sort();
}

/** A file's state, to see which files a run has written. */
export function stampsBelow(directory: string): Map<string, string> {
  return new Map(
    filesBelow(directory).map((path) => {
      const { ino, mtimeMs, size } = lstatSync(join(directory, path));
      const content = existsSync(join(directory, path))
        ? readFileSync(join(directory, path), "base64")
        : "";
      return [path, `${ino} ${mtimeMs} ${size} ${content}`];
    }),
  );
}

/** Adds what the certificate file holds, and what its readers say. */
export async function viewCertificate(view: View, path: string, root: string): Promise<void> {
  const pem = readFileSync(path, "utf8");
  const openssl = await text("openssl", "x509", "-in", path, "-noout", "-text");
  view.set("certificates in the file", String(pem.match(/BEGIN CERTIFICATE/g)?.length));
  const alternative = /X509v3 Subject Alternative Name:(.*)\n(.*)/.exec(openssl);
  view.set("SANs", sorted(alternative?.[2]));
  view.set("SAN critical", alternative?.[1]?.trim() === "critical" ? "yes" : "no");
  view.set("usages", sorted(/X509v3 Extended Key Usage:.*\n(.*)/.exec(openssl)?.[1]));
  view.set("key usage", sorted(/X509v3 Key Usage:.*\n(.*)/.exec(openssl)?.[1]));
  view.set(
    "basic constraints",
    /X509v3 Basic Constraints:.*\n\s*(.*)/.exec(openssl)?.[1] ?? "none",
  );
  view.set("key type", /Public-Key: \((\d+ bit)\)/.exec(openssl)?.[1] ?? "");
  view.set("signature", /Signature Algorithm: (.*)/.exec(openssl)?.[1] ?? "");
  view.set("subject", shape(/Subject:(.*)/.exec(openssl)?.[1] ?? ""));
  view.set("days", days(openssl));
  const verified = await run(["openssl", "verify", "-CAfile", root, "-untrusted", path, path]);
  view.set("openssl verify", verified.code === 0 ? "OK" : "refused");
  const bundled = await run([
    "certtool",
    "--verify",
    "--load-ca-certificate",
    root,
    "--infile",
    path,
  ]);
  view.set(
    "certtool verify",
    verdict(bundled, /Chain verification output: (Verified|Not verified)/),
  );
  // The first of the chain; what the others may issue for is no name of theirs.
  const [, gnutls = ""] = (await text("certtool", "--certificate-info", "--infile", path))
    .split("X.509 Certificate Information:");
  view.set("certtool names", namesOf(gnutls, /^\s+(?:DNSname|IPAddress|RFC822Name|URI): (.*)$/gm));
  const keytool = await run(["keytool", "-printcert", "-file", path]);
  const java = keytool.stdout;
  const javaNames = namesOf(
    java.split("Certificate[2]")[0] ?? "",
    /^\s+(?:DNSName|IPAddress|RFC822Name|URIName): (.*)$/gm,
  );
  view.set("keytool names", keytool.code === 0 ? javaNames : "refused");
}

/** Whether the key file is the key of the certificate, and how it is written. */
export async function viewKey(view: View, path: string, certificate: string): Promise<void> {
  const pem = readFileSync(path, "utf8");
  const label = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----/.exec(pem)?.[1] ?? "none";
  const key = await run(["openssl", "pkey", "-in", path, "-pubout"]);
  const wanted = await run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"]);
  view.set(
    "key",
    key.code === 0 && key.stdout === wanted.stdout ? `${label}, matches` : `${label}, WRONG`,
  );
  const gnutls = await run(["certtool", "--key-info", "--infile", path]);
  view.set("certtool key", gnutls.code === 0 ? "read" : "refused");
}

/** What the readers of PKCS#12 say to a file, under mkcert's password. */
export async function viewPkcs12(view: View, path: string, home: string): Promise<void> {
  const password = ["-passin", "pass:changeit"];
  const openssl = ["openssl", "pkcs12", "-in", path, ...password, "-nodes"];
  view.set("PKCS#12, openssl 3", read(await run(openssl)));
  const legacy = await run([...openssl, "-legacy", "-info"]);
  view.set("PKCS#12, openssl 3 -legacy", read(legacy));
  const algorithms = [...legacy.stderr.matchAll(/(?:data|Keybag): (\S+),/g)].map(([, name]) =>
    name
  );
  view.set("PKCS#12 encryption", algorithms.join(" + "));
  view.set("PKCS#12 certificates", String(legacy.stdout.match(/BEGIN CERTIFICATE/g)?.length));
  const java = await run(["keytool", "-list", "-v", "-keystore", path, "-storepass", "changeit"]);
  const chain = /Certificate chain length: (\d+)/.exec(java.stdout)?.[1];
  view.set("PKCS#12, keytool", java.code === 0 ? `read, chain of ${chain}` : "refused");
  const nss = await run(["pk12util", "-l", path, "-W", "changeit"], { env: { HOME: home } });
  view.set("PKCS#12, pk12util", read(nss));
  const gnutls = await run(["certtool", "--p12-info", "--password=changeit", "--infile", path]);
  view.set("PKCS#12, certtool", read(gnutls));
  view.set("PKCS#12, Node", await readByNode(path));
}

async function readByNode(path: string): Promise<string> {
  const code =
    "require('tls').createSecureContext({pfx:require('fs').readFileSync(process.argv[1]),passphrase:'changeit'})";
  return read(await run(["node", "-e", code, path]));
}

/** Files and their modes as one line. */
export function viewFiles(view: View, work: string, paths: readonly string[]): void {
  view.set("files", paths.join(" "));
  const modes = paths.map((path) => {
    const full = join(work, path);
    return `${lstatSync(full).isSymbolicLink() ? "link " : ""}${modeOf(full).toString(8)}`;
  });
  view.set("modes", modes.join(" "));
}

async function text(...argv: string[]): Promise<string> {
  return (await run(argv)).stdout;
}

function read({ code }: ProcessResult): string {
  return code === 0 ? "read" : "refused";
}

function verdict(result: ProcessResult, pattern: RegExp): string {
  return pattern.exec(result.stdout)?.[1] ?? `exit ${result.code}`;
}

function sorted(list: string | undefined): string {
  return (list ?? "").trim().split(/, */).filter((item) => item !== "").sort().join(", ");
}

function namesOf(output: string, pattern: RegExp): string {
  return [...output.matchAll(pattern)].map(([, name]) => name).sort().join(", ");
}

/** Which attributes a subject has: their values name the machine. */
function shape(subject: string): string {
  return [...subject.matchAll(/(?:^|,)\s*([A-Z]+) =/g)].map(([, type]) => type).join(", ") ||
    "empty";
}

/** From now on: what lies before it is for clocks that are late. */
function days(openssl: string): string {
  const end = Date.parse(/Not After : (.*)/.exec(openssl)?.[1] ?? "");
  return String(Math.round((end - Date.now()) / 86_400_000));
}
