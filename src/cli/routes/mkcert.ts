/**
 * `mkcert` in the help and the completions. Its words are Go's kind of flags, which are not read here: app.ts
 * hands them over before.
 *
 * @module
 */

import { buildCommand, type Command } from "@stricli/core";
import { LocalTlsError } from "../../errors.ts";
import type { CliContext } from "../context.ts";
import { names } from "./define.ts";

export const mkcert: Command<CliContext> = buildCommand<Record<never, never>, string[], CliContext>(
  {
    func: () => {
      throw new LocalTlsError("INTERNAL", "Cannot run mkcert: its words were not handed over");
    },
    parameters: { positional: names(0) },
    docs: { brief: "mkcert's own command line; also when the program is called mkcert" },
  },
);
