/**
 * One connection of a server that speaks HTTP/1.1 (RFC 9112) and reads no bodies: requests one after the other, limits,
 * an end in order.
 *
 * @module
 */

import { latin1 } from "../../bytes.ts";
import type { WebRequest } from "../exchange.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { NEVER_ANSWERED, type Sitter } from "../shares.ts";
import { Answer } from "./answer.ts";
import type { Peer } from "./peer.ts";
import { parseRequestHead, type Refusal, type RequestHead } from "./request_head.ts";

/** What all connections of a server have in common. */
export interface ConnectionOptions {
  run(request: WebRequest, answer: Answer): void;
  /** Default: {@link LIMITS}. */
  readonly limits?: Limits | undefined;
}

/** Seconds in which a body that nobody reads is thrown away, so that the answer to it arrives. */
const LINGER_S = 5;
/** Octets of requests that came too early; of more, the system keeps them. */
const MAX_EARLY = 64 * 1024;
/** Answers to one read that are written without a pause: others want theirs too. */
const MAX_TURN = 64;

/** A connection. */
export class Connection implements Sitter {
  readonly #limits: Limits;
  readonly #peer: Peer;
  readonly #options: ConnectionOptions;
  readonly #socket: { readonly remoteAddress: string; readonly localAddress: string };
  /** What came and was not read as a head yet, each octet one character. */
  #input = "";
  #lastText = "";
  #lastHead: RequestHead | undefined;
  #answer: Answer | undefined;
  /** What the peer has not taken yet. */
  #backlog: Uint8Array[] = [];
  /** Seconds to wait for the peer; none while we are the ones to act. */
  #limit: number;
  #waited = 0;
  /** Seconds in which the peer has taken nothing of the backlog. */
  #stalled = 0;
  #isSecure = false;
  #wasAnswered = false;
  #isPartial = true;
  #state: "open" | "last" | "lingering" | "closed" = "open";
  #isReading = false;
  #isPaused = false;

  constructor(peer: Peer, options: ConnectionOptions) {
    this.#peer = peer;
    this.#options = options;
    this.#limits = options.limits ?? LIMITS;
    this.#limit = this.#limits.handshakeMs / 1000;
    const { remoteAddress, localAddress } = peer;
    this.#socket = { remoteAddress, localAddress };
  }

