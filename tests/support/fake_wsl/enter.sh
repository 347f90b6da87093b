#!/usr/bin/env bash
# enter.sh SETUP CMD [ARG...]: runs a command where this Linux looks like one in WSL, in a mount namespace of its own.
#
# SETUP is a directory: "windows" in it keeps the Root stores, "interop" is what the handler of programs of Windows says
# (nothing registered without it), "wsl.conf" becomes /etc/wsl.conf.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
setup=$1
shift
mount --bind "$here/version" /proc/version
mount -t tmpfs -o mode=0755 fake-wsl /proc/sys/fs/binfmt_misc
[ ! -e "$setup/interop" ] || cp "$setup/interop" /proc/sys/fs/binfmt_misc/WSLInterop
# The checkout may lie under /mnt.
mount -t tmpfs -o mode=0755 fake-wsl /media
mkdir -p /media/c/Windows/System32
cp "$here/certutil.exe" "$here/reg.exe" /media/c/Windows/System32/
cp "$here/wslpath" /usr/bin/wslpath
trap 'rm -f /usr/bin/wslpath /etc/wsl.conf' EXIT
printf '[automount]\nroot = /media/\n' > /etc/wsl.conf
[ ! -e "$setup/wsl.conf" ] || cat "$setup/wsl.conf" >> /etc/wsl.conf
export FAKE_WINDOWS="$setup/windows"
mkdir -p "$FAKE_WINDOWS"/{user,machine,disallowed}
code=0
"$@" || code=$?
exit "$code"
