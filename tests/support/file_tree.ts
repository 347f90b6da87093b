/**
 * A directory with everything that makes a difference: equal before and after means that nothing was changed.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Every path below a directory with its kind, mode, owner and content. */
export function treeOf(directory: string): Record<string, string> {
  const tree: Record<string, string> = {};
  const visit = (path: string, name: string) => {
    const stat = lstatSync(path);
    const rights = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isSymbolicLink()) tree[name] = `link ${rights} ${readlinkSync(path)}`;
    else if (stat.isFile()) {
      const digest = createHash("sha256").update(readFileSync(path)).digest("hex");
      tree[name] = `file ${rights} ${digest}`;
    } else if (stat.isDirectory()) {
      tree[name] = `directory ${rights}`;
      for (const entry of readdirSync(path)) visit(join(path, entry), `${name}/${entry}`);
    } else tree[name] = `other ${rights}`;
  };
  visit(directory, "");
  return tree;
}
