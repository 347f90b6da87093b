import assert from "node:assert/strict";
import * as net from "node:net";
import { describe, test } from "node:test";
import * as tls from "node:tls";
import { createNodeNetwork, selectAddresses } from "../../../src/host/node_network.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";
import { LEAF_KEY_PEM, LEAF_PEM, pemToDer, ROOT_PEM } from "./tls_fixture.ts";

const network = createNodeNetwork();
const address = (text: string, internal = false) => ({ address: text, internal });

describe("selectAddresses()", () => {
  test("puts IPv4 first, and leaves out loopback and link-local", () => {
    assert.deepEqual(
      selectAddresses({
        lo: [address("127.0.0.1", true), address("::1", true)],
        eth0: [address("fd00::5"), address("fe80::1%eth0"), address("192.168.1.5")],
        wlan0: [address("169.254.3.4"), address("10.0.0.7"), address("2001:db8::9")],
      }),
      ["192.168.1.5", "10.0.0.7", "fd00::5", "2001:db8::9"],
    );
  });

  test("leaves out the networks of containers and virtual machines", () => {
    const names = [
      "docker0",
      "br-3f2a",
      "veth12ab",
      "virbr0",
      "lxcbr0",
      "lxdbr0",
      "cni0",
      "podman1",
    ];
    const interfaces = Object.fromEntries(names.map((name) => [name, [address("172.17.0.1")]]));
    assert.deepEqual(selectAddresses(interfaces), []);
  });

  test("keeps what only looks like one, VPNs too, and names each address once", () => {
    const interfaces = {
      br0: [address("10.1.0.1")],
      tailscale0: [address("100.101.102.103")],
      wg0: [address("10.1.0.1")],
      gone: undefined,
    };
    assert.deepEqual(selectAddresses(interfaces), ["10.1.0.1", "100.101.102.103"]);
  });
});

describe("Network", () => {
  test("hostName() is not empty, addresses() are addresses", async () => {
    assert.notEqual(network.hostName(), "");
    for (const text of await network.addresses()) assert.notEqual(net.isIP(text), 0);
  });

  for (const host of ["127.0.0.1", "localhost"]) {
    test(`peerCertificates() gives what ${host} sends, leaf first, untrusted or not`, async () => {
      const server = tls.createServer({ key: LEAF_KEY_PEM, cert: LEAF_PEM + ROOT_PEM });
      const port = await listen(server, host);
      try {
        const chain = await network.peerCertificates({ host, port, timeoutMs: 10_000 });
        assert.deepEqual(chain.map(hex), [hex(pemToDer(LEAF_PEM)), hex(pemToDer(ROOT_PEM))]);
      } finally {
        server.close();
      }
    });
  }

  test("peerCertificates() does not complete the chain by itself", async () => {
    const server = tls.createServer({ key: LEAF_KEY_PEM, cert: LEAF_PEM });
    const port = await listen(server, "127.0.0.1");
    try {
      const chain = await network.peerCertificates({ host: "127.0.0.1", port, timeoutMs: 10_000 });
      assert.equal(chain.length, 1);
    } finally {
      server.close();
    }
  });

  test("peerCertificates() says when nobody listens, and where", async () => {
    const server = net.createServer();
    const port = await listen(server, "127.0.0.1");
    await new Promise((resolve) => server.close(resolve));
    const attempt = network.peerCertificates({ host: "127.0.0.1", port, timeoutMs: 5_000 });
    const error = await rejectsWith("NETWORK", attempt);
    assert.equal(
      error.message,
      `Cannot get the certificate of "127.0.0.1:${port}": Connection refused`,
    );
  });

  test("peerCertificates() gives up on a server that says nothing", async () => {
    const sockets: net.Socket[] = [];
    const server = net.createServer((socket) => sockets.push(socket));
    const port = await listen(server, "127.0.0.1");
    const started = Date.now();
    await rejectsWith(
      "NETWORK",
      network.peerCertificates({ host: "127.0.0.1", port, timeoutMs: 300 }),
    );
    assert.ok(Date.now() - started < 5_000);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
    test(`peerCertificates() says when no TLS is spoken (${answer.length} octets)`, async () => {
      const server = net.createServer((socket) => {
        socket.on("error", () => {});
        socket.end(answer);
      });
      const port = await listen(server, "127.0.0.1");
      await rejectsWith(
        "NETWORK",
        network.peerCertificates({ host: "127.0.0.1", port, timeoutMs: 5_000 }),
      );
      server.close();
    });
  }
});

function listen(server: net.Server, host: string): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, host, () => resolve((server.address() as net.AddressInfo).port))
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
