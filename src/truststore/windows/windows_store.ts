/**
 * A Root store of Windows, the user's or the machine's.
 *
 * Windows asks for every change of the user's store in a window of its own, the Security Warning, which nobody sees on
 * a build machine: it is announced, waited for with a limit, and never taken for done. The machine's store asks nobody
 * and needs an administrator.
 *
 * @module
 */

import { type ErrorCode, LocalTlsError } from "../../errors.ts";
import { quoteWindowsCommand } from "../../host/windows_words.ts";
import { checkAnchorCopy } from "../anchor_copy.ts";
import { isOwnForm } from "../own_form.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreChange,
  StoreKind,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { toolError } from "../tool.ts";
import {
  addCommand,
  deleteCommand,
  type Location,
  lookFor,
  outcomeOf,
  thumbprint,
} from "./certutil.ts";
import type { WindowsTools } from "./tools.ts";

/** Milliseconds for somebody to see a window, compare a thumbprint and answer. */
const ANSWER_TIMEOUT_MS = 120_000;
/** Milliseconds where nobody can be asked, and for the machine's store, which opens no window. */
const SHORT_TIMEOUT_MS = 20_000;
/** Milliseconds for `reg query`. */
const REGISTRY_TIMEOUT_MS = 10_000;

/** The names of the stores in the ledger: their paths in PowerShell. */
export const STORE_PATHS: Readonly<Record<Location, string>> = {
  user: "Cert:\\CurrentUser\\Root",
  machine: "Cert:\\LocalMachine\\Root",
};

/** Where crypt32 keeps the roots that are the user's own (CERT_SYSTEM_STORE_CURRENT_USER). */
const USER_ROOTS = "HKCU\\Software\\Microsoft\\SystemCertificates\\Root\\Certificates";

/** A Root store, and how its tools are reached. */
export interface WindowsTarget {
  readonly kind: StoreKind;
  readonly location: Location;
  readonly tools: WindowsTools;
  /** Said after a certificate was added. */
  readonly advice?: () => Promise<NonNullable<StoreChange["warnings"]>>;
}

