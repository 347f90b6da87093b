/**
 * Clients that fetch many URLs one after the other and say of each why not: a process for all of them.
 *
 * @module
 */

import type { Browser } from "./browser.ts";
import { missingChromium, startChromium } from "./chromium.ts";
import { missingFirefox, startFirefox } from "./firefox.ts";
import { scriptFile } from "./https_client.ts";
import { inParallel } from "./in_parallel.ts";
import type { NetworkHost } from "./netns.ts";
import { findProgram, mustRun } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

/** Of one URL: undefined where it was fetched, else the client's own words. */
export type Refusals = ReadonlyMap<string, string | undefined>;

/** Where and as whom they run. */
export interface BatchContext {
  readonly host: NetworkHost;
  readonly home: string;
  /** Roots for the clients that have to be told. */
  readonly rootsFile: string;
}

/** A client. */
export interface BatchClient {
  readonly name: string;
  readonly missing: string | false;
  fetchAll(urls: readonly string[], context: BatchContext): Promise<Refusals>;
}

const python = scriptFile(
  "batch.py",
  `
import json, sys, urllib.request
from concurrent.futures import ThreadPoolExecutor
def fetch(url):
    try:
        urllib.request.urlopen(url, timeout=10).read()
    except Exception as error:
        return [url, str(error)]
    return [url, None]
print(json.dumps(list(ThreadPoolExecutor(4).map(fetch, json.load(sys.stdin)))))
`,
);

const node = scriptFile(
  "batch.mjs",
  `
const urls = JSON.parse(await new Response(process.stdin).text());
const results = [];
for (const url of urls) {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(10000) })).text();
    results.push([url, null]);
  } catch (error) {
    results.push([url, [error.message, error.cause?.code, error.cause?.message].join(" ")]);
  }
}
console.log(JSON.stringify(results));
process.exit(0);
`,
);

const java = scriptFile(
  "Batch.java",
  `
import java.net.*;
import java.util.*;
public class Batch {
  public static void main(String[] args) throws Exception {
    Scanner input = new Scanner(System.in);
    while (input.hasNextLine()) {
      String url = input.nextLine(), error = "-";
      try {
        HttpURLConnection connection = (HttpURLConnection) new URI(url).toURL().openConnection();
        connection.setConnectTimeout(10000);
        connection.setReadTimeout(10000);
        connection.getInputStream().readAllBytes();
      } catch (Exception exception) { error = String.valueOf(exception).replace("\\n", " "); }
      System.out.println(url + "\\t" + error);
    }
  }
}
`,
);

/** Clients that are programs. */
function scripted(
  name: string,
  program: string,
  script: () => string,
  env: (context: BatchContext) => Readonly<Record<string, string>> = () => ({}),
): BatchClient {
  return {
    name,
    missing: findProgram(program) === undefined && `${program} is not installed`,
    async fetchAll(urls, context) {
      const { code, stdout, stderr } = await context.host.exec([program, script()], {
        env: { HOME: context.home, ...env(context) },
        input: JSON.stringify(urls),
        timeoutMs: 120_000,
      });
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${stdout}${stderr}`);
      const results = JSON.parse(stdout) as [string, string | null][];
      return new Map(results.map(([url, error]) => [url, error ?? undefined]));
    },
  };
}

const curl: BatchClient = {
  name: "curl",
  missing: findProgram("curl") === undefined && "curl is not installed",
  async fetchAll(urls, { host, home }) {
    const results = new Map<string, string | undefined>();
    await inParallel(4, urls, async (url) => {
      const { code, stderr } = await host.exec(["curl", "-sS", "--max-time", "10", url], {
        env: { HOME: home },
      });
      results.set(url, code === 0 ? undefined : stderr.trim());
    });
    return results;
  },
};

const javaClient: BatchClient = {
  name: "Java",
  missing: findProgram("javac") === undefined && "there is no JDK",
  async fetchAll(urls, { host, home }) {
    const classes = scratchDirectory("java");
    await mustRun(["javac", "-d", classes, java()]);
    const { stdout } = await host.exec(["java", "-cp", classes, "Batch"], {
      env: { HOME: home },
      input: `${urls.join("\n")}\n`,
      timeoutMs: 120_000,
    });
    return new Map(
      stdout.trim().split("\n").map((line) => {
        const [url = "", error = ""] = line.split("\t");
        return [url, error === "-" ? undefined : error];
      }),
    );
  },
};

function browserClient(
  name: string,
  missing: string | false,
  start: (context: BatchContext) => Promise<Browser>,
  tabs: number,
): BatchClient {
  return {
    name,
    missing,
    async fetchAll(urls, context) {
      const browser = await start(context);
      try {
        const results = new Map<string, string | undefined>();
        await inParallel(tabs, urls, async (url) => {
          results.set(url, await refusalOf(browser, url));
        });
        return results;
      } finally {
        await browser.close();
      }
    },
  };
}

/**
 * The server's alert and the end of its connection race in Chromium: where the end is seen first, and the machine is
 * busy, it says that instead of the reason.
 */
const RACE = "net::ERR_SOCKET_NOT_CONNECTED";

async function refusalOf(browser: Browser, url: string): Promise<string | undefined> {
  for (let time = 0;; time++) {
    const { errorText } = await browser.open(url);
    if (errorText !== RACE || time === 5) return errorText;
  }
}

/** Every client that a verdict is printed for. */
export function batchClients(): BatchClient[] {
  return [
    browserClient("Chromium", missingChromium(), startChromium, 4),
    browserClient("Firefox", missingFirefox(), startFirefox, 1),
    curl,
    scripted("Node", "node", node, ({ rootsFile }) => ({ NODE_EXTRA_CA_CERTS: rootsFile })),
    scripted("Python", "python3", python),
    javaClient,
  ];
}
