/**
 * Routes of the commands that issue certificates.
 *
 * @module
 */

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
};

export const setup = define<SetupFlags, readonly string[]>({
  name: "setup",
  usage: "[OPTIONS] [NAME]...",
  brief: "Make the CA, have it trusted on this machine, write a certificate",
  description:
    "Makes the CA if there is none, trusts it in every store found, and issues a certificate for\n" +
    "NAME... (none given: localhost and this machine's names and addresses). Safe to repeat.",
  examples: [
    { input: "172.16.99.32", brief: "for an address on the LAN" },
    { input: "app.test localhost 127.0.0.1", brief: "for several names" },
    { input: "--permit example.com dev.example.com", brief: "for names of a public domain" },
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
        brief: 'Domain that the new CA may also issue for; "any" gives up the protection',
        placeholder: "DOMAIN",
      },
      out: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Directory for the certificate and its key (default: here)",
        placeholder: "DIR",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: names(0),
  },
  run: async (context, flags, args) =>
    (await import("../../commands/setup.ts")).setup(context, { ...flags, names: args }),
  screen: () => import("../screens/setup.ts").then((module) => module.setupScreen),
});

type CertFlags = GlobalFlags & {
  readonly days?: number | undefined;
  readonly out?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
};

export const cert = define<CertFlags, readonly string[]>({
  name: "cert",
  usage: "[OPTIONS] NAME...",
  brief: "Issue a certificate for names and addresses",
  description:
    "Writes NAME.pem (the full chain, leaf first) and NAME-key.pem for one certificate that covers\n" +
    "every NAME.",
  examples: [
    { input: "172.16.99.32", brief: "for an address" },
    { input: '"*.app.test" app.test', brief: "for a domain and everything right below it" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      days: {
        kind: "parsed",
        parse: days,
        optional: true,
        brief: "Lifetime in days, at most 825 (default: 397)",
        placeholder: "N",
      },
      out: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Directory for the files (default: here)",
        placeholder: "DIR",
      },
      certFile: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Path of the certificate",
        placeholder: "FILE",
      },
      keyFile: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Path of the key",
        placeholder: "FILE",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: names(1),
  },
  run: async (context, flags, args) =>
    (await import("../../commands/cert.ts")).cert(context, { ...flags, names: args }),
  screen: () => import("../screens/cert.ts").then((module) => module.certScreen),
});
