/**
 * `share --serve`: a page on which other machines and phones get the root, for as long as they need.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { PackageFile } from "../share/package.ts";
import type { SharedRoot } from "../share/root.ts";
import type { FixedPage, FixedSiteOptions, PageRequest } from "../server/fixed_site.ts";
import type { VisitorFields } from "../share/visitor.ts";
import type { CommandContext } from "./context.ts";
import { type CommandResult, EXIT, type ShareDocument } from "./documents.ts";
import { isOwnHost } from "./share_hosts.ts";

/** What the page needs beside the root. */
export interface ShareServeFlags {
  /** "HOST:PORT", either of them left out; "" for both. */
  readonly serve: string;
  /** Milliseconds until it ends; without it, when it is asked to. */
  readonly forMs?: number | undefined;
  /** A server with a certificate of this CA. */
  readonly testUrl?: string | undefined;
}

const DEFAULT_PORT = 8088;

/** Remembered, so that a scan does not fill the memory. */
const MAX_VISITORS = 1000;

/** A timer holds no more than 2^31 - 1 ms: a page for a month is a server. */
const MAX_FOR_MS = 24 * 3_600_000;

/** Serves until the time is up or the program is asked to end. Throws USAGE, NETWORK. */
export async function serveShare(
  context: CommandContext,
  root: SharedRoot,
  files: readonly PackageFile[],
  archive: Uint8Array,
  flags: ShareServeFlags,
): Promise<CommandResult<ShareDocument>> {
  const { host } = context;
  const { address, port } = await parsePlace(context, flags.serve);
  const testUrl = flags.testUrl === undefined ? undefined : parseTestUrl(flags.testUrl);
  const { issueTestLeaf, startTestSite } = await import("./share_test_site.ts");
  // Before anything listens: the pages' code is given the leaf, and the CA is gone by then.
  const own = await shownAddress(context, address);
  const keyPair = testUrl === undefined ? await issueTestLeaf(context, own) : undefined;
  const { downloads, sharePage, terminalCode } = await import("../share/page.ts");
  const { startFixedSite } = await import("../server/fixed_site.ts");
  const { languageOf, systemOf } = await import("../share/visitor.ts");
  const pages: Map<string, FixedPage> = downloads(files, archive);
  const visitors = new Map<string, Set<string>>();
  const options: FixedSiteOptions = {
    address,
    port,
    pages,
    acceptsHost: (name) => isOwnHost(name, [address, own, host.network.hostName()]),
    onVisit: ({ address: visitor, path, status, request }) => {
      const system = systemOf(visitorFields(request)) ?? "another system";
      const fetched = visitors.get(visitor);
      if (fetched === undefined && visitors.size < MAX_VISITORS) {
        visitors.set(visitor, new Set(status === 200 ? [path] : []));
        context.report({ type: "notice", message: `${visitor} (${system}) ${path} ${status}` });
      } else if (status === 200) fetched?.add(path);
    },
  };
  // The only thing for which it may need root.
  const site = await host.holdingRoot(() => startFixedSite(options));
  const shownHost = own.includes(":") ? `[${own}]` : own;
  const url = `http://${shownHost}:${site.port}/`;
  pages.set("/", {
    type: "text/html; charset=utf-8",
    content: (request) => {
      const chosen = /^lang=(en|zh)$/.exec(request.query)?.[1] as "en" | "zh" | undefined;
      const fields = visitorFields(request);
      const language = chosen ?? languageOf(fields.acceptLanguage);
      return sharePage({ root, url, testUrl: shownTest }, language, systemOf(fields));
    },
  });
  const secure = keyPair === undefined
    ? undefined
    : await host.holdingRoot(() =>
      startTestSite(context, {
        keyPair,
        address: own,
        // The next one, or at the end of all ports the one before; any, where any will do: the next may be somebody's.
        port: port === 0 ? 0 : site.port < 65_535 ? site.port + 1 : site.port - 1,
        label: root.label,
      })
    );
  await host.giveUpRoot();
  const shownTest = testUrl ?? (secure && `https://${shownHost}:${secure.port}/`);
  context.report({ type: "progress", message: `\n${terminalCode(url)}` });
  context.report({
    type: "notice",
    message: `the root is at ${url}\nSHA-256 ${root.sha256}, to compare over another way\n` +
      `another machine: ${context.program} trust ${url} --fingerprint ${root.sha256}`,
  });
  const stop = host.stopSignal();
  await host.sleep(flags.forMs ?? MAX_FOR_MS, stop);
  await site.close();
  await secure?.close(0);
  for (const [visitor, fetched] of visitors) {
    context.report({ type: "progress", message: `${visitor} fetched ${[...fetched].join(" ")}` });
  }
  return {
    document: {
      command: "share",
      ok: true,
      url,
      sha256: root.sha256,
      files: files.map(({ name }) => name),
      visitors: [...visitors.keys()],
    },
    exitCode: EXIT.done,
  };
}

/** "All addresses" is none that a phone could open. */
async function shownAddress({ host }: CommandContext, address: string): Promise<string> {
  if (!/^(?:0\.0\.0\.0|::)$/.test(address)) return address;
  return (await host.network.addresses())[0] ?? "127.0.0.1";
}

function visitorFields(request: PageRequest): VisitorFields {
  return {
    acceptLanguage: request.field("accept-language"),
    userAgent: request.field("user-agent"),
    platform: request.field("sec-ch-ua-platform"),
  };
}

/** `--for`: "90s", "30m", "2h", at most a day. Throws USAGE. @returns Milliseconds. */
export function parseServingTime(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  const factor = { s: 1000, m: 60_000, h: 3_600_000 }[unit];
  const milliseconds = Number(digits) * (factor ?? 0);
  if (milliseconds > 0 && milliseconds <= MAX_FOR_MS) return milliseconds;
  throw new LocalTlsError(
    "USAGE",
    `Cannot use "${
      text.slice(0, 40)
    }" as a length of time: give seconds, minutes or hours, at most a day`,
    { hints: ["--for 30m"] },
  );
}

/** Where to listen: an address of this machine on its LAN unless another is given. */
async function parsePlace(
  { host, program }: CommandContext,
  text: string,
): Promise<{ readonly address: string; readonly port: number }> {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/
    .exec(text) ?? [];
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if ((bracketed === undefined && plain === undefined) || port > 65535) {
    throw new LocalTlsError("USAGE", `Cannot listen on "${text}": it is no HOST:PORT`, {
      hints: [`${program} share --serve 172.16.99.32:8088`],
    });
  }
  const given = bracketed ?? plain ?? "";
  if (given !== "") return { address: given, port };
  const [own] = await host.network.addresses();
  return { address: own ?? "127.0.0.1", port };
}

function parseTestUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "https:" && url.username === "") return url.href;
  throw new LocalTlsError("USAGE", `Cannot use "${text}" for a test: it is no https URL`);
}
