/**
 * Judges the code signature of a Mach-O executable as macOS's kernel does: page by page. A reader of its own, which
 * shares nothing with the code that signs; offsets are those of <mach-o/loader.h> and <kern/cs_blobs.h>.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What a signature says. */
export interface MachSignature {
  readonly identifier: string;
  readonly flags: number;
  readonly version: number;
  readonly pages: number;
  readonly codeLimit: number;
}

/** A verdict: what the signature says, and everything that is wrong with it. */
export interface MachVerdict {
  readonly signature: MachSignature;
  readonly problems: readonly string[];
}

const ADHOC = 0x2;

/** Verifies a whole file. @throws {Error} It has no signature that could be judged. */
export function verifyMachO(file: Buffer): MachVerdict {
  const problems: string[] = [];
  const expect = (good: boolean, problem: string) => good || problems.push(problem);
  expect(file.readUInt32LE(0) === 0xfeedfacf, "no 64-bit Mach-O file");

  const segments: { name: string; vmSize: bigint; offset: number; size: number }[] = [];
  const signatures: { offset: number; size: number }[] = [];
  let at = 32;
  for (let count = file.readUInt32LE(16); count > 0; count--) {
    const command = file.readUInt32LE(at);
    if (command === 0x19) {
      segments.push({
        name: file.toString("latin1", at + 8, at + 24).split("\0")[0]!,
        vmSize: file.readBigUInt64LE(at + 32),
        offset: Number(file.readBigUInt64LE(at + 40)),
        size: Number(file.readBigUInt64LE(at + 48)),
      });
    } else if (command === 0x1d) {
      signatures.push({ offset: file.readUInt32LE(at + 8), size: file.readUInt32LE(at + 12) });
    }
    at += file.readUInt32LE(at + 4);
  }
  expect(at === 32 + file.readUInt32LE(20), "the load commands do not fill their table");
  const [place] = signatures;
  const last = segments.at(-1);
  const text = segments.find(({ name }) => name === "__TEXT");
  if (signatures.length !== 1 || place === undefined || last === undefined || text === undefined) {
    throw new Error(`${signatures.length} signatures in ${segments.length} segments`);
  }
  expect(last.name === "__LINKEDIT", "__LINKEDIT is not the last segment");
  expect(place.offset % 16 === 0, "the signature is not aligned");
  expect(place.offset + place.size === last.offset + last.size, "__LINKEDIT ends elsewhere");
  expect(last.offset + last.size === file.length, "something follows the signature");
  expect(last.vmSize >= BigInt(last.size), "__LINKEDIT is larger in the file than in memory");

  const directory = codeDirectory(file.subarray(place.offset, place.offset + place.size), expect);
  const word = (offset: number) => directory.readUInt32BE(offset);
  const [version, flags, pages, codeLimit] = [word(8), word(12), word(28), word(32)];
  const [hashOffset, identifierOffset, specialSlots] = [word(16), word(20), word(24)];
  expect(version >= 0x20400, `version ${version.toString(16)} has no executable segment`);
  expect((flags & ADHOC) !== 0, "it is not signed ad hoc");
  expect(specialSlots === 0, "there are special slots for blobs that are not there");
  expect(directory[36] === 32 && directory[37] === 2, "the hashes are not SHA-256");
  expect(directory[38] === 0, "it is for one platform alone");
  expect(word(40) === 0, "spare2 is not zero");
  expect(word(44) === 0, "the pages are scattered");
  expect(codeLimit === place.offset, `it covers ${codeLimit} bytes of ${place.offset}`);
  expect(directory.readBigUInt64BE(56) === 0n, "there is a codeLimit64, too");
  expect(directory.readBigUInt64BE(64) === BigInt(text.offset), "__TEXT begins elsewhere");
  expect(directory.readBigUInt64BE(72) === BigInt(text.size), "__TEXT has another size");
  expect((directory.readBigUInt64BE(80) & 1n) === 1n, "it is not for a main binary");

  const pageSize = 2 ** directory[39]!;
  expect(pages === Math.ceil(codeLimit / pageSize), `${pages} hashes for ${codeLimit} bytes`);
  expect(hashOffset + 32 * pages === directory.length, "the hashes do not fill the directory");
  for (let page = 0; page < pages; page++) {
    const end = Math.min((page + 1) * pageSize, codeLimit);
    const hash = createHash("sha256").update(file.subarray(page * pageSize, end)).digest();
    const wanted = directory.subarray(hashOffset + 32 * page, hashOffset + 32 * (page + 1));
    expect(hash.equals(wanted), `page ${page} does not have its hash`);
  }
  const identifier = directory.toString("utf8", identifierOffset, hashOffset).split("\0")[0]!;
  return { signature: { identifier, flags, version, pages, codeLimit }, problems };
}

function codeDirectory(
  blob: Buffer,
  expect: (good: boolean, problem: string) => unknown,
): Buffer {
  if (blob.readUInt32BE(0) !== 0xfade0cc0) throw new Error("no signature is where one should be");
  expect(blob.readUInt32BE(4) <= blob.length, "the signature is cut off");
  for (let index = 0; index < blob.readUInt32BE(8); index++) {
    if (blob.readUInt32BE(12 + 8 * index) !== 0) continue;
    const start = blob.readUInt32BE(16 + 8 * index);
    const size = blob.readUInt32BE(start + 4);
    expect(blob.readUInt32BE(start) === 0xfade0c02, "the code directory has another kind");
    expect(start + size <= blob.readUInt32BE(4), "the code directory is cut off");
    return blob.subarray(start, start + size);
  }
  throw new Error("the signature has no code directory");
}
