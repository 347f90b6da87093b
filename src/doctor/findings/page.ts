/**
 * What a browser makes of a page of one origin that calls the server: mixed content, the networks on both sides, CORS
 * (Fetch, 3.2 and 4.8).
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { quoteInput } from "../../input_text.ts";
import { type Adviser, configCommand, configLines, replaceCertificate } from "../advice.ts";
import { type Check, checksOf } from "../check.ts";
import { askHttp, type HttpAnswer } from "../network/http_exchange.ts";
import { addressSpace, networkChecks } from "./page_networks.ts";

const { pass, note, warn, fail, skip } = checksOf("page");

/** Milliseconds for a request. */
const REQUEST_MS = 8_000;

/** What is asked on behalf of the page: a JSON body makes a browser ask first. */
const METHOD = "POST";
const HEADER = "content-type";

/** Reads `--origin`. Throws USAGE. */
export function parsePageOrigin(text: string): URL {
  const url = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.username !== "" || url.password !== "") {
    throw new LocalTlsError(
      "USAGE",
      `Cannot use "${text}" as an origin: write scheme, host and port`,
      {
        hints: ["--origin http://172.16.99.40:8000"],
      },
    );
  }
  return url;
}

/** Checks of the page. @param reachable Whether requests make sense at all. */
export async function pageChecks(
  adviser: Adviser,
  page: URL,
  reachable: boolean,
): Promise<Check[]> {
  const { target } = adviser;
  const checks = [...contextChecks(adviser, page)];
  if (page.origin === target.origin) {
    return [...checks, pass("cors-answer", "Page and server are of one origin: no CORS is needed")];
  }
  if (!reachable) {
    return [...checks, skip("cors-answer", "The server cannot be asked: CORS was not looked at")];
  }
  const [preflight, answer] = await Promise.all([
    askHttp({
      url: target.url,
      method: "OPTIONS",
      headers: {
        Origin: page.origin,
        "Access-Control-Request-Method": METHOD,
        "Access-Control-Request-Headers": HEADER,
      },
      timeoutMs: REQUEST_MS,
    }),
    askHttp({
      url: target.url,
      method: "GET",
      headers: { Origin: page.origin },
      timeoutMs: REQUEST_MS,
    }),
  ]);
  return [
    ...checks,
    preflightCheck(adviser, page, preflight),
    ...answerChecks(adviser, page, answer),
  ];
}

/** What the schemes and the networks decide, without a request. */
function contextChecks(adviser: Adviser, page: URL): Check[] {
  const { target } = adviser;
  const checks: Check[] = [];
  if (page.protocol === "https:" && !target.secure) {
    checks.push(mixedContentCheck(adviser));
  } else if (page.protocol === "http:" && target.secure) {
    checks.push(pass("mixed-content", "An http page may call https"));
  }
  if (page.protocol === "http:" && addressSpace(page.hostname) !== "loopback") {
    checks.push(note(
      "secure-context",
      `The page at ${page.origin} is no secure context: no service workers, no camera, no crypto.subtle, ` +
        "and its cookies cannot be Secure",
      {
        fix: `${adviser.program} setup ${page.hostname}`,
        fixNote: "On the machine that serves the page, to serve it over https as well",
      },
    ));
  }
  checks.push(...networkChecks(page, target.host));
  return checks;
}

/**
 * Mixed Content, 4.4: loopback addresses count as secure. Chromium (156, with Local Network Access) also lets calls to
 * addresses of local networks pass, with a warning; Firefox does not, and names are blocked by both.
 */
function mixedContentCheck(adviser: Adviser): Check {
  const { target } = adviser;
  const space = addressSpace(target.host);
  if (space === "loopback") {
    return pass("mixed-content", "An https page may call http on this machine itself");
  }
  const clients = space === "local" ? ["Firefox"] : ["Chromium", "Firefox"];
  const who = clients.join(" and ");
  return fail(
    "mixed-content",
    `${who} ${clients.length === 1 ? "blocks" : "block"} the call: the page is https, and ` +
      `${target.origin} is http (mixed content)`,
    { ...configLines(adviser), clients },
  );
}

