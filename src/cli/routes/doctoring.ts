/**
 * The route of `doctor`.
 *
 * @module
 */

import {
  GLOBAL_ALIASES,
  GLOBAL_FLAGS,
  type GlobalFlags,
  STORE_FLAGS,
  type StoreFlags,
  text,
} from "../flags.ts";
import { define } from "./define.ts";

type DoctorFlags = GlobalFlags & StoreFlags & {
  readonly origin?: string | undefined;
  readonly probe?: boolean | undefined;
};

export const doctor = define<DoctorFlags, readonly [string?]>({
  name: "doctor",
  usage: "[OPTIONS] [URL]",
  brief: "Find why a client refuses, and what mends it; exit 1 when there is a problem",
  description:
    "Without a URL: this machine, its CA, every store, every certificate. With one: the server there, and\n" +
    "what Chromium, Firefox, curl, Node, Python and Java say of it.",
  examples: [
    { input: "https://172.16.99.32:1043", brief: "what a browser will say, and why" },
    {
      input: "https://172.16.99.32:1043 --origin http://172.16.99.40:8000",
      brief: "also when a page of that origin calls it",
    },
  ],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      ...STORE_FLAGS,
      origin: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Origin of the page that calls the server",
        placeholder: "ORIGIN",
      },
      probe: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Also start the clients that are installed, and show what they say",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{
        brief: "A server: https://HOST:PORT, or HOST:PORT",
        parse: text,
        placeholder: "URL",
        optional: true,
      }],
    },
  },
  run: async (context, flags, [url]) =>
    (await import("../../commands/doctor.ts")).doctor(context, { ...flags, url }),
  screen: () => import("../screens/doctor.ts").then((module) => module.doctorScreen),
});
