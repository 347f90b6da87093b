import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { WebRequest } from "../../../src/server/exchange.ts";
import { ANY_HOST, hostOf, ownHosts } from "../../../src/server/own_hosts.ts";
import { admitsOrigin } from "../../../src/server/proxy/upgrade_guard.ts";

const NAMES = [
  "localhost",
  "127.0.0.1",
  "::1",
  "172.16.99.32",
  "fd00::ab:1",
  "App.test",
  "*.x.test",
];

function request(headers: Record<string, string>, localAddress = "192.0.2.7"): WebRequest {
  const socket = { localAddress };
  return { headers, socket, httpVersionMajor: 1, httpVersionMinor: 1 } as unknown as WebRequest;
}

describe("ownHosts()", () => {
  const MEANT = [
    "localhost",
    "localhost:8443",
    "LOCALHOST.:8443",
    "a.localhost",
    "127.0.0.1:8443",
    "[::1]:8443",
    "[0:0:0:0:0:0:0:1]",
    "[FD00:0::AB:0001]:1",
    "172.16.99.32",
    "app.test",
    "APP.TEST.",
    "a.x.test:443",
    // Where it arrived: an address that the CA may not issue for.
    "192.0.2.7:8443",
  ];
  test("a target in absolute form says whose it is, whatever Host says (RFC 9112, 3.2.2)", () => {
    const isMeant = (url: string, host: string) =>
      ownHosts(NAMES).isMeant({ ...request({ host }), url });
    assert.equal(isMeant("http://evil.example/", "localhost"), false);
    assert.equal(isMeant("https://evil.example:443", "localhost"), false);
    assert.equal(isMeant("https://localhost:8443/x", "evil.example"), true);
    assert.equal(isMeant("/http://evil.example/", "localhost"), true);
  });
  for (const host of MEANT) {
    test(`${host} is its own`, () => {
      const hosts = ownHosts(NAMES);
      for (let i = 0; i < 2; i++) assert.equal(hosts.isMeant(request({ host })), true);
      assert.equal(hosts.isMeant(request({ ":authority": host })), true);
    });
  }

  const FOREIGN = [
    "evil.example",
    "localhost.evil.example",
    "evillocalhost",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "2130706433",
    "[::2]:8443",
    "x.test",
    "a.b.x.test",
    "app.test..",
    "app.test:8443:1",
    "app.test@evil.example",
    "evil.example/app.test",
    "app.test evil.example",
    "*.x.test",
    "[::1",
    "::1",
    "",
  ];
  for (const host of FOREIGN) {
    test(`"${host}" is not`, () => {
      const hosts = ownHosts(NAMES);
      for (let i = 0; i < 2; i++) assert.equal(hosts.isMeant(request({ host })), false);
      assert.equal(ANY_HOST.isMeant(request({ host })), true);
    });
  }

  test("the names of another certificate count from then on", () => {
    const hosts = ownHosts(["old.test"]);
    assert.equal(hosts.isMeant(request({ host: "old.test" })), true);
    hosts.setNames(["new.test"]);
    assert.equal(hosts.isMeant(request({ host: "old.test" })), false);
    assert.equal(hosts.isMeant(request({ host: "new.test" })), true);
  });

  test("a request of HTTP/1.0 may do without", () => {
    const old = { ...request({}), httpVersionMinor: 0 } as WebRequest;
    assert.equal(ownHosts(NAMES).isMeant(old), true);
    assert.equal(ownHosts(NAMES).isMeant(request({})), false);
  });

  test("an IPv4 address that comes as IPv6 is the same", () => {
    const mapped = request({ host: "192.0.2.9" }, "::ffff:192.0.2.9");
    assert.equal(ownHosts([]).isMeant(mapped), true);
  });

  test("what is no host has none", () => {
    assert.equal(hostOf("a b"), undefined);
    assert.equal(hostOf("[fe80::1%25eth0]"), undefined);
  });
});

describe("admitsOrigin()", () => {
  const ask = (origin: string | undefined, allowed?: "*" | readonly string[]) => {
    const headers = { host: "localhost:8443", cookie: "a=1", authorization: "Basic x" };
    const asked = request(origin === undefined ? headers : { ...headers, origin });
    return { admitted: admitsOrigin(asked, allowed), headers: asked.headers };
  };
  test("no origin, and the own one", () => {
    assert.equal(ask(undefined).admitted, true);
    assert.equal(ask("https://localhost:8443").admitted, true);
    assert.equal(ask("https://localhost:8443", "*").headers.cookie, "a=1");
  });
  test("not another scheme, port or name, nor null", () => {
    for (const origin of ["http://localhost:8443", "https://localhost", "https://a.test", "null"]) {
      assert.equal(ask(origin).admitted, false, origin);
      assert.equal(ask(origin, ["https://b.test"]).admitted, false, origin);
    }
  });
  test("those of --cors; with all of them, without what proves who the user is", () => {
    const named = ask("https://a.test", ["https://a.test"]);
    assert.equal(named.admitted, true);
    assert.equal(named.headers.cookie, "a=1");
    const any = ask("https://a.test", "*");
    assert.equal(any.admitted, true);
    assert.equal(any.headers.cookie, undefined);
    assert.equal(any.headers.authorization, undefined);
  });
});
