/** An x86-64 without AVX (Intel's Nehalem, 2008), emulated. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "../support/environment.ts";
import { programInSandbox } from "../support/emulated.ts";
import { platformProgram } from "../support/machine.ts";
import { run } from "../support/processes.ts";
import { scratchDirectory } from "../support/sandbox.ts";
import { assertTrustCircle } from "../support/trust_circle.ts";

const QEMU = "/usr/bin/qemu-x86_64-static";
const SIGILL = 132;

environment("x86-64 of 2008 (emulated Nehalem)", (proves) => {
  proves("the emulated processor refuses an instruction of AVX", async () => {
    const program = avxProgram();
    assert.equal((await run([QEMU, "-cpu", "max", program])).code, 0);
    assert.equal((await run([QEMU, "-cpu", "Nehalem", program])).code, SIGILL);
  });

  proves("the whole way of trust", async () => {
    const program = platformProgram("localtls-linux-x64");
    await assertTrustCircle(programInSandbox([QEMU, "-cpu", "Nehalem", program]));
  });
});

/** The smallest program that uses AVX: vxorps ymm0, ymm0, ymm0; exit(0). */
function avxProgram(): string {
  const code = [0xc5, 0xfc, 0x57, 0xc0, 0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];
  const header = 64;
  const start = header + 56;
  const base = 0x400000n;
  const file = Buffer.alloc(start + code.length);
  // ELF header (System V gABI, 4): 64 bits, little-endian, ET_EXEC, EM_X86_64.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + BigInt(start), 24);
  file.writeBigUInt64LE(BigInt(header), 32);
  file.writeUInt16LE(header, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  // One program header (gABI, 5): PT_LOAD, readable and executable, the whole file.
  file.writeUInt32LE(1, header);
  file.writeUInt32LE(5, header + 4);
  file.writeBigUInt64LE(base, header + 16);
  file.writeBigUInt64LE(base, header + 24);
  file.writeBigUInt64LE(BigInt(file.length), header + 32);
  file.writeBigUInt64LE(BigInt(file.length), header + 40);
  file.writeBigUInt64LE(0x1000n, header + 48);
  file.set(code, start);
  const path = join(scratchDirectory("avx"), "avx");
  writeFileSync(path, file, { mode: 0o755 });
  return path;
}
