/**
 * ICU's data in an executable, without the languages that localtls does not speak: 7 of 42 MB of the download.
 *
 * Bun for Linux and Windows carries the whole of ICU: the names of currencies in Zulu, a Thai dictionary. localtls sorts
 * listings in English, and normalizes Unicode. Left in are root, English, and all that is of no language; what is taken
 * out is taken off the table of contents, so that ICU falls back to root as for a language it has never heard of, and
 * overwritten with zeros, which compress to nothing (Bun keeps each item packed: xz made nothing of it). No byte moves. Bun
 * for macOS uses the system's ICU.
 *
 * The format is ICU's common data, "CmnD": a header as in unicode/udata.h (`DataHeader`), then as in ucmndata.h a count and
 * as many pairs of 32-bit offsets of a name and its data (`UDataOffsetTOC`), sorted by name, relative to the count.
 *
 * @module
 */

/** From `headerSize` to the format's name: magic bytes, then the `UDataInfo` of a little-endian package. */
const SIGNATURE = [0xda, 0x27, 20, 0, 0, 0, 0, 0, 2, 0, ...Buffer.from("CmnD")];
const SIGNATURE_OFFSET = 2;
const TOC_ENTRY = 8;

/** A language, perhaps with script and region: `de`, `zh_Hant_TW`, `de__PHONEBOOK`. */
const LOCALE = /^[a-z]{2,3}(?:_\w*)?$/;
/** Of the same form, and the list of what there is. */
const RES_INDEX = "res_index";

interface Item {
  /** `coll/de.res`: without the name of the package. */
  readonly name: string;
  readonly nameOffset: number;
  readonly nameEnd: number;
  readonly dataOffset: number;
  readonly dataEnd: number;
}

/**
 * {@link thinIcuData} of an executable in which there has to be ICU data, unless it is for macOS.
 *
 * @param system As Bun's targets or `process.platform` name it.
 * @returns Whether it has changed.
 * @throws {Error} There is none: Bun keeps it otherwise than it did.
 */
export function thinExecutable(executable: Uint8Array, system: string): boolean {
  if (thinIcuData(executable) > 0) return true;
  if (system.includes("darwin")) return false;
  throw new Error("Cannot thin ICU's data: there is none in Bun's runtime, as there was before");
}

/**
 * Takes the languages out of the ICU data in an executable, in place.
 *
 * @returns How many bytes of data were overwritten; 0 if there is no ICU data in it.
 * @throws {Error} There are several packages, or one that is not of the known form.
 */
export function thinIcuData(executable: Uint8Array): number {
  const bytes = Buffer.from(executable.buffer, executable.byteOffset, executable.length);
  const start = bytes.indexOf(Buffer.from(SIGNATURE)) - SIGNATURE_OFFSET;
  if (start < 0) return 0;
  if (bytes.indexOf(Buffer.from(SIGNATURE), start + SIGNATURE_OFFSET + 1) >= 0) {
    throw new Error("Cannot thin ICU's data: there are several packages of it");
  }
  const toc = start + bytes.readUInt16LE(start);
  const items = readItems(bytes, toc);
  const kept = items.filter(({ name }) => isKept(name));
  const removed = items.filter(({ name }) => !isKept(name));

  for (const { nameOffset, nameEnd, dataOffset, dataEnd } of removed) {
    bytes.fill(0, nameOffset, nameEnd);
    bytes.fill(0, dataOffset, dataEnd);
  }
  bytes.fill(0, toc, toc + 4 + TOC_ENTRY * items.length);
  bytes.writeUInt32LE(kept.length, toc);
  kept.forEach(({ nameOffset, dataOffset }, index) => {
    bytes.writeUInt32LE(nameOffset - toc, toc + 4 + TOC_ENTRY * index);
    bytes.writeUInt32LE(dataOffset - toc, toc + 8 + TOC_ENTRY * index);
  });
  return removed.reduce((sum, { dataOffset, dataEnd }) => sum + dataEnd - dataOffset, 0);
}

/** Whether localtls may ask for it: no dictionary for breaking words, no language but English. */
function isKept(name: string): boolean {
  const [stem, extension] = name.slice(name.lastIndexOf("/") + 1).split(".");
  if (extension === "dict") return false;
  if (extension !== "res" || stem === RES_INDEX || !LOCALE.test(stem!)) return true;
  return stem === "en" || stem!.startsWith("en_");
}

/**
 * The table of contents. Of the last item's data nothing says where it ends: it counts as empty.
 *
 * @throws {Error} It leads out of the file, or the data is not in the order of the names.
 */
function readItems(bytes: Buffer, toc: number): Item[] {
  const count = bytes.readUInt32LE(toc);
  const offsets = Array.from({ length: count }, (_, index) => {
    const entry = toc + 4 + TOC_ENTRY * index;
    return { name: toc + bytes.readUInt32LE(entry), data: toc + bytes.readUInt32LE(entry + 4) };
  });
  return offsets.map(({ name: nameOffset, data: dataOffset }, index) => {
    const nameEnd = bytes.indexOf(0, nameOffset);
    const dataEnd = offsets[index + 1]?.data ?? dataOffset;
    if (nameEnd < 0 || dataEnd < dataOffset || dataEnd > bytes.length) {
      throw new Error("Cannot thin ICU's data: its table of contents is of an unknown form");
    }
    const path = bytes.toString("latin1", nameOffset, nameEnd);
    return { name: path.slice(path.indexOf("/") + 1), nameOffset, nameEnd, dataOffset, dataEnd };
  });
}
