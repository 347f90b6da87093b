/**
 * Routes of the commands about the CA itself.
 *
 * @module
 */

import { buildRouteMap } from "@stricli/core";
import {
  GLOBAL_ALIASES,
  GLOBAL_FLAGS,
  type GlobalFlags,
  STORE_FLAGS,
  type StoreFlags,
  text,
} from "../flags.ts";
import { define } from "./define.ts";

const screens = () => import("../screens/ca.ts");
const replacedScreen = () => screens().then((module) => module.caReplacedScreen);
const filesScreen = () => screens().then((module) => module.caFilesScreen);

/** The answer to the question for the password of the CA's key. */
const PASSWORD_FLAG = {
  passwordFile: {
    kind: "parsed",
    parse: text,
    optional: true,
    brief: "File with the password of the CA's key (also LOCALTLS_PASSWORD_FILE)",
    placeholder: "FILE",
  },
} as const;

type PasswordFlags = { readonly passwordFile?: string | undefined };

const PASSWORD_NOTE = "The password is asked for, or comes from --password-file, or from the " +
  "command in\nLOCALTLS_PASSWORD_COMMAND (words as in a shell, run without one).";

const show = define<GlobalFlags & { readonly pem?: boolean | undefined }, readonly []>({
  name: "ca show",
  usage: "[OPTIONS]",
  brief: "Show root and issuer, and what they may issue for",
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      pem: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Print the root certificate as PEM and nothing else",
      },
    },
    aliases: GLOBAL_ALIASES,
  },
  run: async (context, flags) => (await import("../../commands/ca/show.ts")).showCa(context, flags),
  screen: () => screens().then((module) => module.caShowScreen),
});

const permit = define<GlobalFlags & StoreFlags & PasswordFlags, readonly string[]>({
  name: "ca permit",
  usage: "[OPTIONS] DOMAIN...",
  brief: "Let the CA issue for further domains",
  description:
    "Makes a new CA that may also issue for DOMAIN and everything below, has it trusted wherever\n" +
    "the old one is, issues every certificate again in its place (the keys stay: servers only need\n" +
    "a reload), and removes the old root. If any of that fails, nothing is changed. Public suffixes\n" +
    "(com, co.uk, github.io) cannot be permitted: names below them belong to different owners.\n" +
    '"any" asks before; --yes answers for a script.',
  examples: [
    { input: "example.com", brief: "for example.com and everything below it" },
    { input: "any", brief: "for every name: gives up what protects you if the key is stolen" },
  ],
  parameters: {
    flags: { ...GLOBAL_FLAGS, ...STORE_FLAGS, ...PASSWORD_FLAG },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "array",
      parameter: { brief: 'A domain, or "any"', parse: text, placeholder: "DOMAIN" },
      minimum: 1,
    },
  },
  run: async (context, flags, domains) =>
    (await import("../../commands/ca/permit.ts")).permitCa(context, { ...flags, domains }),
  screen: replacedScreen,
});

const rotate = define<GlobalFlags & StoreFlags & PasswordFlags, readonly []>({
  name: "ca rotate",
  usage: "[OPTIONS]",
  brief: "Replace the CA by a new one, and every certificate with it",
  description:
    "As permit, with the same domains. A CA without limits that was imported is replaced by one\n" +
    "that has them. A public suffix that an earlier version permitted is replaced by the domains of\n" +
    "the certificates that were issued below it.",
  parameters: {
    flags: { ...GLOBAL_FLAGS, ...STORE_FLAGS, ...PASSWORD_FLAG },
    aliases: GLOBAL_ALIASES,
  },
  run: async (context, flags) =>
    (await import("../../commands/ca/permit.ts")).rotateCa(context, flags),
  screen: replacedScreen,
});

type ExportFlags = GlobalFlags & PasswordFlags & {
  readonly out?: string | undefined;
  readonly withKey?: string | undefined;
  readonly force?: boolean | undefined;
};

const exportRoute = define<ExportFlags, readonly []>({
  name: "ca export",
  usage: "[OPTIONS]",
  brief: "Write the CA's certificates; with --with-key the whole CA, encrypted",
  examples: [
    { input: "--out /tmp/ca", brief: "root.pem, root.crt and issuer.pem, for other machines" },
    { input: "--with-key backup.p12", brief: "a backup, under a password" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      out: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Directory for the certificates (default: here)",
        placeholder: "DIR",
      },
      withKey: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "File for the CA with its key: PKCS#12 if it ends in .p12 or .pfx, else PEM",
        placeholder: "FILE",
      },
      passwordFile: { ...PASSWORD_FLAG.passwordFile, brief: "File with the password of that file" },
      force: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Replace files that may be another CA's",
      },
    },
    aliases: GLOBAL_ALIASES,
  },
  run: async (context, flags) =>
    (await import("../../commands/ca/export.ts")).exportCa(context, flags),
  screen: filesScreen,
});

type ImportFlags = GlobalFlags & PasswordFlags & {
  readonly key?: string | undefined;
  readonly mkcert?: string | undefined;
};

const importRoute = define<ImportFlags, readonly [string?]>({
  name: "ca import",
  usage: "[OPTIONS] [FILE]",
  brief: "Take over a CA: an export, PEM or PKCS#12, or that of mkcert",
  examples: [
    { input: "backup.p12", brief: "what ca export --with-key wrote" },
    { input: "ca.pem --key ca-key.pem", brief: "a CA certificate and its key" },
    { input: "--mkcert", brief: "the CA of mkcert, trusted already where that was installed" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      key: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "The key, where it is in a file of its own",
        placeholder: "FILE",
      },
      mkcert: {
        kind: "parsed",
        parse: text,
        optional: true,
        inferEmpty: true,
        brief: "Adopt mkcert's CA (default: $CAROOT, else mkcert's own directory)",
        placeholder: "CAROOT",
      },
      passwordFile: { ...PASSWORD_FLAG.passwordFile, brief: "File with the password of FILE" },
    },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "PEM, DER or PKCS#12",
        parse: text,
        placeholder: "FILE",
        optional: true,
      }],
    },
  },
  run: async (context, flags, [file]) =>
    (await import("../../commands/ca/import.ts")).importCa(context, { ...flags, file }),
  screen: filesScreen,
});

const encrypt = define<GlobalFlags & PasswordFlags, readonly []>({
  name: "ca encrypt",
  usage: "[OPTIONS]",
  brief: "Put the issuer's key under a password",
  description: PASSWORD_NOTE,
  parameters: { flags: { ...GLOBAL_FLAGS, ...PASSWORD_FLAG }, aliases: GLOBAL_ALIASES },
  run: async (context, flags) =>
    (await import("../../commands/ca/encrypt.ts")).encryptCa(context, flags),
  screen: filesScreen,
});

const decrypt = define<GlobalFlags & PasswordFlags, readonly []>({
  name: "ca decrypt",
  usage: "[OPTIONS]",
  brief: "Take the password off the issuer's key",
  description: PASSWORD_NOTE,
  parameters: { flags: { ...GLOBAL_FLAGS, ...PASSWORD_FLAG }, aliases: GLOBAL_ALIASES },
  run: async (context, flags) =>
    (await import("../../commands/ca/encrypt.ts")).decryptCa(context, flags),
  screen: filesScreen,
});

/** `ca ...`. */
export const ca = buildRouteMap({
  routes: { show, permit, rotate, export: exportRoute, import: importRoute, encrypt, decrypt },
  docs: {
    brief: "The CA itself: show, permit, rotate, export, import, encrypt, decrypt",
    fullDescription: "Commands about the CA itself.",
  },
});
