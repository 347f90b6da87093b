/**
 * Real headless Chromium.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import type { Browser, FailedRequest, OpenOptions, VisitedPage } from "./browser.ts";
import { connectDevtools, type Devtools } from "./devtools_pipe.ts";
import type { NetworkHost } from "./netns.ts";
import { findProgram, start, waitFor } from "./processes.ts";
import { requireSandbox, scratchDirectory } from "./sandbox.ts";

/** Options of {@link startChromium}. */
export interface ChromiumOptions {
  /** Where its NSS database is looked for. The profile is new at every start all the same. */
  readonly home: string;
  /** The host it runs on. */
  readonly host?: NetworkHost;
  readonly flags?: readonly string[];
}

/** Milliseconds without any request after which a page is done. */
const QUIET_MS = 300;

/** Milliseconds for a page. */
const PAGE_TIMEOUT_MS = 30_000;

const FLAGS = [
  "--headless",
  "--remote-debugging-pipe",
  "--no-sandbox", // the tests are root
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
] as const;

/** Whether there is a Chromium; the reason to skip where there is none. */
export function missingChromium(): string | false {
  return findProgram("chromium") === undefined && "chromium is not installed";
}

/** Chromium, with what only it can do. */
export interface Chromium extends Browser {
  /** Sends a DevTools command to the page that was opened last. */
  command(method: string, params?: object): ReturnType<Devtools["send"]>;
}

/** Starts Chromium with a new profile. */
export async function startChromium(options: ChromiumOptions): Promise<Chromium> {
  requireSandbox();
  const argv = [
    "chromium",
    ...FLAGS,
    `--user-data-dir=${scratchDirectory("chromium")}`,
    ...(options.flags ?? []),
    "about:blank",
  ];
  const environment = { HOME: options.home, XDG_DATA_HOME: undefined, XDG_CONFIG_HOME: undefined };
  const settings = { env: environment, cwd: options.home, pipes: true };
  const running = options.host === undefined
    ? start(argv, settings)
    : options.host.spawn(argv, settings);
  const devtools = connectDevtools(running.pipes);
  let sessionId: string | undefined;
  try {
    await devtools.send("Browser.getVersion");
  } catch (error) {
    const { code } = await running.stop();
    throw new Error(`Chromium ended with ${code}: ${running.output()}`, { cause: error });
  }
  return {
    async open(url, openOptions = {}) {
      for (let time = 0;; time++) {
        const { targetId } = await devtools.send("Target.createTarget", { url: "about:blank" });
        const attached = await devtools.send("Target.attachToTarget", { targetId, flatten: true });
        sessionId = attached.sessionId as string;
        const page = await visit(devtools, sessionId, url, openOptions);
        if (!isBrokenOff(page) || time === 3) return page;
      }
    },
    command: (method, params) => devtools.send(method, params, sessionId),
    async screenshot(file) {
      const { data } = await devtools.send("Page.captureScreenshot", {}, sessionId);
      writeFileSync(file, data, "base64");
    },
    async close() {
      // Asked first, so that it puts its databases in order; it does not always answer.
      await Promise.race([
        devtools.send("Browser.close").catch(() => {}).then(() => running.ended),
        new Promise((resolve) => setTimeout(resolve, 3_000)),
      ]);
      await running.stop();
    },
  };
}

/**
 * Whether an address of the host came up or went meanwhile: Chromium then breaks off all that is under way, which says
 * nothing of the server.
 */
function isBrokenOff({ errorText, requests }: VisitedPage): boolean {
  return [errorText, ...requests.map((one) => one.errorText)].includes("net::ERR_NETWORK_CHANGED");
}

async function visit(
  devtools: Devtools,
  sessionId: string,
  url: string,
  { until }: OpenOptions,
): Promise<VisitedPage> {
  const requests: FailedRequest[] = [];
  const lines: string[] = [];
  const urls = new Map<string, string>();
  const underway = new Set<string>();
  let loaded = false;
  let lastChange = Date.now();
  const stopListening = devtools.listen(({ method, params, sessionId: from }) => {
    if (from !== sessionId) return;
    switch (method) {
      case "Page.loadEventFired":
        loaded = true;
        break;
      case "Network.requestWillBeSent":
        urls.set(params.requestId, params.request.url);
        underway.add(params.requestId);
        break;
      case "Network.loadingFinished":
        underway.delete(params.requestId);
        break;
      case "Network.loadingFailed":
        underway.delete(params.requestId);
        requests.push({
          url: urls.get(params.requestId) ?? "",
          errorText: params.errorText,
          ...(params.corsErrorStatus && { corsError: params.corsErrorStatus.corsError }),
        });
        break;
      case "Runtime.consoleAPICalled":
        lines.push(params.args.map((arg: { value?: unknown }) => String(arg.value)).join(" "));
        break;
      case "Log.entryAdded":
        lines.push(`${params.entry.level}: ${params.entry.text} ${params.entry.url ?? ""}`.trim());
        break;
    }
    lastChange = Date.now();
  });
  const readText = async (): Promise<string> => {
    const expression = "document.body?.innerText ?? ''";
    const { result } = await devtools.send("Runtime.evaluate", { expression }, sessionId);
    return String(result.value);
  };
  try {
    for (const domain of ["Page", "Network", "Runtime", "Log"]) {
      await devtools.send(`${domain}.enable`, {}, sessionId);
    }
    loaded = false; // that was the empty page
    const { errorText } = await devtools.send("Page.navigate", { url }, sessionId);
    let text = "";
    await waitFor(`the page ${url}`, async () => {
      const quiet = Date.now() - lastChange > QUIET_MS;
      if (until === undefined || errorText !== undefined) {
        return (loaded || errorText !== undefined) && quiet && underway.size === 0;
      }
      text = await readText();
      return until.test(text);
    }, PAGE_TIMEOUT_MS);
    text = await readText();
    return {
      text,
      requests,
      console: lines,
      ...(errorText !== undefined && { errorText }),
    };
  } finally {
    stopListening();
  }
}
