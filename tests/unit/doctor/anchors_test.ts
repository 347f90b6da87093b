import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { equalBytes } from "../../../src/bytes.ts";
import { AnchorPool, readAhead } from "../../../src/doctor/anchors.ts";
import { LocalTlsError } from "../../../src/errors.ts";
import type {
  StoreKind,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../../../src/truststore/store.ts";
import type { Certificate } from "../../../src/x509/certificate.ts";
import { createFakeHost } from "../../support/fake_host.ts";
import { rejectsWith } from "../../support/scratch_directory.ts";
import { otherAnchor, rootAnchor } from "../truststore/fixture_anchors.ts";

const ANCHORS = [rootAnchor, otherAnchor];
const CERTIFICATES = ANCHORS.map(({ certificate }) => certificate);
const [ROOT, OTHER] = CERTIFICATES as [Certificate, Certificate];

const UNREADABLE = new LocalTlsError("STORE_UNAVAILABLE", "Cannot read the store: it is locked");

/** A store that says what it is told to, and counts how often it is asked about what. */
class AskedStore implements TrustStore {
  readonly label = "A store";
  readonly path = "/store";
  readonly asked: string[] = [];
  readonly kind: StoreKind;
  readonly #answer: () => Promise<StoreState>;

  constructor(
    kind: StoreKind = "nss",
    answer = () => Promise.resolve<StoreState>({ state: "trusted" }),
  ) {
    this.kind = kind;
    this.#answer = answer;
  }

  state({ sha256 }: TrustAnchor): Promise<StoreState> {
    this.asked.push(sha256);
    return this.#answer();
  }

  plan = () => Promise.reject(new Error("doctor changes nothing"));
  add = () => Promise.reject(new Error("doctor changes nothing"));
  remove = () => Promise.reject(new Error("doctor changes nothing"));
}

/** A pool, and how often it made an anchor. */
function makePool(): { readonly pool: AnchorPool; made(): number } {
  let made = 0;
  const pool = new AnchorPool((certificate) => {
    made++;
    return Promise.resolve(
      ANCHORS.find((one) => equalBytes(one.certificate.der, certificate.der))!,
    );
  });
  return { pool, made: () => made };
}

describe("AnchorPool", () => {
  test("all() makes one anchor for equal octets, in the order of the question", async () => {
    const { pool, made } = makePool();
    const copy = ROOT.der.slice();
    const [first, second, third] = await pool.all([OTHER.der, ROOT.der, copy]);
    assert.equal(second, third);
    assert.deepEqual([first!.sha256, second!.sha256], [ANCHORS[1]!.sha256, ANCHORS[0]!.sha256]);
    await Promise.all([pool.all([copy]), pool.all([ROOT.der])]);
    assert.equal(made(), 2);
    assert.deepEqual(await pool.all([]), []);
  });

  test("state() asks each store once about each anchor, also of two askers at once", async () => {
    const { pool } = makePool();
    const stores = [new AskedStore(), new AskedStore()];
    for (let i = 0; i < 2; i++) {
      await Promise.all(
        stores.flatMap((store) =>
          [...ANCHORS, ...ANCHORS].map((anchor) => pool.state(store, anchor))
        ),
      );
    }
    const wanted = ANCHORS.map(({ sha256 }) => sha256);
    for (const { asked } of stores) assert.deepEqual(asked, wanted);
  });

  test("state() gives a store's error to everybody who asks", async () => {
    const { pool } = makePool();
    const store = new AskedStore("nss", () => Promise.reject(UNREADABLE));
    for (let i = 0; i < 3; i++) {
      const error = await rejectsWith("STORE_UNAVAILABLE", pool.state(store, ANCHORS[0]!));
      assert.equal(error, UNREADABLE);
    }
    assert.equal(store.asked.length, 1);
  });
});

describe("readAhead()", () => {
  const linux = createFakeHost({ os: "linux" });

  test("asks every store about every root, so that later nothing is asked again", async () => {
    const { pool } = makePool();
    const stores = [new AskedStore("nss"), new AskedStore("java"), new AskedStore("system")];
    await readAhead({ host: linux, pool, stores, known: CERTIFICATES });
    const anchors = await pool.all(CERTIFICATES.map(({ der }) => der));
    for (const store of stores) {
      assert.deepEqual(store.asked, anchors.map(({ sha256 }) => sha256));
      for (const anchor of anchors) await pool.state(store, anchor);
      assert.equal(store.asked.length, anchors.length);
    }
  });

  test("asks nobody without roots, where stores are programs, and on systems whose browsers read the system's", async () => {
    const windows = new AskedStore("windows");
    const file = new AskedStore("nss");
    const stores = [windows, file];
    await readAhead({ host: linux, pool: makePool().pool, stores, known: [] });
    assert.deepEqual(file.asked, []);
    await readAhead({ host: linux, pool: makePool().pool, stores, known: [ROOT] });
    assert.deepEqual([windows.asked.length, file.asked.length], [0, 1]);
    for (const os of ["windows", "darwin"] as const) {
      const host = createFakeHost({ os });
      await readAhead({ host, pool: makePool().pool, stores, known: [ROOT] });
    }
    assert.deepEqual([windows.asked.length, file.asked.length], [0, 1]);
  });

  test("never rejects; whoever asks afterwards gets the error", async () => {
    const { pool } = makePool();
    const locked = new AskedStore("nss", () => Promise.reject(UNREADABLE));
    const mad = new AskedStore("nss", () => Promise.reject(new TypeError("a mistake")));
    const good = new AskedStore("nss");
    await readAhead({ host: linux, pool, stores: [locked, mad, good], known: [ROOT] });
    const [anchor] = await pool.all([ROOT.der]);
    await rejectsWith("STORE_UNAVAILABLE", pool.state(locked, anchor!));
    await assert.rejects(pool.state(mad, anchor!), TypeError);
    assert.deepEqual(await pool.state(good, anchor!), { state: "trusted" });
    const broken = new AnchorPool(() => Promise.reject(UNREADABLE));
    await readAhead({ host: linux, pool: broken, stores: [good], known: [ROOT] });
    assert.equal(good.asked.length, 1);
    await rejectsWith("STORE_UNAVAILABLE", broken.all([ROOT.der]));
  });
});
