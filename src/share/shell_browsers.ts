/**
 * The part of install.sh and uninstall.sh for the browsers: Chromium and Firefox on Linux do not read the system store.
 *
 * What writes their databases is certutil of NSS, which few systems ship: where it is missing, that is said.
 *
 * @module
 */

/** Functions of `sh`. They need `say`, `have`, NAME, ROOT and BASE64. */
export const BROWSERS = String.raw`# Chromium and Firefox have databases of their own.
browser_databases() {
  # Root with somebody else's HOME would leave files there that their owner cannot change.
  [ -n "$(find "${"$"}{HOME:-/nowhere}/." -prune -user "$(id -u)" 2>/dev/null)" ] || return 0
  data=${"$"}{XDG_DATA_HOME:-$HOME/.local/share}
  config=${"$"}{XDG_CONFIG_HOME:-$HOME/.config}
  # An existing ~/.pki/nssdb hides the other one from Chromium.
  if [ -d "$HOME/.pki/nssdb" ]; then say "$HOME/.pki/nssdb"
  elif [ -d "$data/pki/nssdb" ]; then say "$data/pki/nssdb"
  else
    for program in chromium chromium-browser google-chrome google-chrome-stable microsoft-edge brave-browser; do
      if have "$program"; then say "$HOME/.pki/nssdb"; break; fi
    done
  fi
  for directory in "$HOME"/snap/*/current/.pki/nssdb "$HOME"/.var/app/*/.pki/nssdb; do
    if [ -d "$directory" ]; then say "$directory"; fi
  done
  for file in "$HOME"/.mozilla/firefox/*/cert9.db "$config"/mozilla/firefox/*/cert9.db \
    "$HOME"/snap/firefox/common/.mozilla/firefox/*/cert9.db \
    "$HOME"/.var/app/org.mozilla.firefox/.mozilla/firefox/*/cert9.db; do
    if [ -f "$file" ]; then say "${"$"}{file%/cert9.db}"; fi
  done
}

# The names under which a database trusts the certificate for servers.
names_in() {
  certutil -L -d "sql:$1" 2>/dev/null | sed -n 's/  *[^ ,]*C[^ ,]*,[^ ,]*,[^ ,]* *$//p' |
    while IFS= read -r name; do
      if certutil -L -d "sql:$1" -n "$name" -a 2>/dev/null | tr -d '\r\n' | grep -qF -e "-$BASE64-"; then
        say "$name"
      fi
    done
}
trusts_database() { [ -n "$(names_in "$1")" ]; }
free_database() { ! trusts_database "$1"; }
add_database() {
  if trusts_database "$1"; then return 0; fi
  if [ ! -f "$1/cert9.db" ]; then
    mkdir -p "$1" && chmod 0700 "$1" && certutil -N --empty-password -d "sql:$1" || return 1
  fi
  said=$(certutil -A -d "sql:$1" -n "$NAME" -t C,, -i "$ROOT" 2>&1) || true
  if trusts_database "$1"; then say "trusted in $1: restart the browser"; return 0; fi
  # A database with a password takes the certificate, but not the trust.
  certutil -D -d "sql:$1" -n "$NAME" >/dev/null 2>&1 || true
  complain "$1 does not trust it: $said"
}
remove_database() {
  if ! trusts_database "$1"; then return 0; fi
  said=$(certutil -D -d "sql:$1" -n "$NAME" 2>&1) || true
  if trusts_database "$1"; then complain "$1 still trusts it, as $(names_in "$1"): $said"; return 1; fi
  say "not trusted any more in $1: restart the browser"
}
complain() { printf 'localtls: error: %s\n' "$*" >&2; return 1; }

# Calls a function for each database; fails where it failed for one.
each_database() {
  # Parentheses: some shells run the end of a pipe themselves, and would end with it.
  browser_databases | (
    code=0
    while IFS= read -r directory; do "$1" "$directory" </dev/null || code=1; done
    exit "$code"
  )
}

has_browsers() { [ "$PART" != --system ] && [ "$KIND" != macos ] && have certutil; }
# Databases are their owner's, not root's.
is_for_another() { [ "$(id -u)" = 0 ] && [ "${"$"}{SUDO_USER:-root}" != root ] && have sudo; }
browsers_are() { ! has_browsers || { ! is_for_another && each_database "$1"; }; }
change_browsers() {
  if ! has_browsers; then return 0; fi
  if is_for_another; then sudo -H -u "$SUDO_USER" -- sh "$0" --yes --browsers; else each_database "$1"; fi
}
`;
