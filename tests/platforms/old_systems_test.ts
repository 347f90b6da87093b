/** Systems that are too old to be had: what the files ask of their C library. */

import assert from "node:assert/strict";
import { dynamicSymbols, neededLibraries, wantedGlibc } from "../support/elf.ts";
import { environment } from "../support/environment.ts";
import { platformProgram } from "../support/machine.ts";
import { findProgram } from "../support/processes.ts";

environment("systems with an old GNU C library (files read, not run)", (proves) => {
  for (const name of ["localtls-linux-x64", "localtls-linux-arm64"]) {
    proves(`${name} wants no symbol newer than glibc 2.17 (RHEL 7), and no libstdc++`, async () => {
      const file = platformProgram(name);
      const [newest = ""] = (await wantedGlibc(file)).slice(-1);
      assert.match(newest, /^2\.\d+/);
      assert.ok(Number(newest.split(".")[1]) <= 17, `wants glibc ${newest}`);
      const others = (await neededLibraries(file)).filter((library) =>
        !/^(ld-linux|lib(c|m|dl|pthread)\.so)/.test(library)
      );
      assert.deepEqual(others, []);
      assert.ok((await dynamicSymbols(file)).every(({ version }) => !version.includes("GLIBCXX")));
    });
  }

  proves("the reader does see a newer one: in a program of this machine", async () => {
    const [newest = ""] = (await wantedGlibc(findProgram("openssl")!)).slice(-1);
    assert.ok(Number(newest.split(".")[1]) > 17, `openssl wants glibc ${newest}`);
  });
});