  /** The handshake is done: from now on a head is waited for. */
  secured(): void {
    if (this.#isSecure || this.#state === "closed") return;
    this.#isSecure = true;
    this.#wait(this.#limits.headMs / 1000);
  }

  /** Octets have come. */
  received(bytes: Uint8Array): void {
    if (this.#state === "lingering" || this.#state === "closed") return;
    this.#isSecure = true;
    const text = latin1(bytes);
    this.#input = this.#input === "" ? text : this.#input + text;
    if (this.#answer === undefined) this.#read();
    else if (this.#input.length > MAX_EARLY) this.#pause();
  }

  /** The peer takes more. */
  drained(): void {
    while (this.#backlog.length > 0) {
      const bytes = this.#backlog[0]!;
      const taken = this.#peer.write(bytes, 0, bytes.length);
      if (taken < 0) return this.destroy();
      if (taken > 0) this.#stalled = 0;
      if (taken < bytes.length) {
        this.#backlog[0] = bytes.subarray(taken);
        return;
      }
      this.#backlog.shift();
      if (this.#backlog.length === 0) this.#answer?.drained();
    }
  }

  /** The peer writes no more. */
  ended(): void {
    if (this.#answer === undefined || this.#state === "lingering") this.#close();
    else this.#state = "last";
  }

  /** The connection is gone. */
  closed(): void {
    this.#state = "closed";
    this.#input = "";
    this.#backlog = [];
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.closed();
  }

  /** Closes it now, if nothing is under way, or else after the answer. */
  retire(): void {
    if (this.#answer !== undefined) this.#state = "last";
    else if (this.#isSecure) this.#close();
    else this.destroy();
  }

  /** {@link Sitter.spare} */
  spare(): number {
    if (this.#answer !== undefined) return -1;
    return this.#waited + (this.#wasAnswered ? 0 : NEVER_ANSWERED);
  }

  /** {@link Sitter.giveUp} */
  giveUp(): void {
    if (this.#wasAnswered) this.leave();
    else this.destroy();
  }

  /** Closes it now; what was written still arrives. */
  leave(): void {
    if (this.#state === "closed") return;
    this.closed();
    this.#peer.end();
  }

  /**
   * Called every second: ends it if the peer has had its time. After a whole answer that is no cut: the system still holds
   * the rest of it for a reader that takes minutes.
   */
  tick(): void {
    if (this.#backlog.length > 0 && ++this.#stalled > this.#limits.stallMs / 1000) {
      return this.destroy();
    }
    if (++this.#waited <= this.#limit) return;
    if (this.#state === "lingering") this.leave();
    else if (this.#isPartial) this.destroy();
    else this.#close();
  }

  /** Cuts it. */
  destroy(): void {
    if (this.#state === "closed") return;
    this.closed();
    this.#peer.terminate();
  }

  /** {@link AnswerSink.write} */
  write(bytes: Uint8Array, length: number, copies: boolean): boolean {
    if (this.#state === "closed") return false;
    let taken = 0;
    if (this.#backlog.length === 0) {
      taken = this.#peer.write(bytes, 0, length);
      if (taken === length) return true;
      if (taken < 0) {
        this.destroy();
        return false;
      }
    }
    if (this.#backlog.length === 0) this.#stalled = 0;
    this.#backlog.push(copies ? bytes.slice(taken, length) : bytes.subarray(taken, length));
    return false;
  }

  /** {@link AnswerSink.finished} */
  finished(): void {
    this.#answer = undefined;
    this.#wasAnswered = true;
    if (this.#state === "last") return this.#close();
    if (this.#state !== "open") return;
    this.#resume();
    if (!this.#isReading) this.#read();
  }

  /** Answers what has come, one after the other. */
  #read(): void {
    this.#isReading = true;
    for (let turn = 0; this.#answer === undefined && this.#state === "open"; turn++) {
      if (turn === MAX_TURN) {
        setImmediate(() => this.#read());
        break;
      }
      const head = this.#takeHead();
      if (head === undefined) break;
      this.#isPartial = false;
      // A client asks for the same in the same words again and again.
      const request = head === this.#lastText ? this.#lastHead! : parseRequestHead(head);
      if (typeof request === "number") {
        this.#refuse(request);
        break;
      }
      this.#lastText = head;
      this.#lastHead = request;
      this.#run(request);
    }
    this.#isReading = false;
    if (this.#answer !== undefined || this.#state !== "open") return;
    if (this.#input === "") this.#wait(this.#limits.idleMs / 1000);
    else if (!this.#isPartial) this.#wait(this.#limits.headMs / 1000);
    this.#isPartial = this.#input !== "";
  }

  /** The next whole head, without the empty line at its end. */
  #takeHead(): string | undefined {
    // RFC 9112, 2.2: an empty line before a request is a mistake of old clients.
    let start = 0;
    while (start < 4 && this.#input.startsWith("\r\n", start)) start += 2;
    const { headOctets } = this.#limits;
    const end = this.#input.indexOf("\r\n\r\n", start);
    if (end < 0 || end - start > headOctets) {
      if (this.#input.length - start > headOctets) this.#refuse(431);
      else if (/(?:^|[^\r])\n|^[^A-Za-z\r]/.test(this.#input)) this.#refuse(400);
      return undefined;
    }
    const head = this.#input.slice(start, end);
    this.#input = end + 4 === this.#input.length ? "" : this.#input.slice(end + 4);
    return head;
  }

  #run(head: RequestHead): void {
    const { method, target, headers, rawHeaders, hasBody } = head;
    // The body is not read: what follows the answer could be its rest, so nothing does.
    const keepsAlive = head.keepsAlive && !hasBody;
    if (!keepsAlive) this.#state = "last";
    this.#wait(Infinity);
    const answer = new Answer(
      this,
      keepsAlive === head.keepsAlive ? head : { ...head, keepsAlive },
    );
    this.#answer = answer;
    const socket = this.#socket;
    this.#options.run(
      {
        method,
        url: target,
        headers,
        rawHeaders,
        httpVersionMajor: 1,
        httpVersionMinor: head.isOld ? 0 : 1,
        socket,
      },
      answer,
    );
  }

  #refuse(status: Refusal): void {
    this.#state = "last";
    const answer = new Answer(this, { method: "GET", keepsAlive: false, isOld: false });
    this.#answer = answer;
    answer.writeHead(status, { "content-length": 0 }).end();
  }

  /** Ends it so that the last answer arrives: closing while octets come in would make the system take it back (9.6). */
  #close(): void {
    if (this.#state === "closed") return;
    if (this.#state === "lingering") return this.leave();
    this.#state = "lingering";
    this.#input = "";
    this.#wait(LINGER_S);
    this.#resume();
    this.#peer.shutdown();
  }

  #wait(seconds: number): void {
    this.#limit = seconds;
    this.#waited = 0;
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#peer.pause();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#peer.resume();
  }
}
