/** No reader repeats a secret of the file that it is given by mistake. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encryptPrivateKey } from "../../../src/x509/encrypted_private_key.ts";
import { saidBy, SECRET_READERS } from "../../support/fuzz/secret_readers.ts";
import {
  findLeaks,
  makeSecret,
  type Shape,
  shapesOf,
  truncated,
} from "../../support/fuzz/secret_shapes.ts";

const secret = await makeSecret();
const encrypted = await encryptPrivateKey(secret.pkcs8, secret.password, { iterations: 1 });
const SHAPES = shapesOf(secret, { encrypted });

async function leaksOf(shapes: readonly Shape[]): Promise<string[]> {
  const found: string[] = [];
  for (const reader of SECRET_READERS) {
    for (const { name, content } of shapes) {
      const said = await saidBy(reader, content);
      const [leak] = findLeaks(said, secret);
      if (leak !== undefined) found.push(`${reader.name}, ${name}: ${said.slice(0, 300)}`);
    }
  }
  return found;
}

describe("a file with a secret", () => {
  test("is complained about without 16 characters of it, in every shape", async () => {
    assert.deepEqual(await leaksOf(SHAPES), []);
  });

  test("is so too when it is cut off, wherever that is", { timeout: 120_000 }, async () => {
    const cut = SHAPES.filter(({ name }) =>
      ["one line", "well formed", "DER", "the label is the key", "nginx, a key in the middle"]
        .includes(name)
    );
    assert.equal(cut.length, 5);
    assert.deepEqual(await leaksOf(cut.flatMap((shape) => truncated(shape, 3))), []);
  });

  // A search that finds nothing has to show that it could.
  test("is found where it does come out", async () => {
    const all = SHAPES.filter(({ name }) => !/encrypted/.test(name) || /password/.test(name));
    let found = 0;
    for (const { content } of all) {
      const said = new TextDecoder().decode(content);
      if (findLeaks(said, secret).length > 0) found++;
    }
    assert.ok(found > all.length * 0.9, `${found} of ${all.length}`);
    const leaky = { name: "leaky", read: ({ text }: { text: string }) => text };
    assert.notDeepEqual(findLeaks(await saidBy(leaky, SHAPES[0]!.content), secret), []);
    assert.deepEqual(findLeaks("Cannot read PEM: block of line 1 has no end", secret), []);
  });
});
