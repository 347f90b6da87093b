/** The executable for this machine, on this machine. */

import { environment } from "../support/environment.ts";
import { programInSandbox } from "../support/emulated.ts";
import { LOCALTLS } from "../support/localtls.ts";
import { assertTrustCircle } from "../support/trust_circle.ts";

environment("this machine", (proves) => {
  proves("OpenSSL's client refuses, accepts after setup, and refuses after uninstall", async () => {
    await assertTrustCircle(programInSandbox([LOCALTLS]));
  });
});
