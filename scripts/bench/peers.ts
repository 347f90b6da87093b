/**
 * The programs to compare with, and which version of each was there.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { VERSION } from "../../src/version.ts";
import { commit } from "../build/source.ts";
import { installMissing } from "../test/system_packages.mjs";
import { bunPath, denoPath } from "../toolchain.mjs";

/** Debian packages, and a file by which each is known to be there. */
const PACKAGES = {
  mkcert: "/usr/bin/mkcert",
  minica: "/usr/bin/minica",
  openssl: "/usr/bin/openssl",
  "nginx-light": "/usr/sbin/nginx",
  caddy: "/usr/bin/caddy",
  wrk: "/usr/bin/wrk",
  curl: "/usr/bin/curl",
  time: "/usr/bin/time",
  "xz-utils": "/usr/bin/xz",
  "util-linux": "/usr/bin/taskset",
  "libnss3-tools": "/usr/bin/certutil",
  "ca-certificates": "/usr/sbin/update-ca-certificates",
  "default-jdk-headless": "/usr/bin/keytool",
};

/** Installs what is missing, as root on a Debian. @returns What is still missing. */
export function installPeers(): string[] {
  return installMissing(PACKAGES, "bench");
}

/** Names and versions of all that was run. */
export function versions(): Record<string, string> {
  const found: Record<string, string> = {
    localtls: `${VERSION} (${commit()?.replace(/^(.{12})[0-9a-f]*/, "$1") ?? "no commit"})`,
    bun: said(bunPath(), "--version"),
    deno: said(denoPath(), "--version"),
  };
  // Some of them do not know their own version, and Debian's says what else was done to them.
  for (const name of Object.keys(PACKAGES)) {
    const version = said("dpkg-query", "--show", "--showformat=${Version}", name);
    if (version !== "") found[name] = version;
  }
  const system = "/etc/os-release";
  if (existsSync(system)) {
    const text = readFileSync(system, "utf8");
    found["system"] = /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? process.platform;
  }
  return found;
}

function said(...[program, ...args]: [string, ...string[]]): string {
  const { stdout } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return /\d[\w.+:~-]*/.exec(stdout ?? "")?.[0] ?? "";
}
