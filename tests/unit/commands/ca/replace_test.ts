import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cert } from "../../../../src/commands/cert.ts";
import { replaceAuthority } from "../../../../src/commands/ca/replace.ts";
import { status } from "../../../../src/commands/status.ts";
import { type CommandContext, openWorkplace } from "../../../../src/commands/context.ts";
import { decodePem } from "../../../../src/der/pem.ts";
import { LocalTlsError } from "../../../../src/errors.ts";
import { extendPermitted } from "../../../../src/pki/permitting.ts";
import { parseCertificate } from "../../../../src/x509/certificate.ts";
import { importPkcs8, keyBelongsTo } from "../../../../src/x509/keys.ts";
import { verifySignature } from "../../../../src/x509/signature.ts";
import { createFakeHost, type FakeHost } from "../../../support/fake_host.ts";
import { FakeStore } from "../../../support/fake_store.ts";

const STATE = "/home/ann/.local/share/localtls";
const CERTIFICATES = ["a.test", "b.test+1"].map((base) => `/home/ann/${base}`);

interface Machine {
  readonly host: FakeHost;
  readonly context: CommandContext;
  readonly stores: FakeStore[];
  readonly warnings: string[];
  /** SHA-256 of the root before. */
  readonly root: string;
}

async function makeMachine(): Promise<Machine> {
  const host = createFakeHost();
  const warnings: string[] = [];
  const context: CommandContext = {
    host,
    options: { json: false, quiet: true, yes: false, dryRun: false },
    program: "localtls",
    report: (event) => {
      if (event.type === "warning") warnings.push(`${event.code}: ${event.message}`);
    },
  };
  await cert(context, { names: ["a.test"] } as never);
  await cert(context, { names: ["b.test", "10.0.0.1"] } as never);
  const { state } = await openWorkplace(context);
  const root = (await state.loadAuthority())!.rootSha256;
  const stores = ["one", "two", "three"].map((label) => new FakeStore(label));
  for (const store of stores.slice(0, 2)) store.trusted.add(root);
  warnings.length = 0;
  return { host, context, stores, warnings, root };
}

async function replace({ context, stores }: Machine) {
  const workplace = await openWorkplace(context);
  const held = await workplace.state.loadAuthority();
  assert.ok(held !== undefined);
  return await replaceAuthority(context, workplace, stores, held, {
    command: "ca permit",
    words: ["example.com"],
    choose: ({ permitted }) => extendPermitted(permitted, ["example.com"]),
  });
}

async function contents(host: FakeHost): Promise<Map<string, string>> {
  const paths = [
    ...["root.pem", "issuer.pem", "issuer-key.pem"].map((name) => `${STATE}/${name}`),
    ...CERTIFICATES.flatMap((base) => [`${base}.pem`, `${base}-key.pem`]),
  ];
  const found = new Map<string, string>();
  for (const path of paths) {
    found.set(path, new TextDecoder().decode(await host.files.read(path)));
  }
  return found;
}

/** Everything fits together: a CA, certificates of it with their keys, stores that trust it. @returns the root. */
async function assertWhole({ host, context, stores }: Machine): Promise<string> {
  const { state } = await openWorkplace(context);
  const authority = await state.loadAuthority();
  assert.ok(authority !== undefined);
  for (const base of CERTIFICATES) {
    const [leaf, issuer] = decodePem(
      new TextDecoder().decode(await host.files.read(`${base}.pem`)),
    );
    const [key] = decodePem(new TextDecoder().decode(await host.files.read(`${base}-key.pem`)));
    assert.deepEqual(issuer?.der, authority.issuer.der, `${base} is of another CA`);
    const certificate = parseCertificate(leaf!.der);
    assert.ok(await verifySignature(certificate, authority.issuer.spki));
    assert.ok(await keyBelongsTo(await importPkcs8(key!.der), certificate));
  }
  for (const store of stores.slice(0, 2)) {
    assert.ok(store.trusted.has(authority.rootSha256), `${store.label} does not trust the CA`);
  }
  assert.equal(stores[2]!.trusted.size, 0, "a store that never trusted the CA was changed");
  return authority.rootSha256;
}

async function leftovers(host: FakeHost): Promise<string[]> {
  const names = [...await host.files.list("/home/ann"), ...await host.files.list(STATE)];
  return names.filter((name) => /^\.(?:localtls-|replacing|new-|creating)/.test(name));
}

