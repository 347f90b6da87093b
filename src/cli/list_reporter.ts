/**
 * The reporters of commands whose answer comes in parts: `cert --from`, `renew --watch`. What is done is printed and forgotten, so
 * that memory does not grow with the list.
 *
 * Text: a line on stdout for each part, failures on stderr with the number of their line, and a bar on stderr
 * while that is a terminal. JSON: a document on a line of stdout for each part, and one at the end.
 *
 * @module
 */

import type { GlobalOptions, ReportEvent } from "../commands/context.ts";
import {
  type CertLineDocument,
  type CommandResult,
  DOCUMENT_VERSION,
  type RenewLineDocument,
  type Warning,
} from "../commands/documents.ts";
import type { LocalTlsError } from "../errors.ts";
import type { CliHost } from "./console.ts";
import { ProgressBar } from "./progress_bar.ts";
import { type Reporter, type Screen, TextReporter } from "./reporter.ts";
import { namesLine } from "./screens/parts.ts";
import { chooseStyle, jsonText, printableDocument, sentence, type Style } from "./style.ts";

/** The reporter that the options ask for. */
export async function makeListReporter(
  host: CliHost,
  options: Pick<GlobalOptions, "json" | "quiet">,
  program: string,
  loadScreen: () => Promise<Screen>,
): Promise<Reporter> {
  if (options.json) return new JsonLinesReporter(host);
  const style = await chooseStyle(host, "stderr");
  // In the log of a build machine a bar is a line for every step.
  const hasBar = !options.quiet && host.env("CI") === undefined && await host.isTerminal("stderr");
  const bar = hasBar ? new ProgressBar(host, await host.columns()) : undefined;
  return new ListReporter(host, { quiet: options.quiet, program }, loadScreen, style, bar);
}

/** Prints for people. */
class ListReporter extends TextReporter {
  readonly #host: CliHost;
  readonly #quiet: boolean;
  readonly #style: Style;
  readonly #bar: ProgressBar | undefined;

  constructor(
    host: CliHost,
    options: { readonly quiet: boolean; readonly program: string },
    loadScreen: () => Promise<Screen>,
    style: Style,
    bar: ProgressBar | undefined,
  ) {
    super(host, options, loadScreen);
    this.#host = host;
    this.#quiet = options.quiet;
    this.#style = style;
    this.#bar = bar;
  }

  override report(event: ReportEvent): void {
    if (event.type === "count") return this.#bar?.show(event.done, event.total);
    const print = () => {
      if (event.type === "part") {
        const { document } = event;
        if (document.command === "cert") this.#printPart(printableDocument(document));
        else this.#printRenewal(printableDocument(document));
      } else super.report(event);
    };
    if (this.#bar === undefined) print();
    else this.#bar.around(print);
  }

  override finish(result: CommandResult): Promise<void> {
    this.#bar?.hide();
    return super.finish(result);
  }

  override fail(command: string, error: LocalTlsError): Promise<void> {
    this.#bar?.hide();
    return super.fail(command, error);
  }

  #printPart({ line, certificate, error, warnings }: CertLineDocument): void {
    for (const { message } of warnings) {
      super.report({ type: "warning", code: "", message: `line ${line}: ${message}` });
    }
    if (certificate !== undefined && !this.#quiet) {
      this.#host.write("stdout", `${namesLine(certificate.names)}: ${certificate.cert}\n`);
    }
    if (error === undefined) return;
    const { bad, bold } = this.#style;
    this.#say(`${bad("error:")} line ${line}: ${error.message}`);
    for (const hint of error.hints) this.#say(`${bold("hint:")} ${hint}`);
  }

  #printRenewal({ time, certificate }: RenewLineDocument): void {
    const { names, cert, notAfter, state, reason = "" } = certificate;
    const what = `${namesLine(names)}: ${cert}`;
    const at = `${time.slice(0, 16)}Z`;
    if (state === "renewed") {
      if (!this.#quiet) {
        this.#host.write("stdout", `${at} renewed ${what}, until ${notAfter.slice(0, 10)}\n`);
      }
    } else this.#say(`${this.#style.bad("error:")} ${at} ${what}: ${reason}`);
  }

  /** @param text Made printable before it was marked. */
  #say(text: string): void {
    this.#host.write("stderr", `localtls: ${text}\n`);
  }
}

/** Prints for programs. */
class JsonLinesReporter implements Reporter {
  readonly #host: CliHost;
  readonly #warnings: Warning[] = [];

  constructor(host: CliHost) {
    this.#host = host;
  }

  report(event: ReportEvent): void {
    if (event.type === "part") this.#print(event.document);
    if (event.type !== "warning") return;
    this.#warnings.push({ code: event.code, message: sentence(event.message) });
  }

  finish({ document }: CommandResult): Promise<void> {
    this.#print({ ...document, warnings: this.#warnings });
    return Promise.resolve();
  }

  fail(command: string, { code, message, hints }: LocalTlsError): Promise<void> {
    const error = { code, message: sentence(message), hints: hints.map(sentence) };
    this.#print({ command, ok: false, warnings: this.#warnings, error });
    return Promise.resolve();
  }

  #print(fields: object): void {
    this.#host.write("stdout", `${jsonText({ version: DOCUMENT_VERSION, ...fields })}\n`);
  }
}
