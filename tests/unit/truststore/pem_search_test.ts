import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { countCertificates, findCertificateBlocks } from "../../../src/truststore/pem_search.ts";
import { otherAnchor, peerAnchor, rootAnchor } from "./fixture_anchors.ts";

const { der } = rootAnchor.certificate;
const { pem } = rootAnchor;

describe("findCertificateBlocks()", () => {
  const found: [string, string][] = [
    ["alone", pem],
    ["among others", otherAnchor.pem + pem + peerAnchor.pem],
    ["with comments around", `# Root\n${pem}# end\n`],
    ["with CRLF line ends", pem.replaceAll("\n", "\r\n")],
    ["in lines of 76 characters", rewrap(pem, 76)],
    ["in one line", rewrap(pem, 100_000)],
    ["in lines of 4 characters", rewrap(pem, 8)],
    ["without a line end at the end", pem.trimEnd()],
    ["after a damaged block", `-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n${pem}`],
  ];
  for (const [name, text] of found) {
    test(`finds it ${name}`, () => assert.equal(findCertificateBlocks(text, der).length, 1));
  }

  const body = pem.split("\n").slice(1, -2).join("\n");
  const missed: [string, string][] = [
    ["in an empty text", ""],
    ["in other certificates", otherAnchor.pem + peerAnchor.pem],
    ["cut off", pem.slice(0, -40)],
    ["without its markers", body],
    ["under another label", pem.replaceAll("CERTIFICATE", "TRUSTED CERTIFICATE")],
    ["with one character changed", pem.replace("MIIBy", "MIIBz")],
    ["with more after its end", pem.replace("\n-----END", "\nAAAA\n-----END")],
    ["with a longer certificate around it", pem.replace("MIIB", "MIIBMIIB")],
  ];
  for (const [name, text] of missed) {
    test(`does not find it ${name}`, () => assert.deepEqual(findCertificateBlocks(text, der), []));
  }

  test("gives the place of each block, with its line end", () => {
    const text = `a\n${pem}b\n${pem}`;
    const places = findCertificateBlocks(text, der);
    assert.deepEqual(places.map(({ start, end }) => text.slice(start, end)), [pem, pem]);
  });

  test("looks through 20,000 certificates in reasonable time", () => {
    const text = otherAnchor.pem.repeat(20_000) + pem;
    const before = performance.now();
    assert.equal(findCertificateBlocks(text, der).length, 1);
    assert.ok(performance.now() - before < 2_000);
  });
});

test("countCertificates() counts whole blocks", () => {
  assert.equal(countCertificates(""), 0);
  assert.equal(countCertificates(pem + otherAnchor.pem), 2);
  assert.equal(countCertificates(pem + otherAnchor.pem.slice(0, -30)), 1);
});

function rewrap(text: string, width: number): string {
  const lines = text.trimEnd().split("\n");
  const body = lines.slice(1, -1).join("").match(new RegExp(`.{1,${width}}`, "g"))!;
  return [lines[0], ...body, lines.at(-1), ""].join("\n");
}
