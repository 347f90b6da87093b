/** Windows, as Wine 10 shows it: real files, processes and certificate stores, another certutil.exe. */

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { environment } from "../support/environment.ts";
import { unconstrainedCa } from "../support/openssl.ts";
import { assertPlain, assertTrustCircle, outcomes, serveHttps } from "../support/trust_circle.ts";
import {
  sha1Of,
  WINDOWS_HOME,
  WINDOWS_UNKNOWN_ROOT,
  WINDOWS_USER,
  type WindowsMachine,
  withWindows,
} from "../support/wine.ts";

/** Exit codes as they come out of Wine: the lowest 8 bits. */
const NOT_FOUND = 0x80090011 & 0xff;
const ACCESS_DENIED = 0x80070005 & 0xff;
const INVALID_PARAMETER = 0x80070057 & 0xff;

environment("the tests' own certutil.exe on crypt32 (Wine)", (proves) => {
  proves("a client refuses, accepts what it added, and refuses what it deleted", async () => {
    await withWindows("own", async (windows) => {
      const ca = await unconstrainedCa("Somebody else");
      const { cert, key } = await ca.issue("IP:127.0.0.1");
      const server = await serveHttps(readFileSync(cert, "utf8"), readFileSync(key, "utf8"));
      try {
        const file = `${WINDOWS_HOME}\\their root.pem`;
        const out = `${WINDOWS_HOME}\\exported.der`;
        copyFileSync(ca.cert, windows.pathHere(file));
        const sha1 = await sha1Of(ca.cert);
        const certutil = async (expected: number, ...args: string[]) => {
          const { code, stdout } = await windows.run(["certutil.exe", ...args]);
          assert.equal(code, expected, `${args.join(" ")}: ${stdout}`);
        };
        const refused = async () => {
          const { ok, text } = await windows.connect(server.port);
          assert.equal(ok, false, text);
          assert.match(text, WINDOWS_UNKNOWN_ROOT);
        };
        await refused();
        await certutil(NOT_FOUND, "-user", "-store", "Root", sha1, out);
        assert.equal(existsSync(windows.pathHere(out)), false);
        await certutil(0, "-user", "-addstore", "-f", "Root", file);
        assert.equal((await windows.connect(server.port)).ok, true);
        await certutil(0, "-user", "-store", "Root", sha1, out);
        const exported = new X509Certificate(readFileSync(windows.pathHere(out)));
        assert.equal(
          exported.fingerprint256,
          new X509Certificate(readFileSync(ca.cert)).fingerprint256,
        );
        await certutil(NOT_FOUND, "-user", "-store", "Disallowed", sha1);
        await certutil(0, "-user", "-delstore", "Root", sha1);
        await certutil(NOT_FOUND, "-user", "-delstore", "Root", sha1);
        await refused();
      } finally {
        server.close();
      }
    });
  });

  proves("it refuses what it does not know, and a user the machine's store", async () => {
    await withWindows("own", async (windows) => {
      const hash = "0".repeat(40);
      const cases: readonly (readonly [number, readonly string[]])[] = [
        [INVALID_PARAMETER, []],
        [INVALID_PARAMETER, ["-user", "-addstore", "My", "x.pem"]],
        [INVALID_PARAMETER, ["-user", "-addstore", "Root"]],
        [INVALID_PARAMETER, ["-user", "-addstore", "-q", "Root", "x.pem"]],
        [INVALID_PARAMETER, ["-user", "-delstore", "Root", "a name"]],
        [INVALID_PARAMETER, ["-user", "-verifystore", "Root", hash]],
        [ACCESS_DENIED, ["-addstore", "-f", "Root", "x.pem"]],
        [ACCESS_DENIED, ["-delstore", "Root", hash]],
      ];
      for (const [expected, args] of cases) {
        assert.equal((await windows.run(["certutil.exe", ...args])).code, expected, args.join(" "));
      }
    });
  });
});

const circle = (windows: WindowsMachine) => ({
  localtls: windows.localtls,
  pathHere: windows.pathHere,
  connect: windows.connect,
  unknownRoot: WINDOWS_UNKNOWN_ROOT,
});

environment("Windows (Wine 10; certutil.exe is the tests' own)", (proves) => {
  proves(`the whole way of trust for the user "${WINDOWS_USER}"`, async () => {
    await withWindows("own", (windows) => assertTrustCircle(circle(windows)));
  });

  proves("Wine's certutil.exe answers 0 and does nothing: not confirmed, exit code 3", async () => {
    await withWindows("stub", async (windows) => {
      const result = await windows.localtls(["setup", "127.0.0.1", "--stores", "system", "--json"]);
      assertPlain(result);
      assert.equal(result.code, 3, result.stdout + result.stderr);
      assert.deepEqual(outcomes(result), ["failed"]);
      assert.match(result.json().stores[0].reason, /reported no error, and gave no certificate/);
      const status = await windows.localtls(["status", "--stores", "system", "--json"]);
      assert.equal(status.code, 1);
      assert.equal(outcomes(status).includes("trusted"), false);
    });
  });

  proves("uninstall --purge leaves no state behind", async () => {
    await withWindows("own", async (windows) => {
      const setup = await windows.localtls(["setup", "a.test", "--stores", "system", "--json"]);
      assert.equal(setup.code, 0, setup.stdout + setup.stderr);
      assert.deepEqual(outcomes(setup), ["added"]);
      const root = windows.pathHere(setup.json().ca.root);
      assert.ok(existsSync(root));
      assert.match(setup.json().ca.root, new RegExp(WINDOWS_USER));
      const gone = await windows.localtls(["uninstall", "--purge", "--json"]);
      assert.equal(gone.code, 0, gone.stdout + gone.stderr);
      assert.equal(existsSync(dirname(root)), false);
    });
  });

  proves(
    "a path of more than 260 characters is written to; one that is not there is refused",
    async () => {
      await withWindows("own", async (windows) => {
        const parts = ["a", "b"].map((letter) => letter.repeat(120));
        const directory = ["C:", "deep", ...parts, "c".repeat(40)].join("\\");
        assert.ok(directory.length > 260);
        mkdirSync(windows.pathHere(directory), { recursive: true });
        const result = await windows.localtls(["cert", "a.test", "--out", directory, "--json"]);
        assertPlain(result);
        assert.equal(result.code, 0, result.stdout + result.stderr);
        const { cert, key } = result.json().certificates[0];
        for (const path of [cert, key]) {
          assert.ok(path.length > 260);
          assert.match(readFileSync(windows.pathHere(path), "utf8"), /^-----BEGIN /);
        }
        const nowhere = ["C:", "nowhere", ...parts].join("\\");
        const refused = await windows.localtls(["cert", "b.test", "--out", nowhere, "--json"]);
        assertPlain(refused);
        assert.equal(refused.code, 1);
        assert.match(refused.json().error.message, /^Cannot [^\n]+ does not exist$/);
      });
    },
  );
});
