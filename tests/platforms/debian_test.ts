/** Debian 11 and 12 as debootstrap makes them: nothing is installed that is not essential. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "../support/environment.ts";
import { foreignRoot } from "../support/foreign_root.ts";
import { type Machine, withMachine } from "../support/machine.ts";
import { mustRun, run } from "../support/processes.ts";
import {
  assertPlain,
  assertTrustCircle,
  OPENSSL_UNKNOWN_ROOT,
  opensslClient,
  outcomes,
  serveHttps,
} from "../support/trust_circle.ts";

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** An archive of `share`, unpacked in /opt/package, and a certificate of its CA: its cert, its key. */
async function layPackage(machine: Machine): Promise<readonly [cert: string, key: string]> {
  // Issued, and not trusted.
  const issued = (await machine.localtls(["cert", "127.0.0.1", "--json"])).json().certificates[0];
  const shared = await machine.localtls(["share", "--out", "/opt/package.zip", "--json"]);
  assert.equal(shared.code, 0, shared.stdout + shared.stderr);
  const place = join(machine.root, "opt");
  await mustRun(["python3", "-m", "zipfile", "-e", join(place, "package.zip"), place]);
  const directory = `localtls-${shared.json().sha256.slice(0, 8)}`;
  renameSync(join(place, directory), join(place, "package"));
  const read = (path: string) => readFileSync(join(machine.root, path), "utf8");
  return [read(issued.cert), read(issued.key)];
}

for (const [suite, version] of [["bullseye", 11], ["bookworm", 12]] as const) {
  environment(`Debian ${version} (${suite}), minimal`, (proves) => {
    proves(
      "bare: certificates are made, setup is done in part and says what to install",
      async () => {
        await withMachine(suite, async (bare) => {
          for (const missing of ["openssl", "certutil", "update-ca-certificates"]) {
            assert.notEqual(
              (await bare.run(["sh", "-c", `command -v ${missing}`])).code,
              0,
              missing,
            );
          }
          const result = await bare.localtls(["setup", "127.0.0.1", "--json"]);
          assertPlain(result);
          assert.equal(result.code, 3, result.stdout + result.stderr);
          const { stores, certificates, ok } = result.json();
          assert.equal(ok, false);
          const [system] = stores;
          assert.deepEqual([system.kind, system.outcome], ["system", "unavailable"]);
          assert.equal(system.hint, "apt-get install ca-certificates");
          assert.equal(existsSync(join(bare.root, BUNDLE)), false);

          const cert = join(bare.root, certificates[0].cert);
          assert.equal(statSync(join(bare.root, certificates[0].key)).mode & 0o777, 0o600);
          const root = join(bare.root, result.json().ca.root);
          const verify = (ca: string) =>
            run(["openssl", "verify", "-CAfile", ca, "-no-CApath", "-untrusted", cert, cert]);
          assert.equal((await verify(root)).code, 0);
          assert.notEqual((await verify(BUNDLE)).code, 0, "this machine's own roots accept it");
          const gone = await bare.localtls(["uninstall", "--purge"]);
          assert.equal(gone.code, 0, gone.stderr);
          assert.equal(existsSync(root), false);
        });
      },
    );

    proves("bare: a question without a terminal ends in one sentence", async () => {
      await withMachine(suite, async (bare) => {
        writeFileSync(join(bare.root, "root/theirs.pem"), await foreignRoot());
        const result = await bare.localtls(["trust", "theirs.pem", "--json"]);
        assertPlain(result);
        assert.equal(result.code, 1);
        assert.equal(result.json().error.code, "CONFIRMATION_NEEDED", result.stdout);
      });
    });

    proves("bare: install.sh of an archive says what is missing, and changes nothing", async () => {
      await withMachine(suite, async (bare) => {
        await layPackage(bare);
        for (const script of ["install.sh", "uninstall.sh"]) {
          const { code, stdout, stderr } = await bare.run([
            "sh",
            `/opt/package/${script}`,
            "--yes",
          ]);
          assert.equal(code, 1, stdout);
          assert.equal(
            stderr,
            "localtls: error: there is no system store on this machine: install the package ca-certificates first\n",
          );
        }
        assert.equal(existsSync(join(bare.root, BUNDLE)), false);
        assert.equal(existsSync(join(bare.root, "usr/local/share/ca-certificates")), false);
      });
    });

    proves(
      "with ca-certificates: install.sh and uninstall.sh, and the bundle as it was",
      async () => {
        await withMachine(`${suite}_trust`, async (debian) => {
          const before = readFileSync(join(debian.root, BUNDLE));
          const server = await serveHttps(...await layPackage(debian));
          const connects = async () => {
            const { code, stdout, stderr } = await debian.run(opensslClient(server.port));
            if (code !== 0) assert.match(stdout + stderr, OPENSSL_UNKNOWN_ROOT);
            return code === 0;
          };
          const script = async (name: string, ...words: string[]) => {
            const result = await debian.run(["sh", `/opt/package/${name}`, ...words]);
            assert.equal(result.code, 0, result.stdout + result.stderr);
          };
          try {
            assert.equal(await connects(), false);
            await script("install.sh", "--yes");
            assert.equal(await connects(), true);
            await script("uninstall.sh");
            assert.equal(await connects(), false);
          } finally {
            server.close();
          }
          assert.deepEqual(readFileSync(join(debian.root, BUNDLE)), before);
        });
      },
    );

    proves("with ca-certificates: the whole way of trust, and the bundle as it was", async () => {
      await withMachine(`${suite}_trust`, async (debian) => {
        const before = readFileSync(join(debian.root, BUNDLE));
        await assertTrustCircle({
          localtls: (args) => debian.localtls(args),
          pathHere: (path) => join(debian.root, path),
          async connect(port) {
            const { code, stdout, stderr } = await debian.run(opensslClient(port));
            return { ok: code === 0, text: stdout + stderr };
          },
          unknownRoot: OPENSSL_UNKNOWN_ROOT,
        });
        assert.deepEqual(readFileSync(join(debian.root, BUNDLE)), before);
      });
    });

    proves(
      "an ordinary user: needs root, with the commands, and trusted once root has run them",
      async () => {
        await withMachine(`${suite}_trust`, async (debian) => {
          const home = "/var/tmp/home";
          await debian.run(["install", "-d", "-o", "nobody", "-m", "700", home]);
          const env = { PATH: "/usr/bin:/bin", HOME: home };
          const user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"];
          const words = ["/usr/bin/localtls", "setup", "a.test", "--stores", "system", "--json"];
          const asUser = () => debian.run([...user, ...words], { env, cwd: home });
          const first = JSON.parse((await asUser()).stdout);
          assert.equal(first.stores[0].outcome, "needs-root");
          const { code } = await debian.run([
            "sh",
            "-c",
            first.stores[0].hint.replaceAll("sudo ", ""),
          ]);
          assert.equal(code, 0);
          const second = await asUser();
          assert.equal(second.code, 0, second.stdout);
          assert.equal(JSON.parse(second.stdout).stores[0].outcome, "unchanged");
        });
      },
    );
  });
}

