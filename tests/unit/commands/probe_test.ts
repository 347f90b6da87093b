import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { probeTrust } from "../../../src/commands/probe.ts";
import { decodePem } from "../../../src/der/pem.ts";
import { type Authority, openAuthority } from "../../../src/pki/authority.ts";
import { parseRequestedName } from "../../../src/pki/requested_name.ts";
import type { StoreResult } from "../../../src/truststore/change.ts";
import type { TrustStore, Verification } from "../../../src/truststore/store.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";
import { readSubjectAltNameTexts } from "../../../src/x509/extensions.ts";
import { verifySignature } from "../../../src/x509/signature.ts";
import { makeContext } from "../../support/fake_context.ts";
import { createFakeHost } from "../../support/fake_host.ts";
import { makeHierarchy } from "../../support/hierarchy.ts";

const authority = await openAuthority(await makeHierarchy());
const names = (...texts: string[]) => texts.map((text) => parseRequestedName(text).name);
const ACCEPTED: Verification = { accepted: true };
const CONSTRAINED: Verification = { accepted: false, cause: "name-constraints", reason: "BAD" };

/** A store that trusts the CA, with a verifier that notes what it was asked. */
function storeThat(answer: ((name: string) => Verification) | undefined) {
  const asked: { chain: readonly string[]; name: string }[] = [];
  const refuse = () => Promise.reject(new Error("a probe changes nothing"));
  const store: TrustStore = {
    kind: "system",
    label: "keychain",
    path: "/k",
    state: refuse,
    plan: refuse,
    add: refuse,
    remove: refuse,
    ...(answer === undefined ? {} : {
      verify: (chain, name) => {
        asked.push({ chain, name });
        return Promise.resolve(answer(name));
      },
    }),
  };
  return { store, asked };
}

const resultOf = (outcome: StoreResult["outcome"]): StoreResult => ({
  kind: "system",
  label: "keychain",
  path: "/k",
  outcome,
});

describe("probeTrust()", () => {
  test("shows the verifier a certificate of the CA for one name and one address", async () => {
    const { store, asked } = storeThat(() => ACCEPTED);
    const { context } = makeContext(createFakeHost());
    const before = [resultOf("added")];
    const { results, refused } = await probeTrust(context, {
      authority,
      stores: [store],
      results: before,
      names: names("*.a.test", "b.test", "c.test", "10.0.0.1", "::1"),
    });
    assert.deepEqual([results, refused], [before, false]);
    assert.deepEqual(asked.map(({ name }) => name), ["b.test", "10.0.0.1"]);
    const { chain } = asked[0]!;
    assert.equal(chain.length, 2);
    const [leaf, issuer] = chain.map((pem) => parseCertificate(decodePem(pem)[0]!.der));
    assert.deepEqual(issuer!.der, authority.issuer.der);
    assert.ok(await verifySignature(leaf!, authority.issuer.spki));
    assert.deepEqual(readSubjectAltNameTexts(leaf!), ["b.test", "10.0.0.1"]);
  });

  test("finds names of its own where none fit", async () => {
    const { store, asked } = storeThat(() => ACCEPTED);
    const request = { authority, stores: [store], results: [resultOf("unchanged")] };
    await probeTrust(makeContext(createFakeHost()).context, request);
    await probeTrust(makeContext(createFakeHost()).context, {
      ...request,
      names: names("*.a.test"),
    });
    const expected = ["localhost", "127.0.0.1"];
    assert.deepEqual(asked.map(({ name }) => name), [...expected, ...expected]);
  });

  test("a refusal because of name constraints: the reason, the way out, what it gives up", async () => {
    const { store } = storeThat((name) => name === "127.0.0.1" ? CONSTRAINED : ACCEPTED);
    const { results, refused } = await probeTrust(makeContext(createFakeHost()).context, {
      authority,
      stores: [store],
      results: [resultOf("added")],
    });
    assert.equal(refused, true);
    const [{ outcome, reason, hint, hints } = resultOf("failed")] = results;
    assert.equal(outcome, "added");
    assert.match(reason!, /"127\.0\.0\.1" is refused because of the name constraints .*\(BAD\)/);
    assert.match(reason!, /gives up their protection/);
    assert.deepEqual([hint, hints], ["localtls ca permit any", ["localtls ca permit any"]]);
  });

  test("another reason has no hint to give up anything", async () => {
    const { store } = storeThat(() => ({ accepted: false, cause: "other", reason: "EXPIRED" }));
    const { results } = await probeTrust(makeContext(createFakeHost()).context, {
      authority,
      stores: [store],
      results: [resultOf("added")],
    });
    assert.match(results[0]!.reason!, /"localhost" is refused \(EXPIRED\)$/);
    assert.equal(results[0]!.hint, undefined);
  });

  for (const outcome of ["failed", "needs-root", "unavailable"] as const) {
    test(`a store whose outcome is ${outcome} is not asked`, async () => {
      const { store, asked } = storeThat(() => CONSTRAINED);
      const { refused } = await probeTrust(makeContext(createFakeHost()).context, {
        authority,
        stores: [store],
        results: [resultOf(outcome)],
      });
      assert.deepEqual([refused, asked], [false, []]);
    });
  }

  test("stores without a verifier cost nothing: no certificate is issued", async () => {
    const locked: Authority = { ...authority, issuerKey: () => assert.fail("the key was used") };
    const { context, events } = makeContext(createFakeHost());
    const { refused } = await probeTrust(context, {
      authority: locked,
      stores: [storeThat(undefined).store],
      results: [resultOf("added")],
    });
    assert.deepEqual([refused, events], [false, []]);
  });

  test("an encrypted key without a password at hand is left alone, and that is said", async () => {
    let opened = 0;
    const key = authority.issuerKey as CryptoKey;
    const encrypted: Authority = {
      ...authority,
      issuerKey: () => {
        opened++;
        return Promise.resolve(key);
      },
    };
    const { store, asked } = storeThat(() => CONSTRAINED);
    const request = { authority: encrypted, stores: [store], results: [resultOf("added")] };
    const { context, events } = makeContext(createFakeHost({ interactive: true }));
    assert.equal((await probeTrust(context, request)).refused, false);
    assert.deepEqual([opened, asked.length], [0, 0]);
    assert.match(JSON.stringify(events), /no password is at hand/);

    assert.equal((await probeTrust(context, { ...request, isUnlocked: true })).refused, true);
    const env = { HOME: "/home/ann", LOCALTLS_PASSWORD_FILE: "/p" };
    const given = makeContext(createFakeHost({ env })).context;
    assert.equal((await probeTrust(given, request)).refused, true);
    assert.equal(opened, 2);
  });
});
