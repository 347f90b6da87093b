/**
 * The route of `inspect`.
 *
 * @module
 */

import { GLOBAL_ALIASES, GLOBAL_FLAGS, type GlobalFlags, text } from "../flags.ts";
import { define } from "./define.ts";

type InspectFlags = GlobalFlags & {
  readonly passwordFile?: string | undefined;
};

export const inspect = define<InspectFlags, readonly [string]>({
  name: "inspect",
  usage: "[OPTIONS] FILE|URL|-",
  brief: "Show what is in a certificate, request, key or PKCS#12 file",
  description:
    "Reads PEM, DER, PKCS#7 and PKCS#12, of anybody, or asks a server (https://HOST:PORT). Nothing is\n" +
    "changed, and nothing of a private key but its kind and size is shown.\n\n" +
    "Exit code 1 when something in it is wrong: a signature, a key that belongs to nothing, an order.",
  examples: [
    { input: "172.16.99.32.pem", brief: "a certificate, and whether its key is beside it" },
    { input: "https://172.16.99.32:1043", brief: "what a server presents" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      passwordFile: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "File with the password of a PKCS#12 file or an encrypted key",
        placeholder: "FILE",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "A file, https://HOST:PORT, or - for stdin",
        parse: text,
        placeholder: "FILE|URL|-",
      }],
    },
  },
  run: async (context, flags, [source]) =>
    (await import("../../commands/inspect/inspect.ts")).inspect(context, { ...flags, source }),
  screen: () => import("../screens/inspect.ts").then((module) => module.inspectScreen),
});
