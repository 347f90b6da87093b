import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isOwnHost } from "../../../src/commands/share_hosts.ts";

const OWN = ["172.16.99.32", "Laptop.example.org"];

describe("isOwnHost()", () => {
  const ACCEPTED = [
    "172.16.99.32",
    "10.0.0.1",
    "::1",
    "fd00::32",
    "::ffff:10.0.0.1",
    "localhost",
    "laptop",
    "laptop.",
    "laptop.local",
    "laptop.lan",
    "a.b.home.arpa",
    "laptop.example.org",
    "laptop.example.org.",
  ];
  for (const name of ACCEPTED) {
    test(`accepts ${name}`, () => assert.equal(isOwnHost(name, OWN), true));
  }
  const REFUSED = [
    "",
    ".",
    "example.org",
    "evil.laptop.example.org",
    "172.16.99.32.evil.com",
    "1.2.3",
    "1.2.3.4.5",
    "localhost.evil.com",
    "evillocal.com",
    "laptop.local.evil.com",
  ];
  for (const name of REFUSED) {
    test(`refuses "${name}"`, () => assert.equal(isOwnHost(name, OWN), false));
  }
});
