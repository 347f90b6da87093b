/**
 * Names that client certificates may have besides those of servers: e-mail addresses, URIs, and the
 * plain name of a user.
 *
 * A CA of localtls is limited to DNS names, and such a limit says nothing about the other forms (RFC 5280, 4.2.1.10:
 * "restrictions only apply when the specified name form is present"). So every e-mail address and
 * URI can be issued for, to `--client` alone: servers that ask for client certificates trust this CA because
 * somebody told them to, no public service does, and the certificate cannot sign mail (the issuer's
 * extKeyUsage is for TLS). Limiting rfc822Name as well was measured, and harms more than it helps
 * (facts/certificate-profiles.md).
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { nameError, quoteName, toDnsName } from "./dns_name.ts";
import { checkPermitted, type Permitted } from "./permitted.ts";
import { MAX_ATTRIBUTE_LENGTH } from "./profiles.ts";
import { type ParsedName, parseRequestedName, type RequestedName } from "./requested_name.ts";

/** A name that no server has. */
export type ClientName =
  /** rfc822Name: local part as given, domain as lower-case A-labels. */
  | { readonly type: "email"; readonly value: string }
  /** uniformResourceIdentifier: absolute, ASCII. */
  | { readonly type: "uri"; readonly value: string }
  /** A common name and nothing else. */
  | { readonly type: "user"; readonly value: string };

/** Every name that a certificate of localtls can be for. */
export type SubjectName = RequestedName | ClientName;

/** What a certificate is for (extKeyUsage). */
export type CertificateUsage = "server" | "client" | "both";

/** What a text was found to mean, and what to tell the user about it. */
export interface ParsedSubjectName {
  readonly name: SubjectName;
  readonly warnings: ParsedName["warnings"];
}

/** Octets: RFC 5321, 4.5.3.1.1. */
const MAX_LOCAL_PART = 64;

/** Octets. SPIFFE IDs, the longest that are in use, end at 2048. */
const MAX_URI = 2048;

/**
 * RFC 5321, 4.1.2, Dot-string, without the characters that nobody has in an address and that mean
 * something to shells, file systems or HTML.
 */
const LOCAL_PART = /^[A-Za-z0-9_+=~-]+(?:\.[A-Za-z0-9_+=~-]+)*$/;

