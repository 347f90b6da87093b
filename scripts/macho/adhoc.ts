/**
 * Ad-hoc code signatures: a hash of every page, and nobody's name. What Apple's own linker writes, in the layout of
 * <kern/cs_blobs.h>; big-endian, unlike the rest of the file.
 *
 * Bun takes its runtime for macOS on Intel with the signature of Bun's maker, and appends a program, which that
 * signature does not cover. macOS ends a program whose pages do not match its signature.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readMachImage, writeSignatureSize } from "./image.ts";

const CSMAGIC_EMBEDDED_SIGNATURE = 0xfade0cc0;
const CSMAGIC_CODEDIRECTORY = 0xfade0c02;
const CSSLOT_CODEDIRECTORY = 0;

/** The version that has the fields of the executable segment, which hold up on every macOS that Bun supports. */
const CODE_DIRECTORY_VERSION = 0x20400;
const CS_ADHOC = 0x2;
/** Tells codesign(1) that it may replace this without being forced, and that no requirements are to be expected. */
const CS_LINKER_SIGNED = 0x20000;
const CS_HASHTYPE_SHA256 = 2;
const HASH_SIZE = 32;
const CS_EXECSEG_MAIN_BINARY = 1n;

/** 4 KiB, on both architectures, as linkers have it. */
const PAGE_BITS = 12;
const PAGE_SIZE = 1 << PAGE_BITS;

const SUPER_BLOB_SIZE = 12 + 8;
const CODE_DIRECTORY_SIZE = 88;
const SIGNATURE_ALIGNMENT = 16;

/**
 * Signs an executable again.
 *
 * @param executable A Mach-O file that has a signature. Left as it is.
 * @param identifier The name under which macOS shows the program.
 * @returns The file with the new signature in the old one's place.
 * @throws {Error} The file is not what `readMachImage` wants.
 */
export function signAdHoc(executable: Uint8Array, identifier: string): Uint8Array {
  const image = readMachImage(executable);
  const codeLimit = image.signatureOffset;
  const pages = Math.ceil(codeLimit / PAGE_SIZE);
  const name = new TextEncoder().encode(`${identifier}\0`);
  const hashOffset = CODE_DIRECTORY_SIZE + name.length;
  const directorySize = hashOffset + pages * HASH_SIZE;
  const blobSize = SUPER_BLOB_SIZE + directorySize;
  const size = Math.ceil(blobSize / SIGNATURE_ALIGNMENT) * SIGNATURE_ALIGNMENT;

  const signed = new Uint8Array(codeLimit + size);
  signed.set(executable.subarray(0, codeLimit));
  writeSignatureSize(signed, image, size);

  const view = new DataView(signed.buffer, codeLimit);
  [
    CSMAGIC_EMBEDDED_SIGNATURE,
    blobSize,
    1, // one blob in it:
    CSSLOT_CODEDIRECTORY,
    SUPER_BLOB_SIZE,
    CSMAGIC_CODEDIRECTORY,
    directorySize,
    CODE_DIRECTORY_VERSION,
    CS_ADHOC | CS_LINKER_SIGNED,
    hashOffset,
    CODE_DIRECTORY_SIZE, // where the identifier stands
    0, // special slots: no Info.plist, no requirements, no entitlements
    pages,
    codeLimit,
  ].forEach((value, index) => view.setUint32(index * 4, value));
  const directory = SUPER_BLOB_SIZE;
  signed.set([HASH_SIZE, CS_HASHTYPE_SHA256, 0, PAGE_BITS], codeLimit + directory + 36);
  // 40 to 63: spare2, scatterOffset, teamOffset, spare3, codeLimit64, all zero.
  view.setBigUint64(directory + 64, BigInt(image.text.fileOffset));
  view.setBigUint64(directory + 72, BigInt(image.text.fileSize));
  view.setBigUint64(directory + 80, CS_EXECSEG_MAIN_BINARY);
  signed.set(name, codeLimit + directory + CODE_DIRECTORY_SIZE);
  const hashes = codeLimit + directory + hashOffset;
  for (let page = 0; page < pages; page++) {
    // The last page ends where the signature begins, and is not padded.
    const content = signed.subarray(page * PAGE_SIZE, Math.min((page + 1) * PAGE_SIZE, codeLimit));
    signed.set(createHash("sha256").update(content).digest(), hashes + page * HASH_SIZE);
  }
  return signed;
}
