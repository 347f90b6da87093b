/**
 * The command line: arguments in, exit code out.
 *
 * @module
 */

import {
  type Application,
  type ApplicationContext,
  buildApplication,
  ExitCode,
  help,
  proposeCompletions,
  run,
} from "@stricli/core";
import { EXIT } from "../commands/documents.ts";
import { LocalTlsError } from "../errors.ts";
import type { CliHost } from "./console.ts";
import type { CliContext } from "./context.ts";
import { asLocalTlsError, execute, exitCodeOf, makeReporter, PROGRAM } from "./execute.ts";
import { buildRoutes } from "./routes.ts";
import { UsageProblems } from "./usage.ts";

/** The first word after which nothing is ours to read: src/cli/mkcert. */
const MKCERT = "mkcert";

/** The hidden first word by which the completion scripts ask for proposals. */
const COMPLETE = "__complete";

/**
 * Runs a command line.
 *
 * @param argv The user's words, without the program's own name.
 * @returns The exit code: 0 done, 1 failed, 2 usage, 3 done in part.
 */
export async function runCommandLine(host: CliHost, argv: readonly string[]): Promise<number> {
  if (argv[0] === MKCERT || (argv[0] === "help" && argv[1] === MKCERT)) {
    const words = argv[0] === MKCERT ? argv.slice(1) : ["-help"];
    return await (await import("./mkcert/run.ts")).runMkcert(host, words, `${PROGRAM} ${MKCERT}`);
  }
  const problems = new UsageProblems();
  const app = buildApp(problems);
  if (argv[0] === COMPLETE) return await complete(host, app, argv.slice(1));
  const words = rewrite(argv);
  if (words[0] === MKCERT) {
    const error = new LocalTlsError("USAGE", "Cannot use options before mkcert: it has its own", {
      hints: [`CAROOT=DIR ${PROGRAM} ${MKCERT} NAME`],
    });
    await makeReporter(
      host,
      { json: words.includes("--json"), quiet: false },
      () => Promise.reject(error),
    )
      .fail(MKCERT, error);
    return exitCodeOf(error);
  }
  let code: number | undefined;
  const context: CliContext & ApplicationContext = {
    process: {
      stdout: { write: (chunk) => host.write("stdout", chunk) },
      // Only problems come this way, and those are reported below.
      stderr: { write: () => {} },
      env: {},
      exitCode: null as number | string | null,
    },
    async execute(options, command) {
      code = await execute(host, options, command);
    },
  };
  await run(app, words, context);
  if (code !== undefined) return code;
  const { problem } = problems;
  const ended = context.process.exitCode;
  if (problem === undefined && ended === ExitCode.Success) return EXIT.done;
  const error = problem ?? asLocalTlsError(new Error(`the command line ended with ${ended}`));
  const options = { json: words.includes("--json"), quiet: false };
  const reporter = makeReporter(host, options, () => Promise.reject(error));
  await reporter.fail(words[0] ?? "help", error);
  return exitCodeOf(error);
}

function buildApp(problems: UsageProblems): Application<CliContext> {
  return buildApplication(
    buildRoutes(),
    {
      name: PROGRAM,
      scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
      localization: { text: problems.texts() },
      documentation: { disableAnsiColor: true },
    },
    {
      help: help({
        brief: "Print help and exit",
        defaultForRouteMap: true,
        formatting: {
          useAliasInUsageLine: false,
          onlyRequiredInUsageLine: true,
          caseStyle: "convert-camel-to-kebab",
        },
      }),
    },
  );
}

/**
 * `help cert` is `cert --help`, `--version` is `version`, and global options before the command mean the
 * same as after it.
 */
export function rewrite(argv: readonly string[]): string[] {
  const leading: string[] = [];
  const rest = [...argv];
  while (rest[0]?.startsWith("-") && rest[0] !== "--") {
    const flag = rest.shift()!;
    leading.push(flag);
    if (flag === "--dir" && rest.length > 0) leading.push(rest.shift()!);
  }
  const [command, ...args] = rest;
  if (command === "help") return [...args.filter((word) => !word.startsWith("-")), "--help"];
  if (command === undefined && leading.some((flag) => flag === "--version" || flag === "-V")) {
    return ["version", ...leading.filter((flag) => flag !== "--version" && flag !== "-V")];
  }
  if (command === undefined) return leading;
  // Options belong to the command, and `ca` is only the first half of its name.
  const isHalf = command === "ca" && args[0] !== undefined && !args[0].startsWith("-");
  const name = isHalf ? [command, args.shift()!] : [command];
  return [...name, ...leading, ...args];
}

async function complete(
  host: CliHost,
  app: Application<CliContext>,
  words: readonly string[],
): Promise<number> {
  const context: CliContext = {
    process: { stdout: { write: () => {} }, stderr: { write: () => {} } },
    execute: () => Promise.resolve(),
  };
  const proposals = await proposeCompletions(app, words, context).catch(() => []);
  for (const { completion, brief } of proposals) {
    host.write("stdout", `${completion}\t${brief.replaceAll(/\s+/g, " ")}\n`);
  }
  return EXIT.done;
}
