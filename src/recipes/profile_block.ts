/**
 * A block of lines between markers in a start file that a user wrote: put in, found and taken out with every other
 * octet left as it is, whatever the file's encoding and line ends.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";

const BEGIN = "# >>> localtls env >>>";
const END = "# <<< localtls env <<<";
/** In the first line: what taking the block out has to undo as well. */
const JOINED = " (after a line without an end)";
const CREATED = " (in a file of its own)";

/** One octet of a file as one character: regular expressions and slices then leave what they do not mean alone. */
function toOctetText(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}

function fromOctetText(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly header: string;
  readonly text: string;
}

/**
 * The file with the block in it: at the end, or in the place of the one that is there.
 * Throws FILE_WRITE for a block without an end, or several.
 *
 * @param held What is there; undefined where there is no file.
 * @param lines Between the markers.
 */
export function withBlock(
  path: string,
  held: Uint8Array | undefined,
  lines: readonly string[],
): Uint8Array {
  const text = held === undefined ? "" : toOctetText(held);
  refuseUtf16(path, text);
  const place = findBlock(path, text);
  const lineEnd = /\r\n/.test(text) && !/(?<!\r)\n/.test(text) ? "\r\n" : "\n";
  const joined = place === undefined && text !== "" && !text.endsWith("\n");
  const note = place !== undefined
    ? place.header.slice(BEGIN.length)
    : held === undefined
    ? CREATED
    : joined
    ? JOINED
    : "";
  const body = [`${BEGIN}${note}`, ...lines, END].map((line) => `${line}${lineEnd}`).join("");
  const block = toOctetText(new TextEncoder().encode(body));
  if (place !== undefined) {
    return fromOctetText(text.slice(0, place.start) + block + text.slice(place.end));
  }
  return fromOctetText(`${text}${joined ? lineEnd : ""}${block}`);
}

/**
 * The file without the block: as it was before.
 * @returns undefined where there is no block; null where the file was made for it and is to go.
 */
export function withoutBlock(path: string, held: Uint8Array): Uint8Array | null | undefined {
  const text = toOctetText(held);
  const place = findBlock(path, text);
  if (place === undefined) return undefined;
  let before = text.slice(0, place.start);
  const after = text.slice(place.end);
  if (place.header.includes(JOINED) && after === "") before = before.replace(/\r?\n$/, "");
  if (place.header.includes(CREATED) && before === "" && after === "") return null;
  return fromOctetText(before + after);
}

/** The lines of the block, as UTF-8; undefined where there is none. */
export function readBlock(path: string, held: Uint8Array): string | undefined {
  const place = findBlock(path, toOctetText(held));
  return place === undefined ? undefined : new TextDecoder().decode(fromOctetText(place.text));
}

function findBlock(path: string, text: string): Place | undefined {
  const starts = [...text.matchAll(/^# >>> localtls env >>>.*$/gm)];
  const ends = [...text.matchAll(/^# <<< localtls env <<<\r?(?:\n|$(?![^]))/gm)];
  const [first] = starts;
  const [last] = ends;
  if (first === undefined && last === undefined) return undefined;
  if (starts.length !== 1 || ends.length !== 1 || first!.index > last!.index) {
    throw new LocalTlsError(
      "FILE_WRITE",
      `Cannot change "${path}": the markers of localtls in it do not belong together`,
      { hints: [`Take the lines between "${BEGIN}" and "${END}" out, and the markers`] },
    );
  }
  const end = last!.index + last![0].length;
  const header = first![0].replace(/\r$/, "");
  return { start: first!.index, end, header, text: text.slice(first!.index, end) };
}

function refuseUtf16(path: string, text: string): void {
  if (!/^(?:\xff\xfe|\xfe\xff)/.test(text)) return;
  throw new LocalTlsError("FILE_WRITE", `Cannot change "${path}": it is UTF-16`);
}
