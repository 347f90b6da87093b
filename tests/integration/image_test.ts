/**
 * Trust in systems that do not run, judged by the clients of those systems: nothing of an image is run until the change is
 * made, and then its own OpenSSL and curl are asked.
 *
 * @module
 */

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { createNodeHost } from "../../src/host/node_host.ts";
import { findTargetUser } from "../../src/host/target_user.ts";
import { createElevation } from "../../src/truststore/elevation.ts";
import { discoverImageStores } from "../../src/truststore/image/family.ts";
import type { TrustAnchor, TrustStore } from "../../src/truststore/store.ts";
import { debianImage, inImage } from "../support/debian_image.ts";
import { treeOf } from "../support/file_tree.ts";
import { unconstrainedCa } from "../support/openssl.ts";
import { findProgram, mustRun, run } from "../support/processes.ts";
import { requireSandbox, scratchDirectory } from "../support/sandbox.ts";
import { change, outcomes, readAnchor } from "./store_machine.ts";

requireSandbox();

/** A CA of OpenSSL's, and a server certificate of it. */
async function makeCa(name: string) {
  const ca = await unconstrainedCa(name);
  const leaf = await ca.issue("DNS:localhost", "IP:127.0.0.1");
  const file = join(scratchDirectory("anchor"), "ca.pem");
  cpSync(ca.cert, file);
  return { anchor: await readAnchor(file), leaf };
}

async function findImageStores(root: string): Promise<TrustStore[]> {
  const host = createNodeHost();
  const user = await findTargetUser(host);
  const context = { host, user, elevation: createElevation(host, {}) };
  return await discoverImageStores(context, root, ["system"]);
}

/** The image, or a test that is skipped by name. */
async function imageOrSkip(t: TestContext): Promise<string | undefined> {
  const image = await debianImage();
  if (typeof image === "string") return image;
  t.skip(image.missing);
  return undefined;
}

/** What the image's own OpenSSL says: with its defaults, with the bundle alone, with the links alone. */
async function opensslIn(
  root: string,
  leaf: string,
  bundle = "/etc/ssl/certs/ca-certificates.crt",
) {
  cpSync(leaf, join(root, "tmp/leaf.pem"));
  const verify = async (...options: string[]) =>
    (await inImage(root, "openssl", "verify", ...options, "/tmp/leaf.pem")).code === 0;
  const answers = {
    defaults: await verify(),
    bundle: await verify("-no-CApath", "-no-CAstore", "-CAfile", bundle),
    links: await verify("-no-CAfile", "-no-CAstore", "-CApath", "/etc/ssl/certs"),
  };
  rmSync(join(root, "tmp/leaf.pem"));
  return answers;
}

const REFUSED = { defaults: false, bundle: false, links: false };
const ACCEPTED = { defaults: true, bundle: true, links: true };

async function changeImage(
  what: "add" | "remove",
  root: string,
  anchor: TrustAnchor,
  created: readonly string[] = [],
) {
  const { results, created: made } = await change(
    what,
    await findImageStores(root),
    anchor,
    created,
  );
  return { outcomes: results.map(({ outcome }) => outcome), created: made };
}

