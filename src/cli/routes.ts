/**
 * Every command, in the order of the help.
 *
 * @module
 */

import { buildRouteMap, type RouteMap } from "@stricli/core";
import type { CliContext } from "./context.ts";
import { ca } from "./routes/ca.ts";
import { doctor } from "./routes/doctoring.ts";
import { env, run } from "./routes/environment.ts";
import { inspect } from "./routes/inspecting.ts";
import { cert, setup } from "./routes/issuing.ts";
import { mkcert } from "./routes/mkcert.ts";
import { accept, csr } from "./routes/requesting.ts";
import { list, renew } from "./routes/renewing.ts";
import { share } from "./routes/sharing.ts";
import { proxy, serve } from "./routes/serving.ts";
import { completions, config, version } from "./routes/printing.ts";
import { status, trust, uninstall, untrust } from "./routes/trusting.ts";

/** The root of all routes. */
export function buildRoutes(): RouteMap<CliContext> {
  return buildRouteMap({
    routes: {
      setup,
      cert,
      csr,
      accept,
      list,
      renew,
      trust,
      untrust,
      inspect,
      serve,
      proxy,
      status,
      doctor,
      uninstall,
      ca,
      mkcert,
      config,
      share,
      env,
      run,
      completions,
      version,
    },
    docs: {
      brief: "HTTPS that browsers trust, on localhost, LAN addresses and air-gapped networks",
      fullDescription:
        "localtls makes browsers and every other client on this machine trust HTTPS on " +
        "localhost,\nLAN addresses and air-gapped networks. Begin with: localtls setup\n\n" +
        "Exit codes: 0 done; 1 failed, or a check found a problem; 2 wrong command line; " +
        "3 done in part.",
    },
  });
}
