/**
 * The real tools that tests drive, as Debian packages.
 */

import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";

/** Debian packages by step, and a file by which each is known to be there. */
const SYSTEM_PACKAGES = {
  chromium: "/usr/bin/chromium",
  "firefox-esr": "/usr/bin/firefox-esr",
  "nginx-light": "/usr/sbin/nginx",
  "apache2-bin": "/usr/sbin/apache2",
  caddy: "/usr/bin/caddy",
  haproxy: "/usr/sbin/haproxy",
  lighttpd: "/usr/sbin/lighttpd",
  "lighttpd-mod-openssl": "/usr/lib/lighttpd/mod_openssl.so",
  "postgresql-15": "/usr/lib/postgresql/15/bin/postgres",
  "mariadb-server-core": "/usr/sbin/mariadbd",
  "mariadb-client-core": "/usr/bin/mariadb",
  "redis-server": "/usr/bin/redis-server",
  maven: "/usr/bin/mvn",
  "docker-registry": "/usr/bin/docker-registry",
  mosquitto: "/usr/sbin/mosquitto",
  "mosquitto-clients": "/usr/bin/mosquitto_sub",
  "libnss3-tools": "/usr/bin/certutil",
  "gnutls-bin": "/usr/bin/certtool",
  iproute2: "/usr/sbin/ip",
  openssl: "/usr/bin/openssl",
  "ca-certificates": "/usr/sbin/update-ca-certificates",
  "default-jdk-headless": ["/usr/bin/keytool", "/usr/bin/javac"],
  python3: ["/usr/bin/python3", "/usr/local/bin/python3", "/root/.pyenv/shims/python3"],
  curl: "/usr/bin/curl",
  wget: "/usr/bin/wget",
  git: "/usr/bin/git",
  ruby: "/usr/bin/ruby",
  "php-cli": "/usr/bin/php",
  zsh: "/usr/bin/zsh",
  fish: "/usr/bin/fish",
  mksh: "/usr/bin/mksh",
  yash: "/usr/bin/yash",
  busybox: "/usr/bin/busybox",
  sudo: "/usr/bin/sudo",
  "p11-kit": "/usr/bin/trust",
  strace: "/usr/bin/strace",
  valgrind: "/usr/bin/valgrind",
  faketime: "/usr/bin/faketime",
  mkcert: "/usr/bin/mkcert",
  "python3-cryptography": "/usr/lib/python3/dist-packages/cryptography",
  "python3-cryptography-vectors": "/usr/lib/python3/dist-packages/cryptography_vectors",
  // reqwest's native-tls is built against it.
  "libssl-dev": "/usr/include/openssl/ssl.h",
  "pkg-config": "/usr/bin/pkg-config",
  "util-linux": "/usr/bin/unshare",
  "xz-utils": "/usr/bin/xz",
  "qemu-user-static": "/usr/bin/qemu-aarch64-static",
  "libc6-arm64-cross": "/usr/aarch64-linux-gnu/lib/libc.so.6",
};

/** Those of the tests on other machines alone. */
const PLATFORM_PACKAGES = {
  debootstrap: "/usr/sbin/debootstrap",
  "gcc-mingw-w64-x86-64-win32": "/usr/bin/x86_64-w64-mingw32-gcc",
  binutils: "/usr/bin/readelf",
  "python3-pip": ["/usr/bin/pip3", "/usr/local/bin/pip3", "/root/.pyenv/shims/pip3"],
};

/** As root on a Debian, installs the packages that are missing; elsewhere their tests are skipped by name. */
export function installSystemPackages({ platforms }) {
  const packages = { ...SYSTEM_PACKAGES, ...(platforms ? PLATFORM_PACKAGES : {}) };
  const missing = installMissing(packages, "test");
  if (missing.length > 0) {
    console.error(`test: not installed, their tests will be skipped: ${missing.join(", ")}`);
  }
}

/**
 * As root on a Debian, installs those that are missing.
 *
 * @param packages Names, each with a path or several by which it is known to be there.
 * @param speaker Stands before what is told, on stderr.
 * @returns Those that are still missing.
 */
export function installMissing(packages, speaker) {
  const missing = missingOf(packages);
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    return missing;
  }
  console.error(`${speaker}: installing ${missing.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const apt = (...args) =>
    spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
  apt("-q", "update");
  withoutServices(() => apt("-q", "-y", "install", "--no-install-recommends", ...missing));
  return missingOf(packages);
}

function missingOf(packages) {
  return Object.entries(packages)
    .filter(([, paths]) => ![paths].flat().some((path) => existsSync(path)))
    .map(([name]) => name);
}

/** Debian starts a server that it installs, unless this program forbids it (invoke-rc.d(8)). */
function withoutServices(install) {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return install();
  writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    return install();
  } finally {
    rmSync(policy);
  }
}
