/**
 * The clock, the browsers, and variables that change what clients trust.
 *
 * @module
 */

import type { Host } from "../../host/host.ts";
import { WRITTEN_ON } from "../../version.ts";
import { type Check, checksOf } from "../check.ts";

const { pass, note, warn, fail } = checksOf("machine");

const DAY_MS = 86_400_000;

const WRITTEN = Date.parse(WRITTEN_ON);
/** Days after which a clock is more likely wrong than this program old. */
const FAR_DAYS = 20 * 365;
/** Milliseconds that clocks of file systems and machines may differ. */
const SLACK_MS = 2 * 3_600_000;

/** Times that are known to be in the past. */
export interface PastTime {
  /** "the CA was made", "a certificate was issued". */
  readonly what: string;
  readonly ms: number;
}

/** Whether the clock can be right: certificates end by it. */
export function clockCheck(now: Date, past: readonly PastTime[]): Check {
  const at = now.getTime();
  const shown = now.toISOString().slice(0, 16).replace("T", " ");
  const details = {
    fix: "timedatectl",
    fixNote:
      "Shows the clock and whether it is kept; sudo timedatectl set-ntp true sets it by the network",
  };
  const latest = past.toSorted((a, b) => b.ms - a.ms)[0];
  if (latest !== undefined && latest.ms > at + SLACK_MS) {
    const when = new Date(latest.ms).toISOString().slice(0, 10);
    return fail(
      "clock",
      `The clock says ${shown} UTC, and ${latest.what} on ${when}: it was set back`,
      details,
    );
  }
  if (at < WRITTEN) return fail("clock", `The clock says ${shown} UTC, which is past`, details);
  if (at > WRITTEN + FAR_DAYS * DAY_MS) {
    return fail("clock", `The clock says ${shown} UTC, which is far in the future`, details);
  }
  return pass("clock", `The clock says ${shown} UTC`);
}

/** Programs of browsers, and their names. */
const BROWSERS: readonly (readonly [name: string, programs: readonly string[]])[] = [
  ["Chromium", ["chromium", "chromium-browser"]],
  ["Chrome", ["google-chrome", "google-chrome-stable"]],
  ["Edge", ["microsoft-edge", "microsoft-edge-stable"]],
  ["Brave", ["brave-browser"]],
  ["Vivaldi", ["vivaldi", "vivaldi-stable"]],
  ["Opera", ["opera"]],
  ["Firefox", ["firefox", "firefox-esr"]],
  ["LibreWolf", ["librewolf"]],
];

/** The browsers of this machine. */
export async function browserCheck(host: Host): Promise<Check> {
  const found = await Promise.all(BROWSERS.map(async ([name, programs]) => {
    for (const program of programs) {
      const path = await host.commands.find(program);
      if (path !== undefined) return [await firefoxVersion(host, name, path)];
    }
    return [];
  }));
  const names = found.flat();
  return names.length === 0
    ? note("browsers", "No browser was found on PATH")
    : pass("browsers", `Found: ${names.join(", ")}`);
}

/** Firefox's version stands in a file beside its program; others would have to be started. */
async function firefoxVersion(host: Host, name: string, path: string): Promise<string> {
  if (name !== "Firefox") return name;
  const real = await host.files.realPath(path).catch(() => undefined);
  const directories = [real?.replace(/\/[^/]*$/, ""), "/usr/lib/firefox-esr", "/usr/lib/firefox"];
  for (const directory of directories) {
    if (directory === undefined) continue;
    const ini = await host.files.read(`${directory}/application.ini`, 65_536).catch(() =>
      undefined
    );
    const version = /^Version=([\w.]{1,20})/m.exec(new TextDecoder().decode(ini))?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return name;
}

/** Variables that name a file of roots. */
const FILE_VARIABLES = [
  "SSL_CERT_FILE",
  "CURL_CA_BUNDLE",
  "REQUESTS_CA_BUNDLE",
  "NODE_EXTRA_CA_CERTS",
  "GIT_SSL_CAINFO",
  "DENO_CERT",
];

/** Variables that take trust away, or all checking. */
export async function variableChecks(host: Host): Promise<Check[]> {
  const checks: Check[] = [];
  for (const name of FILE_VARIABLES) {
    const path = host.env(name);
    if (path === undefined || await host.files.info(path) !== undefined) continue;
    checks.push(fail("environment", `${name} names "${path}", which is not there`, {
      fix: `unset ${name}`,
    }));
  }
  if (host.env("NODE_TLS_REJECT_UNAUTHORIZED") === "0") {
    checks.push(warn(
      "environment",
      "NODE_TLS_REJECT_UNAUTHORIZED=0: Node accepts every certificate, also an attacker's",
      { fix: "unset NODE_TLS_REJECT_UNAUTHORIZED" },
    ));
  }
  return checks;
}