describe("replaceAuthority()", () => {
  test("moves the trust, keeps the keys, and issues every certificate again in its place", async () => {
    const machine = await makeMachine();
    const before = await contents(machine.host);
    const { document, exitCode } = await replace(machine);
    assert.equal(exitCode, 0);
    const root = await assertWhole(machine);
    assert.notEqual(root, machine.root);
    assert.equal(document.ca.sha256, root);
    assert.equal(document.former, machine.root);
    assert.ok(document.ca.permitted.includes("example.com"));
    assert.deepEqual(document.stores.map(({ label }) => label), ["one", "two"]);
    assert.deepEqual(document.formerStores.map(({ outcome }) => outcome), ["removed", "removed"]);
    const after = await contents(machine.host);
    for (const base of CERTIFICATES) {
      assert.equal(after.get(`${base}-key.pem`), before.get(`${base}-key.pem`));
      assert.notEqual(after.get(`${base}.pem`), before.get(`${base}.pem`));
    }
    for (const store of machine.stores) assert.equal(store.trusted.has(machine.root), false);
    assert.deepEqual(await leftovers(machine.host), []);
    assert.equal(machine.host.disk.get(`${STATE}/issuer-key.pem`)?.mode, 0o600);
    const { document: seen } = await status(machine.context, { stores: "java" });
    assert.deepEqual(seen.certificates.map(({ state }) => state), ["valid", "valid"]);
  });

  test("leaves files alone that are not what the ledger says", async () => {
    const machine = await makeMachine();
    await machine.host.files.write("/home/ann/a.test.pem", "mine now");
    const { document } = await replace(machine);
    assert.deepEqual(document.certificates.map(({ cert: path }) => path), [
      "/home/ann/b.test+1.pem",
    ]);
    const kept = await machine.host.files.read("/home/ann/a.test.pem");
    assert.equal(new TextDecoder().decode(kept), "mine now");
  });

  test("refuses a certificate behind a symbolic link before the first change", async () => {
    const machine = await makeMachine();
    const { host } = machine;
    await host.files.rename("/home/ann/a.test.pem", "/home/ann/elsewhere.pem");
    host.disk.put("/home/ann/a.test.pem", { type: "symlink", target: "/home/ann/elsewhere.pem" });
    const log = host.log.length;
    await assert.rejects(replace(machine), { code: "FILE_UNSAFE" });
    assert.equal(host.log.length, log);
  });

  test("keeps the mode that a certificate was given", async () => {
    const machine = await makeMachine();
    machine.host.disk.get("/home/ann/a.test.pem")!.mode = 0o640;
    await replace(machine);
    assert.equal(machine.host.disk.get("/home/ann/a.test.pem")?.mode, 0o640);
  });
});

describe("a store that does not take the new root", () => {
  const refusals = [
    ["NEEDS_ROOT", "NEEDS_ROOT"],
    ["STORE_LOCKED", "TRUST_NOT_CONFIRMED"],
    ["STORE_UNAVAILABLE", "STORE_UNAVAILABLE"],
  ] as const;
  for (const [thrown, code] of refusals) {
    for (const index of [0, 1]) {
      test(`takes everything back: ${thrown} from store ${index + 1}`, async () => {
        const machine = await makeMachine();
        const before = await contents(machine.host);
        machine.stores[index]!.refuse = (change) => {
          if (change === "add") throw new LocalTlsError(thrown, "Cannot add: told so");
        };
        await assert.rejects(replace(machine), (error: LocalTlsError) => {
          assert.equal(error.code, code);
          assert.match(error.message, new RegExp(machine.stores[index]!.label));
          if (thrown === "NEEDS_ROOT") {
            assert.deepEqual(error.hints, ["sudo localtls ca permit example.com"]);
          }
          return true;
        });
        assert.equal(await assertWhole(machine), machine.root);
        assert.deepEqual(await contents(machine.host), before);
        for (const store of machine.stores.slice(0, 2)) {
          assert.deepEqual([...store.trusted], [machine.root]);
        }
        assert.deepEqual(await leftovers(machine.host), []);
        assert.deepEqual(await machine.host.files.list(`${STATE}/anchors`), [
          `${machine.root}.pem`,
        ]);
      });
    }
  }

  test("that cannot be read, and is noted as trusting, stops it before the first change", async () => {
    const machine = await makeMachine();
    await replace(machine); // now both are in the ledger
    const before = await contents(machine.host);
    machine.stores[0]!.unreadable = new LocalTlsError("STORE_UNAVAILABLE", "Cannot read: locked");
    await assert.rejects(replace(machine), { code: "STORE_UNAVAILABLE" });
    assert.deepEqual(await contents(machine.host), before);
    assert.equal(machine.stores[1]!.trusted.size, 1);
  });
});

describe("what cannot be seen stops it before the first change", () => {
  test("stores of the ledger whose kind cannot be searched", async () => {
    const machine = await makeMachine();
    await replace(machine); // now both are in the ledger
    const before = await contents(machine.host);
    const lost = new FakeStore("nss stores");
    lost.unreadable = new LocalTlsError(
      "STORE_UNAVAILABLE",
      "Cannot look for nss stores: no memory",
    );
    const blind = { ...machine, stores: [lost] };
    await assert.rejects(replace(blind), { code: "STORE_UNAVAILABLE" });
    assert.deepEqual(await contents(machine.host), before);
  });

  test("a certificate that is there and cannot be read", async () => {
    const machine = await makeMachine();
    const before = machine.host.log.length;
    machine.host.disk.get("/home/ann/a.test.pem")!.uid = 0;
    machine.host.disk.get("/home/ann/a.test.pem")!.mode = 0o600;
    await assert.rejects(replace(machine), { code: "FILE_READ" });
    assert.equal(machine.host.log.length, before);
  });
});

