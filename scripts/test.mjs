/**
 * `npm test`: installs what the tests need, runs everything, and ends with a count.
 *
 * The steps: the gate (format, lint, types under Deno's and Bun's definitions, layers, examples in the
 * documentation), the build, the unit suite under Bun and again under Deno, and the suites that use real
 * tools, servers and browsers, inside a private mount namespace with a throw-away HOME.
 * `npm test -- unit` and the like run single steps.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bunPath, denoPath, ensurePackages, ROOT } from "./toolchain.mjs";

ensurePackages();
const BUN = bunPath();
const DENO = denoPath();
const REPORTS = join(ROOT, ".cache", "reports");

/** Debian packages of the real tools, and a file by which each is known to be there. */
const SYSTEM_PACKAGES = {
  chromium: "/usr/bin/chromium",
  "firefox-esr": "/usr/bin/firefox-esr",
  "nginx-light": "/usr/sbin/nginx",
  "libnss3-tools": "/usr/bin/certutil",
  "gnutls-bin": "/usr/bin/certtool",
  iproute2: "/usr/sbin/ip",
  openssl: "/usr/bin/openssl",
  "ca-certificates": "/usr/sbin/update-ca-certificates",
  "default-jdk-headless": ["/usr/bin/keytool", "/usr/bin/javac"],
  python3: ["/usr/bin/python3", "/usr/local/bin/python3", "/root/.pyenv/shims/python3"],
  curl: "/usr/bin/curl",
  wget: "/usr/bin/wget",
  zsh: "/usr/bin/zsh",
  fish: "/usr/bin/fish",
  sudo: "/usr/bin/sudo",
  "p11-kit": "/usr/bin/trust",
  strace: "/usr/bin/strace",
  mkcert: "/usr/bin/mkcert",
  "python3-cryptography": "/usr/lib/python3/dist-packages/cryptography",
  "util-linux": "/usr/bin/unshare",
};

const totals = { passed: 0, failed: 0, skipped: 0 };
const skippedNames = [];
const failedNames = [];

const STEPS = {
  format: () => gate("deno fmt", [DENO, "fmt", "--check", "--quiet"]),
  lint: () => gate("deno lint", [DENO, "lint", "--quiet"]),
  types: () => {
    gate("deno check", [DENO, "check", "--quiet", "mod.ts", "src", "scripts", "tests"]);
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    gate("tsc with bun-types", [process.execPath, tsc, "--project", "."]);
  },
  layers: () => gate("layers", [BUN, "scripts/layers.ts"]),
  // Deno adds imports of all exports to each example, which noUnusedLocals would refuse.
  examples: () =>
    gate("documentation examples", [
      DENO,
      "test",
      "-A",
      "--doc",
      "--no-check",
      "--quiet",
      "mod.ts",
      "src",
    ]),
  build: () => gate("build", [BUN, "scripts/build.ts", "--quiet"]),
  unit: () => {
    suite("unit (Bun)", [BUN, "test", "./tests/unit/"]);
    suite("unit (Deno)", [DENO, "test", "-A", "--no-check", "tests/unit"]);
  },
  integration: () => sandboxed("integration"),
  cli: () => sandboxed("cli"),
  faults: () => sandboxed("faults"),
  // A sandbox for each file: the story takes certutil away, and others need it.
  e2e: () => {
    const files = readdirSync(join(ROOT, "tests", "e2e")).filter((name) =>
      name.endsWith("_test.ts")
    );
    for (const file of files.sort()) sandboxed("e2e", file);
  },
};

function main(wanted) {
  const unknown = wanted.filter((name) => !(name in STEPS));
  if (unknown.length > 0) {
    console.error(
      `test: no step is called ${unknown.join(", ")}; there are: ${Object.keys(STEPS).join(", ")}`,
    );
    return 2;
  }
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const names = wanted.length > 0 ? wanted : Object.keys(STEPS);
  if (names.some((name) => ["integration", "cli", "faults", "e2e"].includes(name))) {
    installSystemPackages();
  }
  for (const name of names) STEPS[name]();
  for (const name of skippedNames) console.log(`skipped: ${name}`);
  for (const name of failedNames) console.log(`failed: ${name}`);
  const { passed, failed, skipped } = totals;
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 ? 1 : 0;
}

