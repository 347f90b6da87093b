import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { permitCa, rotateCa } from "../../../../src/commands/ca/permit.ts";
import { cert } from "../../../../src/commands/cert.ts";
import { openWorkplace } from "../../../../src/commands/context.ts";
import { type KeyFlags, openKeySource } from "../../../../src/commands/serving/key_source.ts";
import { decodePem } from "../../../../src/der/pem.ts";
import { parseCertificate } from "../../../../src/x509/certificate.ts";
import { importPkcs8, keyBelongsTo } from "../../../../src/x509/keys.ts";
import { verifySignature } from "../../../../src/x509/signature.ts";
import { makeContext } from "../../../support/fake_context.ts";
import { createFakeHost } from "../../../support/fake_host.ts";

const DAY = 86_400_000;

async function open(flags: KeyFlags = {}) {
  const host = createFakeHost();
  const { context } = makeContext(host);
  const source = await openKeySource(context, flags, []);
  const { state } = await openWorkplace(context);
  return { host, context, source, state };
}

/** The leaf of a pair, after it was checked that key, leaf and issuer belong together. */
async function leafOf({ cert: chain, key }: { readonly cert: string; readonly key: string }) {
  const [leaf, issuer] = decodePem(chain).map(({ der }) => parseCertificate(der));
  assert.ok(leaf !== undefined && issuer !== undefined);
  assert.equal(await verifySignature(leaf, issuer.spki), true);
  assert.equal(await keyBelongsTo(await importPkcs8(decodePem(key)[0]!.der), leaf), true);
  return { leaf, issuer };
}

describe("a certificate in memory", () => {
  test("lives 30 days, and is replaced when 10 are left, not before", async () => {
    const { host, source } = await open();
    const first = Date.parse(source.first.certificate.notAfter);
    assert.ok(Math.abs(first - host.now().getTime() - 30 * DAY) < DAY);
    await host.sleep(first - host.now().getTime() - 10 * DAY - 60_000);
    assert.equal(await source.next(), undefined);
    await host.sleep(60_000);
    const next = await source.next();
    assert.ok(next !== undefined);
    assert.ok(Date.parse(next.certificate.notAfter) > first + 19 * DAY);
    assert.deepEqual(next.certificate.names, source.first.certificate.names);
    assert.notEqual(next.key, source.first.key);
    await leafOf(next);
    assert.equal(await source.next(), undefined);
  });

  test("is replaced after a month of sleep, when it has ended", async () => {
    const { host, source } = await open();
    await host.sleep(45 * DAY);
    const next = await source.next();
    assert.ok(next !== undefined);
    const { leaf } = await leafOf(next);
    assert.ok(leaf.notBefore <= host.now() && leaf.notAfter > host.now());
  });

  test("is replaced when the clock was ahead as it was issued, and is right again", async () => {
    const { host, source } = await open();
    await host.sleep(45 * DAY);
    const ahead = await source.next();
    assert.ok(ahead !== undefined);
    await host.sleep(-40 * DAY);
    const next = await source.next();
    assert.ok(next !== undefined);
    assert.ok((await leafOf(next)).leaf.notBefore <= host.now());
    assert.equal(await source.next(), undefined);
  });

  test("is not issued by a clock that is years off", async () => {
    const { host, source } = await open();
    await host.sleep(900 * DAY);
    await assert.rejects(source.next(), { code: "CLOCK_WRONG" });
    await host.sleep(-880 * DAY);
    assert.ok(await source.next() !== undefined);
  });

  test("is replaced when the CA is, by one of the new CA, once", async () => {
    const { context, source, state } = await open();
    const old = (await state.loadAuthority())!;
    await rotateCa(context, {});
    const authority = (await state.loadAuthority())!;
    assert.notEqual(authority.issuerSha256, old.issuerSha256);
    const next = await source.next();
    assert.ok(next !== undefined);
    const { leaf, issuer } = await leafOf(next);
    assert.deepEqual(issuer.der, authority.issuer.der);
    assert.equal(await verifySignature(leaf, authority.issuer.spki), true);
    assert.equal(await verifySignature(leaf, old.issuer.spki), false);
    assert.equal(await source.next(), undefined);
  });

  test("names the host when a new CA may", async () => {
    const { host, context, source } = await open();
    Object.assign(host.network, { hostName: () => "box.example.com" });
    assert.equal(await source.next(), undefined);
    await permitCa(context, { domains: ["example.com"] });
    const next = await source.next();
    assert.equal(next?.certificate.names.includes("box.example.com"), true);
  });

  test("goes on being renewed where the CA is damaged or gone", async () => {
    const { host, source, state } = await open();
    await host.files.remove(state.issuerKeyFile);
    assert.equal(await source.next(), undefined);
    await host.sleep(25 * DAY);
    assert.ok(await source.next() !== undefined);
  });
});

