/**
 * One NSS database as a trust store.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import type { WriteOptions } from "../../host/host.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import type {
  DiscoverContext,
  PlannedStep,
  StoreChange,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../store.ts";
import { type CreatedFile, removeCreated, writeCompanion } from "./created_files.ts";
import { type NssDatabase, openForReading, openForWriting } from "./database.ts";
import { checkDirectory, missingDirectories, refuseLegacyFormat } from "./guard.ts";
import { CERTIFICATE_FILE, KEY_FILE } from "./layout.ts";
import { findAnchorRows, holdsOurNickname } from "./rows.ts";
import { warnRunningBrowser } from "./running.ts";
import { chooseLevel, type DatabaseUsers } from "./trust_level.ts";
import { judge, type Verdict, type Wanted } from "./verdict.ts";
import { deleteAnchor, writeAnchor } from "./write_anchor.ts";

/** Where a database is and whose it is. */
export interface NssTarget {
  readonly label: string;
  /** Directory of cert9.db and key4.db; need not exist. */
  readonly directory: string;
  readonly users: DatabaseUsers;
  /** A database of the whole machine, which root owns. */
  readonly system?: boolean;
  /** Files that are there while the browser runs. */
  readonly locks?: readonly string[];
  /** Files that make a new directory known to its browser, in the order of writing. */
  readonly companions?: readonly CreatedFile[];
}

/** A trust store on the database of a target. */
export class NssStore implements TrustStore {
  readonly kind = "nss";
  readonly label: string;
  readonly path: string;
  readonly #context: DiscoverContext;
  readonly #target: NssTarget;

  constructor(context: DiscoverContext, target: NssTarget) {
    this.label = target.label;
    this.path = target.directory;
    this.#context = context;
    this.#target = target;
    if (target.system === true) context.host.allowRoot(target.directory);
  }

