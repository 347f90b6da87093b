/**
 * Reading Apple's property lists in XML, as far as `security` writes them (plist(5), PropertyList-1.0.dtd).
 *
 * Refused: everything else, so that a text that was cut short or is of another kind is never taken for "nothing
 * is set".
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { decodeBase64 } from "../../der/pem.ts";
import { LocalTlsError } from "../../errors.ts";
import { exceptionText, quoteInput } from "../../input_text.ts";

/** A value of a property list; dates stay text. */
export type PlistValue =
  | string
  | number
  | boolean
  | Bytes
  | readonly PlistValue[]
  | ReadonlyMap<string, PlistValue>;

/** Levels of arrays and dictionaries; trust settings have five. */
const MAX_DEPTH = 32;

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&apos;": "'",
};

const HEAD =
  /^\uFEFF?\s*(?:<\?xml[^>]*\?>)?\s*(?:<!DOCTYPE plist[^>[]*>)?\s*<plist version="1\.0">/;
const TAG = /\s*<(\/?)([a-z]+)\s*(\/?)>/y;
const TEXT = /([^<]*)<\/([a-z]+)>/y;

/** Reads a property list. Throws STORE_UNAVAILABLE. */
export function parsePlist(text: string): PlistValue {
  const head = HEAD.exec(text);
  if (head === null) throw invalid("it is not a property list in XML");
  let at = head[0].length;

  function take(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) throw invalid(`unexpected text at character ${at}`);
    at = pattern.lastIndex;
    return match;
  }

  function content(name: string): string {
    const [, raw = "", end] = take(TEXT);
    if (end !== name) throw invalid(`<${name}> ends as ${quoteInput(end ?? "")}`);
    return raw.replaceAll(/&[^;]*;?/g, (entity) => {
      const character = ENTITIES[entity];
      if (character === undefined) {
        throw invalid(`the entity ${quoteInput(entity)} is not understood`);
      }
      return character;
    });
  }

  /** The value that begins with this tag. */
  function value(name: string, isEmpty: boolean, depth: number): PlistValue {
    if (depth > MAX_DEPTH) throw invalid("it is nested too deeply");
    switch (name) {
      case "true":
      case "false":
        if (!isEmpty) throw invalid(`<${name}> has content`);
        return name === "true";
      case "string":
      case "date":
        return isEmpty ? "" : content(name);
      case "integer": {
        const digits = content(name).trim();
        if (!/^[+-]?\d{1,15}$/.test(digits)) {
          throw invalid(`${quoteInput(digits)} is not an integer`);
        }
        return Number(digits);
      }
      case "data":
        return data(isEmpty ? "" : content(name));
      case "array":
        return isEmpty ? [] : items(depth);
      case "dict":
        return isEmpty ? new Map() : entries(depth);
    }
    throw invalid(`the element ${quoteInput(name)} is not understood`);
  }

  function items(depth: number): PlistValue[] {
    const found: PlistValue[] = [];
    for (;;) {
      const [, closing, name = "", empty] = take(TAG);
      if (closing !== "") {
        if (name !== "array") throw invalid(`<array> ends as ${quoteInput(name)}`);
        return found;
      }
      found.push(value(name, empty !== "", depth + 1));
    }
  }

  function entries(depth: number): Map<string, PlistValue> {
    const found = new Map<string, PlistValue>();
    for (;;) {
      const [, closing, name = "", empty] = take(TAG);
      if (closing !== "") {
        if (name !== "dict") throw invalid(`<dict> ends as </${name}>`);
        return found;
      }
      if (name !== "key" || empty !== "") throw invalid("an entry of a <dict> has no key");
      const key = content("key");
      if (found.has(key)) throw invalid(`the key ${quoteInput(key)} stands twice in a <dict>`);
      const [, end, kind = "", bare] = take(TAG);
      if (end !== "") throw invalid(`the key ${quoteInput(key)} has no value`);
      found.set(key, value(kind, bare !== "", depth + 1));
    }
  }

  const [, closing, name = "", empty] = take(TAG);
  if (closing !== "") throw invalid("it is empty");
  const root = value(name, empty !== "", 0);
  if (text.slice(at).trim() !== "</plist>") throw invalid("something follows its end");
  return root;
}

function data(text: string): Bytes {
  try {
    return decodeBase64(text.replaceAll(/\s+/g, ""), "data");
  } catch (error) {
    throw invalid(exceptionText(error));
  }
}

function invalid(state: string): LocalTlsError {
  return new LocalTlsError("STORE_UNAVAILABLE", `Cannot read a property list: ${state}`);
}
