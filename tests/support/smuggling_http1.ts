/**
 * Requests over HTTP/1.1 that two servers could read differently, as octets.
 *
 * @module
 */

/** A request, or what looks like one. */
export interface SmugglingCase {
  readonly name: string;
  readonly octets: string;
  /** Sent a moment later. */
  readonly then?: string;
  /** "METHOD target" of the requests that the client meant; no others may arrive. Default: nothing. */
  readonly may?: readonly string[];
}

const HOST = "Host: localhost\r\n";

/** What must not arrive: with it come the fields that only the proxy may set. */
export const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}` +
  "X-Forwarded-For: 6.6.6.6\r\nX-Client-Cert-Subject: CN=admin\r\nX-Rest: ";

const CHUNKED = "Transfer-Encoding: chunked";
const END = "0\r\n\r\n";

const post = (fields: string, body: string, target = "/a", method = "POST") =>
  `${method} ${target} HTTP/1.1\r\n${HOST}${fields}\r\n\r\n${body}`;

type Row = readonly [name: string, octets: string, may?: readonly string[], then?: string];
const A = ["POST /a"];

const chunked = (body: string) => post(CHUNKED, body);
const length = (value: string, body = `abcde${SMUGGLED}`) => post(`Content-Length: ${value}`, body);
const coding = (lines: string) => post(lines, `${END}${SMUGGLED}`);
const both = (lines: string) => post(`Content-Length: 4\r\n${lines}`, `${END}${SMUGGLED}`);

const LENGTHS_AND_CODINGS: readonly Row[] = [
  ["CL.TE", both(CHUNKED)],
  ["TE.CL", post(`${CHUNKED}\r\nContent-Length: 4`, `5c\r\n${SMUGGLED}\r\n${END}`)],
  ["CL.TE, a length of 0", post(`Content-Length: 0\r\n${CHUNKED}`, `${END}${SMUGGLED}`)],
  ["CL.TE in a GET", post(`Content-Length: 6\r\n${CHUNKED}`, `${END}X`, "/a", "GET")],
  ["an unknown coding", coding("Transfer-Encoding: xchunked")],
  ["chunked, identity", coding("Transfer-Encoding: chunked, identity")],
  ["identity, chunked", coding("Transfer-Encoding: identity, chunked"), A],
  ["chunked, chunked", coding("Transfer-Encoding: chunked, chunked")],
  ["two lines of chunked", coding(`${CHUNKED}\r\n${CHUNKED}`)],
  ["chunked and x on two lines", coding(`${CHUNKED}\r\nTransfer-Encoding: x`)],
  ["x and chunked on two lines", coding(`Transfer-Encoding: x\r\n${CHUNKED}`), A],
  ["chunked and identity on two lines", coding(`${CHUNKED}\r\nTransfer-Encoding: identity`)],
  ["a vertical tab before chunked", both("Transfer-Encoding:\x0bchunked")],
  ["a form feed before chunked", both("Transfer-Encoding:\x0cchunked")],
  ["a vertical tab after chunked", both("Transfer-Encoding: chunked\x0b")],
  ["a space before the colon of a coding", both("Transfer-Encoding : chunked")],
  ["a tab before the colon of a coding", both("Transfer-Encoding\t: chunked")],
  ["a space before a coding", both(" Transfer-Encoding: chunked")],
  ["a coding folded into the field before", both("X: y\r\n\tTransfer-Encoding: chunked")],
  ["a coding on the next line", both("Transfer-Encoding:\r\n chunked")],
  ["a quoted coding", both('Transfer-Encoding: "chunked"')],
  ["a coding in single quotes", both("Transfer-Encoding: 'chunked'")],
  ["a coding with a parameter", both("Transfer-Encoding: chunked;q=1")],
  ["a coding after an octet above 7F", both("Transfer-Encoding: \xffchunked")],
  ["a coding after a soft hyphen", both("Transfer\xad-Encoding: chunked")],
  ["half of a coding", both("Transfer-Encoding: chunk")],
  ["a coding with NUL", both("Transfer-Encoding: chunked\0")],
  ["a name of a coding with NUL", both("Transfer-Encoding\0: chunked")],
  ["a coding after a line feed", both("X: y\nTransfer-Encoding: chunked")],
  ["a coding after a carriage return", both("X: y\rTransfer-Encoding: chunked")],
  ["a coding behind a line feed of its own", both("Transfer-Encoding:\n chunked")],
  ["cow, chunked", coding("Transfer-Encoding: cow, chunked"), A],
  ["gzip, chunked", coding("Transfer-Encoding: gzip, chunked"), A],
  ["an empty coding with a length", both("Transfer-Encoding:")],
  ["a comma before chunked", coding("Transfer-Encoding: ,chunked"), A],
  ["a coding in capitals", post("TRANSFER-ENCODING: CHUNKED", `${END}`), A],
  ["a coding with an underscore", post(`Transfer_Encoding: chunked\r\nContent-Length: 5`, END), A],
  ["a coding in HTTP/1.0", coding(CHUNKED).replace("HTTP/1.1", "HTTP/1.0")],
  ["two equal lengths", post("Content-Length: 5\r\nContent-Length: 5", `abcde${SMUGGLED}`)],
  ["two lengths", post("Content-Length: 5\r\nContent-Length: 90", `abcde${SMUGGLED}`)],
  ["two lengths, the first of 0", post("Content-Length: 0\r\nContent-Length: 90", SMUGGLED)],
  ["a list of equal lengths", length("5, 5")],
  ["a list of lengths", length("5,90")],
  ["a length with plus", length("+5")],
  ["a length below zero", length("-5")],
  ["a length with a space inside", length("5 0")],
  ["a hexadecimal length", length("0x5")],
  ["a length with a point", length("5.0")],
  ["a length with an exponent", length("5e0")],
  ["a length after a vertical tab", length("\x0b5")],
  ["a length before a form feed", length("5\x0c")],
  ["an empty length", length("")],
  ["a length in Arabic digits", length("\xd9\xa5")],
  ["a length above 2^64", length("18446744073709551621")],
  ["a length above 2^53", length("9007199254740993"), A],
  ["a length with a semicolon", length("5;")],
  ["a length with an underscore", length("0_5")],
  ["a length with NUL", length("5\0")],
  ["a length folded", post("Content-Length:\r\n 5", `abcde${SMUGGLED}`)],
  ["a space before the colon of a length", post("Content-Length : 5", `abcde${SMUGGLED}`)],
  [
    "a length under a name with an underscore",
    post("Content_Length: 90\r\nContent-Length: 5", "abcde"),
    A,
  ],
  [
    "a length under a name with a point",
    post("Content.Length: 90\r\nContent-Length: 5", "abcde"),
    A,
  ],
  [
    "a length that Connection names",
    post("Connection: Content-Length\r\nContent-Length: 5", "abcde"),
    A,
  ],
  [
    "a coding that Connection names",
    post(`Connection: Transfer-Encoding\r\n${CHUNKED}`, `3\r\nabc\r\n${END}`),
    A,
  ],
];

const LINES: readonly Row[] = [
  ["line feeds alone", `GET /a HTTP/1.1\nHost: localhost\n\n${SMUGGLED}`],
  ["a line feed alone after a field", `GET /a HTTP/1.1\r\n${HOST}A: b\nC: d\r\n\r\n`],
  ["a line feed alone after the request line", `GET /a HTTP/1.1\n${HOST}\r\n`],
  ["carriage returns alone", `GET /a HTTP/1.1\rHost: localhost\r\r${SMUGGLED}`],
  ["a carriage return in a value", `GET /a HTTP/1.1\r\n${HOST}A: b\rC: d\r\n\r\n`],
  ["a carriage return at the end of a value", `GET /a HTTP/1.1\r\n${HOST}A: b\r\r\n\r\n`],
  ["two line feeds at the end", `GET /a HTTP/1.1\r\n${HOST}\n\n${SMUGGLED}`],
  ["CR LF LF at the end", `GET /a HTTP/1.1\r\n${HOST.slice(0, -2)}\r\n\n${SMUGGLED}`],
  ["LF CR LF at the end", `GET /a HTTP/1.1\r\nHost: localhost\n\r\n${SMUGGLED}`],
  ["NUL in a value", `GET /a HTTP/1.1\r\n${HOST}A: b\0c\r\n\r\n`],
  ["NUL in a name", `GET /a HTTP/1.1\r\n${HOST}A\0B: c\r\n\r\n`],
  ["a folded field", `GET /a HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`],
  ["a folded first line", `GET /a HTTP/1.1\r\n A: b\r\n${HOST}\r\n`],
  ["a line without a colon", `GET /a HTTP/1.1\r\n${HOST}GET /smuggled HTTP/1.1\r\n\r\n`],
  ["an empty name", `GET /a HTTP/1.1\r\n${HOST}: b\r\n\r\n`],
  ["a space after the version", `GET /a HTTP/1.1 \r\n${HOST}\r\n`],
  ["tabs in the request line", `GET\t/a\tHTTP/1.1\r\n${HOST}\r\n`],
  ["a space in the target", `GET /a /smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ["a version inside of the target", `GET /a HTTP/1.1 /smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ["a carriage return in the target", `GET /a\rGET /smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ["NUL in the target", `GET /a\0/smuggled HTTP/1.1\r\n${HOST}\r\n`],
  ["HTTP/0.9", "GET /a\r\n"],
  ["HTTP/1.2", `GET /a HTTP/1.2\r\n${HOST}\r\n`],
  ["HTTP/2.0 in the form of 1.1", `GET /a HTTP/2.0\r\n${HOST}\r\n`],
  ["a version with a zero before it", `GET /a HTTP/01.1\r\n${HOST}\r\n`],
  ["a version in small letters", `GET /a http/1.1\r\n${HOST}\r\n`],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a method in small letters", `get /a HTTP/1.1\r\n${HOST}\r\n`],
  ["a method with NUL", `GET\0 /a HTTP/1.1\r\n${HOST}\r\n`],
  ["a method that there is not", `SMUGGLE /a HTTP/1.1\r\n${HOST}\r\n`],
  ["no host", `GET /a HTTP/1.1\r\n\r\n`],
  ["two hosts", `GET /a HTTP/1.1\r\n${HOST}Host: evil.example\r\n\r\n`],
  ["two hosts that are alike", `GET /a HTTP/1.1\r\n${HOST}${HOST}\r\n`],
  ["a host with a space", `GET /a HTTP/1.1\r\nHost: localhost evil\r\n\r\n`],
  ["a host with a path", `GET /a HTTP/1.1\r\nHost: localhost/../b\r\n\r\n`],
  ["a host with a user", `GET /a HTTP/1.1\r\nHost: evil@localhost\r\n\r\n`],
  ["an empty host", `GET /a HTTP/1.1\r\nHost:\r\n\r\n`],
  ["a space before the colon of Host", `GET /a HTTP/1.1\r\nHost : localhost\r\n\r\n`],
  ["another's host in absolute form", `GET http://evil.example/a HTTP/1.1\r\n${HOST}\r\n`],
  ["a user in absolute form", `GET http://u@localhost/a HTTP/1.1\r\n${HOST}\r\n`],
  ["absolute form without a host", `GET http:///a HTTP/1.1\r\n${HOST}\r\n`],
  ["another scheme in absolute form", `GET ftp://localhost/a HTTP/1.1\r\n${HOST}\r\n`],
  ["two slashes that are no host", `GET http:\\\\localhost/a HTTP/1.1\r\n${HOST}\r\n`],
];

