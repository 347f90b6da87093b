/**
 * The events of the two ledgers, what counts as one, and what they add up to.
 *
 * @module
 */

import { isAbsolutePath } from "../host/path_text.ts";

/** A line of issued.jsonl: a certificate was issued and written. Times are ISO 8601, UTC. */
export interface IssuedEvent {
  readonly event: "issued";
  readonly time: string;
  readonly names: readonly string[];
  /** Absolute path of the chain. */
  readonly cert: string;
  /** Absolute path of the key; absent when the certificate answers a request, whose maker has the key. */
  readonly key?: string;
  /** Absolute path of the PKCS#12 file, if one was written. */
  readonly p12?: string;
  /** SHA-256 of that file as it was written last; absent in lines of older versions. */
  readonly p12Sha256?: string;
  /** The certificate answers a request (RFC 2986): it is renewed for the public key that it has. */
  readonly csr?: true;
  /** Hexadecimal content octets. */
  readonly serial: string;
  readonly sha256: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly keyType: string;
  readonly usage: "server" | "client" | "both";
  /** Lifetime that was asked for, in days; absent for the default. */
  readonly days?: number;
  /** Those of its names that were this machine's own LAN addresses (IPv4) then; noted by setup. */
  readonly own?: readonly string[];
  /** SHA-256 of the issuer's certificate. */
  readonly issuer: string;
}

/** A line of trusted.jsonl: a trust store was changed. */
export interface TrustedEvent {
  readonly event: "added" | "removed";
  readonly time: string;
  /** SHA-256 of the trust anchor. */
  readonly sha256: string;
  readonly kind: "system" | "nss" | "java" | "windows";
  /** What identifies the store, and its name for people. */
  readonly path: string;
  readonly label: string;
  /** Nickname or alias of the anchor in the store. */
  readonly anchorLabel: string;
  /** Absolute paths that did not exist before; uninstall takes them back. */
  readonly created: readonly string[];
  /** The anchor was the root of this state directory's CA; absent for somebody else's certificate. */
  readonly own?: true;
  /** The store is part of the system whose root directory this is, and not of this machine. */
  readonly root?: string;
}

/** Decides whether a line of a ledger is an event; undefined for one that is not. */
export type EventReader<E> = (value: unknown) => E | undefined;

/**
 * Reads a line of issued.jsonl. Strict: a later command trusts these paths and fingerprints, and
 * uninstall removes files named here, perhaps as root.
 */
export function readIssuedEvent(value: unknown): IssuedEvent | undefined {
  if (!isRecord(value)) return undefined;
  const { event, time, names, cert, key, serial, sha256, notBefore, notAfter, keyType } = value;
  const { usage, issuer, p12, p12Sha256, csr, days, own } = value;
  if (event !== "issued" || !isUsage(usage) || !isTexts(names)) return undefined;
  if (!isPath(cert) || !isSha256(sha256) || !isSha256(issuer)) return undefined;
  if (!isTime(time) || !isTime(notBefore) || !isTime(notAfter)) return undefined;
  if (!isText(serial) || serial.length > MAX_SERIAL || !/^[0-9a-f]+$/i.test(serial)) {
    return undefined;
  }
  if (!isText(keyType) || keyType.length > MAX_WORD) return undefined;
  // A certificate without a key of ours is one that answers a request, and nothing else.
  if (csr !== undefined && csr !== true) return undefined;
  if (key !== undefined && !isPath(key)) return undefined;
  if (key === undefined && csr === undefined) return undefined;
  if (p12 !== undefined && !isPath(p12)) return undefined;
  // One file for two things: whichever is written last would be the other's end.
  if (cert === key || cert === p12 || (key !== undefined && key === p12)) return undefined;
  if (p12Sha256 !== undefined && !isSha256(p12Sha256)) return undefined;
  if (days !== undefined && !isDays(days)) return undefined;
  if (own !== undefined && !isTexts(own)) return undefined;
  return {
    event,
    time,
    names,
    cert,
    ...(key === undefined ? {} : { key }),
    ...(p12 === undefined ? {} : { p12 }),
    ...(p12Sha256 === undefined ? {} : { p12Sha256 }),
    ...(csr === undefined ? {} : { csr }),
    serial,
    sha256,
    notBefore,
    notAfter,
    keyType,
    usage,
    ...(days === undefined ? {} : { days }),
    ...(own === undefined ? {} : { own }),
    issuer,
  };
}

