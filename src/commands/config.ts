/**
 * `config SERVER NAME`: the lines to paste into a server for a certificate that is at hand.
 *
 * @module
 */

import { currentCertificates } from "../castore/ledger.ts";
import { LocalTlsError } from "../errors.ts";
import { parseRequestedName } from "../pki/requested_name.ts";
import { nginxServer, parseOrigin, parseUpstream } from "../recipes/nginx.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { type CommandResult, EXIT, type TextDocument } from "./documents.ts";

/** What the user asked for. */
export interface ConfigFlags {
  readonly server: string;
  readonly name: string;
  /** TCP port. */
  readonly port: number;
  readonly cors?: string | undefined;
  readonly upstream: string;
}

/** Runs `config`. Throws USAGE, NAME_INVALID, or FILE_NOT_FOUND when no certificate is there. */
export async function config(
  context: CommandContext,
  flags: ConfigFlags,
): Promise<CommandResult<TextDocument>> {
  if (flags.server.toLowerCase() !== "nginx") {
    throw new LocalTlsError("USAGE", `Cannot write lines for "${flags.server}": it is not known`, {
      hints: [`${context.program} config nginx ${flags.name}`],
    });
  }
  const { name, warnings } = parseRequestedName(flags.name);
  for (const warning of warnings) context.report({ type: "warning", ...warning });
  const certificate = await findCertificate(context, name.value);
  const text = nginxServer({
    name: name.value,
    isIp: name.type === "ip",
    cert: certificate.cert,
    key: certificate.key,
    port: flags.port,
    upstream: parseUpstream(flags.upstream),
    corsOrigin: flags.cors === undefined ? undefined : parseOrigin(flags.cors),
  });
  return {
    document: {
      command: "config",
      ok: true,
      server: "nginx",
      cert: certificate.cert,
      key: certificate.key,
      text,
    },
    exitCode: EXIT.done,
  };
}

/** The newest certificate that was issued for the name and whose files are still there. */
async function findCertificate(
  context: CommandContext,
  name: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const { state } = await openWorkplace(context);
  const { events } = await state.issued.read();
  const { files } = context.host;
  for (const { names, cert, key, usage } of currentCertificates(events).reverse()) {
    if (!names.includes(name) || usage === "client") continue;
    // Of a certificate that answers a request, only whoever made the request knows where the key is.
    if (key === undefined) continue;
    if (await files.info(cert) && await files.info(key)) return { cert, key };
  }
  throw new LocalTlsError("FILE_NOT_FOUND", `Cannot find a certificate for "${name}"`, {
    hints: [`${context.program} cert ${name}`],
  });
}
