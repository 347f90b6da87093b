/**
 * Servers that tests configure and that are packages of npm, PyPI or Maven, and a client of crates, at pinned versions.
 */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../toolchain.mjs";
import { install } from "./install.mjs";

/** webpack-dev-server 6 wants Node.js 22, which Debian does not have. */
const NPM = {
  "next": "16.4.6",
  "react": "19.3.1",
  "react-dom": "19.3.1",
  "vite": "8.3.8",
  "webpack": "5.112.2",
  "webpack-cli": "6.0.1",
  "webpack-dev-server": "5.2.7",
  "ws": "8.23.0",
};

/** Two servers, and two clients with roots of their own. */
const PIP = ["gunicorn==27.0.1", "uvicorn==0.54.0", "requests==2.34.2", "httpx==0.28.1"];

const SPRING = ["org.springframework.boot", "spring-boot-starter-web", "3.5.0"];

/** Installs what is missing; without the network, the tests of these servers are skipped by name. */
export async function installServerPackages() {
  const npm = install(
    "npm",
    JSON.stringify({ private: true, dependencies: NPM }),
    (directory, wanted) => {
      writeFileSync(join(directory, "package.json"), wanted);
      return [["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]];
    },
  );
  const python = install("python", PIP.join(" "), () => [
    ["python3", "-m", "venv", "venv"],
    ["venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", ...PIP],
  ]);
  const maven = install("maven", mavenProject(SPRING), (directory, wanted) => {
    writeFileSync(join(directory, "pom.xml"), wanted);
    const copy = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    return [["mvn", "-q", "-B", copy, "-DoutputDirectory=lib", "-DincludeScope=runtime"]];
  });
  const rust = install(
    "rust",
    ["Cargo.toml", "crates.lock", "src/main.rs"].map(readCrate).join(""),
    prepareCrate,
  );
  await Promise.all([npm, python, maven, rust]);
}

const CRATE = join(ROOT, "tests", "support", "rust_client");

function readCrate(file) {
  return readFileSync(join(CRATE, file), "utf8");
}

/** Half a minute on two cores. */
function prepareCrate(directory) {
  cpSync(CRATE, directory, { recursive: true });
  return [
    ["cargo", "generate-lockfile", "--quiet"],
    () => lockCrates(join(directory, "Cargo.lock")),
    ["cargo", "build", "--quiet", "--locked"],
    () => {
      cpSync(join(directory, "target", "debug", "fetch"), join(directory, "fetch"));
      rmSync(join(directory, "target"), { recursive: true });
    },
  ];
}

/** The versions and checksums of crates.lock, which does not name the registry; cargo has just named it. */
function lockCrates(file) {
  const [source] = /^source = .*\n/m.exec(readFileSync(file, "utf8"));
  writeFileSync(file, readCrate("crates.lock").replace(/^checksum = /gm, `${source}$&`));
}

function mavenProject([groupId, artifactId, version]) {
  const coordinates = (group, artifact, of) =>
    `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version>`;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>${coordinates("test", "servers", 1)}
<dependencies><dependency>${coordinates(groupId, artifactId, version)}</dependency></dependencies>
</project>
`;
}
