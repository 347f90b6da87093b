/**
 * What a recipe is: a function from a certificate at hand, or the CA alone, to the text that somebody pastes. A recipe is
 * a file of its own and a row of table.ts, which loads it when it is asked for.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { writable } from "../input_text.ts";

/** A name of the certificate. */
export interface RecipeName {
  /** A dNSName (maybe with a wildcard) or an IP literal, canonical. */
  readonly value: string;
  readonly isIp: boolean;
}

/** A certificate at hand, as absolute paths. */
export interface RecipeCertificate {
  /** The full chain. */
  readonly cert: string;
  readonly key: string;
  /** Their contents, for recipes that embed them. */
  readonly certPem?: string;
  readonly keyPem?: string;
}

/** What a recipe is made of. */
export interface RecipeInput {
  /** Empty where only trust is asked for. */
  readonly names: readonly RecipeName[];
  /** There where names are. */
  readonly certificate: RecipeCertificate | undefined;
  /** The root of the CA; there where the recipe's row says so, and for client certificates. */
  readonly root:
    | { readonly path: string; readonly pem: string; readonly sha256: string }
    | undefined;
  /** TCP port, 1 to 65535. */
  readonly port: number;
  /** What a server stands in front of, as the user wrote it. */
  readonly upstream: string;
  /** The origin of the page that calls a server, as the user wrote it. */
  readonly cors: string | undefined;
  /** Whether clients have to show a certificate of this CA. */
  readonly mtls: boolean;
  /** Whether HTTP/2 is asked for. */
  readonly http2: boolean;
  /** The program as the user would type it again. */
  readonly program: string;
}

/** The text, and what the user should know of it. */
export interface RecipeOutput {
  readonly text: string;
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
}

/** What can be asked of a text. */
export type RecipeOption = "port" | "upstream" | "cors" | "mtls" | "http2";

/** For each option true, or why the server cannot have it: the end of a sentence. */
export type RecipeOptions = Readonly<Record<RecipeOption, true | string>>;

/** A row of the table. */
export interface Recipe {
  /** The word on the command line. */
  readonly id: string;
  /** For the list: what the text is for. */
  readonly brief: string;
  /** How many names it takes. */
  readonly names: "one" | "any";
  readonly options: RecipeOptions;
  /** Whether it is a server of HTTP, which another can stand in front of. */
  readonly http?: true;
  /** TCP port where none is asked for. */
  readonly port?: number;
  /** Whether it is about trust in the CA. */
  readonly needsRoot?: true;
  /** Whether the text holds the certificate and its key, and not only their paths. */
  readonly embeds?: true;
  load(): Promise<(input: RecipeInput) => RecipeOutput>;
}

/**
 * A path for a text that has lines. Throws USAGE for one with a control character, which no format here can hold in
 * every place.
 */
export function pastable(path: string): string {
  return writable(path, "a text with lines");
}

/** The root of an input whose row asks for it. */
export function rootOf({ root }: RecipeInput): NonNullable<RecipeInput["root"]> {
  if (root !== undefined) return root;
  throw new LocalTlsError("INTERNAL", "Cannot write the text: the recipe was not given the root");
}
