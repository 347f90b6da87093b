/**
 * TLS of `localtls serve` and `localtls proxy`, with the key they make and with an RSA key of the user's: SSLyze holds it against
 * Mozilla's intermediate profile, and looks for the faults that it knows (Heartbleed, ROBOT, renegotiation, compression).
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { missingSuite, printRow, suiteFile } from "../support/conformance.ts";
import { type ProcessResult, run } from "../support/processes.ts";
import { makeScratch } from "../support/scratch.ts";
import { startServing } from "../support/serving.ts";

const LIMIT = { timeout: 120_000 };

const scratch = makeScratch();
const endings: (() => unknown)[] = [];

after(async () => {
  for (const end of endings) await end();
});

/** What SSLyze says of a server: its exit code, what it printed, and its document. */
// deno-lint-ignore no-explicit-any
async function judge(port: number): Promise<ProcessResult & { readonly document: any }> {
  const file = join(scratch.work, `tls-${port}.json`);
  const argv = [
    suiteFile("judges", "venv/bin/sslyze"),
    "--mozilla_config=intermediate",
    `--certinfo_ca_file=${join(scratch.state, "root.pem")}`,
    `--json_out=${file}`,
    `127.0.0.1:${port}`,
  ];
  const result = await run(argv, { timeoutMs: 100_000 });
  const document = JSON.parse(readFileSync(file, "utf8"));
  return { ...result, document: document.server_scan_results[0].scan_result };
}

/** The profile wants less than 366 days, and the default is 396. */
async function issue(...options: readonly string[]): Promise<void> {
  const words = ["cert", "localhost", "127.0.0.1", "--days=300"];
  const { code, stderr } = await scratch.run([...words, ...options]);
  assert.equal(code, 0, stderr);
}

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  serve: ["serve"],
  proxy: ["proxy", "http://127.0.0.1:1"],
};

describe("SSLyze", { skip: missingSuite("judges") }, () => {
  for (const [name, command] of Object.entries(COMMANDS)) {
    for (const rsa of [false, true]) {
      const what = `${name}, ${rsa ? "an RSA key from a file" : "its own key"}`;
      test(`${what}: Mozilla's intermediate profile`, LIMIT, async () => {
        const files = [`--cert-file=${name}.pem`, `--key-file=${name}-key.pem`];
        if (rsa) await issue("--key=rsa2048", ...files);
        const options = ["--port=0", "--host=127.0.0.1", ...(rsa ? files : [])];
        const serving = await startServing(scratch, [...command, ...options]);
        endings.push(() => serving.process.stop());
        const { code, stdout, stderr, document } = await judge(serving.port);
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /: OK - Compliant/);
        assert.equal(document.heartbleed.result.is_vulnerable_to_heartbleed, false);
        assert.match(document.robot.result.robot_result, /^NOT_VULNERABLE/);
        assert.equal(
          document.openssl_ccs_injection.result.is_vulnerable_to_ccs_injection,
          false,
        );
        const { is_vulnerable_to_client_renegotiation_dos: isRenegotiating } =
          document.session_renegotiation.result;
        assert.equal(isRenegotiating, false);
        assert.equal(document.tls_compression.result.supports_compression, false);
        for (const old of ["ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"]) {
          const { accepted_cipher_suites: accepted } = document[`${old}_cipher_suites`].result;
          assert.deepEqual(accepted, [], old);
        }
        // The chain leads to the root that the client has, and the root is not sent.
        const [deployment] = document.certificate_info.result.certificate_deployments;
        // deno-lint-ignore no-explicit-any
        const ours = deployment.path_validation_results.find((one: any) =>
          one.trust_store.name === "Supplied CA file"
        );
        assert.equal(ours.was_validation_successful, true, JSON.stringify(ours).slice(0, 500));
        assert.equal(deployment.received_chain_contains_anchor_certificate, false);
        assert.equal(deployment.received_chain_has_valid_order, true);
        printRow("TLS (SSLyze)", what, "Mozilla intermediate: compliant");
      });
    }
  }

  test("a server with the runtime's own cipher suites is not compliant", LIMIT, async () => {
    await issue("--cert-file=a.pem", "--key-file=b.pem");
    const [cert, key] = ["a.pem", "b.pem"].map((file) => readFileSync(join(scratch.work, file)));
    const server = createServer({ cert: cert!, key: key! });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endings.push(() => server.close());
    const { code, stdout } = await judge((server.address() as AddressInfo).port);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /FAILED - Not compliant/);
    assert.match(stdout, /_CBC_SHA/);
  });
});
