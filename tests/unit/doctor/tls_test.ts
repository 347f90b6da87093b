/** The ClientHello that is sent, and the reading of whatever comes back: from real servers, and from hostile ones. */

import assert from "node:assert/strict";
import { createServer as createTcpServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { concatBytes } from "../../../src/bytes.ts";
import { exchange, resolveName } from "../../../src/doctor/network/dial.ts";
import { lookAtServer } from "../../../src/doctor/sight.ts";
import { parseTarget } from "../../../src/doctor/target.ts";
import { encodeClientHello } from "../../../src/doctor/tls/client_hello.ts";
import { EncryptedFlightReader } from "../../../src/doctor/tls/encrypted_flight.ts";
import {
  cipherName,
  CLIENT_OFFERS,
  EVERYTHING_TLS12,
  VERSION,
  versionName,
} from "../../../src/doctor/tls/offers.ts";
import { FlightReader, MAX_FLIGHT } from "../../../src/doctor/tls/server_flight.ts";
import { createFakeHost } from "../../support/fake_host.ts";
import { LEAF_KEY_PEM, LEAF_PEM, pemToDer, ROOT_PEM } from "../host/tls_fixture.ts";

const NETWORK = createFakeHost().network;

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function record(type: number, content: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(type, 3, 3), uint16(content.length), content]);
}

function message(type: number, body: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(type, 0), uint16(body.length), body]);
}

function serverHello(version: number, cipher: number, extensions = new Uint8Array()): Uint8Array {
  const fields = [uint16(version), new Uint8Array(32), Uint8Array.of(0), uint16(cipher)];
  return message(
    2,
    concatBytes([...fields, Uint8Array.of(0), uint16(extensions.length), extensions]),
  );
}

function certificates(...ders: Uint8Array[]): Uint8Array {
  const entries = ders.map((der) => concatBytes([Uint8Array.of(0), uint16(der.length), der]));
  const list = concatBytes(entries);
  return message(11, concatBytes([Uint8Array.of(0), uint16(list.length), list]));
}

