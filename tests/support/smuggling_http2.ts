/**
 * Requests over HTTP/2 that would be others, or several, in HTTP/1.1 (RFC 9113, 8.2 and 10.3).
 *
 * @module
 */

import type { RawHttp2Request } from "./raw_http2.ts";
import { SMUGGLED } from "./smuggling_http1.ts";

/** A request. */
export interface Http2SmugglingCase extends RawHttp2Request {
  readonly name: string;
  /** "METHOD target" of the requests that the client meant; no others may arrive. Default: nothing. */
  readonly may?: readonly string[];
}

type Field = readonly [string, string];

/** The fields of a request, with some in place of the usual, and more behind. */
function head(
  method: string,
  changes: Readonly<Record<string, string>>,
  ...more: Field[]
): Field[] {
  const usual = { ":method": method, ":scheme": "https", ":authority": "localhost", ":path": "/a" };
  return [...Object.entries({ ...usual, ...changes }), ...more];
}

const post = (...more: Field[]) => head("POST", {}, ...more);
const get = (...more: Field[]) => head("GET", {}, ...more);
const pseudo = (name: string, value: string) => head("GET", { [name]: value });

const A = ["POST /a"];
const LINE = "\r\nTransfer-Encoding: chunked\r\n";
const REQUEST = `\r\n\r\n${SMUGGLED}`;

type Row = readonly [
  name: string,
  fields: readonly Field[],
  data?: readonly string[] | undefined,
  may?: readonly string[],
  more?: Pick<RawHttp2Request, "trailers" | "ends">,
];

