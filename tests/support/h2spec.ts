/**
 * h2spec, a conformance suite of HTTP/2 (RFC 9113) and HPACK (RFC 7541).
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { suiteFile } from "./conformance.ts";
import { run } from "./processes.ts";

/** What it found. */
export interface H2Results {
  readonly passed: readonly string[];
  /** Cases that the server is not told to allow or that it gives no occasion for. */
  readonly skipped: readonly string[];
  /** What was expected and what came, by case. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Seconds that it waits for a frame. */
const FRAME_SECONDS = 2;

/** On a busy machine a frame may come too late: where the result is not as expected, the suite is run again. */
const TRIES = 3;

/**
 * Runs all cases against a server on this machine.
 * @param report A file to write.
 * @param expected The cases that are known to fail.
 */
export async function runH2spec(
  port: number,
  report: string,
  expected: readonly string[],
): Promise<H2Results> {
  for (let i = 1;; i++) {
    const results = await runOnce(port, report);
    const { failed } = results;
    const isExpected = failed.size === expected.length &&
      expected.every((name) => failed.has(name));
    if (isExpected || i === TRIES) return results;
  }
}

async function runOnce(port: number, report: string): Promise<H2Results> {
  const argv = [
    suiteFile("h2spec", "h2spec"),
    "--tls",
    "--insecure",
    `--port=${port}`,
    `--timeout=${FRAME_SECONDS}`,
    `--junit-report=${report}`,
  ];
  const { code, stdout, stderr } = await run(argv, { timeoutMs: 50_000 });
  // 1: cases have failed.
  if (code > 1) throw new Error(`h2spec ended with ${code}\n${stdout}${stderr}`);
  return parseReport(readFileSync(report, "utf8"));
}

/** Not by an XML parser: it writes octets of frames as they are, which XML does not allow. */
function parseReport(xml: string): H2Results {
  const passed: string[] = [];
  const skipped: string[] = [];
  const failed = new Map<string, string>();
  const cases = /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;
  for (const [, section = "", title = "", content = ""] of xml.matchAll(cases)) {
    const name = `${section} ${title.replaceAll("&#34;", '"')}`;
    const [, kind, text = ""] = /<(\w+)>?([\s\S]*)/.exec(content) ?? [];
    if (kind === undefined) passed.push(name);
    else if (kind === "skipped") skipped.push(name);
    else failed.set(name, text.replace(/<\/\w+>\s*$/, ""));
  }
  return { passed, skipped, failed };
}
