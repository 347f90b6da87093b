/**
 * `share --serve`: a page on which other machines and phones get the root, for as long as they need.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { PackageFile } from "../share/package.ts";
import type { SharedRoot } from "../share/root.ts";
import type { CommandContext } from "./context.ts";
import { type CommandResult, EXIT, type ShareDocument } from "./documents.ts";

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
  const { downloads, sharePage, terminalCode } = await import("../share/page.ts");
  const { startFixedSite } = await import("../server/fixed_site.ts");
  const pages: Map<string, { type: string; content: Uint8Array | string; download?: string }> =
    downloads(files, archive);
  const visitors = new Set<string>();
  const site = await startFixedSite({
    address,
    port,
    pages,
    onVisit: (visit) => {
      visitors.add(visit.address);
      const message = `${visit.address} ${visit.path} ${visit.status}`;
      context.report({ type: "progress", message });
    },
  });
  // "All addresses" is none that a phone could open.
  const [own = "127.0.0.1"] = /^(?:0\.0\.0\.0|::)$/.test(address)
    ? await host.network.addresses()
    : [address];
  const shownHost = own.includes(":") ? `[${own}]` : own;
  const url = `http://${shownHost}:${site.port}/`;
  pages.set("/", {
    type: "text/html; charset=utf-8",
    content: sharePage({ root, url, testUrl }),
  });
  context.report({ type: "progress", message: `\n${terminalCode(url)}` });
  context.report({
    type: "notice",
    message: `the root is at ${url}\nSHA-256 ${root.sha256}, to compare over another way`,
  });
  const stop = host.stopSignal();
  await host.sleep(flags.forMs ?? MAX_FOR_MS, stop);
  await site.close();
  return {
    document: {
      command: "share",
      ok: true,
      url,
      sha256: root.sha256,
      files: files.map(({ name }) => name),
      visitors: [...visitors],
    },
    exitCode: EXIT.done,
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