const ROWS: readonly Row[] = [
  ["H2.CL, the body is longer", post(["content-length", "5"]), [`abcde${SMUGGLED}`], A],
  ["H2.CL, a length of 0", post(["content-length", "0"]), [SMUGGLED], A],
  ["H2.CL, the body is longer by a frame", post(["content-length", "5"]), ["abcde", SMUGGLED], A],
  ["H2.CL, the body is shorter", post(["content-length", "90"]), ["abc"], A],
  ["H2.CL, no body", post(["content-length", "90"]), undefined, A],
  ["H2.CL in a GET, no body", get(["content-length", "90"])],
  ["H2.CL in a GET, the body is longer", get(["content-length", "1"]), [SMUGGLED], ["GET /a"]],
  ["H2.CL in a GET, a length of 0", get(["content-length", "0"]), [SMUGGLED], ["GET /a"]],
  ["H2.CL, two lengths", post(["content-length", "5"], ["content-length", "90"]), ["abcde"]],
  ["H2.CL, two equal lengths", post(["content-length", "5"], ["content-length", "5"]), ["abcde"]],
  ["H2.CL, a list", post(["content-length", "5, 90"]), ["abcde"]],
  ["H2.CL, plus", post(["content-length", "+5"]), ["abcde"]],
  ["H2.CL, hexadecimal", post(["content-length", "0x5"]), ["abcde"]],
  ["H2.CL, a space", post(["content-length", " 5"]), ["abcde"], A],
  ["H2.CL, empty", post(["content-length", ""]), ["abcde"]],
  ["H2.CL, another line", post(["content-length", `5${REQUEST}`]), ["abcde"]],
  ["H2.TE", post(["transfer-encoding", "chunked"]), [`0\r\n\r\n${SMUGGLED}`]],
  ["H2.TE in a GET", get(["transfer-encoding", "chunked"]), [`0\r\n\r\n${SMUGGLED}`]],
  ["H2.TE, identity", post(["transfer-encoding", "identity"]), ["abc"]],
  ["H2.TE and CL", post(["transfer-encoding", "chunked"], ["content-length", "3"]), ["abc"]],
  ["H2.TE under another name", post(["transfer_encoding", "chunked"]), [`0\r\n\r\n${SMUGGLED}`], A],
  ["H2.TE in the value of a field", post(["x", `y${LINE}`]), [`0\r\n\r\n${SMUGGLED}`]],
  ["H2.TE in the name of a field", post([`x: y${LINE}z`, "1"]), [`0\r\n\r\n${SMUGGLED}`]],
  ["a request in the value of a field", get(["x", `y${REQUEST}`])],
  ["a line feed in a value", get(["x", "y\nx-real-ip: 6.6.6.6"])],
  ["a carriage return in a value", get(["x", "y\rx-real-ip: 6.6.6.6"])],
  ["NUL in a value", get(["x", "y\0z"])],
  ["a line break in a cookie", get(["cookie", "a=b"], ["cookie", `c=d${REQUEST}`])],
  ["a colon in a name", get(["transfer-encoding: chunked\r\nx", "1"])],
  ["a colon alone in a name", get(["x-real-ip:6.6.6.6", "1"])],
  ["a space in a name", get(["x real ip", "6.6.6.6"])],
  ["a space after a name", get(["content-length ", "90"])],
  ["a line feed in a name", get(["x\nx-real-ip", "6.6.6.6"])],
  ["NUL in a name", get(["x\0y", "z"])],
  ["a name in capitals", get(["Transfer-Encoding", "chunked"])],
  ["an empty name", get(["", "x"])],
  ["a name above 7F", get(["x\xff", "x"])],
  ["a request in :path", pseudo(":path", `/a HTTP/1.1\r\nHost: localhost${REQUEST}`)],
  ["a space in :path", pseudo(":path", "/a HTTP/1.1")],
  ["a line feed in :path", pseudo(":path", "/a\n/smuggled")],
  ["a tab in :path", pseudo(":path", "/a\t/smuggled")],
  ["NUL in :path", pseudo(":path", "/a\0")],
  ["an octet above 7F in :path", pseudo(":path", "/a\x85\x0a")],
  ["another's address in :path", pseudo(":path", "http://evil.example/smuggled")],
  ["a :path without a slash", pseudo(":path", "a")],
  ["an empty :path", pseudo(":path", "")],
  ["a star as :path", pseudo(":path", "*")],
  ["a fragment in :path", pseudo(":path", "/a#/smuggled")],
  ["two :path", get([":path", "/smuggled"])],
  ["no :path", get().filter(([name]) => name !== ":path")],
  ["a request in :method", pseudo(":method", "GET /smuggled HTTP/1.1\r\nHost: localhost\r\nX:")],
  ["a space in :method", pseudo(":method", "GET /smuggled HTTP/1.1")],
  ["a line feed in :method", pseudo(":method", "GET\n")],
  ["an empty :method", pseudo(":method", "")],
  ["no :method", get().filter(([name]) => name !== ":method")],
  ["two :method", get([":method", "POST"])],
  ["a request in :authority", pseudo(":authority", `localhost${REQUEST}`)],
  ["a line break in :authority", pseudo(":authority", "localhost\r\nx-real-ip: 6.6.6.6")],
  ["a space in :authority", pseudo(":authority", "localhost evil.example")],
  ["a path in :authority", pseudo(":authority", "localhost/smuggled")],
  ["a user in :authority", pseudo(":authority", "evil.example@localhost")],
  ["another's :authority", pseudo(":authority", "evil.example")],
  ["an empty :authority", pseudo(":authority", "")],
  ["two :authority", get([":authority", "evil.example"])],
  ["another host besides :authority", get(["host", "evil.example"])],
  ["two hosts", get(["host", "localhost"], ["host", "evil.example"])],
  [
    "a host with a line break",
    get().filter(([name]) => name !== ":authority").concat([["host", `localhost${REQUEST}`]]),
  ],
  ["neither :authority nor host", get().filter(([name]) => name !== ":authority")],
  ["a request in :scheme", pseudo(":scheme", `https${REQUEST}`)],
  ["an address in :scheme", pseudo(":scheme", "https://evil.example/smuggled?")],
  ["a pseudo field that there is not", get([":smuggled", "x"])],
  [":status in a request", get([":status", "200"])],
  ["a pseudo field behind the others", [["x", "y"], ...get()]],
  ["connection", get(["connection", "close"])],
  ["connection that names fields", get(["connection", "x-forwarded-for, host"])],
  ["upgrade", get(["upgrade", "websocket"], ["connection", "upgrade"])],
  ["upgrade with a length", get(["upgrade", "websocket"], ["content-length", "90"])],
  ["h2c", get(["upgrade", "h2c"], ["http2-settings", "AAMA"])],
  ["keep-alive", get(["keep-alive", "timeout=9"])],
  ["proxy-connection", get(["proxy-connection", "keep-alive"])],
  ["te with more than trailers", get(["te", "chunked"])],
  ["expect", post(["expect", "100-continue"], ["content-length", "90"]), undefined, A],
  ["CONNECT", [[":method", "CONNECT"], [":authority", "localhost:443"]]],
  ["CONNECT with a path", head("CONNECT", {})],
  ["CONNECT to a WebSocket", head("CONNECT", {}, [":protocol", "websocket"])],
  ["TRACE with a body", head("TRACE", {}), ["abc"]],
  ["HEAD with a body", head("HEAD", {}), [SMUGGLED], ["HEAD /a"]],
  ["a body that is reset", post(["content-length", "90"]), ["abc"], A, { ends: "reset" }],
  ["a body of unknown length that is reset", post(), ["abc"], A, { ends: "reset" }],
  ["a body that stops", post(["content-length", "90"]), ["abc"], A, { ends: "never" }],
  [
    "a body answered early, that stops",
    head("POST", { ":path": "/eager" }, ["content-length", "90"]),
    ["abc"],
    ["POST /eager"],
    { ends: "never" },
  ],
  ["a body answered early, that is reset", head("POST", { ":path": "/eager" }), ["abc"], [
    "POST /eager",
  ], { ends: "reset" }],
  ["a length in trailers", post(), ["abc"], A, { trailers: [["content-length", "90"]] }],
  ["a coding in trailers", post(), ["abc"], A, { trailers: [["transfer-encoding", "chunked"]] }],
  ["a request in trailers", post(), ["abc"], A, { trailers: [["x", `y${REQUEST}`]] }],
  ["a pseudo field in trailers", post(), ["abc"], A, { trailers: [[":path", "/smuggled"]] }],
  ["forged fields in trailers", post(), ["abc"], A, { trailers: [["x-forwarded-for", "6.6.6.6"]] }],
];

/** All of them. */
export const HTTP2_CASES: readonly Http2SmugglingCase[] = ROWS.map((
  [name, fields, data, may, more],
) => ({
  name,
  fields,
  ...(data === undefined ? {} : { data }),
  ...(may === undefined ? {} : { may }),
  ...more,
}));
