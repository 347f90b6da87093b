/**
 * From nothing to trusted, in the same stores: `setup`, which issues a certificate as well, and `mkcert -install`, which
 * does not. Both run update-ca-certificates. Files are put back in between, and not timed.
 */

import { mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measure } from "../measure.ts";
import type { Part, PartRun, Runner } from "../part.ts";
import { LOCALTLS, type Place } from "../place.ts";
import { requireSandbox } from "../../../tests/support/sandbox.ts";

const FLOOR = "update-ca-certificates alone, for one more root";

/** Where Debian's stores are, Java's in the first of them. */
const SYSTEM = ["/etc/ssl", "/usr/local/share/ca-certificates"] as const;
const JAVA_HOME = "/usr/lib/jvm/default-java";

export const setup: Part = {
  title: "Trusting a new CA",
  budget: 60,
  async measure(run) {
    requireSandbox();
    const without = variant(run, "system and NSS", "system,nss", {});
    const withJava = variant(run, "system, NSS and Java", "system,nss,java", { JAVA_HOME });
    await run.race([...without, ...withJava, floor(run)], { rounds: 7 });
    for (const [ours, theirs] of [without, withJava]) {
      run.compare(ours.name, theirs.name, { atMost: 0.5 });
    }
    run.compare(FLOOR, without[1].name);
    run.note(
      "Whoever changes Debian's store runs update-ca-certificates: nobody can be quicker than that row.",
    );
  },
};

function variant(
  run: PartRun,
  stores: string,
  list: string,
  env: Readonly<Record<string, string>>,
): [Runner, Runner] {
  const runner = (name: string, argv: readonly string[]): Runner => {
    const place = run.place("setup", env);
    mkdirSync(join(place.home, ".pki", "nssdb"), { recursive: true });
    measure(place.command(["certutil", "-N", "-d", databaseOf(place), "--empty-password"]));
    const putBack = snapshot(place);
    let looked = false;
    const undo = () => {
      if (!looked) requireTrusted(place);
      looked = true;
      putBack();
    };
    return { name: `${name}: ${stores}`, command: place.command(argv), undo };
  };
  return [
    runner("localtls setup", [LOCALTLS, "setup", "app.test", "--stores", list, "--yes"]),
    runner("mkcert -install", ["mkcert", "-install"]),
  ];
}

/** What Debian itself needs to take a root in: a part of every contender's time. */
function floor(run: PartRun): Runner {
  const place = run.place("setup");
  const root = join(place.home, "root.pem");
  const subject = ["-subj", "/CN=one more root", "-days", "30"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const files = ["-keyout", join(place.home, "root-key.pem"), "-out", root];
  measure(place.command(["openssl", "req", "-x509", ...key, ...subject, ...files]));
  const putBack = snapshot(place);
  const script = 'cp "$1" "$2/one-more-root.crt" && update-ca-certificates';
  const command = place.command(["sh", "-c", script, "sh", root, SYSTEM[1]]);
  return { name: FLOOR, command, undo: putBack };
}

/** Copies all that is going to be changed. @returns What puts it back. */
function snapshot(place: Place): () => void {
  const copies = [...SYSTEM, place.home].map((directory, index) => {
    const copy = mkdtempSync(join(tmpdir(), `before-${index}-`));
    measure(place.command(["cp", "-a", `${directory}/.`, copy]));
    return { directory, copy };
  });
  return () => {
    for (const { directory, copy } of copies) {
      const script = 'find "$1" -mindepth 1 -delete && cp -a "$2/." "$1"';
      // From the top: the working directory goes too.
      measure({ ...place.command(["sh", "-c", script, "sh", directory, copy]), cwd: "/" });
    }
  };
}

function databaseOf(place: Place): string {
  return `sql:${join(place.home, ".pki", "nssdb")}`;
}

/** Who has not done it shall not win. */
function requireTrusted(place: Place): void {
  const { stdout } = measure(place.command(["certutil", "-L", "-d", databaseOf(place)]));
  if (!/\bCT?,/.test(stdout)) throw new Error("the CA is not in the NSS database");
  if (readdirSync(SYSTEM[1]).length === 0) throw new Error("the CA is not in the system's store");
  if (place.command([]).env["JAVA_HOME"] === undefined) return;
  const keytool = ["keytool", "-list", "-cacerts", "-storepass", "changeit"];
  if (!/mkcert|localtls/i.test(measure(place.command(keytool)).stdout)) {
    throw new Error("the CA is not in Java's store");
  }
}
