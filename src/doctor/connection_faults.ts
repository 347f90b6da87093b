/**
 * Why a client gets no connection, and what it calls that.
 *
 * @module
 */

import type { DialFault } from "./network/dial.ts";
import type { Answer } from "./sight.ts";
import { type ClientId, versionName } from "./tls/offers.ts";

/** A refusal before any certificate is looked at. */
export interface ConnectionRefusal {
  readonly error: string;
  /** A sentence without its period. */
  readonly message: string;
}

/** Ports that browsers refuse to connect to (Fetch, 2.10), above those of old services below 1024. */
const BAD_PORTS: ReadonlySet<number> = new Set([
  ...[
    1,
    7,
    9,
    11,
    13,
    15,
    17,
    19,
    20,
    21,
    22,
    23,
    25,
    37,
    42,
    43,
    53,
    69,
    77,
    79,
    87,
    95,
    101,
    102,
  ],
  ...[
    103,
    104,
    109,
    110,
    111,
    113,
    115,
    117,
    119,
    123,
    135,
    137,
    139,
    143,
    161,
    179,
    389,
    427,
    465,
  ],
  ...[
    512,
    513,
    514,
    515,
    526,
    530,
    531,
    532,
    540,
    548,
    554,
    556,
    563,
    587,
    601,
    636,
    989,
    990,
    993,
  ],
  ...[
    995,
    1719,
    1720,
    1723,
    2049,
    3659,
    4045,
    4190,
    5060,
    5061,
    6000,
    6566,
    6665,
    6666,
    6667,
    6668,
  ],
  ...[6669, 6679, 6697, 10080],
]);

/** What a client calls a port that it does not connect to; undefined where it does. */
export function badPort(client: ClientId, port: number): ConnectionRefusal | undefined {
  const error = BAD_PORT_ERRORS[client];
  if (error === undefined || !BAD_PORTS.has(port)) return undefined;
  return { error, message: `Port ${port} is one that browsers never connect to` };
}

const BAD_PORT_ERRORS: Readonly<Partial<Record<ClientId, string>>> = {
  chromium: "ERR_UNSAFE_PORT",
  firefox: "deniedPortAccess",
  node: "bad port",
};

/** Names for a connection that did not come about or was cut off, in Chromium and Firefox. */
const DIAL_ERRORS: Readonly<Record<DialFault, readonly [chromium: string, firefox: string]>> = {
  refused: ["ERR_CONNECTION_REFUSED", "connectionFailure"],
  timeout: ["ERR_CONNECTION_TIMED_OUT", "netTimeout"],
  unreachable: ["ERR_ADDRESS_UNREACHABLE", "connectionFailure"],
  reset: ["ERR_CONNECTION_RESET", "PR_CONNECT_RESET_ERROR"],
  closed: ["ERR_CONNECTION_CLOSED", "PR_END_OF_FILE_ERROR"],
  "not-resolved": ["ERR_NAME_NOT_RESOLVED", "dnsNotFound"],
  failed: ["ERR_CONNECTION_FAILED", "connectionFailure"],
};

/** What other clients call all of it. */
const OTHER_ERRORS: Readonly<Partial<Record<ClientId, string>>> = {
  curl: "CURLE_SSL_CONNECT_ERROR",
  python: "URLError",
  java: "SSLHandshakeException",
  node: "ERR_SSL",
};

/** What a client calls a connection that did not come about. */
export function dialError(client: ClientId, fault: DialFault): string {
  const [chromium, firefox] = DIAL_ERRORS[fault];
  if (client === "chromium") return chromium;
  if (client === "firefox") return firefox;
  return fault === "not-resolved" ? "host not found" : `connection ${fault}`;
}

