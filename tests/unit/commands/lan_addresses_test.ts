import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setup } from "../../../src/commands/setup.ts";
import { status } from "../../../src/commands/status.ts";
import { createFakeHost } from "../../support/fake_host.ts";
import { makeContext } from "../../support/fake_context.ts";
import type { IssuedEvent } from "../../../src/castore/ledger.ts";
import {
  describeAddressChange,
  findAddressChange,
  ownAddresses,
} from "../../../src/commands/lan_addresses.ts";

const LOCAL = ["localhost", "127.0.0.1", "::1", "laptop"];

function issued(names: string[], own?: string[], more: Partial<IssuedEvent> = {}): IssuedEvent {
  return {
    event: "issued",
    time: "2026-11-24T12:00:00.000Z",
    names,
    cert: "/home/ann/x.pem",
    key: "/home/ann/x-key.pem",
    serial: "01",
    sha256: "0".repeat(64),
    notBefore: "2026-11-24T12:00:00.000Z",
    notAfter: "2027-11-24T12:00:00.000Z",
    keyType: "p256",
    usage: "server",
    issuer: "1".repeat(64),
    ...(own === undefined ? {} : { own }),
    ...more,
  };
}

describe("ownAddresses()", () => {
  test("are the IPv4 addresses among the names that this machine has", () => {
    const names = [...LOCAL, "192.168.1.5", "10.0.0.9", "fd00::5"];
    assert.deepEqual(ownAddresses(names, ["192.168.1.5", "fd00::5"]), ["192.168.1.5"]);
  });
});

describe("a machine has moved", () => {
  const moved: readonly (readonly [string, IssuedEvent, string[]])[] = [
    ["its one address is another", issued(["192.168.1.5"], ["192.168.1.5"]), ["192.168.1.7"]],
    [
      "one of two is another",
      issued(["192.168.1.5", "10.0.0.2"], ["192.168.1.5", "10.0.0.2"]),
      ["10.0.0.2", "192.168.7.7"],
    ],
    ["the ledger is older, and the names say it", issued([...LOCAL, "10.0.0.2"]), ["10.0.0.3"]],
    ["its address is shared (RFC 6598)", issued(["100.64.0.9"], ["100.64.0.9"]), ["100.64.0.10"]],
  ];
  for (const [what, event, addresses] of moved) {
    test(`when ${what}`, () => assert.ok(findAddressChange(event, addresses)));
  }
});

describe("a machine has not moved", () => {
  const stayed: readonly (readonly [string, IssuedEvent, string[]])[] = [
    ["it is where it was", issued(["192.168.1.5"], ["192.168.1.5"]), ["192.168.1.5"]],
    ["it is offline", issued([...LOCAL, "192.168.1.5"], ["192.168.1.5"]), []],
    [
      "a VPN went",
      issued(["192.168.1.5", "10.8.0.2"], ["192.168.1.5", "10.8.0.2"]),
      ["192.168.1.5"],
    ],
    ["a VPN came", issued(["192.168.1.5"], ["192.168.1.5"]), ["192.168.1.5", "10.8.0.2"]],
    [
      "the new address is in the certificate too",
      issued(["10.0.0.1", "10.0.0.2"], ["10.0.0.1"]),
      ["10.0.0.2"],
    ],
    ["the certificate is for another server", issued(["172.16.99.32"]), ["192.168.1.5"]],
    ["it is for another server and localhost", issued(["localhost", "10.9.9.9"]), ["10.0.0.1"]],
    ["it is for a client", issued(["10.0.0.1"], ["10.0.0.1"], { usage: "client" }), ["10.0.0.2"]],
    ["only IPv6 is new", issued(["10.0.0.1"], ["10.0.0.1"]), ["fd00::7"]],
    ["only a public address is new", issued(["10.0.0.1"], ["10.0.0.1"]), ["203.0.113.7"]],
    ["the certificate names no address", issued([...LOCAL, "a.test"]), ["192.168.1.5"]],
    [
      "its IPv6 address is another",
      issued([...LOCAL, "fd00::5"]),
      ["fd00::6"],
    ],
  ];
  for (const [what, event, addresses] of stayed) {
    test(`when ${what}`, () => assert.equal(findAddressChange(event, addresses), undefined));
  }
});

describe("describeAddressChange()", () => {
  test("gives the command that issues for the new address into the same files", () => {
    const event = issued([...LOCAL, "10.0.0.2"], ["10.0.0.2"], { cert: "/home/ann/a b.pem" });
    const { message, command } = describeAddressChange(
      "localtls",
      findAddressChange(event, ["10.0.0.3"])!,
    );
    assert.match(message, /not at 10\.0\.0\.2 any more.*but at 10\.0\.0\.3/);
    assert.equal(
      command,
      "localtls cert localhost 127.0.0.1 ::1 laptop 10.0.0.3 " +
        "--cert-file '/home/ann/a b.pem' --key-file /home/ann/x-key.pem",
    );
  });
});

describe("setup on a machine that moved", () => {
  async function moved(names: string[], from: string[], to: string[]) {
    const host = createFakeHost();
    let addresses = from;
    Object.assign(host.network, { addresses: () => Promise.resolve(addresses) });
    const fake = makeContext(host);
    await setup(fake.context, { names, stores: "nss" });
    fake.warnings.length = 0;
    addresses = to;
    return fake;
  }

  test("warns with the command, status has it to do, and the command settles it", async () => {
    const { context, warnings } = await moved(["192.168.1.5"], ["192.168.1.5"], ["192.168.7.7"]);
    await setup(context, { names: ["a.test"], stores: "nss" });
    const [warning] = warnings.filter((line) => line.startsWith("LAN_ADDRESS_CHANGED"));
    assert.match(
      warning ?? "",
      /192\.168\.1\.5 any more.*localtls cert 192\.168\.7\.7 --cert-file/,
    );
    const seen = await status(context, { stores: "nss" });
    const todo = seen.document.todo.map(({ command }) => command).filter((line) =>
      line.includes("192.168.7.7")
    );
    assert.equal(todo.length, 1);
    const { cert } = await import("../../../src/commands/cert.ts");
    await cert(context, {
      names: ["192.168.7.7"],
      certFile: "192.168.1.5.pem",
      keyFile: "192.168.1.5-key.pem",
    });
    warnings.length = 0;
    await setup(context, { names: ["a.test"], stores: "nss" });
    assert.doesNotMatch(warnings.join(), /LAN_ADDRESS_CHANGED/);
  });

  const silent: readonly (readonly [string, string[], string[], string[]])[] = [
    ["stayed", ["192.168.1.5"], ["192.168.1.5"], ["192.168.1.5"]],
    ["went offline", ["192.168.1.5"], ["192.168.1.5"], []],
    ["issued for another one", ["172.16.99.32"], ["192.168.1.5"], ["192.168.7.7"]],
    ["issues for its new addresses in the same files", [], ["192.168.1.5"], ["192.168.7.7"]],
  ];
  for (const [what, names, from, to] of silent) {
    test(`says nothing for one that ${what}`, async () => {
      const { context, warnings } = await moved(names, from, to);
      await setup(context, { names: what.startsWith("issues") ? [] : ["a.test"], stores: "nss" });
      assert.doesNotMatch(warnings.join(), /LAN_ADDRESS_CHANGED/);
    });
  }
});
