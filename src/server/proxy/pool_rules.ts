/**
 * Which connections to targets may serve another client. Whatever one client left open on a connection, the next one pays
 * for: octets that the target still waits for are taken from its request, and an answer too many becomes its answer.
 *
 * @module
 */

/** What is known of an exchange when the head of its answer is there. */
export interface ExchangeFacts {
  /** An upgrade was asked for (RFC 9110, 7.8): which protocol is spoken after anything but 101 is a matter of opinion. */
  readonly asksForProtocol: boolean;
  /** All octets of the request were sent before the answer came: the target owes and is owed nothing but that answer. */
  readonly isWhole: boolean;
  /** Of the answer. HTTP/1.0 has no framing that could be relied on (RFC 9112, 9.3 and C.2.2). */
  readonly httpVersion: string;
}

/** Interim answers (RFC 9110, 15.2) to one request: a few are usual, more have no end. */
export const MAX_INTERIM = 32;

/**
 * Whether the connection may be used again once the answer has ended as its framing says. That it is whole, and that nothing
 * comes behind it, is what the parser of node:http sees to: it closes the connection otherwise.
 */
export function mayServeAgain({ asksForProtocol, isWhole, httpVersion }: ExchangeFacts): boolean {
  return !asksForProtocol && isWhole && httpVersion === "1.1";
}
