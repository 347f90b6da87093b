/**
 * The few parts of a 64-bit Mach-O file that signing it changes: load commands, the segments __TEXT and
 * __LINKEDIT, and the place of the signature. As in <mach-o/loader.h>; little-endian throughout.
 *
 * @module
 */

const MH_MAGIC_64 = 0xfeedfacf;
const MH_EXECUTE = 2;
const HEADER_SIZE = 32;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;

/** A segment, and where its command stands in the file. */
export interface Segment {
  readonly commandOffset: number;
  readonly fileOffset: number;
  readonly fileSize: number;
}

/** What signing has to know about an executable. All numbers are bytes. */
export interface MachImage {
  readonly text: Segment;
  readonly linkedit: Segment;
  /** Where the LC_CODE_SIGNATURE command stands. */
  readonly signatureCommand: number;
  /** Where the signature begins: everything before it is hashed. */
  readonly signatureOffset: number;
}

/**
 * Reads an executable's load commands.
 *
 * @throws {Error} It is no 64-bit little-endian executable, has no signature to replace, or has one that does not
 * lie at the end of __LINKEDIT.
 */
export function readMachImage(bytes: Uint8Array): MachImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_SIZE || view.getUint32(0, true) !== MH_MAGIC_64) {
    throw new Error("Cannot sign: this is no 64-bit Mach-O file");
  }
  if (view.getUint32(12, true) !== MH_EXECUTE) {
    throw new Error("Cannot sign: this Mach-O file is no executable");
  }
  const segments = new Map<string, Segment>();
  let signatureCommand: number | undefined;
  for (const { offset, kind } of loadCommands(view)) {
    if (kind === LC_SEGMENT_64) {
      const name = new TextDecoder().decode(bytes.subarray(offset + 8, offset + 24));
      segments.set(name.replaceAll("\0", ""), {
        commandOffset: offset,
        fileOffset: Number(view.getBigUint64(offset + 40, true)),
        fileSize: Number(view.getBigUint64(offset + 48, true)),
      });
    } else if (kind === LC_CODE_SIGNATURE) {
      signatureCommand = offset;
    }
  }
  const text = segments.get("__TEXT");
  const linkedit = segments.get("__LINKEDIT");
  if (text === undefined || linkedit === undefined || signatureCommand === undefined) {
    throw new Error("Cannot sign: __TEXT, __LINKEDIT or LC_CODE_SIGNATURE is missing");
  }
  const signatureOffset = view.getUint32(signatureCommand + 8, true);
  const signatureEnd = signatureOffset + view.getUint32(signatureCommand + 12, true);
  if (
    signatureOffset < linkedit.fileOffset || signatureEnd > bytes.length ||
    signatureEnd !== linkedit.fileOffset + linkedit.fileSize
  ) {
    throw new Error("Cannot sign: the signature does not lie at the end of __LINKEDIT");
  }
  return { text, linkedit, signatureCommand, signatureOffset };
}

function* loadCommands(view: DataView): Generator<{ offset: number; kind: number }> {
  const count = view.getUint32(16, true);
  const end = HEADER_SIZE + view.getUint32(20, true);
  let offset = HEADER_SIZE;
  for (let index = 0; index < count; index++) {
    const size = offset + 8 <= end && end <= view.byteLength ? view.getUint32(offset + 4, true) : 0;
    if (size < 8 || offset + size > end) {
      throw new Error("Cannot sign: the load commands are longer than their table");
    }
    yield { offset, kind: view.getUint32(offset, true) };
    offset += size;
  }
}

/** Writes the sizes of a signature into its command and into __LINKEDIT. Has to happen before hashing. */
export function writeSignatureSize(bytes: Uint8Array, image: MachImage, size: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { linkedit, signatureCommand, signatureOffset } = image;
  const fileSize = signatureOffset + size - linkedit.fileOffset;
  // Pages of 16 KiB, Apple silicon's, are whole pages on Intel as well.
  const memorySize = Math.ceil(fileSize / 0x4000) * 0x4000;
  view.setUint32(signatureCommand + 12, size, true);
  view.setBigUint64(linkedit.commandOffset + 32, BigInt(memorySize), true);
  view.setBigUint64(linkedit.commandOffset + 48, BigInt(fileSize), true);
}
