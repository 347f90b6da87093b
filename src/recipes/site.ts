/**
 * What the recipes of servers take from their input.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import { parseOrigin } from "./http_addresses.ts";
import type { RecipeInput, RecipeOutput } from "./recipe.ts";

/** A server and its certificate, checked. */
export interface Site {
  /** A dNSName (maybe with a wildcard) or an IP literal, canonical. */
  readonly name: string;
  readonly isIp: boolean;
  /** The name as it stands in a URL: IPv6 in brackets. */
  readonly literal: string;
  /** The address to listen on: just that one for an address; undefined for a name, which means every one. */
  readonly address: string | undefined;
  readonly port: number;
  /** Absolute paths. */
  readonly cert: string;
  readonly key: string;
  /** The CA of the clients' certificates, where they are asked for one. */
  readonly clientCa: string | undefined;
  /** The origin that may call, canonical. */
  readonly origin: string | undefined;
  readonly http2: boolean;
  /** For names in the text: letters, digits, underscores. */
  readonly suffix: string;
}

/** Methods that a page of the allowed origin may use. */
export const CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** Reads an input. Throws USAGE for an origin that is none. */
export function siteOf(input: RecipeInput): Site {
  const { names, certificate, port, cors, mtls, root, http2 } = input;
  const [name] = names;
  if (name === undefined || certificate === undefined) {
    throw new LocalTlsError("USAGE", "Cannot write lines for a server without a name");
  }
  if (mtls && root === undefined) {
    throw new LocalTlsError("INTERNAL", "Cannot write the text: the recipe was not given the root");
  }
  return {
    name: name.value,
    isIp: name.isIp,
    literal: name.value.includes(":") ? `[${name.value}]` : name.value,
    address: name.isIp ? name.value : undefined,
    port,
    cert: certificate.cert,
    key: certificate.key,
    clientCa: mtls ? root?.path : undefined,
    origin: cors === undefined ? undefined : parseOrigin(cors),
    http2,
    suffix: `${name.value}_${port}`.replaceAll(/[^a-z0-9]/gi, "_"),
  };
}

/** Lines as an output, with what is to be said of the options. */
export function siteOutput(site: Site, lines: readonly string[]): RecipeOutput {
  const warnings = site.origin !== undefined && site.clientCa !== undefined
    ? [{
      code: "CORS_PREFLIGHT_WITHOUT_CERTIFICATE",
      message:
        "browsers send no client certificate with a CORS preflight: with --mtls only requests without a preflight succeed",
    }]
    : [];
  return { text: [...lines, ""].join("\n"), warnings };
}

/** Lines where a condition holds, none otherwise. */
export function when<T>(value: T | undefined | false, lines: (value: T) => string[]): string[] {
  return value === undefined || value === false ? [] : lines(value);
}
