/**
 * The parts of the benchmark, in the order in which they run.
 *
 * @module
 */

import type { Part } from "./part.ts";
import { cert } from "./parts/cert.ts";
import { start } from "./parts/start.ts";

export const PARTS: Readonly<Record<string, Part>> = { start, cert };
