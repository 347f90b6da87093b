import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openWorkplace } from "../../../../src/commands/context.ts";
import { makeEnvironment } from "../../../../src/commands/env/variables.ts";
import { encodePem } from "../../../../src/der/pem.ts";
import { makeContext } from "../../../support/fake_context.ts";
import { createFakeHost, type FakeHostOptions } from "../../../support/fake_host.ts";
import { makeHierarchy } from "../../../support/hierarchy.ts";

/** A block that stands for a root: nothing here looks into it. */
const pem = (octet: number) => encodePem("CERTIFICATE", Uint8Array.of(0x30, 1, octet));
const [SYSTEM, CORP, MOZILLA] = [pem(1), pem(2), pem(3)];
const STATE = "/home/ann/.local/share/localtls";
const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

async function environment(options: FakeHostOptions) {
  const env = { HOME: "/home/ann", ...options.env };
  const host = createFakeHost({ ...options, env });
  const fake = makeContext(host);
  const workplace = await openWorkplace(fake.context);
  await workplace.state.createAuthority(() => makeHierarchy(host.now()));
  const made = await makeEnvironment(fake.context, workplace);
  const read = async (path: string) => new TextDecoder().decode(await host.files.read(path));
  const values = Object.fromEntries(made.variables.map(({ name, value }) => [name, value]));
  return { ...made, ...fake, host, values, read, root: await read(`${STATE}/root.pem`) };
}

