/**
 * Routes of the commands that hand the root to other machines.
 *
 * @module
 */

import type { ShareFlags as ShareRequest } from "../../commands/share.ts";
import { GLOBAL_ALIASES, GLOBAL_FLAGS, type GlobalFlags, text } from "../flags.ts";
import { define } from "./define.ts";

type ShareFlags = GlobalFlags & ShareRequest;

const file = (brief: string, placeholder = "FILE") =>
  ({ kind: "parsed", parse: text, optional: true, brief, placeholder }) as const;

export const share = define<ShareFlags, readonly []>({
  name: "share",
  usage: "[OPTIONS]",
  brief: "Pack the root, never its key, for other machines and phones",
  description:
    "Writes a ZIP archive with the root certificate in every form, scripts that make Linux, FreeBSD,\n" +
    "macOS and Windows trust it and take that back, a profile for Apple's devices, and a README.",
  examples: [
    { input: "--out usb/localtls.zip", brief: "for a USB stick" },
    { input: "--serve --for 30m", brief: "for phones: a page with a QR code" },
    { input: "--with-binaries dist", brief: "with the localtls programs of a directory" },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      out: file("Path of the archive (default: localtls-share.zip)"),
      serve: {
        kind: "parsed",
        parse: text,
        inferEmpty: true,
        optional: true,
        brief:
          "Show a page with it on HOST:PORT, not a file (default: this machine's address, 8088)",
        placeholder: "HOST:PORT",
      },
      for: file(
        "How long the page is there: 90s, 30m, 2h (default: until Ctrl-C, a day at most)",
        "TIME",
      ),
      test: file("Link on the page to an HTTPS server, to see whether it is trusted", "URL"),
      withBinaries: file("Directory whose localtls programs go in as well", "DIR"),
      force: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Replace a file that localtls did not write",
      },
    },
    aliases: GLOBAL_ALIASES,
  },
  run: async (context, flags) => (await import("../../commands/share.ts")).share(context, flags),
  screen: () => import("../screens/share.ts").then((module) => module.shareScreen),
});
