/**
 * Routes of the commands that read and change trust stores.
 *
 * @module
 */

import {
  GLOBAL_ALIASES,
  GLOBAL_FLAGS,
  type GlobalFlags,
  ROOT_FLAG,
  type RootFlag,
  STORE_FLAGS,
  type StoreFlags,
  text,
} from "../flags.ts";
import { define } from "./define.ts";

const trustScreen = () => import("../screens/trust.ts").then((module) => module.trustScreen);

const optionalFile = {
  kind: "tuple",
  parameters: [{
    brief:
      "A certificate: a file, https:// or http://HOST:PORT, - for stdin; without it, our own CA",
    parse: text,
    placeholder: "FILE|URL|-",
    optional: true,
  }],
} as const;

type TrustFlags = GlobalFlags & StoreFlags & RootFlag & {
  readonly fingerprint?: string | undefined;
  readonly nginx?: string | undefined;
};

export const trust = define<TrustFlags, readonly [string?]>({
  name: "trust",
  usage: "[OPTIONS] [FILE|URL|-]",
  brief: "Trust our CA, or somebody's certificate",
  description:
    "Without an argument: our own CA. With one: the certificate in a file, on stdin (-), the one\n" +
    "that a server presents (https://), or the root on a page of share (http://); its fingerprint\n" +
    "is shown and has to be confirmed.",
  examples: [
    { input: "https://172.16.99.32:1043", brief: "a server's own certificate" },
    {
      input: "http://172.16.99.32:8088 --fingerprint HEX",
      brief: "the root on a page of share --serve",
    },
    { input: "--nginx /etc/nginx/nginx.conf", brief: "every self-signed one of an nginx" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      ...STORE_FLAGS,
      ...ROOT_FLAG,
      fingerprint: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "SHA-256 that the certificate must have, in place of the question (several: a,b)",
        placeholder: "HEX",
      },
      nginx: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "The self-signed certificates of an nginx configuration and all that it includes",
        placeholder: "CONF",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: optionalFile,
  },
  run: async (context, flags, [source]) =>
    (await import("../../commands/trust.ts")).trust(context, { ...flags, source }),
  screen: trustScreen,
});

export const untrust = define<GlobalFlags & StoreFlags & RootFlag, readonly [string?]>({
  name: "untrust",
  usage: "[OPTIONS] [FILE|SHA256|-]",
  brief: "Take our CA, or somebody's certificate, out of the stores",
  parameters: {
    flags: { ...GLOBAL_FLAGS, ...STORE_FLAGS, ...ROOT_FLAG },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{
        brief:
          "A file, - for stdin, or the SHA-256 of a trusted certificate; without it, our own CA",
        parse: text,
        placeholder: "FILE|SHA256|-",
        optional: true,
      }],
    },
  },
  run: async (context, flags, [source]) =>
    (await import("../../commands/untrust.ts")).untrust(context, { ...flags, source }),
  screen: trustScreen,
});

export const status = define<GlobalFlags & StoreFlags & RootFlag, readonly []>({
  name: "status",
  usage: "[OPTIONS]",
  brief: "Show the CA, the stores and the certificates; exit 1 when something needs doing",
  parameters: { flags: { ...GLOBAL_FLAGS, ...STORE_FLAGS, ...ROOT_FLAG }, aliases: GLOBAL_ALIASES },
  run: async (context, flags) => (await import("../../commands/status.ts")).status(context, flags),
  screen: () => import("../screens/status.ts").then((module) => module.statusScreen),
});

type UninstallFlags = GlobalFlags & StoreFlags & {
  readonly purge?: boolean | undefined;
};

export const uninstall = define<UninstallFlags, readonly []>({
  name: "uninstall",
  usage: "[OPTIONS] [--purge]",
  brief: "Take back every change that was made to this machine, and check",
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      ...STORE_FLAGS,
      purge: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Remove the CA and its key as well",
      },
    },
    aliases: GLOBAL_ALIASES,
  },
  run: async (context, flags) =>
    (await import("../../commands/uninstall.ts")).uninstall(context, flags),
  screen: () => import("../screens/uninstall.ts").then((module) => module.uninstallScreen),
});
