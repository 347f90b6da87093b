/**
 * What localtls asks of the machine it runs on. Everything above this layer sees the machine through
 * a {@link Host}; `node_host.ts` is the one real host, the tests have a fake.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Files, ImageFiles, Owner, WriteOptions } from "./files.ts";
import type { PlainAnswer, PlainRequest } from "./plain_http.ts";

export type {
  FileInfo,
  Files,
  FileToWrite,
  ImageFiles,
  LineFile,
  Owner,
  WriteOptions,
} from "./files.ts";

/** The operating systems that trust stores are kept for. Only truststore/families.ts asks. */
export type OperatingSystem = "linux" | "darwin" | "windows" | "freebsd" | "other";

/** Options of {@link Commands.run}. */
export interface RunOptions {
  /** Milliseconds after which the process and its children are killed. Required: no tool is trusted to end. */
  readonly timeoutMs: number;
  /** Given on stdin; none means an empty stdin. */
  readonly input?: Uint8Array | string;
  /** Added to this process's environment. LC_ALL=C is always set. */
  readonly env?: Readonly<Record<string, string>>;
  /** The tool may talk to the user: stdin and stderr are the terminal's own. */
  readonly interactive?: boolean;
  /**
   * A step of root's: where this process is root's and works for a user, the tool is started as root and not as that
   * user. Nothing where it is not root's.
   */
  readonly asRoot?: boolean;
  /** The user's own command (`--exec`): root too looks for it on PATH, and leaves it that PATH. */
  readonly isTyped?: boolean;
}

/** Somebody but the user, the system and its administrators, and what they may do. */
export interface OtherAccess {
  /** "S-1-5-32-545", or two letters of SDDL for a rare one. */
  readonly sid: string;
  /** English name of a well-known account. */
  readonly name?: string;
  readonly reads: boolean;
  readonly writes: boolean;
  /** Of a directory: may read what will be made in it. */
  readonly inheritableRead: boolean;
}

/** Access lists of files, where permission bits do not say who has access. */
export interface AccessLists {
  /** Leaves a directory, and what will be made in it, to the user, the system and its administrators; {@link others} confirms. */
  protect(directory: string): Promise<void>;
  /** Who else has access; undefined where that cannot be found out. */
  others(path: string): Promise<readonly OtherAccess[] | undefined>;
}

/** How a tool ended. A tool that cannot be found or started is an outcome too, not an exception. */
export interface RunResult {
  readonly outcome: "exited" | "timed-out" | "missing" | "not-started";
  /** Exit code; -1 unless it exited by itself. */
  readonly code: number;
  /** At most 8 MiB of each are kept. */
  readonly stdout: Bytes;
  readonly stderr: string;
}

/** How a program that had the terminal ended. */
export interface ForegroundResult {
  readonly outcome: "exited" | "missing" | "not-started";
  /** Its exit code, 128 and the signal's number where a signal ended it; 127 and 126 as a shell has them. */
  readonly code: number;
  /** Why it could not be started. */
  readonly reason?: string;
}

