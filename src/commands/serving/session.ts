/**
 * The time in which a server runs: its certificate is looked after, and the user ends it.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { exceptionText } from "../../input_text.ts";
import type { OwnHosts } from "../../server/own_hosts.ts";
import type { SecureServer } from "../../server/secure_server.ts";
import type { CommandContext, ReportEvent } from "../context.ts";
import { EXIT } from "../documents.ts";
import type { KeySource } from "./key_source.ts";

/**
 * Milliseconds between looks at the certificate, by the clock on the wall: a laptop that slept for a month, or has moved
 * to another network, serves a good one soon after.
 */
const CHECK_MS = 15_000;

/** Milliseconds for requests that are under way when the server is to end. */
const GRACE_MS = 10_000;

/**
 * How often, and milliseconds between, a server that listens no longer tries to do so again: half a minute, in which an
 * address that went away with its network is often back.
 */
const LISTEN_TRIES = 30;
const LISTEN_WAIT_MS = 1_000;

/** What runs. */
export interface Session {
  readonly server: SecureServer;
  readonly source: KeySource;
  /** Follow the names of the certificate. */
  readonly hosts: OwnHosts;
  /** Ended before the server is. */
  readonly close?: () => void;
}

/** Runs until the user ends it. @returns The exit code. Throws NETWORK where it can listen no more. */
export async function runSession(
  context: CommandContext,
  { server, source, hosts, close }: Session,
): Promise<number> {
  const { host } = context;
  const stop = host.stopSignal();
  const report = (event: ReportEvent) => say(context, event);
  let told = "";
  while (!stop.aborted) {
    await host.sleep(CHECK_MS, stop);
    if (stop.aborted) break;
    if (!server.isListening) {
      try {
        await listenAgain(context, server, stop);
      } catch (error) {
        // Nobody reaches it any more: what is under way ends, and then it does.
        close?.();
        await server.close(GRACE_MS);
        throw error;
      }
    }
    try {
      const next = await source.next();
      if (next === undefined) continue;
      await server.replaceKeyPair(next);
      hosts.setNames(next.certificate.names);
      told = "";
      const until = next.certificate.notAfter.slice(0, 10);
      report({
        type: "progress",
        message: `another certificate is used now, until ${until}`,
      });
    } catch (error) {
      // The one in use goes on being used; the same trouble is told once.
      const message = exceptionText(error);
      if (message === told) continue;
      told = message;
      const code = error instanceof LocalTlsError ? error.code : "INTERNAL";
      report({
        type: "warning",
        code,
        message: `the certificate stays as it is: ${message}`,
      });
    }
  }
  report({
    type: "progress",
    message: "finishing what is under way; Ctrl-C ends it at once",
  });
  close?.();
  const finished = await server.close(GRACE_MS);
  if (!finished) {
    report({
      type: "warning",
      code: "CANCELLED",
      message: "requests that took too long were cut off",
    });
  }
  return EXIT.done;
}

/** Throws NETWORK after the last try. */
async function listenAgain(
  context: CommandContext,
  server: SecureServer,
  stop: AbortSignal,
): Promise<void> {
  const { host } = context;
  for (let tries = 1; !stop.aborted; tries++) {
    try {
      await server.listenAgain();
      say(context, { type: "progress", message: `it listens on port ${server.port} again` });
      return;
    } catch (error) {
      if (tries === LISTEN_TRIES) throw error;
      if (tries === 1) {
        const state = exceptionText(error);
        const message = `new connections are not taken, which is tried again: ${state}`;
        say(context, { type: "warning", code: "NETWORK", message });
      }
    }
    await host.sleep(LISTEN_WAIT_MS, stop);
  }
}

/** A disk that is full ends no server that could have said something. */
function say(context: CommandContext, event: ReportEvent): void {
  try {
    context.report(event);
  } catch {
    // Nobody hears it.
  }
}