/** The trust store on a Root store. */
export function createWindowsStore(
  { host, announce }: Pick<DiscoverContext, "host" | "announce">,
  { kind, location, tools, advice }: WindowsTarget,
): TrustStore {
  const label = `Windows (${location} Root store)`;

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const { root, disallowed } = await lookFor(tools, location, anchor);
    if (!root) return { state: "absent" };
    if (!disallowed) return { state: "trusted" };
    const command = deleteCommand(
      location,
      tools.shownCertutil,
      await thumbprint(anchor),
      "Disallowed",
    );
    return {
      state: "broken",
      reason: "It stands among the untrusted certificates (Disallowed) as well, and that counts",
      hint: quoteWindowsCommand(command),
    };
  }

  /**
   * Runs a change that may open a window. Throws what its exit code and the time it took say.
   * @param shown The same, to paste. @param silent What an administrator can do that opens no window.
   */
  async function change(
    argv: readonly string[],
    purpose: string,
    shown: readonly string[],
    silent: readonly string[] = shown,
  ): Promise<void> {
    const asks = location === "user";
    const canAnswer = asks && host.terminal.interactive;
    const timeoutMs = canAnswer ? ANSWER_TIMEOUT_MS : SHORT_TIMEOUT_MS;
    const result = await host.commands.run(argv, { timeoutMs });
    const fail = (code: ErrorCode, state: string, hint: string) =>
      new LocalTlsError(code, `Cannot ${purpose}: ${state}`, { hints: [hint] });
    const again = quoteWindowsCommand(shown);
    const elevated = quoteWindowsCommand(silent);
    const isHelped = silent !== shown;
    const instead = isHelped ? "; an administrator's prompt needs none" : "";
    switch (outcomeOf(result)) {
      case "done":
        return;
      case "cancelled":
        throw fail("CANCELLED", "the Security Warning of Windows was not answered with Yes", again);
      case "access-denied":
        if (!asks) {
          const state =
            "an administrator is needed (paste this into a prompt opened with Run as administrator)";
          throw fail("NEEDS_ROOT", state, elevated);
        }
        // There is no desktop to show the warning on: a service, a session over SSH.
        throw fail(
          isHelped ? "NEEDS_ROOT" : "TOOL_FAILED",
          `Windows cannot show its Security Warning here${instead}`,
          elevated,
        );
    }
    if (result.outcome === "timed-out" && asks) {
      const state = `nobody answered the Security Warning of Windows within ${timeoutMs / 1000} s`;
      // Without a person the window would open again: in a prompt of an administrator it does not.
      if (canAnswer) throw fail("TOOL_TIMEOUT", state, again);
      throw fail("TOOL_TIMEOUT", state + instead, elevated);
    }
    throw toolError(argv, result, { purpose, hints: [again] }, { timeoutMs });
  }

  async function warnOfWindow(anchor: TrustAnchor, question: string): Promise<void> {
    if (location !== "user") return;
    const sha1 = (await thumbprint(anchor)).toUpperCase().replaceAll(/.{8}(?=.)/g, "$& ");
    announce?.(`Windows asks in a window whether to ${question} the root with thumbprint ${sha1}`);
  }

  async function add(anchor: TrustAnchor): Promise<StoreChange> {
    if (!anchor.certificate.selfIssued) {
      throw new LocalTlsError(
        "STORE_UNAVAILABLE",
        `Cannot trust the certificate in ${label}: it is not self-signed, and Windows ends no path at it`,
        { hints: ["Trust the CA that issued it"] },
      );
    }
    await checkAnchorCopy(host, anchor);
    const file = await tools.windowsPath(anchor.file);
    await warnOfWindow(anchor, "trust");
    await change(
      addCommand(location, tools.certutil, file),
      `add the certificate to ${label}`,
      addCommand(location, tools.shownCertutil, file),
      location === "user" ? addCommand("machine", tools.shownCertutil, file) : undefined,
    );
    const warnings = await advice?.() ?? [];
    return warnings.length === 0 ? {} : { warnings };
  }

  /** Windows' stores have no place for a mark. */
  function holdsMark(anchor: TrustAnchor): Promise<boolean> {
    return Promise.resolve(!anchor.isPublic && (location === "user" || isOwnForm(anchor)));
  }

  async function remove(anchor: TrustAnchor): Promise<StoreChange> {
    const sha1 = await thumbprint(anchor);
    const purpose = `take the certificate out of ${label}`;
    // What the user's store shows may be the machine's, which a deletion "from the user's store" would reach, too.
    const inMachine = location === "user" && (await lookFor(tools, "machine", anchor)).root;
    if (!inMachine || await isUsersOwn(sha1)) {
      await warnOfWindow(anchor, "delete");
      const shown = deleteCommand(location, tools.shownCertutil, sha1);
      await change(deleteCommand(location, tools.certutil, sha1), purpose, shown);
    }
    if (!inMachine) return {};
    throw new LocalTlsError(
      "NEEDS_ROOT",
      `Cannot ${purpose}: it stands in the machine's Root store, and an administrator is needed`,
      { hints: [quoteWindowsCommand(deleteCommand("machine", tools.shownCertutil, sha1))] },
    );
  }

  /** Whether the user's own store holds it, in the machine's shadow; certutil cannot tell the two apart. */
  async function isUsersOwn(sha1: string): Promise<boolean> {
    const argv = [tools.reg, "query", `${USER_ROOTS}\\${sha1.toUpperCase()}`];
    const run = { timeoutMs: REGISTRY_TIMEOUT_MS };
    const result = await host.commands.run(argv, run);
    if (result.outcome === "exited" && result.code <= 1) return result.code === 0;
    throw toolError(argv, result, { purpose: `read the user's Root store` }, run);
  }

  async function plan(wanted: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    const argv = wanted === "add"
      ? addCommand(
        location,
        tools.certutil,
        // Not there yet, perhaps: then nothing can translate its path.
        await tools.windowsPath(anchor.file).catch(() => anchor.file),
      )
      : deleteCommand(location, tools.certutil, await thumbprint(anchor));
    return [{ type: "run", argv, root: location === "machine" }];
  }

  return { kind, label, path: STORE_PATHS[location], state, plan, add, holdsMark, remove };
}
