import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fitting, LIMITS } from "../../../src/server/limits.ts";
import { networkOf, NEVER_ANSWERED, type Place, Shares } from "../../../src/server/shares.ts";

/** Takes places until there are none. @returns How many. */
function takeAll(shares: Shares, address: string, places: Place[] = []): number {
  let count = 0;
  for (; count < 10_000 && shares.makeRoom(address); count++) places.push(shares.take(address));
  return count;
}

describe("shares", () => {
  test("one address has half, the next one half of the rest, and so on", () => {
    const shares = new Shares(1_024);
    assert.deepEqual(
      ["192.0.2.1", "198.51.100.1", "203.0.113.1"].map((address) => takeAll(shares, address)),
      [512, 256, 128],
    );
    assert.equal(shares.makeRoom("10.0.0.1"), true);
  });
  test("two that grow together have a third each", () => {
    const shares = new Shares(900);
    const counts = [0, 0];
    for (let i = 0; i < 2_000; i++) {
      const address = i % 2 === 0 ? "192.0.2.1" : "198.51.100.1";
      if (!shares.makeRoom(address)) continue;
      shares.take(address);
      counts[i % 2]!++;
    }
    assert.deepEqual(counts, [300, 300]);
  });
  test("a network of many addresses leaves a quarter to others", () => {
    for (
      const [network, other] of [["10.1.1.", "10.1.2.1"], ["2001:db8:1:2::", "2001:db8:1:3::1"]]
    ) {
      const shares = new Shares(1_000);
      for (let i = 1; i < 255; i++) takeAll(shares, `${network}${i}`);
      assert.ok(shares.taken >= 740 && shares.taken <= 751, `${shares.taken}`);
      assert.ok(takeAll(shares, other!) > 100);
    }
  });
  test("a place that is left is free again, once", () => {
    const shares = new Shares(20);
    const places: Place[] = [];
    assert.equal(takeAll(shares, "192.0.2.1", places), 10);
    assert.equal(shares.makeRoom("192.0.2.1"), false);
    places[0]!.leave();
    places[0]!.leave();
    assert.equal(shares.taken, 9);
    assert.equal(takeAll(shares, "192.0.2.1"), 1);
    // IPv4 that came over a socket of IPv6 is the same address.
    assert.equal(shares.makeRoom("::ffff:192.0.2.1"), false);
  });
  test("who waits longest makes room for his own address, first who never asked", () => {
    const shares = new Shares(6);
    const gone: string[] = [];
    const sit = (name: string, spare: number) =>
      shares.take("192.0.2.1", { spare: () => spare, giveUp: () => gone.push(name) });
    sit("idle", 50);
    sit("busy", -1);
    sit("silent", NEVER_ANSWERED);
    for (let i = 0; i < 2; i++) {
      assert.equal(shares.makeRoom("192.0.2.1"), true);
      sit("new", -1);
    }
    assert.deepEqual(gone, ["silent", "idle"]);
    assert.equal(shares.makeRoom("192.0.2.1"), false);
    assert.deepEqual(gone, ["silent", "idle"]);
    assert.equal(shares.makeRoom("198.51.100.1"), true);
  });
  test("networks of addresses in every form", () => {
    const networks = [
      "192.0.2.77",
      "::ffff:192.0.2.1",
      "::1",
      "fe80::1%eth0",
      "2001:db8::5:6:7:8",
      "",
    ];
    assert.deepEqual(networks.map(networkOf), [
      "192.0.2",
      "192.0.2",
      "0:0:0:0",
      "fe80:0:0:0",
      "2001:db8:0:0",
      "",
    ]);
  });
});

test("limits fit in the files that the process may have open, two for each connection", () => {
  const of = (files: number) => {
    const { connections, requests } = fitting(LIMITS, files);
    return [connections, requests];
  };
  assert.deepEqual(of(1_024), [480, 480]);
  assert.deepEqual(of(20_000), [4_096, 1_024]);
  assert.deepEqual(of(Infinity), [4_096, 1_024]);
  assert.deepEqual(of(10), [8, 8]);
});
