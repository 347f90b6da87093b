import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  currentCertificates,
  currentTrust,
  type IssuedEvent,
  readIssuedEvent,
  readTrustedEvent,
  type TrustedEvent,
} from "../../../src/castore/ledger.ts";
import { parseLedger } from "../../../src/castore/ledger_reading.ts";
import { openStateDirectory, type StateDirectory } from "../../../src/castore/state_directory.ts";
import { createNodeHost } from "../../../src/host/node_host.ts";
import { rejectsWith, withScratchDirectory } from "../../support/scratch_directory.ts";

const TIME = "2026-11-24T12:00:00.000Z";
const ISSUED: IssuedEvent = {
  event: "issued",
  time: TIME,
  names: ["localhost", "127.0.0.1"],
  cert: "/srv/localhost+1.pem",
  key: "/srv/localhost+1-key.pem",
  serial: "01ab",
  sha256: "a".repeat(64),
  notBefore: TIME,
  notAfter: "2027-11-24T12:00:00.000Z",
  keyType: "p256",
  usage: "server",
  issuer: "b".repeat(64),
};
const ADDED: TrustedEvent = {
  event: "added",
  time: TIME,
  sha256: "c".repeat(64),
  kind: "nss",
  path: "/home/ann/.pki/nssdb",
  label: "Chromium",
  anchorLabel: "localtls ann@laptop",
  created: ["/home/ann/.pki", "/home/ann/.pki/nssdb"],
};

function open(directory: string): Promise<StateDirectory> {
  const user = { home: directory, name: "ann", isRoot: false, byRoot: false };
  return openStateDirectory(createNodeHost(), user, join(directory, "state"));
}

describe("a ledger", () => {
  test("gives back what was appended; a missing one is empty", () =>
    withScratchDirectory(async (directory) => {
      const { issued, trusted, path } = await open(directory);
      assert.deepEqual(await issued.read(), { events: [], damaged: 0 });
      await issued.append(ISSUED);
      await issued.append({ ...ISSUED, names: ['"\n\u2028\\'] });
      await trusted.append(ADDED);
      const { events, damaged } = await issued.read();
      assert.deepEqual(events, [ISSUED, { ...ISSUED, names: ['"\n\u2028\\'] }]);
      assert.equal(damaged, 0);
      assert.deepEqual((await trusted.read()).events, [ADDED]);
      assert.equal(fs.lstatSync(path).mode & 0o777, 0o700);
      assert.equal(fs.lstatSync(issued.path).mode & 0o777, 0o600);
    }));

  test("loses only the line that was torn, and the next event gets a line of its own", () =>
    withScratchDirectory(async (directory) => {
      const { issued } = await open(directory);
      await issued.append(ISSUED);
      await issued.append(ISSUED);
      const whole = fs.readFileSync(issued.path, "utf8");
      for (let cut = whole.length / 2 + 1; cut < whole.length - 1; cut += 13) {
        fs.writeFileSync(issued.path, whole.slice(0, cut));
        assert.deepEqual(await issued.read(), { events: [ISSUED], damaged: 1 });
        await issued.append(ISSUED);
        assert.deepEqual(await issued.read(), { events: [ISSUED, ISSUED], damaged: 1 });
      }
    }));

  test("whose last line lost only its end is whole", () =>
    withScratchDirectory(async (directory) => {
      const { issued } = await open(directory);
      await issued.append(ISSUED);
      fs.truncateSync(issued.path, fs.statSync(issued.path).size - 1);
      await issued.append(ISSUED);
      assert.deepEqual(await issued.read(), { events: [ISSUED, ISSUED], damaged: 0 });
    }));

  test("skips and counts garbage", () => {
    const good = JSON.stringify(ADDED);
    const text = ["\0\0\0\0", good, "{}", "null", "[]", "7", "", "\r", good + good, good].join(
      "\n",
    );
    const { events, damaged } = parseLedger(text, readTrustedEvent);
    assert.deepEqual(events, [ADDED, ADDED]);
    assert.equal(damaged, 6);
  });

  test("that others can write to is refused: uninstall removes files that it names", () =>
    withScratchDirectory(async (directory) => {
      const { trusted } = await open(directory);
      await trusted.append(ADDED);
      fs.chmodSync(trusted.path, 0o622);
      await rejectsWith("STATE_UNSAFE", trusted.read());
    }));

  test("holds appends of many at once whole", () =>
    withScratchDirectory(async (directory) => {
      const { issued } = await open(directory);
      await Promise.all(Array.from({ length: 40 }, () => issued.append(ISSUED)));
      const { events, damaged } = await issued.read();
      assert.deepEqual([events.length, damaged], [40, 0]);
    }));
});

