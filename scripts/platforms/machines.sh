#!/usr/bin/env bash
# Makes the root directories in .cache/platforms/machines that are not there yet. Called by scripts/platforms.sh, in
# a mount and process namespace that ends with it.
#
# A machine is made from nothing or from a copy of another one, by a recipe: a function below. Its directory has the
# name of the recipe and a digest of this file's, so that another recipe is another machine; it gets that name
# when it is finished. Beside it stands its log.
#
# Exit code: 0; 1 when one could not be made.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd -P)
machines="$root/.cache/platforms/machines"
recipes=$(sha256sum "$0" "$root/scripts/platforms/musl-requirements.txt" | sha256sum | cut -c 1-12)

export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
# The tests' own settings of trust and proxies have no meaning in there.
unset HOME SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS

debian() { # SUITE DIRECTORY
  debootstrap --variant=minbase "$1" "$2"
  rm -rf "$2"/var/cache/apt/archives/*.deb
  # How this machine reaches its archive holds for them too.
  apt-config dump | grep -E '^Acquire::(https?::Proxy|Check-)' >"$2/etc/apt/apt.conf.d/90host" || true
}

bullseye() { debian bullseye "$1"; }
bookworm() { debian bookworm "$1"; }
trixie() { debian trixie "$1"; }

install_in() { # DIRECTORY PACKAGE...
  local directory=$1
  shift
  mount -t proc proc "$directory/proc"
  printf '#!/bin/sh\nexit 101\n' >"$directory/usr/sbin/policy-rc.d" # no package starts a service
  chmod 755 "$directory/usr/sbin/policy-rc.d"
  chroot "$directory" apt-get -q -y install --no-install-recommends "$@"
  chroot "$directory" apt-get clean
  umount "$directory/proc"
}

bullseye_trust() { install_in "$1" ca-certificates openssl; }
bookworm_trust() { install_in "$1" ca-certificates openssl; }

# Wine calls its user by the name of the account: one with spaces and with letters outside of Latin-1.
readonly WINDOWS_USER='José Müller 日本'
wine() {
  install_in "$1" wine wine64
  sed -i "s/^root:/$WINDOWS_USER:/" "$1/etc/passwd" "$1/etc/shadow"
  printf '127.0.0.1 localhost\n' >"$1/etc/hosts"
  mount -t proc proc "$1/proc"
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER="$WINDOWS_USER" LANG=C.UTF-8 XDG_RUNTIME_DIR=/tmp \
    WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml=' \
    chroot "$1" sh -c 'wineboot --init && wineserver --wait'
  umount "$1/proc"
  [ -d "$1/root/.wine/drive_c/users/$WINDOWS_USER/AppData/Local" ]
}

# What Alpine has under a program: musl (Debian's of trixie; that of bookworm, 1.2.3, is too old for Bun's
# executables), and libstdc++ with libgcc_s built against musl, out of Python packages for Alpine.
musl() {
  local work architecture machine
  work=$1/var/tmp/musl
  mkdir "$work"
  chroot "$1" dpkg --add-architecture arm64
  chroot "$1" apt-get -q update
  chroot "$1" sh -c 'cd /var/tmp/musl && apt-get -q -o APT::Sandbox::User=root download musl:amd64 musl:arm64'
  for architecture in amd64:x86_64 arm64:aarch64; do
    machine=${architecture#*:}
    dpkg-deb -x "$work"/musl_*_"${architecture%:*}".deb "$work/$machine"
    python3 -m pip --disable-pip-version-check download -q --require-hashes --no-deps --only-binary=:all: \
      --platform "musllinux_1_2_$machine" --python-version 3.12 \
      --dest "$work" --requirement "$root/scripts/platforms/musl-requirements.txt"
    python3 -m zipfile -e "$work"/*musllinux*"$machine".whl "$work/$machine/wheel"
    alpine_like "$1/srv/$machine" "$work/$machine" "$machine"
  done
  find "$1" -mindepth 1 -maxdepth 1 ! -name srv -exec rm -r {} +
}

alpine_like() { # DIRECTORY PARTS MACHINE
  mkdir -p "$1"/{dev,etc/ssl/certs,lib,proc,root,tmp,usr/bin,usr/lib}
  chmod 1777 "$1/tmp"
  cp "$2/usr/lib/$3-linux-musl/libc.so" "$1/lib/ld-musl-$3.so.1"
  cp "$2"/wheel/greenlet.libs/* "$1/usr/lib/"
  ln -s "$(basename "$1"/usr/lib/libstdc++-*)" "$1/usr/lib/libstdc++.so.6"
  printf 'ID=alpine\nNAME="Alpine Linux"\n' >"$1/etc/os-release"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
}

make() { # NAME [FROM]
  local name=$1 from=${2-}
  local finished="$machines/$name-$recipes"
  local partial="$finished.partial"
  [ ! -d "$finished" ] || return 0
  rm -rf --one-file-system "$machines/$name"-*
  mkdir -p -m 755 "$partial"
  (
    set -euo pipefail
    # A copy, not an overlay: those cannot keep their changes on every file system (containers).
    [ -z "$from" ] || cp -a --reflink=auto "$machines/$from-$recipes/." "$partial/"
    "$name" "$partial"
  ) >"$machines/$name.log" 2>&1 </dev/null &
  wait $! || { complain "$name"; return 1; }
  mv "$partial" "$finished"
  echo "platforms: made $name"
}

complain() {
  echo "platforms: cannot make $1: the end of .cache/platforms/machines/$1.log" >&2
  tail -n 15 "$machines/$1.log" >&2
}

# Waits for all that was started; fails when one of them did.
finish() {
  local job code=0
  for job in $(jobs -p); do wait "$job" || code=1; done
  return "$code"
}

# No "&&" and no "||" around make: set -e would not hold in it.
mkdir -p "$machines"
{ make trixie; make wine trixie & make musl trixie & finish; } &
{ make bookworm; make bookworm_trust bookworm; } &
{ make bullseye; make bullseye_trust bullseye; } &
finish