/** Listens on a free port of the loopback address for the time of a test. */
async function withServer(
  onConnection: (socket: Socket) => void,
  run: (port: number) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await run((server.address() as { port: number }).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("encodeClientHello()", () => {
  test("has lengths that agree, and the name where there is one", () => {
    for (const offer of [EVERYTHING_TLS12, ...Object.values(CLIENT_OFFERS)]) {
      for (const serverName of [undefined, "app.test"]) {
        const hello = encodeClientHello({ offer, serverName });
        assert.equal(hello[0], 22);
        assert.equal((hello[3]! << 8) + hello[4]!, hello.length - 5);
        assert.equal((hello[6]! << 16) + (hello[7]! << 8) + hello[8]!, hello.length - 9);
        const text = new TextDecoder("latin1").decode(hello);
        assert.equal(text.includes("app.test"), serverName !== undefined);
      }
    }
  });

  test("offers no TLS 1.3 suite without TLS 1.3", () => {
    assert.equal(EVERYTHING_TLS12.ciphers.some((cipher) => cipher >> 8 === 0x13), false);
  });
});

describe("FlightReader", () => {
  const leaf = pemToDer(LEAF_PEM);
  const root = pemToDer(ROOT_PEM);
  const flight = concatBytes([
    record(22, serverHello(0x0303, 0xc02b)),
    record(22, certificates(leaf, root, leaf)),
    record(22, concatBytes([message(13, Uint8Array.of(0)), message(14, new Uint8Array())])),
  ]);

  test("reads version, cipher, certificates in their order, and the request for one", () => {
    const seen = new FlightReader().push(flight);
    assert.equal(seen.state, "done");
    assert.equal(seen.version, VERSION.tls12);
    assert.equal(seen.cipher, 0xc02b);
    assert.deepEqual(seen.certificates, [leaf, root, leaf].map((der) => new Uint8Array(der)));
    assert.equal(seen.asksForCertificate, true);
  });

  test("reads the same from single octets, and from messages that are split over records", () => {
    const bytewise = new FlightReader();
    for (const octet of flight) bytewise.push(Uint8Array.of(octet));
    assert.deepEqual(bytewise.flight, new FlightReader().push(flight));
    const whole = concatBytes([serverHello(0x0303, 0xc02b), certificates(leaf)]);
    const split = new FlightReader();
    for (let at = 0; at < whole.length; at += 100) {
      split.push(record(22, whole.subarray(at, at + 100)));
    }
    assert.equal(split.flight.certificates?.length, 1);
    assert.equal(split.flight.state, "open");
  });

  test("does not ask for a certificate where none was asked for", () => {
    const seen = new FlightReader().push(
      concatBytes([record(22, serverHello(0x0303, 1)), record(22, message(14, new Uint8Array()))]),
    );
    assert.equal(seen.asksForCertificate, false);
  });

  test("is done at the ServerHello of TLS 1.3, also at a retry", () => {
    const version = concatBytes([uint16(43), uint16(2), uint16(0x0304)]);
    const seen = new FlightReader().push(record(22, serverHello(0x0303, 0x1301, version)));
    assert.equal(seen.version, VERSION.tls13);
    assert.equal(seen.state, "done");
    assert.equal(seen.asksForCertificate, undefined);
  });

  test("tells fatal alerts from warnings", () => {
    const fatal = new FlightReader().push(record(21, Uint8Array.of(2, 40)));
    assert.deepEqual([fatal.state, fatal.alert], ["done", 40]);
    const warning = new FlightReader().push(record(21, Uint8Array.of(1, 112)));
    assert.deepEqual([warning.state, warning.alert], ["open", undefined]);
  });

  test("shows the first words of what is not TLS", () => {
    for (const text of ["HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-x\r\n", "\0\0\0"]) {
      const seen = new FlightReader().push(new TextEncoder().encode(text));
      assert.equal(seen.state, "done", text);
      assert.equal(new TextDecoder().decode(seen.foreign), text);
    }
  });

  test("takes lengths that lie, and never throws", () => {
    const hostile = [
      record(22, Uint8Array.of(2, 0, 0, 0)),
      record(22, Uint8Array.of(2, 0, 0, 1, 9)),
      record(22, message(11, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff))),
      record(22, message(2, new Uint8Array(35).fill(0xff))),
      record(22, Uint8Array.of(11, 0xff, 0xff, 0xff)),
      concatBytes([Uint8Array.of(22, 3, 3, 0xff, 0xff), new Uint8Array(100)]),
      Uint8Array.of(22),
      record(21, Uint8Array.of(2)),
      new Uint8Array(),
    ];
    for (const octets of hostile) {
      const reader = new FlightReader();
      reader.push(octets);
      assert.deepEqual(reader.flight.certificates ?? [], []);
    }
    let seed = 1;
    for (let i = 0; i < 300; i++) {
      const octets = flight.slice();
      for (let j = 0; j < 5; j++) {
        seed = (seed * 1103515245 + 12345) % 2 ** 31;
        octets[seed % octets.length] = (seed >> 8) & 0xff;
      }
      new FlightReader().push(octets);
    }
  });

  test("keeps no more than its limit", () => {
    const reader = new FlightReader();
    reader.push(record(22, serverHello(0x0303, 1)));
    const piece = record(22, Uint8Array.of(99, 0, 0x10, 0, ...new Uint8Array(4096)));
    for (let received = 0; received < MAX_FLIGHT; received += piece.length) reader.push(piece);
    assert.equal(reader.flight.state, "done");
  });
});

describe("lookAtServer()", () => {
  const options = { cert: LEAF_PEM + ROOT_PEM, key: LEAF_KEY_PEM };
  const served = [LEAF_PEM, ROOT_PEM].map((pem) => new Uint8Array(pemToDer(pem)));

  for (
    const [what, versions] of [
      ["TLS 1.2 and 1.3", {}],
      ["TLS 1.2 alone", { maxVersion: "TLSv1.2" }],
      ["TLS 1.3 alone", { minVersion: "TLSv1.3" }],
    ] as const
  ) {
    for (const requestCert of [false, true]) {
      test(`${what}, ${requestCert ? "with" : "without"} a request for a certificate`, async () => {
        const server = createTlsServer({
          ...options,
          ...versions,
          requestCert,
          rejectUnauthorized: false,
        });
        server.on("tlsClientError", () => {});
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        const { port } = server.address() as { port: number };
        try {
          const sight = await lookAtServer(NETWORK, parseTarget(`https://127.0.0.1:${port}`));
          assert.deepEqual(sight.chain, served);
          assert.equal(sight.isServedOrder, true);
          assert.equal(sight.asksForCertificate, requestCert);
        } finally {
          server.close();
        }
      });
    }
  }

  test("says what is in the way where there is no TLS", async () => {
    await withServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), async (port) => {
      const sight = await lookAtServer(NETWORK, parseTarget(`127.0.0.1:${port}`));
      assert.match(new TextDecoder().decode(sight.answers.chromium?.flight.foreign), /^HTTP/);
    });
    await withServer((socket) => socket.destroy(), async (port) => {
      const sight = await lookAtServer(NETWORK, parseTarget(`127.0.0.1:${port}`));
      assert.equal(sight.answers.chromium?.flight.version, undefined);
      assert.ok(["closed", "reset"].includes(sight.answers.chromium?.fault ?? ""));
    });
    const nobody = await lookAtServer(NETWORK, parseTarget("127.0.0.1:1"));
    assert.equal(nobody.unreachable, "refused");
  });
});

