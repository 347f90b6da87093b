/**
 * Public conformance suites, at pinned versions, in .cache/servers.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { install, noteUnavailable } from "./install.mjs";

/**
 * Autobahn's suite is for Python 2. Everything it imports is named, and its accelerators, which would have to be compiled,
 * are left out.
 */
const AUTOBAHN = [
  "autobahntestsuite==25.10.1",
  "autobahn==0.10.9",
  "argparse==1.4.0",
  "attrs==21.4.0",
  "Automat==22.10.0",
  "cffi==1.15.1",
  "constantly==15.1.0",
  "cryptography==3.3.2",
  "enum34==1.1.10",
  "hyperlink==21.0.0",
  "idna==2.10",
  "incremental==16.10.1",
  "ipaddress==1.0.23",
  "Jinja2==2.11.3",
  "klein==17.10.0",
  "linecache2==1.0.0",
  "MarkupSafe==1.1.1",
  "pyasn1==0.5.1",
  "pyasn1-modules==0.3.0",
  "pycparser==2.21",
  "PyHamcrest==1.10.1",
  "pyOpenSSL==19.1.0",
  "service-identity==18.1.0",
  "setuptools==44.0.0",
  "six==1.16.0",
  "traceback2==1.4.0",
  "Twisted==19.10.0",
  "txaio==2.1.0",
  "typing==3.10.0.0",
  "unittest2==1.1.0",
  "Werkzeug==1.0.1",
  "zope.interface==4.6.0",
];

/** 2.2.1 is the last that Go takes as a module; the versions of what it is built with are chosen here. */
const H2SPEC = `module tools

go 1.25.0

require (
\tgithub.com/fatih/color v1.19.0
\tgithub.com/spf13/cobra v1.10.2
\tgithub.com/summerwind/h2spec v2.2.1+incompatible
\tgolang.org/x/net v0.50.0
)
`;

/** Judges of TLS and of HTTP. */
const JUDGES = ["sslyze==6.3.1", "redbot==2.7.1"];

/** Installs what is missing, where Python 2.7, Go and Python 3 are; elsewhere the tests are skipped by that reason. */
export async function installConformanceTools() {
  await Promise.all([installAutobahn(), installH2spec(), installJudges()]);
}

async function installAutobahn() {
  const python = findPython2();
  if (python === undefined) return noteUnavailable("autobahn", "it needs Python 2.7");
  await install("autobahn", `${python} ${AUTOBAHN.join(" ")}`, (directory) => {
    writeFileSync(
      join(directory, "wstest"),
      `#!/bin/sh\nPYTHONUSERBASE='${directory}' exec '${python}' -W ignore '${directory}/bin/wstest' "$@"\n`,
      { mode: 0o755 },
    );
    const base = ["env", `PYTHONUSERBASE=${directory}`, python, "-W", "ignore", "-m", "pip"];
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-warn-script-location"];
    return [[...base, "install", "--user", "--no-deps", ...quiet, ...AUTOBAHN]];
  });
}

async function installH2spec() {
  if (!runs("go", "version")) return noteUnavailable("h2spec", "it needs Go");
  await install("h2spec", H2SPEC, (directory, wanted) => {
    writeFileSync(join(directory, "go.mod"), wanted);
    // For tests that compile with Go: their home, where it would look for compiled packages, is a new one each time.
    const { stdout } = spawnSync("go", ["env", "GOCACHE"], { encoding: "utf8" });
    writeFileSync(join(directory, "gocache.txt"), stdout.trim());
    const env = ["env", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local", `GOBIN=${directory}`];
    return [[...env, "go", "install", "github.com/summerwind/h2spec/cmd/h2spec"]];
  });
}

async function installJudges() {
  if (!runs("python3", "-m", "venv", "--help")) {
    return noteUnavailable("judges", "they need Python 3 with venv");
  }
  await install("judges", JUDGES.join(" "), () => [
    ["python3", "-m", "venv", "venv"],
    ["venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", ...JUDGES],
  ]);
}

/** Debian 11 was the last with a package of it; pyenv keeps its own beside the others. */
function findPython2() {
  const versions = join(homedir(), ".pyenv", "versions");
  const kept = existsSync(versions) ? readdirSync(versions) : [];
  const found = kept.filter((name) => name.startsWith("2.7.")).sort()
    .map((name) => join(versions, name, "bin", "python2.7"));
  return ["/usr/bin/python2.7", ...found].find((python) => runs(python, "-m", "pip", "--version"));
}

function runs(program, ...args) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}
