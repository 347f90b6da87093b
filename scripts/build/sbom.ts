/**
 * The list of components (CycloneDX 1.6) of what is really in the executables: the packages of which the bundler
 * kept code, and Bun's runtimes. Nothing in it depends on who builds, where and when.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Lock, LockedPackage } from "./runtimes.ts";
import type { Target } from "./targets.ts";

/** The part of the bundler's metafile that counts. */
interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }
    >
  >;
}

/** What scripts/build/icu_data.ts does to a runtime. The hash is that of the package it came from. */
const THINNED = "Without ICU's data of languages other than English.";

/** Packages with data under another licence than package-lock.json says of their code (scripts/build/notices.ts). */
const LICENCES: Readonly<Record<string, string>> = { tldts: "MIT AND MPL-2.0" };

/** What a list of components is made from. */
export interface SbomSource {
  readonly version: string;
  /** Seconds since 1970. */
  readonly time: number;
  /** The commit, where there is one. */
  readonly commit: string | undefined;
  readonly lock: Lock;
  /** A metafile, as text, of every build. */
  readonly metafiles: readonly string[];
  readonly targets: readonly Target[];
}

/** A component, as CycloneDX 1.6 has it. */
interface Component {
  readonly type: "library" | "platform" | "application";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly licenses?: readonly unknown[];
  readonly pedigree?: { readonly notes: string };
}

/** Paths in the lock file of the packages of which code is in the bundle, sorted. */
export function bundledPackages(metafiles: readonly string[]): readonly string[] {
  const paths = new Set<string>();
  for (const text of metafiles) {
    for (const { inputs } of Object.values((JSON.parse(text) as Metafile).outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
        // Nested node_modules and scopes as well: the longest such path.
        const path = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
        if (path !== undefined && bytesInOutput > 0) paths.add(path);
      }
    }
  }
  return [...paths].sort();
}

/** The document, as text. @throws {Error} The bundle has a package that the lock file does not know. */
export function cycloneDx(source: SbomSource): string {
  const { version, time, commit, lock } = source;
  const libraries = bundledPackages(source.metafiles).map((path) =>
    component("library", path.slice(path.lastIndexOf("node_modules/") + 13), pin(lock, path))
  );
  const runtimes = source.targets.map(({ runtime, os }) => ({
    ...component("platform", runtime, pin(lock, `node_modules/${runtime}`)),
    ...(os === "darwin" ? {} : { pedigree: { notes: THINNED } }),
  }));
  const components = [...libraries, ...runtimes].sort((a, b) => a.purl < b.purl ? -1 : 1);
  const self: Component = {
    type: "application",
    "bom-ref": `localtls@${version}`,
    name: "localtls",
    version,
    purl: `pkg:generic/localtls@${version}`,
    licenses: [{ license: { id: "MIT" } }],
  };
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: self,
      ...(commit === undefined ? {} : { properties: [{ name: "localtls:commit", value: commit }] }),
    },
    components,
    dependencies: [
      { ref: self["bom-ref"], dependsOn: components.map((each) => each["bom-ref"]) },
    ],
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(document))}`;
  return `${JSON.stringify({ ...document, serialNumber }, undefined, 2)}\n`;
}

/** The commit that a document was made at. */
export function commitOf(document: string): string | undefined {
  const { metadata } = JSON.parse(document);
  return metadata.properties?.find(({ name }: { name: string }) => name === "localtls:commit")
    ?.value;
}

function pin(lock: Lock, path: string): LockedPackage {
  const found = lock[path];
  if (found === undefined) {
    throw new Error(`Cannot list ${path}: package-lock.json does not pin it`);
  }
  return found;
}

function component(type: Component["type"], name: string, pinned: LockedPackage): Component {
  const { version, integrity } = pinned;
  const license = LICENCES[name] ?? pinned.license;
  const [scope, rest] = name.startsWith("@")
    ? name.split("/") as [string, string]
    : [undefined, name];
  const purl = `pkg:npm/${scope === undefined ? "" : `%40${scope.slice(1)}/`}${rest}@${version}`;
  const digest = Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex");
  return {
    type,
    "bom-ref": purl,
    ...(scope === undefined ? {} : { group: scope }),
    name: rest,
    version,
    purl,
    hashes: [{ alg: "SHA-512", content: digest }],
    ...(license === undefined ? {} : { licenses: [licenseChoice(license)] }),
  };
}

/** "MIT" is an SPDX identifier, "MIT OR Apache-2.0" an expression of them. */
function licenseChoice(license: string): unknown {
  return /^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license };
}

/** A UUID of version 8 (RFC 9562, 5.8): a hash of the content, so that it is the same for the same content. */
function uuidOf(content: string): string {
  const bytes = createHash("sha256").update(content).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
