/**
 * Routes of the commands by which another CA issues.
 *
 * @module
 */

import type { AcceptFlags as AcceptRequest } from "../../commands/csr/accept.ts";
import type { CsrFlags as CsrRequest } from "../../commands/csr/csr.ts";
import { GLOBAL_ALIASES, GLOBAL_FLAGS, type GlobalFlags, text } from "../flags.ts";
import { define, names } from "./define.ts";

type CsrFlags = GlobalFlags & Omit<CsrRequest, "names">;

const file = (brief: string, placeholder = "FILE") =>
  ({ kind: "parsed", parse: text, optional: true, brief, placeholder }) as const;

const screen = () => import("../screens/csr.ts").then((module) => module.csrScreen);

export const csr = define<CsrFlags, readonly string[]>({
  name: "csr",
  usage: "[OPTIONS] NAME...",
  brief: "Make a key and a request that another CA can answer",
  description:
    "Writes NAME-key.pem and NAME.csr. The key stays here; what the CA answers is put beside it by\n" +
    "accept. A key that is there is never replaced. With --client NAME may be an e-mail address, a URI\n" +
    "or a user's name as well, and the files are NAME-client.csr and NAME-client-key.pem.",
  examples: [
    { input: "intranet.example.com", brief: "for a company's CA" },
    { input: "--client ann@example.com", brief: "for a person, by a company's CA" },
    { input: "--reuse-key intranet.example.com", brief: "for the key that is there" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      client: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "For a client of mutual TLS; with host names, for both sides",
      },
      key: {
        kind: "enum",
        values: ["p256", "p384", "rsa2048", "rsa3072", "rsa4096"] as const,
        optional: true,
        brief: "Type of the key (default: p256)",
        placeholder: "TYPE",
      },
      out: file("Directory for the files (default: here)", "DIR"),
      keyFile: file("Path of the key"),
      csrFile: file("Path of the request"),
      reuseKey: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Ask for the key that is there",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: names(1),
  },
  run: async (context, flags, args) =>
    (await import("../../commands/csr/csr.ts")).csr(context, { ...flags, names: args }),
  screen,
});

type AcceptFlags = GlobalFlags & AcceptRequest;

export const accept = define<AcceptFlags, readonly [string]>({
  name: "accept",
  usage: "[OPTIONS] ANSWER",
  brief: "Put the answer of another CA beside the key that it is for",
  description:
    "Writes NAME.pem, the full chain. The answer may be PEM, DER or PKCS#7, in any order; it is refused\n" +
    "unless it is for the key of a request here, every signature holds and every name is there.",
  examples: [
    { input: "answer.p7b", brief: "what a Windows CA gives" },
    { input: "answer.cer --chain ca.pem", brief: "an answer without its issuers" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      csr: file("The request (default: the one for the same key, here or beside the answer)"),
      keyFile: file("Path of the key (default: beside the request)"),
      certFile: file("Path of the certificate (default: beside the request)"),
      chain: file("More certificates of the CA"),
      force: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Replace a file that is not a certificate for the same key",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "File with the answer (- for stdin)",
        parse: text,
        placeholder: "ANSWER",
      }],
    },
  },
  run: async (context, flags, [answer]) =>
    (await import("../../commands/csr/accept.ts")).accept(context, answer, flags),
  screen,
});
