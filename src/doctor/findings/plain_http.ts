/**
 * A server that is called by plain HTTP.
 *
 * @module
 */

import { type Adviser, configLines } from "../advice.ts";
import { type Check, checksOf } from "../check.ts";
import { exchange } from "../network/dial.ts";
import { askHttp } from "../network/http_exchange.ts";
import { CONNECT_MS } from "../sight.ts";
import { describeUnreachable } from "../verdicts.ts";
import { pageChecks } from "./page.ts";

const { pass, note, fail } = checksOf("network");

/** Checks of an http:// URL. */
export async function plainHttpChecks(adviser: Adviser, page: URL | undefined): Promise<Check[]> {
  const { target } = adviser;
  const { host, port } = target;
  const [dialled, answer] = await Promise.all([
    exchange({ host, port }, {
      send: new Uint8Array(),
      // Only whether there is a connection: a server waits for a request, and none comes.
      timeoutMs: 1_000,
      maxBytes: 1,
      isEnough: () => true,
    }),
    askHttp({ url: target.url, method: "GET", headers: {}, timeoutMs: CONNECT_MS }),
  ]);
  const calls = async (reachable: boolean) =>
    page === undefined ? [] : await pageChecks(adviser, page, reachable);
  if (!dialled.connected && answer === undefined) {
    const message = describeUnreachable(target, dialled.fault ?? "failed");
    return [fail("tcp-connect", message), ...await calls(false)];
  }
  const connected = pass("tcp-connect", `${host} answers on port ${port}`);
  // nginx and Apache answer 400 to HTTP on a TLS port; others close.
  const speaksTls = answer === undefined ||
    (answer.status === 400 && /https|ssl|tls/i.test(answer.bodyStart));
  if (speaksTls) {
    const secure = `https://${target.url.host}${target.url.pathname}`;
    return [
      connected,
      fail("http-spoken", "The server does not speak HTTP on this port; it may be HTTPS", {
        fix: `${adviser.program} doctor ${secure}`,
      }),
      ...await calls(false),
    ];
  }
  return [
    connected,
    pass("http-spoken", `The server answers HTTP with ${answer.status}`),
    note(
      "http-plain",
      "Whatever is sent is read and changed by everybody on the way, and browsers call it not secure",
      configLines(adviser),
    ),
    ...await calls(true),
  ];
}
