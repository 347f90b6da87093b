#!/usr/bin/env bash
# Runs a command where it can change nothing on this machine:
#
#   scripts/sandbox.sh CMD [ARG...]
#
# A private mount namespace with overlays (changes live in memory and die with it) over every directory
# that trust stores, packages and homes live in, a new HOME (0700), a TMPDIR, and an environment of its own:
# no CA variables, no proxies, no XDG_*, no SUDO_*. A private process namespace as well: whatever the command
# leaves running ends with it. The machine's own directories can be compared, read-only, under
# /run/localtls/outside.
#
# /tmp and the checkout itself are the machine's own, so that reports can be left there.
#
# Exit code: the command's; 77 and one sentence where such a place cannot be made; 2 without a command.
set -euo pipefail

readonly BASE=/run/localtls
# /run: network namespaces are names in /run/netns. /root and /home: whoever ignores HOME lands there.
readonly COVERED=(/etc /usr /var /opt /root /home /run)

unavailable() {
  echo "sandbox: cannot run here: $1" >&2
  exit 77
}

# In braces: bash reads a script as it goes, and a checkout may change while a long test runs.
{
if [ "${1-}" != --inside ]; then
  [ $# -gt 0 ] || { echo "usage: scripts/sandbox.sh CMD [ARG...]" >&2; exit 2; }
  [ ! -e "$BASE" ] || unavailable "this is a sandbox already"
  [ "$(id -u)" = 0 ] || unavailable "root is needed to make a private mount namespace"
  root=$(cd "$(dirname "$0")/.." && pwd -P)
  private=(unshare --mount --propagation private --pid --fork --kill-child --mount-proc)
  "${private[@]}" true 2>/dev/null || unavailable "mount and process namespaces are not allowed"
  # unshare itself does not heed SIGTERM, so that somebody has to end it; with it dies all that it runs.
  setpriv --pdeathsig KILL "${private[@]}" -- \
    bash "$root/scripts/sandbox.sh" --inside "$root" "$@" <&0 &
  child=$!
  trap 'kill -KILL "$child"' TERM HUP
  trap : INT # the command gets it too, and decides
  code=0
  wait "$child" || code=$?
  while kill -0 "$child" 2>/dev/null; do # the wait was cut short by a signal
    code=0
    wait "$child" || code=$?
  done
  exit "$code"
fi

root=$2
shift 2

# The memory for everything is mounted over some directory for a moment, and moved to its place once /run is
# covered. Not over one that the checkout lies in.
scratch=
for directory in /mnt /media /tmp /srv; do
  [ -d "$directory" ] || continue
  case "$root/" in "$directory"/*) continue ;; esac
  scratch=$directory
  break
done
[ -n "$scratch" ] || unavailable "there is no directory to mount over"
mount -t tmpfs -o mode=0755 localtls-sandbox "$scratch" || unavailable "no tmpfs can be mounted"
mkdir "$scratch/outside" "$scratch/root" "$scratch/etc"
# Containers have these bound from elsewhere, which an overlay does not show.
cp /etc/hosts /etc/resolv.conf /etc/hostname "$scratch/etc/" 2>/dev/null || true
# The checkout may lie under a covered directory (/root/src/localtls): kept here and put back afterwards.
mount --bind "$root" "$scratch/root"
for directory in "${COVERED[@]}"; do
  [ -d "$directory" ] && [ ! -L "$directory" ] || continue
  name=${directory#/}
  mkdir "$scratch/outside/$name" "$scratch/$name.upper" "$scratch/$name.work"
  mount --bind "$directory" "$scratch/outside/$name"
  mount -o remount,bind,ro "$scratch/outside/$name"
  # The top directory of an overlay has the mode and owner of its upper layer.
  chmod --reference="$directory" "$scratch/$name.upper"
  chown --reference="$directory" "$scratch/$name.upper"
  layers="lowerdir=$directory,upperdir=$scratch/$name.upper,workdir=$scratch/$name.work"
  mount -t overlay -o "$layers" localtls-sandbox "$directory" ||
    unavailable "no overlay can be mounted over $directory"
  case "$root/" in "$directory"/*)
    mkdir -p "$root"
    mount --bind "$scratch/root" "$root"
    ;;
  esac
done
for file in "$scratch"/etc/*; do
  cmp -s "$file" "/etc/${file##*/}" || cp "$file" /etc/
done
mkdir "$BASE"
mount --move "$scratch" "$BASE"
mkdir -m 0700 "$BASE/home"
mkdir -m 1777 "$BASE/tmp"
mkdir -p /run/netns # where "ip netns" keeps names

# The directory that the command was called from, as the mounts show it now.
cd "$PWD"

# What is kept is named: CA variables have too many names to be taken out one by one.
keep=(HOME="$BASE/home" TMPDIR="$BASE/tmp" LOCALTLS_SANDBOX=1 PATH="$PATH" USER=root LOGNAME=root)
# Not CI: the tests that sit at a terminal are people.
for name in TERM LANG LC_ALL TZ SHELL NO_COLOR LOCALTLS_BIN; do
  [ -z "${!name-}" ] || keep+=("$name=${!name}")
done

# Not exec: the first process of the namespace has to reap orphans, and bash does.
# A command started in the background has SIGINT ignored, hence the default signals.
code=0
env -i --default-signal=INT,QUIT "${keep[@]}" "$@" || code=$?
exit "$code"
}
