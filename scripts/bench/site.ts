/**
 * What the servers serve: two files and a certificate for them.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, measure } from "./measure.ts";
import { LOCALTLS, type Place } from "./place.ts";
import type { Load } from "./servers.ts";

export const SMALL: Load = { path: "1k.bin", connections: 16, seconds: 2 };
export const LARGE: Load = { path: "10m.bin", connections: 4, seconds: 2 };

/** Makes the files, in a directory "site" of the place, and the certificate. */
export function makeSite(place: Place): void {
  const site = join(place.home, "site");
  mkdirSync(site);
  writeFileSync(join(site, SMALL.path), new Uint8Array(1_000).fill(97));
  writeFileSync(join(site, LARGE.path), new Uint8Array(10_000_000).fill(97));
  const { cert, key } = certificateFiles(place);
  const files = ["--cert-file", cert, "--key-file", key];
  measure(place.command([LOCALTLS, "cert", "127.0.0.1", ...files]));
}

/** Where the certificate is. */
export function certificateFiles(place: Place): { readonly cert: string; readonly key: string } {
  return { cert: join(place.home, "site.pem"), key: join(place.home, "site-key.pem") };
}

/** Caddy with one worker. @param directives What it does with requests. */
export function caddyCommand(place: Place, port: number, directives: string): Command {
  const { cert, key } = certificateFiles(place);
  const file = join(place.home, "Caddyfile");
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
  servers {
    protocols h1
  }
}
https://127.0.0.1:${port} {
  bind 127.0.0.1
  tls ${cert} ${key}
  ${directives}
}
`,
  );
  const argv = ["caddy", "run", "--config", file, "--adapter", "caddyfile"];
  return place.command(argv, { env: { GOMAXPROCS: "1" } });
}
