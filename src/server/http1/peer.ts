/**
 * What a connection of HTTP needs of the one below.
 *
 * @module
 */

/** A connection below, with TLS done. */
export interface Peer {
  /** Does not block, keeps nothing. @returns How many octets were taken; less than 0 where the connection is gone. */
  write(bytes: Uint8Array, offset: number, length: number): number;
  /** No more is written, but read: TLS's close_notify, TCP's FIN. */
  shutdown(): void;
  /** Closes when what was written is gone. */
  end(): void;
  /** Closes at once. */
  terminate(): void;
  pause(): void;
  resume(): void;
  readonly remoteAddress: string;
  readonly localAddress: string;
}

/** As text, each octet one character; TextDecoder's "latin1" is another code. */
export function latin1(bytes: Uint8Array): string {
  const { latin1Slice } = bytes as { latin1Slice?(start: number, end: number): string };
  if (latin1Slice !== undefined) return latin1Slice.call(bytes, 0, bytes.length);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
