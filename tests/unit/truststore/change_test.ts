import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../src/errors.ts";
import { applyChange, type ChangeRequest, readStates } from "../../../src/truststore/change.ts";
import type { StoreState, TrustStore } from "../../../src/truststore/store.ts";
import { rootAnchor } from "./fixture_anchors.ts";

const ABSENT: StoreState = { state: "absent" };
const TRUSTED: StoreState = { state: "trusted" };

interface MemoryStore extends TrustStore {
  now: StoreState;
}

/** A store in memory; `rest` replaces what a test is about. */
function memoryStore(label: string, now: StoreState, rest: Partial<TrustStore> = {}): MemoryStore {
  const store: MemoryStore = {
    kind: "system",
    label,
    path: `/stores/${label}`,
    now,
    state: () => Promise.resolve(store.now),
    plan: () => Promise.resolve([{ type: "run", argv: ["/usr/sbin/refresh", "-x"], root: true }]),
    add: () => {
      store.now = TRUSTED;
      return Promise.resolve({ created: [`/made/${label}`] });
    },
    remove: () => {
      store.now = ABSENT;
      return Promise.resolve({});
    },
    ...rest,
  };
  return store;
}

async function apply(
  change: "add" | "remove",
  stores: TrustStore[],
  rest: Partial<ChangeRequest> = {},
) {
  const events: string[] = [];
  const results = await applyChange({
    change,
    stores,
    anchor: rootAnchor,
    createdBy: () => undefined,
    recordAdded: (store, created) => {
      events.push(`added ${store.label} [${created}]`);
      return Promise.resolve();
    },
    recordRemoved: (store) => {
      events.push(`removed ${store.label}`);
      return Promise.resolve();
    },
    onStore: (store) => events.push(`on ${store.label}`),
    warn: ({ code, message }) => events.push(`warn ${code} ${message}`),
    ...rest,
  });
  return { results, events, outcomes: results.map(({ outcome }) => outcome) };
}

function rejects(code: "NEEDS_ROOT" | "STORE_UNAVAILABLE" | "TOOL_FAILED", hints: string[] = []) {
  return () => Promise.reject(new LocalTlsError(code, `Cannot do it: ${code}`, { hints }));
}

