/**
 * A server that wants to know its clients: nginx with `ssl_verify_client on` and certificates of ours, and the
 * people and machines that come to it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { certWithPkcs12, type ClientCertificate } from "./client_certificates.ts";
import { localtls } from "./localtls.ts";
import { createNetwork, type NetworkHost } from "./netns.ts";
import { type Nginx, startNginx } from "./nginx.ts";
import { freshHome, scratchDirectory } from "./sandbox.ts";

const ADDRESS = "172.16.99.32";
const PORT = 4443;

/** Where the recommended settings are in force. */
export const ORIGIN = `https://${ADDRESS}:${PORT}`;

/** Every way to set nginx up, the one to recommend first. */
export const SETTINGS = (["issuer + root", "root", "issuer"] as const).flatMap((file, i) =>
  ["2", "default"].map((depth, j) => ({ file, depth, port: PORT + 2 * i + j }))
);

/** Everything that a test needs. */
export interface MutualTlsSite {
  /** Of whoever runs the server; browsers trust its root. */
  readonly home: string;
  /** The state directory in it. */
  readonly state: string;
  readonly nginx: Nginx;
  readonly client: NetworkHost;
  /** Client certificates of ours: modern and legacy PKCS#12, RSA, and one for a host that is both. */
  readonly alice: ClientCertificate;
  readonly bob: ClientCertificate;
  readonly carol: ClientCertificate;
  readonly device: ClientCertificate;
  /** The same for an address, which is no common name. */
  readonly address: ClientCertificate;
  /** Of ours, for servers alone. */
  readonly server: ClientCertificate;
  /** For the same alice, by another CA. */
  readonly stranger: ClientCertificate;
  /**
   * Fetches with curl on the client.
   * @returns Status and body: "200 hello ...". Throws where there is no HTTP answer.
   */
  curl(options: readonly string[], port?: number): Promise<string>;
  close(): Promise<void>;
}

/** Sets a home up, starts nginx with every one of {@link SETTINGS}, and issues. */
export async function startMutualTlsSite(): Promise<MutualTlsSite> {
  const network = await createNetwork({ server: ADDRESS, client: "172.16.99.40" });
  const { server, client } = network.hosts;
  const home = freshHome();
  const state = join(home, ".local/share/localtls");
  const options = { env: { HOME: home }, cwd: home };
  const setup = await localtls(["setup", ADDRESS, "--stores", "nss", "--yes", "--json"], options);
  assert.equal(setup.code, 0, setup.stdout + setup.stderr);
  const [{ cert, key }] = setup.json().certificates;
  const blocks = SETTINGS.map((setting) => serverBlock(setting, state, cert, key));
  return {
    home,
    state,
    client,
    nginx: await startNginx(server, blocks.join("\n"), SETTINGS.map(({ port }) => port)),
    alice: await certWithPkcs12(home, "--client", "alice@example.test"),
    bob: await certWithPkcs12(home, "--client", "--legacy", "bob@example.test"),
    carol: await certWithPkcs12(home, "--client", "--key", "rsa2048", "carol"),
    device: await certWithPkcs12(home, "--client", "device.test"),
    address: await certWithPkcs12(home, "--client", "172.16.99.40"),
    server: await certWithPkcs12(home, "app.test"),
    stranger: await certWithPkcs12(freshHome(), "--client", "alice@example.test"),
    close: () => network.close(),
    async curl(words, port = PORT) {
      const url = `https://${ADDRESS}:${port}/`;
      const trust = ["--cacert", join(state, "root.pem")];
      const argv = ["curl", "-sS", ...trust, "-w", "\n%{http_code}", ...words, url];
      const { code, stdout, stderr } = await client.exec(argv, options);
      assert.equal(code, 0, stderr);
      const [, body = "", status = ""] = /^([^]*)\n(\d+)$/.exec(stdout) ?? [];
      return `${status} ${body}`;
    },
  };
}

function serverBlock(
  { file, depth, port }: typeof SETTINGS[number],
  state: string,
  cert: string,
  key: string,
): string {
  const parts = file.split(" + ").map((name) => readFileSync(join(state, `${name}.pem`), "utf8"));
  const authorities = join(scratchDirectory("authorities"), "clients.pem");
  writeFileSync(authorities, parts.join(""));
  return `server {
    listen ${ADDRESS}:${port} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_client_certificate ${authorities};
    ssl_verify_client on;
    ${depth === "default" ? "" : `ssl_verify_depth ${depth};`}
    location / { return 200 "hello $ssl_client_s_dn, $ssl_client_verify"; }
}`;
}

/** The options for curl with PEM files. */
export function pem({ cert, key }: Pick<ClientCertificate, "cert" | "key">): string[] {
  return ["--cert", cert, "--key", key];
}

/** The options for curl with the PKCS#12 file. */
export function p12({ p12, password }: ClientCertificate): string[] {
  return ["--cert-type", "P12", "--cert", `${p12}:${password}`];
}

/** The options for curl with the certificate alone, without the issuer that stands after it. */
export function alone(certificate: ClientCertificate): string[] {
  const [leaf] = readFileSync(certificate.cert, "utf8").split(/(?<=-----END CERTIFICATE-----\n)/);
  const cert = join(scratchDirectory("leaf"), "leaf.pem");
  writeFileSync(cert, leaf ?? "");
  return pem({ cert, key: certificate.key });
}