/** As root on a Debian, installs the packages that are missing; elsewhere their tests are skipped by name. */
function installSystemPackages() {
  const missing = Object.entries(SYSTEM_PACKAGES)
    .filter(([, paths]) => ![paths].flat().some((path) => existsSync(path)))
    .map(([name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    console.log(`test: not installed, their tests will be skipped: ${missing.join(", ")}`);
    return;
  }
  console.log(`test: installing ${missing.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args) =>
    spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
  apt("-q", "update");
  const { status } = apt("-q", "-y", "install", "--no-install-recommends", ...missing);
  if (status !== 0) console.log("test: apt-get could not install all of them");
}

/** A check that passes or fails as a whole. */
function gate(name, argv) {
  const started = Date.now();
  const result = spawnSync(argv[0], argv.slice(1), {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  const good = result.status === 0;
  totals[good ? "passed" : "failed"]++;
  if (!good) {
    failedNames.push(name);
    console.log(`${result.stdout ?? ""}${result.stderr ?? ""}`.trim());
  }
  console.log(`${good ? "ok  " : "FAIL"} ${name} (${seconds(started)} s)`);
}

/** A suite; its report says how many tests passed, failed and were skipped. */
function suite(name, argv, prefix = []) {
  const started = Date.now();
  const report = join(REPORTS, `${name.replaceAll(/\W+/g, "-")}.xml`);
  const flags = argv[0] === BUN
    ? ["--reporter=junit", `--reporter-outfile=${report}`]
    : [`--junit-path=${report}`];
  const full = [...prefix, ...argv, ...flags];
  const result = spawnSync(full[0], full.slice(1), {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (prefix.length > 0 && result.status === 77) {
    totals.skipped++;
    skippedNames.push(`${name}: needs root and a private mount namespace`);
    return;
  }
  const counted = existsSync(report) ? count(readFileSync(report, "utf8"), name) : undefined;
  // A runner that broke down before its report, or that failed without a failed test, is a failure too.
  if (
    counted === undefined || (result.status !== 0 && counted.failed === 0) || counted.passed === 0
  ) {
    totals.failed++;
    failedNames.push(`${name}: the runner ended with ${result.status ?? result.signal}`);
  }
  const { passed = 0, failed = 0, skipped = 0 } = counted ?? {};
  console.log(
    `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds(started)} s)`,
  );
}

function count(xml, name) {
  const counted = { passed: 0, failed: 0, skipped: 0 };
  for (
    const [, attributes, body = ""] of xml.matchAll(
      /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
    )
  ) {
    const title = `${name}: ${unescapeXml(/name="([^"]*)"/.exec(attributes)?.[1] ?? "?")}`;
    const outcome = /<(?:failure|error)/.test(body)
      ? "failed"
      : /<skipped/.test(body)
      ? "skipped"
      : "passed";
    counted[outcome]++;
    totals[outcome]++;
    if (outcome === "failed") failedNames.push(title);
    if (outcome === "skipped") skippedNames.push(title);
  }
  return counted;
}

function sandboxed(name, file = "") {
  if (!existsSync(join(ROOT, "dist", "localtls"))) STEPS.build();
  suite(
    file === "" ? name : `${name}/${file}`,
    [BUN, "test", "--timeout=180000", `./tests/${name}/${file}`],
    ["bash", "scripts/sandbox.sh"],
  );
}

function unescapeXml(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}

function seconds(started) {
  return ((Date.now() - started) / 1000).toFixed(0);
}

process.exit(main(process.argv.slice(2)));
