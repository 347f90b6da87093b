/**
 * Routes of the commands whose answer is a text.
 *
 * @module
 */

import { SHELLS } from "../completion_scripts.ts";
import { GLOBAL_ALIASES, GLOBAL_FLAGS, type GlobalFlags, port, text } from "../flags.ts";
import { define } from "./define.ts";

const textScreen = () => import("../screens/text.ts").then((module) => module.textScreen);

type ConfigFlags = GlobalFlags & {
  readonly port?: number | undefined;
  readonly cors?: string | undefined;
  readonly mtls?: boolean | undefined;
  readonly http2?: boolean | undefined;
  readonly upstream?: string | undefined;
  readonly list?: boolean | undefined;
};

export const config = define<ConfigFlags, readonly string[]>({
  name: "config",
  usage: "[OPTIONS] SERVER [NAME...]",
  brief: "Print the lines to paste into a server, a Dockerfile, a Kubernetes manifest",
  examples: [{
    input: "nginx 172.16.99.32 --port 1043 --cors http://172.16.99.40:8000",
    brief: "nginx on port 1043, called by a page from that origin",
  }, {
    input: "postgresql db.test --mtls",
    brief: "PostgreSQL, for clients with a certificate",
  }, {
    input: "docker",
    brief: "Dockerfile lines that make an image trust the CA",
  }, {
    input: "--list",
    brief: "every server that lines can be printed for",
  }],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      port: {
        kind: "parsed",
        parse: port,
        optional: true,
        brief: "Port that the server listens on (default: 443, or the usual one)",
        placeholder: "PORT",
      },
      cors: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Origin of the page that may call this server",
        placeholder: "ORIGIN",
      },
      mtls: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Clients have to show a certificate of this CA",
      },
      http2: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "HTTP/2 for clients that know it",
      },
      upstream: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Back end that the server stands in front of (default: http://127.0.0.1:8080)",
        placeholder: "URL",
      },
      list: {
        kind: "boolean",
        optional: true,
        withNegated: false,
        brief: "Say which servers there are",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "array",
      parameter: {
        brief: "A server of --list, then DNS names or IP addresses",
        parse: text,
        placeholder: "SERVER|NAME",
        proposeCompletions: async () => (await import("../../commands/config.ts")).recipeIds(),
      },
    },
  },
  run: async (context, flags, [server, ...names]) =>
    (await import("../../commands/config.ts")).config(context, { ...flags, server, names }),
  screen: textScreen,
});

export const completions = define<GlobalFlags, readonly [string]>({
  name: "completions",
  usage: "SHELL",
  brief: "Print the completion script of a shell",
  examples: [
    { input: "bash > ~/.local/share/bash-completion/completions/localtls", brief: "bash" },
    { input: 'zsh > "${fpath[1]}/_localtls"', brief: "zsh" },
    { input: "fish > ~/.config/fish/completions/localtls.fish", brief: "fish" },
    { input: "powershell >> $PROFILE", brief: "PowerShell" },
  ],
  parameters: {
    flags: { ...GLOBAL_FLAGS },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "tuple",
      parameters: [{
        brief: SHELLS.join(", "),
        parse: text,
        placeholder: "SHELL",
        proposeCompletions: () => SHELLS,
      }],
    },
  },
  run: async (_context, _flags, [shell]) =>
    (await import("../completion_scripts.ts")).completions(shell),
  screen: textScreen,
});

export const version = define<GlobalFlags, readonly []>({
  name: "version",
  usage: "",
  brief: "Print the version",
  parameters: { flags: { ...GLOBAL_FLAGS }, aliases: GLOBAL_ALIASES },
  run: async (context) => (await import("../../commands/version.ts")).version(context),
  screen: textScreen,
});
