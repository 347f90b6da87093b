/**
 * `npm test`: installs what the tests need, runs everything, and ends with a count.
 *
 * The steps: the gate (format, lint, types under Deno's and Bun's definitions, layers, examples in the
 * documentation), the build, the unit suite under Bun and again under Deno, and the suites that use real
 * tools, servers and browsers, inside a private mount namespace with a throw-away HOME.
 * `npm test -- unit` and the like run single steps.
 *
 * Checks run one after the other, since what fails there fails for everything. Suites spend much of their
 * time waiting for browsers and servers: two run at once, in sandboxes of their own.
 */

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { installConformanceTools } from "./test/conformance_tools.mjs";
import { REPORTS, runCheck, runSuite } from "./test/run_suite.mjs";
import { installServerPackages } from "./test/server_packages.mjs";
import { installSystemPackages } from "./test/system_packages.mjs";
import { Tally } from "./test/tally.mjs";
import { bunPath, denoPath, ensurePackages, ROOT } from "./toolchain.mjs";

/** Suites at once. LOCALTLS_TEST_JOBS=1 for a machine with one core, or to see the order of things. */
const JOBS = Number(process.env.LOCALTLS_TEST_JOBS) || 2;

ensurePackages();
const BUN = bunPath();
const DENO = denoPath();

/** Checks: their commands, in order. */
const CHECKS = {
  format: [{ name: "deno fmt", argv: [DENO, "fmt", "--check", "--quiet"] }],
  lint: [{ name: "deno lint", argv: [DENO, "lint", "--quiet"] }],
  types: [
    {
      name: "deno check",
      argv: [DENO, "check", "--quiet", "mod.ts", "src", "scripts", "tests"],
    },
    {
      name: "tsc with bun-types",
      argv: [
        process.execPath,
        join(ROOT, "node_modules", "typescript", "bin", "tsc"),
        "--project",
        ".",
      ],
    },
  ],
  layers: [{ name: "layers", argv: [BUN, "scripts/layers.ts"] }],
  // Deno adds imports of all exports to each example, which noUnusedLocals would refuse.
  examples: [{
    name: "documentation examples",
    argv: [DENO, "test", "-A", "--doc", "--no-check", "--quiet", "mod.ts", "src"],
  }],
  build: [{ name: "build", argv: [BUN, "scripts/build.ts", "--quiet"] }],
};

/** Those of tests/cli that take a minute or more. */
const LONG_CLI = [
  "secret_leak_test.ts",
  "proxy_smuggling_test.ts",
  "serve_attackers_test.ts",
  "root_attacks_test.ts",
  "hostile_ledgers_test.ts",
];

function filesOf(suite) {
  return readdirSync(join(ROOT, "tests", suite)).filter((name) => name.endsWith("_test.ts")).sort();
}

/** Suites, those that take longest first. */
const SUITES = {
  // Other machines. LOCALTLS_PLATFORMS=0 leaves them out.
  platforms: () => [
    process.env.LOCALTLS_PLATFORMS === "0" ? { name: "platforms", skip: "LOCALTLS_PLATFORMS=0" } : {
      ...sandboxed("platforms"),
      prefix: ["bash", "scripts/platforms.sh"],
      needs: "root, apt-get and private namespaces",
    },
  ],
  // A file each, so that two are always at work: those that take minutes first.
  cli: () => {
    const files = filesOf("cli");
    return [...LONG_CLI.filter((file) => files.includes(file)), ...files]
      .filter((file, i, all) => all.indexOf(file) === i)
      .map((file) => sandboxed("cli", file));
  },
  integration: () => [sandboxed("integration")],
  faults: () => [sandboxed("faults")],
  // A sandbox for each file: the story takes certutil away, and others need it.
  e2e: () => filesOf("e2e").map((file) => sandboxed("e2e", file)),
  unit: () => [
    {
      name: "unit (Deno)",
      argv: [DENO, "test", "-A", "--no-check", "tests/unit"],
      report: (file) => [`--junit-path=${file}`],
    },
    {
      name: "unit (Bun)",
      argv: [BUN, "test", "--timeout=60000", "./tests/unit/"],
      report: bunReport,
    },
  ],
};

async function main(wanted) {
  const all = [...Object.keys(CHECKS), ...Object.keys(SUITES)];
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`test: no step is called ${unknown.join(", ")}; there are: ${all.join(", ")}`);
    return 2;
  }
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });
  const chosen = (name) => wanted.length === 0 || wanted.includes(name);
  const suites = Object.keys(SUITES).filter(chosen);
  if (suites.some((name) => name !== "unit")) {
    const platforms = suites.includes("platforms") && process.env.LOCALTLS_PLATFORMS !== "0";
    installSystemPackages({ platforms });
  }
  if (suites.includes("e2e")) {
    await Promise.all([installServerPackages(), installConformanceTools()]);
  }
  const needsBuild = suites.length > 0 && !existsSync(join(ROOT, "dist", "localtls"));
  const checks = Object.keys(CHECKS).filter((name) =>
    chosen(name) || (name === "build" && needsBuild)
  );
  const tally = new Tally();
  for (const check of checks.flatMap((name) => CHECKS[name])) await runCheck(tally, check);
  await runAll(suites.flatMap((name) => SUITES[name]()), (suite) => runSuite(tally, suite));
  tally.print();
  return tally.failed > 0 ? 1 : 0;
}

/** Works on the items in order, {@link JOBS} at once. */
async function runAll(items, work) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: JOBS }, worker));
}

function sandboxed(name, file = "") {
  return {
    name: file === "" ? name : `${name}/${file}`,
    argv: [BUN, "test", "--timeout=180000", `./tests/${name}/${file}`],
    report: bunReport,
    prefix: ["bash", "scripts/sandbox.sh"],
  };
}

function bunReport(file) {
  return ["--reporter=junit", `--reporter-outfile=${file}`];
}

process.exit(await main(process.argv.slice(2)));