const CHUNKS: readonly Row[] = [
  ["a size with 0x", chunked(`0x3\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a size below zero", chunked(`-3\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a size with plus", chunked(`+3\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a size above 2^64", chunked(`10000000000000003\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a size of many digits", chunked(`${"f".repeat(40)}\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a space before a size", chunked(` 3\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a space after a size", chunked(`3 \r\nabc\r\n${END}`), A],
  ["a size with an underscore", chunked(`0_3\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a size that is no number", chunked(`3g\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["an empty size", chunked(`\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a carriage return in an extension", chunked(`3;a\rb\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a line feed in an extension", chunked(`3;a\nb\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["an extension that a line feed ends", chunked(`3;\nabc\r\n${END}${SMUGGLED}`), A],
  ["a line break in a quoted extension", chunked(`3;a="\r\n"\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["NUL in an extension", chunked(`3;a\0b\r\nabc\r\n${END}${SMUGGLED}`), A],
  ["a very long extension", chunked(`3;${"a".repeat(100_000)}\r\nabc\r\n${END}`), A],
  ["a chunk that is longer than its size", chunked(`3\r\nabcX\r\n${END}${SMUGGLED}`), A],
  ["a chunk that a line feed ends", chunked(`3\r\nabc\n${END}${SMUGGLED}`), A],
  ["a chunk that nothing ends", chunked(`3\r\nabc${END}${SMUGGLED}`), A],
  ["a size that a line feed ends", chunked(`3\nabc\r\n${END}${SMUGGLED}`), A],
  ["a size that a carriage return ends", chunked(`3\rabc\r\n${END}${SMUGGLED}`), A],
  ["a last chunk with line feeds", chunked(`3\r\nabc\r\n0\n\n${SMUGGLED}`), A],
  ["a last chunk with CR LF LF", chunked(`3\r\nabc\r\n0\r\n\n${SMUGGLED}`), A],
  ["a last chunk with CR CR", chunked(`3\r\nabc\r\n0\r\n\r${SMUGGLED}`), A],
  ["zeros before a size", chunked(`${"0".repeat(12)}3\r\nabc\r\n${END}`), A],
  [
    "forged fields in trailers",
    chunked(`3\r\nabc\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 90\r\n\r\n`),
    A,
  ],
  ["a coding in trailers", chunked(`3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`), A],
  ["trailers that line feeds end", chunked(`3\r\nabc\r\n0\r\nA: b\n\n${SMUGGLED}`), A],
  ["a request as trailers", chunked(`3\r\nabc\r\n0\r\n${SMUGGLED}\r\n\r\n`), A],
  ["chunks that stop", chunked("90\r\nabc"), A],
  ["a body that stops", length("90", "abc"), A],
];

const open = (fields: string, rest = "", target = "/a", line = "GET") =>
  `${line} ${target} HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields}\r\n${rest}`;
const UPGRADED = ["GET /a"];

const UPGRADES: readonly Row[] = [
  ["WebSocket with a length and no body", open("Content-Length: 90\r\n")],
  ["WebSocket with a length and a body", open("Content-Length: 5\r\n", `abcde${SMUGGLED}`)],
  ["WebSocket with a length, and the body later", open("Content-Length: 90\r\n"), [], SMUGGLED],
  ["WebSocket with chunks and no body", open(`${CHUNKED}\r\n`)],
  ["WebSocket with chunks", open(`${CHUNKED}\r\n`, `${END}${SMUGGLED}`)],
  ["WebSocket with a length and chunks", open(`Content-Length: 5\r\n${CHUNKED}\r\n`, END)],
  ["WebSocket with two lengths", open("Content-Length: 0\r\nContent-Length: 90\r\n")],
  ["WebSocket with a list of lengths", open("Content-Length: 0, 90\r\n")],
  ["WebSocket with a length with plus", open("Content-Length: +90\r\n")],
  ["WebSocket with an unknown coding", open("Transfer-Encoding: x\r\n")],
  ["WebSocket with identity", open("Transfer-Encoding: identity\r\n")],
  ["WebSocket with an empty coding", open("Transfer-Encoding:\r\n")],
  ["WebSocket with a length of many zeros", open("Content-Length: 00\r\n"), UPGRADED],
  ["WebSocket with a length of 0", open("Content-Length: 0\r\n"), UPGRADED],
  ["WebSocket with a length under another name", open("Content_Length: 90\r\n"), UPGRADED],
  ["WebSocket with a length and Expect", open("Content-Length: 90\r\nExpect: 100-continue\r\n")],
  ["WebSocket with Expect", open("Expect: 100-continue\r\n"), UPGRADED],
  ["WebSocket that is refused, and a request behind it", open("", SMUGGLED), UPGRADED],
  ["WebSocket that is refused, and a request later", open(""), UPGRADED, `${SMUGGLED}\r\n\r\n`],
  [
    "WebSocket of a version that there is not",
    open("Sec-WebSocket-Version: 777\r\n", SMUGGLED),
    UPGRADED,
  ],
  ["WebSocket by POST", open("", "", "/a", "POST")],
  ["WebSocket by POST with a length", open("Content-Length: 90\r\n", "", "/a", "POST")],
  ["WebSocket by HEAD", open("", "", "/a", "HEAD")],
  ["WebSocket in HTTP/1.0", open("").replace("HTTP/1.1", "HTTP/1.0")],
  ["WebSocket or h2c", open("").replace("websocket", "websocket, h2c")],
  ["WebSocket and h2c on two lines", open("Upgrade: h2c\r\n")],
  [
    "WebSocket that Connection does not name",
    open("").replace("Connection: Upgrade", "X: y"),
    UPGRADED,
  ],
  ["h2c", open("HTTP2-Settings: AAMAAABkAAQAAP__\r\n", SMUGGLED).replace("websocket", "h2c")],
  [
    "h2c with a length",
    open("HTTP2-Settings: AAMA\r\nContent-Length: 90\r\n").replace("websocket", "h2c"),
  ],
  [
    "h2c by POST with chunks",
    open(`${CHUNKED}\r\n`, END, "/a", "POST").replace("websocket", "h2c"),
  ],
  ["TLS", open("Content-Length: 90\r\n").replace("websocket", "TLS/1.3")],
];

const METHODS_AND_TIMES: readonly Row[] = [
  ["Expect with a length and no body", post("Content-Length: 90\r\nExpect: 100-continue", ""), A],
  [
    "Expect with a body that comes later",
    post("Content-Length: 5\r\nExpect: 100-continue", ""),
    A,
    "abcde",
  ],
  ["Expect, answered early", post("Content-Length: 90\r\nExpect: 100-continue", "", "/eager"), [
    "POST /eager",
  ]],
  ["Expect in a GET", post("Expect: 100-continue", "", "/a", "GET"), ["GET /a"]],
  ["Expect with more words", post("Content-Length: 90\r\nExpect: y 100-continue", ""), A],
  ["Expect on the next line", post("Content-Length: 90\r\nExpect:\r\n 100-continue", "")],
  ["Expect twice", post("Content-Length: 90\r\nExpect: 100-continue\r\nExpect: x", ""), A],
  ["CONNECT", `CONNECT localhost:443 HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`],
  ["CONNECT of a path", `CONNECT /a HTTP/1.1\r\n${HOST}\r\n${SMUGGLED}`],
  ["CONNECT with a length", `CONNECT localhost:443 HTTP/1.1\r\n${HOST}Content-Length: 90\r\n\r\n`],
  ["TRACE with a body", post("Content-Length: 5", "abcde", "/a", "TRACE")],
  ["TRACE with chunks", post(CHUNKED, END, "/a", "TRACE")],
  ["HEAD with a body", post("Content-Length: 5", "abcde", "/a", "HEAD"), ["HEAD /a"]],
  ["HEAD with a length and no body", post("Content-Length: 90", "", "/eager", "HEAD"), [
    "HEAD /eager",
  ]],
  ["GET with a length and no body", post("Content-Length: 90", "", "/eager", "GET"), [
    "GET /eager",
  ]],
  ["GET with chunks and no body", post(CHUNKED, "", "/eager", "GET"), ["GET /eager"]],
  ["DELETE with a length and no body", post("Content-Length: 90", "", "/eager", "DELETE"), [
    "DELETE /eager",
  ]],
  ["POST answered early, the body stops", post("Content-Length: 90", "abc", "/eager"), [
    "POST /eager",
  ]],
  ["POST answered early, the body comes later", post("Content-Length: 8", "abc", "/eager"), [
    "POST /eager",
  ], "abcde"],
  ["chunks answered early, that stop", post(CHUNKED, "90\r\nabc", "/eager"), ["POST /eager"]],
  [
    "chunks answered early, and bad then",
    post(CHUNKED, "3\r\nabc\r\n", "/eager"),
    ["POST /eager"],
    `zz\r\n${SMUGGLED}`,
  ],
  ["OPTIONS of the server", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, ["OPTIONS *"]],
  [
    "a request that is refused, with a body",
    post("Content-Length: 90", SMUGGLED.slice(0, 90), "/x/../a"),
  ],
  [
    "a request of a missing route, with a body",
    post("Content-Length: 90", SMUGGLED.slice(0, 90), "/nothing/%2e%2e/"),
  ],
];

/** All of them. */
export const HTTP1_CASES: readonly SmugglingCase[] = [
  ...LENGTHS_AND_CODINGS,
  ...LINES,
  ...CHUNKS,
  ...UPGRADES,
  ...METHODS_AND_TIMES,
].map(([name, octets, may, then]) => ({
  name,
  octets,
  ...(may === undefined ? {} : { may }),
  ...(then === undefined ? {} : { then }),
}));
