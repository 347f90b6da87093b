/**
 * Real headless Firefox.
 *
 * @module
 */

import { writeFileSync } from "node:fs";
import type { Browser, OpenOptions, VisitedPage } from "./browser.ts";
import { connectMarionette, type Marionette, MarionetteError } from "./marionette.ts";
import type { NetworkHost } from "./netns.ts";
import { findProgram, start, waitFor } from "./processes.ts";
import { requireSandbox } from "./sandbox.ts";

/** Options of {@link startFirefox}. */
export interface FirefoxOptions {
  /** Where its profiles are looked for. */
  readonly home: string;
  /** A profile directory; without it, the default profile of the home, as a person starts Firefox. */
  readonly profile?: string;
  /** The host it runs on. One Firefox at a time on each: the port is fixed. */
  readonly host?: NetworkHost;
}

/** Marionette's port, unless a profile's preferences say otherwise. */
const PORT = 2828;

/** Milliseconds until Firefox listens; its first start in a home makes a profile. */
const START_TIMEOUT_MS = 45_000;

/** Milliseconds for a page. */
const PAGE_TIMEOUT_MS = 30_000;

/** The text of a page, also of Firefox's own error pages, which stands in shadow trees. */
const READ_TEXT = `
  const read = (root) => {
    const own = root.innerText ?? [...root.children].map((child) => child.innerText).join("\\n");
    const shadows = [...root.querySelectorAll("*")].filter((element) => element.shadowRoot);
    return [own, ...shadows.map((element) => read(element.shadowRoot))].join("\\n");
  };
  return document.body === null ? "" : read(document.body).trim();
`;

/** Whether there is a Firefox; the reason to skip where there is none. */
export function missingFirefox(): string | false {
  return firefoxProgram() === undefined && "firefox is not installed";
}

/** Starts Firefox. */
export async function startFirefox(options: FirefoxOptions): Promise<Browser> {
  requireSandbox();
  const argv = [firefoxProgram() ?? "firefox", "--headless", "--marionette"];
  if (options.profile !== undefined) argv.push("--profile", options.profile);
  const environment = {
    HOME: options.home,
    XDG_CONFIG_HOME: undefined,
    XDG_CACHE_HOME: undefined,
    MOZ_CRASHREPORTER_DISABLE: "1",
  };
  const settings = { env: environment, cwd: options.home };
  const running = options.host === undefined
    ? start(argv, settings)
    : options.host.spawn(argv, settings);
  let marionette: Marionette;
  try {
    marionette = await waitFor(
      "Firefox to listen",
      () => connectMarionette(PORT, options.host).catch(() => undefined),
      START_TIMEOUT_MS,
    );
    await marionette.send("WebDriver:NewSession", {});
  } catch (error) {
    const { code } = await running.stop();
    throw new Error(`Firefox ended with ${code}: ${running.output()}`, { cause: error });
  }
  return {
    async open(url, openOptions = {}) {
      const { handle } = await marionette.send("WebDriver:NewWindow", { type: "tab" });
      await marionette.send("WebDriver:SwitchToWindow", { handle });
      return await visit(marionette, url, openOptions);
    },
    async screenshot(file) {
      const { value } = await marionette.send("WebDriver:TakeScreenshot", { full: false });
      writeFileSync(file, value, "base64");
    },
    async close() {
      // Asked first, so that it puts its databases in order.
      await marionette.send("Marionette:Quit", { flags: ["eForceQuit"] }).catch(() => {});
      await Promise.race([running.ended, new Promise((resolve) => setTimeout(resolve, 5_000))]);
      await marionette.close();
      await running.stop();
    },
  };
}

async function visit(
  marionette: Marionette,
  url: string,
  { until }: OpenOptions,
): Promise<VisitedPage> {
  const refusal = await marionette.send("WebDriver:Navigate", { url }).then(
    () => undefined,
    (error) => error instanceof MarionetteError ? error.message : Promise.reject(error),
  );
  const evaluate = async (script: string): Promise<string> => {
    const { value } = await marionette.send("WebDriver:ExecuteScript", { script, args: [] });
    return String(value ?? "");
  };
  const readText = () => evaluate(READ_TEXT);
  if (until !== undefined && refusal === undefined) {
    await waitFor(`the page ${url}`, async () => until.test(await readText()), PAGE_TIMEOUT_MS);
  }
  const text = await readText();
  const errorText = refusal === undefined ? undefined : await readErrorCode(evaluate, refusal);
  return { text, requests: [], console: [], ...(errorText !== undefined && { errorText }) };
}

/** The code of Firefox's error page for certificates or connections, or the kind of its other error pages. */
async function readErrorCode(
  evaluate: (script: string) => Promise<string>,
  refusal: string,
): Promise<string> {
  // The second is for what is not about certificates: SSL_ERROR_NO_CYPHER_OVERLAP, PR_END_OF_FILE_ERROR.
  const code = await evaluate(`
    for (const name of ["getFailedCertSecurityInfo", "getNetErrorInfo"]) {
      try {
        const text = document[name]().errorCodeString;
        if (text) return text;
      } catch {}
    }
    return "";
  `);
  return code !== "" ? code : /about:neterror\?e=(\w+)/.exec(refusal)?.[1] ?? refusal;
}

function firefoxProgram(): string | undefined {
  return findProgram("firefox-esr") ?? findProgram("firefox");
}
