/**
 * A keychain of macOS, changed through `security`.
 *
 * macOS keeps a certificate and its trust apart: the one is in a keychain, the other in the trust settings of the user
 * or of the machine. Clients want both, so both are read back, and its own verifier is asked as well.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { quoteCommand } from "../../host/shell_words.ts";
import { isSelfSigned } from "../../x509/signature.ts";
import { checkAnchorCopy } from "../anchor_copy.ts";
import { isOwnForm } from "../own_form.ts";
import { writeAsRoot } from "../root_file.ts";
import { rootCommands, type RootStep } from "../elevation.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreChange,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { runTool, TOOL_TIMEOUT_MS } from "../tool.ts";
import { checkSelector, type Held, type KeychainPlace, readPlace } from "./keychain_reader.ts";
import { inScratchDirectory } from "./scratch.ts";
import {
  createSecurityTool,
  explainFailure,
  prepareDialog,
  READ_TIMEOUT_MS,
} from "./security_tool.ts";
import { NO_SETTING, sha1Hex } from "./trust_settings.ts";
import { verifyAlone, verifyChain } from "./verify_cert.ts";

/** A directory that only root writes to, for the moment in which root's own tool reads the certificate. */
const ROOT_DIRECTORY = "/etc";

/** The keychain of the machine. */
export const SYSTEM_KEYCHAIN: KeychainPlace = {
  label: "System keychain",
  path: "/Library/Keychains/System.keychain",
  domain: "admin",
};

const NOTHING: Held = { inKeychain: false, setting: NO_SETTING };

/**
 * The store of a keychain.
 *
 * A user's clients also accept what the machine's keychain holds. So that counts for the user's store: nobody is asked
 * to trust once more what every user trusts already, and taking trust away takes it from both.
 */
