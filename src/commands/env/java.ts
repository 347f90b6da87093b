/**
 * Java: a trust store with every root that the Javas of this machine have, and ours; named by an option, since no
 * variable of Java's names one.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { decodePem } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import { quoteJvmWord } from "../../recipes/environment.ts";
import { findJavas } from "../../truststore/families.ts";
import type { JavaTrustFile } from "../../truststore/java/find_javas.ts";
import { findAliases } from "../../truststore/java/keystore_reader.ts";
import { listCertificates } from "../../truststore/java/keytool.ts";
import { extractCertificates } from "../../truststore/pem_search.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { joinPath } from "../output_files.ts";
import type { RootsDocument } from "./documents.ts";
import { bundleText, type EnvironmentFiles } from "./files.ts";

const VARIABLE = "JAVA_TOOL_OPTIONS";

/** As that of every cacerts: it protects nothing, and some programs ask for one. */
const STORE_PASSWORD = "changeit";

const TRUST_STORE_OPTION = /-Djavax\.net\.ssl\.trustStore=/;

/** The options, or why there are none. */
export async function javaOptions(
  context: CommandContext,
  workplace: Workplace,
  files: EnvironmentFiles,
  own: string,
  der: Uint8Array,
): Promise<
  | { readonly value: string; readonly base: RootsDocument }
  | { readonly reason: string }
> {
  const { host } = context;
  const javas = await findJavas(host, workplace.user);
  if (javas.length === 0) return { reason: "there is no Java on this machine" };
  // A JVM says on stderr that it picked the variable up: not where nothing is gained.
  if (await trustEverywhere(context, javas, der)) {
    return { reason: "every Java on this machine trusts the CA by itself" };
  }
  const store = joinPath(files.directory, "java.p12");
  const options = [
    `-Djavax.net.ssl.trustStore=${store}`,
    "-Djavax.net.ssl.trustStoreType=PKCS12",
    `-Djavax.net.ssl.trustStorePassword=${STORE_PASSWORD}`,
  ].map(quoteJvmWord).join(" ");
  const given = (host.env(VARIABLE) ?? "").replace(options, "").trim();
  if (TRUST_STORE_OPTION.test(given)) {
    return { reason: "your options name a trust store already: left as they are" };
  }
  const base = await writeStore(context, files, javas, store, own);
  return { value: given === "" ? options : `${given} ${options}`, base };
}

async function trustEverywhere(
  { host }: CommandContext,
  javas: readonly JavaTrustFile[],
  der: Uint8Array,
): Promise<boolean> {
  for (const { path } of javas) {
    const content = await host.files.read(path).catch(() => undefined);
    const aliases = content === undefined ? undefined : findAliases(content, der);
    if (aliases === undefined || aliases.length === 0) return false;
  }
  return true;
}

/** Writes the store beside a list of what is in it: a store cannot be compared, its salt differs every time. */
async function writeStore(
  context: CommandContext,
  files: EnvironmentFiles,
  javas: readonly JavaTrustFile[],
  store: string,
  own: string,
): Promise<RootsDocument> {
  const { host } = context;
  const list = joinPath(files.directory, "java.pem");
  const base: RootsDocument = { source: "java", path: await stampOf(context, javas) };
  const held = await host.files.read(list);
  const heldText = held === undefined ? "" : new TextDecoder().decode(held);
  const isCurrent = heldText.endsWith(own) &&
    JSON.stringify(await files.baseOf(list)) === JSON.stringify(base) &&
    await host.files.info(store) !== undefined;
  if (isCurrent) return base;
  await writeStoreFiles(files, bundleText(base, await rootsOf(context, files, javas), own));
  return base;
}

/** Writes store and list together. @param text The list, with its header. */
export async function writeStoreFiles(files: EnvironmentFiles, text: string): Promise<void> {
  const { createTrustStore } = await import("../../x509/pkcs12/trust_store_writer.ts");
  const roots = decodePem(text).map(({ der }) => der)
    .filter((one, i, all) => all.findIndex((other) => equalBytes(other, one)) === i);
  await files.write([
    {
      path: joinPath(files.directory, "java.p12"),
      content: await createTrustStore(roots, STORE_PASSWORD),
    },
    { path: joinPath(files.directory, "java.pem"), content: text },
  ]);
}

/** Every cacerts with its size and time: one that changed is read again. */
async function stampOf({ host }: CommandContext, javas: readonly JavaTrustFile[]): Promise<string> {
  const stamps: string[] = [];
  for (const { path } of javas) {
    const info = await host.files.info(path);
    stamps.push(`${path} ${info?.size ?? 0} ${Math.trunc(info?.modifiedMs ?? 0)}`);
  }
  return stamps.join(", ");
}

/** The roots of every Java; where none has a keytool that answers, the public roots. */
async function rootsOf(
  context: CommandContext,
  files: EnvironmentFiles,
  javas: readonly JavaTrustFile[],
): Promise<string[]> {
  const found = new Set<string>();
  for (const { path, javas: homes } of javas) {
    const keytool = homes.find((java) => java.keytool !== undefined)?.keytool;
    if (keytool === undefined) continue;
    context.report({ type: "progress", message: `reading the roots of ${path}` });
    try {
      const text = await listCertificates(context.host, keytool, path);
      for (const pem of extractCertificates(text)) found.add(pem);
    } catch (error) {
      if (!(error instanceof LocalTlsError)) throw error;
      context.report({ type: "warning", code: error.code, message: error.message });
    }
  }
  return found.size > 0 ? [...found] : [...(await files.publicRoots()).certificates];
}