describe("EncryptedFlightReader", () => {
  test("gives up on what is no TLS 1.3, and never throws", async () => {
    for (
      const octets of [
        record(22, serverHello(0x0303, 0xc02b)),
        record(23, new Uint8Array(40)),
        record(
          22,
          serverHello(0x0303, 0x1301, concatBytes([uint16(51), uint16(4), new Uint8Array(4)])),
        ),
        new TextEncoder().encode("HTTP/1.1 200 OK"),
      ]
    ) {
      const reader = await EncryptedFlightReader.create("app.test");
      assert.equal(await reader.push(octets), true);
      assert.equal(reader.flight, undefined);
    }
  });
});

describe("exchange()", () => {
  test("ends at its time, and at its limit", async () => {
    const settings = { send: Uint8Array.of(1), isEnough: () => false };
    await withServer(() => {}, async (port) => {
      const { fault, connected } = await exchange({ host: "127.0.0.1", port }, {
        ...settings,
        timeoutMs: 150,
        maxBytes: 10,
      });
      assert.deepEqual([fault, connected], ["timeout", true]);
    });
    await withServer((socket) => socket.write(new Uint8Array(100_000)), async (port) => {
      const { fault, received } = await exchange({ host: "127.0.0.1", port }, {
        ...settings,
        timeoutMs: 5_000,
        maxBytes: 1_000,
      });
      assert.equal(fault, undefined);
      assert.ok(received.length >= 1_000);
    });
  });

  test("resolves addresses to themselves, and unknown names to nothing", async () => {
    assert.deepEqual(await resolveName("::1", 100), ["::1"]);
    assert.deepEqual(await resolveName("nowhere.invalid", 3_000), []);
  });
});

test("versions and ciphers have names, also unknown ones", () => {
  assert.deepEqual([0x0300, 0x0301, 0x0304, 0x7f1c].map(versionName), [
    "SSL 3.0",
    "TLS 1.0",
    "TLS 1.3",
    "version 0x7f1c",
  ]);
  assert.equal(cipherName(0x0035), "TLS_RSA_WITH_AES_256_CBC_SHA");
  assert.equal(cipherName(0x9999), "cipher suite 0x9999");
});