describe("an image of Debian", () => {
  test("its OpenSSL refuses before, accepts after, refuses again, and every byte is as it was", async (t) => {
    const root = await imageOrSkip(t);
    if (root === undefined) return;
    const { anchor, leaf } = await makeCa("image of Debian");
    assert.deepEqual(await opensslIn(root, leaf.cert), REFUSED);
    const before = treeOf(root);
    const added = await changeImage("add", root, anchor);
    assert.deepEqual(added.outcomes, ["added"]);
    assert.deepEqual(await opensslIn(root, leaf.cert), ACCEPTED);
    assert.deepEqual(await outcomes("state", await findImageStores(root), anchor), ["trusted"]);
    assert.deepEqual((await changeImage("add", root, anchor)).outcomes, ["unchanged"]);
    const removed = await changeImage("remove", root, anchor, added.created);
    assert.deepEqual(removed.outcomes, ["removed"]);
    assert.deepEqual(await opensslIn(root, leaf.cert), REFUSED);
    assert.deepEqual(treeOf(root), before);
  });

  test("its curl refuses before, accepts after, refuses again", async (t) => {
    const root = await imageOrSkip(t);
    if (root === undefined) return;
    const { anchor, leaf } = await makeCa("image and curl");
    const server = createServer(
      { cert: readFileSync(leaf.cert), key: readFileSync(leaf.key) },
      (_request, response) => response.end("hello"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const curl =
      async () => (await inImage(root, "curl", "-sS", "-m", "20", `https://127.0.0.1:${port}/`));
    try {
      assert.equal((await curl()).code, 60, "curl: the certificate cannot be verified");
      const { created } = await changeImage("add", root, anchor);
      assert.equal((await curl()).stdout, "hello");
      await changeImage("remove", root, anchor, created);
      assert.equal((await curl()).code, 60);
    } finally {
      server.close();
    }
  });

  test("its own update-ca-certificates keeps the certificate, and untrust works after it", async (t) => {
    const root = await imageOrSkip(t);
    if (root === undefined) return;
    const { anchor, leaf } = await makeCa("image and its tool");
    const { created } = await changeImage("add", root, anchor);
    for (const option of [[], ["--fresh"]]) {
      const tool = await inImage(root, "update-ca-certificates", ...option);
      assert.equal(tool.code, 0, tool.stderr);
      assert.deepEqual(await opensslIn(root, leaf.cert), ACCEPTED, option.join(""));
      assert.deepEqual(await outcomes("state", await findImageStores(root), anchor), ["trusted"]);
    }
    assert.deepEqual((await changeImage("remove", root, anchor, created)).outcomes, ["removed"]);
    assert.deepEqual(await opensslIn(root, leaf.cert), REFUSED);
    await inImage(root, "update-ca-certificates", "--fresh");
    assert.deepEqual(await opensslIn(root, leaf.cert), REFUSED);
  });

  test("two anchors with one subject: taking one leaves the other", async (t) => {
    const root = await imageOrSkip(t);
    if (root === undefined) return;
    const [first, second] = [await makeCa("same subject"), await makeCa("same subject")];
    await changeImage("add", root, first.anchor);
    await changeImage("add", root, second.anchor);
    assert.deepEqual(await opensslIn(root, first.leaf.cert), ACCEPTED);
    assert.deepEqual(await opensslIn(root, second.leaf.cert), ACCEPTED);
    await changeImage("remove", root, first.anchor);
    assert.deepEqual(await opensslIn(root, first.leaf.cert), REFUSED);
    assert.deepEqual(await opensslIn(root, second.leaf.cert), ACCEPTED);
  });

  test("without the package ca-certificates: made, used, taken back to the byte", async (t) => {
    const root = await imageOrSkip(t);
    if (root === undefined) return;
    for (
      const path of ["etc/ssl/certs", "usr/local/share/ca-certificates", "etc/ca-certificates"]
    ) {
      rmSync(join(root, path), { recursive: true });
    }
    rmSync(join(root, "etc/ca-certificates.conf"));
    const { anchor, leaf } = await makeCa("bare image");
    const before = treeOf(root);
    const added = await changeImage("add", root, anchor);
    assert.deepEqual(added.outcomes, ["added"]);
    assert.deepEqual(await opensslIn(root, leaf.cert), ACCEPTED);
    assert.deepEqual((await changeImage("remove", root, anchor, added.created)).outcomes, [
      "removed",
    ]);
    assert.deepEqual(treeOf(root), before);
  });

  test("a hostile image does not make us write outside it", async (t) => {
    const root = await imageOrSkip(t);
    if (root === undefined) return;
    const outside = scratchDirectory("outside");
    writeFileSync(join(outside, "ca-certificates.crt"), "the machine's own\n");
    const before = treeOf(outside);
    rmSync(join(root, "etc/ssl/certs"), { recursive: true });
    symlinkSync(outside, join(root, "etc/ssl/certs"));
    rmSync(join(root, "usr/local/share/ca-certificates"), { recursive: true });
    symlinkSync(`../../../../../../..${outside}`, join(root, "usr/local/share/ca-certificates"));
    const { anchor } = await makeCa("hostile");
    await changeImage("add", root, anchor);
    assert.deepEqual(treeOf(outside), before);
    const real = "/etc/ssl/certs/ca-certificates.crt";
    assert.ok(!readFileSync(real, "utf8").includes(anchor.pem), "nor into the machine's bundle");
  });
});

describe("other layouts", () => {
  test("Alpine's, with its names for the links", async (t) => {
    const root = await imageOrSkip(t);
    if (root === undefined) return;
    // Alpine itself cannot be had here: its directories, judged by OpenSSL in the same place.
    writeFileSync(join(root, "usr/lib/os-release"), 'NAME="Alpine Linux"\nID=alpine\n');
    writeFileSync(join(root, "etc/alpine-release"), "3.22.0\n");
    symlinkSync("certs/ca-certificates.crt", join(root, "etc/ssl/cert.pem"));
    const { anchor, leaf } = await makeCa("image of Alpine");
    const before = treeOf(root);
    assert.deepEqual(await opensslIn(root, leaf.cert, "/etc/ssl/cert.pem"), REFUSED);
    const [store] = await findImageStores(root);
    assert.match(store!.label, /^Alpine system store in /);
    const { created } = await changeImage("add", root, anchor);
    assert.deepEqual(await opensslIn(root, leaf.cert, "/etc/ssl/cert.pem"), ACCEPTED);
    const link = `${root}/etc/ssl/certs/ca-cert-localtls-${anchor.sha256.slice(0, 16)}.pem`;
    assert.ok(created.includes(link), created.join("\n"));
    await changeImage("remove", root, anchor, created);
    assert.deepEqual(await opensslIn(root, leaf.cert, "/etc/ssl/cert.pem"), REFUSED);
    assert.deepEqual(treeOf(root), before);
  });

  test("Red Hat's, and what p11-kit makes of it later", async (t) => {
    if (findProgram("trust") === undefined) return t.skip("p11-kit is not installed");
    const root = join(scratchDirectory("redhat"), "root");
    const source = join(root, "etc/pki/ca-trust/source");
    const extracted = join(root, "etc/pki/ca-trust/extracted/pem");
    for (const path of [`${source}/anchors`, extracted, join(root, "etc/pki/tls/certs")]) {
      mkdirSync(path, { recursive: true });
    }
    const bundle = join(extracted, "tls-ca-bundle.pem");
    symlinkSync(
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
      join(root, "etc/pki/tls/certs/ca-bundle.crt"),
    );
    writeFileSync(join(root, "etc/os-release"), 'NAME="Fedora Linux"\nID=fedora\n');
    cpSync("/etc/ssl/certs/ca-certificates.crt", join(source, "anchors/public.pem"));
    writeFileSync(
      "/usr/share/p11-kit/modules/p11-kit-trust.module",
      `module: p11-kit-trust.so\ntrust-policy: yes\nx-init-reserved: paths='${source}'\n`,
    );
    const extract = () =>
      mustRun([
        ...["trust", "extract", "--format=pem-bundle", "--filter=ca-anchors", "--overwrite"],
        ...["--comment", "--purpose", "server-auth", bundle],
      ]);
    await extract();
    const { anchor, leaf } = await makeCa("image of Fedora");
    const accepts = async () =>
      (await run(["openssl", "verify", "-no-CApath", "-CAfile", bundle, leaf.cert])).code === 0;
    const before = treeOf(root);
    assert.equal(await accepts(), false);
    const { created, outcomes: added } = await changeImage("add", root, anchor);
    assert.deepEqual(added, ["added"]);
    assert.equal(await accepts(), true);
    await changeImage("remove", root, anchor, created);
    assert.equal(await accepts(), false);
    assert.deepEqual(treeOf(root), before);

    await changeImage("add", root, anchor);
    await extract();
    assert.equal(await accepts(), true, "its own tool keeps the certificate");
    assert.deepEqual(await outcomes("state", await findImageStores(root), anchor), ["trusted"]);
    await changeImage("remove", root, anchor);
    await extract();
    assert.equal(await accepts(), false);
  });

  test("an image with nothing but a program", async () => {
    const root = join(scratchDirectory("plain"), "root");
    mkdirSync(join(root, "etc"), { recursive: true });
    const before = treeOf(root);
    const { anchor, leaf } = await makeCa("plain image");
    const { created } = await changeImage("add", root, anchor);
    const bundle = join(root, "etc/ssl/certs/ca-certificates.crt");
    const directory = join(root, "etc/ssl/certs");
    const accepts = async (...options: string[]) =>
      (await run(["openssl", "verify", ...options, leaf.cert])).code === 0;
    assert.equal(await accepts("-no-CApath", "-CAfile", bundle), true);
    assert.equal(await accepts("-no-CAfile", "-CApath", directory), true);
    await changeImage("remove", root, anchor, created);
    assert.deepEqual(treeOf(root), before);
  });
});
