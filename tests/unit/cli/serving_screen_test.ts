import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { servingScreen } from "../../../src/cli/screens/serving.ts";
import { makeStyle } from "../../../src/cli/style.ts";
import type { ServingDocument } from "../../../src/commands/serving/documents.ts";

const DOCUMENT: ServingDocument = {
  command: "serve",
  ok: true,
  urls: ["https://localhost:8443/", "https://172.16.99.32:8443/"],
  lanUrl: "https://172.16.99.32:8443/",
  port: 8443,
  directory: "/srv/www",
  certificate: { names: ["localhost"], notAfter: "2026-12-25T14:45:10.000Z", sha256: "00" },
};
const TOOLS = { style: makeStyle(false), quiet: false, program: "localtls" };
const BLOCKS = /[\u2580\u2584\u2588]/;

describe("the screen of serve", () => {
  test("at a terminal there is a QR code of the URL for other machines", () => {
    const text = servingScreen(DOCUMENT, { ...TOOLS, isTerminal: true });
    assert.match(text, BLOCKS);
    assert.match(text, /^https:\/\/172\.16\.99\.32:8443\/$/m);
    const widths = text.split("\n").filter((line) => BLOCKS.test(line)).map((line) => line.length);
    assert.ok(Math.max(...widths) <= 80, `${widths}`);
  });
  test("in a file there is none, and with nothing but loopback neither", () => {
    assert.doesNotMatch(servingScreen(DOCUMENT, TOOLS), BLOCKS);
    const { lanUrl: _, ...local } = DOCUMENT;
    assert.doesNotMatch(servingScreen(local, { ...TOOLS, isTerminal: true }), BLOCKS);
  });
  test("--quiet leaves the URLs", () => {
    assert.equal(
      servingScreen(DOCUMENT, { ...TOOLS, quiet: true, isTerminal: true }),
      "https://localhost:8443/\nhttps://172.16.99.32:8443/",
    );
  });
});
