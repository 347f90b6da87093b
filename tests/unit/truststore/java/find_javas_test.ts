import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findTargetUser } from "../../../../src/host/target_user.ts";
import { findJavaTrustFiles, labelOf } from "../../../../src/truststore/java/find_javas.ts";
import {
  linuxJavaPlaces,
  macosJavaPlaces,
  windowsJavaPlaces,
} from "../../../../src/truststore/java/places.ts";
import type { FakeEntry } from "../../../support/fake_disk.ts";
import { createFakeHost, type FakeHostOptions } from "../../../support/fake_host.ts";
import { createFakeWindows, WINDOWS_ENV } from "../../../support/fake_windows.ts";

const CACERTS = "lib/security/cacerts";
const KEYTOOL = { keytool: () => 0 };
const release = (version: string, vendor: string) =>
  `IMPLEMENTOR="${vendor}"\nJAVA_VERSION="${version}"\nOS_NAME="Linux"\n`;

async function find(
  files: Record<string, string | FakeEntry>,
  options: FakeHostOptions = {},
  places = linuxJavaPlaces,
) {
  const host = createFakeHost({ commands: KEYTOOL, ...options, files });
  const found = await findJavaTrustFiles(host, await findTargetUser(host), places());
  return found.map((file) => ({ path: file.path, label: labelOf(file), javas: file.javas }));
}

describe("findJavaTrustFiles()", () => {
  test("finds nothing where there is no Java", async () => {
    assert.deepEqual(
      await find({ "/opt/google/chrome/chrome": "x", "/usr/lib/jvm/notes": "x" }),
      [],
    );
  });

  const places = [
    "/usr/lib/jvm/java-17",
    "/usr/lib64/jvm/java-17",
    "/usr/java/jdk-17",
    "/opt/jdk-17",
    "/opt/java/openjdk",
    "/home/ann/.sdkman/candidates/java/17-tem",
    "/home/ann/.jdks/temurin-17",
    "/home/ann/.jbang/cache/jdks/17",
    "/home/ann/.gradle/jdks/x",
    "/home/ann/.asdf/installs/java/17",
    "/home/ann/.local/share/mise/installs/java/17",
  ];
  for (const home of places) {
    test(`finds ${home}`, async () => {
      const found = await find({
        [`${home}/${CACERTS}`]: "x",
        [`${home}/release`]: release("17.0.15", "Debian"),
      });
      assert.deepEqual(found, [{
        path: `${home}/${CACERTS}`,
        label: "Java 17 (Debian)",
        javas: [{ home, version: "17", vendor: "Debian", keytool: `${home}/bin/keytool` }],
      }]);
    });
  }

  test("finds JAVA_HOME, with a slash at its end or a link in it", async () => {
    for (const value of ["/srv/jdk/", "/srv/current"]) {
      const found = await find(
        { [`/srv/jdk/${CACERTS}`]: "x", "/srv/current": { target: "jdk" } },
        { env: { HOME: "/home/ann", JAVA_HOME: value } },
      );
      assert.deepEqual(found.map(({ path }) => path), [`/srv/jdk/${CACERTS}`]);
    }
  });

  test("leaves a JAVA_HOME that is relative or not there", async () => {
    for (const value of ["jdk", "/nowhere", "."]) {
      assert.deepEqual(await find({}, { env: { HOME: "/home/ann", JAVA_HOME: value } }), []);
    }
  });

  test("finds the Java that PATH leads to, also Java 8's JRE in its JDK", async () => {
    const found = await find({
      "/usr/bin/java": { target: "/srv/jdk8/jre/bin/java" },
      "/srv/jdk8/jre/bin/java": "x",
      [`/srv/jdk8/jre/${CACERTS}`]: "x",
      "/srv/jdk8/release": release("1.8.0_392", "Temurin"),
    }, { commands: { ...KEYTOOL, java: () => 0 } });
    assert.deepEqual(found.map(({ path, label }) => [path, label]), [
      [`/srv/jdk8/jre/${CACERTS}`, "Java 8 (Temurin)"],
    ]);
  });

  test("one store for Javas that share a file, once for links to one Java", async () => {
    const shared = "/etc/ssl/certs/java/cacerts";
    const found = await find({
      [shared]: "x",
      "/usr/lib/jvm/default-java": { target: "java-17" },
      [`/usr/lib/jvm/java-17/${CACERTS}`]: { target: shared },
      "/usr/lib/jvm/java-17/release": release("17.0.15", "Debian"),
      [`/usr/lib/jvm/temurin-25/${CACERTS}`]: { target: shared },
      "/usr/lib/jvm/temurin-25/release": release("25.0.3", "Eclipse Adoptium"),
    });
    assert.deepEqual(found.map(({ path, label }) => [path, label]), [
      [shared, "Java 17 (Debian), 25 (Eclipse Adoptium)"],
    ]);
  });

  test("a jssecacerts replaces cacerts, as JSSE has it", async () => {
    const found = await find({
      [`/opt/jdk/${CACERTS}`]: "x",
      "/opt/jdk/lib/security/jssecacerts": "x",
    });
    assert.deepEqual(found.map(({ path }) => path), ["/opt/jdk/lib/security/jssecacerts"]);
  });

  test("a Java without keytool or release file is found, and named by its directory", async () => {
    const found = await find({ [`/opt/trimmed/${CACERTS}`]: "x" }, { commands: {} });
    assert.equal(found[0]!.label, "Java (trimmed)");
    assert.equal(found[0]!.javas[0]!.keytool, undefined);
  });

  test("a release file that is noise names nothing", async () => {
    const found = await find({
      [`/opt/jdk/${CACERTS}`]: "x",
      "/opt/jdk/release": `JAVA_VERSION="\u001b[2J"\nIMPLEMENTOR="${"x".repeat(500)}"`,
    });
    assert.equal(found[0]!.label, "Java (jdk)");
  });

  test("a cacerts that is a directory or a dangling link is none", async () => {
    assert.deepEqual(
      await find({
        [`/opt/a/${CACERTS}`]: { type: "directory" },
        [`/opt/b/${CACERTS}`]: { target: "/gone" },
      }),
      [],
    );
  });
});

