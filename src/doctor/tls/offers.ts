/**
 * What each client offers in its ClientHello, as read off the wire: Chromium 156, Firefox 153 ESR, curl 7.88
 * (OpenSSL 3.0), Node 20, Python 3.11, Java 17. A server that can do nothing with an offer refuses that client.
 *
 * @module
 */

/** TLS versions on the wire: RFC 8446, 4.2.1. */
export const VERSION = { tls10: 0x0301, tls11: 0x0302, tls12: 0x0303, tls13: 0x0304 } as const;

/** "TLS 1.2" for 0x0303; the number itself for what is none. */
export function versionName(version: number): string {
  if (version === 0x0300) return "SSL 3.0";
  if (version >= 0x0301 && version <= 0x0304) return `TLS 1.${version - 0x0301}`;
  return `version 0x${version.toString(16).padStart(4, "0")}`;
}

/** The lists of a ClientHello, each in the client's own order of preference. Numbers of IANA's registries. */
export interface Offer {
  /** Highest first. */
  readonly versions: readonly number[];
  readonly ciphers: readonly number[];
  readonly groups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
}

/** Code points in hexadecimal, with a space between each two. */
type Words = string;

const decode = (words: Words): number[] =>
  words.split(" ").map((word) => Number.parseInt(word, 16));

/** Decoded when it is asked for: a server that is well is greeted with two of the seven. */
function offer(
  { versions = MODERN, ciphers, groups = OPENSSL_GROUPS, signatureAlgorithms = OPENSSL_SIGNATURES }:
    {
      readonly versions?: readonly number[];
      readonly ciphers: Words;
      readonly groups?: Words;
      readonly signatureAlgorithms?: Words;
    },
): Offer {
  return {
    versions,
    get ciphers() {
      return decode(ciphers);
    },
    get groups() {
      return decode(groups);
    },
    get signatureAlgorithms() {
      return decode(signatureAlgorithms);
    },
  };
}

const MODERN = [VERSION.tls13, VERSION.tls12];

const OPENSSL_SIGNATURES: Words =
  "0403 0503 0603 0807 0808 0809 080a 080b 0804 0805 0806 0401 0501 0601 0303 0301 0302 0402 0502 0602";
/** x25519, P-256, x448, P-521, P-384. Post-quantum groups are left out: no server has them alone. */
const OPENSSL_GROUPS: Words = "001d 0017 001e 0019 0018 0100 0101 0102 0103 0104";

/** The clients that a verdict is given for. */
export const CLIENT_OFFERS = {
  chromium: offer({
    ciphers: "1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035",
    groups: "001d 0017 0018",
    signatureAlgorithms: "0403 0804 0401 0503 0805 0501 0806 0601",
  }),
  firefox: offer({
    ciphers: "1301 1303 1302 c02b c02f cca9 cca8 c02c c030 c00a c013 c014 009c 009d 002f 0035",
    groups: "001d 0017 0018 0019 0100 0101",
    signatureAlgorithms: "0403 0503 0603 0804 0805 0806 0401 0501 0601 0203 0201",
  }),
  curl: offer({
    // It offers 1.1 and 1.0 too, and at OpenSSL's security level 2 refuses what comes of it.
    ciphers:
      "1302 1303 1301 c02c c030 009f cca9 cca8 ccaa c02b c02f 009e c024 c028 006b c023 c027 0067 " +
      "c00a c014 0039 c009 c013 0033 009d 009c 003d 003c 0035 002f",
  }),
  node: offer({
    ciphers:
      "1302 1303 1301 c02f c02b c030 c02c 009e c027 0067 c028 006b 00a3 009f cca9 cca8 ccaa c0af " +
      "c0ad c0a3 c09f c05d c061 c057 c053 00a2 c0ae c0ac c0a2 c09e c05c c060 c056 c052 c024 006a " +
      "c023 0040 c00a c014 0039 0038 c009 c013 0033 0032 009d c0a1 c09d c051 009c c0a0 c09c c050 " +
      "003d 003c 0035 002f",
  }),
  python: offer({
    ciphers: "1302 1303 1301 c02c c030 c02b c02f cca9 cca8 c024 c028 c023 c027 009f 009e 006b 0067",
  }),
  java: offer({
    ciphers:
      "1302 1301 1303 c02c c02b cca9 c030 cca8 c02f 009f ccaa 00a3 009e 00a2 c024 c028 c023 c027 006b " +
      "006a 0067 0040 c00a c014 c009 c013 0039 0038 0033 0032 009d 009c 003d 003c 0035 002f",
    groups: "001d 0017 0018 0019 001e 0100 0101 0102 0103 0104",
    signatureAlgorithms:
      "0403 0503 0603 0807 0808 0804 0805 0806 0809 080a 080b 0401 0501 0601 0402 0303 0301 0302 0203 " +
      "0201 0202",
  }),
} as const satisfies Readonly<Record<string, Offer>>;

/** A client by its short name. */
export type ClientId = keyof typeof CLIENT_OFFERS;

/**
 * Everything that a server could still want, without TLS 1.3: up to TLS 1.2 the certificates are sent in the clear,
 * in the order in which the server has them.
 */
export const EVERYTHING_TLS12: Offer = {
  versions: [VERSION.tls12, VERSION.tls11, VERSION.tls10],
  get ciphers() {
    const all = new Set([
      ...CLIENT_OFFERS.chromium.ciphers,
      ...CLIENT_OFFERS.node.ciphers,
      // Camellia, ARIA, 3DES, RC4, export and anonymous suites: nobody should, and servers are asked all the same.
      ...decode(
        "c073 c077 00c4 00be c072 c076 00c3 00bd 0088 0045 0087 0044 0084 0041 00ba 00c0 c012 c008 0016 " +
          "0013 000a c011 c007 0005 0004 0009 0015 0012 0034 003a 0018 c018 c019",
      ),
    ]);
    return [...all].filter((cipher) => cipher >> 8 !== 0x13);
  },
  get groups() {
    return decode(OPENSSL_GROUPS);
  },
  get signatureAlgorithms() {
    return [...decode(OPENSSL_SIGNATURES), 0x0201, 0x0203];
  },
};

/** Suites by their names (IANA), as far as a message may have to name one; others by their numbers. */
const CIPHER_NAMES: Readonly<Record<number, string>> = {
  0x0004: "TLS_RSA_WITH_RC4_128_MD5",
  0x0005: "TLS_RSA_WITH_RC4_128_SHA",
  0x000a: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
  0x0016: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
  0x002f: "TLS_RSA_WITH_AES_128_CBC_SHA",
  0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
  0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
  0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
  0x003c: "TLS_RSA_WITH_AES_128_CBC_SHA256",
  0x003d: "TLS_RSA_WITH_AES_256_CBC_SHA256",
  0x0041: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
  0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
  0x006b: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
  0x0084: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA",
  0x0088: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA",
  0x009c: "TLS_RSA_WITH_AES_128_GCM_SHA256",
  0x009d: "TLS_RSA_WITH_AES_256_GCM_SHA384",
  0x009e: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
  0x009f: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
  0x00be: "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256",
  0x00c4: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256",
  0xc009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
  0xc00a: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
  0xc013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
  0xc014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
  0xc023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
  0xc024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
  0xc027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
  0xc028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
};

/** A cipher suite's name. */
export function cipherName(cipher: number): string {
  return CIPHER_NAMES[cipher] ?? `cipher suite 0x${cipher.toString(16).padStart(4, "0")}`;
}
