/**
 * Routes of the commands that issue certificates.
 *
 * @module
 */

import type { CertFlags as CertRequest } from "../../commands/cert_parts.ts";
import {
  days,
  GLOBAL_ALIASES,
  GLOBAL_FLAGS,
  type GlobalFlags,
  STORE_FLAGS,
  type StoreFlags,
  text,
} from "../flags.ts";
import { define, names } from "./define.ts";

type SetupFlags = GlobalFlags & StoreFlags & {
  readonly permit?: readonly string[] | undefined;
  readonly out?: string | undefined;
  readonly profile?: string | undefined;
  readonly force?: boolean | undefined;
};

export const setup = define<SetupFlags, readonly string[]>({
  name: "setup",
  usage: "[OPTIONS] [NAME]...",
  brief: "Make the CA, have it trusted on this machine, write a certificate",
  description:
    "Makes the CA if there is none, trusts it in every store found, and issues a certificate for\n" +
    "NAME... (none given: localhost and this machine's names and addresses). Safe to repeat.\n" +
    "A public name of this machine (laptop.example.com) has to be permitted, also with --yes.\n" +
    "With --profile the root is also written as a configuration profile for Macs, iPhones and iPads;\n" +
    "on a Mac no keychain is then changed and no window asks: trust comes with the profile.",
  examples: [
    { input: "172.16.99.32", brief: "for an address on the LAN" },
    { input: "app.test localhost 127.0.0.1", brief: "for several names" },
    { input: "--permit example.com dev.example.com", brief: "for names of a public domain" },
    { input: "--profile localtls.mobileconfig", brief: "for managed Macs, iPhones and iPads" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      ...STORE_FLAGS,
      permit: {
        kind: "parsed",
        parse: text,
        variadic: ",",
        optional: true,
        brief: 'Domain that the new CA may also issue for; "any" gives up the protection, and asks',
        placeholder: "DOMAIN",
      },
      out: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Directory for the certificate and its key (default: here)",
        placeholder: "DIR",
      },
      profile: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Write the root as an Apple profile, and leave the keychains of this Mac alone",
        placeholder: "FILE",
      },
      force: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Replace files that were not issued here",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: names(0),
  },
  run: async (context, flags, args) =>
    (await import("../../commands/setup.ts")).setup(context, { ...flags, names: args }),
  screen: () => import("../screens/setup.ts").then((module) => module.setupScreen),
});

type KeyType = NonNullable<CertRequest["key"]>;

type CertFlags = GlobalFlags & {
  readonly client?: boolean | undefined;
  readonly key?: KeyType | undefined;
  readonly days?: number | undefined;
  readonly renew?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly out?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly pkcs12?: boolean | undefined;
  readonly p12File?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly legacy?: boolean | undefined;
  readonly csr?: string | undefined;
  readonly from?: string | undefined;
};

/** The words of `--key`; written out, since the table of keys is not loaded for the help. */
const KEY_TYPES: readonly KeyType[] = ["p256", "p384", "rsa2048", "rsa3072", "rsa4096"];

const file = (brief: string, placeholder = "FILE") =>
  ({ kind: "parsed", parse: text, optional: true, brief, placeholder }) as const;

const toggle = (brief: string) =>
  ({ kind: "boolean", optional: true, withNegated: false, brief }) as const;

export const cert = define<CertFlags, readonly string[]>({
  name: "cert",
  usage: "[OPTIONS] NAME...",
  brief: "Issue certificates for names and addresses, requests, or lists of them",
  description:
    "Writes NAME.pem (the full chain, leaf first) and NAME-key.pem for one certificate that covers\n" +
    "every NAME: host names, wildcards, addresses; with --client also e-mail addresses, URIs and a\n" +
    "user's name, which become NAME-client.pem. A request gives its public key and its names, nothing\n" +
    "else. A list has the names of one certificate in each line, apart by blanks or commas; a line\n" +
    "that cannot be issued for is named and stops no other (exit code 3).\n" +
    "A certificate that is still good is kept, and so is its key; --renew makes both anew. A file that\n" +
    "was not issued here is replaced only after a question, or with --force (or --yes).",
  examples: [
    { input: "172.16.99.32", brief: "for an address" },
    { input: '"*.app.test" app.test', brief: "for a domain and everything right below it" },
    { input: "--client ann@example.com --pkcs12", brief: "for a person's browser" },
    { input: "--csr device.csr", brief: "for a key that stays where it is" },
    { input: "--from names.txt --out certs", brief: "for every line of a file" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      client: toggle("For a client of mutual TLS; with host names, for both sides"),
      key: {
        kind: "enum",
        values: KEY_TYPES,
        optional: true,
        brief: "Type of the key (default: p256)",
        placeholder: "TYPE",
      },
      days: {
        kind: "parsed",
        parse: days,
        optional: true,
        brief: "Lifetime in days, at most 825 (default: 397)",
        placeholder: "N",
      },
      renew: toggle("Issue anew where the existing certificate is still good"),
      force: toggle("Replace files not issued here; allow more days than Apple's systems take"),
      out: file("Directory for the files (default: here)", "DIR"),
      certFile: file("Path of the certificate"),
      keyFile: file("Path of the key"),
      pkcs12: toggle("Write certificate and key as NAME.p12 as well"),
      p12File: file("Path of the PKCS#12 file"),
      passwordFile: file("File with the password for it (default: ask, or make one up)"),
      legacy: toggle("Encrypt it with 3DES, for Windows Server 2016 and macOS before 15"),
      csr: file("Answer the certification request in FILE (- for stdin)"),
      from: file("Issue for every line of FILE (- for stdin)"),
    },
    aliases: GLOBAL_ALIASES,
    positional: names(0),
  },
  run: async (context, flags, args) =>
    (await import("../../commands/cert.ts")).cert(context, { ...flags, names: args }),
  screen: () => import("../screens/cert.ts").then((module) => module.certScreen),
  isList: ({ from }) => from !== undefined,
});
