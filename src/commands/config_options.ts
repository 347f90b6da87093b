/**
 * Which options a recipe honours: one that it cannot is refused, never ignored.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { quoteCommand } from "../host/shell_words.ts";
import type { Recipe, RecipeOption } from "../recipes/recipe.ts";
import type { ConfigFlags } from "./config.ts";
import type { CommandContext } from "./context.ts";

/**
 * Throws USAGE for the first option that the recipe cannot honour. The hint is the same command without it; for a server
 * of HTTP, that which puts nginx in front, where nginx has what was asked for.
 */
export function refuseOptions(
  { program }: CommandContext,
  { id, options, http }: Recipe,
  flags: ConfigFlags,
): void {
  const given = givenOptions(flags);
  for (const [option] of given) {
    const reason = options[option];
    if (reason === true) continue;
    const rest = given.filter(([other]) => options[other] === true).flatMap(([, words]) => words);
    const hints = [quoteCommand([program, "config", id, ...flags.names, ...rest])];
    if (http && option !== "upstream") {
      const front = given.filter(([other]) => other !== "port").flatMap(([, words]) => words);
      hints.unshift(quoteCommand([program, "config", "nginx", ...flags.names, ...front]));
    }
    throw new LocalTlsError("USAGE", `Cannot use --${option} with ${id}: ${reason}`, { hints });
  }
}

/** In the order of the help, each with the words that give it. */
function givenOptions(flags: ConfigFlags): (readonly [RecipeOption, readonly string[]])[] {
  const { port, upstream, cors, mtls, http2 } = flags;
  return [
    ...(cors === undefined ? [] : [["cors", ["--cors", cors]] as const]),
    ...(mtls ? [["mtls", ["--mtls"]] as const] : []),
    ...(http2 ? [["http2", ["--http2"]] as const] : []),
    ...(upstream === undefined ? [] : [["upstream", ["--upstream", upstream]] as const]),
    ...(port === undefined ? [] : [["port", ["--port", String(port)]] as const]),
  ];
}
