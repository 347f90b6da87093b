/**
 * The table of facts/abuse-cases.md: for every row, where it is tested.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

const NAMES = "names_test.ts";
const STATE = "state_test.ts";
const OUTPUT = "output_test.ts";
const ABUSE = "abuse_test.ts";
const REQUESTS = "cert_request_test.ts";

/** Row by row: the case, the file, and the tests' names as they stand in it. */
const TABLE: readonly (readonly [row: string, file: string, ...tests: string[]])[] = [
  ["a newline in a name", NAMES, "a newline"],
  ["../ in a name", NAMES, "a path upwards"],
  ["/abs as a name", NAMES, "an absolute path"],
  [";$IFS in a name", NAMES, "shell text"],
  ["a lone *", NAMES, "a lone wildcard"],
  ["a.*.test", NAMES, "a wildcard in the middle"],
  ["an empty name", NAMES, "nothing"],
  ["host:port", NAMES, "a port", "an address with a port"],
  ["a zone id", NAMES, "a zone id"],
  ["a URL", NAMES, "https://localhost/x"],
  ["-install.test", NAMES, "a leading hyphen"],
  ["a 70-character label", NAMES, "a label of 70 characters"],
  ["127.0.0.01", NAMES, "an address with a leading zero"],
  ["invalid UTF-8", ABUSE, "octets that are no UTF-8"],
  ["a public name", NAMES, "a public name, with the command that would allow it"],
  ["a CSR whose CN is a path", REQUESTS, "whose common name is ../../evil writes nothing outside"],
  ["a CSR that asks to be a CA", REQUESTS, "that asks for a CA certificate gets one for a server"],
  ["a CSR for * or *.com", REQUESTS, "refuses ${what} among its names"],
  ["a CSR with a weak key", REQUESTS, "refuses a key of the type ${what}"],
  [
    "a CSR with a bad signature, truncated, of another PEM type, with BOM",
    REQUESTS,
    "with a bad signature, truncated, or something else is refused",
    "from stdin, as DER, with CRLF and a byte order mark, in text around it",
  ],
  ["output to a symlink", OUTPUT, "a symlink at the key's path is refused, its target untouched"],
  ["an existing key file of 0644", OUTPUT, "a key file that was 0644 is 0600 afterwards"],
  ["the CA's key is a symlink", STATE, "a key that is a symlink: the victim is not touched"],
  ["a CA key of 0644", STATE, "a key with mode 0644"],
  ["a state directory of 0777", STATE, "a directory with mode 0777"],
  ["the root is missing, the key is there", STATE, "${name} missing"],
  ["key and certificate do not match", STATE, "${name} of another CA"],
  ["an empty or truncated file", STATE, "${name} empty", "${name} cut in the middle"],
  ["an expired CA", STATE, "an expired CA"],
  ["a certificate that is no CA as root", STATE, "a root that is no CA"],
  [
    "6 first runs at once",
    "concurrency_test.ts",
    "${count} of ${command}: all certificates verify",
  ],
  ["a full disk", OUTPUT, "a full disk leaves no half file, and the next run succeeds"],
  [
    "a full disk under the state",
    OUTPUT,
    "a full disk under the state directory leaves no half CA",
  ],
  ["a full disk at every call", "../faults/faults_test.ts", "a fault at every file system call"],
  ["a read-only state directory", OUTPUT, "a read-only state directory says so; "],
  ["HOME unset", STATE, "HOME unset: ", "HOME unset and no entry for the user"],
  ["sudo with another HOME", STATE, "sudo with another HOME: "],
  ["root with another user's HOME", ABUSE, "root with another user's HOME"],
  ["3,000 names", ABUSE, "3,000 names"],
  ["a PEM of 200 MB", ABUSE, "200 MB as ${what}"],
  ["state files with CRLF or BOM", STATE, "CRLF and a byte order mark are fine"],
  ["a .p12 of 0644", "cert_pkcs12_test.ts", "writes PEM and PKCS#12, with the password of a file"],
  ["kill -9 in the middle of a write", "../faults/faults_test.ts", 'kind: "KILL"'],
  ["a clock set back", ABUSE, "a clock set back: "],
  ["a clock set forward", ABUSE, "a clock set forward: "],
  ["a store tool that is missing", ABUSE, "a store tool that is missing"],
  ["a store tool that hangs", ABUSE, "a store tool that hangs"],
  ["a store tool that lies", "setup_test.ts", "answers 0 and does nothing"],
  ["a database locked by a browser", ABUSE, "a database that a running browser has locked"],
];

describe("the table of abuse cases", () => {
  const sources = new Map<string, string>();
  const source = (file: string) => {
    const text = sources.get(file) ?? readFileSync(join(import.meta.dirname!, file), "utf8");
    sources.set(file, text);
    return text;
  };
  for (const [row, file, ...tests] of TABLE) {
    test(`${row}: tested in ${file}`, () => {
      assert.ok(tests.length > 0);
      for (const name of tests) {
        assert.ok(source(file).includes(name), `${file} has no "${name}"`);
      }
    });
  }
});
