/**
 * Reading the certificates of a server that speaks TLS 1.3 alone, where they are encrypted (RFC 8446, 4.3 and 4.4).
 *
 * A TLS library is not asked: it refuses by itself what has to be shown here, sorts the chain, and does not say
 * whether the server wanted a certificate. The handshake is not finished, and nothing that is read is believed.
 *
 * @module
 */

import { type Bytes, concatBytes, toBytes } from "../../bytes.ts";
import { encodeClientHello, type KeyShare, P256 } from "./client_hello.ts";
import { type RecordKey, serverHandshakeKey, TLS13_SUITES } from "./handshake_keys.ts";
import { CLIENT_OFFERS, type Offer, VERSION } from "./offers.ts";
import {
  MAX_FLIGHT,
  MAX_RECORD,
  readCertificateList,
  readKeyShare,
  uint,
} from "./server_flight.ts";

const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;

const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;

const makeOffer = (): Offer => ({
  ...CLIENT_OFFERS.curl,
  versions: [VERSION.tls13],
  // Alone, or a server that prefers another asks for a second hello.
  groups: [P256],
  ciphers: Object.keys(TLS13_SUITES).map(Number),
});

/** What a TLS 1.3 server sends after its hello. */
export interface EncryptedFlight {
  /** DER, in the order in which they were sent. */
  readonly certificates: readonly Bytes[];
  readonly asksForCertificate: boolean;
}

/** A hello, and the reading of what it is answered with. */
export class EncryptedFlightReader {
  /** A whole record. */
  readonly hello: Bytes;
  /** Undefined until all has been read. */
  flight: EncryptedFlight | undefined;
  readonly #keyShare: KeyShare;
  #received = 0;
  #records: Bytes = new Uint8Array();
  #messages: Bytes = new Uint8Array();
  #key: RecordKey | undefined;
  #asks = false;

  private constructor(hello: Bytes, keyShare: KeyShare) {
    this.hello = hello;
    this.#keyShare = keyShare;
  }

  static async create(serverName: string | undefined): Promise<EncryptedFlightReader> {
    const algorithm = { name: "ECDH", namedCurve: "P-256" };
    const pair = await crypto.subtle.generateKey(algorithm, false, ["deriveBits"]);
    const point = toBytes(await crypto.subtle.exportKey("raw", pair.publicKey));
    const keyShare = { group: P256, point, privateKey: pair.privateKey };
    return new EncryptedFlightReader(
      encodeClientHello({ offer: makeOffer(), serverName, keyShare }),
      keyShare,
    );
  }

  /** Takes what came next. @returns whether there is nothing more to read. */
  async push(chunk: Uint8Array): Promise<boolean> {
    this.#received += chunk.length;
    this.#records = concatBytes([this.#records, chunk]);
    try {
      while (this.flight === undefined) {
        const record = this.#takeRecord();
        if (record === undefined) return this.#received >= MAX_FLIGHT;
        await this.#read(record.header, record.content);
      }
    } catch {
      // Not TLS 1.3, a retry, or a record that does not decrypt: then nothing is known.
    }
    return true;
  }

  #takeRecord(): { header: Bytes; content: Bytes } | undefined {
    if (this.#records.length < 5) return undefined;
    const length = uint(this.#records, 3, 2);
    if (length > MAX_RECORD) throw new RangeError("record too long");
    if (this.#records.length < 5 + length) return undefined;
    const header = this.#records.slice(0, 5);
    const content = this.#records.slice(5, 5 + length);
    this.#records = this.#records.slice(5 + length);
    return { header, content };
  }

  async #read(header: Bytes, content: Bytes): Promise<void> {
    if (header[0] === CHANGE_CIPHER_SPEC) return;
    if (this.#key === undefined) {
      if (header[0] !== HANDSHAKE) throw new RangeError("no ServerHello");
      this.#messages = concatBytes([this.#messages, content]);
      await this.#readHello();
      return;
    }
    if (header[0] !== APPLICATION_DATA) throw new RangeError("not encrypted");
    const inner = await this.#key.open(header, content);
    // RFC 8446, 5.4: zeros may follow the type of the inner record.
    let end = inner.length;
    while (end > 0 && inner[end - 1] === 0) end--;
    if (inner[end - 1] !== HANDSHAKE) throw new RangeError("no handshake");
    this.#messages = concatBytes([this.#messages, inner.subarray(0, end - 1)]);
    for (;;) {
      const message = this.#takeMessage();
      if (message === undefined) return;
      if (message[0] === CERTIFICATE_REQUEST) this.#asks = true;
      if (message[0] !== CERTIFICATE) continue;
      // After an empty context, each certificate is followed by extensions (4.4.2).
      const certificates = readCertificateList(message.subarray(5 + (message[4] ?? 0)), true);
      this.flight = { certificates, asksForCertificate: this.#asks };
      return;
    }
  }

  async #readHello(): Promise<void> {
    const message = this.#takeMessage();
    if (message === undefined) return;
    const share = message[0] === SERVER_HELLO ? readKeyShare(message.subarray(4)) : undefined;
    if (share?.group !== P256 || TLS13_SUITES[share.cipher] === undefined) {
      throw new RangeError("another group or suite");
    }
    const algorithm = { name: "ECDH", namedCurve: "P-256" };
    const theirs = await crypto.subtle.importKey("raw", share.point, algorithm, false, []);
    const shared = new Uint8Array(
      await crypto.subtle.deriveBits(
        { name: "ECDH", public: theirs },
        this.#keyShare.privateKey!,
        256,
      ),
    );
    const hellos = concatBytes([this.hello.subarray(5), message]);
    this.#key = await serverHandshakeKey(share.cipher, shared, hellos);
  }

  /** A whole handshake message with its header. */
  #takeMessage(): Bytes | undefined {
    if (this.#messages.length < 4) return undefined;
    const length = uint(this.#messages, 1, 3) + 4;
    if (this.#messages.length < length) return undefined;
    const message = this.#messages.slice(0, length);
    this.#messages = this.#messages.slice(length);
    return message;
  }
}