/** Other programs. */
export interface Commands {
  /** The absolute path of an executable on PATH (then /usr/sbin, /sbin, /usr/local/sbin); undefined for none. */
  find(name: string): Promise<string | undefined>;
  /**
   * A program that root can run: of the system's own directories, whatever PATH says, or the one at an absolute path;
   * and only if nobody but root can change it, or any directory or link on the way to it.
   */
  findForRoot(name: string): Promise<string | undefined>;
  /** Runs a program from an argument array, never through a shell. */
  run(argv: readonly string[], options: RunOptions): Promise<RunResult>;
  /**
   * Runs a program in this one's place: it has our stdin, stdout and stderr, gets the signals that we are sent,
   * and has no time limit.
   * @param env Added to this process's environment.
   */
  runInForeground(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<ForegroundResult>;
}

/** A value that SQLite stores. */
export type SqlValue = null | bigint | number | string | Uint8Array;

/** An open SQLite database. Integers come back as bigint. */
export interface Database {
  /** Runs statements without parameters. */
  exec(sql: string): void;
  /** All rows of a query. */
  all(sql: string, ...parameters: SqlValue[]): Record<string, SqlValue>[];
  /** Runs one statement. @returns the number of changed rows. */
  run(sql: string, ...parameters: SqlValue[]): number;
  close(): void;
}

/** Options of {@link Host.openDatabase}. */
export interface OpenDatabaseOptions {
  readonly readOnly?: boolean;
  /** Milliseconds to wait for a lock that another program holds. */
  readonly busyTimeoutMs: number;
  /**
   * A missing file is made empty with this mode and owner before it is opened, without following a
   * symlink and without replacing what another process made meanwhile (O_EXCL). Without it SQLite
   * makes the file, with a mode that the umask decides.
   */
  readonly create?: WriteOptions;
}

/** The user at the terminal, if there is one. */
export interface Terminal {
  /** Whether somebody can be asked: stdin and stderr are terminals. */
  readonly interactive: boolean;
  /** Asks on stderr, reads a line. Throws CONFIRMATION_NEEDED where not interactive. */
  ask(question: string): Promise<string>;
  /** As ask(), without echo. */
  askSecret(question: string): Promise<string>;
}

/** This machine on its networks. */
export interface Network {
  /** The host name, as the system gives it. */
  hostName(): string;
  /** This machine's addresses, without loopback, link-local or container bridges; IPv4 first. */
  addresses(): Promise<string[]>;
  /**
   * The certificates that a TLS server presents, leaf first, as DER. Trust is not judged.
   * Throws NETWORK when nobody answers or no TLS is spoken.
   */
  peerCertificates(
    target: { readonly host: string; readonly port: number; readonly timeoutMs: number },
  ): Promise<Bytes[]>;
  /**
   * A file over plain HTTP, straight from the host that the URL names: no proxy, no redirects.
   * Throws NETWORK, FILE_TOO_LARGE.
   */
  fetchPlain(request: PlainRequest): Promise<PlainAnswer>;
}

/** The machine. */
export interface Host {
  /** Asked by truststore/families.ts alone. */
  readonly os: OperatingSystem;
  /** An environment variable; undefined when unset or empty. */
  env(name: string): string | undefined;
  /** The effective user; undefined on systems without numeric users. */
  readonly user: Owner | undefined;
  /** Whether root's steps need nobody to be asked: root has started this process, for itself or for a user. */
  readonly isRoot: boolean;
  /**
   * From now on a process that root has started acts as the user that it works for: every file and program, but
   * for what {@link Host.allowRoot} and {@link RunOptions.asRoot} say. Nothing for a process that is not root's.
   * Throws STATE_UNSAFE where the runtime cannot.
   */
  workFor(user: Owner & { readonly name: string; readonly home: string }): Promise<void>;
  /**
   * Root's rights may be used at this path and for its entries, or for the whole tree below it, where nobody but root
   * controls the way there. For paths that the administrator typed and for places of the system; never for what a
   * user's file says.
   */
  allowRoot(path: string, what?: "entries" | "tree"): void;
  /** Whether nobody but root can change what a path leads to: no directory and no link on the way. True without a root. */
  rootControls(path: string): Promise<boolean>;
  /**
   * Does something as root that takes turns, such as listening on a port. Nothing else may be done meanwhile.
   */
  holdingRoot<T>(step: () => Promise<T>): Promise<T>;
  /** Gives up root's rights for good, for the user this process works for. @returns Whether there was one. */
  giveUpRoot(): Promise<boolean>;
  /** Where this system keeps a user's program data, given that user's home directory. */
  dataDirectory(home: string): string;
  readonly workingDirectory: string;
  readonly files: Files;
  /** None where the permission bits of {@link files} say all. */
  readonly accessLists?: AccessLists | undefined;
  /** Opens another system's root directory. Throws FILE_NOT_FOUND, FILE_UNSAFE, and USAGE for this machine's own. */
  openImage(root: string): Promise<ImageFiles>;
  readonly commands: Commands;
  readonly terminal: Terminal;
  readonly network: Network;
  /** Opens (unless read-only: or creates) an SQLite database. */
  openDatabase(path: string, options: OpenDatabaseOptions): Promise<Database>;
  /** Mozilla's roots as the runtime carries them, PEM; for machines that have no bundle of their own. */
  publicRoots(): Promise<readonly string[]>;
  /** MD5, which WebCrypto lacks and NSS's certificate database layout wants; never used for security. */
  md5(bytes: Uint8Array): Promise<Bytes>;
  /** Everything on stdin, at most maxBytes. */
  readStdin(maxBytes: number): Promise<Bytes>;
  now(): Date;
  /** Returns after that time, or as soon as the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /**
   * Aborted when this process is asked to end (SIGINT, SIGTERM). From the first call on it is for the caller to
   * end; only a second signal ends the process at once.
   */
  stopSignal(): AbortSignal;
  /** Absolute path of this program; undefined where a runtime runs its source. */
  readonly programPath: string | undefined;
}
