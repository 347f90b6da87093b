/**
 * The programs of Windows that its stores are changed with, as this process reaches them: on Windows itself, or from
 * WSL.
 *
 * @module
 */

import { toHex } from "../../bytes.ts";
import type { Host } from "../../host/host.ts";
import { joinPath } from "../../host/path_text.ts";

/** The way to the programs of Windows. */
export interface WindowsTools {
  readonly host: Host;
  /** Microsoft's certutil.exe, as this process starts it. */
  readonly certutil: string;
  /** certutil as it is pasted into a prompt of Windows. */
  readonly shownCertutil: string;
  readonly reg: string;
  /** An existing file or directory, as programs of Windows are told of it. Throws STORE_UNAVAILABLE. */
  windowsPath(path: string): Promise<string>;
  /** A directory in which to exchange files with them. */
  readonly temporaryDirectory: string;
}

/**
 * Runs work with a new private directory to exchange files with the tools in, which is taken away afterwards with the
 * files in it.
 *
 * @param work Gets the directory, and the same as the tools are told of it.
 */
export async function withExchange<T>(
  tools: WindowsTools,
  work: (directory: string, windowsDirectory: string) => Promise<T>,
): Promise<T> {
  const { host: { files } } = tools;
  const random = toHex(crypto.getRandomValues(new Uint8Array(8)));
  const directory = joinPath(tools.temporaryDirectory, `localtls-${random}`);
  await files.makeDirectory(directory, { mode: 0o700 });
  try {
    return await work(directory, await tools.windowsPath(directory));
  } finally {
    await clear(tools.host, directory);
  }
}

/** A virus scanner may hold a file a moment longer: what stays is a public certificate in the temporary directory. */
async function clear({ files }: Host, directory: string): Promise<void> {
  for (const name of await files.list(directory).catch(() => [])) {
    await files.remove(joinPath(directory, name)).catch(() => false);
  }
  await files.removeDirectory(directory).catch(() => false);
}
