/**
 * Routes of the commands that keep track of certificates.
 *
 * @module
 */

import { parseDuration } from "../../commands/duration.ts";
import { LocalTlsError } from "../../errors.ts";
import { GLOBAL_ALIASES, GLOBAL_FLAGS, type GlobalFlags, text } from "../flags.ts";
import { define } from "./define.ts";

const toggle = (brief: string) =>
  ({ kind: "boolean", optional: true, withNegated: false, brief }) as const;

const value = (brief: string, placeholder: string) =>
  ({ kind: "parsed", parse: text, optional: true, brief, placeholder }) as const;

export const list = define<GlobalFlags & { readonly all?: boolean | undefined }, readonly []>({
  name: "list",
  usage: "[OPTIONS]",
  brief: "List the certificates issued here, and how they stand",
  parameters: {
    flags: { ...GLOBAL_FLAGS, all: toggle("Those too that others have taken the place of") },
    aliases: GLOBAL_ALIASES,
  },
  run: async (context, flags) => (await import("../../commands/list.ts")).list(context, flags),
  screen: () => import("../screens/list.ts").then((module) => module.listScreen),
});

type RenewFlags = GlobalFlags & {
  readonly due?: string | undefined;
  readonly all?: boolean | undefined;
  readonly reuseKey?: boolean | undefined;
  readonly passwordFile?: string | undefined;
  readonly legacy?: boolean | undefined;
  readonly exec?: string | undefined;
  readonly shell?: boolean | undefined;
  readonly watch?: boolean | undefined;
  readonly installTimer?: boolean | undefined;
  readonly uninstallTimer?: boolean | undefined;
};

export const renew = define<RenewFlags, readonly string[]>({
  name: "renew",
  usage: "[OPTIONS] [FILE|NAME]...",
  brief: "Issue again, in place, the certificates that end soon",
  description:
    "Issues certificates of the ledger again into the files in which they stand, with the same names,\n" +
    "usage, lifetime and type of key, and a new key. Due is what ends within 30 days (what lives\n" +
    "shorter: in the last third of its life). Files that were changed by hand are left alone. The\n" +
    "command of --exec runs once, and only when something was renewed.",
  examples: [
    { input: '--exec "nginx -s reload"', brief: "and reload nginx if anything changed" },
    { input: "--all --reuse-key 172.16.99.32", brief: "one, now, with the key that it has" },
    { input: "--watch", brief: "in the foreground, until Ctrl-C" },
    { input: "--install-timer", brief: "every day, by systemd" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      due: value("Renew what ends within this time: 36h, 30d, 2w (default: 30d)", "TIME"),
      all: toggle("Renew whatever the dates are"),
      reuseKey: toggle("Keep the keys (default: a new key each time)"),
      passwordFile: value(
        "File with the password for PKCS#12 files, which are left otherwise",
        "FILE",
      ),
      legacy: toggle("Encrypt them with 3DES, for Windows Server 2016 and macOS before 15"),
      exec: value("Run this afterwards, without a shell; only if something was renewed", "CMD"),
      shell: toggle("Run it with a shell"),
      watch: toggle("Stay, and renew whenever something is due"),
      installTimer: toggle("Have systemd run this every day, as this user"),
      uninstallTimer: toggle("Take that back"),
    },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "array",
      parameter: {
        brief: "File of a certificate, or a name in it",
        parse: text,
        placeholder: "FILE|NAME",
      },
      minimum: 0,
    },
  },
  run: async (context, flags, args) => {
    const { due: dueText, watch, installTimer, uninstallTimer } = flags;
    const modes = {
      "--watch": watch,
      "--install-timer": installTimer,
      "--uninstall-timer": uninstallTimer,
    };
    const [first, second] = Object.entries(modes).filter(([, given]) => given).map(([name]) =>
      name
    );
    if (second !== undefined) {
      throw new LocalTlsError("USAGE", `Cannot use ${first} with ${second}: each is for itself`);
    }
    const due = dueText === undefined ? undefined : parseDuration(dueText);
    const all = { ...flags, due, dueText, certificates: args };
    if (uninstallTimer) {
      return await (await import("../../commands/timer.ts")).uninstallTimer(context);
    }
    if (installTimer) {
      return await (await import("../../commands/timer.ts")).installTimer(context, all);
    }
    if (watch && !context.options.dryRun) {
      return await (await import("../../commands/renew_watch.ts")).watchRenewals(context, all);
    }
    return await (await import("../../commands/renew.ts")).renew(context, all);
  },
  screen: () => import("../screens/renew.ts").then((module) => module.renewScreen),
  isList: ({ watch, dryRun }) => watch === true && dryRun !== true,
});
