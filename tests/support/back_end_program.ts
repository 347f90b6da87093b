/**
 * The back end as a program, for hosts of a test's network: back_end_program.ts PORT.
 *
 * @module
 */

import { startBackEnd } from "./back_end.ts";

await startBackEnd(undefined, Number(process.argv[2]));
