/**
 * install.ps1 and uninstall.ps1: the root into or out of Windows' store, for Windows PowerShell 5.1 and later.
 *
 * @module
 */

import type { SharedRoot } from "./root.ts";
import type { ScriptAction } from "./shell_script.ts";

/** Writes the script; lines end as on Windows. */
export function powershellScript(action: ScriptAction, root: SharedRoot): string {
  const lines = [
    action === "install"
      ? "# Makes this machine trust a certificate authority (CA) of localtls."
      : "# Takes the trust of install.ps1 back.",
    `# Usage: powershell -ExecutionPolicy Bypass -File ${action}.ps1 [-Yes]`,
    "# As administrator for the whole machine, else for you alone.",
    "param([switch]$Yes)",
    "$ErrorActionPreference = 'Stop'",
    `$sha256 = '${root.sha256}'`,
    "$bytes = [IO.File]::ReadAllBytes((Join-Path $PSScriptRoot 'root.der'))",
    "$hash = [Security.Cryptography.SHA256]::Create().ComputeHash($bytes)",
    "$found = -join ($hash | ForEach-Object { $_.ToString('x2') })",
    "if ($found -ne $sha256) { throw 'root.der is not the certificate that this script is for' }",
    "$certificate = New-Object Security.Cryptography.X509Certificates.X509Certificate2(,$bytes)",
    "$user = [Security.Principal.WindowsIdentity]::GetCurrent()",
    "$admin = (New-Object Security.Principal.WindowsPrincipal($user)).IsInRole('Administrators')",
    "$place = if ($admin) { 'LocalMachine' } else { 'CurrentUser' }",
    "function Test-Trusted {",
    "  $store = New-Object Security.Cryptography.X509Certificates.X509Store('Root', $place)",
    "  $store.Open('ReadOnly')",
    "  try {",
    "    foreach ($one in $store.Certificates) {",
    "      if ([Convert]::ToBase64String($one.RawData) -eq [Convert]::ToBase64String($bytes)) { return $true }",
    "    }",
    "    return $false",
    "  } finally { $store.Close() }",
    "}",
    "$store = New-Object Security.Cryptography.X509Certificates.X509Store('Root', $place)",
    ...action === "install" ? INSTALL : UNINSTALL,
    "",
  ];
  return lines.join("\r\n");
}

const INSTALL = [
  'if (Test-Trusted) { "trusted already: SHA-256 $sha256"; exit 0 }',
  "if (-not $Yes) {",
  "  'This machine will trust every certificate of a CA with the SHA-256 fingerprint'",
  '  "  $sha256"',
  "  'Compare it with what its owner tells you over another way.'",
  "  if ((Read-Host 'Trust it? [y/N]') -notmatch '^y(es)?$') { throw 'not confirmed, nothing was changed' }",
  "}",
  "$store.Open('ReadWrite')",
  "try { $store.Add($certificate) } finally { $store.Close() }",
  "if (-not (Test-Trusted)) { throw 'the store was changed, and the certificate is not in it' }",
  '"trusted: SHA-256 $sha256"',
];

const UNINSTALL = [
  "if (-not (Test-Trusted)) { 'it is not trusted here'; exit 0 }",
  "$store.Open('ReadWrite')",
  "try { $store.Remove($certificate) } finally { $store.Close() }",
  "if (Test-Trusted) { throw 'the store was changed, and the certificate is still in it' }",
  '"not trusted any more: SHA-256 $sha256"',
];