describe("findJavaTrustFiles() on Windows", () => {
  const PROGRAMS = "C:\\Program Files";
  const HOME = WINDOWS_ENV.USERPROFILE;
  const env = {
    ...WINDOWS_ENV,
    ProgramFiles: PROGRAMS,
    "ProgramFiles(x86)": "C:\\Program Files (x86)",
  };

  async function findOnWindows(
    files: Record<string, string>,
    options: FakeHostOptions = {},
  ) {
    const host = createFakeWindows({ env, ...options, files });
    const user = await findTargetUser(host);
    const found = await findJavaTrustFiles(host, user, windowsJavaPlaces());
    return found.map((file) => ({ path: file.path, label: labelOf(file), javas: file.javas }));
  }

  const homes = [
    `${PROGRAMS}\\Java\\jdk-21`,
    `C:\\Program Files (x86)\\Java\\jre-1.8`,
    `${PROGRAMS}\\Eclipse Adoptium\\jdk-21.0.4.7-hotspot`,
    `${PROGRAMS}\\Microsoft\\jdk-21.0.4.7-hotspot`,
    `${PROGRAMS}\\Amazon Corretto\\jdk21.0.4_7`,
    `${PROGRAMS}\\Zulu\\zulu-21`,
    `${PROGRAMS}\\BellSoft\\LibericaJDK-21`,
    `${PROGRAMS}\\Android\\Android Studio\\jbr`,
    `${HOME}\\AppData\\Local\\Programs\\Eclipse Adoptium\\jdk-21`,
    `${HOME}\\.jdks\\temurin-21`,
    `${HOME}\\.gradle\\jdks\\x`,
    `${HOME}\\scoop\\apps\\temurin21-jdk\\current`,
  ];
  for (const home of homes) {
    test(`finds ${home}`, async () => {
      const keytool = `${home}\\bin\\keytool`;
      const found = await findOnWindows({
        [`${home}\\lib\\security\\cacerts`]: "x",
        [`${home}\\release`]: release("21.0.4", "Vendor"),
      }, { commands: { [keytool]: () => 0 } });
      assert.equal(found.length, 1);
      assert.equal(found[0]!.path, `${home}\\lib\\security\\cacerts`);
      assert.equal(found[0]!.label, "Java 21 (Vendor)");
      assert.equal(found[0]!.javas[0]!.home, home);
      assert.notEqual(found[0]!.javas[0]!.keytool, undefined);
    });
  }
  test("finds JAVA_HOME on any drive", async () => {
    const files = { "D:\\jdk\\lib\\security\\cacerts": "x" };
    const found = await findOnWindows(files, { env: { ...env, JAVA_HOME: "D:\\jdk\\" } });
    assert.deepEqual(found.map(({ path }) => path), ["D:\\jdk\\lib\\security\\cacerts"]);
  });
  test("passes over what is no Java, and variables that are not set", async () => {
    const security = "lib\\security\\cacerts";
    assert.deepEqual(
      await findOnWindows({
        [`${PROGRAMS}\\Microsoft\\Edge\\${security}`]: "x",
        [`${HOME}\\scoop\\apps\\python\\current\\${security}`]: "x",
        [`${HOME}\\scoop\\apps\\temurin21-jdk\\21.0.4\\${security}`]: "x",
        [`C:\\work\\Java\\jdk\\${security}`]: "x",
      }, { env: WINDOWS_ENV }),
      [],
    );
  });
});

