/** Validating paths, and PKCS#12. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileProgram } from "../compiled.ts";
import { measure } from "../measure.ts";
import type { Part } from "../part.ts";
import { LOCALTLS } from "../place.ts";
import type { LoopResult } from "../programs/loop.ts";

const PATHS = "paths of 3 certificates, one core";
const PFX = "localtls cert --pkcs12";
const MKCERT_PFX = "mkcert -ecdsa -pkcs12";

export const engine: Part = {
  title: "Validating paths, PKCS#12",
  budget: 30,
  async measure(run) {
    const place = run.place("engine");
    const paths = place.command(["taskset", "-c", "0", await compileProgram("path_loop"), "2000"]);
    await run.rates("paths/s", [{
      name: PATHS,
      run() {
        const { count, cpu }: LoopResult = JSON.parse(measure(paths).stdout);
        // By the processor's time, not the clock's: the core is not ours alone.
        return { rate: count / cpu * 1000, cpu: cpu / count * 1000 };
      },
    }], { rounds: 7, share: 0.5 });
    run.judge(PATHS, { atLeast: 3000 });

    const password = join(place.home, "password");
    writeFileSync(password, "changeit\n", { mode: 0o600 });
    const pkcs12 = ["--pkcs12", "--password-file", password];
    const env = { TRUST_STORES: "none" };
    await run.race([
      { name: PFX, command: place.command([LOCALTLS, "cert", ...pkcs12, "app.test"]) },
      {
        name: MKCERT_PFX,
        command: place.command(["mkcert", "-ecdsa", "-pkcs12", "app.test"], { env }),
      },
    ], { rounds: 21 });
    run.compare(PFX, MKCERT_PFX);
    run.note(
      "mkcert's PKCS#12 has RC2 of 40 bits and a MAC of one iteration, which OpenSSL 3 refuses; that of localtls has " +
        "AES-256 and 10,000 iterations. mkcert's trust checks are off here.",
    );
  },
};
