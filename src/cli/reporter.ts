/**
 * The two reporters: the only parts of localtls that print.
 *
 * Text: results to stdout; progress, warnings and errors to stderr with the program's name in front.
 * JSON: one document on stdout, errors too; nothing on stderr. A command that stays prints its document, on one line,
 * when it is ready; what it has to say after that goes to stderr.
 *
 * @module
 */

import type { CommandResult, Warning } from "../commands/documents.ts";
import { DOCUMENT_VERSION } from "../commands/documents.ts";
import type { ReportEvent } from "../commands/context.ts";
import { LocalTlsError } from "../errors.ts";
import type { CliHost } from "./console.ts";
import {
  chooseStyle,
  jsonText,
  printable,
  printableDocument,
  sentence,
  type Style,
} from "./style.ts";

/** Turns what a command says into output. */
export interface Reporter {
  /** Said while the command works. */
  report(event: ReportEvent): void;
  /** The end, when the command answered. */
  finish(result: CommandResult): Promise<void>;
  /** The end, when it could not. */
  fail(command: string, error: LocalTlsError): Promise<void>;
}

/** Makes the stdout text of a command's document. An empty string prints nothing. */
export type Screen = (
  document: CommandResult["document"],
  tools: {
    readonly style: Style;
    readonly quiet: boolean;
    readonly program: string;
    /** Whether somebody sees it at a terminal. */
    readonly isTerminal?: boolean;
  },
) => string;

/** Prints for people. */
export class TextReporter implements Reporter {
  readonly #host: CliHost;
  readonly #options: { readonly quiet: boolean; readonly program: string };
  readonly #loadScreen: () => Promise<Screen>;
  #hasSpoken = false;

  constructor(
    host: CliHost,
    options: { readonly quiet: boolean; readonly program: string },
    loadScreen: () => Promise<Screen>,
  ) {
    this.#host = host;
    this.#options = options;
    this.#loadScreen = loadScreen;
  }

  report(event: ReportEvent): void {
    // Those are for lists: list_reporter.ts.
    if (event.type === "part" || event.type === "count") return;
    if ((event.type === "progress" || event.type === "log") && this.#options.quiet) return;
    this.#hasSpoken = true;
    if (event.type === "log") return writeLog(this.#host, event.line);
    const message = printable(sentence(event.message));
    this.#say(event.type === "warning" ? `warning: ${message}` : message);
  }

  async finish(result: CommandResult): Promise<void> {
    const [screen, style] = await Promise.all([
      this.#loadScreen(),
      chooseStyle(this.#host, "stdout"),
    ]);
    const isTerminal = await this.#host.isTerminal("stdout");
    const tools = { style, ...this.#options, isTerminal };
    const text = screen(printableDocument(result.document), tools);
    if (text === "") return;
    // Both streams meet on a terminal: a line of air between the progress and the result.
    if (this.#hasSpoken && isTerminal) this.#host.write("stderr", "\n");
    this.#host.write("stdout", text.endsWith("\n") ? text : `${text}\n`);
  }

  async fail(_command: string, error: LocalTlsError): Promise<void> {
    const style = await chooseStyle(this.#host, "stderr");
    this.#say(`${style.bad("error:")} ${printable(sentence(error.message))}`);
    for (const hint of error.hints) {
      this.#say(`${style.bold("hint:")} ${printable(sentence(hint))}`);
    }
  }

  #say(message: string): void {
    this.#host.write("stderr", `localtls: ${message.replaceAll("\n", "\n          ")}\n`);
  }
}

/** A server does not wait for who reads its log. */
function writeLog(host: CliHost, line: string): void {
  const text = `${printable(line)}\n`;
  if (host.writeLog === undefined) host.write("stderr", text);
  else host.writeLog(text);
}
/** Characters. */
const WRITTEN_AT_ONCE = 64 * 1024;

/** Something went wrong, and the document says so already. */
export class PrintedError extends Error {}

/** Prints for programs. */
export class JsonReporter implements Reporter {
  readonly #host: CliHost;
  readonly #quiet: boolean;
  readonly #warnings: Warning[] = [];
  #isPrinted = false;
  #isStreaming = false;

  constructor(host: CliHost, quiet = false) {
    this.#host = host;
    this.#quiet = quiet;
  }

  report(event: ReportEvent): void {
    if (event.type === "log" && !this.#quiet) writeLog(this.#host, event.line);
    if (event.type !== "warning") return;
    const message = sentence(event.message);
    if (!this.#isPrinted || this.#isStreaming) this.#warnings.push({ code: event.code, message });
    else this.#host.write("stderr", `localtls: warning: ${printable(message)}\n`);
  }

  async finish({ document, stay, certificates }: CommandResult): Promise<void> {
    if (certificates !== undefined) return await this.#printOneByOne(document, certificates());
    return this.#print({ ...document, warnings: this.#warnings }, stay === undefined ? 2 : 0);
  }

  fail(command: string, error: LocalTlsError): Promise<void> {
    const { code, message, hints } = error;
    return this.#print({
      command,
      ok: false,
      warnings: this.#warnings,
      error: { code, message: sentence(message), hints: hints.map(sentence) },
    });
  }

  /** The same document as at once; what is sure only at the end (`ok`, the warnings) comes then. */
  async #printOneByOne(
    document: CommandResult["document"],
    certificates: AsyncIterable<unknown>,
  ): Promise<void> {
    const iterator = certificates[Symbol.asyncIterator]();
    // What is wrong from the beginning is an error like any other.
    let next = await iterator.next();
    this.#isPrinted = true;
    this.#isStreaming = true;
    const { ok, command } = document;
    const head = jsonText({ version: DOCUMENT_VERSION, command }, 2);
    let text = `${head.slice(0, -2)},\n  "certificates": [`;
    let isFirst = true;
    let failure: Record<string, unknown> = {};
    try {
      for (; next.done !== true; next = await iterator.next()) {
        const lines = jsonText(next.value, 2).replaceAll("\n", "\n    ");
        text += `${isFirst ? "" : ","}\n    ${lines}`;
        isFirst = false;
        if (text.length < WRITTEN_AT_ONCE) continue;
        this.#host.write("stdout", text);
        text = "";
      }
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      const { code, message, hints } = error;
      failure = { error: { code, message, hints } };
    }
    this.#isStreaming = false;
    const isWhole = failure["error"] === undefined;
    const rest = { ok: ok && isWhole, warnings: this.#warnings, ...failure };
    const tail = jsonText(rest, 2).slice(2);
    this.#host.write("stdout", `${text}${isFirst ? "" : "\n  "}],\n${tail}\n`);
    if (!isWhole) throw new PrintedError();
  }

  #print(fields: Readonly<Record<string, unknown>>, indentation = 2): Promise<void> {
    this.#isPrinted = true;
    const document = jsonText({ version: DOCUMENT_VERSION, ...fields }, indentation);
    this.#host.write("stdout", `${document}\n`);
    return Promise.resolve();
  }
}
