/**
 * What is in the bundle, by group of modules: rooms of src/, and packages.
 *
 * @module
 */

/** The part of the bundler's metafile that counts. */
export interface Metafile {
  readonly outputs: Readonly<Record<string, Output>>;
}

/** A chunk. */
export interface Output {
  readonly bytes: number;
  readonly entryPoint?: string;
  readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
  readonly imports?: readonly {
    readonly path: string;
    readonly kind: string;
    readonly external?: boolean;
  }[];
}

/** Bytes of JavaScript by group, the largest first. */
export function bundleGroups(metafile: Metafile): [group: string, bytes: number][] {
  const groups = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const group = groupOf(file);
      groups.set(group, (groups.get(group) ?? 0) + bytesInOutput);
    }
  }
  return [...groups].filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]);
}

/** "src/doctor", "npm tlds". */
function groupOf(file: string): string {
  const npm = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
  if (npm !== undefined) return `npm ${npm}`;
  const [first, second = "", third] = file.split("/");
  return first === "src" ? `src/${third === undefined ? "*.ts" : second}` : "other";
}
