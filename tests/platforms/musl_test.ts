/** Linux with musl in place of the GNU C library: what Alpine has. x86-64, and arm64 emulated. */

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dynamicSymbols, neededLibraries } from "../support/elf.ts";
import { environment } from "../support/environment.ts";
import { foreignRoot } from "../support/foreign_root.ts";
import { type Machine, platformProgram, withMachine } from "../support/machine.ts";
import { mustRun, run } from "../support/processes.ts";
import {
  assertPlain,
  assertTrustCircle,
  OPENSSL_UNKNOWN_ROOT,
  opensslClient,
  outcomes,
} from "../support/trust_circle.ts";

const BUNDLE = "etc/ssl/certs/ca-certificates.crt";
const EMULATOR = "/usr/bin/qemu-aarch64-static";

const CASES = [
  { name: "Linux with musl, x86-64", machine: "x86_64", program: "localtls-linux-x64-musl" },
  {
    name: "Linux with musl, arm64 (emulated)",
    machine: "aarch64",
    program: "localtls-linux-arm64-musl",
    prefix: [EMULATOR],
    files: { [EMULATOR]: EMULATOR },
  },
];

for (const { name, machine, program, ...more } of CASES) {
  const onMusl = (body: (machine: Machine) => Promise<void>) =>
    withMachine("musl", body, { subdirectory: `srv/${machine}`, program, ...more });

  environment(name, (proves) => {
    proves("without a bundle: cannot be changed, with the command that helps", async () => {
      await onMusl(async (alpine) => {
        const result = await alpine.localtls(["setup", "a.test", "--stores", "system", "--json"]);
        assertPlain(result);
        assert.equal(result.code, 3, result.stdout + result.stderr);
        assert.deepEqual(outcomes(result), ["unavailable"]);
        assert.equal(result.json().stores[0].hint, "apk add ca-certificates");
      });
    });

    proves("the whole way of trust in a bare bundle, which is as it was in the end", async () => {
      await onMusl(async (alpine) => {
        const bundle = join(alpine.root, BUNDLE);
        const foreign = await foreignRoot();
        writeFileSync(bundle, foreign);
        await assertTrustCircle({
          localtls: (args) => alpine.localtls(args),
          pathHere: (path) => join(alpine.root, path),
          async connect(port) {
            const roots = ["-CAfile", bundle, "-no-CApath", "-no-CAstore"];
            const { code, stdout, stderr } = await run(opensslClient(port, roots));
            return { ok: code === 0, text: stdout + stderr };
          },
          unknownRoot: OPENSSL_UNKNOWN_ROOT,
        });
        assert.equal(readFileSync(bundle, "utf8"), foreign);
      });
    });

    proves("needs libstdc++ and says so", async () => {
      await onMusl(async (alpine) => {
        rmSync(join(alpine.root, "usr/lib/libstdc++.so.6"));
        const result = await alpine.localtls(["version"]);
        assert.equal(result.code, 127);
        assert.match(result.stderr, /Error loading shared library libstdc\+\+\.so\.6/);
      });
    });

    proves("its file wants musl and libstdc++, and not one symbol that those lack", async () => {
      await onMusl(async (alpine) => {
        const file = platformProgram(program);
        assert.deepEqual(
          await neededLibraries(file),
          [`libc.musl-${machine}.so.1`, "libstdc++.so.6"],
        );
        const provided = new Set<string>();
        const lib = join(alpine.root, "usr/lib");
        const libraries = [
          join(alpine.root, `lib/ld-musl-${machine}.so.1`),
          join(lib, "libstdc++.so.6"),
          ...(await mustRun(["sh", "-c", `ls ${lib}/libgcc_s*`])).trim().split("\n"),
        ];
        for (const library of libraries) {
          for (const { name, defined } of await dynamicSymbols(library)) {
            if (defined) provided.add(name);
          }
        }
        const wanted = (await dynamicSymbols(file)).filter(({ defined, weak }) =>
          !defined && !weak
        );
        assert.ok(wanted.length > 100, `only ${wanted.length} symbols were read`);
        assert.deepEqual(wanted.map(({ name }) => name).filter((name) => !provided.has(name)), []);
      });
    });
  });
}
