/**
 * Which options of `cert` go together; loaded only when there are any that might not.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { CertFlags } from "./cert_parts.ts";
import type { CommandContext } from "./context.ts";

/** Throws USAGE for a combination that means nothing, with the command line that does. */
export function checkOptions({ program }: CommandContext, flags: CertFlags): void {
  const { names, csr, from, pkcs12 = false } = flags;
  const first = names[0];
  if (from !== undefined) {
    const command = `${program} cert --from ${quoteArgument(from)}`;
    if (first !== undefined) throw wrong(`--from with the name "${first}"`, NAMES_IN_LIST, command);
    if (csr !== undefined) {
      throw wrong(
        "--from with --csr",
        "a request is answered by itself",
        `${program} cert --csr ${quoteArgument(csr)}`,
      );
    }
    for (const [option, value] of fileOptions(flags)) {
      if (value === undefined) continue;
      throw wrong(
        `--from with ${option}`,
        "each line has files of its own",
        `${command} --out DIR`,
      );
    }
  }
  if (csr !== undefined) {
    const command = `${program} cert --csr ${quoteArgument(csr)}`;
    if (first !== undefined) {
      throw wrong(`--csr with the name "${first}"`, NAMES_IN_REQUEST, command);
    }
    for (const [option, isGiven] of keyOptions(flags)) {
      if (isGiven) {
        throw wrong(`--csr with ${option}`, "whoever made the request has the key", command);
      }
    }
  }
  if (pkcs12) return;
  for (const [option, isGiven] of pkcs12Options(flags)) {
    if (isGiven) {
      throw wrong(`${option} without --pkcs12`, "it is about that file", "Add --pkcs12");
    }
  }
}

const NAMES_IN_LIST = "the names are in the list";
const NAMES_IN_REQUEST = "the names are in the request";

function fileOptions({ certFile, keyFile, p12File }: CertFlags): [string, string | undefined][] {
  return [["--cert-file", certFile], ["--key-file", keyFile], ["--p12-file", p12File]];
}

function keyOptions({ key, keyFile, pkcs12 }: CertFlags): [string, boolean][] {
  return [
    ["--key", key !== undefined],
    ["--key-file", keyFile !== undefined],
    ["--pkcs12", pkcs12 === true],
  ];
}

function pkcs12Options({ p12File, legacy, passwordFile }: CertFlags): [string, boolean][] {
  return [
    ["--p12-file", p12File !== undefined],
    ["--legacy", legacy === true],
    ["--password-file", passwordFile !== undefined],
  ];
}

function wrong(what: string, reason: string, hint: string): LocalTlsError {
  return new LocalTlsError("USAGE", `Cannot use ${what}: ${reason}`, { hints: [hint] });
}