export function createKeychainStore(context: DiscoverContext, own: KeychainPlace): TrustStore {
  const { host, elevation } = context;
  const tool = createSecurityTool(context);

  async function read(anchor: TrustAnchor): Promise<{ own: Held; machine: Held }> {
    const machine = own.domain === "admin"
      ? NOTHING
      // Without it, only what the user has counts.
      : await readPlace(context, tool, SYSTEM_KEYCHAIN, anchor).catch(() => NOTHING);
    return { own: await readPlace(context, tool, own, anchor), machine };
  }

  async function state(anchor: TrustAnchor): Promise<StoreState> {
    const held = await read(anchor);
    const byMachine = held.machine.inKeychain && held.machine.setting.verdict === "trust";
    if (!isSomething(held.own) && !byMachine) return { state: "absent" };
    // The user's settings come before the machine's (SecTrustSettings.h).
    const decided = held.own.setting.verdict !== "none" ? held.own.setting : held.machine.setting;
    if (decided.verdict === "deny") {
      return { state: "broken", reason: "the trust settings of macOS say never to trust it" };
    }
    if (decided.verdict === "none") {
      const reason = `it is in the ${own.label}, and nothing says that it is to be trusted`;
      return { state: "broken", reason };
    }
    if (!held.own.inKeychain && !held.machine.inKeychain) {
      const reason = `it is to be trusted, and the ${own.label} does not hold it`;
      return { state: "broken", reason };
    }
    const refused = await withCopy(anchor, (file) => verifyAlone(tool, file, anchor.role));
    if (refused !== undefined) {
      return { state: "broken", reason: `macOS refuses it nevertheless: ${refused}` };
    }
    if (isSomething(held.own)) return { state: "trusted" };
    return {
      state: "trusted",
      reason: `the ${SYSTEM_KEYCHAIN.label} holds it, for every user of this machine`,
    };
  }

  /** A copy that was written just now: the kept one may be gone, or be somebody else's by now. */
  async function withCopy<T>(
    anchor: TrustAnchor,
    work: (file: string) => Promise<T>,
  ): Promise<T> {
    return await inScratchDirectory(context, async (directory) => {
      const file = `${directory}/certificate.pem`;
      await host.files.write(file, anchor.pem, { mode: 0o644 });
      return await work(file);
    });
  }

  /**
   * trustRoot is for self-signed certificates and trustAsRoot for all others; the other way round macOS refuses the
   * setting (SecTrustSettings.h). By the policies of TLS and of bare X.509 alone, so that the CA is good for servers
   * and not for mail or programs; "basic" is what .NET and Homebrew's ca-certificates ask for.
   */
  async function addWords(anchor: TrustAnchor, file: string): Promise<string[]> {
    const result = await isSelfSigned(anchor.certificate) ? "trustRoot" : "trustAsRoot";
    return [
      ...["add-trusted-cert", ...domainFlag(own), "-r", result, "-p", "ssl", "-p", "basic"],
      ...["-k", own.path, file],
    ];
  }

  /** Trust goes first: a window that is cancelled then leaves everything as it was. */
  function removeWords(place: KeychainPlace, held: Held, sha1: string, file: string): string[][] {
    return [
      ...(held.setting.exists ? [["remove-trusted-cert", ...domainFlag(place), file]] : []),
      ...(held.inKeychain ? [["delete-certificate", "-Z", sha1, place.path]] : []),
    ];
  }

  /**
   * Runs one change. The command of the hint works on the copy that is kept.
   * @param copy The word that is the file of the anchor. Root gets one of its own: a user's could be exchanged.
   */
  async function change(
    place: KeychainPlace,
    words: readonly string[],
    shown: readonly string[],
    purpose: string,
    { pem, sha256 }: TrustAnchor,
    copy: string,
  ): Promise<void> {
    const isMachine = place.domain === "admin";
    const command = ["security", ...shown];
    const hints = isMachine ? await rootCommands(host, [command]) : [quoteCommand(command)];
    // Trust is what macOS asks about; a certificate alone comes and goes without a window.
    const asks = words[0] !== "delete-certificate" &&
      (!isMachine || await elevation.prefix() !== undefined);
    const timeoutMs = asks ? await prepareDialog(context, purpose) : TOOL_TIMEOUT_MS;
    try {
      if (isMachine) {
        const options = { timeoutMs, keepComplaints: true };
        const file = `${ROOT_DIRECTORY}/localtls-${sha256.slice(0, 16)}.pem`;
        const own = words.map((word) => word === copy ? file : word);
        const step: RootStep = ["security", ...own];
        if (!own.includes(file)) await elevation.run([step], purpose, options);
        else {
          try {
            await elevation.run([writeAsRoot(file, pem, []), step], purpose, options);
          } finally {
            await elevation.run([["rm", "-f", file]], purpose).catch(() => {});
          }
        }
      } else {
        await runTool(host, tool.argv(...words), {
          purpose,
          hints,
          timeoutMs,
          asRoot: context.user.byRoot,
        });
      }
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      const { code, message, cause } = error;
      throw await explainFailure(tool, new LocalTlsError(code, message, { hints, cause }), purpose);
    }
  }

  async function add(anchor: TrustAnchor): Promise<StoreChange> {
    await checkAnchorCopy(host, anchor);
    const words = await addWords(anchor, anchor.file);
    const before = await readPlace(context, tool, own, anchor);
    const purpose = `trust ${anchor.label} in the ${own.label}`;
    try {
      // Under sudo the tool is the user's own process, which may read the user's files.
      await change(own, words, words, purpose, anchor, anchor.file);
    } catch (error) {
      if (!before.inKeychain) await takeBack(anchor).catch(() => {});
      throw error;
    }
    return {};
  }

  /** The tool puts the certificate into the keychain before it asks: a "no" leaves it there. Nothing asks here. */
  async function takeBack(anchor: TrustAnchor): Promise<void> {
    const { inKeychain, setting } = await readPlace(context, tool, own, anchor);
    if (!inKeychain || setting.exists) return;
    const words = ["delete-certificate", "-Z", await checkSelector(tool, own, anchor), own.path];
    const purpose = `take ${anchor.label} out of the ${own.label}`;
    if (own.domain === "admin") await elevation.run([["security", ...words]], purpose);
    else {
      const options = { purpose, timeoutMs: READ_TIMEOUT_MS, asRoot: context.user.byRoot };
      await runTool(host, tool.argv(...words), options);
    }
  }

  /** A keychain has no place for a mark: the user's own is the user's business. */
  async function holdsMark(anchor: TrustAnchor): Promise<boolean> {
    if (anchor.isPublic) return false;
    const held = await read(anchor);
    return isSomething(held.own) && mayLose(own, anchor) ||
      isSomething(held.machine) && mayLose(SYSTEM_KEYCHAIN, anchor);
  }

  /** Whether a removal may take it out of this keychain. */
  function mayLose(place: KeychainPlace, anchor: TrustAnchor): boolean {
    if (!anchor.onlyMarked) return true;
    return !anchor.isPublic && (place.domain !== "admin" || isOwnForm(anchor));
  }

  async function remove(anchor: TrustAnchor): Promise<StoreChange> {
    const held = await read(anchor);
    for (const [place, part] of [[own, held.own], [SYSTEM_KEYCHAIN, held.machine]] as const) {
      if (!isSomething(part) || !mayLose(place, anchor)) continue;
      const sha1 = await checkSelector(tool, place, anchor);
      const shown = removeWords(place, part, sha1, anchor.file);
      const purpose = `take ${anchor.label} out of the ${place.label}`;
      await withCopy(anchor, async (file) => {
        for (const [i, words] of removeWords(place, part, sha1, file).entries()) {
          await change(place, words, shown[i]!, purpose, anchor, file);
        }
      });
    }
    return {};
  }

  async function plan(kind: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    const step = (place: KeychainPlace, words: readonly string[]): PlannedStep => ({
      type: "run",
      argv: ["security", ...words],
      root: place.domain === "admin",
    });
    if (kind === "add") return [step(own, await addWords(anchor, anchor.file))];
    const held = await read(anchor);
    const sha1 = (await sha1Hex(anchor.certificate.der)).toUpperCase();
    return ([[own, held.own], [SYSTEM_KEYCHAIN, held.machine]] as const).flatMap(([place, part]) =>
      removeWords(place, part, sha1, anchor.file).map((words) => step(place, words))
    );
  }

  return {
    kind: "system",
    label: own.label,
    path: own.path,
    state,
    plan,
    add,
    holdsMark,
    remove,
    verify: (chain, name) =>
      inScratchDirectory(context, async (directory) => {
        const files = chain.map((_, i) => `${directory}/${i}.pem`);
        for (const [i, file] of files.entries()) {
          await host.files.write(file, chain[i]!, { mode: 0o644 });
        }
        return await verifyChain(tool, files, name);
      }),
  };
}

function isSomething({ inKeychain, setting }: Held): boolean {
  return inKeychain || setting.exists;
}

function domainFlag({ domain }: KeychainPlace): string[] {
  return domain === "admin" ? ["-d"] : [];
}
