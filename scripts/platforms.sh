#!/usr/bin/env bash
# Runs a command that finds other machines ready, inside scripts/sandbox.sh:
#
#   scripts/platforms.sh CMD [ARG...]
#
# Makes what is missing of them in .cache/platforms, in a mount and process namespace of its own: root
# directories of Debian 11, 12 and 13, of Wine and of musl (machines.sh), and programs for them (programs.ts). What
# cannot be made is said here, is missing there, and fails the tests that want it. Those tests change nothing of it:
# they lay memory over it. The command has no network but a loopback device.
#
# Exit code: the command's; 77 and one sentence where machines cannot be made at all; 2 without a command.
set -euo pipefail

unavailable() {
  echo "platforms: cannot run here: $1" >&2
  exit 77
}

# In braces: bash reads a script as it goes, and a checkout may change while a long test runs.
{
[ $# -gt 0 ] || { echo "usage: scripts/platforms.sh CMD [ARG...]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd -P)
[ "$(id -u)" = 0 ] || unavailable "root is needed to make other machines"
[ -x /usr/bin/apt-get ] || unavailable "apt-get is needed to fetch other machines"
private=(unshare --mount --propagation private --pid --fork --kill-child --mount-proc)
"${private[@]}" true 2>/dev/null || unavailable "mount and process namespaces are not allowed"
unshare --net ip link set lo up 2>/dev/null || unavailable "network namespaces are not allowed"

# Whatever ends this script ends all that it runs: they die with it, and their namespaces with them.
child=
trap '[ -z "$child" ] || kill -KILL "$child"; exit 143' TERM HUP INT
bound() {
  setpriv --pdeathsig KILL "$@" </dev/null &
  child=$!
  wait "$child"
}

mkdir -p "$root/.cache/platforms"
# One at a time: of two that run at once the second finds everything made.
exec 9>"$root/.cache/platforms/lock"
flock 9
setpriv --pdeathsig KILL node "$root/scripts/with-bun.mjs" "$root/scripts/platforms/programs.ts" \
  </dev/null 9>&- &
programs=$!
bound "${private[@]}" -- bash "$root/scripts/platforms/machines.sh" 9>&- ||
  echo "platforms: not every machine could be made" >&2
wait "$programs" || echo "platforms: not every program could be made" >&2
exec 9>&-

echo "| environment | what was proven |"
code=0
bound unshare --net -- bash -c 'ip link set lo up && exec "$@"' loopback \
  bash "$root/scripts/sandbox.sh" "$@" || code=$?
echo "| macOS | command contract, not macOS: tests/cli/macos_contract_test.ts |"
exit "$code"
}
