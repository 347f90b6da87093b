/**
 * Variables that name more than a file of roots: settings of PHP and wget, and libpq's, which changes what it does.
 *
 * @module
 */

import { isWindowsPath } from "../../host/path_text.ts";
import { phpSettings, type TrustVariable, wgetSettings } from "../../recipes/environment.ts";
import { joinPath, resolvePath } from "../output_files.ts";
import { type Choice, keptReason, readBase, type Room, userBase } from "./bases.ts";

/**
 * With roots at hand libpq verifies for sslmode=require too (libpq's documentation, 34.19.1): a user who has given it none
 * would be refused by servers that were accepted so far.
 */
export async function choosePostgres(room: Room, { name }: TrustVariable): Promise<Choice> {
  const { context, workplace, files, own } = room;
  const held = joinPath(joinPath(workplace.user.home, ".postgresql"), "root.crt");
  // Its own word for the roots of the system, which are OpenSSL's: SSL_CERT_FILE.
  if (context.host.env(name) === "system") return { reason: "yours names the system's roots" };
  const given = await userBase(room, name) ??
    (await context.host.files.info(held) === undefined
      ? undefined
      : { source: "file", path: held } as const);
  if (given === undefined) {
    return {
      reason:
        "libpq takes it as a wish to verify: with sslmode=require, servers that were accepted " +
        "so far would be refused. Set it to the bundle where that is wanted",
    };
  }
  const certificates = await readBase(room, name, given);
  if (certificates === undefined) return { reason: keptReason(given.path) };
  const path = await files.writeBundle("bundle", given, certificates, own);
  return { value: path, base: given };
}

/** The empty entry stands for the directory that PHP was built with. */
export async function choosePhp(
  { context, files, own }: Room,
  { name }: TrustVariable,
): Promise<Choice> {
  const { base, certificates } = await files.publicRoots();
  const bundle = await files.writeBundle("bundle", base, certificates, own);
  const settings = phpSettings(bundle);
  if (settings === undefined) return { reason: "no php.ini can hold the path of the bundle" };
  const directory = joinPath(files.directory, "php");
  const separator = isWindowsPath(directory) ? ";" : ":";
  if (directory.slice(2).includes(separator)) {
    return { reason: `a list of directories cannot hold "${directory}"` };
  }
  await files.write([{ path: joinPath(directory, "localtls.ini"), content: settings }]);
  const given = context.host.env(name) ?? "";
  const kept = given.split(separator).filter((entry) => entry !== directory);
  return { value: [...kept, directory].join(separator), base };
}

/** wget reads one start-up file: ours has the user's in front. */
export async function chooseWget({ context, workplace, files, own }: Room): Promise<Choice> {
  const { host } = context;
  const path = joinPath(files.directory, "wgetrc");
  const given = host.env("WGETRC");
  const source = given === undefined || given === path
    ? joinPath(workplace.user.home, ".wgetrc")
    : resolvePath(host, given);
  const content = await host.files.read(source).catch(() => undefined);
  const text = content === undefined ? "" : new TextDecoder().decode(content);
  if (/^\s*ca_?-?certificate\s*=/im.test(text)) {
    return { reason: `"${source}" names roots of its own: left as it is` };
  }
  const { base, certificates } = await files.publicRoots();
  const bundle = await files.writeBundle("bundle", base, certificates, own);
  const settings = wgetSettings(text, bundle);
  if (settings === undefined) return { reason: "no wgetrc can hold the path of the bundle" };
  await files.write([{ path, content: settings }]);
  return { value: path, base };
}
