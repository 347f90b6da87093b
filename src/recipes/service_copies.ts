/**
 * Copies of a certificate for a service that is a user of its own.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import { pastable } from "./recipe.ts";
import { type Site, when } from "./site.ts";

/**
 * Comment lines: whoever starts a server by hand needs none of this; a service of the system cannot read a key that is
 * its owner's alone, in a home that may be closed.
 *
 * @param service How to call it. @param user The account that it runs as. @param directory Where the copies go.
 */
export function serviceCopies(
  site: Site,
  service: string,
  user: string,
  directory: string,
): string[] {
  const install = (mode: string, from: string, to: string) =>
    `#   sudo install ${mode} ${quoteArgument(pastable(from))} ${directory}/${to}`;
  return [
    `# ${service} must be able to read the files, the key with mode 0600 and as its owner. As a service of the system it`,
    `# is the user ${user}. Then, and again after each renewal:`,
    `#   sudo install -d -m 0755 ${directory}`,
    install("-m 0644", site.cert, "cert.pem"),
    install(`-m 0600 -o ${user}`, site.key, "key.pem"),
    ...when(site.clientCa, (file) => [install("-m 0644", file, "root.pem")]),
    "# and these copies in place of the paths below.",
  ];
}
