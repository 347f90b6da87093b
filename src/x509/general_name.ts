/**
 * GeneralName (RFC 5280, 4.2.1.6), in alternative names and in name constraints.
 *
 * @module
 */

import { type Bytes, isAscii, latin1 } from "../bytes.ts";
import { derError, type DerReader, type Element } from "../der/decode.ts";
import { asciiOctets, implicit } from "../der/encode.ts";
import { context, contextConstructed } from "../der/tags.ts";
import { formatIpAddress } from "./ip_address.ts";

/** A name of one of the forms that localtls looks into, or of another. */
export type GeneralName =
  /** dNSName and rfc822Name and URI: IA5String, as it stands. */
  | { readonly type: "dns" | "email" | "uri"; readonly value: string }
  /** iPAddress: 4 or 16 octets; 8 or 32 (address and mask) in constraints. */
  | { readonly type: "ip"; readonly octets: Bytes }
  /** otherName, x400Address, directoryName, ediPartyName, registeredID: whole TLV. */
  | { readonly type: "other"; readonly tag: number; readonly tlv: Bytes };

const TEXT_FORMS = new Map<number, "dns" | "email" | "uri">([
  [context(1), "email"],
  [context(2), "dns"],
  [context(6), "uri"],
]);

const OTHER_FORMS = new Set([
  contextConstructed(0),
  contextConstructed(3),
  contextConstructed(4),
  contextConstructed(5),
  context(8),
]);

/**
 * Reads a GeneralName where the reader stands.
 * @param addressLengths Octets that an iPAddress may have here.
 */
export function readGeneralName(
  reader: DerReader,
  field: string,
  addressLengths: readonly number[],
): GeneralName {
  const element = reader.read(field);
  const form = TEXT_FORMS.get(element.tag);
  if (form !== undefined) return { type: form, value: readIa5(element) };
  if (element.tag === context(7)) {
    if (!addressLengths.includes(element.content.length)) {
      const state = `an iPAddress has ${addressLengths.join(" or ")} octets here, ` +
        `not ${element.content.length}`;
      throw derError(element.field, element.offset, state);
    }
    return { type: "ip", octets: element.content };
  }
  if (OTHER_FORMS.has(element.tag)) return { type: "other", tag: element.tag, tlv: element.tlv };
  const state = `tag ${element.tag.toString(16).padStart(2, "0")} is no GeneralName`;
  throw derError(element.field, element.offset, state);
}

function readIa5(element: Element): string {
  const text = latin1(element.content);
  if (!isAscii(text)) throw derError(element.field, element.offset, "the IA5String is not ASCII");
  return text;
}

/** A GeneralName to write: dNSName, rfc822Name and URI in ASCII, iPAddress as 4 or 16 octets. */
export type EncodableName =
  | { readonly type: "dns" | "email" | "uri"; readonly value: string }
  | { readonly type: "ip"; readonly octets: Uint8Array };

const FORM_NUMBERS = { email: 1, dns: 2, uri: 6 } as const;

/** Encodes a GeneralName. */
export function encodeGeneralName(name: EncodableName): Bytes {
  return name.type === "ip"
    ? implicit(7, name.octets)
    : implicit(FORM_NUMBERS[name.type], asciiOctets(name.value));
}

/** A GeneralName as people write it; "other" forms as their tag number: "[4]". Not escaped. */
export function generalNameText(name: GeneralName): string {
  if (name.type === "other") return `[${name.tag & 0x1f}]`;
  if (name.type !== "ip") return name.value;
  return formatIpAddress(name.octets) ?? addressAndMask(name.octets);
}

function addressAndMask(octets: Uint8Array): string {
  const half = octets.length / 2;
  const address = formatIpAddress(octets.subarray(0, half)) ?? "";
  return `${address}/${formatIpAddress(octets.subarray(half)) ?? ""}`;
}
