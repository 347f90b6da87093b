/**
 * A target of plain TCP that records every octet by connection, reads requests strictly, and answers as its path says.
 *
 * @module
 */

import { createServer, type Socket } from "node:net";

/** A request as the target read it. */
export interface RecordedRequest {
  /** Of the connection, counted from 0. */
  readonly connection: number;
  readonly method: string;
  readonly target: string;
  /** Field lines as they came. */
  readonly fields: readonly string[];
  /** As it came, decoded from chunks. Complete or not. */
  body: string;
  isWhole: boolean;
}

/** The target. */
export interface RecordingTarget {
  readonly port: number;
  readonly requests: readonly RecordedRequest[];
  /** All octets, by connection. */
  readonly octets: readonly string[];
  /** What came where a request was to begin, and is none. */
  readonly strays: readonly string[];
  /** Ends all connections, and forgets what came over them. */
  forget(): void;
  close(): void;
}

/**
 * How one path is answered: octets, sent when the head of the request is there ("head") or all of it ("body"); then what
 * comes later by itself.
 */
export interface ScriptedAnswer {
  readonly octets: string;
  readonly when?: "head" | "body";
  readonly later?: string;
  readonly closes?: boolean;
}

/** An answer of status 200. */
export function plainAnswer(body: string, fields = ""): string {
  return `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** What every request gets that no script is for: who asked for what. The same as nginx is told to say. */
export function echoOf({ method, target, fields }: RecordedRequest): string {
  const cookie = fields.find((line) => /^cookie:/i.test(line))?.replace(/^cookie:\s*/i, "") ?? "";
  return `${method} ${target} ${cookie}`;
}

/**
 * Starts it on a loopback port.
 *
 * @param scripts By path. "/eager..." is answered as soon as its head is there, as by servers that need no body; "/ws..." changes
 * to WebSocket and echoes.
 */
export async function startRecordingTarget(
  scripts: Readonly<Record<string, ScriptedAnswer>> = {},
): Promise<RecordingTarget> {
  const requests: RecordedRequest[] = [];
  const octets: string[] = [];
  const strays: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const connection = octets.push("") - 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const read = makeReader(connection, {
      head(request) {
        requests.push(request);
        const isUpgrade = request.fields.some((line) => /^upgrade:/i.test(line));
        if (isUpgrade && request.target.startsWith("/ws")) {
          const fields = "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}`);
          return "tunnel";
        }
        const when = scripts[request.target]?.when ??
          (isUpgrade || request.target.startsWith("/eager") ? "head" : "body");
        if (when === "head") answer(socket, scripts, request);
        return when;
      },
      whole: (request) => answer(socket, scripts, request),
      tunnelled: (text) => void socket.write(`echo:${text}`),
      stray: (text) => void strays.push(text),
    });
    socket.on("data", (data) => {
      if (socket.destroyed) return;
      const text = data.toString("latin1");
      octets[connection] += text;
      read(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const forget = () => {
    for (const socket of sockets) socket.destroy();
    requests.length = octets.length = strays.length = 0;
  };
  return {
    port: (server.address() as { port: number }).port,
    requests,
    octets,
    strays,
    forget,
    close() {
      server.close();
      forget();
    },
  };
}

function answer(
  socket: Socket,
  scripts: Readonly<Record<string, ScriptedAnswer>>,
  request: RecordedRequest,
): void {
  const script = scripts[request.target];
  if (script === undefined) return void socket.write(plainAnswer(echoOf(request)), "latin1");
  socket.write(script.octets, "latin1");
  if (script.later !== undefined) setTimeout(() => socket.write(script.later!, "latin1"), 30);
  if (script.closes) socket.end();
}

interface ReaderEvents {
  /** @returns When it is answered; "tunnel" for another protocol. */
  head(request: RecordedRequest): "head" | "body" | "tunnel";
  /** Not called where the head was answered. */
  whole(request: RecordedRequest): void;
  tunnelled(text: string): void;
  stray(text: string): void;
}

/** Reads requests one after the other, as RFC 9112 has them and in no other form. */
function makeReader(connection: number, events: ReaderEvents): (text: string) => void {
  let held = "";
  let state: "head" | "length" | "chunk" | "trailers" | "tunnel" | "lost" = "head";
  let request: RecordedRequest | undefined;
  let left = 0;
  let isAnswered = false;
  const finish = () => {
    request!.isWhole = true;
    if (!isAnswered) events.whole(request!);
    state = "head";
  };
  const lose = () => {
    events.stray(held);
    state = "lost";
  };
  const step = (): boolean => {
    if (state === "lost") return false;
    if (state === "tunnel") {
      if (held !== "") events.tunnelled(held);
      held = "";
      return false;
    }
    if (state === "head") {
      // The first octet shows: a method begins with a capital letter.
      if (held !== "" && !/^[A-Z]/.test(held)) return lose(), false;
      const end = held.indexOf("\r\n\r\n");
      if (end < 0) return false;
      const [line = "", ...fields] = held.slice(0, end).split("\r\n");
      const match = /^([A-Z-]+) (\S+) HTTP\/1\.1$/.exec(line);
      if (match === null) return lose(), false;
      held = held.slice(end + 4);
      const [, method = "", target = ""] = match;
      request = { connection, method, target, fields, body: "", isWhole: false };
      const when = events.head(request);
      isAnswered = when === "head";
      const valueOf = (name: RegExp) => fields.find((one) => name.test(one))?.split(": ")[1];
      left = Number(valueOf(/^content-length: \d+$/i) ?? 0);
      if (when === "tunnel") state = "tunnel";
      else if (valueOf(/^transfer-encoding: chunked$/i) !== undefined) {
        state = "chunk";
        left = 0;
      } else if (left > 0) state = "length";
      else finish();
      return true;
    }
    if (left > 0) {
      if (held === "") return false;
      const part = held.slice(0, left);
      request!.body += part;
      left -= part.length;
      held = held.slice(part.length);
      if (state === "length" && left === 0) finish();
      return true;
    }
    const end = held.indexOf("\r\n");
    if (end < 0) return false;
    const line = held.slice(0, end);
    held = held.slice(end + 2);
    if (state === "trailers") {
      if (line === "") finish();
      else (request!.fields as string[]).push(line);
    } else if (line !== "") {
      left = parseInt(line, 16);
      if (left === 0) state = "trailers";
    }
    return true;
  };
  return (text) => {
    held += text;
    while (step());
  };
}