describe("findJavaTrustFiles() on macOS", () => {
  const homes = [
    "/Library/Java/JavaVirtualMachines/temurin-21.jdk/Contents/Home",
    "/home/ann/Library/Java/JavaVirtualMachines/corretto-17.jdk/Contents/Home",
    "/opt/homebrew/opt/openjdk/libexec/openjdk.jdk/Contents/Home",
    "/opt/homebrew/opt/openjdk@17/libexec/openjdk.jdk/Contents/Home",
    "/usr/local/opt/openjdk@21/libexec/openjdk.jdk/Contents/Home",
    "/home/ann/.sdkman/candidates/java/21-tem",
    "/home/ann/.gradle/jdks/temurin-17/Contents/Home",
  ];
  const pathsOf = async (...args: Parameters<typeof find>) =>
    (await find(args[0], args[1], macosJavaPlaces)).map(({ path }) => path);

  for (const home of homes) {
    test(`finds ${home}`, async () => {
      assert.deepEqual(await pathsOf({ [`${home}/${CACERTS}`]: "x" }), [`${home}/${CACERTS}`]);
    });
  }

  test("once for Homebrew's link and what it leads to", async () => {
    const keg = "/opt/homebrew/Cellar/openjdk/21.0.1";
    const home = `${keg}/libexec/openjdk.jdk/Contents/Home`;
    const files = {
      [`${home}/${CACERTS}`]: "x",
      "/opt/homebrew/opt/openjdk": { target: "../Cellar/openjdk/21.0.1" },
      "/opt/homebrew/opt/openjdk@21": { target: "../Cellar/openjdk/21.0.1" },
    };
    assert.deepEqual(await pathsOf(files), [`${home}/${CACERTS}`]);
  });

  test("looks at no other formula, and not at Linux's places", async () => {
    assert.deepEqual(
      await pathsOf({
        [`/opt/homebrew/opt/openjdkish/libexec/openjdk.jdk/Contents/Home/${CACERTS}`]: "x",
        [`/usr/lib/jvm/java-17/${CACERTS}`]: "x",
      }),
      [],
    );
  });

  test("asks java_home, and believes a path alone", async () => {
    const files = { [`/srv/jdk/${CACERTS}`]: "x" };
    const finder = (stdout: string, code = 0) => ({
      commands: { "/usr/libexec/java_home": () => ({ code, stdout }) },
    });
    assert.deepEqual(await pathsOf(files, finder("/srv/jdk\n")), [`/srv/jdk/${CACERTS}`]);
    assert.deepEqual(await pathsOf(files, finder("/srv/jdk\n", 1)), []);
    assert.deepEqual(await pathsOf(files, finder("Unable to locate a Java Runtime\n")), []);
  });
});
