/**
 * `security` in memory, for tests of which command is chosen and what is made of its answer. The strict one is in
 * tests/support/fake_security.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { decodePem } from "../../../../src/der/pem.ts";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { createElevation } from "../../../../src/truststore/elevation.ts";
import type { DiscoverContext } from "../../../../src/truststore/store.ts";
import {
  createFakeHost,
  type FakeCommand,
  type FakeHost,
  type FakeHostOptions,
  type FakeResult,
  fakeSudo,
} from "../../../support/fake_host.ts";
import { ANCHOR_FILE, rootAnchor } from "../fixture_anchors.ts";

export const LOGIN = "/home/ann/Library/Keychains/login.keychain-db";
export const SYSTEM = "/Library/Keychains/System.keychain";

/** A fake Mac, and what its keychains and trust settings hold. */
export interface FakeKeychains {
  readonly host: FakeHost;
  readonly keychains: Map<string, string[]>;
  /** XML of the `trustSettings` array by SHA-1, for each domain. */
  readonly settings: { readonly user: Map<string, string>; readonly admin: Map<string, string> };
  /** Takes the place of an answer; undefined leaves it as it is. */
  answer: (words: readonly string[]) => FakeResult | undefined;
  /** Time limits of the changes so far, in milliseconds. */
  readonly limits: number[];
  readonly announced: string[];
  /** What launchctl says of the session. */
  session: string;
  context(more?: Partial<DiscoverContext>): Promise<DiscoverContext>;
  /** The changes so far, from the word after "security". */
  changes(): string[][];
}

const CHANGES = ["add-trusted-cert", "remove-trusted-cert", "delete-certificate"];

export const sha1Of = (pem: string) =>
  createHash("sha1").update(decodePem(pem)[0]!.der).digest("hex");

/** The property list that `trust-settings-export` writes. */
export function exported(settings: ReadonlyMap<string, string>): string {
  const entries = [...settings].map(([sha1, list]) =>
    `<key>${sha1.toUpperCase()}</key>\n<dict><key>issuerName</key>\n<data>\nMAA=\n</data>\n` +
    `<key>modDate</key><date>2026-11-25T12:00:00Z</date>` +
    `<key>trustSettings</key>\n${list}\n</dict>\n`
  );
  return '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n' +
    `<plist version="1.0">\n<dict>\n<key>trustList</key>\n<dict>${entries.join("")}</dict>\n` +
    "<key>trustVersion</key>\n<integer>1</integer>\n</dict>\n</plist>\n";
}

/** Makes a Mac where nothing is trusted. */
export function fakeKeychains(options: FakeHostOptions = {}): FakeKeychains {
  const keychains = new Map<string, string[]>([[LOGIN, []], [SYSTEM, []]]);
  const settings = { user: new Map<string, string>(), admin: new Map<string, string>() };
  const mac: { -readonly [K in keyof FakeKeychains]: FakeKeychains[K] } = {
    keychains,
    settings,
    answer: () => undefined,
    limits: [],
    announced: [],
    session: "Aqua",
  } as never;

  const security: FakeCommand = (argv, _input, host, { timeoutMs }) => {
    const [command = "", ...words] = argv.slice(1);
    if (CHANGES.includes(command)) mac.limits.push(timeoutMs);
    return mac.answer([command, ...words]) ?? obey(host, command, words);
  };

  function obey(host: FakeHost, command: string, words: readonly string[]): FakeResult {
    const file = words.at(-1)!;
    const domain = words.includes("-d") ? settings.admin : settings.user;
    switch (command) {
      case "login-keychain":
        return { stdout: `    "${LOGIN}"\n` };
      case "find-certificate":
        return { stdout: (keychains.get(file) ?? []).join("") };
      case "add-trusted-cert": {
        const pem = host.disk.text(file)!;
        const held = keychains.get(words[words.indexOf("-k") + 1]!)!;
        if (!held.includes(pem)) held.push(pem);
        domain.set(sha1Of(pem), "<array/>");
        return 0;
      }
      case "remove-trusted-cert":
        return domain.delete(sha1Of(host.disk.text(file)!)) ? 0 : 1;
      case "delete-certificate": {
        const held = keychains.get(file)!;
        const index = held.findIndex((pem) => sha1Of(pem).toUpperCase() === words[1]);
        if (index === -1) return 1;
        held.splice(index, 1);
        return 0;
      }
      case "trust-settings-export":
        if (domain.size === 0) {
          return { code: 1, stderr: "SecTrustSettings: No Trust Settings were found.\n" };
        }
        host.disk.put(file, exported(domain));
        return 0;
      case "verify-cert":
        return 0;
      case "error":
        return {
          stdout: words.map((code) => `Error: 0xFFFF0000 ${code} Text of ${code}.\n`).join(""),
        };
    }
    return { code: 1, stderr: `security: unknown command "${command}"\n` };
  }

  /** launchctl asuser UID sudo -H -u #UID -- security ... */
  const asUser: FakeCommand = (argv, input, host) =>
    host.runAsRoot(argv.slice(argv.indexOf("--") + 1), input);
  mac.host = createFakeHost({
    os: "darwin",
    ...options,
    files: { [ANCHOR_FILE]: rootAnchor.pem, ...options.files },
    commands: {
      security,
      true: () => 0,
      launchctl: (argv, input, host) =>
        argv[1] === "managername"
          ? {
            stdout: `${mac.session}
`,
          }
          : asUser(argv, input, host, { timeoutMs: 0 }),
      // One that passes on what a tool complains of, or root_file.ts.
      sh: (argv, input, host) => {
        if (argv[2]?.startsWith("exec ")) return host.runAsRoot(argv.slice(4), input);
        host.disk.put(argv[4]!, input);
        return 0;
      },
      rm: (argv, _input, host) => {
        host.disk.delete(argv.at(-1)!);
        return 0;
      },
      ...options.commands,
    },
  });
  mac.context = async (more = {}) => {
    const announce = (message: string) => mac.announced.push(message);
    const user = await findTargetUser(mac.host);
    return {
      host: mac.host,
      user,
      elevation: createElevation(mac.host, { announce }),
      announce,
      ...more,
    };
  };
  mac.changes = () =>
    mac.host.commandLines.flatMap((argv) => {
      const at = argv.findIndex((word) => word === "security" || word.endsWith("/security"));
      const words = argv.slice(at + 1);
      return at !== -1 && CHANGES.includes(words[0] ?? "") ? [words] : [];
    });
  return mac;
}

export { fakeSudo };