describe("applyChange()", () => {
  test("adds, confirms, and writes the ledger before and after", async () => {
    const { results, events } = await apply("add", [memoryStore("a", ABSENT)]);
    assert.deepEqual(results, [
      { kind: "system", label: "a", path: "/stores/a", outcome: "added" },
    ]);
    assert.deepEqual(events, ["on a", "added a []", "added a [/made/a]"]);
  });

  test("renews a store that trusts already and wants it, and says nothing of it", async () => {
    const store = memoryStore("a", { ...TRUSTED, renewable: true }, {
      add: () => {
        store.now = TRUSTED;
        return Promise.resolve({});
      },
    });
    const { outcomes, events } = await apply("add", [store]);
    assert.deepEqual(outcomes, ["unchanged"]);
    assert.deepEqual(events, ["on a"]);
    assert.equal(store.now, TRUSTED);
  });

  test("warns where a store that trusts already cannot be renewed", async () => {
    const store = memoryStore("a", { ...TRUSTED, renewable: true }, {
      add: rejects("TOOL_FAILED"),
    });
    const { outcomes, events } = await apply("add", [store]);
    assert.deepEqual(outcomes, ["unchanged"]);
    assert.deepEqual(events, ["on a", "warn TOOL_FAILED Cannot do it: TOOL_FAILED"]);
  });

  test("fails where renewing has cost a store its trust", async () => {
    const store = memoryStore("a", { ...TRUSTED, renewable: true }, {
      add: () => {
        store.now = ABSENT;
        return Promise.resolve({});
      },
    });
    assert.deepEqual((await apply("add", [store])).outcomes, ["failed"]);
  });

  test("leaves a store that trusts already as it is, and out of the ledger", async () => {
    const store = memoryStore("a", TRUSTED, { add: () => assert.fail("added") });
    const { outcomes, events } = await apply("add", [store]);
    assert.deepEqual(outcomes, ["unchanged"]);
    assert.deepEqual(events, ["on a"]);
  });

  test("mends a broken store", async () => {
    const { outcomes } = await apply("add", [memoryStore("a", { state: "broken" })]);
    assert.deepEqual(outcomes, ["added"]);
  });

  test("does not believe an add() that does nothing, and names the tool", async () => {
    const store = memoryStore("a", ABSENT, { add: () => Promise.resolve({}) });
    const { results } = await apply("add", [store], {
      rootCommands: (steps) => Promise.resolve(steps.map((argv) => `doas ${argv.join(" ")}`)),
    });
    assert.equal(results[0]!.outcome, "failed");
    assert.equal(
      results[0]!.reason,
      'Cannot confirm the change: "refresh" reported no error, and the store does not trust the certificate',
    );
    assert.deepEqual(results[0]!.hints, ["doas /usr/sbin/refresh -x"]);
    const bare = await apply("add", [store]);
    assert.deepEqual(bare.results[0]!.hints, ["/usr/sbin/refresh -x"]);
  });

  test("does not believe a remove() that does nothing, and keeps the ledger entry", async () => {
    const store = memoryStore("a", TRUSTED, { remove: () => Promise.resolve({}) });
    const { results, events } = await apply("remove", [store]);
    assert.equal(results[0]!.outcome, "failed");
    assert.match(results[0]!.reason!, /the store still holds the certificate$/);
    assert.deepEqual(events, ["on a"]);
  });

  test("gives the reason and the hint of a store that is broken after the change", async () => {
    const store = memoryStore("a", ABSENT);
    store.add = () => {
      store.now = { state: "broken", reason: "no link", hint: "sudo refresh --fresh" };
      return Promise.resolve({});
    };
    const { results } = await apply("add", [store]);
    assert.match(results[0]!.reason!, /\(no link\)$/);
    assert.equal(results[0]!.hint, "sudo refresh --fresh");
  });

  test("goes on after every kind of failure", async () => {
    const { outcomes, results } = await apply("add", [
      memoryStore("root", ABSENT, { add: rejects("NEEDS_ROOT", ["sudo a", "sudo b"]) }),
      memoryStore("gone", ABSENT, { state: rejects("STORE_UNAVAILABLE", ["apt-get install x"]) }),
      memoryStore("none", ABSENT, { add: rejects("STORE_UNAVAILABLE") }),
      memoryStore("bad", ABSENT, { add: rejects("TOOL_FAILED") }),
      memoryStore("bug", ABSENT, { add: () => Promise.reject(new TypeError("x is undefined")) }),
      memoryStore("thrower", ABSENT, {
        state: () => {
          throw new Error("at once");
        },
      }),
      memoryStore("good", ABSENT),
    ]);
    assert.deepEqual(outcomes, [
      "needs-root",
      "unavailable",
      "unavailable",
      "failed",
      "failed",
      "failed",
      "added",
    ]);
    assert.equal(results[0]!.hint, "sudo a && sudo b");
    assert.deepEqual(results[0]!.hints, ["sudo a", "sudo b"]);
    assert.match(results[4]!.reason!, /x is undefined/);
    assert.equal("hint" in results[3]!, false);
  });

  test("joins hints of several lines by line ends, not as commands", async () => {
    const store = memoryStore("nix", ABSENT, { add: rejects("NEEDS_ROOT", ["a {\n}", "sudo b"]) });
    const { results } = await apply("add", [store]);
    assert.equal(results[0]!.hint, "a {\n}\nsudo b");
  });

  test("keeps the ledger entry of a store that needs root: the user may paste the commands", async () => {
    const store = memoryStore("a", ABSENT, { add: rejects("NEEDS_ROOT") });
    const { events } = await apply("add", [store]);
    assert.deepEqual(events, ["on a", "added a []"]);
  });

  test("changes nothing when the ledger cannot be written first", async () => {
    const store = memoryStore("a", ABSENT, { add: () => assert.fail("added") });
    const { results } = await apply("add", [store], {
      recordAdded: () => Promise.reject(new LocalTlsError("FILE_WRITE", "Cannot write: disk full")),
    });
    assert.equal(results[0]!.outcome, "failed");
    assert.equal(results[0]!.reason, "Cannot write: disk full");
  });

  test("a tool that fails after the work was done is a warning", async () => {
    const store = memoryStore("a", ABSENT);
    store.add = () => {
      store.now = TRUSTED;
      return Promise.reject(new LocalTlsError("TOOL_FAILED", "Cannot run the hook"));
    };
    const { outcomes, events } = await apply("add", [store]);
    assert.deepEqual(outcomes, ["added"]);
    assert.deepEqual(events.at(-1), "warn TOOL_FAILED Cannot run the hook");
  });

  test("a store that another store's change fed is added, recorded and not touched again", async () => {
    const java = memoryStore("java", ABSENT, { add: () => assert.fail("added twice") });
    const system = memoryStore("system", ABSENT);
    system.add = () => {
      system.now = java.now = TRUSTED;
      return Promise.resolve({});
    };
    const { outcomes, events } = await apply("add", [system, java]);
    assert.deepEqual(outcomes, ["added", "added"]);
    assert.ok(events.includes("added java []"));
  });

  test("removes with what the ledger says was made, and closes the entry", async () => {
    const given: (readonly string[])[] = [];
    const store = memoryStore("a", TRUSTED);
    const remove = store.remove;
    store.remove = (anchor, created) => {
      given.push(created);
      return remove(anchor, created);
    };
    const { outcomes, events } = await apply("remove", [store], { createdBy: () => ["/made"] });
    assert.deepEqual(outcomes, ["removed"]);
    assert.deepEqual(given, [["/made"]]);
    assert.deepEqual(events, ["on a", "removed a"]);
  });

  test("a store of the ledger that holds nothing any more is absent, and its entry closed", async () => {
    const store = memoryStore("a", ABSENT, { remove: () => assert.fail("removed") });
    const { outcomes, events } = await apply("remove", [store], { createdBy: () => [] });
    assert.deepEqual(outcomes, ["absent"]);
    assert.deepEqual(events, ["on a", "removed a"]);
  });

  test("a store that never had it is absent, and the ledger stays as it is", async () => {
    const { outcomes, events } = await apply("remove", [memoryStore("a", ABSENT)]);
    assert.deepEqual(outcomes, ["absent"]);
    assert.deepEqual(events, ["on a"]);
  });

  test("a ledger that cannot be written does not undo a removal", async () => {
    const { outcomes, events } = await apply("remove", [memoryStore("a", TRUSTED)], {
      recordRemoved: () => Promise.reject(new LocalTlsError("FILE_WRITE", "Cannot write")),
    });
    assert.deepEqual(outcomes, ["removed"]);
    assert.deepEqual(events, ["on a", "warn FILE_WRITE Cannot write"]);
  });

  test("a store that cannot be read after the change is not taken for changed", async () => {
    const store = memoryStore("a", ABSENT);
    let looks = 0;
    store.state = () =>
      ++looks > 2 ? rejects("STORE_UNAVAILABLE")() as Promise<never> : Promise.resolve(ABSENT);
    const { outcomes } = await apply("add", [store]);
    assert.deepEqual(outcomes, ["failed"]);
  });
});

test("readStates() tells trusted, untrusted, unavailable, and changes nothing", async () => {
  const results = await readStates([
    memoryStore("a", TRUSTED),
    memoryStore("b", ABSENT),
    memoryStore("c", { state: "broken", reason: "no link", hint: "sudo x" }),
    memoryStore("d", ABSENT, { state: rejects("STORE_UNAVAILABLE", ["apk add x"]) }),
    memoryStore("e", ABSENT, { state: rejects("TOOL_FAILED") }),
  ], rootAnchor);
  assert.deepEqual(results.map(({ outcome, reason, hint }) => [outcome, reason, hint]), [
    ["trusted", undefined, undefined],
    ["untrusted", undefined, undefined],
    ["untrusted", "no link", "sudo x"],
    ["unavailable", "Cannot do it: STORE_UNAVAILABLE", "apk add x"],
    ["failed", "Cannot do it: TOOL_FAILED", undefined],
  ]);
});
