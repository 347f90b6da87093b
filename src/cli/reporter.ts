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
import type { LocalTlsError } from "../errors.ts";
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

/** Prints for programs. */
export class JsonReporter implements Reporter {
  readonly #host: CliHost;
  readonly #quiet: boolean;
  readonly #warnings: Warning[] = [];
  #isPrinted = false;

  constructor(host: CliHost, quiet = false) {
    this.#host = host;
    this.#quiet = quiet;
  }

  report(event: ReportEvent): void {
    if (event.type === "log" && !this.#quiet) writeLog(this.#host, event.line);
    if (event.type !== "warning") return;
    const message = sentence(event.message);
    if (!this.#isPrinted) this.#warnings.push({ code: event.code, message });
    else this.#host.write("stderr", `localtls: warning: ${printable(message)}\n`);
  }

  finish({ document, stay }: CommandResult): Promise<void> {
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

  #print(fields: Readonly<Record<string, unknown>>, indentation = 2): Promise<void> {
    this.#isPrinted = true;
    const document = jsonText({ version: DOCUMENT_VERSION, ...fields }, indentation);
    this.#host.write("stdout", `${document}\n`);
    return Promise.resolve();
  }
}
