/**
 * `--probe`: the clients that are installed, started against the URL, in their own words.
 *
 * @module
 */

import { redact } from "../input_text.ts";
import type { Host, RunResult } from "../host/host.ts";
import type { ClientId } from "./tls/offers.ts";

/** What a real client said. */
export interface ProbeReport {
  readonly name: string;
  /** Its program; absent where it is not installed. */
  readonly program?: string;
  readonly verdict: "accepts" | "refuses" | "not-installed" | "unclear";
  /** Its own words, one line. */
  readonly words?: string;
}

/** How a client is started, and its words read. */
interface Probe {
  readonly client: ClientId;
  readonly name: string;
  /** The first that is found. */
  readonly programs: readonly string[];
  words(url: string, scratch: string): readonly string[];
  /** The reason in what it wrote; undefined for a success. */
  refusal(result: RunResult, text: string): string | undefined;
  /** Whether it fetched the page; default: it says nothing against it. */
  hasLoaded?(result: RunResult): boolean;
}

/** Milliseconds. A browser's first start in a new profile takes some seconds. */
const PROBE_MS = 40_000;

const NODE = `fetch(process.argv[1]).then(()=>{},(e)=>{` +
  `console.error((e.cause?.code??e.code??"")+" "+(e.cause?.message??e.message));process.exit(1)})`;

const PYTHON = `
import ssl, socket, sys, urllib.parse
u = urllib.parse.urlsplit(sys.argv[1])
try:
    c = ssl.create_default_context()
    with socket.create_connection((u.hostname, u.port or 443), 15) as s:
        c.wrap_socket(s, server_hostname=u.hostname)
except Exception as e:
    sys.exit(str(e))
`;

/** Java's source launcher runs a file: JEP 330, Java 11. */
export const JAVA_PROBE = `
public class Probe {
  public static void main(String[] a) throws Exception {
    try {
      var c = (java.net.HttpURLConnection) new java.net.URI(a[0]).toURL().openConnection();
      c.setConnectTimeout(15000); c.setReadTimeout(15000); c.getResponseCode();
    } catch (java.io.IOException e) { System.err.println(e); System.exit(1); }
  }
}
`;

const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";

const PROBES: readonly Probe[] = [
  {
    client: "chromium",
    name: "Chromium",
    programs: [
      "chromium",
      "chromium-browser",
      "google-chrome",
      "google-chrome-stable",
      "microsoft-edge",
    ],
    words: (url, scratch) => [
      "--headless",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--dump-dom",
      `--user-data-dir=${scratch}`,
      url,
    ],
    refusal: ({ stderr }) => /Page load failed: net::(ERR_[A-Z0-9_]+)/.exec(stderr)?.[1],
    hasLoaded: ({ stdout }) => stdout.length > 0,
  },
  {
    client: "curl",
    name: "curl",
    programs: ["curl"],
    words: (url) => ["-sS", "-o", "/dev/null", "--max-time", "15", url],
    refusal: ({ code }, text) => code === 0 ? undefined : text.trim().split("\n", 1)[0]!,
  },
  {
    client: "node",
    name: "Node",
    programs: ["node"],
    words: (url) => ["-e", NODE, url],
    refusal: ({ code }, text) => code === 0 ? undefined : lastLine(text),
  },
  {
    client: "python",
    name: "Python",
    programs: ["python3"],
    words: (url) => ["-c", PYTHON, url],
    refusal: ({ code }, text) => code === 0 ? undefined : lastLine(text),
  },
  {
    client: "java",
    name: "Java",
    programs: ["java"],
    words: (url, scratch) => [`${scratch}/Probe.java`, url],
    refusal: ({ code }, text) => code === 0 ? undefined : lastLine(text),
  },
];

/** Starts every client. @param scratch A new directory, which the caller removes. */
export async function probeClients(
  host: Host,
  url: string,
  scratch: string,
): Promise<ProbeReport[]> {
  return await Promise.all(PROBES.map((probe) => runProbe(host, probe, url, scratch)));
}

async function runProbe(
  host: Host,
  probe: Probe,
  url: string,
  scratch: string,
): Promise<ProbeReport> {
  const { name, programs } = probe;
  let program: string | undefined;
  for (const candidate of programs) program ??= await host.commands.find(candidate);
  if (program === undefined) return { name, verdict: "not-installed" };
  // Chromium refuses to run as root inside its own sandbox.
  const extra = probe.client === "chromium" && host.user?.uid === 0 ? ["--no-sandbox"] : [];
  const argv = [program, ...extra, ...probe.words(url, `${scratch}/${probe.client}`)];
  const result = await host.commands.run(argv, { timeoutMs: PROBE_MS });
  if (result.outcome !== "exited") {
    return { name, program, verdict: "unclear", words: result.outcome };
  }
  const text = new TextDecoder().decode(result.stdout) + result.stderr;
  const words = probe.refusal(result, text);
  if (words !== undefined) {
    return { name, program, verdict: "refuses", words: redact(words, 300) };
  }
  const hasLoaded = probe.hasLoaded?.(result) ?? true;
  return { name, program, verdict: hasLoaded ? "accepts" : "unclear" };
}
