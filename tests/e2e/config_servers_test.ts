/**
 * `localtls config`: every server that Debian, npm or PyPI has is started with just the printed lines, and judged by a
 * real client: accepted with our CA and refused with another's, with CORS for the one origin, and with a client's
 * certificate or without. The files lie in a directory whose name has every character that a format has to escape.
 */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { DATABASES, NAMES, NATIVE_CLIENTS } from "../support/config_databases.ts";
import { PROXIES } from "../support/config_proxies.ts";
import { RUNTIMES } from "../support/config_runtimes.ts";
import { missingServer } from "../support/config_servers.ts";
import {
  ADDRESS,
  closeSite,
  type Person,
  type RunningServer,
  started,
} from "../support/config_site.ts";
import type { ProcessResult } from "../support/processes.ts";
import { formatTable } from "../support/text_table.ts";

const LIMIT = { timeout: 120_000 };
const ORIGIN = "http://172.16.99.40:8000";
const OTHER_ORIGIN = "http://evil.test:8000";

const table: Record<string, Record<string, string>> = {};

after(async () => {
  await closeSite();
  const lines = formatTable(table).split("\n").map((line) => `| ${line}`);
  console.log(`\n${lines.join("\n")}`);
});

function curl(
  { host, ann, url }: RunningServer,
  options: readonly string[],
  root = ann.root,
): Promise<ProcessResult> {
  const argv = ["curl", "-sSi", "--max-time", "60", "--cacert", root, ...options, url];
  return host.exec(argv, { env: { HOME: ann.home }, timeoutMs: 70_000 });
}

/** Lines of an answer that name CORS, lowercase. */
function header(answer: string, name: string): string[] {
  return [...answer.matchAll(new RegExp(`^${name}: *(.*?)\r?$`, "gim"))].map(([, value]) => value!);
}

/** curl: the certificate's issuer is not known. */
const UNKNOWN_ISSUER = 60;

for (const server of [...PROXIES, ...RUNTIMES]) {
  const row: Record<string, string> = table[server.title] = {
    proof: "not run",
    TLS: "-",
    "HTTP/2": server.http2 ? "-" : "refused",
    CORS: server.cors ? "-" : "refused",
    mTLS: server.mtls ? "-" : "refused",
  };
  const { greeting } = server.asked ?? { greeting: /hello over TLS/ };
  describe(server.title, { skip: missingServer(server) }, () => {
    test("answers by the printed lines, and allows the one origin", LIMIT, async () => {
      const options = [
        ...(server.cors ? ["--cors", ORIGIN] : []),
        ...(server.http2 ? ["--http2"] : []),
      ];
      await started(server, ADDRESS, options, async (running) => {
        row["proof"] = "started with the lines, curl";
        const answer = await curl(running, server.http2 ? ["--http2"] : []);
        assert.equal(answer.code, 0, answer.stderr);
        assert.match(answer.stdout, /^HTTP\/\S+ 200/m);
        assert.match(answer.stdout, greeting);
        if (server.http2) assert.match(answer.stdout, /^HTTP\/2 200/m);
        const refused = await curl(running, [], running.stranger.root);
        assert.equal(refused.code, UNKNOWN_ISSUER, refused.stdout + refused.stderr);
        row["TLS"] = "accepted, refused without the CA";
        if (server.http2) row["HTTP/2"] = "yes";
        if (server.profile) await assertProfile(running);
        if (server.cors) {
          await assertCors(running, server.constantOrigin ? [ORIGIN] : []);
          row["CORS"] = "preflight and answer, other origin not";
        }
      });
    });

    if (!server.mtls) return;
    // Clients send no server name (RFC 6066, 3) to an address: settings must not hang on it.
    for (const name of ["localhost", ADDRESS]) {
      test(
        `${name} asks for a client certificate, and takes those of this CA alone`,
        LIMIT,
        async () => {
          await started(server, name, ["--mtls"], async (running) => {
            const { client } = running.ann;
            const shown = ({ cert, key }: Person["client"]) => ["--cert", cert, "--key", key];
            const accepted = await curl(running, shown(client));
            assert.equal(accepted.code, 0, accepted.stderr);
            assert.match(accepted.stdout, greeting);
            for (const options of [[], shown(running.stranger.client)]) {
              const refused = await curl(running, options);
              assert.doesNotMatch(refused.stdout, greeting);
              assert.ok(
                refused.code !== 0 || /^HTTP\/\S+ 400/.test(refused.stdout),
                refused.stdout,
              );
            }
            row["mTLS"] = "accepted, refused without one and with a stranger's";
          });
        },
      );
    }
  });
}

