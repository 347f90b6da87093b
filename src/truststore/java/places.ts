/**
 * Where Javas are installed: a table per operating system. families.ts chooses the one that is searched.
 *
 * @module
 */

/** A directory whose entries are Javas. */
export interface JavaDirectory {
  /** Absolute; "~/" at its beginning is the user's home. */
  readonly path: string;
  /** Which entries are looked at. Default: all. */
  readonly names?: RegExp;
  /** Where a Java's home stands in an entry, "" for the entry itself. Default: [""]. */
  readonly within?: readonly string[];
}

/** Everything that differs between operating systems. */
export interface JavaPlaces {
  readonly directories: readonly JavaDirectory[];
  /** Commands that print the home of the system's Java on a line of its own. */
  readonly finders: readonly (readonly string[])[];
}

/** Packages, vendors' installers, version managers, IDEs, Gradle. */
export const LINUX_JAVA_PLACES: JavaPlaces = {
  directories: [
    "/usr/lib/jvm",
    "/usr/lib64/jvm",
    "/usr/java",
    "/usr/local/java",
    "/usr/local/lib/jvm",
    "/opt",
    "/opt/java",
    "/opt/jdk",
    "/opt/jvm",
    "~/.sdkman/candidates/java",
    "~/.jdks",
    "~/.jbang/cache/jdks",
    "~/.gradle/jdks",
    "~/.asdf/installs/java",
    "~/.local/share/mise/installs/java",
    "~/.jabba/jdk",
  ].map((path) => ({ path })),
  finders: [],
};
