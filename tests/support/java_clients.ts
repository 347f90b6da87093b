/**
 * A client for every JDK on this machine; each JDK has trusted roots of its own.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { commandClient, type HttpsClient, scriptFile } from "./https_client.ts";
import { findProgram, mustRun } from "./processes.ts";
import { scratchDirectory } from "./sandbox.ts";

const source = scriptFile(
  "Fetch.java",
  `
public class Fetch {
  public static void main(String[] args) throws Exception {
    var connection = (java.net.HttpURLConnection) new java.net.URI(args[0]).toURL().openConnection();
    connection.setConnectTimeout(20000);
    connection.setReadTimeout(20000);
    System.out.println("status " + connection.getResponseCode());
    System.out.println(new String(connection.getInputStream().readAllBytes()));
  }
}
`,
);

/** Where Linux distributions and vendors put JDKs. */
const DIRECTORIES = ["/usr/lib/jvm", "/opt"] as const;

const TEXTS = {
  unknownRoot: /unable to find valid certification path/,
  notPermitted: /name constraints check failed/,
} as const;

/** The clients; a missing one named "Java" where there is no JDK. */
export function javaClients(): HttpsClient[] {
  const homes = new Set<string>();
  for (const directory of DIRECTORIES.filter((path) => existsSync(path))) {
    for (const name of readdirSync(directory)) {
      if (findProgram(join(directory, name, "bin/javac")) === undefined) continue;
      homes.add(realpathSync(join(directory, name)));
    }
  }
  if (homes.size === 0) {
    return [commandClient({ name: "Java", program: undefined, words: () => [], ...TEXTS })];
  }
  return [...homes].map(javaClient);
}

function javaClient(home: string): HttpsClient {
  const release = readFileSync(join(home, "release"), "utf8");
  // Compiled once: a JVM that compiles at every start takes three times as long.
  let compiled: Promise<string> | undefined;
  const compile = async () => {
    const classes = scratchDirectory("java");
    await mustRun([join(home, "bin/javac"), "-d", classes, source()]);
    return classes;
  };
  return commandClient({
    name: `Java ${/JAVA_VERSION="(\d+)/.exec(release)?.[1] ?? home}`,
    program: join(home, "bin/java"),
    words: async (url) => ["-cp", await (compiled ??= compile()), "Fetch", url],
    ...TEXTS,
  });
}
