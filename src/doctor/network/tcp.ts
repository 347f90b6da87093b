/**
 * A TCP connection: bare where the runtime has that, over node:net elsewhere. Loading node:net takes Bun 3 ms, a tenth
 * of `doctor URL`.
 *
 * @module
 */

/** Where to. */
export interface Endpoint {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** What happens to a connection. Its end is told once, by one of the last two. */
export interface TcpEvents {
  /** @param address The one that was connected to. */
  connected(address: string | undefined): void;
  received(chunk: Uint8Array): void;
  /** The peer has said all. */
  ended(): void;
  /** It did not come about, or broke. @param error With a code as those of Node. */
  failed(error: unknown): void;
}

/** A connection, or one that is being made. */
export interface TcpConnection {
  write(bytes: Uint8Array): void;
  destroy(): void;
}

/** A socket as Bun has it. */
interface BareSocket {
  readonly remoteAddress: string;
  /** @returns How many octets were taken. */
  write(bytes: Uint8Array): number;
  terminate(): void;
}

/** Bun.connect, as far as it is used here. */
type Connect = (options: {
  readonly hostname: string;
  readonly port: number;
  readonly socket: {
    open(socket: BareSocket): void;
    data(socket: BareSocket, chunk: Uint8Array): void;
    drain(socket: BareSocket): void;
    end(socket: BareSocket): void;
    close(socket: BareSocket, error?: unknown): void;
    error(socket: BareSocket, error: unknown): void;
    connectError(socket: unknown, error: unknown): void;
  };
}) => Promise<unknown>;

interface Runtime {
  readonly Bun?: { readonly connect?: Connect };
}

/** Begins to connect. Whatever goes wrong is told by {@link TcpEvents.failed}. */
export async function openTcp(
  endpoint: Endpoint,
  events: TcpEvents,
  runtime: Runtime = globalThis as Runtime,
): Promise<TcpConnection> {
  const connect = runtime.Bun?.connect;
  const told = withOneEnd(events);
  return connect === undefined
    ? await openOverNode(endpoint, told)
    : openBare(connect, endpoint, told);
}

function withOneEnd(events: TcpEvents): TcpEvents {
  let isOver = false;
  const end = (tell: () => void) => {
    if (!isOver) tell();
    isOver = true;
  };
  return {
    ...events,
    ended: () => end(() => events.ended()),
    failed: (error) => end(() => events.failed(error)),
  };
}

function openBare(connect: Connect, { host, port }: Endpoint, events: TcpEvents): TcpConnection {
  let socket: BareSocket | undefined;
  let isDestroyed = false;
  let rest: Uint8Array = new Uint8Array();
  const write = () => {
    const taken = Math.max(0, socket?.write(rest) ?? 0);
    rest = rest.subarray(taken);
  };
  connect({
    hostname: host,
    port,
    socket: {
      open(opened) {
        if (isDestroyed) return opened.terminate();
        socket = opened;
        events.connected(opened.remoteAddress);
      },
      // Bun may use the memory again.
      data: (_socket, chunk) => events.received(chunk.slice()),
      drain: write,
      end: () => events.ended(),
      close: (_socket, error) => error === undefined ? events.ended() : events.failed(error),
      error: (_socket, error) => events.failed(error),
      connectError: (_socket, error) => events.failed(error),
    },
  }).catch((error) => events.failed(error));
  return {
    write(bytes) {
      rest = bytes;
      write();
    },
    destroy() {
      isDestroyed = true;
      socket?.terminate();
    },
  };
}

async function openOverNode({ host, port }: Endpoint, events: TcpEvents): Promise<TcpConnection> {
  const { connect } = await import("node:net");
  const socket = connect({ host, port, noDelay: true });
  socket.on("connect", () => events.connected(socket.remoteAddress));
  socket.on("data", (chunk: Uint8Array) => events.received(chunk));
  socket.on("end", () => events.ended());
  socket.on("close", () => events.ended());
  socket.on("error", (error: unknown) => events.failed(error));
  return {
    write: (bytes) => void socket.write(bytes),
    destroy: () => void socket.destroy(),
  };
}
