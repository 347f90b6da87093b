/**
 * install.sh and uninstall.sh: the root into or out of the system store, with what a system ships and no more.
 *
 * @module
 */

import {
  BARE_BUNDLES,
  INSTALL_COMMANDS,
  LINUX_SYSTEMS,
  type LinuxSystem,
} from "../truststore/system/systems.ts";
import type { SharedRoot } from "./root.ts";
import { BROWSERS } from "./shell_browsers.ts";

/** What a script is for. */
export type ScriptAction = "install" | "uninstall";

/** Writes the script for `sh` (POSIX, no more than dash, BusyBox and the shells of FreeBSD and macOS have). */
export function shellScript(action: ScriptAction, root: SharedRoot): string {
  return `#!/bin/sh
# ${
    action === "install"
      ? "Makes this machine trust a certificate authority (CA) of localtls."
      : "Takes the trust of install.sh back."
  }
# Usage: sh ${action}.sh [--yes] [--system | --browsers]
set -eu

NAME='localtls-${root.sha256.slice(0, 16)}'
SHA256='${root.sha256}'
PEM_SHA256='${root.pemSha256}'
BASE64='${root.base64}'

${COMMON}
${LINUX_SYSTEMS.map(systemFunction).join("\n")}
${OTHERS}
${choice()}
${BROWSERS}
${action === "install" ? INSTALL : UNINSTALL}`;
}

const COMMON = String.raw`say() { printf '%s\n' "$*"; }
die() { printf 'localtls: error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

case "$0" in */*) HERE=$(cd "$(dirname "$0")" && pwd) ;; *) HERE=$(pwd) ;; esac
ROOT="$HERE/root.pem"
YES=no
PART=all
for word in "$@"; do
  case "$word" in
    --yes|-y) YES=yes ;;
    --system|--browsers) PART=$word ;;
    *) die "there is no option $word" ;;
  esac
done

sha256_of() {
  if have sha256sum; then sha256sum < "$1" | cut -d ' ' -f 1
  elif have shasum; then shasum -a 256 < "$1" | cut -d ' ' -f 1
  elif have sha256; then sha256 -q "$1"
  elif have openssl; then openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  else die "there is no sha256sum, shasum, sha256 or openssl to check the certificate with"
  fi
}

# Whether one of the files holds the certificate, however its lines are broken.
in_files() {
  for file in "$@"; do
    if [ -f "$file" ] && tr -d '\r\n' < "$file" | grep -qF -e "-$BASE64-"; then return 0; fi
  done
  return 1
}

# Changes the system store, as root.
change_system() {
  if [ "$(id -u)" = 0 ]; then "$1_$KIND"
  elif have sudo; then sudo -- sh "$0" --yes --system
  elif have doas; then doas sh "$0" --yes --system
  else die "this needs root: run it as root"
  fi
}

copy_root() { mkdir -p "$(dirname "$1")" && cp "$ROOT" "$1" && chmod 0644 "$1"; }
`;

/** The functions of one row: whether it is this machine's, what adds, what removes, what reads back. */
function systemFunction(system: LinuxSystem): string {
  const { id, tool, evidence, anchorDirectory, extension, bundles } = system;
  const file = `${anchorDirectory}/$NAME${extension}`;
  return `is_${id}() { have ${tool} && { ${
    evidence.map((path) => `[ -e ${path} ]`).join(" || ")
  }; }; }
add_${id}() { copy_root "${file}" && ${system.refreshAdded.join(" ")}; }
remove_${id}() { rm -f "${file}" && ${system.refreshRebuild.join(" ")}; }
trusts_${id}() { in_files ${bundles.join(" ")}; }
`;
}