const STATUS = ["status", "--stores", "system", "--json"];

environment("Debian 12 with something missing", (proves) => {
  const DEBIAN = "bookworm_trust";
  const setup = ["setup", "a.test", "--stores", "system", "--json"];
  const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

  proves("no HOME: the account's own is used", async () => {
    await withMachine(DEBIAN, async (debian) => {
      const result = await debian.localtls(setup, { env: { PATH } });
      assertPlain(result);
      assert.equal(result.code, 0, result.stdout + result.stderr);
      assert.match(result.json().ca.root, /^\/root\//);
    });
  });

  proves("no environment at all, PATH neither", async () => {
    await withMachine(DEBIAN, async (debian) => {
      const result = await debian.localtls(setup, { env: {} });
      assertPlain(result);
      assert.equal(result.code, 0, result.stdout + result.stderr);
      assert.deepEqual(outcomes(result), ["added"]);
      assert.deepEqual(outcomes(await debian.localtls(STATUS)), ["trusted"]);
    });
  });

  proves("no /tmp", async () => {
    await withMachine(DEBIAN, async (debian) => {
      await debian.run(["rm", "-rf", "/tmp"]);
      const result = await debian.localtls(setup, { env: { PATH, HOME: "/root", TMPDIR: "/tmp" } });
      assertPlain(result);
      // Debian's own update-ca-certificates cannot do without: it says so, and nothing is believed.
      assert.equal(result.code, 3, result.stdout + result.stderr);
      assert.deepEqual(outcomes(result), ["failed"]);
      assert.equal((await debian.localtls(["cert", "b.test"])).code, 0);
    });
  });

  proves(
    "a read-only root: one sentence, and in part with a HOME that can be written",
    async () => {
      await withMachine(DEBIAN, async (debian) => {
        debian.mount("-t", "tmpfs", "home", "/mnt");
        debian.mount("-o", "remount,ro", "/");
        const nowhere = await debian.localtls(setup);
        assertPlain(nowhere);
        assert.equal(nowhere.code, 1);
        assert.match(nowhere.json().error.message, /^Cannot [^\n]+Read-only file system$/);
        const part = await debian.localtls(setup, { env: { PATH, HOME: "/mnt" }, cwd: "/mnt" });
        assertPlain(part);
        assert.equal(part.code, 3, part.stdout + part.stderr);
        assert.deepEqual(outcomes(part), ["failed"]);
        assert.match(part.json().stores[0].reason, /Read-only file system/);
        assert.ok(existsSync(join(debian.root, "mnt/a.test.pem")));
      });
    },
  );

  proves(
    "no /proc: the runtime ends with 134 before localtls begins, and nothing is written",
    async () => {
      await withMachine(DEBIAN, async (debian) => {
        assert.equal((await debian.localtls(["version"])).code, 0);
        debian.unmount("/proc");
        const result = await debian.localtls(setup);
        assert.equal(result.code, 134);
        assert.match(result.stderr, /abort\(\) called/);
        assert.equal(existsSync(join(debian.root, "root/.local")), false);
        debian.mount("-t", "proc", "proc", "/proc");
        assert.equal((await debian.localtls(setup)).code, 0);
      });
    },
  );
});