/** TLS 1.2 with an AEAD suite of the profile, and not with one that has CBC. */
async function assertProfile(running: RunningServer): Promise<void> {
  // HTTP/2 forbids most of the other suites by itself (RFC 9113, appendix A).
  const options = ["--http1.1", "--tls-max", "1.2", "--ciphers"];
  const tls12 = (cipher: string) => curl(running, [...options, cipher]);
  const aead = await tls12("ECDHE-ECDSA-AES128-GCM-SHA256");
  assert.equal(aead.code, 0, aead.stderr);
  const cbc = await tls12("ECDHE-ECDSA-AES128-SHA");
  assert.notEqual(cbc.code, 0, "a suite that the profile does not have was taken");
}

/** @param toOthers The origins that an answer to another origin names. */
async function assertCors(running: RunningServer, toOthers: readonly string[]): Promise<void> {
  const preflight = (origin: string) =>
    curl(running, [
      ...["-X", "OPTIONS", "-H", `Origin: ${origin}`, "-H", "Access-Control-Request-Method: PUT"],
      ...["-H", "Access-Control-Request-Headers: x-test"],
    ]);
  const allowed = (await preflight(ORIGIN)).stdout;
  // Fetch, 4.8: an ok status, which is 200 to 299.
  assert.match(allowed, /^HTTP\/\S+ 2\d\d/);
  assert.deepEqual(header(allowed, "Access-Control-Allow-Origin"), [ORIGIN]);
  assert.match(header(allowed, "Access-Control-Allow-Methods").join(), /PUT/);
  assert.match(header(allowed, "Access-Control-Allow-Headers").join(), /x-test|\*/);
  const answer = (await curl(running, ["-H", `Origin: ${ORIGIN}`])).stdout;
  assert.match(answer, /^HTTP\/\S+ 200/);
  assert.deepEqual(header(answer, "Access-Control-Allow-Origin"), [ORIGIN], answer);
  assert.match(header(answer, "Vary").join(), /Origin/i);
  for (
    const other of [
      await preflight(OTHER_ORIGIN),
      await curl(running, ["-H", `Origin: ${OTHER_ORIGIN}`]),
    ]
  ) {
    const origins = header(other.stdout, "Access-Control-Allow-Origin").filter(Boolean);
    assert.deepEqual(origins, toOthers, other.stdout);
  }
}

/** A handshake of TLS 1.2 with one cipher suite. */
function handshake(
  { host, port, url }: RunningServer,
  cipher: string,
  starttls: string | undefined,
): Promise<ProcessResult> {
  const connect = ["-connect", `${new URL(url).hostname}:${port}`];
  const first = starttls === undefined ? [] : ["-starttls", starttls];
  return host.exec(
    ["openssl", "s_client", ...connect, ...first, "-tls1_2", "-cipher", cipher, "-brief"],
  );
}

for (const server of DATABASES) {
  const { argv, env, greets, starttls } = NATIVE_CLIENTS[server.id]!;
  const row: Record<string, string> = table[server.title] = {
    proof: "not run",
    TLS: "-",
    "HTTP/2": "refused",
    CORS: "refused",
    mTLS: "-",
  };
  const ask = async (at: RunningServer, root: string, client?: Person["client"]) => {
    const result = await at.host.exec(argv(at, root, client), {
      env: { HOME: at.ann.home, ...env?.(at, root, client) },
    });
    return { ...result, greeted: result.code === 0 && greets.test(result.stdout) };
  };
  describe(server.title, { skip: missingServer(server) }, () => {
    const [name, mtlsName] = NAMES[server.id] ?? [ADDRESS, "localhost"];
    test("answers its own client by the printed lines", LIMIT, async () => {
      await started(server, name, [], async (at) => {
        row["proof"] = `started with the lines, ${argv(at, "")[0]}`;
        const accepted = await ask(at, at.ann.root);
        assert.ok(accepted.greeted, accepted.stdout + accepted.stderr);
        const refused = await ask(at, at.stranger.root);
        assert.ok(!refused.greeted && refused.code !== 0, refused.stdout);
        assert.match(refused.stdout + refused.stderr, /certificate|TLS error/i);
        const tls12 = (cipher: string) => handshake(at, cipher, starttls);
        const aead = await tls12("ECDHE-ECDSA-AES128-GCM-SHA256");
        assert.equal(aead.code, 0, aead.stderr);
        const cbc = await tls12("ECDHE-ECDSA-AES128-SHA");
        assert.notEqual(cbc.code, 0, "a suite that the profile does not have was taken");
        row["TLS"] = "accepted, refused without the CA";
      });
    });

    test("takes client certificates of this CA alone", LIMIT, async () => {
      await started(server, mtlsName, ["--mtls"], async (at) => {
        const accepted = await ask(at, at.ann.root, at.ann.client);
        assert.ok(accepted.greeted, accepted.stdout + accepted.stderr);
        for (const client of [undefined, at.stranger.client]) {
          const refused = await ask(at, at.ann.root, client);
          assert.ok(!refused.greeted, refused.stdout + refused.stderr);
        }
        row["mTLS"] = "accepted, refused without one and with a stranger's";
      });
    });
  });
}
