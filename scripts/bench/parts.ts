/**
 * The parts of the benchmark, in the order in which they run.
 *
 * @module
 */

import type { Part } from "./part.ts";
import { cert } from "./parts/cert.ts";
import { deno } from "./parts/deno.ts";
import { engine } from "./parts/engine.ts";
import { list } from "./parts/list.ts";
import { looks } from "./parts/looks.ts";
import { proxy } from "./parts/proxy.ts";
import { serve } from "./parts/serve.ts";
import { setup } from "./parts/setup.ts";
import { size } from "./parts/size.ts";
import { start } from "./parts/start.ts";

// Compressing comes last: it makes the machine warm.
export const PARTS: Readonly<Record<string, Part>> = {
  start,
  cert,
  setup,
  looks,
  list,
  engine,
  serve,
  proxy,
  deno,
  size,
};
