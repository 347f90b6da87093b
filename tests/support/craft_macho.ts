/**
 * A small Mach-O executable, laid out as Bun leaves its own for Intel: the old signature at the end of __LINKEDIT, its
 * hashes those of another program.
 *
 * @module
 */

const HEADER_SIZE = 32;
const SEGMENT_SIZE = 72;

/** The size of __TEXT in the file, in bytes. */
export const TEXT_SIZE = 4 * 4096;

const LINKEDIT_CONTENT = 1000; // no whole page, but a multiple of 8
const OLD_SIGNATURE = 512;

/** Makes the executable, new at every call. */
export function craftMachO(): Buffer {
  const signatureOffset = TEXT_SIZE + LINKEDIT_CONTENT + 8; // aligned to 16
  const file = Buffer.alloc(signatureOffset + OLD_SIGNATURE);
  for (let at = 0; at < signatureOffset; at++) file[at] = (at * 31 + (at >> 8)) & 0xff;
  const commands = [
    segment("__TEXT", 0, TEXT_SIZE),
    segment("__LINKEDIT", TEXT_SIZE, file.length - TEXT_SIZE),
    words(0x1d, 16, signatureOffset, OLD_SIGNATURE),
  ];
  const table = Buffer.concat(commands);
  // magic, Intel, all of them, executable, commands and their size, flags
  words(0xfeedfacf, 0x01000007, 3, 2, commands.length, table.length, 0, 0).copy(file);
  table.copy(file, HEADER_SIZE);
  oldSignature().copy(file, signatureOffset);
  return file;
}

function segment(name: string, offset: number, size: number): Buffer {
  const command = Buffer.alloc(SEGMENT_SIZE);
  words(0x19, SEGMENT_SIZE).copy(command);
  command.write(name, 8, "latin1");
  command.writeBigUInt64LE(0x100000000n + BigInt(offset), 24);
  command.writeBigUInt64LE(BigInt(Math.ceil(size / 4096) * 4096), 32);
  command.writeBigUInt64LE(BigInt(offset), 40);
  command.writeBigUInt64LE(BigInt(size), 48);
  return command;
}

/** Covers the first page alone, with a hash of zeros. */
function oldSignature(): Buffer {
  const blob = Buffer.alloc(OLD_SIGNATURE);
  const directorySize = 88 + 4 + 32;
  [
    [0, 0xfade0cc0, 20 + directorySize, 1, 0, 20],
    [20, 0xfade0c02, directorySize, 0x20400, 0x10000, 92, 88, 0, 1, 4096],
  ].forEach(([start, ...values]) =>
    values.forEach((value, index) => blob.writeUInt32BE(value, start! + 4 * index))
  );
  Buffer.from([32, 2, 0, 12]).copy(blob, 20 + 36);
  blob.write("bun\0", 20 + 88, "latin1");
  return blob;
}

function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => buffer.writeUInt32LE(value, 4 * index));
  return buffer;
}
