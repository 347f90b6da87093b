/**
 * What has to be true before a version is published, and what of it is not.
 *
 * @module
 */

/** What the checks look at. */
export interface ReleaseFacts {
  readonly version: string;
  /** Other places that name the version, and what they say. */
  readonly versions: Readonly<Record<string, string | undefined>>;
  /** `git status --porcelain`. */
  readonly status: string;
  /** The commit that is checked out. */
  readonly head: string;
  /** The commit that the artefacts were built from, as they say themselves. */
  readonly builtFrom: string | undefined;
  /** The tags there are. */
  readonly tags: readonly string[];
  /** CHANGELOG.md. */
  readonly changelog: string;
  /** What `checksumProblems` found. */
  readonly checksumProblems: readonly string[];
}

/** The tag of a version. */
export function tagOf(version: string): string {
  return `v${version}`;
}

/** The text below a version's heading in CHANGELOG.md, or undefined if it has none. */
export function changelogSection(changelog: string, version: string): string | undefined {
  const lines = changelog.split("\n");
  const heading = new RegExp(`^## \\[?${version.replaceAll(".", "\\.")}\\]?(?: |$)`);
  const start = lines.findIndex((line) => heading.test(line));
  if (start === -1) return undefined;
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith("## "));
  const section = lines.slice(start + 1, length === -1 ? undefined : start + 1 + length);
  return section.join("\n").trim();
}

/** Why this version may not be published, a sentence each; empty if it may. */
export function releaseProblems(facts: ReleaseFacts): string[] {
  const { version, versions, status, head, builtFrom, tags, changelog } = facts;
  const problems: string[] = [];
  if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version)) {
    problems.push(`"${version}" is no version`);
  }
  for (const [place, said] of Object.entries(versions)) {
    if (said !== version) {
      problems.push(`${place} says ${said ?? "nothing"}, src/version.ts says ${version}`);
    }
  }
  if (status !== "") problems.push(`There are changes that are not committed:\n${status}`);
  if (tags.includes(tagOf(version))) problems.push(`The tag ${tagOf(version)} exists already`);
  if (!changelogSection(changelog, version)) {
    problems.push(`CHANGELOG.md has no section for ${version}`);
  }
  if (facts.checksumProblems.length > 0) problems.push(...facts.checksumProblems);
  else if (builtFrom !== head) {
    problems.push(`The artefacts were built from ${builtFrom ?? "an unknown commit"}, not ${head}`);
  }
  return problems;
}

/** The commands with which a person publishes. @param files Paths of the artefacts. */
export function publishCommands(version: string, head: string, files: readonly string[]): string[] {
  const tag = tagOf(version);
  const notes = `dist/CHANGELOG-${version}.md`;
  const flags = `--verify-tag --title 'localtls ${version}' --notes-file ${notes}`;
  const kind = version.includes("-") ? " --prerelease" : "";
  return [
    `git tag --annotate --message 'localtls ${version}' ${tag} ${head}`,
    `git push origin ${tag}`,
    [`gh release create ${tag} ${flags}${kind}`, ...files.map((file) => `  ${file}`)].join(" \\\n"),
  ];
}
