/**
 * The password of the issuer's key, where that is encrypted: from a file, from a program, or from the user.
 *
 * @module
 */

import type { PasswordSource } from "../castore/ca_files.ts";
import { LocalTlsError } from "../errors.ts";
import type { Host } from "../host/host.ts";
import { splitWords } from "../host/shell_words.ts";
import { checkNewPassword } from "../x509/password.ts";
import type { CommandContext } from "./context.ts";
import { firstLine, readPasswordFile } from "./password_file.ts";

/** A program whose first line of output is the password, as a list of words: `pass show localtls`. */
const COMMAND_VARIABLE = "LOCALTLS_PASSWORD_COMMAND";
/** A file whose first line is the password, for commands without --password-file. */
const FILE_VARIABLE = "LOCALTLS_PASSWORD_FILE";

/** Milliseconds: such a program may ask the user for the password of a key ring. */
const COMMAND_TIMEOUT_MS = 300_000;

/**
 * Where the password comes from: `--password-file`, LOCALTLS_PASSWORD_FILE, LOCALTLS_PASSWORD_COMMAND, the terminal; the
 * first that is there. Nothing is read or asked before the password is needed, and then once.
 *
 * Throws CONFIRMATION_NEEDED, naming the ways, where nobody can be asked; TOOL_* for the program.
 */
export function issuerPassword(context: CommandContext, passwordFile?: string): PasswordSource {
  let known: Promise<string> | undefined;
  return () => known ??= findPassword(context, passwordFile);
}

async function findPassword(context: CommandContext, passwordFile?: string): Promise<string> {
  const given = await givenPassword(context, passwordFile);
  if (given !== undefined) return given;
  requireTerminal(
    context,
    "Cannot use the key of the CA: it is encrypted, and nobody can be asked",
  );
  return await context.host.terminal.askSecret("Password of the CA's key: ");
}

/**
 * A new password: as above, and asked for twice. Throws PASSWORD_INVALID, also where the two differ.
 */
export async function newIssuerPassword(
  context: CommandContext,
  passwordFile?: string,
): Promise<string> {
  return await newPassword(context, passwordFile, "New password of the CA's key: ");
}

/** As {@link newIssuerPassword}, for another purpose. @param useEnvironment False: not that of the CA's key. */
export async function newPassword(
  context: CommandContext,
  passwordFile: string | undefined,
  question: string,
  useEnvironment = true,
): Promise<string> {
  const given = passwordFile !== undefined || useEnvironment
    ? await givenPassword(context, passwordFile)
    : undefined;
  if (given !== undefined) {
    checkNewPassword(given);
    return given;
  }
  requireTerminal(
    context,
    "Cannot encrypt without a password: nobody can be asked",
    useEnvironment,
  );
  const { terminal } = context.host;
  const password = await terminal.askSecret(question);
  checkNewPassword(password);
  if (await terminal.askSecret("The same again: ") === password) return password;
  throw new LocalTlsError("PASSWORD_INVALID", "Cannot use the password: the two are not the same");
}

/** Whether the environment says where the password is: nobody has to be asked. */
export function hasPasswordSource(host: Host): boolean {
  return host.env(FILE_VARIABLE) !== undefined || host.env(COMMAND_VARIABLE) !== undefined;
}

/** The password in a file or of a program; undefined where neither is named. */
export async function givenPassword(
  { host }: CommandContext,
  passwordFile: string | undefined,
): Promise<string | undefined> {
  const file = passwordFile ?? host.env(FILE_VARIABLE);
  if (file !== undefined) return await readPasswordFile(host, file);
  const command = host.env(COMMAND_VARIABLE);
  if (command === undefined) return undefined;
  const argv = splitWords(command);
  if (argv === undefined || argv.length === 0) {
    const message = `Cannot read ${COMMAND_VARIABLE}: its quotes do not match, or it is empty`;
    throw new LocalTlsError("USAGE", message);
  }
  const { outcome, code, stdout } = await host.commands.run(argv, {
    timeoutMs: COMMAND_TIMEOUT_MS,
    isTyped: true,
    // A key ring may want to ask; without a terminal it must not wait for one.
    interactive: host.terminal.interactive,
  });
  if (outcome === "exited" && code === 0) return firstLine(stdout);
  const action = `Cannot get the password from "${argv[0]}" (${COMMAND_VARIABLE})`;
  if (outcome === "timed-out") throw new LocalTlsError("TOOL_TIMEOUT", `${action}: no answer`);
  if (outcome === "missing") throw new LocalTlsError("TOOL_MISSING", `${action}: it is not there`);
  // What it says is not repeated: it is a program that has passwords to say.
  throw new LocalTlsError("TOOL_FAILED", `${action}: it ended with ${code}`);
}

/** Throws CONFIRMATION_NEEDED, naming the other ways, where nobody can be asked. */
export function requireTerminal(
  { host, program }: CommandContext,
  message: string,
  useEnvironment = true,
): void {
  if (host.terminal.interactive) return;
  throw new LocalTlsError("CONFIRMATION_NEEDED", message, {
    hints: [
      "Run it at a terminal, which asks for the password",
      ...(useEnvironment
        ? [
          `${FILE_VARIABLE}=FILE ${program} ... (for "ca" also --password-file FILE)`,
          `${COMMAND_VARIABLE}='pass show localtls' ${program} ...`,
        ]
        : ["--password-file FILE"]),
    ],
  });
}
