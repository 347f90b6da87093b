/**
 * The name constraints of a CA (RFC 5280, 4.2.1.10) in a form that names can be compared with.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { derError, DerReader } from "../../der/decode.ts";
import { contextConstructed } from "../../der/tags.ts";
import type { NameConstraints } from "../../x509/extensions.ts";
import type { GeneralName } from "../../x509/general_name.ts";
import { canonicalRdns } from "./canonical_name.ts";
import { isHostName } from "./peer_name.ts";

/** One subtree. */
export type Subtree =
  /** `value` lower case, empty for every name; `below`: not the host itself, only names below it. */
  | { readonly form: "dns" | "uri"; readonly value: string; readonly below: boolean }
  /** `local` undefined: every mailbox of the host. */
  | {
    readonly form: "email";
    readonly local: string | undefined;
    readonly value: string;
    readonly below: boolean;
  }
  | { readonly form: "ip"; readonly address: Bytes; readonly mask: Bytes }
  | { readonly form: "directory"; readonly rdns: readonly string[] }
  /** A form that is not understood: [0], [3], [5] or [8]. */
  | { readonly form: "other"; readonly tag: number };

/** The subtrees of one CA. */
export interface ConstraintSet {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
  /** Whether a dNSName begins with a dot, which RFC 5280 knows for URIs alone, and old CAs wrote. */
  readonly dottedDns: boolean;
}

/** The tag of directoryName. */
export const DIRECTORY_NAME = contextConstructed(4);

/** Throws DER_INVALID where a constraint is no constraint of its form. */
export function readConstraintSet({ permitted, excluded }: NameConstraints): ConstraintSet {
  if (permitted === undefined && excluded === undefined) fail("it constrains nothing");
  const dotted = ({ type, ...name }: GeneralName) =>
    type === "dns" && "value" in name && name.value.startsWith(".");
  return {
    permitted: (permitted ?? []).map(readSubtree),
    excluded: (excluded ?? []).map(readSubtree),
    dottedDns: [...permitted ?? [], ...excluded ?? []].some(dotted),
  };
}

function readSubtree(base: GeneralName): Subtree {
  switch (base.type) {
    case "dns":
    case "uri":
      return { form: base.type, ...readHost(base.value, base.type) };
    case "email": {
      const at = base.value.lastIndexOf("@");
      if (at < 0) return { form: "email", local: undefined, ...readHost(base.value, "email") };
      const mailbox = readMailbox(base.value);
      if (mailbox === undefined) fail("an rfc822Name is no mailbox");
      return { form: "email", local: mailbox.local, value: mailbox.host, below: false };
    }
    case "ip":
      return readAddressRange(base.octets);
    case "other":
      if (base.tag !== DIRECTORY_NAME) return { form: "other", tag: base.tag };
      return { form: "directory", rdns: readDirectoryName(base.tlv) };
  }
}

function readHost(text: string, form: string): { value: string; below: boolean } {
  const below = text.startsWith(".");
  const value = text.slice(below ? 1 : 0).toLowerCase();
  // An empty dNSName is every name: zero labels with any added in front (RFC 5280, 4.2.1.10).
  const everything = value === "" && !below && form === "dns";
  if (!everything && !isHostName(value)) fail(`a ${form} constraint is no host or domain`);
  return { value, below };
}

/** Address and mask, whose ones come first (RFC 4632). */
function readAddressRange(octets: Bytes): Subtree {
  const half = octets.length / 2;
  const mask = octets.subarray(half);
  let bits = "";
  for (const octet of mask) bits += octet.toString(2).padStart(8, "0");
  if (bits.includes("01")) fail("the mask of an iPAddress is none");
  return { form: "ip", address: octets.subarray(0, half), mask };
}

/** The RDNs of a directoryName, which is [4] EXPLICIT. Throws DER_INVALID. */
export function readDirectoryName(tlv: Bytes): string[] {
  const outer = new DerReader(tlv, "directoryName");
  const reader = outer.enter("name", DIRECTORY_NAME);
  const name = reader.read("rdnSequence", 0x30).tlv;
  reader.finish();
  return canonicalRdns(name);
}

/** RFC 5321, 4.1.2 without quoted local parts and address literals, which no CA has reason to certify. */
const LOCAL_PART = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/;

/** A mailbox; undefined where it is none. The host is lower case, the local part as it stands (RFC 5280, 7.5). */
export function readMailbox(text: string): { local: string; host: string } | undefined {
  const [local = "", host, ...more] = text.split("@");
  if (host === undefined || more.length > 0 || !LOCAL_PART.test(local)) return undefined;
  const lower = host.toLowerCase();
  return isHostName(lower) ? { local, host: lower } : undefined;
}

function fail(state: string): never {
  throw derError("nameConstraints", 0, state);
}