describe("a store that does not give the former root back", () => {
  test("is told with exit code 3, and stays in the ledger for uninstall", async () => {
    const machine = await makeMachine();
    machine.stores[1]!.refuse = (change) => {
      if (change === "remove") throw new LocalTlsError("NEEDS_ROOT", "Cannot remove: told so");
    };
    const { document, exitCode } = await replace(machine);
    assert.equal(exitCode, 3);
    assert.equal(document.ok, false);
    assert.deepEqual(document.formerStores.map(({ outcome }) => outcome), [
      "removed",
      "needs-root",
    ]);
    assert.notEqual(await assertWhole(machine), machine.root);
    assert.ok(machine.stores[1]!.trusted.has(machine.root));
    const { document: seen } = await status(machine.context, { stores: "java" });
    const todo = seen.todo.map(({ command }) => command);
    assert.ok(todo.includes(`localtls untrust ${machine.root}`), todo.join("\n"));
  });
});

/** Changes of files that a whole replacement makes: counted, not assumed. */
async function countChanges(): Promise<number> {
  const machine = await makeMachine();
  let changes = 0;
  machine.host.beforeChange = () => {
    changes++;
  };
  await replace(machine);
  return changes;
}

describe("a file that cannot be written", () => {
  for (
    const [name, isHit] of [
      ["once", (n: number, step: number) => n === step],
      ["from then on", (n: number, step: number) => n >= step],
    ] as const
  ) {
    test(`at any step, ${name}, leaves everything old or everything new`, async () => {
      const steps = await countChanges();
      assert.ok(steps > 30, `${steps} changes`);
      const seen = { before: 0, after: 0 };
      for (let step = 1; step <= steps; step++) {
        const machine = await makeMachine();
        const before = await contents(machine.host);
        let changes = 0;
        machine.host.beforeChange = (_change, path) => {
          if (isHit(++changes, step)) {
            throw new LocalTlsError("FILE_WRITE", `Cannot write "${path}": no space`);
          }
        };
        const error = await replace(machine).then(() => undefined, (thrown) => thrown);
        machine.host.beforeChange = () => {};
        if (error !== undefined) {
          assert.match(
            error.code,
            /^(?:FILE_WRITE|TRUST_NOT_CONFIRMED)$/,
            `step ${step}: ${error}`,
          );
        }
        const root = await assertWhole(machine);
        if (root === machine.root) {
          seen.before++;
          assert.ok(error !== undefined, `step ${step}: success was told`);
          assert.deepEqual(await contents(machine.host), before, `step ${step}`);
        } else seen.after++;
        // What is left is swept by the next change, which works.
        await replace(machine);
        await assertWhole(machine);
        assert.deepEqual(await leftovers(machine.host), [], `step ${step}`);
        for (const store of machine.stores.slice(0, 2)) {
          assert.ok(!store.trusted.has(machine.root), `step ${step}: the first root is trusted`);
        }
      }
      assert.ok(seen.before > 15 && seen.after > 3, JSON.stringify(seen));
    });
  }
});

describe("a process that is killed", () => {
  test("at any step leaves everything old or everything new", async () => {
    const steps = await countChanges();
    const seen = { before: 0, after: 0, interrupted: 0 };
    for (let step = 1; step <= steps; step++) {
      const machine = await makeMachine();
      let changes = 0;
      let isDead = false;
      machine.host.beforeChange = () => {
        if (++changes >= step) isDead = true;
        if (isDead) throw new Error("killed");
      };
      // A dead process changes no store either.
      for (const store of machine.stores) {
        store.refuse = () => {
          if (isDead) throw new Error("killed");
        };
      }
      await replace(machine).catch((error) => assert.match(String(error), /killed|for now/));
      machine.host.beforeChange = () => {};
      for (const store of machine.stores) store.refuse = () => {};
      const { document } = await status(machine.context, { stores: "java" });
      assert.deepEqual(document.certificates.map(({ state }) => state), ["valid", "valid"]);
      if (document.todo.some(({ command }) => command === "localtls ca permit example.com")) {
        seen.interrupted++;
      }
      const root = await assertWhole(machine);
      if (root === machine.root) seen.before++;
      else seen.after++;
      await replace(machine);
      await assertWhole(machine);
      assert.deepEqual(await leftovers(machine.host), [], `step ${step}`);
    }
    assert.ok(seen.before > 15 && seen.after > 5, JSON.stringify(seen));
    assert.ok(seen.interrupted > 3, JSON.stringify(seen));
  });
});
