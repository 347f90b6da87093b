/**
 * The README.txt in each archive: how to install localtls on the machine that the archive is for.
 *
 * @module
 */

import type { Target } from "./targets.ts";

const TITLES: Readonly<Record<string, string>> = {
  "linux-x64": "Linux on x86-64, with glibc 2.17 or newer",
  "linux-arm64": "Linux on ARM64, with glibc 2.17 or newer",
  "linux-x64-musl": "Linux on x86-64, with musl (Alpine)",
  "linux-arm64-musl": "Linux on ARM64, with musl (Alpine)",
  "darwin-x64": "macOS on Intel",
  "darwin-arm64": "macOS on Apple silicon",
  "windows-x64": "Windows on x86-64",
  "windows-arm64": "Windows on ARM64",
};

const UNIX = `
Install it where your shell finds programs, for everybody:

    sudo install -m 0755 localtls /usr/local/bin/localtls

or for yourself, if ~/.local/bin is on your PATH:

    install -D -m 0755 localtls ~/.local/bin/localtls
`;

const MUSL = `
It needs the C++ library, which Alpine does not always have:

    apk add libstdc++
`;

const DARWIN = `
Install it where your shell finds programs:

    sudo mkdir -p /usr/local/bin
    sudo install -m 0755 localtls /usr/local/bin/localtls

The program is signed ad hoc, without an Apple developer's name. A browser marks what it downloads, and macOS then
refuses to run it ("cannot be opened because the developer cannot be verified"). Compare the checksum first
(SHA256SUMS, beside the download), then take the mark away:

    shasum -a 256 localtls-TARGET.tar.xz
    sudo xattr -d com.apple.quarantine /usr/local/bin/localtls

What curl downloads has no such mark; xattr then says "No such xattr", which is fine.
`;

const WINDOWS = `
Put it into a directory of your own and that directory on your PATH, in PowerShell:

    New-Item -ItemType Directory -Force "$env:LOCALAPPDATA\\Programs\\localtls"
    Copy-Item localtls.exe "$env:LOCALAPPDATA\\Programs\\localtls"
    $path = [Environment]::GetEnvironmentVariable("Path", "User")
    [Environment]::SetEnvironmentVariable("Path", "$path;$env:LOCALAPPDATA\\Programs\\localtls", "User")

and open a new window. The program has no publisher's signature, so that SmartScreen may say "Windows protected your
PC" at its first start. Compare the checksum first (SHA256SUMS, beside the download), then take the mark of
the download away:

    (Get-FileHash localtls-TARGET.zip).Hash
    Unblock-File "$env:LOCALAPPDATA\\Programs\\localtls\\localtls.exe"
`;

/** The text for a target; lines end as its editors expect. */
export function installNotes(target: Target, version: string): string {
  const { name, os } = target;
  const steps = os === "darwin"
    ? DARWIN
    : os === "windows"
    ? WINDOWS
    : name.endsWith("-musl")
    ? MUSL + UNIX
    : UNIX;
  const text = `localtls ${version} for ${TITLES[name]}

HTTPS that browsers trust on localhost, LAN addresses and air-gapped networks.
${steps.replaceAll("TARGET", name)}
Then:

    localtls setup localhost 127.0.0.1
    localtls help

"localtls uninstall" takes back every change that it made to this machine.
`;
  return os === "windows" ? text.replaceAll("\n", "\r\n") : text;
}
