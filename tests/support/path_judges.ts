/**
 * Validators of certification paths that were not written here: OpenSSL, Go's crypto/x509, Python's cryptography.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodePem } from "../../src/der/pem.ts";
import type { VerifyPathOptions } from "../../src/pki/path/options.ts";
import { parseIpv4, parseIpv6 } from "../../src/x509/ip_address.ts";
import { findProgram, mustRun, run } from "./processes.ts";

/** A validator. */
export interface PathJudge {
  readonly name: string;
  /** Says of each case why it is refused; empty where it is accepted. */
  judge(cases: readonly VerifyPathOptions[], directory: string): Promise<string[]>;
}

/** `openssl verify`, strict. */
const OPENSSL: PathJudge = {
  name: "openssl",
  async judge(cases, directory) {
    const answers: string[] = [];
    for (const { leaf, intermediates, anchors, name, purpose, time } of cases) {
      const file = (title: string, list: readonly Uint8Array[]) => {
        const path = join(directory, `${title}.pem`);
        writeFileSync(path, list.map((der) => encodePem("CERTIFICATE", der)).join(""));
        return path;
      };
      const address = name !== undefined && (parseIpv4(name) ?? parseIpv6(name)) !== undefined;
      const { code, stdout, stderr } = await run([
        ...["openssl", "verify", "-x509_strict", "-no-CApath", "-no-CAstore"],
        ...["-attime", String(Math.floor(time.getTime() / 1000))],
        ...["-purpose", purpose === "server" ? "sslserver" : "sslclient"],
        ...(name === undefined ? [] : [address ? "-verify_ip" : "-verify_hostname", name]),
        ...["-CAfile", file("anchors", anchors), "-untrusted", file("untrusted", intermediates)],
        file("leaf", [leaf]),
      ]);
      answers.push(
        code === 0 ? "" : /error \d+ at [^:]*:\s*(.*)/.exec(stdout + stderr)?.[1] ?? "unreadable",
      );
    }
    return answers;
  },
};

/** A program that reads all cases as JSON and writes all answers. */
function jsonJudge(name: string, argv: readonly string[], env = {}): PathJudge {
  return {
    name,
    async judge(cases) {
      const text = (der: Uint8Array) => Buffer.from(der).toString("base64");
      const input = JSON.stringify(cases.map((one) => ({
        leaf: text(one.leaf),
        intermediates: one.intermediates.map(text),
        anchors: one.anchors.map(text),
        name: one.name,
        purpose: one.purpose,
        time: one.time.getTime(),
      })));
      return JSON.parse(await mustRun(argv, { input, timeoutMs: 150_000, env }));
    },
  };
}

/** The judges of this machine, by name; undefined where one is not installed. */
export async function findJudges(): Promise<Record<string, PathJudge | undefined>> {
  const python = await findPython();
  const go = findProgram("go");
  const script = join(import.meta.dirname!, "path_judges.py");
  const program = join(import.meta.dirname!, "path_judge_go", "main.go");
  return {
    openssl: findProgram("openssl") === undefined ? undefined : OPENSSL,
    // Its caches belong into the sandbox's HOME, and nothing is to be downloaded.
    go: go === undefined
      ? undefined
      : jsonJudge("go", [go, "run", program], { GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" }),
    cryptography: python === undefined ? undefined : jsonJudge("cryptography", [python, script]),
  };
}

/** A Python whose cryptography has a verifier, which came with version 42. */
async function findPython(): Promise<string | undefined> {
  for (const python of ["python3", "/usr/bin/python3"]) {
    const found = findProgram(python) ?? python;
    const { code } = await run([found, "-c", "import cryptography.x509.verification"]);
    if (code === 0) return found;
  }
  return undefined;
}
