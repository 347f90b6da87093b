/**
 * Certificates that localtls has no part in: the self-signed one that a server has before localtls comes,
 * and a CA of somebody else, by which the test's own clients and browsers are tested.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

/** A certificate file (with its chain) and its key, both PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What tutorials tell people to make: RSA, the address in the common name, no subjectAltName. */
export async function selfSignedCertificate(commonName: string): Promise<CertificateFiles> {
  const directory = scratchDirectory("self-signed");
  const files = { cert: join(directory, "server.crt"), key: join(directory, "server.key") };
  await mustRun([
    ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365"],
    ...["-subj", `/CN=${commonName}`, "-keyout", files.key, "-out", files.cert],
  ]);
  return files;
}

/** A CA without any constraint. */
export interface UnconstrainedCa extends CertificateFiles {
  /** Issues for names as openssl writes them: `IP:172.16.99.32`, `DNS:google.com`. */
  issue(...names: string[]): Promise<CertificateFiles>;
}

/** Makes a root that may issue for everything. */
export async function unconstrainedCa(name: string): Promise<UnconstrainedCa> {
  const directory = scratchDirectory("ca");
  const ca = { cert: join(directory, "ca.crt"), key: join(directory, "ca.key") };
  await mustRun([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    ...["-nodes", "-days", "30", "-subj", `/CN=${name}`, "-keyout", ca.key, "-out", ca.cert],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  ]);
  let serial = 1;
  return {
    ...ca,
    async issue(...names) {
      const files = {
        cert: join(directory, `${serial}.crt`),
        key: join(directory, `${serial}.key`),
      };
      const request = join(directory, `${serial}.csr`);
      const extensions = join(directory, `${serial}.ext`);
      writeFileSync(
        extensions,
        [
          `subjectAltName=${names.join(",")}`,
          "basicConstraints=critical,CA:FALSE",
          "keyUsage=critical,digitalSignature",
          "extendedKeyUsage=serverAuth",
          "",
        ].join("\n"),
      );
      await mustRun([
        ...["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        ...["-nodes", "-subj", "/CN=control", "-keyout", files.key, "-out", request],
      ]);
      await mustRun([
        ...["openssl", "x509", "-req", "-in", request, "-CA", ca.cert, "-CAkey", ca.key],
        ...["-set_serial", String(serial++), "-days", "30", "-extfile", extensions],
        ...["-out", files.cert],
      ]);
      return files;
    },
  };
}