/** Alerts (RFC 8446, 6): their names, and what Chromium makes of them where it is no protocol error. */
const ALERTS: Readonly<Record<number, readonly [name: string, chromium?: string]>> = {
  10: ["unexpected_message"],
  20: ["bad_record_mac"],
  22: ["record_overflow"],
  40: ["handshake_failure", "ERR_SSL_VERSION_OR_CIPHER_MISMATCH"],
  42: ["bad_certificate", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  43: ["unsupported_certificate", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  44: ["certificate_revoked", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  45: ["certificate_expired", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  46: ["certificate_unknown", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  47: ["illegal_parameter"],
  48: ["unknown_ca", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  49: ["access_denied", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  50: ["decode_error"],
  51: ["decrypt_error"],
  70: ["protocol_version", "ERR_SSL_VERSION_OR_CIPHER_MISMATCH"],
  71: ["insufficient_security"],
  80: ["internal_error"],
  86: ["inappropriate_fallback"],
  112: ["unrecognized_name", "ERR_SSL_UNRECOGNIZED_NAME_ALERT"],
  116: ["certificate_required", "ERR_BAD_SSL_CLIENT_AUTH_CERT"],
  120: ["no_application_protocol"],
};

/** NSS's names where they are not made from the alert's. */
const FIREFOX_ALERTS: Readonly<Record<number, string>> = {
  10: "SSL_ERROR_HANDSHAKE_UNEXPECTED_ALERT",
  20: "SSL_ERROR_BAD_MAC_ALERT",
  40: "SSL_ERROR_NO_CYPHER_OVERLAP",
  42: "SSL_ERROR_BAD_CERT_ALERT",
  43: "SSL_ERROR_UNSUPPORTED_CERT_ALERT",
  44: "SSL_ERROR_REVOKED_CERT_ALERT",
  45: "SSL_ERROR_EXPIRED_CERT_ALERT",
  116: "SSL_ERROR_RX_CERTIFICATE_REQUIRED_ALERT",
  120: "SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL",
};

/** An alert's name in RFC 8446. */
export function alertName(alert: number): string {
  return ALERTS[alert]?.[0] ?? `alert ${alert}`;
}

/** What a client says of an answer that is no ServerHello it can go on with. */
export function handshakeRefusal(client: ClientId, answer: Answer): ConnectionRefusal {
  const { flight, fault } = answer;
  const named = (chromium: string, firefox: string, message: string) => ({
    error: client === "chromium"
      ? chromium
      : client === "firefox"
      ? firefox
      : OTHER_ERRORS[client]!,
    message,
  });
  if (flight.foreign !== undefined) {
    const what = isHttp(flight.foreign) ? "plain HTTP" : "something that is not TLS";
    const firefox = foreignInFirefox(flight.foreign);
    return named("ERR_SSL_PROTOCOL_ERROR", firefox, `The server speaks ${what} on this port`);
  }
  if (flight.alert !== undefined) {
    const name = alertName(flight.alert);
    return named(
      ALERTS[flight.alert]?.[1] ?? "ERR_SSL_PROTOCOL_ERROR",
      FIREFOX_ALERTS[flight.alert] ?? `SSL_ERROR_${name.toUpperCase()}_ALERT`,
      `The server ends the handshake with the alert ${name}`,
    );
  }
  if (flight.version !== undefined) {
    const message = `The server offers ${versionName(flight.version)} at most`;
    return named("ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "SSL_ERROR_UNSUPPORTED_VERSION", message);
  }
  const [chromium, firefox] = DIAL_ERRORS[fault ?? "closed"];
  const words = { timeout: "does not answer", reset: "resets the connection" } as const;
  const how = fault === "timeout" || fault === "reset" ? words[fault] : "closes the connection";
  // A handshake that hangs is no connection that hangs.
  return named(
    fault === "timeout" ? "ERR_TIMED_OUT" : chromium,
    firefox,
    `The server ${how} when TLS is begun`,
  );
}

/** Whether the first octets are HTTP's. */
export function isHttp(octets: Uint8Array): boolean {
  return /^(?:HTTP\/|<)/.test(new TextDecoder("latin1").decode(octets));
}

/** NSS reads the first five octets as a record header, whatever they are. */
function foreignInFirefox(octets: Uint8Array): string {
  const length = ((octets[3] ?? 0) << 8) + (octets[4] ?? 0);
  if (length > 16384 + 2048) return "SSL_ERROR_RX_RECORD_TOO_LONG";
  return octets.length < length + 5 ? "PR_END_OF_FILE_ERROR" : "SSL_ERROR_RX_UNKNOWN_RECORD_TYPE";
}