/** A user name that no client can take for a host name: OpenSSL holds common names with a dot to the DNS limits. */
const USER_NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** RFC 3986: a scheme, and an authority after it (or urn:, RFC 8141); "localhost:80" is no URI here. */
const URI = /^(?:[a-z][a-z0-9+.-]*:\/\/|urn:[a-z0-9][a-z0-9-]{0,31}:)[!#-;=?-Z[\]_a-z~]+$/i;

/**
 * Reads a name for a client certificate. An e-mail address is taken as such, a URI with a scheme too; a single
 * word is the name of a user, unless the CA may speak for a host of that name; all else is a name
 * of a server. Throws NAME_INVALID.
 *
 * @example
 * ```ts
 * import { deepEqual, throws } from "node:assert/strict";
 * import { parseSubjectName } from "./subject_name.ts";
 *
 * const permitted = { any: false, domains: ["test"] } as const;
 * deepEqual(parseSubjectName("Ann@Example.COM", permitted).name, { type: "email", value: "Ann@example.com" });
 * deepEqual(parseSubjectName("ann", permitted).name, { type: "user", value: "ann" });
 * deepEqual(parseSubjectName("test", permitted).name, { type: "dns", value: "test", wildcard: false });
 * throws(() => parseSubjectName("a b@example.com", permitted), { code: "NAME_INVALID" });
 * ```
 */
export function parseSubjectName(text: string, permitted: Permitted): ParsedSubjectName {
  if (/^[a-z][a-z0-9+.-]*:\/\/|^urn:/i.test(text)) return plain(parseUri(text));
  if (text.includes("@")) return plain(parseEmail(text));
  if (!USER_NAME.test(text)) return parseRequestedName(text);
  const host = permittedHost(text, permitted);
  if (host !== undefined) return host;
  if (text.length > MAX_ATTRIBUTE_LENGTH) {
    const state = `a user's name has ${MAX_ATTRIBUTE_LENGTH} characters at most (RFC 5280, A.1)`;
    throw nameError(text, state);
  }
  return plain({ type: "user", value: text });
}

/**
 * The names of a certificate that was issued here, from their texts in the ledger.
 * Throws NAME_INVALID for what this program never wrote.
 */
export function parseIssuedName(
  text: string,
  usage: CertificateUsage,
  permitted: Permitted,
): SubjectName {
  return (usage === "server" ? parseRequestedName(text) : parseSubjectName(text, permitted)).name;
}

/** Reads an e-mail address as rfc822Name (RFC 5280, 4.2.1.6). Throws NAME_INVALID. */
export function parseEmail(text: string): ClientName {
  const at = text.lastIndexOf("@");
  const local = text.slice(0, at);
  if (local === "") throw nameError(text, "it is an e-mail address with nothing before the @");
  if (local.length > MAX_LOCAL_PART) {
    throw nameError(text, `it has more than ${MAX_LOCAL_PART} characters before the @`);
  }
  if (!LOCAL_PART.test(local)) {
    const bad = /[^A-Za-z0-9_+=~.-]/u.exec(local)?.[0];
    const state = bad === undefined
      ? "dots stand between letters in an e-mail address, one at a time"
      : `the character ${quoteName(bad)} is not allowed in an e-mail address`;
    throw nameError(text, state);
  }
  if (local.startsWith("-")) throw nameError(text, "it begins with a hyphen, as options do");
  return { type: "email", value: `${local}@${toDnsName(text.slice(at + 1), text)}` };
}

/** Reads a URI (RFC 5280, 4.2.1.6: absolute, with a host or an opaque part). Throws NAME_INVALID. */
export function parseUri(text: string): ClientName {
  if (text.length > MAX_URI) throw nameError(text, `it is longer than ${MAX_URI} characters`);
  if (!URI.test(text) || !URL.canParse(text)) {
    throw nameError(text, "it is no absolute URI in ASCII (RFC 3986)");
  }
  const [, authority] = /^[^:]*:\/\/([^/?#]*)/.exec(text) ?? [];
  if (authority === "") throw nameError(text, "it is a URI without a host");
  if (authority?.includes("@")) throw nameError(text, "it is a URI with a user name in it");
  // Scheme and host do not depend on case (RFC 3986, 6.2.2.1); the rest does.
  return {
    type: "uri",
    value: text.replace(/^[^:]*(?::\/\/[^/?#]*)?/, (part) => part.toLowerCase()),
  };
}

/**
 * What a certificate with these names is for. Whoever names a host wants to serve as well, as mkcert
 * understands it.
 */
export function chooseUsage(names: readonly SubjectName[], client: boolean): CertificateUsage {
  if (!client) return "server";
  return names.some(({ type }) => type === "dns" || type === "ip") ? "both" : "client";
}

/**
 * The common name of a client certificate, which is what servers know its owner by (nginx's $ssl_client_s_dn_cn,
 * PostgreSQL's users): the user's name, or else the first that is no address, if it fits. Servers have none, as clients do not look
 * at it (RFC 9525), except in PKCS#12: IIS shows nothing else (mkcert's issue 115).
 */
export function commonNameFor(
  names: readonly SubjectName[],
  usage: CertificateUsage,
  inPkcs12 = false,
): string | undefined {
  if (usage === "server" && !inPkcs12) return undefined;
  const users = names.filter(({ type }) => type === "user");
  if (users.length > 1) {
    const [first, second] = users.map(({ value }) => value);
    throw new LocalTlsError(
      "NAME_INVALID",
      `Cannot issue one certificate to two users, "${first}" and "${second}"`,
      { hints: ["Run the command once for each user"] },
    );
  }
  // OpenSSL and GnuTLS take a common name like 10.0.0.1 for a host name where there is no dNSName, and then refuse it
  // for the CA's limits.
  const name = users[0] ?? names.find(({ type }) => type !== "ip");
  return name !== undefined && name.value.length <= MAX_ATTRIBUTE_LENGTH ? name.value : undefined;
}

function plain(name: ClientName): ParsedSubjectName {
  return { name, warnings: [] };
}

/** A single word as a host name that the CA may speak for; undefined where it is none. */
function permittedHost(text: string, permitted: Permitted): ParsedSubjectName | undefined {
  // An unlimited CA may speak for every word, which says nothing about what is meant: localhost is a host.
  const limits = permitted.any ? { any: false, domains: ["localhost"] } as const : permitted;
  try {
    const parsed = parseRequestedName(text);
    checkPermitted(parsed.name, limits);
    return parsed;
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}