describe("what is no event", () => {
  const issued: [string, unknown][] = [
    ["another event", { ...ISSUED, event: "revoked" }],
    ["no names", { ...ISSUED, names: [] }],
    ["a name that is no text", { ...ISSUED, names: [7] }],
    ["a relative path", { ...ISSUED, cert: "../cert.pem" }],
    ["a path with a null byte", { ...ISSUED, key: "/a\0b" }],
    ["a short fingerprint", { ...ISSUED, sha256: "ab" }],
    ["an upper-case fingerprint", { ...ISSUED, issuer: "B".repeat(64) }],
    ["a serial that is none", { ...ISSUED, serial: "xyz" }],
    ["a time that is none", { ...ISSUED, notAfter: "soon" }],
    ["a number for a time", { ...ISSUED, time: 7 }],
    ["another usage", { ...ISSUED, usage: "everything" }],
    ["no key, and no request either", { ...ISSUED, key: undefined }],
    ["a key that is no path, beside a request", { ...ISSUED, key: 7, csr: true }],
    ["a request that is none", { ...ISSUED, csr: "yes" }],
    ["a relative path of PKCS#12", { ...ISSUED, p12: "a.p12" }],
    ["days that are no number", { ...ISSUED, days: "90" }],
    ["days in parts", { ...ISSUED, days: 1.5 }],
    ["no days", { ...ISSUED, days: 0 }],
  ];
  for (const [what, value] of issued) {
    test(`issued: ${what}`, () => assert.equal(readIssuedEvent(value), undefined));
  }
  const trusted: [string, unknown][] = [
    ["another event", { ...ADDED, event: "issued" }],
    ["a kind that is unknown", { ...ADDED, kind: "floppy" }],
    ["created that is no list", { ...ADDED, created: "/etc" }],
    ["a relative path in created", { ...ADDED, created: ["/a", "b"] }],
    ["an empty path in created", { ...ADDED, created: [""] }],
    ["no label", { ...ADDED, label: undefined }],
    ["no fingerprint", { ...ADDED, sha256: null }],
  ];
  for (const [what, value] of trusted) {
    test(`trusted: ${what}`, () => assert.equal(readTrustedEvent(value), undefined));
  }

  test("what only some certificates have is kept", () => {
    const { key: _, ...withoutKey } = ISSUED;
    const answer: IssuedEvent = { ...withoutKey, csr: true, usage: "both", days: 90 };
    assert.deepEqual(readIssuedEvent(answer), answer);
    const client: IssuedEvent = { ...ISSUED, usage: "client", p12: "/srv/ann-client.p12" };
    assert.deepEqual(readIssuedEvent(client), client);
  });

  test("unknown fields of a later version are left out, not refused", () => {
    assert.deepEqual(readIssuedEvent({ ...ISSUED, note: "x" }), ISSUED);
    assert.deepEqual(readTrustedEvent({ ...ADDED, note: "x" }), ADDED);
  });
});

describe("currentTrust()", () => {
  const removed: TrustedEvent = { ...ADDED, event: "removed", created: [] };

  test("is what was added and not removed since", () => {
    const other = { ...ADDED, path: "/other" };
    assert.deepEqual(currentTrust([ADDED, other, removed]), [other]);
    assert.deepEqual(currentTrust([ADDED, removed, ADDED]), [ADDED]);
    assert.deepEqual(currentTrust([removed]), []);
  });

  test("joins what several additions made, and forgets it with the removal", () => {
    const again = { ...ADDED, time: "2026-12-01T00:00:00.000Z", created: ["/home/ann/.pki", "/x"] };
    assert.deepEqual(currentTrust([ADDED, again]), [
      { ...again, created: ["/home/ann/.pki", "/home/ann/.pki/nssdb", "/x"] },
    ]);
    const bare = { ...ADDED, created: [] };
    assert.deepEqual(currentTrust([ADDED, removed, bare]), [bare]);
  });

  test("tells anchors, kinds and paths apart, and ignores labels", () => {
    const others = [
      { ...ADDED, sha256: "d".repeat(64) },
      { ...ADDED, kind: "java" as const },
      { ...ADDED, path: "/other" },
    ];
    assert.equal(currentTrust([ADDED, ...others]).length, 4);
    assert.deepEqual(currentTrust([ADDED, { ...removed, label: "Firefox" }]), []);
  });
});

test("currentCertificates() is the latest of each path, oldest first", () => {
  const other = { ...ISSUED, cert: "/srv/other.pem" };
  const renewed = { ...ISSUED, serial: "02" };
  assert.deepEqual(currentCertificates([ISSUED, other, renewed]), [other, renewed]);
  assert.deepEqual(currentCertificates([]), []);
});
