/**
 * Questions to the user. The terminal's own line editing is used, on the descriptor: node:readline
 * keeps reading ahead after it was closed, and eats what a sudo started next would ask for.
 *
 * @module
 */

import * as fs from "node:fs";
import process from "node:process";
import { type Bytes, concatBytes } from "../bytes.ts";
import { LocalTlsError } from "../errors.ts";
import type { Terminal } from "./host.ts";
import { isTerminal, type NodeOutput } from "./node_output.ts";
import { describeSystemError, systemCode } from "./system_error.ts";

/** A longer answer is not an answer; the kernel's own line buffer holds 4096 octets. */
const MAX_ANSWER_BYTES = 4096;

/** The terminal of this process. */
export function createNodeTerminal(
  output: NodeOutput,
  env: (name: string) => string | undefined,
): Terminal {
  // A build machine may have a terminal, and nobody sits at it.
  const isInteractive = () => env("CI") === undefined && isTerminal(0) && isTerminal(2);
  const askWith = async (question: string, read: () => Promise<string>) => {
    if (!isInteractive()) {
      throw new LocalTlsError(
        "CONFIRMATION_NEEDED",
        `Cannot ask "${question.trim()}": no terminal`,
      );
    }
    output.write("stderr", question);
    return await read();
  };
  return {
    get interactive() {
      return isInteractive();
    },
    ask: (question) => askWith(question, () => interruptible(output, readLine())),
    askSecret: (question) => askWith(question, () => readSecret(output)),
  };
}

/** Implements Host.readStdin. */
export async function readStdin(maxBytes: number): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = await readSome(64 * 1024);
    if (chunk.length === 0) return concatBytes(chunks);
    length += chunk.length;
    if (length > maxBytes) {
      throw new LocalTlsError(
        "FILE_TOO_LARGE",
        `Cannot read standard input: it is larger than ${maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
}

/** One line as the terminal gives it, edited and echoed by the kernel. */
async function readLine(): Promise<string> {
  let line = new Uint8Array(0);
  for (;;) {
    const chunk = await readSome(MAX_ANSWER_BYTES);
    if (chunk.length === 0 && line.length === 0) throw cancelled();
    line = concatBytes([line, chunk]);
    const end = line.indexOf(0x0a);
    if (end >= 0 || chunk.length === 0 || line.length > MAX_ANSWER_BYTES) {
      const text = new TextDecoder().decode(end < 0 ? line : line.subarray(0, end));
      return text.replace(/\r$/, "");
    }
  }
}

/** Makes Ctrl-C a CANCELLED, so that the command can say what it has done so far. */
async function interruptible(output: NodeOutput, answer: Promise<string>): Promise<string> {
  let interrupt = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => {
      output.write("stderr", "\n");
      reject(cancelled());
    };
  });
  process.once("SIGINT", interrupt);
  try {
    return await Promise.race([answer, interrupted]);
  } finally {
    process.removeListener("SIGINT", interrupt);
  }
}

/** Without echo: in raw mode the kernel neither echoes nor edits, so the few editing keys are ours. */
async function readSecret(output: NodeOutput): Promise<string> {
  const octets: number[] = [];
  process.stdin.setRawMode(true);
  try {
    for (;;) {
      const chunk = await readSome(MAX_ANSWER_BYTES);
      if (chunk.length === 0) throw cancelled();
      for (const [at, octet] of chunk.entries()) {
        if (octet === 0x0d || octet === 0x0a) {
          // A new password is asked for twice, and can have been typed or pasted in one go.
          const isCrLf = octet === 0x0d && chunk[at + 1] === 0x0a;
          typedAhead = chunk.slice(isCrLf ? at + 2 : at + 1);
          return new TextDecoder().decode(Uint8Array.from(octets));
        }
        // Ctrl-C, and Ctrl-D on an empty line.
        if (octet === 0x03 || (octet === 0x04 && octets.length === 0)) throw cancelled();
        if (octet === 0x7f || octet === 0x08) removeLastCharacter(octets);
        else if (octet === 0x15) octets.length = 0; // Ctrl-U
        else if (octet >= 0x20 && octets.length < MAX_ANSWER_BYTES) octets.push(octet);
      }
    }
  } finally {
    process.stdin.setRawMode(false);
    output.write("stderr", "\n");
  }
}

/** One character of UTF-8: the continuation octets and the one before them. */
function removeLastCharacter(octets: number[]): void {
  while (((octets.pop() ?? 0) & 0xc0) === 0x80);
}

/** What came after the end of a secret. */
let typedAhead: Uint8Array = new Uint8Array(0);

/** What stdin gives next; empty at its end. */
function readSome(maxBytes: number): Promise<Uint8Array> {
  if (typedAhead.length > 0) {
    const chunk = typedAhead;
    typedAhead = new Uint8Array(0);
    return Promise.resolve(chunk);
  }
  const buffer = new Uint8Array(maxBytes);
  return new Promise((resolve, reject) => {
    const attempt = () =>
      fs.read(0, buffer, 0, buffer.length, null, (error, count) => {
        const code = systemCode(error);
        if (error === null) resolve(buffer.subarray(0, count));
        // Left non-blocking by whoever shares it.
        else if (code === "EAGAIN" || code === "EINTR") setTimeout(attempt, 10);
        // Windows says EOF where others read nothing; EIO is a terminal that has hung up.
        else if (code === "EOF" || code === "EIO") resolve(new Uint8Array(0));
        else {
          const state = describeSystemError(error);
          reject(new LocalTlsError("FILE_READ", `Cannot read standard input: ${state}`));
        }
      });
    attempt();
  });
}

function cancelled(): LocalTlsError {
  return new LocalTlsError("CANCELLED", "Cancelled: no answer was given");
}