describe("a certificate that is kept with --out", () => {
  test("is the one of the new CA after that was replaced, and renewed from it", async () => {
    const { host, context, source, state } = await open({ out: "." });
    await rotateCa(context, {});
    const authority = (await state.loadAuthority())!;
    const reissued = await source.next();
    assert.ok(reissued !== undefined);
    assert.deepEqual((await leafOf(reissued)).issuer.der, authority.issuer.der);
    await host.sleep(Date.parse(reissued.certificate.notAfter) - host.now().getTime() - DAY);
    const renewed = await source.next();
    assert.ok(renewed !== undefined);
    assert.deepEqual((await leafOf(renewed)).issuer.der, authority.issuer.der);
    assert.ok(renewed.certificate.notAfter > reissued.certificate.notAfter);
  });
});

describe("the user's own files", () => {
  const PAIR = { certFile: "a.test.pem", keyFile: "a.test-key.pem" };
  const BAD: Readonly<Record<string, readonly [file: string, text: string | undefined, RegExp]>> = {
    "no certificate": ["a.test.pem", undefined, /a\.test\.pem": not found/],
    "no key": ["a.test-key.pem", undefined, /a\.test-key\.pem": not found/],
    "an empty certificate": ["a.test.pem", "", /no certificate is in it/],
    "half a certificate": ["a.test.pem", "-----BEGIN CERTIFICATE-----\nMIIB", /./],
    "an empty key": ["a.test-key.pem", "", /no key is in it/],
  };
  async function openOwn() {
    const host = createFakeHost();
    const { context } = makeContext(host);
    await cert(context, { names: ["a.test"] });
    return { host, context, source: await openKeySource(context, PAIR, []) };
  }
  for (const [what, [name, text, message]] of Object.entries(BAD)) {
    test(`${what}: said, the old one stays, and a good pair is used again`, async () => {
      const { host, context, source } = await openOwn();
      assert.equal(await source.next(), undefined);
      const path = `/home/ann/${name}`;
      const good = (await host.files.read(path))!;
      await host.files.remove(path);
      if (text !== undefined) await host.files.write(path, new TextEncoder().encode(text));
      await assert.rejects(source.next(), message);
      await host.files.remove(path).catch(() => {});
      await host.files.write(path, good);
      assert.equal(await source.next(), undefined);
      await cert(context, { names: ["a.test"], days: 20 });
      assert.ok(await source.next() !== undefined);
    });
  }

  test("the key of another certificate is refused", async () => {
    const { host, context, source } = await openOwn();
    await cert(context, { names: ["b.test"] });
    const other = (await host.files.read("/home/ann/b.test-key.pem"))!;
    await host.files.remove("/home/ann/a.test-key.pem");
    await host.files.write("/home/ann/a.test-key.pem", other);
    await assert.rejects(source.next(), /it is not the key of/);
  });
});

describe("a certificate in files, of a clock that was ahead", () => {
  test("is issued again once the clock is right", async () => {
    const { host, source } = await open({ out: "." });
    await host.sleep(380 * DAY);
    assert.ok(await source.next() !== undefined);
    await host.sleep(-300 * DAY);
    const next = await source.next();
    assert.ok(next !== undefined);
    assert.ok((await leafOf(next)).leaf.notBefore <= host.now());
    assert.equal(await source.next(), undefined);
  });
});