/** The lines for nginx are those of a certificate that was issued here: on another machine that is not known. */
function corsFix(adviser: Adviser, page: URL) {
  const called = { ...adviser, origin: page.origin };
  const clients = ["Chromium", "Firefox"];
  if (adviser.isHere && adviser.issued === undefined) {
    return { ...replaceCertificate(called), clients };
  }
  return {
    fix: configCommand(called),
    fixNote:
      "On the server; it prints the lines for nginx, with CORS for this page. Then reload the server",
    clients,
  };
}

function preflightCheck(adviser: Adviser, page: URL, answer: HttpAnswer | undefined): Check {
  const id = "cors-preflight";
  if (answer === undefined) return skip(id, "The server did not answer a preflight (OPTIONS)");
  const details = corsFix(adviser, page);
  const { status } = answer;
  if (status >= 300 && status < 400) {
    return fail(
      id,
      `The server redirects a preflight (${status}), which browsers do not follow (PreflightDisallowedRedirect)`,
      details,
    );
  }
  const missing = originFault(answer, page, "Preflight");
  if (status < 200 || status > 299) {
    const why = status === 401 || status === 403
      ? ": it wants credentials, and a preflight never carries any"
      : "";
    return fail(
      id,
      `The server answers a preflight (OPTIONS) with ${status}${why} (PreflightInvalidStatus)`,
      details,
    );
  }
  if (missing !== undefined) return fail(id, `To a preflight ${missing}`, details);
  const headers = tokens(answer, "access-control-allow-headers");
  if (!headers.includes(HEADER) && !headers.includes("*")) {
    return warn(
      id,
      `The server's Access-Control-Allow-Headers leaves out ${HEADER}: a page cannot send JSON`,
      details,
    );
  }
  return pass(id, `A preflight from ${page.origin} is answered with ${status}`);
}

function answerChecks(adviser: Adviser, page: URL, answer: HttpAnswer | undefined): Check[] {
  const id = "cors-answer";
  if (answer === undefined) return [skip(id, "The server did not answer over HTTP")];
  const fault = originFault(answer, page, "");
  if (fault !== undefined) {
    return [fail(id, `To a request ${fault}`, corsFix(adviser, page))];
  }
  const [allowed] = answer.headers.get("access-control-allow-origin") ?? [];
  const checks = [pass(id, `The answer may be read by ${page.origin}`)];
  if (allowed !== "*" && !tokens(answer, "vary").includes("origin")) {
    checks.push(note(
      "cors-vary",
      "The answer does not say Vary: Origin: a cache may give it to a page of another origin",
      corsFix(adviser, page),
    ));
  }
  const credentials = answer.headers.get("access-control-allow-credentials")?.[0] === "true";
  if (credentials && allowed === "*") {
    checks.push(warn(
      "cors-credentials",
      "The server allows credentials and every origin: browsers refuse requests with cookies then",
      corsFix(adviser, page),
    ));
  }
  return checks;
}

/** Fetch, 4.9 (CORS check). @param kind Chromium's names begin with it. @returns the rest of a sentence; undefined where the origin is allowed. */
function originFault(answer: HttpAnswer, page: URL, kind: "Preflight" | ""): string | undefined {
  const values = answer.headers.get("access-control-allow-origin") ?? [];
  const [value] = values;
  if (value === undefined) {
    return `the server sends no Access-Control-Allow-Origin (${kind}MissingAllowOriginHeader)`;
  }
  if (values.length > 1 || value.includes(",")) {
    return `the server sends several values of Access-Control-Allow-Origin (${kind}MultipleAllowOriginValues): ${
      values.map(quoteInput).join(", ")
    }`;
  }
  if (value === "*" || value === page.origin) return undefined;
  return `the server allows the origin ${
    quoteInput(value)
  }, and the page's is "${page.origin}" (${kind}AllowOriginMismatch)`;
}

function tokens(answer: HttpAnswer, header: string): string[] {
  return (answer.headers.get(header) ?? []).flatMap((value) =>
    value.split(",").map((word) => word.trim().toLowerCase())
  );
}
