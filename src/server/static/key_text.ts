/**
 * Private keys that are text: PEM in every form that it is met in, and the formats of other programs.
 *
 * A name of a format alone is not a key: programs and manuals are full of "-----BEGIN PRIVATE KEY-----". What follows has
 * to look like one as well.
 *
 * @module
 */

/** Characters after the beginning of a block in which its content has to begin: room for the fields of RFC 1421. */
const REGION = 4_096;

/** Characters of base64 that are content: a word of a program is seldom as long. */
const MIN_CONTENT = 16;

/** The longest text that is decoded as a whole. */
const MAX_WHOLE = 64 * 1024;

/**
 * The beginning of a block with a private key: RFC 7468, OpenSSL's older labels, OpenSSH, RFC 4716's style (four dashes),
 * and OpenPGP's armour (RFC 9580, 6.2).
 */
const BLOCK = /-----?\s?BEGIN (?:[A-Z0-9 ]{0,40} )?PRIVATE KEY(?: BLOCK)?\s?-----?/g;

/** "-----BEGIN " in base64, as it stands in kubeconfig files and Kubernetes secrets. */
const WRAPPED = /LS0tLS1CRUdJTi[A-Za-z0-9+/]{24,80}/g;

/** Formats that say by one line that what follows is secret. */
const FORMATS: readonly RegExp[] = [
  // PuTTY
  /PuTTY-User-Key-File-\d+:/,
  // age
  /AGE-SECRET-KEY-1[0-9A-Z]{20}/i,
  // signify, minisign
  /untrusted comment: [^\n]{0,200}secret key/,
  // WireGuard
  /^[ \t]{0,40}PrivateKey[ \t]{0,40}=[ \t]{0,40}[A-Za-z0-9+/]{43}=/m,
  // Tor
  /== ed25519v1-secret:/,
];

/** Whether the text has a private key in it. @param isWhole It is all of a file: then it may be the base64 of one. */
export function textHoldsKey(
  text: string,
  isWhole: boolean,
  isKeyStructure: (bytes: Uint8Array) => boolean,
): boolean {
  if (text.includes("PRIVATE KEY") && hasBlock(text)) return true;
  if (text.includes("LS0tLS1CRUdJTi") && hasWrappedBlock(text)) return true;
  if (FORMATS.some((format) => format.test(text))) return true;
  // .NET's RSA keys.
  if (text.includes("<RSAKeyValue>") && text.includes("<D>")) return true;
  if (text.includes('"kty"') && isJsonWebKey(text)) return true;
  return isWhole && isBareBase64(text, isKeyStructure);
}

function hasBlock(text: string): boolean {
  for (const match of text.matchAll(BLOCK)) {
    const rest = text.slice(match.index + match[0].length, match.index + match[0].length + REGION);
    const end = rest.indexOf("----");
    if (isContent(match[0], end < 0 ? rest : rest.slice(0, end))) return true;
  }
  return false;
}

/** Whether base64 stands there, behind fields, line ends that are written as "\n", quotes and marks of quotation. */
function isContent(label: string, region: string): boolean {
  const lines = region.replaceAll(/\\+[nrt]|\\u000[aAdD]|&#(?:10|13|xa|xd);|%0[aAdD]/g, "\n")
    .replaceAll("\\", "")
    .replaceAll(/^[\s"'`>#|*,;]+|^\s*\+\s+/gm, "");
  const content = lines.replaceAll(/^[A-Za-z][A-Za-z0-9-]*: .*$/gm, "");
  const hasFields = content !== lines;
  const first = /^[\s"'`+,;]*([A-Za-z0-9+/=\s]+)/.exec(content)?.[1]?.replaceAll(/\s+/g, "") ?? "";
  if (first.length < MIN_CONTENT) return false;
  // DER begins with a SEQUENCE, OpenSSH's format with its name; what is encrypted, with anything.
  return hasFields || /^(?:M|b3BlbnNza)/.test(first) || /PGP|SSH2|ENCRYPTED/.test(label);
}

function hasWrappedBlock(text: string): boolean {
  for (const [found] of text.matchAll(WRAPPED)) {
    if (/PRIVATE KEY/.test(decodeBase64(found))) return true;
  }
  return false;
}

/** RFC 7517 and 7518, 6: the private parts are "d", and "k" of a symmetric key. */
function isJsonWebKey(text: string): boolean {
  return /"d"\s*:\s*"[A-Za-z0-9_-]{20,}/.test(text) ||
    (/"kty"\s*:\s*"oct"/.test(text) && /"k"\s*:\s*"[A-Za-z0-9_-]{16,}/.test(text));
}

/** What `openssl base64` makes of DER. */
function isBareBase64(
  text: string,
  isKeyStructure: (bytes: Uint8Array) => boolean,
): boolean {
  const bare = text.trim();
  if (bare.length < 32 || bare.length > MAX_WHOLE || !/^M[A-Za-z0-9+/\s]+=*$/.test(bare)) {
    return false;
  }
  return isKeyStructure(Uint8Array.from(decodeBase64(bare), (c) => c.charCodeAt(0)));
}

function decodeBase64(text: string): string {
  const bare = text.replaceAll(/[\s=]+/g, "");
  try {
    // A lone last character is no octet.
    return atob(bare.length % 4 === 1 ? bare.slice(0, -1) : bare);
  } catch {
    return "";
  }
}