/** Reads a line of trusted.jsonl; as strict. */
export function readTrustedEvent(value: unknown): TrustedEvent | undefined {
  if (!isRecord(value)) return undefined;
  const { event, time, sha256, kind, path, label, anchorLabel, created, own, root } = value;
  if (event !== "added" && event !== "removed") return undefined;
  if (kind !== "system" && kind !== "nss" && kind !== "java" && kind !== "windows") {
    return undefined;
  }
  if (!isTime(time) || !isSha256(sha256) || !isStorePath(path)) return undefined;
  if (!isLabel(label) || !isLabel(anchorLabel)) return undefined;
  if (!Array.isArray(created) || created.length > MAX_CREATED) return undefined;
  if (!created.every(isPlainPath)) return undefined;
  if (own !== undefined && own !== true) return undefined;
  if (root !== undefined && !(isPlainPath(root) && path.startsWith(`${root}/`))) return undefined;
  const mark = {
    ...(own === undefined ? {} : { own: true } as const),
    ...(root === undefined ? {} : { root }),
  };
  return { event, time, sha256, kind, path, label, anchorLabel, created, ...mark };
}

/**
 * What is in force now: added, and not removed since, in the order of first addition. A second
 * addition (a mended entry) joins its `created` to that of the first.
 */
export function currentTrust(events: readonly TrustedEvent[]): TrustedEvent[] {
  const held = new Map<string, TrustedEvent>();
  for (const event of events) {
    const identity = JSON.stringify([event.sha256, event.kind, event.path]);
    if (event.event === "removed") {
      held.delete(identity);
      continue;
    }
    const created = new Set([...held.get(identity)?.created ?? [], ...event.created]);
    held.set(identity, { ...event, created: [...created] });
  }
  return [...held.values()];
}

/** The latest certificate of each path, oldest first. */
export function currentCertificates(events: readonly IssuedEvent[]): IssuedEvent[] {
  const held = new Map<string, IssuedEvent>();
  for (const event of events) {
    // Deleted first: a map keeps the place of a key that is set again.
    held.delete(event.cert);
    held.set(event.cert, event);
  }
  return [...held.values()];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_NAMES &&
    value.every((text) => isText(text) && text.length <= MAX_PATH);
}

function isPath(value: unknown): value is string {
  return isText(value) && value.length <= MAX_PATH && isAbsolutePath(value) &&
    !value.includes("\0");
}

/** Characters of a path (PATH_MAX of Linux), of a label, of a certificate's serial (RFC 5280, 4.1.2.2), and others. */
const MAX_PATH = 4096;
const MAX_LABEL = 512;
const MAX_SERIAL = 64;
const MAX_WORD = 64;
/** Names of one certificate: as many as any client accepts, and ten times that. */
const MAX_NAMES = 10_000;
/** What one store makes: a database and the directories that lead to it. */
const MAX_CREATED = 64;

/** What moves a cursor, ends a line, or turns the direction of writing (Unicode: Cc, Cf, Zl, Zp). */
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/** A name of a store or an anchor, which is shown. */
function isLabel(value: unknown): value is string {
  return isText(value) && value.length <= MAX_LABEL && !CONTROL.test(value);
}

/** A label as the ledger takes it; names of profiles, which are the user's, stand in some. */
export function toLabel(text: string): string {
  return text.replaceAll(new RegExp(CONTROL, "gu"), "?").slice(0, MAX_LABEL) || "?";
}

/** A path that says where it leads: nothing in it is shown as something else, or leads back up. */
function isPlainPath(value: unknown): value is string {
  return isPath(value) && !CONTROL.test(value) &&
    !/(?:^|[\\/])\.{1,2}(?:[\\/]|$)|\/\//.test(value) &&
    (value.length === 1 || !value.endsWith("/"));
}

/** A path, or one of Windows' stores, which stand in no file. */
function isStorePath(value: unknown): value is string {
  return isPlainPath(value) ||
    (isText(value) && /^Cert:\\(?:CurrentUser|LocalMachine)\\Root$/.test(value));
}

function isUsage(value: unknown): value is IssuedEvent["usage"] {
  return value === "server" || value === "client" || value === "both";
}

function isDays(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_WORD && !Number.isNaN(Date.parse(value));
}