  async state(anchor: TrustAnchor): Promise<StoreState> {
    return (await this.#read(anchor))?.state ?? { state: "absent" };
  }

  async plan(change: "add" | "remove", anchor: TrustAnchor): Promise<PlannedStep[]> {
    const verdict = await this.#read(anchor);
    const done = change === "add"
      ? verdict?.complete === true
      : verdict === undefined || verdict.state.state === "absent";
    if (done) return [];
    const paths = this.#databaseFiles;
    if (change === "add") paths.push(...await this.#missingCompanions());
    return paths.map((path) => ({ type: "write", path, root: this.#target.system === true }));
  }

  async add(anchor: TrustAnchor): Promise<StoreChange> {
    const { host } = this.#context;
    const wanted = await this.#wanted(anchor);
    if ((await this.#read(anchor))?.complete === true) return {};
    this.#requireRoot();
    await refuseLegacyFormat(host, this.path);
    const created = await this.#listMissing();
    const companions = this.#companions.filter(({ path }) => created.includes(path));
    const made: CreatedFile[] = [];
    try {
      await host.files.makeDirectory(this.path, { mode: 0o700 });
      const verdict = await this.#changing(async (database) => {
        const written = await writeAnchor(database, wanted);
        // Before the end of the transaction: where this fails, the database stays empty too.
        for (const file of companions) {
          await writeCompanion(host, file, this.#newFile);
          made.push(file);
        }
        return written;
      }, this.#newFile);
      return this.#describe(created, verdict, await this.#warnRunning("add"));
    } catch (error) {
      await removeCreated(host, this.path, created, made).catch(() => undefined);
      throw this.#explain(error);
    }
  }

  async holdsMark(anchor: TrustAnchor): Promise<boolean> {
    return await this.#reading((database) => holdsOurNickname(database, anchor)) ?? false;
  }

  async remove(anchor: TrustAnchor, created: readonly string[]): Promise<StoreChange> {
    const { certificate } = anchor;
    const rows = await this.#reading((database) => findAnchorRows(database, certificate));
    const found = rows !== undefined && rows.certificates.length + rows.trust.length > 0;
    if (!found && created.length === 0) return {};
    this.#requireRoot();
    try {
      if (found) await this.#changing((database) => deleteAnchor(database, anchor));
      await removeCreated(this.#context.host, this.path, created, this.#companions);
    } catch (error) {
      throw this.#explain(error);
    }
    return this.#describe([], undefined, found ? await this.#warnRunning("remove") : []);
  }

  #describe(
    created: readonly string[],
    verdict: Verdict | undefined,
    running: StoreChange["warnings"],
  ): StoreChange {
    const warnings = [...running ?? []];
    const reason = verdict?.state.state === "trusted" ? verdict.state.reason : undefined;
    if (reason !== undefined) {
      warnings.push({ code: "NSS_PASSWORD_UNKNOWN", message: `${this.label}: ${reason}` });
    }
    return {
      ...(created.length > 0 && { created }),
      ...(warnings.length > 0 && { warnings }),
    };
  }

  /** What the database says; undefined where there is none, or none that its browser knows of. */
  async #read(anchor: TrustAnchor): Promise<Verdict | undefined> {
    const wanted = await this.#wanted(anchor);
    const verdict = await this.#reading((database) => judge(database, wanted));
    return (await this.#missingCompanions()).length > 0 ? undefined : verdict;
  }

  async #reading<T>(work: (database: NssDatabase) => T | Promise<T>): Promise<T | undefined> {
    const { host } = this.#context;
    await checkDirectory(host, this.path, this.#requiredUid);
    let database: NssDatabase | undefined;
    try {
      database = await openForReading(host, this.path);
      return database === undefined ? undefined : await work(database);
    } catch (error) {
      throw this.#explain(error);
    } finally {
      database?.close();
    }
  }

  async #changing<T>(
    work: (database: NssDatabase) => T | Promise<T>,
    create?: WriteOptions,
  ): Promise<T> {
    const database = await openForWriting(this.#context.host, this.path, create);
    try {
      return await database.transact(() => work(database));
    } finally {
      database.close();
    }
  }

  async #wanted(anchor: TrustAnchor): Promise<Wanted> {
    const { der } = anchor.certificate;
    const digest = async (name: string) => new Uint8Array(await crypto.subtle.digest(name, der));
    const [md5, sha1, sha256] = await Promise.all([
      this.#context.host.md5(der),
      digest("SHA-1"),
      digest("SHA-256"),
    ]);
    return {
      anchor,
      digests: { md5, sha1, sha256 },
      level: chooseLevel(anchor, this.#target.users),
      password: this.#context.nssPassword,
      mozilla: this.#target.users === "mozilla",
    };
  }

  /** Files and directories that add() is going to make, in that order. */
  async #listMissing(): Promise<string[]> {
    const { host } = this.#context;
    const missing = await missingDirectories(host, this.path);
    for (const file of this.#databaseFiles) {
      if (await host.files.info(file) === undefined) missing.push(file);
    }
    return [...missing, ...await this.#missingCompanions()];
  }

  async #missingCompanions(): Promise<string[]> {
    const missing: string[] = [];
    for (const { path } of this.#companions) {
      if (await this.#context.host.files.info(path) === undefined) missing.push(path);
    }
    return missing;
  }

  async #warnRunning(change: "add" | "remove"): Promise<StoreChange["warnings"]> {
    return await warnRunningBrowser(
      this.#context.host,
      this.label,
      this.#target.locks ?? [],
      change,
    );
  }

  #requireRoot(): void {
    if (this.#target.system !== true || this.#context.user.isRoot) return;
    throw new LocalTlsError("NEEDS_ROOT", `Cannot change "${this.path}": it belongs to root`, {
      hints: ["sudo localtls setup --stores nss"],
    });
  }

  /** Adds what the user can do about it. */
  #explain(error: unknown): unknown {
    if (!(error instanceof LocalTlsError) || error.hints.length > 0) return error;
    const hint = error.code === "STORE_LOCKED"
      ? "Close the browser, then run localtls setup again"
      : /readonly database|unable to open/.test(error.message)
      ? `ls -la ${quoteArgument(this.path)}`
      : undefined;
    if (hint === undefined) return error;
    return new LocalTlsError(error.code, error.message, { hints: [hint], cause: error.cause });
  }

  get #databaseFiles(): string[] {
    return [`${this.path}/${CERTIFICATE_FILE}`, `${this.path}/${KEY_FILE}`];
  }

  get #companions(): readonly CreatedFile[] {
    return this.#target.companions ?? [];
  }

  /** A machine-wide database is for everybody to read. */
  get #newFile(): WriteOptions {
    return { mode: this.#target.system === true ? 0o644 : 0o600 };
  }

  /** Whom everything must belong to while root works for somebody. */
  get #requiredUid(): number | undefined {
    const { host, user } = this.#context;
    if (!user.isRoot) return undefined;
    return this.#target.system === true ? 0 : user.byRoot ? host.user?.uid : undefined;
  }
}