/** Systems that are no rows of the table. A bundle without a tool is changed between two lines of ours. */
const OTHERS = String.raw`is_macos() { [ "$(uname -s)" = Darwin ] && have security; }
add_macos() {
  security add-trusted-cert -d -r trustRoot -p ssl -p basic -k /Library/Keychains/System.keychain "$ROOT"
}
remove_macos() {
  security remove-trusted-cert -d "$ROOT" || true
  security delete-certificate -Z "$SHA256" /Library/Keychains/System.keychain
}
trusts_macos() { security verify-cert -c "$ROOT" -L -p ssl >/dev/null 2>&1; }

# certctl of FreeBSD before 15 takes a file for a certificate by its first line.
is_freebsd() { [ "$(uname -s)" = FreeBSD ] && have certctl; }
add_freebsd() {
  mkdir -p /usr/local/share/certs
  { echo 'Certificate:'; cat "$ROOT"; } > "/usr/local/share/certs/$NAME.crt"
  chmod 0644 "/usr/local/share/certs/$NAME.crt"
  certctl rehash
}
remove_freebsd() { rm -f "/usr/local/share/certs/$NAME.crt" && certctl rehash; }
trusts_freebsd() { in_files /etc/ssl/certs/*.[0-9] /etc/ssl/certs/*.[0-9][0-9]; }

# A bundle and no tool that makes it, as on Alpine without ca-certificates.
bare_bundle() {
  for file in ${BARE_BUNDLES.join(" ")}; do
    # Where a link leads: a rename would take the link's place.
    if [ -f "$file" ]; then readlink -f "$file" 2>/dev/null || say "$file"; return 0; fi
  done
  return 1
}
is_bare() { bare_bundle >/dev/null; }
BEGIN="# >>> $NAME >>>"
END="# <<< $NAME <<<"
add_bare() {
  bundle=$(bare_bundle)
  { cat "$bundle"; say "$BEGIN"; cat "$ROOT"; say "$END"; } > "$bundle.$$" &&
    chmod 0644 "$bundle.$$" && mv "$bundle.$$" "$bundle"
}
remove_bare() {
  bundle=$(bare_bundle)
  sed "/^$BEGIN\$/,/^$END\$/d" "$bundle" > "$bundle.$$" &&
    chmod 0644 "$bundle.$$" && mv "$bundle.$$" "$bundle"
}
trusts_bare() { in_files "$(bare_bundle)"; }
`;

function choice(): string {
  const kinds = [...LINUX_SYSTEMS.map(({ id }) => id), "macos", "freebsd"];
  const first = kinds.map((kind, i) => `${i === 0 ? "if" : "elif"} is_${kind}; then KIND=${kind}`);
  const hints = INSTALL_COMMANDS.map(({ osIds, command }) =>
    `#   ${osIds[0]}: ${command.join(" ")}`
  );
  return `${first.join("\n")}
elif is_bare; then KIND=bare
else
# The package that has it:
${hints.join("\n")}
  die "there is no system store on this machine: install the package ca-certificates first"
fi
`;
}

const INSTALL = String.raw`[ -f "$ROOT" ] || die "$ROOT is not there: keep the files together"
[ "$(sha256_of "$ROOT")" = "$PEM_SHA256" ] || die "$ROOT is not the certificate that this script is for"
has_system() { [ "$PART" = --browsers ] || "trusts_$KIND"; }
if [ "$PART" = --browsers ]; then
  [ "$KIND" != macos ] || die "browsers of macOS read the system store"
  have certutil || die "there is no certutil: install libnss3-tools, nss-tools or nss first"
  if [ -z "$(browser_databases)" ]; then say "this account has no browser with a store of its own"; exit 0; fi
fi
if has_system && browsers_are trusts_database; then say "trusted already: SHA-256 $SHA256"; exit 0; fi
if [ "$YES" = no ]; then
  say "This machine will trust every certificate of a CA with the SHA-256 fingerprint"
  say "  $SHA256"
  say "Compare it with what its owner tells you over another way."
  [ -t 0 ] || die "there is nobody to ask: sh $0 --yes"
  printf 'Trust it? [y/N] '
  read -r answer
  case "$answer" in y|Y|yes) ;; *) die "not confirmed, nothing was changed" ;; esac
fi
if ! has_system; then
  change_system add
  has_system || die "the store was changed, and the certificate is not in it"
  if [ "$(id -u)" = 0 ]; then say "trusted: SHA-256 $SHA256"; fi
fi
change_browsers add_database || exit 3
if [ "$PART" = all ] && [ "$KIND" != macos ] && ! have certutil && [ -n "$(browser_databases)" ]; then
  say "Chromium and Firefox do not trust it yet: their stores need certutil (libnss3-tools, nss-tools or nss)."
  say "Install that and run this again, or see README.txt."
fi
`;

const UNINSTALL = String.raw`has_system() { [ "$PART" != --browsers ] && "trusts_$KIND"; }
if ! has_system && browsers_are free_database; then say "it is not trusted here"; exit 0; fi
if has_system; then
  change_system remove
  if has_system; then die "the store was changed, and the certificate is still in it"; fi
  if [ "$(id -u)" = 0 ]; then say "not trusted any more: SHA-256 $SHA256"; fi
fi
change_browsers remove_database || exit 3
`;
