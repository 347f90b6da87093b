/**
 * Where Javas are installed: a table per operating system. families.ts chooses the one that is searched.
 *
 * @module
 */

/** A directory whose entries are Javas. */
export interface JavaDirectory {
  /** Absolute; at its beginning "~/" is the user's home, and "%NAME%/" a variable of the environment. */
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
export const linuxJavaPlaces = (): JavaPlaces => ({
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
});

/** The vendors' installers, for everybody and for one user; IDEs, Gradle, scoop. */
export const windowsJavaPlaces = (): JavaPlaces => ({
  directories: [
    ...["%ProgramFiles%", "%ProgramFiles(x86)%", "%LOCALAPPDATA%/Programs"].flatMap((programs) => [
      ...[
        "AdoptOpenJDK",
        "Amazon Corretto",
        "BellSoft",
        "Eclipse Adoptium",
        "Java",
        "RedHat",
        "SapMachine",
        "Semeru",
        "Zulu",
      ].map((vendor) => ({ path: `${programs}/${vendor}` })),
      // Holds much else of Microsoft's.
      { path: `${programs}/Microsoft`, names: /^jdk/i },
      { path: `${programs}/Android`, within: ["jbr", "jre"] },
      { path: `${programs}/JetBrains`, within: ["jbr"] },
    ]),
    ...["~/.jdks", "~/.gradle/jdks", "~/.jbang/cache/jdks", "~/.sdkman/candidates/java"]
      .map((path) => ({ path })),
    // A link to the version in use.
    {
      path: "~/scoop/apps",
      names: /jdk|jre|java|temurin|corretto|zulu|liberica|semeru|graalvm|sapmachine/i,
      within: ["current"],
    },
  ],
  finders: [],
});

/** Ports and packages of FreeBSD: /usr/local/openjdk17, /usr/local/openjdk8-jre. */
export const freebsdJavaPlaces = (): JavaPlaces => ({
  directories: [
    { path: "/usr/local", names: /^(?:openjdk|linux-.*jdk)\d+(?:-jre)?$/ },
    { path: "~/.gradle/jdks" },
    { path: "~/.jdks" },
  ],
  finders: [],
});

/**
 * Apple's own directories, Homebrew's formulas, version managers. A Java of macOS is a bundle, with its home in
 * Contents/Home; Homebrew has the bundle in libexec.
 */
export const macosJavaPlaces = (): JavaPlaces => ({
  directories: [
    { path: "/Library/Java/JavaVirtualMachines", within: ["Contents/Home"] },
    { path: "~/Library/Java/JavaVirtualMachines", within: ["Contents/Home"] },
    ...["/opt/homebrew/opt", "/usr/local/opt"].map((path) => ({
      path,
      names: /^openjdk(?:@\d+)?$/,
      within: ["libexec/openjdk.jdk/Contents/Home"],
    })),
    ...[
      "~/.sdkman/candidates/java",
      "~/.jbang/cache/jdks",
      "~/.gradle/jdks",
      "~/.asdf/installs/java",
      "~/.local/share/mise/installs/java",
      "~/.jabba/jdk",
    ].map((path) => ({ path, within: ["", "Contents/Home"] })),
  ],
  // Without --request it opens no window where there is no Java (java_home(1)).
  finders: [["/usr/libexec/java_home"]],
});
