/**
 * The test of `share --serve`: an HTTPS page that opens without a warning where the root is trusted.
 *
 * The CA's key is opened once, before anything listens, for one leaf that is kept in memory and ends after two days.
 * {@link issueTestLeaf} returns PEM alone, so that the authority is out of reach of what answers requests.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { issueServerCertificate } from "../pki/issue.ts";
import { parseRequestedName } from "../pki/requested_name.ts";
import { send, type WebRequest, type WebResponse } from "../server/exchange.ts";
import { MAX_CONNECTIONS } from "../server/fixed_site.ts";
import { startHttp1Server } from "../server/http1/http1_server.ts";
import { LIMITS } from "../server/limits.ts";
import { type KeyPair, type SecureServer, startSecureServer } from "../server/secure_server.ts";
import { testPage } from "../share/page.ts";
import { languageOf } from "../share/visitor.ts";
import { requireClock } from "./clock.ts";
import { type CommandContext, openWorkplace } from "./context.ts";

/** The page is there for a day at most. */
const DAYS = 2;

/** What the test's page is made of. */
export interface TestSiteOptions {
  readonly keyPair: KeyPair;
  readonly address: string;
  readonly port: number;
  /** Name of the root. */
  readonly label: string;
}

/** A leaf for the address; undefined, with a warning, where the CA cannot or need not issue one. */
export async function issueTestLeaf(
  context: CommandContext,
  address: string,
): Promise<KeyPair | undefined> {
  const { host } = context;
  try {
    const { state } = await openWorkplace(context);
    const authority = await state.loadAuthority();
    if (authority === undefined) return undefined;
    await requireClock(context, state, authority);
    const names = [parseRequestedName(address).name];
    const issued = await issueServerCertificate(authority, { names, now: host.now(), days: DAYS });
    return { cert: issued.fullchainPem, key: issued.keyPem };
  } catch (error) {
    return withoutTest(context, error);
  }
}

/** Starts it. @returns Undefined, with a warning, where the port cannot be had. */
export async function startTestSite(
  context: CommandContext,
  { keyPair, address, port, label }: TestSiteOptions,
): Promise<SecureServer | undefined> {
  try {
    const site = {
      addresses: [address],
      port,
      keyPair,
      limits: { ...LIMITS, connections: MAX_CONNECTIONS },
      handler: (request: WebRequest, response: WebResponse) => {
        const page = testPage(label, languageOf(request.headers["accept-language"]));
        send(request, response, 200, {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
        }, page);
      },
    };
    return startHttp1Server(site) ?? await startSecureServer(site);
  } catch (error) {
    return withoutTest(context, error);
  }
}

function withoutTest(context: CommandContext, error: unknown): undefined {
  if (!(error instanceof LocalTlsError)) throw error;
  context.report({
    type: "warning",
    code: "NO_TEST_PAGE",
    message: [
      `the page has no test: ${error.message}`,
      ...error.hints,
      "or name a server: --test URL",
    ]
      .join("; "),
  });
  return undefined;
}
