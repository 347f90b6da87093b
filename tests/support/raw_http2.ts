/**
 * Frames of HTTP/2 as they are (RFC 9113, 4 and 6): for requests that no client library would send.
 *
 * @module
 */

import { connect, type TLSSocket } from "node:tls";

/** A request over HTTP/2. */
export interface RawHttp2Request {
  /** Names and values, pseudo fields too: sent as literals, whatever they are (RFC 7541, 6.2.2). */
  readonly fields: readonly (readonly [string, string])[];
  /** Bodies of DATA frames. */
  readonly data?: readonly string[];
  readonly trailers?: readonly (readonly [string, string])[];
  /** How the stream ends. Default "end": END_STREAM with the last frame. */
  readonly ends?: "end" | "reset" | "never";
}

/** What came back. */
export interface RawHttp2Answer {
  /** The content of the answers, by number of the request. */
  readonly bodies: readonly string[];
  readonly resets: number;
  readonly hasGoneAway: boolean;
}

const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7 } as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const CANCEL = Buffer.from([0, 0, 0, 8]);

/** A connection on which requests can be sent one after the other; it stays until it is closed. */
export interface RawHttp2 {
  send(requests: readonly RawHttp2Request[], quietMs?: number): Promise<RawHttp2Answer>;
  close(): void;
}

/** Opens one. */
export async function openHttp2(port: number): Promise<RawHttp2> {
  const socket = await new Promise<TLSSocket>((resolve, reject) => {
    const made = connect(
      { port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: ["h2"] },
      () => resolve(made),
    );
    made.once("error", reject);
  });
  socket.on("error", () => {});
  const bodies = new Map<number, string>();
  let resets = 0;
  let hasGoneAway = false;
  let onOctets = () => {};
  let held = Buffer.alloc(0);
  socket.on("data", (data) => {
    held = Buffer.concat([held, data as Uint8Array]);
    for (;;) {
      const length = held.length < 9 ? Infinity : held.readUIntBE(0, 3);
      if (held.length < 9 + length) break;
      const [type, flags, stream] = [held[3]!, held[4]!, held.readUInt32BE(5) & 0x7fffffff];
      const payload = held.subarray(9, 9 + length);
      held = held.subarray(9 + length);
      if (type === TYPE.data) {
        bodies.set(stream, (bodies.get(stream) ?? "") + payload.toString("latin1"));
      } else if (type === TYPE.reset) resets++;
      else if (type === TYPE.goAway) hasGoneAway = true;
      else if (type === TYPE.settings && (flags & ACK) === 0) {
        socket.write(frame(TYPE.settings, ACK, 0));
      } else if (type === TYPE.ping && (flags & ACK) === 0) {
        socket.write(frame(TYPE.ping, ACK, 0, payload));
      }
    }
    onOctets();
  });
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(frame(TYPE.settings, 0, 0));
  let next = 1;
  return {
    send(requests, quietMs = 250) {
      const streams = requests.map((request) => {
        const stream = next;
        next += 2;
        socket.write(framesOf(request, stream));
        return stream;
      });
      return new Promise((resolve) => {
        const finish = () => {
          clearTimeout(timer);
          socket.removeListener("close", finish);
          resolve({ bodies: streams.map((id) => bodies.get(id) ?? ""), resets, hasGoneAway });
        };
        let timer = setTimeout(finish, quietMs);
        onOctets = () => {
          clearTimeout(timer);
          timer = setTimeout(finish, quietMs);
        };
        socket.once("close", finish);
      });
    },
    close: () => socket.destroy(),
  };
}

function framesOf({ fields, data = [], trailers, ends = "end" }: RawHttp2Request, stream: number) {
  const parts = [
    { type: TYPE.headers, payload: literals(fields) },
    ...data.map((text) => ({ type: TYPE.data, payload: Buffer.from(text, "latin1") })),
    ...(trailers === undefined ? [] : [{ type: TYPE.headers, payload: literals(trailers) }]),
  ];
  const frames = parts.map(({ type, payload }, i) => {
    const isLast = i === parts.length - 1 && ends === "end";
    const flags = (type === TYPE.headers ? END_HEADERS : 0) | (isLast ? END_STREAM : 0);
    return frame(type, flags, stream, payload);
  });
  if (ends === "reset") frames.push(frame(TYPE.reset, 0, stream, CANCEL));
  return Buffer.concat(frames);
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Fields without indexing, names new, no Huffman code (RFC 7541, 6.2.2). */
function literals(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), ...text(name), ...text(value)]),
  );
}

/** A length with a prefix of 7 bits (RFC 7541, 5.1), and the octets. */
function text(value: string): Buffer[] {
  const octets = Buffer.from(value, "latin1");
  const length: number[] = [];
  if (octets.length < 127) length.push(octets.length);
  else {
    length.push(127);
    let rest = octets.length - 127;
    for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
    length.push(rest);
  }
  return [Buffer.from(length), octets];
}
