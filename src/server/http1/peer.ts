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
