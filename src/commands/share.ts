/**
 * `share --out FILE.zip`: the root, never its key, for other machines and phones.
 *
 * The root certificate is read from its file. For the archive the key of the CA is not opened; `--serve` uses it once,
 * before anything listens, for the certificate of the page that tests trust (share_test_site.ts).
 *
 * @module
 */

import { latin1 } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import { escapeInvisible } from "../input_text.ts";
import { decodePem, encodeBase64, encodePem } from "../der/pem.ts";
import { quoteArgument } from "../host/shell_words.ts";
import type { PackageFile } from "../share/package.ts";
import type { SharedRoot } from "../share/root.ts";
import { parseCertificate, readCommonName } from "../x509/certificate.ts";
import { isCa } from "../x509/extensions.ts";
import { sha256Hex } from "../x509/fingerprint.ts";
import { type CommandContext, openWorkplace } from "./context.ts";
import { type CommandResult, EXIT, type ShareDocument } from "./documents.ts";
import { joinPath, resolvePath } from "./output_files.ts";
import { requireOwnOutput } from "./output_guard.ts";

/** What the user asked for. */
export interface ShareFlags {
  /** Default: localtls-share.zip. */
  readonly out?: string | undefined;
  /** A directory of programs to carry along. */
  readonly withBinaries?: string | undefined;
  /** A page in place of a file: "HOST:PORT", or "" for this machine's own address. */
  readonly serve?: string | undefined;
  /** How long, with --serve: "30m". */
  readonly for?: string | undefined;
  /** With --serve: a server to test with. */
  readonly test?: string | undefined;
  /** Replaces a file that is no such package. */
  readonly force?: boolean | undefined;
}

/** Bytes of one program, and of all: everything is in memory at once. */
const MAX_BINARY = 256 << 20;
const MAX_BINARIES = 768 << 20;

/** The program's file names, also as archives; not our own localtls.mobileconfig. */
const PROGRAM_NAME = /^localtls(?:-[\w.-]+)?(?:\.exe)?$/;

/** Runs `share`. Throws CA_MISSING, USAGE, FILE_*. */
export async function share(
  context: CommandContext,
  flags: ShareFlags,
): Promise<CommandResult<ShareDocument>> {
  const { host, options } = context;
  const { serve } = flags;
  checkFlags(flags);
  const { state } = await openWorkplace(context);
  const root = await readRoot(context, state.rootFile);
  const out = resolvePath(host, flags.out ?? "localtls-share.zip");
  if (!/[^/\\]\.zip$/i.test(out)) {
    throw new LocalTlsError("USAGE", `Cannot write the package to "${out}": it is a ZIP archive`, {
      hints: [`${context.program} share --out localtls-share.zip`],
    });
  }
  const more = flags.withBinaries === undefined
    ? []
    : await readBinaries(context, resolvePath(host, flags.withBinaries));
  const { packageFiles, zipPackage } = await import("../share/package.ts");
  const files = await packageFiles(root, more);
  const pack = () => zipPackage(`localtls-${root.sha256.slice(0, 8)}`, files, host.now());
  if (serve !== undefined && !options.dryRun) {
    const { parseServingTime, serveShare } = await import("./share_serve.ts");
    const forMs = flags.for === undefined ? undefined : parseServingTime(flags.for);
    return await serveShare(context, root, files, pack(), { serve, forMs, testUrl: flags.test });
  }
  if (serve === undefined) {
    await requireOwnOutput(context, out, isPackage, {
      what: "not a package that localtls wrote",
      force: flags.force,
      hints: [
        `${context.program} share --out ${quoteArgument(out)}${
          flags.withBinaries === undefined
            ? ""
            : ` --with-binaries ${quoteArgument(flags.withBinaries)}`
        } --force`,
        "Or choose another file with --out",
      ],
    });
  }
  if (!options.dryRun) {
    const archive = pack();
    await host.files.write(out, archive, { mode: 0o644 });
  }
  return {
    document: {
      command: "share",
      ok: true,
      file: out,
      sha256: root.sha256,
      files: files.map(({ name }) => name),
      ...(options.dryRun ? { planned: [{ type: "write", path: out, root: false }] } : {}),
    },
    exitCode: EXIT.done,
  };
}

/** Whether an archive's first entry is the directory that ours have (APPNOTE.TXT, 4.3.7: its name is at octet 30). */
function isPackage(content: Uint8Array): boolean {
  const start = latin1(content.subarray(0, 64));
  return start.startsWith("PK") && /^localtls-[0-9a-f]{8}\//.test(start.slice(30));
}

function checkFlags(flags: ShareFlags): void {
  const both = flags.serve !== undefined && flags.out !== undefined;
  const alone = flags.serve === undefined && (flags.for ?? flags.test) !== undefined;
  if (!both && !alone) return;
  throw new LocalTlsError(
    "USAGE",
    both
      ? "Cannot use --out with --serve: one writes a file, the other a page"
      : "Cannot use --for or --test without --serve: they are about its page",
  );
}

/** Only this file is read: what is handed out cannot have been near a key. */
async function readRoot({ host, program }: CommandContext, path: string): Promise<SharedRoot> {
  const content = await host.files.read(path, 1 << 20);
  if (content === undefined) {
    throw new LocalTlsError("CA_MISSING", `Cannot share a root: there is none at "${path}"`, {
      hints: [`${program} setup`],
    });
  }
  const [block] = decodePem(new TextDecoder().decode(content));
  const certificate = block?.label === "CERTIFICATE" ? parseCertificate(block.der) : undefined;
  if (certificate === undefined || !isCa(certificate)) {
    throw new LocalTlsError("CA_MISMATCH", `Cannot share "${path}": it is no certificate of a CA`);
  }
  const { der } = certificate;
  const pem = encodePem("CERTIFICATE", der);
  return {
    der,
    pem,
    base64: encodeBase64(der),
    sha256: await sha256Hex(der),
    pemSha256: await sha256Hex(new TextEncoder().encode(pem)),
    label: escapeInvisible(readCommonName(certificate.subject) ?? "localtls"),
  };
}

async function readBinaries({ host }: CommandContext, directory: string): Promise<PackageFile[]> {
  const found: PackageFile[] = [];
  let left = MAX_BINARIES;
  for (const name of await host.files.list(directory)) {
    const path = joinPath(directory, name);
    const info = await host.files.info(path);
    if (!PROGRAM_NAME.test(name) || info?.type !== "file") continue;
    left -= info.size;
    if (left < 0) {
      throw new LocalTlsError(
        "FILE_TOO_LARGE",
        `Cannot pack "${directory}": its programs are larger than ${
          MAX_BINARIES >> 20
        } MiB together`,
        { hints: ["Give a directory with the compressed ones, or with fewer"] },
      );
    }
    const content = await host.files.read(path, MAX_BINARY);
    const executable = (info.mode & 0o111) !== 0;
    if (content !== undefined) found.push({ name: `bin/${name}`, content, executable });
  }
  if (found.length > 0) return found;
  throw new LocalTlsError(
    "FILE_NOT_FOUND",
    `Cannot find a program in "${directory}": none is called localtls...`,
  );
}