describe("makeEnvironment()", () => {
  test("a variable that replaces names the public roots and ours; one that adds names ours", async () => {
    const { values, read, root, warnings } = await environment({ files: { [BUNDLE]: SYSTEM } });
    assert.equal(values["NODE_EXTRA_CA_CERTS"], `${STATE}/root.pem`);
    for (const name of ["SSL_CERT_FILE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE"]) {
      assert.equal(values[name], `${STATE}/environment/bundle.pem`);
    }
    const text = await read(values["SSL_CERT_FILE"]!);
    assert.ok(text.includes(SYSTEM) && text.includes(root));
    assert.deepEqual(warnings, []);
  });

  test("writes again only what has changed", async () => {
    const { host, context } = await environment({ files: { [BUNDLE]: SYSTEM } });
    const again = await makeEnvironment(context, await openWorkplace(context));
    assert.deepEqual(again.written, []);
    host.disk.put(BUNDLE, SYSTEM + CORP);
    const changed = await makeEnvironment(context, await openWorkplace(context));
    assert.deepEqual(changed.written, [`${STATE}/environment/bundle.pem`]);
  });

  test("on a machine without public roots Mozilla's are taken, and that is said", async () => {
    const carried = await environment({ publicRoots: [MOZILLA] });
    assert.ok((await carried.read(carried.values["SSL_CERT_FILE"]!)).includes(MOZILLA));
    assert.match(carried.warnings.join(), /NO_SYSTEM_BUNDLE: .*Mozilla/);
    const none = await environment({});
    assert.match(none.warnings.join(), /NO_SYSTEM_BUNDLE: .*carries none/);
  });

  test("a file of the user's is built upon, also where a variable falls back on it", async () => {
    const { values, read, root } = await environment({
      files: { [BUNDLE]: SYSTEM, "/corp.pem": `${CORP}-----BEGIN PRIVATE KEY-----\nAAAA\n` },
      env: { CURL_CA_BUNDLE: "/corp.pem", NODE_EXTRA_CA_CERTS: "/corp.pem" },
    });
    for (
      const name of ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"]
    ) {
      const text = await read(values[name]!);
      assert.ok(text.includes(CORP) && text.includes(root), name);
      assert.ok(!text.includes(SYSTEM), name);
      assert.ok(!text.includes("PRIVATE KEY"), name);
    }
    assert.ok((await read(values["SSL_CERT_FILE"]!)).includes(SYSTEM));
  });

  test("git's own setting is built upon", async () => {
    const { values, read } = await environment({
      files: { [BUNDLE]: SYSTEM, "/corp.pem": CORP },
      commands: {
        git: (argv) => argv.includes("--system") ? { stdout: "http.sslcainfo\n/corp.pem\0" } : 1,
      },
    });
    assert.ok((await read(values["GIT_SSL_CAINFO"]!)).includes(CORP));
    // The variable would hide what is said of single servers.
    const single = await environment({
      files: { [BUNDLE]: SYSTEM },
      commands: { git: () => ({ stdout: "http.https://a.test/.sslcainfo\n/corp.pem\0" }) },
    });
    assert.equal(single.values["GIT_SSL_CAINFO"], undefined);
    assert.match(single.leftOut.map(({ reason }) => reason).join(), /for single servers/);
  });

  test("what cannot be built upon is left alone, and named", async () => {
    const { values, warnings, leftOut } = await environment({
      files: { [BUNDLE]: SYSTEM, "/empty.pem": "nothing", "/dir/x": "" },
      env: {
        SSL_CERT_FILE: "/gone.pem",
        REQUESTS_CA_BUNDLE: "/dir",
        NODE_EXTRA_CA_CERTS: "/empty.pem",
        WGETRC: "/own.wgetrc",
      },
    });
    for (const name of ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]) {
      assert.equal(values[name], undefined, name);
      assert.ok(warnings.some((text) => text.startsWith(`VARIABLE_KEPT: ${name} is left`)), name);
      assert.ok(leftOut.some((one) => one.name === name), name);
    }
  });

  test("libpq is told only where the user has told it of roots: it would verify from then on", async () => {
    const files = { [BUNDLE]: SYSTEM, "/corp.pem": CORP };
    const none = await environment({ files });
    assert.equal(none.values["PGSSLROOTCERT"], undefined);
    assert.match(none.leftOut.map(({ reason }) => reason).join(), /a wish to verify/);
    for (
      const options of [
        { files, env: { PGSSLROOTCERT: "/corp.pem" } },
        { files: { ...files, "/home/ann/.postgresql/root.crt": CORP } },
      ]
    ) {
      const { values, read, root } = await environment(options);
      const text = await read(values["PGSSLROOTCERT"]!);
      assert.ok(text.includes(CORP) && text.includes(root));
    }
    const system = await environment({ files, env: { PGSSLROOTCERT: "system" } });
    assert.equal(system.values["PGSSLROOTCERT"], undefined);
  });

  test("settings of PHP and wget keep what the user has in theirs", async () => {
    const { values, read } = await environment({
      files: { [BUNDLE]: SYSTEM, "/home/ann/.wgetrc": "quiet = on" },
      env: { PHP_INI_SCAN_DIR: "/etc/php.d" },
    });
    assert.equal(values["PHP_INI_SCAN_DIR"], `/etc/php.d:${STATE}/environment/php`);
    assert.match(await read(values["WGETRC"]!), /^quiet = on\n#.*\nca_certificate = /);
    const named = await environment({
      files: { [BUNDLE]: SYSTEM, "/home/ann/.wgetrc": "ca_certificate = /corp.pem\n" },
    });
    assert.equal(named.values["WGETRC"], undefined);
  });

  test("a trust store that the user names stays; without a Java there is none", async () => {
    const java = { "/usr/lib/jvm/x/lib/security/cacerts": "unreadable" };
    const kept = await environment({
      files: { [BUNDLE]: SYSTEM, ...java },
      env: { JAVA_TOOL_OPTIONS: "-Djavax.net.ssl.trustStore=/corp.p12" },
    });
    assert.equal(kept.values["JAVA_TOOL_OPTIONS"], undefined);
    assert.match(kept.leftOut.map(({ reason }) => reason).join(), /name a trust store already/);
    const added = await environment({
      files: { [BUNDLE]: SYSTEM, ...java },
      env: { JAVA_TOOL_OPTIONS: "-Xmx1g" },
    });
    assert.match(
      added.values["JAVA_TOOL_OPTIONS"]!,
      /^-Xmx1g -Djavax\.net\.ssl\.trustStore=\/home.*java\.p12 /,
    );
    const none = await environment({ files: { [BUNDLE]: SYSTEM } });
    assert.equal(none.values["JAVA_TOOL_OPTIONS"], undefined);
  });
});
