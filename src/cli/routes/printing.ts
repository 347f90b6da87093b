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
  readonly port: number;
  readonly cors?: string | undefined;
  readonly upstream: string;
};

export const config = define<ConfigFlags, readonly [string, string]>({
  name: "config",
  usage: "[OPTIONS] SERVER NAME",
  brief: "Print the lines to paste into a server",
  examples: [{
    input: "nginx 172.16.99.32 --port 1043 --cors http://172.16.99.40:8000",
    brief: "nginx on port 1043, called by a page from that origin",
  }],
  parameters: {
    flags: {
      ...GLOBAL_FLAGS,
      port: {
        kind: "parsed",
        parse: port,
        default: "443",
        brief: "Port that the server listens on",
        placeholder: "PORT",
      },
      cors: {
        kind: "parsed",
        parse: text,
        optional: true,
        brief: "Origin of the page that may call this server",
        placeholder: "ORIGIN",
      },
      upstream: {
        kind: "parsed",
        parse: text,
        default: "http://127.0.0.1:8080",
        brief: "Back end that the server stands in front of",
        placeholder: "URL",
      },
    },
    aliases: GLOBAL_ALIASES,
    positional: {
      kind: "tuple",
      parameters: [
        {
          brief: "nginx",
          parse: text,
          placeholder: "SERVER",
          proposeCompletions: () => ["nginx"],
        },
        { brief: "DNS name or IP address", parse: text, placeholder: "NAME" },
      ],
    },
  },
  run: async (context, flags, [server, name]) =>
    (await import("../../commands/config.ts")).config(context, { ...flags, server, name }),
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
